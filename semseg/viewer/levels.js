// Brightness and contrast of the picture as it is shown; nothing that is measured changes.

import { find } from "./dom.js";

/** @import { Picture } from "./picture.js" */

export class Levels {
  /**
   * @param {Element} root
   * @param {Picture} picture
   * @param {AbortSignal} signal
   */
  constructor(root, picture, signal) {
    this.picture = picture;
    const menu = find(root, ".sv-levels", HTMLElement);
    /** @param {string} name */
    const slider = (name) => find(menu, `input[name=${name}]`, HTMLInputElement);
    this.brightness = slider("brightness");
    this.contrast = slider("contrast");
    this.button = find(root, "button[name=menu][value=levels]", HTMLButtonElement);
    /** @type {number | null} the frame that was asked for */
    this.frame = null;
    menu.addEventListener("input", () => this.ask(), { signal });
    const reset = () => {
      this.brightness.value = this.contrast.value = "0";
      this.ask();
    };
    find(menu, "button[name=reset]", HTMLButtonElement).addEventListener("click", reset, { signal });
  }

  /** Once for all changes until the next frame. */
  ask() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      const levels = { brightness: Number(this.brightness.value), contrast: Number(this.contrast.value) };
      this.picture.adjust(levels);
      this.button.classList.toggle("sv-changed", levels.brightness !== 0 || levels.contrast !== 0);
    });
  }
}
