// How the confidences are spread, above the track of the filter's slider.

import { STATES } from "./definitions.js";
import { find, pen } from "./dom.js";

/** @import { Particles } from "./types.d.ts" */
/** @import { State } from "./state.js" */

const BINS = 50; // two steps of the slider each
const THUMB = 15.2; // CSS px wide, as in viewer.css: its middle is on the value
const GAP = 0.5; // CSS px between bars

export class Spread {
  /**
   * @param {Element} root
   * @param {AbortSignal} signal
   */
  constructor(root, signal) {
    this.context = pen(find(root, ".sv-spread", HTMLCanvasElement));
    /** @type {Float64Array} share of the highest bar */
    this.heights = new Float64Array(BINS);
    /** @type {State | null} */
    this.state = null;
    const watcher = new ResizeObserver(() => this.draw(this.state));
    watcher.observe(this.context.canvas);
    signal.addEventListener("abort", () => watcher.disconnect());
  }

  /** @param {Particles} particles */
  load({ confidence }) {
    this.heights = confidenceBars(confidence, BINS);
  }

  /** @param {State | null} state */
  draw(state) {
    this.state = state;
    const { context, heights } = this;
    const { canvas } = context;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!state || !width) return;
    canvas.width = Math.round(width * ratio); // which clears it
    canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const [from, step] = [THUMB / 2, (width - THUMB) / BINS];
    const edge = state.filter_on ? from + state.threshold * (width - THUMB) : 0;
    for (const [colour, left, right] of /** @type {[string, number, number][]} */ ([
      [STATES.rejected.ink, 0, edge], [STATES.accepted.ink, edge, width],
    ])) {
      context.save();
      context.beginPath();
      context.rect(left, 0, right - left, height);
      context.clip();
      context.fillStyle = colour;
      heights.forEach((share, k) => {
        const tall = share * height;
        context.fillRect(from + k * step, height - tall, step - GAP, tall);
      });
      context.restore();
    }
  }
}

/**
 * Heights 0..1 of so many bins of confidence. By the square root of the number: nearly all
 * particles are nearly certain, and the few others are those that the slider is about.
 *
 * @param {ArrayLike<number>} confidence
 * @param {number} bins
 */
export function confidenceBars(confidence, bins) {
  const counts = new Float64Array(bins);
  for (let i = 0; i < confidence.length; i++) {
    counts[Math.max(0, Math.min(bins - 1, Math.floor(confidence[i] * bins)))]++;
  }
  const most = Math.max(...counts);
  return counts.map((count) => (most ? Math.sqrt(count / most) : 0));
}
