// What is chosen about the graph of sizes: which graph, of what, in which bins; and its legend.

import { IN_SHORT, SHAPES, SIZES } from "./definitions.js";
import { element, find, findAll, setText } from "./dom.js";
import { fixed } from "./texts.js";

/** @import { Figure, Quantity } from "./definitions.js" */
/** @import { Fields, Look, Particles, ShapeKey, SizeKey, Summary, Weighting } from "./types.d.ts" */
/** @import { State } from "./state.js" */

/**
 * @typedef {object} Actions
 * @property {(fields: Partial<Fields>) => void} option
 * @property {(fields: Partial<Look>) => void} look
 */

const DRAWN = ["mean", "median"]; // as lines over the bars
let groups = 0;

export class Controls {
  /**
   * @param {Element} root
   * @param {Actions} actions
   * @param {AbortSignal} signal
   */
  constructor(root, actions, signal) {
    this.section = find(root, ".sv-sizes", HTMLElement);
    /** @param {string} name */
    const select = (name) => find(this.section, `select[name=${name}]`, HTMLSelectElement);
    /** @param {string} name */
    const input = (name) => find(this.section, `input[name=${name}]`, HTMLInputElement);
    /** @param {EventTarget} control @param {() => void} heard */
    const changed = (control, heard) => control.addEventListener("change", heard, { signal });

    this.size = select("size");
    this.size.replaceChildren(...Object.values(SIZES).map(option));
    changed(this.size, () => actions.option({ size: /** @type {SizeKey} */ (this.size.value) }));
    this.shape = select("shape");
    this.shape.replaceChildren(...Object.values(SHAPES).map(option));
    changed(this.shape, () => actions.look({ shape: /** @type {ShapeKey} */ (this.shape.value) }));
    this.weighting = select("weighting");
    changed(this.weighting, () =>
      actions.option({ weighting: /** @type {Weighting} */ (this.weighting.value) }),
    );
    this.log = input("log");
    changed(this.log, () => actions.option({ log: this.log.checked }));
    this.bins = input("bins");
    this.typing = false; // a number of bins that is not finished yet
    this.bins.addEventListener("input", () => (this.typing = true), { signal });
    changed(this.bins, () => {
      this.typing = false;
      actions.option({ bins: binsOf(this.bins.value) });
    });
    this.bins.addEventListener("blur", () => (this.typing = false), { signal });

    const name = `sv-panel-${groups++}`; // of its own, so that two views in one page stay apart
    this.panels = findAll(this.section, ".sv-segments input", HTMLInputElement);
    for (const radio of this.panels) {
      radio.name = name;
      changed(radio, () => actions.look({ panel: /** @type {Look["panel"]} */ (radio.value) }));
    }

    this.keptWords = element("span", "", "kept");
    this.shapes = IN_SHORT.map(({ key, symbol }) => ({ key, ...legendEntry(key, symbol) }));
    find(this.section, ".sv-bars", HTMLElement).replaceChildren(
      element("li", "", element("i", "sv-bar-accepted"), this.keptWords),
      element("li", "", element("i", "sv-bar-rejected"), "not kept"),
      element("li", "", element("i", "sv-bar-selected"), "selected"),
      ...this.shapes.map(({ line }) => line),
    );
  }

  /**
   * @param {Particles} particles
   * @param {State} state
   * @param {Look} look
   */
  draw(particles, state, look) {
    this.size.value = state.size;
    this.weighting.value = state.weighting;
    if (!this.typing) this.bins.value = state.bins ? String(state.bins) : "";
    this.log.checked = state.log;
    this.shape.value = look.shape;
    for (const radio of this.panels) radio.checked = radio.value === look.panel;
    this.section.dataset.panel = look.panel;
    for (const part of findAll(this.section, "[data-of]", HTMLElement)) {
      part.hidden = part.dataset.of !== look.panel;
    }
    const none = particles.n === 0;
    find(this.section, ".sv-none", HTMLElement).hidden = !none;
    for (const part of findAll(this.section, ".sv-graphs, .sv-bars", HTMLElement)) part.hidden = none;
    setText(this.keptWords, particles.ruled ? "counted" : "kept");
  }

  /**
   * Mean, median and standard deviation of the shape, in the legend of the scatter.
   *
   * @param {Summary} summary
   */
  drawShape(summary) {
    for (const { key, value } of this.shapes) setText(value, fixed(summary[key], 3));
  }
}

/**
 * A quantity to be chosen.
 *
 * @param {Quantity<string>} quantity
 */
function option({ key, symbol, name, definition }) {
  const made = element("option", "", symbol);
  made.value = key;
  made.title = `${name}: ${definition}`;
  return made;
}

/**
 * A figure in the legend, with its line where the graphs draw one; of shapes with its value.
 *
 * @param {Figure["key"]} key
 * @param {string} symbol
 */
function legendEntry(key, symbol) {
  const value = element("b");
  value.dataset.shape = key;
  value.dataset.of = "shape";
  if (DRAWN.includes(key)) {
    return { line: element("li", "", element("i", `sv-bar-${key}`), symbol, " ", value), value };
  }
  const line = element("li", "", symbol, " ", value);
  line.dataset.of = "shape";
  return { line, value };
}

/**
 * The number of bins that was typed, in its range; 0 where there is none.
 *
 * @param {string} text
 */
function binsOf(text) {
  const bins = Math.round(Number(text));
  return bins ? Math.max(5, Math.min(100, bins)) : 0;
}
