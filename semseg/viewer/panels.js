// What stands over the picture: the panel of the graph, which folds, and the card's corner.

import { find } from "./dom.js";
import { remember, remembered } from "./prefs.js";

/** @import { Particles, Sight } from "./types.d.ts" */

const GAP = 16; // CSS px around the card, both sides together

export class Panels {
  /**
   * @param {Element} root
   * @param {AbortSignal} signal
   */
  constructor(root, signal) {
    this.stage = find(root, ".sv-stage", HTMLElement);
    this.panel = find(root, ".sv-sizes", HTMLElement);
    this.button = find(root, ".sv-fold", HTMLButtonElement);
    this.fold(remembered("folded", false));
    const turn = () => {
      const folded = this.button.getAttribute("aria-expanded") === "true";
      remember("folded", folded);
      this.fold(folded);
    };
    this.button.addEventListener("click", turn, { signal });
  }

  /** @param {boolean} folded */
  fold(folded) {
    this.panel.classList.toggle("sv-folded", folded);
    this.button.setAttribute("aria-expanded", String(!folded));
  }

  /** How much of the stage's right side is under the panel, in CSS px. */
  covered() {
    const [panel, stage] = [this.panel, this.stage].map((node) => node.getBoundingClientRect());
    const over = panel.top < stage.bottom - 1 && panel.bottom > stage.top + 1;
    return over ? Math.max(0, stage.right - Math.max(stage.left, panel.left)) : 0;
  }

  /**
   * Put the card into the corner where it hides the fewest of the particles that it is about.
   *
   * @param {HTMLElement} card
   * @param {number[]} rows
   * @param {Particles} particles
   * @param {Sight} sight
   */
  placeCard(card, rows, { boxes }, { zoom, left, top, width }) {
    const stacked = getComputedStyle(this.stage).getPropertyValue("--sv-stacked").trim() === "1";
    const taken = this.covered() ? this.panel.offsetHeight + GAP / 2 : 0;
    const room = this.stage.clientHeight - GAP;
    card.style.maxHeight = stacked ? "" : `${room - taken}px`;
    card.classList.remove("sv-left");
    if (stacked) return;
    const [reach, depth] = [card.offsetWidth + GAP, card.offsetHeight + GAP];
    /** @param {number} from @param {number} to CSS px across the stage */
    const hidden = (from, to) =>
      rows.filter((row) => {
        const [x0, y0, x1, y1] = boxes.subarray(4 * row, 4 * row + 4);
        const across = (x1 - left) * zoom > from && (x0 - left) * zoom < to;
        return across && (y0 - top) * zoom < depth && (y1 - top) * zoom > 0;
      }).length;
    if (hidden(width - reach, width) <= hidden(0, reach)) return;
    card.classList.add("sv-left");
    card.style.maxHeight = `${room}px`;
  }
}
