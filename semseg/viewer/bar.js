// The bar at the top: filter, threshold, numbers; and the legend below the picture.

import { FIGURES, STATES } from "./definitions.js";
import { element, find, setText } from "./dom.js";
import { Spread } from "./spread.js";
import { fixed, places } from "./texts.js";

/** @import { StateLook } from "./definitions.js" */
/** @import { Particles, Summary } from "./types.d.ts" */
/** @import { Overlay } from "./overlay.js" */
/** @import { State } from "./state.js" */

// why sizes must be checked, when the mark is pointed at
const DOUBTS = {
  "": "",
  assumed: "The file does not say how large its pixels are.",
  proposed: "The scale was read in a way that may be wrong; its source says how.",
};

/**
 * @typedef {object} Actions
 * @property {(fields: { threshold?: number, filter_on: boolean }) => void} filter
 * @property {() => void} commit
 */

export class Bar {
  /**
   * @param {Element} root
   * @param {Actions} actions
   * @param {AbortSignal} signal
   */
  constructor(root, actions, signal) {
    this.switch = find(root, ".sv-switch", HTMLElement);
    this.slider = find(root, ".sv-threshold input", HTMLInputElement);
    this.output = find(root, ".sv-threshold output", HTMLElement);
    this.slider.addEventListener(
      "input",
      () => actions.filter({ threshold: Number(this.slider.value), filter_on: true }),
      { signal },
    );
    this.slider.addEventListener("change", () => actions.commit(), { signal });
    const toggled = () => {
      actions.filter({ filter_on: this.switch.getAttribute("aria-checked") !== "true" });
      actions.commit();
    };
    this.switch.addEventListener("click", toggled, { signal });

    this.spread = new Spread(root, signal);
    this.kept = figure("kept", "Kept");
    this.name = find(root, ".sv-name", HTMLElement);
    this.figures = FIGURES.map(({ key, title }) => ({ key, ...figure(key, title) }));
    this.counted = element("dd", "sv-unit");
    this.counted.dataset.number = "counted";
    this.kept.box.append(this.counted);
    this.note = element("div", "sv-doubt");
    find(root, ".sv-numbers", HTMLElement).replaceChildren(
      this.kept.box, ...this.figures.map(({ box }) => box), this.note,
    );

    this.legend = {
      accepted: entry(STATES.accepted),
      left: entry(STATES.not_counted),
      rejected: entry(STATES.rejected),
      excluded: entry(STATES.rejected_by_hand),
      selected: entry(STATES.selected),
    };
    const printed = element("li", "", element("i", "sv-key sv-key-bar"));
    this.printed = { line: printed, words: element("span") };
    printed.append(this.printed.words);
    this.scale = element("li", "sv-scale");
    find(root, ".sv-states", HTMLElement).replaceChildren(
      ...Object.values(this.legend).map(({ line }) => line), printed, this.scale,
    );
  }

  /** @param {Particles} particles */
  load(particles) {
    this.spread.load(particles);
    setText(this.name, particles.name);
  }

  /**
   * @param {Particles} particles
   * @param {State} state
   * @param {Summary} summary of the counted ones
   */
  draw(particles, state, summary) {
    this.switch.setAttribute("aria-checked", String(state.filter_on));
    this.slider.classList.toggle("sv-off", !state.filter_on);
    if (Number(this.slider.value) !== state.threshold) this.slider.value = String(state.threshold);
    this.slider.style.setProperty("--share", `${100 * state.threshold}%`);
    setText(this.output, state.threshold.toFixed(2));
    this.spread.draw(state);
    const digits = places(summary.mean);
    for (const { key, value, unit } of this.figures) {
      setText(value, fixed(summary[key], digits));
      setText(unit, particles.unit);
    }
    const { counts } = state;
    setText(this.kept.value, String(counts.kept));
    setText(this.kept.unit, `of ${counts.found}`);
    const { accepted, left, rejected, excluded, selected } = this.legend;
    this.counted.hidden = left.line.hidden = !particles.ruled;
    setText(this.counted, `· ${counts.counted} counted`);
    this.note.hidden = !particles.scaleDoubt;
    setText(this.note, `${particles.scaleDoubt} scale, check`);
    this.note.title = DOUBTS[particles.scaleDoubt];
    const { bar } = particles;
    this.printed.line.hidden = !bar;
    if (bar) {
      const length = `${Number(bar.length.toPrecision(4))} px`;
      setText(this.printed.words, `scale bar: ${bar.text ? `${bar.text} read, ` : ""}${length}`);
    }
    // the green outline is of those that count
    setText(accepted.words, particles.ruled ? "counted" : "kept");
    setText(accepted.count, String(counts.counted));
    setText(left.count, String(counts.not_counted));
    setText(rejected.count, String(counts.possibly_wrong));
    setText(excluded.count, String(counts.excluded_by_hand));
    setText(selected.count, String(state.selection.length));
  }

  /**
   * The scale of colours, when particles are coloured by size.
   *
   * @param {Overlay} overlay
   * @param {Particles} particles
   */
  drawScale(overlay, particles) {
    this.scale.hidden = !overlay.options.colour || !particles.n;
    if (this.scale.hidden) return;
    const [least, greatest] = overlay.range;
    const digits = places(greatest);
    const ramp = element("i", "sv-ramp");
    ramp.style.background = overlay.gradient();
    this.scale.replaceChildren(
      fixed(least, digits), ramp, `${fixed(greatest, digits)} ${particles.unit}`,
    );
  }
}

/**
 * A number with its unit and title.
 *
 * @param {string} key
 * @param {string} title
 */
function figure(key, title) {
  const value = element("span", "sv-value");
  const unit = element("span", "sv-unit");
  const number = element("dd", "", value, unit);
  number.dataset.number = key;
  return { box: element("div", "", element("dt", "", title), number), value, unit };
}

/**
 * A line of the legend: a kind of outline, and how many there are.
 *
 * @param {StateLook} look
 */
function entry({ key, name }) {
  const words = element("span", "", name);
  const count = element("b");
  const line = element("li", "", element("i", `sv-key sv-key-${key}`), words, " ", count);
  return { line, words, count };
}
