// Size against shape: a plotly graph for axes, zoom and selecting, the points on a canvas over it.

import { SHAPES, SIZES } from "./definitions.js";
import { rowsWithin } from "./particles.js";
import { adds, area, config, onClick, placeOf, theme, themedLayout } from "./plots.js";
import { paintMarginal, paintPoints } from "./points.js";
import { binIndices, histogramEdges } from "./statistics.js";
import { Tip } from "./tip.js";

const REACH = 9; // CSS px about a point that count as its own
const GAP = 8; // px between points and bars

export class Scatter {
  /**
   * `actions`: select(rows, add, reveal), describe(row) -> lines of the tooltip, share(row) -> place
   * in the scale of sizes, as in the picture, or null.
   */
  constructor(Plotly, root, actions, signal) {
    this.Plotly = Plotly;
    this.root = root;
    this.actions = actions;
    this.box = root.querySelector(".sv-scatter");
    this.graph = this.box.querySelector(".sv-graph-axes");
    this.canvas = this.box.querySelector(".sv-points");
    this.context = this.canvas.getContext("2d");
    this.tip = new Tip(this.box.querySelector(".sv-tip"), this.box, actions.describe);
    this.added = false;
    const pressed = (event) => {
      this.added = adds(event);
      this.tip.hide();
    };
    this.graph.addEventListener("pointerdown", pressed, { capture: true, signal });
    this.graph.addEventListener("pointermove", (event) => this.hover(event), { signal });
    this.graph.addEventListener("pointerleave", () => this.tip.hide(), { signal });
    onClick(this.graph, signal, (place, event) => this.clicked(this.near(place), event), placeOf);
    const beside = (_, event) => this.binAt(event);
    onClick(this.graph, signal, ({ bin }, event) => this.clicked(this.rowsOf(bin), event), beside);
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(this.box);
  }

  /** Points and axes anew: for another picture, size, shape, weighting or theme. */
  async layOut(particles, state, shape, summary) {
    Object.assign(this, { particles, state, shape, summary });
    if (!particles.n) return;
    const [sizes, shapes] = [particles[state.size], particles[shape]];
    const placed = (i) => !particles.out[i] && Number.isFinite(shapes[i]) && (!state.log || sizes[i] > 0);
    // as on the axes, so that straight lines on the screen are straight
    this.u = sizes.map((size, i) => (!placed(i) ? NaN : state.log ? Math.log10(size) : size));
    this.v = Float64Array.from(shapes, (value, i) => (placed(i) ? value : NaN));
    this.at = { x: new Float32Array(particles.n), y: new Float32Array(particles.n) };
    this.weights = particles.weights[state.weighting];
    this.edges = histogramEdges(this.v);
    this.bin = binIndices(this.v, this.edges);
    const totals = new Float64Array(this.edges.length - 1);
    this.bin.forEach((bin, i) => bin >= 0 && (totals[bin] += this.weights?.[i] ?? 1));
    this.highest = Math.max(...totals) || 1;
    this.radius = particles.n > 2000 ? 2 : particles.n > 500 ? 2.6 : 3.2;
    this.colours = theme(this.root);
    const trace = { type: "scatter", mode: "markers", x: [null], y: [null], hoverinfo: "skip" };
    const buttons = ["autoScale2d", "toImage", "zoomIn2d", "zoomOut2d"];
    await this.Plotly.react(this.graph, [trace], this.layout(), config(buttons));
    if (!this.wired) this.wire();
    this.paint();
  }

  layout() {
    const { state, shape, particles, colours } = this;
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
      if (!event || (!event.range && !event.lassoPoints)) return;
      const { x, y } = event.range
        ? { x: [0, 1, 1, 0].map((k) => event.range.x[k]), y: [0, 0, 1, 1].map((k) => event.range.y[k]) }
        : event.lassoPoints;
      const polygon = x.map((size, k) => [this.state.log ? Math.log10(size) : size, y[k]]);
      this.Plotly.relayout(this.graph, { selections: [] });
      this.actions.select(rowsWithin(this.u, this.v, polygon), this.added, true);
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

  /** Points for the particles that are kept and selected now. */
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
    const across = scale(plot.xaxis, plot.width);
    const down = scale({ range: [...plot.yaxis.range].reverse() }, plot.height);
    for (let i = 0; i < this.u.length; i++) {
      this.at.x[i] = across(this.u[i]);
      this.at.y[i] = down(this.v[i]);
    }
    const { context, state, radius, colours } = this;
    this.coloured = this.actions.share(0) !== null;
    context.clearRect(0, 0, width, height);
    paintPoints(context, plot, this.at, state, radius, this.actions.share, colours.background);
    const room = { left: plot.left + plot.width + GAP, top: plot.top, width: this.aside(), height: plot.height };
    const lines = [[this.summary.mean, false], [this.summary.median, true]];
    const shown = lines.filter(([value]) => value !== null).map(([value, dashed]) => [down(value), dashed]);
    paintMarginal(context, room, this.bars(down), shown, colours);
  }

  /** Bars of the shapes that are counted, see points.js. */
  bars(down) {
    const { edges, bin, weights, highest } = this;
    const { counted, selected } = this.state;
    const bars = Array.from({ length: edges.length - 1 }, (_, k) => [down(edges[k]), down(edges[k + 1]), 0, 0]);
    for (let i = 0; i < bin.length; i++) {
      if (bin[i] < 0 || !counted[i]) continue;
      const length = (weights?.[i] ?? 1) / highest;
      bars[bin[i]][2] += length;
      if (selected[i]) bars[bin[i]][3] += length;
    }
    return bars;
  }

  /** The particle whose point is nearest to a place, as a list; an empty one far from all. */
  near({ x, y }) {
    let [best, least] = [-1, REACH * REACH];
    for (let i = 0; i < this.u.length; i++) {
      const off = (this.at.x[i] - x) ** 2 + (this.at.y[i] - y) ** 2;
      if (off <= least) [best, least] = [i, off];
    }
    return best < 0 ? [] : [best];
  }

  /** The bin of shapes beside the points that an event is in; null where there is none. */
  binAt(event) {
    if (!this.graph._fullLayout) return null;
    const box = this.graph.getBoundingClientRect();
    const plot = area(this.graph);
    const x = event.clientX - box.left - plot.left - plot.width - GAP;
    const y = event.clientY - box.top - plot.top;
    if (x < 0 || x > this.aside() || y < 0 || y > plot.height) return null;
    return { bin: binIndices([plot.yaxis.p2d(y)], this.edges)[0] };
  }

  rowsOf(bin) {
    const rows = [];
    for (let i = 0; i < this.bin.length; i++) {
      if (bin >= 0 && this.bin[i] === bin && this.state.counted[i]) rows.push(i);
    }
    return rows;
  }

  /** Select these rows; a click beside all of them selects none. */
  clicked(rows, event) {
    this.actions.select(rows, adds(event) && rows.length > 0, rows.length > 0);
  }

  hover(event) {
    const place = event.buttons ? null : placeOf(this.graph, event);
    const [row] = place && this.particles?.n ? this.near(place) : [];
    if (row === undefined) return this.tip.hide();
    const { left, top } = area(this.graph);
    this.tip.show(row, `${this.state.code[row]} ${this.shape}`, left + place.x, top + place.y);
  }

  destroy() {
    this.watcher.disconnect();
    this.Plotly.purge(this.graph);
  }
}

/** A range around the finite values, with some room on both sides. */
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

/** From a number on an axis (its logarithm, if the axis is one of those) to px along it. */
function scale({ range }, length) {
  const [from, to] = range;
  return (value) => ((value - from) / (to - from)) * length;
}
