// What is chosen about the graph of sizes: which graph, of what, in which bins; and its legend.

import { IN_SHORT, SHAPES, SIZES } from "./definitions.js";
import { element, fixed, setText } from "./texts.js";

const DRAWN = ["mean", "median"]; // as lines over the bars
let groups = 0;

export class Controls {
  /** `actions`: option(fields of the state), look({panel, shape}). */
  constructor(root, actions, signal) {
    this.section = root.querySelector(".sv-sizes");
    for (const [name, quantities] of [["size", SIZES], ["shape", SHAPES]]) {
      const select = this.section.querySelector(`.sv-controls [name=${name}]`);
      select.replaceChildren(...Object.values(quantities).map(option));
    }
    this.keptWords = element("span", "", "kept");
    this.section
      .querySelector(".sv-bars")
      .replaceChildren(
        element("li", "", element("i", "sv-bar-accepted"), this.keptWords),
        element("li", "", element("i", "sv-bar-rejected"), "not kept"),
        element("li", "", element("i", "sv-bar-selected"), "selected"),
        ...IN_SHORT.map(legendEntry),
      );
    const radios = this.section.querySelectorAll(".sv-segments input");
    const name = `sv-panel-${groups++}`; // of its own, so that two views in one page stay apart
    for (const radio of radios) {
      radio.name = name;
      const chosen = () => actions.look({ panel: radio.value });
      radio.addEventListener("change", chosen, { signal });
    }
    for (const input of this.section.querySelectorAll(".sv-controls :is(select, input)")) {
      const changed = () =>
        input.name === "shape" ? actions.look({ shape: input.value }) : actions.option(read(input));
      input.addEventListener("change", changed, { signal });
    }
    this.numbers = [...this.section.querySelectorAll(".sv-bars [data-shape]")];
  }

  draw(particles, state, look) {
    const by = (name) => this.section.querySelector(`.sv-controls [name=${name}]`);
    by("size").value = state.size;
    by("weighting").value = state.weighting;
    by("bins").value = state.bins || "";
    by("log").checked = state.log;
    by("shape").value = look.shape;
    for (const radio of this.section.querySelectorAll(".sv-segments input")) {
      radio.checked = radio.value === look.panel;
    }
    this.section.dataset.panel = look.panel;
    for (const part of this.section.querySelectorAll("[data-of]")) {
      part.hidden = part.dataset.of !== look.panel;
    }
    const none = particles.n === 0;
    this.section.querySelector(".sv-none").hidden = !none;
    for (const part of this.section.querySelectorAll(".sv-graphs, .sv-bars")) part.hidden = none;
    setText(this.keptWords, particles.ruled ? "counted" : "kept");
  }

  /** Mean, median and standard deviation of the shape, in the legend of the scatter. */
  drawShape(summary) {
    for (const node of this.numbers) setText(node, fixed(summary[node.dataset.shape], 3));
  }
}

/** A quantity to be chosen. */
function option({ key, symbol, name, definition }) {
  const made = element("option", "", symbol);
  made.value = key;
  made.title = `${name}: ${definition}`;
  return made;
}

/** A figure in the legend, with its line where the graphs draw one; of shapes with its value. */
function legendEntry({ key, symbol }) {
  const value = element("b");
  value.dataset.shape = key;
  value.dataset.of = "shape";
  if (DRAWN.includes(key)) return element("li", "", element("i", `sv-bar-${key}`), symbol, " ", value);
  const entry = element("li", "", symbol, " ", value);
  entry.dataset.of = "shape";
  return entry;
}

/** The changed field of the state, from one of the controls. */
function read(input) {
  if (input.name === "log") return { log: input.checked };
  if (input.name !== "bins") return { [input.name]: input.value };
  const bins = Math.round(Number(input.value));
  return { bins: bins ? Math.max(5, Math.min(100, bins)) : 0 };
}
