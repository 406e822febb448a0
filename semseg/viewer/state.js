// What a person has set: filter, histogram, selection, manual edits. Mirrors ViewState in Python.

import { STATES } from "./definitions.js";
import { countParticles, countedMask, keptMask } from "./statistics.js";

/** @import { StateKey } from "./definitions.js" */
/** @import { Answer, Fields, Keep, PackedRows, Particles, Saved, Step } from "./types.d.ts" */

export const ACCEPTED = 0;
export const REJECTED = 1;
export const REJECTED_BY_HAND = 2;
export const ACCEPTED_BY_HAND = 3;
/** @type {StateKey[]} by code */
const KEYS = ["accepted", "rejected", "rejected_by_hand", "accepted_by_hand"];

/** @implements {Fields} */
export class State {
  /** @type {Uint8Array} whether each is kept */
  kept;
  /** @type {Uint8Array} whether each is kept and counted */
  counted;
  /** @type {ReturnType<typeof countParticles>} */
  counts;

  /**
   * @param {Particles} particles
   * @param {Saved} saved
   */
  constructor(particles, saved) {
    this.particles = particles;
    this.threshold = saved.threshold;
    this.filter_on = saved.filter_on;
    this.size = saved.size;
    this.weighting = saved.weighting;
    this.bins = saved.bins;
    this.log = saved.log;
    this.done = saved.done;
    this.line = saved.line;
    /** @param {number[]} labels */
    const rows = (labels) =>
      labels.map((label) => particles.row.get(label)).filter((row) => row !== undefined);
    /** @type {Step[]} */
    this.steps = saved.steps.map(([keep, labels]) => [keep, rows(labels)]);
    this.done = Math.min(this.done, this.steps.length);
    /** @type {number[]} rows in order; `selected` says the same of each row */
    this.selection = [];
    this.selected = new Uint8Array(particles.n);
    this.edits = new Int8Array(particles.n);
    this.code = new Uint8Array(particles.n);
    this.select(rows(saved.selection));
    this.replay();
  }

  /** @returns {Fields} */
  fields() {
    const { threshold, filter_on, size, weighting, bins, log, done, line } = this;
    return { threshold, filter_on, size, weighting, bins, log, done, line };
  }

  /**
   * The same as `saved` in the constructor.
   *
   * @returns {Saved}
   */
  save() {
    /** @param {number[]} rows */
    const labels = (rows) => rows.map((row) => this.particles.label[row]);
    return {
      ...this.fields(),
      selection: labels(this.selection),
      steps: this.steps.map(([keep, rows]) => [keep, labels(rows)]),
    };
  }

  /**
   * What travels to Python: the same with particles as rows.
   *
   * @returns {Answer}
   */
  packed() {
    const { n } = this.particles;
    return {
      ...this.fields(),
      selection: packedRows(this.selection, n),
      steps: this.steps.map(([keep, rows]) => [keep, packedRows(rows, n)]),
    };
  }

  /** Apply the edits that count, then the filter. */
  replay() {
    this.edits.fill(-1);
    for (const [keep, rows] of this.steps.slice(0, this.done)) {
      for (const row of rows) this.edits[row] = keep === null ? -1 : Number(keep);
    }
    this.filter();
  }

  /** Who is kept, who of them counts, and the state of each particle. */
  filter() {
    const { confidence, n, out } = this.particles;
    this.kept = keptMask(confidence, this.threshold, this.filter_on, this.edits);
    this.counted = countedMask(this.kept, out);
    this.counts = countParticles(this.kept, this.counted, this.edits);
    for (let i = 0; i < n; i++) {
      const edit = this.edits[i];
      this.code[i] = edit < 0 ? (this.kept[i] ? ACCEPTED : REJECTED) : edit ? ACCEPTED_BY_HAND : REJECTED_BY_HAND;
    }
  }

  /**
   * Select these rows, in place of the others or (`add`) in addition; returns whether it changed.
   *
   * @param {number[]} rows
   */
  select(rows, add = false) {
    const before = this.selected;
    const next = add ? before.slice() : new Uint8Array(this.particles.n);
    for (const row of rows) next[row] = 1;
    this.selected = next;
    this.selection = [];
    for (let i = 0; i < next.length; i++) if (next[i]) this.selection.push(i);
    return next.some((value, i) => value !== before[i]);
  }

  /**
   * Select or deselect one row, leaving the others.
   *
   * @param {number} row
   */
  toggle(row) {
    const rest = this.selection.filter((other) => other !== row);
    this.select(this.selected[row] ? rest : [...rest, row]);
  }

  /**
   * Keep (true), exclude (false) or leave to the filter again (null).
   *
   * @param {Keep} keep
   * @param {number[]} rows
   */
  edit(keep, rows) {
    const wanted = keep === null ? -1 : Number(keep);
    const changed = rows.filter((row) => this.edits[row] !== wanted);
    if (!changed.length) return false;
    this.steps = [...this.steps.slice(0, this.done), [keep, changed]];
    this.done = this.steps.length;
    this.replay();
    return true;
  }

  /**
   * One edit back (-1) or forth (+1); returns whether there was one.
   *
   * @param {-1 | 1} direction
   */
  travel(direction) {
    const done = this.done + direction;
    if (done < 0 || done > this.steps.length) return false;
    this.done = done;
    this.replay();
    return true;
  }

  /**
   * Plain words for the state of a particle.
   *
   * @param {number} row
   */
  name(row) {
    const name = STATES[KEYS[this.code[row]]].name;
    return this.leftOut(row) ? `${name}, not counted` : name;
  }

  /**
   * Whether a particle is kept, but not counted.
   *
   * @param {number} row
   */
  leftOut(row) {
    return Boolean(this.kept[row] && this.particles.out[row]);
  }

  /**
   * Why a particle is possibly wrong or, where it is kept, not counted.
   *
   * @param {number} row
   */
  reason(row) {
    const { doubts, doubt, rules, ruled_out } = this.particles;
    if (this.leftOut(row)) return rules[ruled_out[row]];
    return this.code[row] === REJECTED ? doubts[doubt[row]] ?? "" : "";
  }
}

/**
 * Rows as a list or, where that is shorter, as base64 of one bit per row.
 *
 * @param {number[]} rows
 * @param {number} n
 * @returns {PackedRows}
 */
function packedRows(rows, n) {
  const bytes = Math.ceil(n / 8);
  if (rows.length * 5 < (bytes * 4) / 3) return Array.from(rows);
  const bits = new Uint8Array(bytes);
  for (const row of rows) bits[row >> 3] |= 1 << (row & 7);
  return btoa(String.fromCharCode(...bits));
}
