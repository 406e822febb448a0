// The question before the page is left.

let asks = false;

/** @param {BeforeUnloadEvent} event */
function ask(event) {
  event.preventDefault(); // the browser asks in its own words
}

/**
 * Ask before the page is left, or (`wanted` is false) let it go. A listener that is there for
 * nothing would keep browsers from holding the page ready for "back".
 *
 * @param {boolean} wanted
 */
export function askBeforeLeaving(wanted) {
  if (wanted === asks) return;
  asks = wanted;
  if (wanted) addEventListener("beforeunload", ask);
  else removeEventListener("beforeunload", ask);
}
