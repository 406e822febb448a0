// Painting the scatter on its canvas: points, and the histogram of shapes on their right.

import { STATES } from "./definitions.js";
import { pen } from "./dom.js";
import { sizeColour } from "./drawing.js";

/** @import { Area, Theme } from "./types.d.ts" */
/** @import { State } from "./state.js" */

/** Ends downwards in CSS px; length of all and of the selected ones, in shares of the room. */
/** @typedef {[from: number, to: number, length: number, selected: number]} Bar */
/** @typedef {[place: number, dashed: boolean]} Line */

const [ACCEPTED, REJECTED, SELECTED] = [STATES.accepted, STATES.rejected, STATES.selected].map(
  (state) => state.ink,
);
const SHADES = 24; // of the scale of sizes
/** @type {Map<string, HTMLCanvasElement>} */
const stamps = new Map();

/**
 * Paint the points. `area` is {left, top, width, height} in CSS px, `at` {x, y} the places of all
 * particles in it (NaN for those that have none), `radius` that of a point, `share(i)` where on the
 * scale of sizes a particle stands (null for the colour of all).
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Area} area
 * @param {{ x: Float32Array, y: Float32Array }} at
 * @param {State} state
 * @param {number} radius
 * @param {(row: number) => number | null} share
 * @param {string} background
 */
export function paintPoints(context, area, at, state, radius, share, background) {
  const ratio = window.devicePixelRatio || 1;
  context.save();
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.beginPath();
  context.rect(area.left, area.top, area.width, area.height);
  context.clip();
  context.setTransform(1, 0, 0, 1, 0, 0);
  // rejected, accepted, and those selected on top of them
  /** @type {[number[], number[], number[], number[]]} */
  const layers = [[], [], [], []];
  const { kept, selected } = state;
  for (let i = 0; i < at.x.length; i++) {
    const [x, y] = [at.x[i], at.y[i]];
    if (!(x > -radius && y > -radius && x < area.width + radius && y < area.height + radius)) continue;
    layers[kept[i] + 2 * selected[i]].push(i);
  }
  /** @param {number[]} rows @param {(row: number) => HTMLCanvasElement} stampOf */
  const stamped = (rows, stampOf) => {
    for (const i of rows) {
      const image = stampOf(i);
      context.drawImage(
        image,
        Math.round((area.left + at.x[i]) * ratio - image.width / 2),
        Math.round((area.top + at.y[i]) * ratio - image.height / 2),
      );
    }
  };
  /** @param {"full" | "hollow"} kind @param {string} colour @param {number} size */
  const made = (kind, colour, size) => stamp(kind, colour, size * ratio, ratio, background);
  const plain = made("full", ACCEPTED, radius);
  /** @param {number} i */
  const shaded = (i) => {
    const k = Math.round((share(i) ?? 0) * (SHADES - 1));
    return made("full", sizeColour(k / (SHADES - 1)), radius);
  };
  const coloured = at.x.length > 0 && share(0) !== null;
  const hollow = made("hollow", REJECTED, radius);
  const ring = made("hollow", SELECTED, radius + 1);
  const chosen = made("full", SELECTED, radius + 1.2);
  stamped(layers[0], () => hollow);
  stamped(layers[1], coloured ? shaded : () => plain);
  stamped(layers[2], () => ring);
  stamped(layers[3], () => chosen);
  context.restore();
}

/**
 * One point as a small picture, which is much faster to repeat than a path.
 *
 * @param {"full" | "hollow"} kind
 * @param {string} colour
 * @param {number} radius
 * @param {number} ratio
 * @param {string} background
 */
function stamp(kind, colour, radius, ratio, background) {
  const key = `${kind} ${colour} ${radius} ${background}`;
  const made = stamps.get(key);
  if (made) return made;
  if (stamps.size > 500) stamps.clear(); // themes and zooms of a long day
  const canvas = document.createElement("canvas");
  const side = 2 * Math.ceil(radius + ratio);
  canvas.width = canvas.height = side;
  const context = pen(canvas);
  context.beginPath();
  context.arc(side / 2, side / 2, radius, 0, 2 * Math.PI);
  if (kind === "full") {
    context.globalAlpha = 0.85;
    context.fillStyle = colour;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = background;
    context.lineWidth = 0.7 * ratio;
  } else {
    context.strokeStyle = colour;
    context.lineWidth = 1.4 * ratio;
  }
  context.stroke();
  stamps.set(key, canvas);
  return canvas;
}

/**
 * Paint bars and lines beside the points; their room is in CSS px.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Area} room
 * @param {Bar[]} bars
 * @param {Line[]} lines
 * @param {Theme} colours
 */
export function paintMarginal(context, room, bars, lines, colours) {
  const ratio = window.devicePixelRatio || 1;
  context.save();
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.beginPath();
  context.rect(room.left - 1, room.top, room.width + 1, room.height);
  context.clip();
  for (const [from, to, length, selected] of bars) {
    const [top, high] = [Math.min(from, to), Math.abs(to - from)];
    const gap = Math.min(0.3, high / 8);
    /** @param {string} colour @param {number} start @param {number} end */
    const draw = (colour, start, end) => {
      context.fillStyle = colour;
      const x = room.left + start * room.width;
      context.fillRect(x, room.top + top + gap, (end - start) * room.width, high - 2 * gap);
    };
    draw(ACCEPTED, 0, length);
    // one of many is to be seen, too
    if (selected) draw(SELECTED, 0, Math.max(selected, Math.min(length, 2.5 / room.width)));
  }
  context.strokeStyle = colours.border;
  context.lineWidth = 1;
  context.strokeRect(room.left - 0.5, room.top - 1, 0, room.height + 2);
  context.strokeStyle = colours.text;
  context.lineWidth = 1.6;
  for (const [place, dashed] of lines) {
    context.setLineDash(dashed ? [5, 4] : []);
    context.beginPath();
    context.moveTo(room.left, room.top + place);
    context.lineTo(room.left + room.width, room.top + place);
    context.stroke();
  }
  context.restore();
}
