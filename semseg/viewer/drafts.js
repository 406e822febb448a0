// What a gesture makes of outlines, drawn at once and until Python has measured it: geometry only.

import { holds, parted, sharedSides } from "./parting.js";

/** @import { Ask, Draft, Outlined, Particles } from "./types.d.ts" */
/** @import { Point, Polygon } from "./parting.js" */

const SHARED = 0.06; // of a particle's diameter: how far apart sides lie that two share
const PLACE = 7; // CSS px, radius of the mark where something is looked for

/**
 * What to draw for something that was asked; null where it is not known yet what comes of it.
 *
 * @param {Ask} what
 * @param {Particles} particles
 * @param {number} px a CSS px in recorded px
 * @returns {Draft | null}
 */
export function draftOf(what, particles, px) {
  if (what.do === "line") return cutBy(particles, what.label, [what.line]);
  if (what.do === "merge") return merged(particles, what.labels);
  if (what.do === "draw") return { ...NOTHING, outlines: [closed(what.polygon)] };
  if (what.do === "redraw") {
    return { ...NOTHING, gone: [what.label], outlines: [closed(what.polygon)] };
  }
  if (what.do === "mask") return leftOut(particles, what.polygon, what.invert);
  if (what.do === "cut" || what.do === "look") return { ...NOTHING, places: [ring(what.place, px)] };
  return null;
}

/** @type {Draft} */
const NOTHING = { gone: [], outlines: [], faded: [], places: [], masks: [] };

/**
 * The parts of a particle; null where nothing is cut.
 *
 * @param {Particles} particles
 * @param {number} label
 * @param {Point[][]} lines
 * @returns {Draft | null}
 */
export function cutBy(particles, label, lines) {
  const row = particles.row.get(label);
  if (row === undefined) return null;
  const parts = parted(polygonOf(particles, row), lines);
  return parts.length > 1 ? { ...NOTHING, gone: [label], outlines: parts.map(closed) } : null;
}

/**
 * The outlines of several as one: what they share is only hinted at.
 *
 * @param {Particles} particles
 * @param {number[]} labels
 * @returns {Draft}
 */
function merged(particles, labels) {
  const rows = labels.map((label) => particles.row.get(label)).filter((row) => row !== undefined);
  const polygons = rows.map((row) => polygonOf(particles, row));
  const near = SHARED * Math.min(...rows.map((row) => across(particles, row)));
  const { shared, own } = sharedSides(polygons, near);
  const gone = rows.map((row) => particles.label[row]);
  return { ...NOTHING, gone, outlines: [strokes(own)], faded: [strokes(shared)] };
}

/**
 * @param {Particles} particles
 * @param {Polygon} polygon
 * @param {boolean} invert
 * @returns {Draft}
 */
function leftOut({ image, label, n, x, y }, polygon, invert) {
  const [left, top, right, bottom] = image.frame.map((side) => side - 0.5);
  /** @type {Polygon} */
  const frame = [[left, top], [right, top], [right, bottom], [left, bottom]];
  const gone = [];
  for (let row = 0; row < n; row++) {
    if (holds(polygon, [x[row], y[row]]) !== invert) gone.push(label[row]);
  }
  return { ...NOTHING, gone, masks: [invert ? [frame, polygon] : [polygon]] };
}

/**
 * The outline of a particle.
 *
 * @param {Pick<Outlined, "xy" | "ends">} outlines
 * @param {number} row
 * @returns {Polygon}
 */
export function polygonOf({ xy, ends }, row) {
  const first = row ? ends[row - 1] : 0;
  return Array.from({ length: ends[row] - first }, (_, k) => [xy[2 * (first + k)], xy[2 * (first + k) + 1]]);
}

/** @param {Pick<Outlined, "boxes">} outlines @param {number} row the lesser side of its box */
const across = ({ boxes }, row) =>
  Math.min(boxes[4 * row + 2] - boxes[4 * row], boxes[4 * row + 3] - boxes[4 * row + 1]);

/** @param {Polygon} polygon */
function closed(polygon) {
  const path = new Path2D();
  polygon.forEach(([x, y], k) => (k ? path.lineTo(x, y) : path.moveTo(x, y)));
  path.closePath();
  return path;
}

/** @param {[Point, Point][]} pieces */
function strokes(pieces) {
  const path = new Path2D();
  let end = [NaN, NaN];
  for (const [from, to] of pieces) {
    if (from[0] !== end[0] || from[1] !== end[1]) path.moveTo(from[0], from[1]);
    path.lineTo(to[0], to[1]);
    end = to;
  }
  return path;
}

/** @param {Point} place @param {number} px */
function ring([x, y], px) {
  const path = new Path2D();
  path.arc(x, y, PLACE * px, 0, 2 * Math.PI);
  return path;
}
