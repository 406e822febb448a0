// Where particles may be parted: asked of Python for the few that are looked at, by a component of
// its own, so that it costs next to nothing; see `seams` in __init__.py.

/** @import { Hints, KnownSeam } from "./types.d.ts" */

const REST = 120; // ms that the pointer stays before it is asked
const PATIENCE = 4000; // ms, after which it may be asked again
const MOST = 8; // particles at a time, as in Python

/** @type {Map<string, Hints>} the latest, by the key of the view */
const arrived = new Map();
/** @type {Set<() => void>} who wants to hear of it */
const listeners = new Set();

/** @param {Hints} hints */
export function take(hints) {
  arrived.set(hints.data.key, hints);
  for (const heard of [...listeners]) heard();
}

export class Seams {
  /** @type {string} id of what is shown */
  id = "";
  /** @type {string} of the view, in Python */
  key = "";
  /** @type {Map<number, KnownSeam[]>} by label */
  known = new Map();
  /** @type {number[]} labels to ask for next */
  wanted = [];
  /** @type {Map<number, number>} when labels were asked for */
  asked = new Map();
  /** @type {number | undefined} */
  timer;

  /**
   * @param {() => void} changed more is known
   * @param {AbortSignal} signal
   */
  constructor(changed, signal) {
    this.changed = changed;
    const heard = () => this.heard();
    listeners.add(heard);
    const end = () => {
      listeners.delete(heard);
      clearTimeout(this.timer);
    };
    signal.addEventListener("abort", end, { once: true });
  }

  /**
   * Other particles are shown, of which nothing is known.
   *
   * @param {{ id: string, key: string }} data
   */
  load({ id, key }) {
    if (id === this.id && key === this.key) return;
    [this.id, this.key] = [id, key];
    this.known.clear();
    this.asked.clear();
    this.wanted = [];
    this.heard();
  }

  /**
   * The seams of some particles, the likeliest first, as far as they are known; what is not is asked
   * for, as is what `soon` may be looked at.
   *
   * @param {number[]} labels
   * @param {number[]} soon
   */
  of(labels, soon = []) {
    this.want([...labels, ...soon]);
    return labels
      .flatMap((label) => (this.known.get(label) ?? []).map((seam) => ({ label, ...seam })))
      .sort((one, other) => one.odds - other.odds);
  }

  /** @param {number[]} labels */
  want(labels) {
    const now = performance.now();
    const due = (/** @type {number} */ label) =>
      !this.known.has(label) && now - (this.asked.get(label) ?? -PATIENCE) >= PATIENCE;
    this.wanted = labels.filter(due).slice(0, MOST);
    clearTimeout(this.timer);
    if (this.wanted.length) this.timer = setTimeout(() => this.ask(), REST);
  }

  ask() {
    const hints = arrived.get(this.key);
    if (!hints) return;
    for (const label of this.wanted) this.asked.set(label, performance.now());
    hints.setStateValue("wanted", { id: this.id, labels: this.wanted });
    this.wanted = [];
  }

  heard() {
    const data = arrived.get(this.key)?.data;
    if (!data || data.id !== this.id) return;
    let more = false;
    for (const [label, seams] of Object.entries(data.seams)) {
      more ||= !this.known.has(Number(label));
      this.known.set(Number(label), seams);
    }
    if (more) this.changed();
  }
}
