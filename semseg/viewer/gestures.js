// Mouse, pen, fingers and wheel over the picture: what moves it, and what a tool gets of them.

/** @import { Place, Stroke } from "./types.d.ts" */

/**
 * @typedef {object} Actions
 * @property {(event: { clientX: number, clientY: number }) => Place} placeOf
 * @property {(place: Place, event: PointerEvent) => Stroke | null} begin a drag; null moves the
 *   picture
 * @property {(dx: number, dy: number) => void} move CSS px
 * @property {(factor: number, x: number, y: number) => void} zoom about a place, CSS px
 * @property {() => void} fit
 * @property {(place: Place, event: PointerEvent) => void} click
 * @property {(place: Place | null) => void} hover over a place, or over none
 * @property {() => boolean} full whether the view fills the screen, so that no page scrolls
 * @property {() => boolean} finger whether one finger drags, and does not scroll the page
 * @property {(words: string) => void} hint
 */

const CLICK = 4; // CSS px that a click may move; of a finger three times as many
const NOTCH = 100; // px of a wheel's notch
const WHEEL = "Click the picture to zoom with the wheel, or hold Ctrl";
const FINGERS = "Two fingers move and zoom the picture";

export class Gestures {
  /** @type {{ at: PointerEvent, stroke: Stroke | null, moved: boolean, x: number, y: number } | null} */
  down = null;
  /** @type {{ x: number, y: number, apart: number } | null} two fingers */
  pinch = null;
  /** whether the space bar is held */
  space = false;

  /**
   * @param {HTMLElement} stage
   * @param {Actions} actions
   * @param {AbortSignal} signal
   */
  constructor(stage, actions, signal) {
    this.stage = stage;
    this.actions = actions;
    /** @type {<Kind extends keyof HTMLElementEventMap>(kind: Kind, heard: (event: HTMLElementEventMap[Kind]) => void) => void} */
    const on = (kind, heard) => stage.addEventListener(kind, heard, { signal, passive: false });
    on("pointerdown", (event) => this.press(event));
    on("pointermove", (event) => this.drag(event));
    on("pointerup", (event) => this.release(event));
    on("pointercancel", (event) => this.lost(event));
    on("pointerleave", () => actions.hover(null));
    on("dblclick", () => actions.fit());
    on("wheel", (event) => this.wheel(event));
    on("touchstart", (event) => this.touch(event));
    on("touchmove", (event) => this.touch(event));
    on("touchend", (event) => this.touch(event));
    on("touchcancel", (event) => this.touch(event));
    on("keydown", (event) => this.held(event, true));
    on("keyup", (event) => this.held(event, false));
    on("blur", () => this.hold(false));
  }

  // ---- mouse, pen, one finger

  /** @param {PointerEvent} event */
  press(event) {
    this.stage.focus({ preventScroll: true });
    this.actions.hover(null);
    if (this.down || this.pinch || event.button > 1) return;
    if (event.button === 1) event.preventDefault(); // the browser would scroll by itself
    this.stage.setPointerCapture(event.pointerId);
    this.down = { at: event, stroke: null, moved: false, x: event.clientX, y: event.clientY };
  }

  /** @param {PointerEvent} event */
  drag(event) {
    const { down, actions } = this;
    if (!down) {
      if (!event.buttons && event.pointerType !== "touch") actions.hover(actions.placeOf(event));
      return;
    }
    if (event.pointerId !== down.at.pointerId || this.pinch) return;
    const touch = event.pointerType === "touch";
    if (!down.moved) {
      const far = Math.hypot(event.clientX - down.x, event.clientY - down.y);
      if (far < (touch ? 3 : 1) * CLICK) return;
      down.moved = true;
      const byHand = down.at.button === 1 || this.space || (touch && !actions.finger());
      if (!byHand) down.stroke = actions.begin(actions.placeOf(down.at), down.at);
      this.stage.classList.toggle("sv-moving", !down.stroke);
    }
    if (down.stroke) down.stroke.move(actions.placeOf(event), event);
    else if (!touch || actions.finger()) actions.move(event.clientX - down.x, event.clientY - down.y);
    [down.x, down.y] = [event.clientX, event.clientY];
  }

  /** @param {PointerEvent} event */
  release(event) {
    const { down, actions } = this;
    if (!down || event.pointerId !== down.at.pointerId) return;
    this.end();
    if (down.moved) down.stroke?.end(actions.placeOf(event), event);
    else if (down.at.button === 0) actions.click(actions.placeOf(event), event);
  }

  /**
   * The browser took the finger, to scroll the page.
   *
   * @param {PointerEvent} event
   */
  lost(event) {
    if (event.pointerType === "touch" && this.down && !this.pinch) this.actions.hint(FINGERS);
    this.cancel();
  }

  /** Give up what is being dragged; returns whether there was a stroke. */
  cancel() {
    const stroke = this.down?.stroke;
    this.end();
    stroke?.cancel();
    return Boolean(stroke);
  }

  end() {
    this.down = null;
    this.stage.classList.remove("sv-moving");
  }

  // ---- two fingers

  /** @param {TouchEvent} event */
  touch(event) {
    const { touches } = event;
    if (touches.length !== 2) {
      if (!touches.length) this.pinch = null; // one finger that is left does nothing
      return;
    }
    if (this.down?.stroke) return; // a second finger does not disturb what the first one draws
    if (event.cancelable) event.preventDefault();
    else return; // the page scrolls already
    const [a, b] = touches;
    const box = this.stage.getBoundingClientRect();
    const x = (a.clientX + b.clientX) / 2 - box.left;
    const y = (a.clientY + b.clientY) / 2 - box.top;
    const apart = Math.max(1, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY));
    const before = this.pinch;
    this.pinch = { x, y, apart };
    if (!before) this.cancel();
    else if (event.type === "touchmove") {
      this.actions.move(x - before.x, y - before.y);
      this.actions.zoom(apart / before.apart, x, y);
    }
  }

  // ---- wheel and space bar

  /**
   * With Ctrl (or two fingers on a trackpad), and where the picture was clicked before, the wheel
   * zooms; else the page scrolls.
   *
   * @param {WheelEvent} event
   */
  wheel(event) {
    const command = event.ctrlKey || event.metaKey;
    const chosen = document.activeElement === this.stage || this.actions.full();
    if (!command && !chosen) return this.actions.hint(WHEEL);
    event.preventDefault();
    const px = event.deltaY * [1, 16, 400][event.deltaMode];
    const notches = Math.max(-1, Math.min(1, px / NOTCH));
    // a pinch on a trackpad comes as many small steps
    const factor = Math.exp(-notches * (command && Math.abs(px) < NOTCH / 2 ? 1 : 0.25));
    const { x, y } = this.actions.placeOf(event);
    this.actions.zoom(factor, x, y);
  }

  /** @param {KeyboardEvent} event @param {boolean} down */
  held(event, down) {
    if (event.key !== " ") return;
    event.preventDefault();
    this.hold(down);
  }

  /** @param {boolean} held */
  hold(held) {
    this.space = held;
    this.stage.classList.toggle("sv-hand", held);
  }
}
