// Which changes of the address are worth an entry in the browser's history.

// another picture, another tab, a new rescale factor, the sample opened or closed; all else (each
// step of a slider, say) takes the place of the entry that is there
const WORTH_AN_ENTRY = ["picture", "tab", "rescale", "sample"];

/** @type {typeof history.pushState | null} */
let push = null;

/**
 * Streamlit makes an entry for every change of the address; let it make those only that a person
 * would go back to. Where the address leads is Python's concern (navigation.py).
 */
export function keepHistoryShort() {
  if (push) return;
  push = history.pushState;
  /** @type {typeof history.pushState} */
  history.pushState = function (state, unused, url) {
    const worth = url == null || isWorthAnEntry(location.href, new URL(url, location.href).href);
    if (worth) push?.call(history, state, unused, url);
    else history.replaceState(state, unused, url);
  };
}

/**
 * @param {string} before
 * @param {string} after
 */
export function isWorthAnEntry(before, after) {
  const [from, to] = [new URL(before), new URL(after)];
  if (from.pathname !== to.pathname) return true;
  return WORTH_AN_ENTRY.some((name) => from.searchParams.get(name) !== to.searchParams.get(name));
}
