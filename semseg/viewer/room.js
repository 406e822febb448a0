// How high the stage of the picture is: what the window leaves, so that all that moves with the
// filter is seen at once.

import { find } from "./dom.js";

/** @import { Particles } from "./types.d.ts" */

const LOWEST = 430; // CSS px, so that the graph has room over the picture
const [SMALLEST, SHARE] = [200, 0.7]; // where all is below each other: CSS px, and of the window
const ABOVE = 0.4; // of the window, at most, that is reckoned with above the view
const TOOL = 34; // CSS px, of a button of the palette where there is room
const LEAST = 3; // CSS px; less is not worth a jump
const MARGIN = 8; // below the view

export class Room {
  /**
   * @param {HTMLElement} root
   * @param {AbortSignal} signal
   */
  constructor(root, signal) {
    this.root = root;
    this.stage = find(root, ".sv-stage", HTMLElement);
    this.below = find(root, ".sv-below", HTMLElement);
    // lines between them take half the place of one
    this.tools = root.querySelectorAll(".sv-palette > button").length;
    this.tools += root.querySelectorAll(".sv-palette > hr").length / 2;
    /** @type {Particles["image"] | null} */
    this.image = null;
    window.addEventListener("resize", () => this.set(), { signal });
    // whatever comes or goes above the view changes the height of the page's column
    this.watcher = new ResizeObserver(() => this.set());
    this.watcher.observe(root.closest("[data-testid=stMainBlockContainer]") ?? root);
    signal.addEventListener("abort", () => this.watcher.disconnect());
  }

  /** @param {Particles} particles */
  load({ image }) {
    this.image = image;
    this.set();
  }

  /** Whether graph and card stand below the picture, for want of width. */
  get stacked() {
    return getComputedStyle(this.stage).getPropertyValue("--sv-stacked").trim() === "1";
  }

  set() {
    const width = this.stage.clientWidth;
    if (!width || !this.image) return;
    const whole = (width * this.image.height) / this.image.width;
    const full = this.root.classList.contains("sv-full");
    const height = this.stacked
      ? Math.max(SMALLEST, Math.min(whole, SHARE * window.innerHeight))
      : Math.max(LOWEST, full ? this.left(0) : Math.min(whole, this.left(this.above())));
    if (Math.abs(height - this.stage.clientHeight) >= LEAST) {
      this.stage.style.height = `${Math.round(height)}px`;
    }
    // all tools beside the stage
    const tool = this.stacked ? TOOL : Math.min(TOOL, (height + this.below.offsetHeight) / this.tools - 2);
    this.root.style.setProperty("--sv-tool", `${tool}px`);
  }

  /** What stands above the view when the page is not scrolled, in CSS px. */
  above() {
    let scrolled = 0;
    for (let node = this.root.parentElement; node; node = node.parentElement) {
      scrolled += node.scrollTop;
    }
    const top = this.root.getBoundingClientRect().top + scrolled;
    return Math.min(top, ABOVE * window.innerHeight);
  }

  /** @param {number} above CSS px */
  left(above) {
    const inside = this.stage.getBoundingClientRect().top - this.root.getBoundingClientRect().top;
    const gap = 6;
    return window.innerHeight - above - inside - this.below.offsetHeight - gap - MARGIN;
  }
}
