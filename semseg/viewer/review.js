// Reviewing: the least certain particles one after the other, each with one key.

import { find, findAll, setText } from "./dom.js";
import { fixed } from "./texts.js";

/** @import { Particles } from "./types.d.ts" */
/** @import { State } from "./state.js" */

const NEAR = 0.5; // share of the way from the threshold to a confidence of 0 or 1
const LEAST = 10; // particles, where fewer are so near

/** @typedef {"previous" | "keep" | "exclude" | "seam" | "merge" | "next" | "end"} Act */

/**
 * @typedef {object} Actions
 * @property {(row: number) => void} look at a particle: it is selected and shown large
 * @property {(act: Act) => void} act what a button of the strip stands for
 */

/**
 * Rows whose state is the least certain, the least certain first: their confidence is the nearest
 * to the threshold, and nobody has decided on them.
 *
 * @param {Pick<Particles, "n" | "confidence">} particles
 * @param {{ threshold: number, edits: ArrayLike<number> }} state
 */
export function leastCertain({ n, confidence }, { threshold, edits }) {
  /** @param {number} row */
  const far = (row) => {
    const over = confidence[row] - threshold;
    return over < 0 ? -over / threshold : over / (1 - threshold || 1);
  };
  const rows = Array.from({ length: n }, (_, row) => row).filter((row) => edits[row] < 0);
  rows.sort((a, b) => far(a) - far(b) || a - b);
  const near = rows.filter((row) => far(row) < NEAR).length;
  return rows.slice(0, Math.max(near, LEAST));
}

export class Review {
  /** @type {number[]} labels, the least certain first */
  queue = [];
  /** place in the queue */
  at = -1;

  /**
   * @param {Element} root
   * @param {Actions} actions
   * @param {AbortSignal} signal
   */
  constructor(root, actions, signal) {
    this.actions = actions;
    this.box = find(root, ".sv-review", HTMLElement);
    this.words = find(this.box, "output", HTMLElement);
    for (const button of findAll(this.box, "button", HTMLButtonElement)) {
      const act = /** @type {Act} */ (button.value);
      button.addEventListener("click", () => actions.act(act), { signal });
    }
    for (const kind of ["pointerdown", "pointermove", "click", "dblclick"]) {
      this.box.addEventListener(kind, (event) => event.stopPropagation(), { signal });
    }
  }

  get on() {
    return !this.box.hidden;
  }

  /**
   * To the next particle, or to the one before; begins where nothing is reviewed.
   *
   * @param {1 | -1} direction
   * @param {Particles} particles
   * @param {State} state
   * @returns {string} why there is none, or empty
   */
  go(direction, particles, state) {
    if (!this.on) {
      this.queue = leastCertain(particles, state).map((row) => particles.label[row]);
      this.at = direction > 0 ? -1 : this.queue.length;
    }
    let at = this.at + direction;
    // others may be gone by now
    while (at >= 0 && at < this.queue.length && !particles.row.has(this.queue[at])) at += direction;
    const row = particles.row.get(this.queue[at]);
    if (row === undefined) {
      if (!this.queue.length) return "There is nothing to review";
      return direction > 0 ? "This was the last one to review" : "This was the first one";
    }
    this.at = at;
    this.box.hidden = false;
    this.actions.look(row);
    return "";
  }

  /**
   * The particle that is reviewed; -1 where there is none, or another one is selected.
   *
   * @param {Particles} particles
   */
  row(particles) {
    return this.on ? (particles.row.get(this.queue[this.at]) ?? -1) : -1;
  }

  /** Labels that are looked at next. */
  coming() {
    return this.on ? this.queue.slice(this.at + 1, this.at + 3) : [];
  }

  /** @param {Particles} particles @param {State} state */
  draw(particles, state) {
    if (!this.on) return;
    const row = this.row(particles);
    const what = row < 0 ? "gone" : `${state.name(row)}, confidence ${fixed(particles.confidence[row], 2)}`;
    setText(this.words, `${this.at + 1} of ${this.queue.length}: ${what}`);
  }

  /** Stop reviewing; whether it was begun. */
  end() {
    const { on } = this;
    this.box.hidden = true;
    this.at = -1;
    return on;
  }
}
