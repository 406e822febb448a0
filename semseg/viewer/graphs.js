// The graph of sizes beside the picture: histogram or scatter, whichever is seen, and its controls.

import { Controls } from "./controls.js";
import { SHAPES } from "./definitions.js";
import { find } from "./dom.js";
import { Histogram } from "./histogram.js";
import { Scatter } from "./scatter.js";

/** @import { Fields, Look, PaperGraph, Particles, Plotly, Select, Summary } from "./types.d.ts" */
/** @import { State } from "./state.js" */
/** @import { Summaries } from "./summaries.js" */

/**
 * @typedef {object} Actions
 * @property {Select} select
 * @property {(row: number) => string[]} describe lines of the tooltip
 * @property {(row: number) => number | null} share place in the scale of sizes, as in the picture
 * @property {(fields: Partial<Fields>) => void} option
 * @property {() => void} looked another graph is seen, or another shape in it
 */

// Which graph each component shows, by its key: of no concern to Python, so never sent.
/** @type {Map<string, Look>} */
const looks = new Map();
/** @type {Look} */
const FIRST_LOOK = { panel: "sizes", shape: Object.values(SHAPES)[0].key };

export class Graphs {
  /** @type {Look} */
  look = FIRST_LOOK;
  /** @type {Summary} of the size chosen, over those that are counted */
  summary;
  /** @type {Summary | null} of the shape, where that is seen */
  shapes = null;
  /** @type {{ histogram: Histogram, scatter: Scatter } | null} once plotly.js is there */
  drawn = null;

  /**
   * @param {Promise<Plotly>} loading
   * @param {Element} root
   * @param {Actions} actions
   * @param {AbortSignal} signal
   */
  constructor(loading, root, { option, looked, ...actions }, signal) {
    this.key = "";
    /** @param {Partial<Look>} fields */
    const look = (fields) => {
      this.look = { ...this.look, ...fields };
      looks.set(this.key, this.look);
      looked();
    };
    this.controls = new Controls(root, { option, look }, signal);
    this.failed = find(root, ".sv-failed", HTMLElement);
    /** The picture does not wait for it. */
    this.arrived = loading.then(
      (Plotly) => {
        if (signal.aborted) return;
        const histogram = new Histogram(Plotly, root, actions, signal);
        this.drawn = { histogram, scatter: new Scatter(Plotly, root, actions, signal) };
      },
      () => (this.failed.hidden = false),
    );
  }

  /** @param {string} key of the component */
  load(key) {
    this.key = key;
    this.look = looks.get(key) ?? FIRST_LOOK;
  }

  /**
   * The numbers that are shown: of the size chosen and, beside points, of the shape.
   *
   * @param {Summaries} summaries
   * @param {State} state
   */
  reckon(summaries, state) {
    this.summary = summaries.of(state.size, state);
    this.shapes = this.look.panel === "shape" ? summaries.of(this.look.shape, state) : null;
  }

  /**
   * Axes and all of the graph that is seen.
   *
   * @param {Particles} particles
   * @param {State} state
   */
  async layOut(particles, state) {
    this.controls.draw(particles, state, this.look);
    await this.arrived;
    const { drawn, look, shapes, summary } = this;
    if (shapes) this.controls.drawShape(shapes);
    if (shapes) await drawn?.scatter.layOut(particles, state, look.shape, shapes);
    else await drawn?.histogram.layOut(particles, state, summary);
  }

  /** What moves in the graph that is seen. */
  draw() {
    const { drawn, shapes } = this;
    if (!shapes) return drawn?.histogram.draw(this.summary);
    this.controls.drawShape(shapes);
    drawn?.scatter.draw(shapes);
  }

  /** The outlines were painted, perhaps in other colours. */
  recolour() {
    if (this.look.panel === "shape") this.drawn?.scatter.recolour();
  }

  /**
   * The graph that is seen, for paper, and what it is called; null where there is none.
   *
   * @returns {{ figure: PaperGraph, name: string } | null}
   */
  figure() {
    if (!this.drawn) return null;
    const { histogram, scatter } = this.drawn;
    if (this.shapes) return { figure: scatter.figure(), name: "shape" };
    return { figure: histogram.figure(), name: "sizes" };
  }

  destroy() {
    this.drawn?.histogram.destroy();
    this.drawn?.scatter.destroy();
  }
}
