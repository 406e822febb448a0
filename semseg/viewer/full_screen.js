// The view over the whole screen, or where the browser does not do that, over the whole window.

import { find } from "./dom.js";

export class FullScreen {
  /**
   * @param {HTMLElement} root
   * @param {() => void} changed
   * @param {AbortSignal} signal
   */
  constructor(root, changed, signal) {
    this.root = root;
    this.changed = changed;
    this.button = find(root, ".sv-full-button", HTMLButtonElement);
    this.button.addEventListener("click", () => this.turn(!this.on), { signal });
    const left = () => this.show(document.fullscreenElement === root);
    document.addEventListener("fullscreenchange", left, { signal });
  }

  get on() {
    return this.root.classList.contains("sv-full");
  }

  /** @param {boolean} on */
  async turn(on) {
    if (!on && document.fullscreenElement) return document.exitFullscreen();
    if (on && (await this.granted())) return; // it is heard of as any change
    this.show(on);
  }

  /** Whether the browser gives the screen. */
  async granted() {
    try {
      await this.root.requestFullscreen();
      return true;
    } catch {
      return false;
    }
  }

  /** @param {boolean} on */
  show(on) {
    if (on === this.on) return;
    this.root.classList.toggle("sv-full", on);
    this.button.setAttribute("aria-pressed", String(on));
    this.changed();
  }
}
