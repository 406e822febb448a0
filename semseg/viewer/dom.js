// @ts-check
// Finding parts of the page, each with the kind that it must have.

/**
 * The part that `selector` finds in `root`.
 *
 * @template {Element} Kind
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function find(root, selector, kind) {
  const node = root.querySelector(selector);
  if (node instanceof kind) return node;
  throw new Error(`The view's page has no ${kind.name} at ${selector}.`);
}

/**
 * All parts of a kind that `selector` finds in `root`.
 *
 * @template {Element} Kind
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => Kind} kind
 * @returns {Kind[]}
 */
export function findAll(root, selector, kind) {
  /** @type {Kind[]} */
  const found = [];
  for (const node of root.querySelectorAll(selector)) if (node instanceof kind) found.push(node);
  return found;
}

/**
 * The pen of a canvas.
 *
 * @param {HTMLCanvasElement} canvas
 */
export function pen(canvas) {
  const context = canvas.getContext("2d");
  if (context) return context;
  throw new Error("This browser does not draw on a canvas.");
}
