// Numbers and names in words.

/** Digits behind the point that show four digits of `typical`. */
export function places(typical) {
  if (!(typical > 0)) return 1;
  return Math.max(0, Math.min(6, 3 - Math.floor(Math.log10(typical))));
}

/** A number with so many digits behind the point; a dash for what is not defined. */
export function fixed(value, digits) {
  return value === null || !Number.isFinite(value) ? "–" : value.toFixed(digits);
}

/** An element with a class and text, or children. */
export function element(tag, name, ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
}

/** Set the text of a node only when it is another one, which is cheaper. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
