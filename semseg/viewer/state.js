// What a person has set: filter, histogram, selection, manual edits. Mirrors ViewState in Python.

import { countedMask, keptMask } from "./statistics.js";

export const KEPT = 0;
export const WRONG = 1;
export const EXCLUDED = 2;
export const KEPT_BY_HAND = 3;
export const STATE_NAMES = ["kept", "possibly wrong", "excluded by hand", "kept by hand"];
const FIELDS = ["threshold", "filter_on", "size", "weighting", "bins", "log", "done"];

export class State {
  /** `saved`: as ViewState.to_dict makes it, particles by label. */
  constructor(particles, saved) {
    this.particles = particles;
    for (const name of FIELDS) this[name] = saved[name];
    const rows = (labels) =>
      labels.map((label) => particles.row.get(label)).filter((row) => row !== undefined);
    this.steps = saved.steps.map(([keep, labels]) => [keep, rows(labels)]);
    this.done = Math.min(this.done, this.steps.length);
    this.selected = new Uint8Array(particles.n);
    this.edits = new Int8Array(particles.n);
    this.code = new Uint8Array(particles.n);
    this.select(rows(saved.selection));
    this.replay();
  }

  /** The same as `saved` in the constructor. */
  save() {
    const labels = (rows) => Array.from(rows, (row) => this.particles.label[row]);
    const saved = { selection: labels(this.selection) };
    for (const name of FIELDS) saved[name] = this[name];
    saved.steps = this.steps.map(([keep, rows]) => [keep, labels(rows)]);
    return saved;
  }

  /** What travels to Python: the same with particles as rows, see __init__.py. */
  packed() {
    const packed = { selection: packedRows(this.selection, this.particles.n) };
    for (const name of FIELDS) packed[name] = this[name];
    packed.steps = this.steps.map(([keep, rows]) => [keep, packedRows(rows, this.particles.n)]);
    return packed;
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
    this.counts = [0, 0, 0, 0];
    this.uncounted = 0; // kept, but left out by the counting rule
    for (let i = 0; i < n; i++) {
      if (this.kept[i] && out[i]) this.uncounted++;
      const edit = this.edits[i];
      this.code[i] = edit < 0 ? (this.kept[i] ? KEPT : WRONG) : edit ? KEPT_BY_HAND : EXCLUDED;
      this.counts[this.code[i]]++;
    }
  }

  /** Select these rows, in place of the others or (`add`) in addition; returns whether it changed. */
  select(rows, add = false) {
    const before = this.selected;
    const next = add ? before.slice() : new Uint8Array(this.particles.n);
    for (const row of rows) next[row] = 1;
    this.selected = next;
    this.selection = [];
    for (let i = 0; i < next.length; i++) if (next[i]) this.selection.push(i);
    return next.some((value, i) => value !== before[i]);
  }

  /** Select or deselect one row, leaving the others. */
  toggle(row) {
    const rest = this.selection.filter((other) => other !== row);
    this.select(this.selected[row] ? rest : [...rest, row]);
  }

  /** Keep (true), exclude (false) or leave to the filter again (null). */
  edit(keep, rows) {
    const wanted = keep === null ? -1 : Number(keep);
    const changed = rows.filter((row) => this.edits[row] !== wanted);
    if (!changed.length) return false;
    this.steps = [...this.steps.slice(0, this.done), [keep, changed]];
    this.done = this.steps.length;
    this.replay();
    return true;
  }

  /** One edit back (-1) or forth (+1); returns whether there was one. */
  travel(direction) {
    const done = this.done + direction;
    if (done < 0 || done > this.steps.length) return false;
    this.done = done;
    this.replay();
    return true;
  }

  /** Plain words for the state of a particle. */
  name(row) {
    const name = STATE_NAMES[this.code[row]];
    return this.leftOut(row) ? `${name}, not counted` : name;
  }

  /** Whether a particle is kept, but not counted. */
  leftOut(row) {
    return Boolean(this.kept[row] && this.particles.out[row]);
  }

  /** Why a particle is possibly wrong or, where it is kept, not counted. */
  reason(row) {
    const { doubts, doubt, rules, ruled_out } = this.particles;
    if (this.leftOut(row)) return rules[ruled_out[row]];
    return this.code[row] === WRONG ? doubts[doubt[row]] ?? "" : "";
  }
}

/** Rows as a list or, where that is shorter, as base64 of one bit per row. */
function packedRows(rows, n) {
  const bytes = Math.ceil(n / 8);
  if (rows.length * 5 < (bytes * 4) / 3) return Array.from(rows);
  const bits = new Uint8Array(bytes);
  for (const row of rows) bits[row >> 3] |= 1 << (row & 7);
  return btoa(String.fromCharCode(...bits));
}
