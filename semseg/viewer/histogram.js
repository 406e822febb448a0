// The size histogram: bars of our own bins, kept ones solid, the others hatched on top.

import { SIZES, STATES } from "./definitions.js";
import { adds, config, faded, onClick, placeOf, theme, themedLayout } from "./plots.js";
import { binIndices, histogramEdges } from "./statistics.js";
import { fixed, places } from "./texts.js";

// from the axis upwards: [key, name, colour, hatched]
const { accepted, rejected, selected } = STATES;
const BARS = [
  ["acceptedSelected", "selected", selected.ink, false],
  ["accepted", "kept", accepted.ink, false],
  ["rejected", "not kept", rejected.ink, true],
  ["rejectedSelected", "selected, not kept", selected.ink, true],
];
const MEAN = BARS.length;
const MEDIAN = MEAN + 1;

export class Histogram {
  /** `actions`: select(rows, add, reveal). */
  constructor(Plotly, root, actions, signal) {
    this.Plotly = Plotly;
    this.root = root;
    this.actions = actions;
    this.graph = root.querySelector(".sv-histogram");
    this.added = false;
    const pressed = (event) => (this.added = adds(event));
    this.graph.addEventListener("pointerdown", pressed, { capture: true, signal });
    onClick(this.graph, signal, (place, event) => this.clicked(place, event), placeOf);
    this.watcher = new ResizeObserver(() => {
      if (this.graph._fullLayout && this.graph.clientWidth) this.Plotly.Plots.resize(this.graph);
    });
    this.watcher.observe(this.graph);
  }

  /** Bins and axes anew: for another picture, size, weighting, number of bins or theme. */
  async layOut(particles, state, summary) {
    this.particles = particles;
    this.state = state;
    if (!particles.n) return;
    this.edges = histogramEdges(particles[state.size], state.bins, state.log);
    this.bin = binIndices(particles[state.size], this.edges).map((bin, i) =>
      particles.out[i] ? -1 : bin,
    );
    this.weights = particles.weights[state.weighting];
    this.share = 1;
    if (state.weighting === "volume") {
      this.share = 100 / this.weights.reduce((sum, one, i) => sum + (particles.out[i] ? 0 : one), 0);
    }
    const totals = new Float64Array(this.edges.length - 1);
    for (let i = 0; i < particles.n; i++) if (this.bin[i] >= 0) totals[this.bin[i]] += this.height(i);
    this.highest = 1.06 * Math.max(...totals) || 1;
    const [traces, layout] = [this.traces(summary), this.layout()];
    const buttons = ["autoScale2d", "lasso2d", "toImage"];
    await this.Plotly.react(this.graph, traces, layout, config(buttons));
    if (!this.wired) this.wire();
  }

  height(i) {
    return this.weights ? this.share * this.weights[i] : 1;
  }

  /** Heights of the four kinds of bars. */
  heights() {
    const { kept, selected } = this.state; // who is ruled out is in no bin
    const bins = this.edges.length - 1;
    const rows = BARS.map(() => new Array(bins).fill(0));
    for (let i = 0; i < this.bin.length; i++) {
      if (this.bin[i] < 0) continue;
      const kind = kept[i] ? (selected[i] ? 0 : 1) : selected[i] ? 3 : 2;
      rows[kind][this.bin[i]] += this.height(i);
    }
    return rows;
  }

  traces(summary) {
    const { edges, state, particles } = this;
    const digits = places(summary.mean ?? edges[edges.length - 1]);
    const x = [];
    const width = [];
    const ranges = [];
    for (let k = 0; k + 1 < edges.length; k++) {
      x.push((edges[k] + edges[k + 1]) / 2);
      width.push(edges[k + 1] - edges[k]);
      ranges.push(`${fixed(edges[k], digits)} to ${fixed(edges[k + 1], digits)} ${particles.unit}`);
    }
    const colours = theme(this.root);
    const number = particles.weighted ? "%{y:.2f}" : "%{y}";
    const value = state.weighting === "volume" ? "%{y:.2f} % of volume" : number;
    const bars = this.heights().map((y, kind) => {
      const [key, words, colour, hatched] = BARS[kind];
      const name = key === "accepted" && particles.ruled ? "counted" : words;
      const pattern = hatched
        ? { shape: "/", fgcolor: colour, bgcolor: faded(colour, 0.18), size: 6, solidity: 0.35 }
        : { shape: "" };
      return {
        type: "bar", name, x, y, width, customdata: ranges,
        marker: { color: colour, pattern, line: { color: colours.background, width: 0.6 } },
        selected: { marker: { opacity: 1 } }, unselected: { marker: { opacity: 1 } },
        hovertemplate: `%{customdata}<br>${name}: ${value}<extra></extra>`,
      };
    });
    const line = (at, name, dash) => ({
      type: "scatter", mode: "lines", name, x: [at, at], y: [0, this.highest],
      line: { color: colours.text, width: 1.6, dash }, hoverinfo: "skip", cliponaxis: true,
    });
    return [...bars, line(summary.mean, "mean", "solid"), line(summary.median, "median", "dash")];
  }

  layout() {
    const { state, particles, edges } = this;
    const colours = theme(this.root);
    const last = edges[edges.length - 1];
    const room = state.log ? 0 : 0.03 * (last - edges[0]);
    const ends = [edges[0] - room, last + room];
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
        range: state.log ? ends.map(Math.log10) : ends,
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

  /** Heights and lines for the particles that are kept and selected now. */
  draw(summary) {
    if (!this.particles?.n) return;
    const y = [...this.heights(), [0, this.highest], [0, this.highest]];
    const x = this.graph.data.map((trace) => trace.x);
    x[MEAN] = [summary.mean, summary.mean];
    x[MEDIAN] = [summary.median, summary.median];
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

  /** A click on a bar selects its particles; beside all bars, none. */
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
