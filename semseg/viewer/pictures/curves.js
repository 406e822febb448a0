// The sizes of all pictures over each other: densities, and below them the cumulative shares.

import { element } from "../dom.js";
import { config, loadPlotly, theme, themedLayout } from "../plots.js";
import { isDark } from "./swatch.js";

/** @import { Data as Trace, Layout } from "plotly.js-dist-min" */
/** @import { Graph, Plotly } from "../types.d.ts" */
/** @import { Actions, Card, Data, PackedCurves } from "./types.d.ts" */

const FAINT = 0.25; // the others, while one is marked
const BEHIND = 0.35; // all together, behind each
const TOGETHER = -1;

export class Curves {
  /**
   * @param {Actions} actions
   * @param {string} address of plotly.js
   */
  constructor(actions, address) {
    this.actions = actions;
    this.address = address;
    this.graph = /** @type {Graph} */ (/** @type {unknown} */ (element("div", "sp-graph")));
    this.none = element("p", "sp-none", "No sizes can be compared yet.");
    this.root = element("div", "sp-curves", this.graph, this.none);
    /** @type {Plotly | null} */
    this.plotly = null;
    /** of each trace, the number of its picture @type {number[]} */
    this.owners = [];
    /** @type {number | null} */
    this.marked = null;
  }

  /** @param {Data} data */
  async show(data) {
    const some = data.cards.some((card) => card.curves);
    this.graph.hidden = !some;
    this.none.hidden = some;
    if (!some) return;
    this.plotly ??= await loadPlotly(this.address);
    const first = !this.graph.classList.contains("js-plotly-plot");
    const traces = this.traces(data);
    await this.plotly.react(this.graph, traces, this.layout(data), {
      ...config(["select2d", "lasso2d", "autoScale2d"]),
      displayModeBar: "hover",
    });
    this.marked = null;
    if (first) this.listen();
  }

  listen() {
    this.graph.on("plotly_hover", (event) => this.actions.point(this.owner(event)));
    this.graph.on("plotly_unhover", () => this.actions.point(null));
    this.graph.on("plotly_click", (event) => {
      const number = this.owner(event);
      if (number !== null) this.actions.pin(number);
    });
  }

  /** @param {{ points: { curveNumber: number }[] }} event */
  owner(event) {
    const number = this.owners[event.points[0]?.curveNumber ?? -1] ?? TOGETHER;
    return number === TOGETHER ? null : number;
  }

  /**
   * @param {Data} data
   * @returns {Trace[]}
   */
  traces(data) {
    const dark = isDark(this.root);
    const sizes = floats(data.sizes);
    /** @type {Trace[]} */
    const traces = [];
    this.owners = [];
    /**
     * @param {number} number
     * @param {string} name
     * @param {PackedCurves} curves
     * @param {{ color: string, width: number, dash?: Card["stroke"] }} line
     */
    const add = (number, name, curves, line) => {
      const opacity = number === TOGETHER ? BEHIND : 1;
      const shared = /** @type {const} */ ({ type: "scatter", mode: "lines", name, line, opacity });
      if (curves.density) {
        const hovertemplate = "%{fullData.name}<extra></extra>";
        const y = floats(curves.density);
        const showlegend = number === TOGETHER;
        traces.push({ ...shared, x: sizes, y, hovertemplate, showlegend });
        this.owners.push(number);
      }
      const hovertemplate = `%{y:.0f} % up to %{x:.4g}<br>%{fullData.name}<extra></extra>`;
      const y = floats(curves.shares).map((share) => 100 * share);
      const x = floats(curves.sizes);
      traces.push({ ...shared, x, y, hovertemplate, yaxis: "y2", showlegend: false });
      this.owners.push(number);
    };
    if (data.together) {
      const color = theme(this.root).text;
      add(TOGETHER, "all together", data.together, { color, width: 5 });
    }
    for (const card of data.cards) {
      if (!card.curves) continue;
      const line = { color: dark ? card.dark : card.light, width: 2, dash: card.stroke };
      add(card.number, card.name, card.curves, line);
    }
    return traces;
  }

  /**
   * @param {Data} data
   * @returns {Partial<Layout>}
   */
  layout(data) {
    const look = theme(this.root);
    const axis = { gridcolor: look.grid, linecolor: look.border, zeroline: false };
    const { background: bgcolor, border: bordercolor, text: color } = look;
    const still = { ...axis, fixedrange: true };
    return {
      ...themedLayout(look),
      plot_bgcolor: "rgba(0,0,0,0)",
      hovermode: "closest",
      hoverlabel: { bgcolor, bordercolor, font: { color } },
      margin: { l: 52, r: 8, t: 24, b: 44 },
      showlegend: true,
      legend: {
        ...{ x: 1, xanchor: "right", y: 1.02, yanchor: "bottom" },
        ...{ itemclick: false, itemdoubleclick: false },
      },
      xaxis: {
        ...axis,
        title: { text: data.axis },
        anchor: "y2",
        ...(data.log ? { type: "log" } : { type: "linear", rangemode: "tozero" }),
      },
      yaxis: {
        ...still,
        domain: [0.45, 1],
        title: { text: "Density" },
        showticklabels: false,
        rangemode: "tozero",
      },
      yaxis2: { ...still, domain: [0, 0.4], title: { text: `% of ${data.share}` }, range: [0, 101] },
    };
  }

  /** Its curves stand out, the others step back. @param {number | null} number */
  mark(number) {
    if (!this.plotly || this.graph.hidden || number === this.marked) return;
    const shown = number !== null && this.owners.includes(number) ? number : null;
    this.marked = number;
    this.graph.dataset.marked = shown === null ? "" : String(shown);
    const opacity = this.owners.map((own) => {
      if (shown !== null) return own === shown ? 1 : FAINT;
      return own === TOGETHER ? BEHIND : 1;
    });
    const width = this.owners.map((own) => (own === TOGETHER ? 5 : own === shown ? 3.5 : 2));
    // plotly's types know one value for all traces only
    const look = /** @type {any} */ ({ opacity, "line.width": width });
    void this.plotly.restyle(this.graph, look);
  }

  destroy() {
    this.plotly?.purge(this.graph);
  }
}

/** @param {string} text base64 of little-endian float32 */
function floats(text) {
  return new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}
