// Drawing with the next frame, once for all changes until then; each step is measured.

const STEP = "semseg-step"; // of performance.measure: from the first change to the end of drawing
const MAX_MEASURES = 1000;

/** @template {string} Change */
export class Frames {
  /** @type {Set<Change>} since the last frame */
  changed = new Set();
  /** @type {number | null} the frame that was asked for */
  frame = null;
  /** @type {number | undefined} when the first change since the last frame came */
  began;
  steps = 0;

  /** @param {(changed: Set<Change>) => void} draw */
  constructor(draw) {
    this.draw = draw;
  }

  /** @param {Change} what */
  ask(what) {
    this.began ??= performance.now();
    this.changed.add(what);
    this.frame ??= requestAnimationFrame(() => this.step());
  }

  step() {
    this.frame = null;
    const [start, changed] = [performance.now(), this.changed];
    this.changed = new Set();
    this.draw(changed);
    const end = performance.now();
    if (++this.steps % MAX_MEASURES === 0) performance.clearMeasures(STEP);
    performance.measure(STEP, { start: this.began, end, detail: { work: end - start } });
    this.began = undefined;
  }

  /** Forget what was asked for. */
  clear() {
    this.changed.clear();
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    this.frame = null;
    this.began = undefined;
  }
}
