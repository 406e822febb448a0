// The picture itself: loaded once, drawn in the brightness and contrast that are wanted.

import { pen } from "./dom.js";

/** @import { Picture as Packed, Sight } from "./types.d.ts" */

/** @typedef {{ brightness: number, contrast: number }} Levels each -100..100, 0 as it came */

const GROUND = "#15171c"; // where there is no picture
const PIXELS = 6; // CSS px per px of the picture, from which its pixels are seen as squares

export class Picture {
  /** @type {Packed | null} */
  packed = null;
  /** @type {CanvasImageSource | null} null until it has arrived */
  shown = null;
  /** @type {ImageData | null} as it came, once it was asked for */
  original = null;
  /** @type {Levels} */
  levels = { brightness: 0, contrast: 0 };

  /** @param {() => void} changed it looks different now */
  constructor(changed) {
    this.changed = changed;
    this.image = new Image();
  }

  /**
   * Another picture; nothing happens where it is the same.
   *
   * @param {Packed} packed
   */
  async load(packed) {
    const same = this.packed?.source === packed.source;
    this.packed = packed;
    if (same) return;
    const image = (this.image = new Image());
    this.shown = this.original = null;
    image.src = packed.source;
    await image.decode().catch(() => {});
    if (image !== this.image || !image.naturalWidth) return;
    this.adjust(this.levels);
  }

  /**
   * Brighter or darker, of more or less contrast; of what is shown only.
   *
   * @param {Levels} levels
   */
  adjust(levels) {
    this.levels = levels;
    const { naturalWidth: width, naturalHeight: height } = this.image;
    if (!width) return;
    if (!levels.brightness && !levels.contrast) this.shown = this.image;
    else {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [width, height];
      const context = pen(canvas);
      if (!this.original) {
        context.drawImage(this.image, 0, 0);
        this.original = context.getImageData(0, 0, width, height);
      }
      context.putImageData(adjusted(this.original, levels), 0, 0);
      this.shown = canvas;
    }
    this.changed();
  }

  /**
   * The part that is seen, on a canvas as large as `sight` (times its px per CSS px).
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Sight} sight
   */
  paint(context, { zoom, left, top, width }) {
    const ratio = context.canvas.width / width;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = GROUND;
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    const scale = zoom * ratio;
    context.setTransform(scale, 0, 0, scale, -left * scale, -top * scale);
    this.draw(context, zoom);
  }

  /**
   * All of it, in recorded px.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {number} zoom CSS px per recorded px
   */
  draw(context, zoom) {
    if (!this.packed || !this.shown) return;
    const { width, height } = this.packed;
    context.imageSmoothingEnabled = (zoom * width) / this.image.naturalWidth < PIXELS;
    context.imageSmoothingQuality = "medium";
    context.drawImage(this.shown, -0.5, -0.5, width, height);
  }
}

/**
 * The same pixels in another brightness and contrast.
 *
 * @param {ImageData} original
 * @param {Levels} levels
 */
function adjusted({ data, width, height }, { brightness, contrast }) {
  const slope = 2 ** (contrast / 40);
  const table = Uint8ClampedArray.from(
    { length: 256 }, (_, grey) => (grey - 127.5) * slope + 127.5 + 1.6 * brightness,
  );
  const made = new ImageData(width, height);
  const out = made.data;
  for (let i = 0; i < data.length; i += 4) {
    out[i] = table[data[i]];
    out[i + 1] = table[data[i + 1]];
    out[i + 2] = table[data[i + 2]];
    out[i + 3] = 255;
  }
  return made;
}
