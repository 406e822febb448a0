// Graphs that leave the page: dark on white whatever the page looks like, with the doubt of the scale.

import { SIZES, STATES } from "./definitions.js";
import { themedLayout } from "./plots.js";

/** @import { Data, Layout } from "plotly.js-dist-min" */
/** @import { PaperGraph, Particles, ShapeKey, Theme } from "./types.d.ts" */
/** @import { State } from "./state.js" */

/** @type {Theme} */
export const PAPER = {
  text: "#222", background: "#fff", border: "#888", grid: "#e6e6e6", primary: "#0f766e",
  font: "sans-serif",
};

/**
 * The unit of sizes, with the doubt that their scale is in, for graphs that leave the page.
 *
 * @param {Pick<Particles, "unit" | "scaleDoubt">} particles
 */
export const unitOnPaper = ({ unit, scaleDoubt }) =>
  unit === "nm" && scaleDoubt ? `nm; scale ${scaleDoubt}: check` : unit;

/**
 * A layout for paper: dark on white, with a legend above.
 *
 * @param {Partial<Layout>} layout
 * @param {string} sizes title of the axis of sizes
 * @returns {Partial<Layout>}
 */
export function onPaper(layout, sizes) {
  return {
    ...layout,
    ...themedLayout(PAPER),
    font: { family: PAPER.font, size: 16, color: PAPER.text },
    paper_bgcolor: PAPER.background,
    margin: { l: 76, r: 24, t: 48, b: 66 },
    showlegend: true,
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "normal" },
    xaxis: { ...layout.xaxis, title: { text: sizes, standoff: 10 } },
  };
}

/**
 * Size against shape of all particles that the counting rule leaves in.
 *
 * @param {Particles} particles
 * @param {State} state
 * @param {ShapeKey} shape
 * @param {Partial<Layout>} layout that of the page
 * @returns {PaperGraph}
 */
export function scatterOnPaper(particles, state, shape, layout) {
  const [sizes, shapes] = [particles[state.size], particles[shape]];
  /** @type {(name: string, kept: 0 | 1, selected: 0 | 1) => Data} */
  const trace = (name, kept, selected) => {
    const rows = [...shapes.keys()].filter(
      (i) => !particles.out[i] && state.kept[i] === kept && state.selected[i] === selected,
    );
    const { ink } = STATES[selected ? "selected" : kept ? "accepted" : "rejected"];
    return {
      type: "scatter", mode: "markers", name, showlegend: rows.length > 0,
      x: rows.map((i) => sizes[i]), y: rows.map((i) => shapes[i]),
      marker: { color: ink, size: 6, symbol: kept ? "circle" : "circle-open" },
    };
  };
  const data = [
    trace("not kept", 0, 0), trace(particles.ruled ? "counted" : "kept", 1, 0),
    trace("selected, not kept", 0, 1), trace("selected", 1, 1),
  ];
  const title = `${SIZES[state.size].name} (${unitOnPaper(particles)})`;
  return { data, layout: onPaper(layout, title) };
}
