// The view's own scale bar: of round length, below the picture, where it covers nothing.

import { element, find } from "./dom.js";
import { barLength, lengthText } from "./texts.js";

/** @import { Particles, Sight } from "./types.d.ts" */

/**
 * How long a bar is that takes about a fifth of what is seen of the picture, in words and in CSS
 * px; null where there is no scale.
 *
 * @param {Particles} particles
 * @param {Sight} sight
 */
export function barOf({ pixelSize, scaleDoubt, image }, { width, zoom }) {
  if (!pixelSize) return null;
  const nm = barLength(Math.min(width / zoom, image.width) * pixelSize);
  const words = lengthText(nm) + (scaleDoubt ? `, ${scaleDoubt}, check` : "");
  return { words, long: (nm / pixelSize) * zoom };
}

export class OwnBar {
  /** @param {Element} root */
  constructor(root) {
    this.box = find(root, ".sv-own-bar", HTMLElement);
  }

  /**
   * None while the scale is assumed, since it would look like one that was measured.
   *
   * @param {Particles} particles
   * @param {Sight} sight
   * @param {boolean} wanted
   */
  draw(particles, sight, wanted) {
    const bar = wanted && particles.scaleDoubt !== "assumed" ? barOf(particles, sight) : null;
    this.box.hidden = !bar;
    if (!bar) return;
    const line = element("i");
    line.style.width = `${bar.long}px`;
    this.box.replaceChildren(line, bar.words);
  }
}
