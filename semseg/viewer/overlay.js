// The picture with its outlines: a plotly graph for image, zoom and selecting, a canvas over it.

import { element, find, findAll, pen } from "./dom.js";
import { paint, sizeColour } from "./drawing.js";
import { finder, rowsWithin } from "./particles.js";
import { adds, area, config, onClick, placeOf, polygonOf, theme, themedLayout } from "./plots.js";
import { Ruler } from "./ruler.js";
import { barLength, lengthText } from "./texts.js";
import { Tip } from "./tip.js";

/** @import { Graph, Line, Options, Particles, Place, Plotly, Range, Select, Sight } from "./types.d.ts" */
/** @import { Data, Layout, ModeBarDefaultButtons } from "plotly.js-dist-min" */
/** @import { State } from "./state.js" */

/**
 * @typedef {object} Actions
 * @property {Select} select
 * @property {(row: number) => string[]} describe lines of the tooltip
 * @property {() => void} drawn
 * @property {(line: Line) => void} measured a line was drawn over the scale bar
 */

const STRIP = 30; // px above the picture for plotly's buttons
const LOWEST = 260;
const HIGHEST = 640;

export class Overlay {
  /** @type {Particles} */
  particles;
  /** @type {State} */
  state;
  /** @type {Range} of the sizes */
  range = [0, 0];
  /** @type {(x: number, y: number) => number} the particle at a place of the picture, or -1 */
  at = () => -1;

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
    this.box = find(root, ".sv-plot", HTMLElement);
    this.graph = /** @type {Graph} */ (find(this.box, ".sv-graph", HTMLElement));
    this.canvas = find(this.box, ".sv-canvas", HTMLCanvasElement);
    this.context = pen(this.canvas);
    this.tip = new Tip(find(this.box, ".sv-tip", HTMLElement), this.box, actions.describe);
    this.switches = findAll(root, ".sv-tools input", HTMLInputElement);
    this.options = this.chosen();
    for (const input of this.switches) {
      const changed = () => {
        this.options = this.chosen();
        this.draw();
      };
      input.addEventListener("change", changed, { signal });
    }
    this.ownBar = find(root, ".sv-own-bar", HTMLElement);
    this.ruler = new Ruler(root, this, signal);
    this.added = false;
    /** @param {PointerEvent} event */
    const pressed = (event) => (this.added = adds(event));
    this.graph.addEventListener("pointerdown", pressed, { capture: true, signal });
    this.graph.addEventListener("pointermove", (event) => this.hover(event), { signal });
    this.graph.addEventListener("pointerleave", () => this.hover(null), { signal });
    this.graph.addEventListener("wheel", (event) => this.wheel(event), { signal, passive: false });
    const clicked = (/** @type {Place} */ place, /** @type {MouseEvent} */ event) => {
      const row = this.at(place.dataX, place.dataY);
      actions.select(row < 0 ? [] : [row], adds(event) && row >= 0, row >= 0);
    };
    onClick(this.graph, signal, clicked, placeOf);
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(this.box);
  }

  /**
   * The switches as they are set.
   *
   * @returns {Options}
   */
  chosen() {
    const on = new Set(this.switches.filter((input) => input.checked).map((input) => input.name));
    return {
      outlines: on.has("outlines"),
      fill: on.has("fill"),
      ids: on.has("ids"),
      colour: on.has("colour"),
      hide: on.has("hide"),
      bar: on.has("bar"),
    };
  }

  /**
   * Show a picture; the zoom stays when it is the same one.
   *
   * @param {Particles} particles
   * @param {State} state
   */
  async load(particles, state) {
    const same = this.particles?.image.source === particles.image.source;
    this.particles = particles;
    this.state = state;
    this.at = finder(particles);
    const { source, width, height } = particles.image;
    const before = same ? this.graph.layout : undefined;
    /** @type {Partial<Layout>} */
    const layout = {
      ...themedLayout(theme(this.root)),
      margin: { l: 0, r: 0, t: STRIP, b: 0 },
      plot_bgcolor: "#15171c",
      showlegend: false,
      hovermode: false,
      dragmode: before?.dragmode || "select",
      images: [
        {
          source, xref: "x", yref: "y", x: -0.5, y: -0.5, sizex: width, sizey: height,
          sizing: "stretch", layer: "below",
        },
      ],
      xaxis: {
        visible: false, range: before?.xaxis?.range ?? [-0.5, width - 0.5],
      },
      yaxis: {
        visible: false, range: before?.yaxis?.range ?? [height - 0.5, -0.5],
        scaleanchor: "x",
      },
    };
    this.fit();
    this.unseen = !this.box.clientWidth;
    /** @type {Data} */
    const trace = { type: "scatter", mode: "markers", x: [null], y: [null], hoverinfo: "skip" };
    /** @type {ModeBarDefaultButtons[]} */
    const buttons = ["autoScale2d", "toImage"];
    await this.Plotly.react(this.graph, [trace], layout, config(buttons));
    if (!this.wired) this.wire();
    this.draw();
  }

  wire() {
    this.wired = true;
    this.graph.on("plotly_relayouting", () => this.draw());
    this.graph.on("plotly_afterplot", () => this.draw());
    this.graph.on("plotly_doubleclick", () => this.actions.select([], false, false));
    this.graph.on("plotly_selected", (event) => {
      const polygon = polygonOf(event);
      if (!polygon) return;
      let rows = rowsWithin(this.particles.x, this.particles.y, polygon);
      if (this.options.hide) rows = rows.filter((row) => this.state.kept[row]);
      // the outlines show what is selected; a box left behind would be an old one soon
      this.Plotly.relayout(this.graph, { selections: [] });
      this.actions.select(rows, this.added, true);
    });
  }

  /** Height by the picture's shape. */
  fit() {
    const { width, height } = this.particles.image;
    const wanted = (this.box.clientWidth * height) / width + STRIP;
    this.box.style.height = `${Math.round(Math.max(LOWEST, Math.min(HIGHEST, wanted)))}px`;
  }

  async resize() {
    if (!this.graph._fullLayout || !this.box.clientWidth) return;
    this.fit();
    await this.Plotly.Plots.resize(this.graph);
    // drawn in a tab that was closed, the ranges suit a size that Plotly made up
    if (this.unseen) {
      this.unseen = false;
      const { width, height } = this.particles.image;
      this.Plotly.relayout(this.graph, {
        "xaxis.range": [-0.5, width - 0.5],
        "yaxis.range": [height - 0.5, -0.5],
      });
    }
  }

  retheme() {
    return this.Plotly.relayout(this.graph, themedLayout(theme(this.root)));
  }

  /**
   * What part of the picture is seen.
   *
   * @returns {Sight}
   */
  view() {
    const { left, top, width, height, xaxis, yaxis } = area(this.graph);
    const [x0, x1] = xaxis.range;
    const place = {
      left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`,
    };
    for (const { style } of [this.canvas, this.ruler.sheet]) Object.assign(style, place);
    return { zoom: width / (x1 - x0), left: x0, top: yaxis.range[1], width, height };
  }

  draw() {
    if (!this.particles || !this.graph._fullLayout?.xaxis) return;
    const view = this.view();
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    if (!width || !height) return;
    let [least, greatest] = [Infinity, -Infinity];
    for (const size of this.particles[this.state.size]) {
      if (size < least) least = size;
      if (size > greatest) greatest = size;
    }
    this.range = [least, greatest];
    const line = this.ruler.line ?? this.state.line;
    paint(this.context, view, this.particles, this.state, this.options, this.range, line);
    this.drawBar(view);
    this.actions.drawn();
  }

  /**
   * A bar of round length, about a fifth of what is seen: below the picture, where it covers
   * nothing. None while the scale is assumed, since it would look like one that was measured.
   *
   * @param {Sight} view
   */
  drawBar(view) {
    const { pixelSize, scaleDoubt } = this.particles;
    this.ownBar.hidden = !pixelSize || scaleDoubt === "assumed" || !this.options.bar;
    if (!pixelSize || this.ownBar.hidden) return;
    const nm = barLength((view.width / view.zoom) * pixelSize);
    const bar = element("i");
    bar.style.width = `${(nm / pixelSize) * view.zoom}px`;
    const words = lengthText(nm) + (scaleDoubt ? `, ${scaleDoubt}, check` : "");
    this.ownBar.replaceChildren(bar, words);
  }

  /**
   * Where a particle stands in the scale of sizes, 0..1; null when all have one colour.
   *
   * @param {number} i
   */
  share(i) {
    if (!this.options.colour) return null;
    const [least, greatest] = this.range;
    return (this.particles[this.state.size][i] - least) / (greatest - least || 1);
  }

  /** Colours from the least to the greatest size as CSS, for the legend. */
  gradient() {
    const stops = Array.from({ length: 9 }, (_, k) => sizeColour(k / 8));
    return `linear-gradient(to right, ${stops.join(", ")})`;
  }

  /** @param {PointerEvent | null} event */
  hover(event) {
    const place = event && this.particles && placeOf(this.graph, event);
    const row = place ? this.at(place.dataX, place.dataY) : -1;
    if (!place || row < 0 || (this.options.hide && !this.state.kept[row])) this.tip.hide();
    else this.tip.show(row, this.state.code[row], place.x, place.y + STRIP);
  }

  /**
   * Ctrl and the wheel (or two fingers on a trackpad) zoom about the pointer.
   *
   * @param {WheelEvent} event
   */
  wheel(event) {
    const place = (event.ctrlKey || event.metaKey) && placeOf(this.graph, event);
    if (!place) return;
    event.preventDefault();
    const factor = Math.exp(Math.max(-1, Math.min(1, event.deltaY / 120)) * 0.25);
    const { xaxis, yaxis } = area(this.graph);
    /** @type {(range: Range, at: number) => Range} */
    const about = ([from, to], at) => [at + (from - at) * factor, at + (to - at) * factor];
    this.Plotly.relayout(this.graph, {
      "xaxis.range": about(xaxis.range, place.dataX),
      "yaxis.range": about(yaxis.range, place.dataY),
    });
  }

  /**
   * Show one particle large.
   *
   * @param {number} row
   */
  zoomTo(row) {
    const { x, y, boxes } = this.particles;
    const [left, top, right, bottom] = boxes.subarray(4 * row, 4 * row + 4);
    const reach = 2 * Math.max(right - left, bottom - top, 8);
    this.Plotly.relayout(this.graph, {
      "xaxis.range": [x[row] - reach, x[row] + reach],
      "yaxis.range": [y[row] + reach, y[row] - reach],
    });
  }

  destroy() {
    this.watcher.disconnect();
    this.Plotly.purge(this.graph);
  }
}
