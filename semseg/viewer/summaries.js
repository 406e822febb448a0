// The numbers of the particles that count.

import { ascending, summariseSorted } from "./statistics.js";

/** @import { Particles, ShapeKey, SizeKey } from "./types.d.ts" */
/** @import { State } from "./state.js" */

export class Summaries {
  /** @param {Particles} particles */
  constructor(particles) {
    this.particles = particles;
    /** @type {Map<string, Uint32Array>} rows in ascending order, by what and in which weighting */
    this.orders = new Map();
  }

  /**
   * Of the counted ones, in the weighting chosen.
   *
   * @param {SizeKey | ShapeKey} name
   * @param {State} state
   */
  of(name, { weighting, counted }) {
    const values = this.particles[name];
    const weights = this.particles.weights[weighting];
    const key = `${name} ${weighting}`;
    const order = this.orders.get(key) ?? ascending(values, weights);
    this.orders.set(key, order);
    const rows = order.filter((row) => counted[row]);
    /** @param {ArrayLike<number>} column */
    const taken = (column) => Float64Array.from(rows, (row) => column[row]);
    return summariseSorted(taken(values), weights && taken(weights));
  }
}
