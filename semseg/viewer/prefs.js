// What a person has set for good in this browser, whatever the picture: tools and panels.

const KEY = "semseg-view";

/**
 * What was remembered by this name; `otherwise` where there is nothing, or the browser keeps none.
 *
 * @template {string | number | boolean} Value
 * @param {string} name
 * @param {Value} otherwise
 * @returns {Value}
 */
export function remembered(name, otherwise) {
  const found = all()[name];
  return typeof found === typeof otherwise ? /** @type {Value} */ (found) : otherwise;
}

/**
 * @param {string} name
 * @param {string | number | boolean} value
 */
export function remember(name, value) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...all(), [name]: value }));
  } catch {
    // full, or forbidden: it holds until the page is left
  }
}

/** @returns {Record<string, unknown>} */
function all() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return found && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}
