// A line that is drawn over a scale bar in the picture, where none was found. It sets the scale.

import { find } from "./dom.js";

/** @import { Line, Place, Tool } from "./types.d.ts" */
/** @import { Overlay } from "./overlay.js" */

const LEAST = 4; // CSS px; a shorter one was a click
const [LOOK, LOOKS] = [100, 100]; // ms, and how often, until the page has asked
const STRAIGHT = 0.1; // of its length: what is off less than this is meant to be level or upright

/**
 * A tool that is in the hand for one line, from the button that says so.
 *
 * @param {Element} root
 * @param {Overlay} overlay
 * @param {AbortSignal} signal
 * @returns {Tool}
 */
export function scaleLine(root, overlay, signal) {
  const button = find(root, ".sv-over-bar", HTMLButtonElement);
  /** @param {Line | null} line */
  const show = (line) => {
    overlay.marks.line = line;
    overlay.drawMarks();
  };
  /** @type {Tool} */
  const tool = {
    name: "scale line",
    begin({ dataX: x, dataY: y }) {
      /** @param {Place} place @returns {Line} */
      const to = (place) => [x, y, ...other(overlay, x, y, place)];
      return {
        move: (place) => show(to(place)),
        cancel: () => show(null),
        end(place) {
          show(null);
          const line = to(place);
          const [left, top, right, bottom] = line.map((at) => Math.round(at * 100) / 100);
          if (overlay.sight.zoom * Math.hypot(right - left, bottom - top) < LEAST) return;
          overlay.actions.measured([left, top, right, bottom]);
          overlay.tools.borrow(null);
          ask(signal);
        },
      };
    },
    click: () => true, // another try; nothing is selected meanwhile
    held(on) {
      button.setAttribute("aria-pressed", String(on));
      root.classList.toggle("sv-measuring", on);
    },
  };
  const turn = () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    overlay.tools.borrow(on ? tool : null);
    if (on) overlay.stage.focus({ preventScroll: true });
  };
  button.addEventListener("click", turn, { signal });
  return tool;
}

/**
 * The other end: level or upright where the line nearly is, within what is seen of the picture.
 *
 * @param {Overlay} overlay
 * @param {number} x
 * @param {number} y
 * @param {Place} place
 * @returns {[x: number, y: number]}
 */
function other(overlay, x, y, place) {
  const { width, height } = overlay.sight;
  /** @param {number} at @param {number} most */
  const held = (at, most) => Math.max(1, Math.min(most - 1, at));
  const { dataX, dataY } = overlay.placeAt(held(place.x, width), held(place.y, height));
  const [across, down] = [Math.abs(dataX - x), Math.abs(dataY - y)];
  if (down < STRAIGHT * across) return [dataX, y];
  if (across < STRAIGHT * down) return [x, dataY];
  return [dataX, dataY];
}

/**
 * Go to the field that the page opens for what the line stands for, once it is there.
 *
 * @param {AbortSignal} signal
 */
function ask(signal, looks = LOOKS) {
  if (signal.aborted) return;
  const field = document.querySelector(".st-key-line_form input");
  if (field instanceof HTMLInputElement) field.focus();
  else if (looks) setTimeout(() => ask(signal, looks - 1), LOOK);
}
