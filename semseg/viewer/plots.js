// What both graphs share: loading plotly.js, colours of the theme, clicks.

import { pen } from "./dom.js";

/** @import { Config, Layout, ModeBarDefaultButtons, PlotSelectionEvent } from "plotly.js-dist-min" */
/** @import { Area, Axis, Graph, Place, Plotly, Polygon, Theme } from "./types.d.ts" */

/** @type {Promise<Plotly> | null} */
let loading = null;

/**
 * plotly.js from the app's own server, loaded once.
 *
 * @param {string} address
 * @returns {Promise<Plotly>}
 */
export function loadPlotly(address) {
  loading ??= new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => (window.Plotly ? done(window.Plotly) : fail(new Error(address)));
    script.onerror = () => {
      loading = null;
      script.remove();
      fail(new Error(address));
    };
    document.head.append(script);
  });
  return loading;
}

/**
 * Configuration of a graph; `buttons` are the names of those that it does without.
 *
 * @param {ModeBarDefaultButtons[]} buttons
 * @returns {Partial<Config>}
 */
export function config(buttons) {
  return {
    displaylogo: false,
    showSendToCloud: false,
    responsive: true,
    displayModeBar: true,
    modeBarButtonsToRemove: buttons,
    doubleClick: false,
  };
}

/**
 * Colours and fonts of Streamlit's theme, as they are now.
 *
 * @param {Element} root
 * @returns {Theme}
 */
export function theme(root) {
  const style = getComputedStyle(root);
  /** @param {string} name @param {string} otherwise */
  const of = (name, otherwise) => {
    const value = style.getPropertyValue(`--st-${name}`).trim();
    return value && value !== "unset" ? value : otherwise;
  };
  return {
    text: of("text-color", style.color),
    background: of("background-color", "#fff"),
    border: of("border-color", "rgba(128, 128, 128, 0.4)"),
    grid: of("border-color-light", "rgba(128, 128, 128, 0.2)"),
    primary: of("primary-color", "#ff4b4b"),
    font: of("font", "sans-serif"),
  };
}

/**
 * The part of a layout that follows the theme.
 *
 * @param {Theme} theme
 * @returns {Partial<Layout>}
 */
export function themedLayout({ text, font, border }) {
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    font: { family: font, size: 12, color: text },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: faded(text), activecolor: text },
    newselection: { line: { color: border, width: 1.5 } },
  };
}

/**
 * The same colour, half as strong, where it is given as #rrggbb or rgb().
 *
 * @param {string} colour
 */
export function faded(colour, alpha = 0.55) {
  const context = pen(document.createElement("canvas"));
  context.fillStyle = colour;
  const plain = context.fillStyle;
  if (!plain.startsWith("#")) return plain;
  const [r, g, b] = [1, 3, 5].map((k) => parseInt(plain.slice(k, k + 2), 16));
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}

/**
 * Where the plotted area of a graph, in which something was drawn, lies in it; and its axes.
 *
 * @param {Graph} graph
 * @returns {Area & { xaxis: Axis, yaxis: Axis }}
 */
export function area(graph) {
  if (!graph._fullLayout) throw new Error("Nothing was drawn in this graph yet.");
  const { _size: size, xaxis, yaxis } = graph._fullLayout;
  return { left: size.l, top: size.t, width: size.w, height: size.h, xaxis, yaxis };
}

/**
 * Place of a mouse event in the plotted area, in px and in data; null outside of it.
 *
 * @param {Graph} graph
 * @param {MouseEvent} event
 * @returns {Place | null}
 */
export function placeOf(graph, event) {
  if (!graph._fullLayout) return null;
  const box = graph.getBoundingClientRect();
  const plot = area(graph);
  const x = event.clientX - box.left - plot.left;
  const y = event.clientY - box.top - plot.top;
  if (x < 0 || y < 0 || x > plot.width || y > plot.height) return null;
  return { x, y, dataX: plot.xaxis.p2d(x), dataY: plot.yaxis.p2d(y) };
}

/**
 * What a box or a lasso went about; null where nothing was drawn.
 *
 * @param {PlotSelectionEvent | undefined} event
 * @returns {Polygon | null}
 */
export function polygonOf(event) {
  if (!event?.range) return event?.lassoPoints ?? null;
  const { x, y } = event.range;
  return { x: [x[0], x[1], x[1], x[0]], y: [y[0], y[0], y[1], y[1]] };
}

/**
 * Whether a mouse event adds to what is selected.
 *
 * @param {MouseEvent} event
 */
export const adds = (event) => event.shiftKey || event.ctrlKey || event.metaKey;

/**
 * Call `clicked(place, event)` on clicks in the plotted area that dragged nothing. plotly.js lays a
 * sheet over the page while a button is down, so that natural clicks do not arrive. `where` finds
 * the place of an event; null where it does not count.
 *
 * @template Where
 * @param {Graph} graph
 * @param {AbortSignal} signal
 * @param {(place: Where, event: PointerEvent) => void} clicked
 * @param {(graph: Graph, event: PointerEvent) => Where | null} where
 */
export function onClick(graph, signal, clicked, where) {
  graph.addEventListener(
    "pointerdown",
    (down) => {
      if (down.button !== 0) return;
      if (down.target instanceof Element && down.target.closest(".modebar")) return;
      if (!where(graph, down)) return;
      /** @param {PointerEvent} event */
      const up = (event) => {
        stop.abort();
        const moved = Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY);
        const place = where(graph, event);
        if (event.type === "pointerup" && moved < 4 && place) clicked(place, event);
      };
      const stop = new AbortController();
      signal.addEventListener("abort", () => stop.abort(), { signal: stop.signal });
      window.addEventListener("pointerup", up, { capture: true, signal: stop.signal });
      window.addEventListener("pointercancel", up, { capture: true, signal: stop.signal });
    },
    { capture: true, signal },
  );
}
