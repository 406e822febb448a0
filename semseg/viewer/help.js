// The list of gestures and keys.

import { element, find } from "./dom.js";
import { KEYS } from "./keys.js";

const GESTURES = [
  ["drag", "move the picture"],
  ["Shift and drag", "select by a box, in addition"],
  ["wheel", "zoom, once the picture was clicked"],
  ["Ctrl and wheel, or pinch", "zoom"],
  ["Space and drag", "move, whatever tool is in the hand"],
  ["click", "select; Shift or Ctrl adds"],
  ["Alt and click", "part what lies there from the rest of its particle"],
  ["double click", "show the whole picture"],
  ["two fingers", "move and zoom; one scrolls the page"],
];

export class Help {
  /**
   * @param {Element} root
   * @param {AbortSignal} signal
   */
  constructor(root, signal) {
    this.dialog = find(root, ".sv-help", HTMLDialogElement);
    const lists = [
      listed("Mouse and fingers", GESTURES),
      listed("Keys", KEYS.map(({ shown = "", does = "" }) => [shown, does]).filter(([key]) => key)),
    ];
    find(this.dialog, "div", HTMLElement).replaceChildren(...lists);
    /** @param {MouseEvent} event */
    const clicked = ({ target }) => {
      if (target === this.dialog) this.dialog.close(); // beside it
    };
    this.dialog.addEventListener("click", clicked, { signal });
  }

  turn() {
    if (this.dialog.open) this.dialog.close();
    else this.dialog.showModal();
  }

  /** Close it; whether it was open. */
  close() {
    const { open } = this.dialog;
    this.dialog.close();
    return open;
  }
}

/** @param {string} title @param {string[][]} lines */
function listed(title, lines) {
  const list = element("dl");
  for (const [what, does] of lines) {
    list.append(element("dt", "", element("kbd", "", what)), element("dd", "", does));
  }
  return element("section", "", element("h4", "", title), list);
}
