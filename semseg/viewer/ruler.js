// A line that is drawn over a scale bar in the picture, where none was found.

import { find } from "./dom.js";
import { placeOf } from "./plots.js";

/** @import { Line } from "./types.d.ts" */
/** @import { Overlay } from "./overlay.js" */

const LEAST = 4; // CSS px; a shorter one was a click
const [LOOK, LOOKS] = [100, 100]; // ms, and how often, until the page has asked
const STRAIGHT = 0.1; // of its length: what is off less than this is meant to be level or upright

export class Ruler {
  /** @type {Line | null} while it is drawn */
  line = null;

  /**
   * @param {Element} root
   * @param {Overlay} overlay
   * @param {AbortSignal} signal
   */
  constructor(root, overlay, signal) {
    this.overlay = overlay;
    this.signal = signal;
    this.button = find(root, ".sv-ruler", HTMLButtonElement);
    this.sheet = find(root, ".sv-sheet", HTMLElement);
    const { sheet } = this;
    this.button.addEventListener("click", () => this.turn(sheet.hidden === true), { signal });
    sheet.addEventListener("pointerdown", (event) => this.begin(event), { signal });
    sheet.addEventListener("pointermove", (event) => this.move(event), { signal });
    sheet.addEventListener("pointerup", (event) => this.end(event), { signal });
    sheet.addEventListener("pointercancel", () => this.drop(), { signal });
    sheet.addEventListener("wheel", (event) => overlay.wheel(event), { signal, passive: false });
    /** @param {Event} event */
    const stop = (event) => {
      if (!(event instanceof KeyboardEvent) || event.key !== "Escape" || sheet.hidden) return;
      event.stopPropagation();
      this.turn(false);
    };
    root.addEventListener("keydown", stop, { capture: true, signal });
  }

  /** @param {boolean} on whether a line is to be drawn */
  turn(on) {
    this.sheet.hidden = !on;
    this.button.setAttribute("aria-pressed", String(on));
    if (!on) this.drop();
  }

  drop() {
    this.line = null;
    this.overlay.draw();
  }

  /** @param {PointerEvent} event */
  begin(event) {
    const place = event.button === 0 && placeOf(this.overlay.graph, event);
    if (!place) return;
    event.preventDefault();
    this.sheet.setPointerCapture(event.pointerId);
    this.line = [place.dataX, place.dataY, place.dataX, place.dataY];
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (!this.line) return;
    const [x, y] = this.line;
    const [right, bottom] = this.other(event, x, y);
    this.line = [x, y, right, bottom];
    this.overlay.draw();
  }

  /**
   * The other end: level or upright where the line nearly is, within the picture.
   *
   * @param {PointerEvent} event
   * @param {number} x
   * @param {number} y
   */
  other(event, x, y) {
    const box = this.sheet.getBoundingClientRect();
    const clientX = Math.max(box.left + 1, Math.min(box.right - 1, event.clientX));
    const clientY = Math.max(box.top + 1, Math.min(box.bottom - 1, event.clientY));
    const place = placeOf(this.overlay.graph, new MouseEvent("move", { clientX, clientY }));
    if (!place) return [x, y];
    const [across, down] = [Math.abs(place.dataX - x), Math.abs(place.dataY - y)];
    if (down < STRAIGHT * across) return [place.dataX, y];
    if (across < STRAIGHT * down) return [x, place.dataY];
    return [place.dataX, place.dataY];
  }

  /** @param {PointerEvent} event */
  end(event) {
    if (!this.line) return;
    this.move(event);
    const [left, top, right, bottom] = this.line.map((at) => Math.round(at * 100) / 100);
    const shown = this.overlay.view().zoom * Math.hypot(right - left, bottom - top);
    if (shown < LEAST) this.drop();
    else {
      this.overlay.actions.measured([left, top, right, bottom]);
      this.turn(false);
      this.ask();
    }
  }

  /** Go to the field that the page opens for what the line stands for, once it is there. */
  ask(looks = LOOKS) {
    if (this.signal.aborted) return;
    const field = document.querySelector(".st-key-line_form input");
    if (field instanceof HTMLInputElement) field.focus();
    else if (looks) setTimeout(() => this.ask(looks - 1), LOOK);
  }
}
