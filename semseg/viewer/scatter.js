// Size against shape: a plotly graph for axes, zoom and selecting, the points on a canvas over it.

import { SHAPES, SIZES } from "./definitions.js";
import { find, pen } from "./dom.js";
import { rowsWithin } from "./particles.js";
import { PAPER, scatterOnPaper } from "./paper.js";
import { adds, area, config, onClick, placeOf, polygonOf, theme, themedLayout } from "./plots.js";
import { paintMarginal, paintPoints } from "./points.js";
import { binIndices, histogramEdges } from "./statistics.js";
import { Tip } from "./tip.js";

/** @import { Data, Layout, LayoutAxis } from "plotly.js-dist-min" */
/** @import { Bar, Line } from "./points.js" */
/** @import { Graph, PaperGraph, Particles, Place, Plotly, Range, Select, ShapeKey, Summary, Theme } from "./types.d.ts" */
/** @import { State } from "./state.js" */

/**
 * @typedef {object} Actions
 * @property {Select} select
 * @property {(row: number) => string[]} describe lines of the tooltip
 * @property {(row: number) => number | null} share place in the scale of sizes, as in the picture
 */

const REACH = 9; // CSS px about a point that count as its own
const GAP = 8; // px between points and bars

export class Scatter {
  /** @type {Particles} */
  particles;
  /** @type {State} */
  state;
  /** @type {ShapeKey} */
  shape;
  /** @type {Summary} of the shape */
  summary;
  /** @type {Theme} */
  colours;
  /** @type {Float64Array} size of each point as on its axis; NaN where there is no point */
  u;
  /** @type {Float64Array} shape of each point */
  v;
  /** @type {{ x: Float32Array, y: Float32Array }} places of the points, in CSS px */
  at;
  /** @type {Float64Array | null} what each particle weighs; null where each counts once */
  weights;
  /** @type {Float64Array} of the bins beside the points */
  edges;
  /** @type {Int32Array} the bin of each particle, or -1 */
  bin;
  /** the longest bar */
  highest = 1;
  /** of a point, in CSS px */
  radius = 2;
  /** whether points have the colours of sizes */
  coloured = false;
  wired = false;

  /**
   * @param {Plotly} Plotly
   * @param {Element} root
   * @param {Actions} actions
   * @param {AbortSignal} signal
   */
  constructor(Plotly, root, actions, signal) {
    this.Plotly = Plotly;
    this.root = root;
    this.actions = actions;
    this.box = find(root, ".sv-scatter", HTMLElement);
    this.graph = /** @type {Graph} */ (find(this.box, ".sv-graph-axes", HTMLElement));
    this.canvas = find(this.box, ".sv-points", HTMLCanvasElement);
    this.context = pen(this.canvas);
    this.tip = new Tip(find(this.box, ".sv-tip", HTMLElement), this.box, actions.describe);
    this.added = false;
    /** @param {PointerEvent} event */
    const pressed = (event) => {
      this.added = adds(event);
      this.tip.hide();
    };
    this.graph.addEventListener("pointerdown", pressed, { capture: true, signal });
    this.graph.addEventListener("pointermove", (event) => this.hover(event), { signal });
    this.graph.addEventListener("pointerleave", () => this.tip.hide(), { signal });
    const point = (/** @type {Place} */ place, /** @type {MouseEvent} */ event) =>
      this.clicked(this.near(place), event);
    onClick(this.graph, signal, point, placeOf);
    const bar = (/** @type {{ bin: number }} */ { bin }, /** @type {MouseEvent} */ event) =>
      this.clicked(this.rowsOf(bin), event);
    onClick(this.graph, signal, bar, (_, event) => this.binAt(event));
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(this.box);
  }

  /**
   * Points and axes anew: for another picture, size, shape, weighting or theme.
   *
   * @param {Particles} particles
   * @param {State} state
   * @param {ShapeKey} shape
   * @param {Summary} summary
   */
  async layOut(particles, state, shape, summary) {
    Object.assign(this, { particles, state, shape, summary });
    if (!particles.n) return;
    const [sizes, shapes] = [particles[state.size], particles[shape]];
    /** @param {number} i */
    const placed = (i) => !particles.out[i] && Number.isFinite(shapes[i]) && (!state.log || sizes[i] > 0);
    // as on the axes, so that straight lines on the screen are straight
    this.u = sizes.map((size, i) => (!placed(i) ? NaN : state.log ? Math.log10(size) : size));
    this.v = Float64Array.from(shapes, (value, i) => (placed(i) ? value : NaN));
    this.at = { x: new Float32Array(particles.n), y: new Float32Array(particles.n) };
    this.weights = particles.weights[state.weighting];
    this.edges = histogramEdges(this.v);
    this.bin = binIndices(this.v, this.edges);
    const totals = new Float64Array(this.edges.length - 1);
    this.bin.forEach((bin, i) => {
      if (bin >= 0) totals[bin] += this.weights?.[i] ?? 1;
    });
    this.highest = Math.max(...totals) || 1;
    this.radius = particles.n > 2000 ? 2 : particles.n > 500 ? 2.6 : 3.2;
    this.colours = theme(this.root);
    /** @type {Data} */
    const trace = { type: "scatter", mode: "markers", x: [null], y: [null], hoverinfo: "skip" };
    const buttons = config(["autoScale2d", "toImage", "zoomIn2d", "zoomOut2d"]);
    await this.Plotly.react(this.graph, [trace], this.layout(), buttons);
    if (!this.wired) this.wire();
    this.paint();
  }

  /**
   * The points as a graph for paper.
   *
   * @returns {PaperGraph}
   */
  figure() {
    return scatterOnPaper(this.particles, this.state, this.shape, this.layout(PAPER));
  }

  /** @returns {Partial<Layout>} */
  layout(colours = this.colours) {
    const { state, shape, particles } = this;
    /** @type {Partial<LayoutAxis>} */
    const axis = {
      automargin: true, zeroline: false, linecolor: colours.border, tickcolor: colours.border,
      gridcolor: colours.grid, ticks: "outside", ticklen: 4,
    };
    const aside = this.aside();
    return {
      ...themedLayout(colours),
      plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: 52, r: aside + GAP + 10, t: 28, b: 46 },
      hovermode: false,
      dragmode: this.graph.layout?.dragmode ?? "select",
      showlegend: false,
      xaxis: {
        ...axis,
        type: state.log ? "log" : "linear",
        range: roomy(this.u),
        title: { text: `${SIZES[state.size].name} (${particles.unit})`, standoff: 8 },
      },
      yaxis: {
        ...axis, range: roomy(this.v), title: { text: SHAPES[shape].name, standoff: 8 },
      },
    };
  }

  /** How wide the histogram beside the points is, in CSS px. */
  aside() {
    return Math.round(Math.max(44, Math.min(90, 0.17 * this.box.clientWidth)));
  }

  wire() {
    this.wired = true;
    this.graph.on("plotly_relayouting", () => this.paint());
    this.graph.on("plotly_afterplot", () => this.paint());
    this.graph.on("plotly_selected", (event) => {
      const polygon = polygonOf(event);
      if (!polygon) return;
      const x = this.state.log ? polygon.x.map(Math.log10) : polygon.x;
      const rows = rowsWithin(this.u, this.v, { x, y: polygon.y });
      this.Plotly.relayout(this.graph, { selections: [] });
      this.actions.select(rows, this.added, true);
    });
  }

  resize() {
    if (!this.graph._fullLayout || !this.box.clientWidth) return;
    const margin = { ...this.graph.layout.margin, r: this.aside() + GAP + 10 };
    this.Plotly.relayout(this.graph, { margin, autosize: true });
  }

  /** Paint again when the colours of outlines have changed between states and sizes. */
  recolour() {
    if (this.particles?.n && this.coloured !== (this.actions.share(0) !== null)) this.paint();
  }

  /**
   * Points for the particles that are kept and selected now.
   *
   * @param {Summary} summary
   */
  draw(summary) {
    if (!this.particles?.n) return;
    this.summary = summary;
    this.paint();
  }

  paint() {
    if (!this.particles?.n || !this.graph._fullLayout?.xaxis || !this.box.clientWidth) return;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [this.box.clientWidth, this.box.clientHeight].map((v) => Math.round(v * ratio));
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    const plot = area(this.graph);
    const across = scale(plot.xaxis.range, plot.width);
    const [foot, top] = plot.yaxis.range;
    const down = scale([top, foot], plot.height);
    for (let i = 0; i < this.u.length; i++) {
      this.at.x[i] = across(this.u[i]);
      this.at.y[i] = down(this.v[i]);
    }
    const { context, state, radius, colours } = this;
    this.coloured = this.actions.share(0) !== null;
    context.clearRect(0, 0, width, height);
    paintPoints(context, plot, this.at, state, radius, this.actions.share, colours.background);
    const room = { left: plot.left + plot.width + GAP, top: plot.top, width: this.aside(), height: plot.height };
    const { mean, median } = this.summary;
    /** @type {Line[]} */
    const lines = [];
    if (mean !== null) lines.push([down(mean), false]);
    if (median !== null) lines.push([down(median), true]);
    paintMarginal(context, room, this.bars(down), lines, colours);
  }

  /**
   * Bars of the shapes that are counted.
   *
   * @param {(value: number) => number} down place of a shape
   * @returns {Bar[]}
   */
  bars(down) {
    const { edges, bin, weights, highest } = this;
    const { counted, selected } = this.state;
    /** @type {Bar[]} */
    const bars = Array.from(edges.subarray(1), (to, k) => [down(edges[k]), down(to), 0, 0]);
    for (let i = 0; i < bin.length; i++) {
      if (bin[i] < 0 || !counted[i]) continue;
      const length = (weights?.[i] ?? 1) / highest;
      bars[bin[i]][2] += length;
      if (selected[i]) bars[bin[i]][3] += length;
    }
    return bars;
  }

  /**
   * The particle whose point is nearest to a place, as a list; an empty one far from all.
   *
   * @param {Place} place
   */
  near({ x, y }) {
    let [best, least] = [-1, REACH * REACH];
    for (let i = 0; i < this.u.length; i++) {
      const off = (this.at.x[i] - x) ** 2 + (this.at.y[i] - y) ** 2;
      if (off <= least) [best, least] = [i, off];
    }
    return best < 0 ? [] : [best];
  }

  /**
   * The bin of shapes beside the points that an event is in; null where there is none.
   *
   * @param {MouseEvent} event
   */
  binAt(event) {
    if (!this.graph._fullLayout) return null;
    const box = this.graph.getBoundingClientRect();
    const plot = area(this.graph);
    const x = event.clientX - box.left - plot.left - plot.width - GAP;
    const y = event.clientY - box.top - plot.top;
    if (x < 0 || x > this.aside() || y < 0 || y > plot.height) return null;
    return { bin: binIndices([plot.yaxis.p2d(y)], this.edges)[0] };
  }

  /** @param {number} bin */
  rowsOf(bin) {
    const rows = [];
    for (let i = 0; i < this.bin.length; i++) {
      if (bin >= 0 && this.bin[i] === bin && this.state.counted[i]) rows.push(i);
    }
    return rows;
  }

  /**
   * Select these rows; a click beside all of them selects none.
   *
   * @param {number[]} rows
   * @param {MouseEvent} event
   */
  clicked(rows, event) {
    this.actions.select(rows, adds(event) && rows.length > 0, rows.length > 0);
  }

  /** @param {PointerEvent} event */
  hover(event) {
    const place = event.buttons ? null : placeOf(this.graph, event);
    const [row] = place && this.particles?.n ? this.near(place) : [];
    if (!place || row === undefined) return this.tip.hide();
    const { left, top } = area(this.graph);
    this.tip.show(row, `${this.state.code[row]} ${this.shape}`, left + place.x, top + place.y);
  }

  destroy() {
    this.watcher.disconnect();
    this.Plotly.purge(this.graph);
  }
}

/**
 * A range around the finite values, with some room on both sides.
 *
 * @param {Float64Array} values
 * @returns {Range}
 */
function roomy(values) {
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  if (!(least <= greatest)) return [0, 1];
  const room = 0.04 * (greatest - least) || 0.05 * Math.abs(greatest) || 0.05;
  return [least - room, greatest + room];
}

/**
 * What turns a number on an axis (its logarithm, if the axis is one of those) into px along it.
 *
 * @param {Range} range
 * @param {number} length of the axis, in px
 * @returns {(value: number) => number}
 */
function scale([from, to], length) {
  return (value) => ((value - from) / (to - from)) * length;
}
