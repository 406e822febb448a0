// Parts of the page: finding them, each with the kind that it must have, making and styling them.

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

/**
 * An element with a class and text, or children.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} name
 * @param {...(Node | string)} children
 */
export function element(tag, name = "", ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
}

/**
 * Set the text of a node only when it is another one, which is cheaper.
 *
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * The style sheets, within the component so that they go with it.
 *
 * @param {HTMLElement} root
 * @param {string[]} addresses
 * @returns {Promise<unknown>} done also where one did not arrive: plain, but usable
 */
export function loadStyle(root, addresses) {
  root.querySelectorAll("link").forEach((old) => old.remove());
  const links = addresses.map((address) => {
    const link = element("link");
    link.rel = "stylesheet";
    link.href = address;
    return link;
  });
  const loaded = links.map(
    (link) =>
      new Promise((done) => {
        link.onload = done;
        link.onerror = done;
      }),
  );
  root.prepend(...links);
  return Promise.all(loaded);
}

/** A button that stays pressed until it is pressed again; it stands on the picture, and is no part of it. */
export class Pressed {
  /** @param {HTMLElement} button @param {AbortSignal} signal */
  constructor(button, signal) {
    this.button = button;
    const turn = () => button.setAttribute("aria-pressed", String(!this.pressed));
    button.addEventListener("click", turn, { signal });
    for (const kind of ["pointerdown", "pointermove", "click", "dblclick"]) {
      button.addEventListener(kind, (event) => event.stopPropagation(), { signal });
    }
  }

  get pressed() {
    return this.button.getAttribute("aria-pressed") === "true";
  }
}
