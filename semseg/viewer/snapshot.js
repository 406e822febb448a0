// What is seen of the picture as an image of its own, with a scale bar below.

import { pen } from "./dom.js";
import { paint } from "./drawing.js";
import { paintMarks } from "./marks.js";
import { barOf } from "./own_bar.js";
import { rulerText } from "./ruler.js";

/** @import { Overlay } from "./overlay.js" */
/** @import { Particles, Sight } from "./types.d.ts" */

const SHARPER = 2; // px of the image per CSS px
const STRIP = 34; // CSS px below the picture, for the scale bar

/**
 * As it is seen: its part of the picture, outlines, brightness, ruler.
 *
 * @param {Overlay} overlay
 * @returns {HTMLCanvasElement}
 */
export function snapshot({ picture, particles, state, options, range, marks, sight }) {
  const part = trimmed(sight, particles);
  const strip = particles.pixelSize ? STRIP : 0;
  const canvas = layer(part.width, part.height + strip);
  const context = pen(canvas);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  const length = marks.ruler ? rulerText(marks.ruler, particles) : "";
  /** @type {((context: CanvasRenderingContext2D) => void)[]} */
  const painters = [
    (pen) => picture.paint(pen, part),
    (pen) => paint(pen, part, particles, state, options, range),
    (pen) => paintMarks(pen, part, particles, state.line, { ...marks, hovered: -1 }, length),
  ];
  for (const painted of painters) {
    const made = layer(part.width, part.height);
    painted(pen(made));
    context.drawImage(made, 0, 0);
  }
  if (strip) drawScale(context, part, particles);
  return canvas;
}

/** @param {number} width CSS px @param {number} height */
function layer(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(width * SHARPER), Math.round(height * SHARPER)];
  return canvas;
}

/**
 * Without what lies beside the picture.
 *
 * @param {Sight} sight
 * @param {Particles} particles
 * @returns {Sight}
 */
function trimmed({ zoom, left, top, width, height }, { image }) {
  const [from, over] = [Math.max(left, -0.5), Math.max(top, -0.5)];
  const to = Math.min(left + width / zoom, image.width - 0.5);
  const under = Math.min(top + height / zoom, image.height - 0.5);
  return { zoom, left: from, top: over, width: (to - from) * zoom, height: (under - over) * zoom };
}

/**
 * A bar of round length with its words, black on white; the doubt of the scale beside it.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Sight} part
 * @param {Particles} particles
 */
function drawScale(context, part, particles) {
  const bar = barOf(particles, part);
  if (!bar) return;
  const middle = part.height + STRIP / 2;
  context.setTransform(SHARPER, 0, 0, SHARPER, 0, 0);
  context.fillStyle = "#000";
  context.fillRect(8, middle - 3, bar.long, 6);
  context.font = "600 15px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.fillText(bar.words, 16 + bar.long, middle + 1);
}
