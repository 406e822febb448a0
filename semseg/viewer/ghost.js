// Outlines of an earlier result of the same picture: on a layer of their own under the present ones,
// to be seen with them or in their place.

import { find, findAll } from "./dom.js";
import { dimCropped } from "./drawing.js";
import { buffer, unpackOutlines } from "./particles.js";
import { keptMask } from "./statistics.js";

/** @import { Outlined, PackedGhost, Particles, Sight } from "./types.d.ts" */
/** @import { State } from "./state.js" */

/** @typedef {"both" | "earlier" | "now"} Shown which of the two results is seen */
/**
 * @typedef {Outlined & { id: string, confidence: Float64Array, edits: Int8Array, words: string }}
 *   Earlier
 */

// dashes of two tones: one stands out where the other does not
const TONES = ["#5a1fb0", "#f3e8ff"];
const DASH = 5; // CSS px
let groups = 0;

export class Ghost {
  /** @type {Earlier | null} */
  earlier = null;
  /** @type {Shown} */
  shown = "both";
  /** what the layer shows, so that it is not painted in vain */
  painted = "";

  /**
   * @param {HTMLElement} stage
   * @param {() => void} changed another of the two results is to be seen
   * @param {AbortSignal} signal
   */
  constructor(stage, changed, signal) {
    this.stage = stage;
    this.box = find(stage, ".sv-ghost", HTMLElement);
    this.radios = findAll(this.box, "input", HTMLInputElement);
    this.changed = changed;
    const name = `sv-ghost-${groups++}`; // of its own, so that two views in one page stay apart
    for (const radio of this.radios) {
      radio.name = name;
      const chosen = () => this.show(/** @type {Shown} */ (radio.value));
      radio.addEventListener("change", chosen, { signal });
    }
    // it stands on the picture, and is no part of it
    for (const kind of ["pointerdown", "click", "dblclick", "wheel"]) {
      this.box.addEventListener(kind, (event) => event.stopPropagation(), { signal });
    }
  }

  /**
   * Compare with this, or with nothing; whether that is another result than before.
   *
   * @param {PackedGhost | null} data
   */
  load(data) {
    if ((data?.id ?? "") === (this.earlier?.id ?? "")) return false;
    this.earlier = data && {
      ...unpackOutlines(data),
      id: data.id,
      words: data.words,
      confidence: new Float64Array(buffer(data.confidence)),
      edits: new Int8Array(buffer(data.edits)),
    };
    this.box.hidden = !data;
    this.box.title = data ? `G flips between the earlier result (${data.words}) and this one` : "";
    this.set("both");
    return true;
  }

  /** From the earlier result to the present one, or back. */
  flip() {
    if (this.earlier) this.show(this.shown === "earlier" ? "now" : "earlier");
  }

  /** @param {Shown} which */
  show(which) {
    this.set(which);
    this.changed();
  }

  /** @param {Shown} which */
  set(which) {
    this.shown = which;
    this.painted = "";
    this.stage.classList.toggle("sv-earlier", which === "earlier");
    for (const radio of this.radios) radio.checked = radio.value === which;
  }

  /**
   * Stroke what the filter keeps of the earlier result; dim what was cut off, where nothing else
   * does.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Sight} view
   * @param {Particles} particles of the present result
   * @param {State} state
   */
  paint(context, view, particles, state) {
    const { earlier, shown } = this;
    const filter = earlier && [state.threshold, state.filter_on];
    const wanted = JSON.stringify([earlier?.id, shown, view, filter, context.canvas.width]);
    if (wanted === this.painted) return;
    this.painted = wanted;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    if (!earlier || shown === "now") return;
    const scale = (view.zoom * context.canvas.width) / view.width;
    context.setTransform(scale, 0, 0, scale, -view.left * scale, -view.top * scale);
    if (shown === "earlier") dimCropped(context, particles);
    context.lineJoin = "round";
    const kept = keptMask(earlier.confidence, state.threshold, state.filter_on, earlier.edits);
    const seen = new Path2D();
    const path = earlier.outlines.at(view.zoom);
    for (let i = 0; i < earlier.n; i++) {
      if (kept[i] && isSeen(earlier, i, view)) seen.addPath(path(i));
    }
    const px = 1 / view.zoom;
    context.lineWidth = (shown === "earlier" ? 2.4 : 2) * px; // less than the present ones have
    TONES.forEach((tone, k) => {
      context.strokeStyle = tone;
      context.setLineDash(k ? [DASH * px, DASH * px] : []);
      context.stroke(seen);
    });
    context.setLineDash([]);
  }
}

/** @param {Outlined} outlined @param {number} i @param {Sight} view */
function isSeen({ boxes }, i, { left, top, width, height, zoom }) {
  const k = 4 * i;
  const across = boxes[k] <= left + width / zoom && boxes[k + 2] >= left;
  return across && boxes[k + 1] <= top + height / zoom && boxes[k + 3] >= top;
}
