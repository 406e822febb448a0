// The size histogram: bars of our own bins, kept ones solid, the others hatched on top.

import { SIZES, STATES } from "./definitions.js";
import { find } from "./dom.js";
import { PAPER, onPaper, unitOnPaper } from "./paper.js";
import { adds, config, faded, onClick, placeOf, theme, themedLayout } from "./plots.js";
import { binIndices, histogramEdges } from "./statistics.js";
import { fixed, places } from "./texts.js";

/** @import { Data, Layout, LayoutAxis, Pattern } from "plotly.js-dist-min" */
/** @import { Graph, PaperGraph, Particles, Place, Plotly, Select, Summary } from "./types.d.ts" */
/** @import { State } from "./state.js" */

// from the axis upwards
const BARS = [
  { name: "selected", colour: STATES.selected.ink, hatched: false },
  { name: "kept", colour: STATES.accepted.ink, hatched: false },
  { name: "not kept", colour: STATES.rejected.ink, hatched: true },
  { name: "selected, not kept", colour: STATES.selected.ink, hatched: true },
];
const COUNTED = 1;

export class Histogram {
  /** @type {Particles} */
  particles;
  /** @type {State} */
  state;
  /** @type {Summary} of the sizes */
  summary;
  /** @type {Float64Array} of the bins */
  edges;
  /** @type {number[]} middles of the bins */
  centres;
  /** @type {Int32Array} the bin of each particle, or -1 */
  bin;
  /** @type {Float64Array | null} what each particle weighs; null where each counts once */
  weights;
  /** what a weight of one adds to a bar */
  share = 1;
  /** end of the axis */
  highest = 1;
  wired = false;

  /**
   * @param {Plotly} Plotly
   * @param {Element} root
   * @param {{ select: Select }} actions
   * @param {AbortSignal} signal
   */
  constructor(Plotly, root, actions, signal) {
    this.Plotly = Plotly;
    this.root = root;
    this.actions = actions;
    this.graph = /** @type {Graph} */ (find(root, ".sv-histogram", HTMLElement));
    this.added = false;
    /** @param {PointerEvent} event */
    const pressed = (event) => (this.added = adds(event));
    this.graph.addEventListener("pointerdown", pressed, { capture: true, signal });
    const clicked = (/** @type {Place} */ place, /** @type {MouseEvent} */ event) =>
      this.clicked(place, event);
    onClick(this.graph, signal, clicked, placeOf);
    this.watcher = new ResizeObserver(() => {
      if (this.graph._fullLayout && this.graph.clientWidth) this.Plotly.Plots.resize(this.graph);
    });
    this.watcher.observe(this.graph);
  }

  /**
   * Bins and axes anew: for another picture, size, weighting, number of bins or theme.
   *
   * @param {Particles} particles
   * @param {State} state
   * @param {Summary} summary
   */
  async layOut(particles, state, summary) {
    Object.assign(this, { particles, state, summary });
    if (!particles.n) return;
    this.edges = histogramEdges(particles[state.size], state.bins, state.log);
    this.centres = Array.from(this.edges.subarray(1), (to, k) => (this.edges[k] + to) / 2);
    this.bin = binIndices(particles[state.size], this.edges).map((bin, i) =>
      particles.out[i] ? -1 : bin,
    );
    this.weights = particles.weights[state.weighting];
    this.share = 1;
    if (state.weighting === "volume") {
      const { volume } = particles.weights;
      this.share = 100 / volume.reduce((sum, one, i) => sum + (particles.out[i] ? 0 : one), 0);
    }
    const totals = new Float64Array(this.edges.length - 1);
    for (let i = 0; i < particles.n; i++) if (this.bin[i] >= 0) totals[this.bin[i]] += this.height(i);
    this.highest = 1.06 * Math.max(...totals) || 1;
    const buttons = config(["autoScale2d", "lasso2d", "toImage"]);
    await this.Plotly.react(this.graph, this.traces(), this.layout(), buttons);
    if (!this.wired) this.wire();
  }

  /**
   * What a particle adds to its bar.
   *
   * @param {number} i
   */
  height(i) {
    return this.weights ? this.share * this.weights[i] : 1;
  }

  /** Heights of the four kinds of bars. */
  heights() {
    const { kept, selected } = this.state; // who is ruled out is in no bin
    const bins = this.edges.length - 1;
    /** @type {number[][]} */
    const rows = BARS.map(() => new Array(bins).fill(0));
    for (let i = 0; i < this.bin.length; i++) {
      if (this.bin[i] < 0) continue;
      const kind = kept[i] ? (selected[i] ? 0 : 1) : selected[i] ? 3 : 2;
      rows[kind][this.bin[i]] += this.height(i);
    }
    return rows;
  }

  /** @returns {Data[]} */
  traces(colours = theme(this.root)) {
    const { edges, state, particles, summary } = this;
    const digits = places(summary.mean ?? edges[edges.length - 1]);
    const bins = Array.from(edges.subarray(1), (to, k) => [edges[k], to]);
    const width = bins.map(([from, to]) => to - from);
    const ranges = bins.map(
      ([from, to]) => `${fixed(from, digits)} to ${fixed(to, digits)} ${particles.unit}`,
    );
    const number = particles.weighted ? "%{y:.2f}" : "%{y}";
    const value = state.weighting === "volume" ? "%{y:.2f} % of volume" : number;
    /** @type {(y: number[], kind: number) => Data} */
    const bar = (y, kind) => {
      const { colour, hatched } = BARS[kind];
      const name = kind === COUNTED && particles.ruled ? "counted" : BARS[kind].name;
      /** @type {Pattern} */
      const pattern = hatched
        ? { shape: "/", fgcolor: colour, bgcolor: faded(colour, 0.18), size: 6, solidity: 0.35 }
        : { shape: "" };
      return {
        type: "bar", name, x: this.centres, y, width, customdata: ranges,
        marker: { color: colour, pattern, line: { color: colours.background, width: 0.6 } },
        selected: { marker: { opacity: 1 } }, unselected: { marker: { opacity: 1 } },
        hovertemplate: `%{customdata}<br>${name}: ${value}<extra></extra>`,
      };
    };
    /** @type {(at: number | null, name: string, dash: "solid" | "dash") => Data} */
    const line = (at, name, dash) => ({
      type: "scatter", mode: "lines", name, x: [at, at], y: [0, this.highest],
      line: { color: colours.text, width: 1.6, dash }, hoverinfo: "skip", cliponaxis: true,
    });
    const bars = this.heights().map(bar);
    return [...bars, line(summary.mean, "mean", "solid"), line(summary.median, "median", "dash")];
  }

  /**
   * The same graph for paper.
   *
   * @returns {PaperGraph}
   */
  figure() {
    const { particles, summary, state } = this;
    const title = `${SIZES[state.size].name} (${unitOnPaper(particles)})`;
    const digits = places(summary.mean);
    /** @param {"mean" | "median"} key */
    const words = (key) => `${key} ${fixed(summary[key], digits)} ${particles.unit}`;
    const traces = this.traces(PAPER);
    const [mean, median] = traces.slice(BARS.length);
    const bars = this.heights().flatMap((heights, kind) =>
      heights.some((height) => height > 0) ? [traces[kind]] : [],
    );
    const lines = [{ ...mean, name: words("mean") }, { ...median, name: words("median") }];
    return { data: [...bars, ...lines], layout: onPaper(this.layout(PAPER), title) };
  }

  /** @returns {Partial<Layout>} */
  layout(colours = theme(this.root)) {
    const { state, particles, edges } = this;
    const last = edges[edges.length - 1];
    const room = state.log ? 0 : 0.03 * (last - edges[0]);
    const [from, to] = [edges[0] - room, last + room];
    /** @type {Partial<LayoutAxis>} */
    const axis = {
      automargin: true, zeroline: false, linecolor: colours.border, tickcolor: colours.border,
      gridcolor: colours.grid, ticks: "outside", ticklen: 4,
    };
    const unit = particles.unit;
    const number = particles.weighted ? "Number of particles, weighted" : "Number of particles";
    return {
      ...themedLayout(colours),
      plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: 52, r: 10, t: 28, b: 46 },
      barmode: "stack",
      bargap: 0,
      hovermode: "closest",
      dragmode: "select",
      selectdirection: "h",
      showlegend: false,
      xaxis: {
        ...axis,
        type: state.log ? "log" : "linear",
        range: state.log ? [Math.log10(from), Math.log10(to)] : [from, to],
        title: { text: `${SIZES[state.size].name} (${unit})`, standoff: 8 },
        showgrid: false,
      },
      yaxis: {
        ...axis,
        range: [0, this.highest],
        rangemode: "nonnegative",
        fixedrange: true,
        title: { text: state.weighting === "volume" ? "Share of volume (%)" : number, standoff: 8 },
      },
    };
  }

  /**
   * Heights and lines for the particles that are kept and selected now.
   *
   * @param {Summary} summary
   */
  draw(summary) {
    if (!this.particles?.n) return;
    this.summary = summary;
    const y = [...this.heights(), [0, this.highest], [0, this.highest]];
    const { mean, median } = summary;
    const x = [...BARS.map(() => this.centres), [mean, mean], [median, median]];
    return this.Plotly.restyle(this.graph, { x, y });
  }

  wire() {
    this.wired = true;
    this.graph.on("plotly_selected", (event) => {
      if (!event?.range) return;
      const [from, to] = event.range.x;
      const sizes = this.particles[this.state.size];
      const rows = [];
      for (let i = 0; i < sizes.length; i++) {
        if (this.bin[i] >= 0 && sizes[i] >= from && sizes[i] <= to) rows.push(i);
      }
      this.Plotly.update(this.graph, { selectedpoints: null }, { selections: [] });
      this.actions.select(rows, this.added, true);
    });
  }

  /**
   * A click on a bar selects its particles; beside all bars, none.
   *
   * @param {Place} place
   * @param {MouseEvent} event
   */
  clicked(place, event) {
    const [bin] = binIndices([place.dataX], this.edges);
    const rows = [];
    let height = 0;
    for (let i = 0; i < this.bin.length; i++) {
      if (this.bin[i] !== bin || bin < 0) continue;
      rows.push(i);
      height += this.height(i);
    }
    const hit = rows.length > 0 && place.dataY <= Math.max(height, 0.04 * this.highest);
    this.actions.select(hit ? rows : [], adds(event) && hit, hit);
  }

  destroy() {
    this.watcher.disconnect();
    this.Plotly.purge(this.graph);
  }
}
