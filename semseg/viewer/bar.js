// The bar at the top: filter, threshold, numbers; and the legend below the picture.

import { FIGURES, STATES } from "./definitions.js";
import { element, fixed, places, setText } from "./texts.js";

const NUMBERS = [{ key: "kept", title: "Kept" }, ...FIGURES];

export class Bar {
  /** `actions`: filter({threshold, filter_on}), commit(). */
  constructor(root, actions, signal) {
    this.switch = root.querySelector(".sv-switch");
    this.slider = root.querySelector(".sv-threshold input");
    this.output = root.querySelector(".sv-threshold output");
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

    this.numbers = {};
    const list = root.querySelector(".sv-numbers");
    list.replaceChildren(
      ...NUMBERS.map(({ key, title }) => {
        const value = element("span", "sv-value");
        const unit = element("span", "sv-unit");
        this.numbers[key] = { value, unit };
        const number = element("dd", "", value, unit);
        number.dataset.number = key;
        return element("div", "", element("dt", "", title), number);
      }),
    );
    this.counted = element("dd", "sv-unit");
    this.counted.dataset.number = "counted";
    list.firstChild.append(this.counted);
    this.note = element("div", "sv-assumed", "assumed scale, check");
    this.note.title = "The file does not say how large its pixels are.";
    list.append(this.note);

    this.counts = {};
    const entry = (name) => {
      this.counts[name] = element("b");
      const words = element("span", "", STATES[name].name);
      const key = element("i", `sv-key sv-key-${name}`);
      return element("li", "", key, words, " ", this.counts[name]);
    };
    const kept = entry("accepted");
    this.keptWords = kept.querySelector("span");
    this.uncounted = entry("not_counted");
    this.scale = element("li", "sv-scale");
    root
      .querySelector(".sv-states")
      .replaceChildren(
        kept,
        this.uncounted,
        entry("rejected"),
        entry("rejected_by_hand"),
        entry("selected"),
        this.scale,
      );
  }

  /** `summary` of the counted ones. */
  draw(particles, state, summary) {
    this.switch.setAttribute("aria-checked", String(state.filter_on));
    this.slider.classList.toggle("sv-off", !state.filter_on);
    if (Number(this.slider.value) !== state.threshold) this.slider.value = state.threshold;
    this.slider.style.setProperty("--share", `${100 * state.threshold}%`);
    setText(this.output, state.threshold.toFixed(2));
    const digits = places(summary.mean);
    for (const { key } of FIGURES) {
      setText(this.numbers[key].value, fixed(summary[key], digits));
      setText(this.numbers[key].unit, particles.unit);
    }
    const counts = state.counts;
    setText(this.numbers.kept.value, String(counts.kept));
    setText(this.numbers.kept.unit, `of ${counts.found}`);
    this.counted.hidden = this.uncounted.hidden = !particles.ruled;
    setText(this.counted, `· ${counts.counted} counted`);
    this.note.hidden = !particles.assumed;
    // the green outline is of those that count
    setText(this.keptWords, particles.ruled ? "counted" : "kept");
    setText(this.counts.accepted, String(counts.counted));
    setText(this.counts.not_counted, String(counts.not_counted));
    setText(this.counts.rejected, String(counts.possibly_wrong));
    setText(this.counts.rejected_by_hand, String(counts.excluded_by_hand));
    setText(this.counts.selected, String(state.selection.length));
  }

  /** The scale of colours, when particles are coloured by size. */
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
