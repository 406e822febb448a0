// The outline of what is painted: on a small canvas, and traced along the edges of its pixels.

import { fewer } from "./outlines.js";

/** @import { Painted } from "./types.d.ts" */
/** @import { Point, Polygon } from "./parting.js" */

const FINE = 4; // px of the canvas along a recorded px, at most
const SIDE = 1400; // px of the canvas, at most
const OPAQUE = 128;
const OFF = 0.6; // px of the canvas that fewer vertices may lie off

/**
 * A polygon (of no points for none) with a stroke added to it or taken from it: the outline of the
 * largest piece of that; null where nothing is left.
 *
 * @param {Polygon} polygon
 * @param {Painted} stroke
 * @returns {Polygon | null}
 */
export function tracedAround(polygon, { line, radius, erases }) {
  const xs = [...polygon.map(([x]) => x), ...line.flatMap(([x]) => [x - radius, x + radius])];
  const ys = [...polygon.map(([, y]) => y), ...line.flatMap(([, y]) => [y - radius, y + radius])];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [across, down] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const fine = Math.min(FINE, SIDE / Math.max(across, down));
  const [width, height] = [Math.ceil(across * fine) + 4, Math.ceil(down * fine) + 4];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  context.setTransform(fine, 0, 0, fine, 2 - left * fine, 2 - top * fine);
  lay(context, polygon);
  context.closePath();
  context.fill();
  context.globalCompositeOperation = erases ? "destination-out" : "source-over";
  context.lineWidth = 2 * radius;
  context.lineCap = context.lineJoin = "round";
  lay(context, dab(line));
  context.stroke();
  const { data } = context.getImageData(0, 0, width, height);
  const inside = Uint8Array.from({ length: width * height }, (_, k) => Number(data[4 * k + 3] >= OPAQUE));
  const around = outlineOf(inside, width, height);
  return around && around.map(([x, y]) => [(x - 2) / fine + left, (y - 2) / fine + top]);
}

/** A line that is long enough to be drawn. @param {Point[]} line @returns {Point[]} */
export const dab = (line) => (line.length > 1 ? line : [line[0], [line[0][0] + 0.01, line[0][1]]]);

/** @param {OffscreenCanvasRenderingContext2D} context @param {Point[]} points */
function lay(context, points) {
  context.beginPath();
  points.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
}

/**
 * The outline of the largest piece of a mask whose border is empty; null where it is all empty.
 *
 * @param {Uint8Array} inside
 * @param {number} width
 * @param {number} height
 * @returns {Polygon | null}
 */
export function outlineOf(inside, width, height) {
  const { piece, first } = largest(inside, width, height);
  if (first < 0) return null;
  /** @param {number} x @param {number} y whether the pixel right and below of a corner is in it */
  const within = (x, y) => piece[y * width + x] === 1;
  const start = [first % width, Math.floor(first / width)];
  // along the edges of pixels, the piece on the right hand
  let [x, y] = start;
  let [dx, dy] = [1, 0];
  /** @type {number[]} middles of the edges, which are smoother than their corners */
  const middles = [];
  do {
    middles.push(x + dx / 2, y + dy / 2);
    [x, y] = [x + dx, y + dy];
    const left = within(x + (dx + dy - 1) / 2, y + (dy - dx - 1) / 2);
    const right = within(x + (dx - dy - 1) / 2, y + (dy + dx - 1) / 2);
    if (left) [dx, dy] = [dy, -dx];
    else if (!right) [dx, dy] = [-dy, dx];
  } while (x !== start[0] || y !== start[1] || dx !== 1);
  const xy = Float32Array.from(middles);
  return fewer(xy, 0, xy.length / 2, OFF).map((k) => [xy[2 * k], xy[2 * k + 1]]);
}

/**
 * The largest 4-connected piece of a mask, and its first pixel; -1 where there is none.
 *
 * @param {Uint8Array} inside
 * @param {number} width
 * @param {number} height
 */
function largest(inside, width, height) {
  const names = new Int32Array(width * height);
  let [count, best, most, first] = [0, 0, 0, -1];
  for (let seed = 0; seed < names.length; seed++) {
    if (!inside[seed] || names[seed]) continue;
    names[seed] = ++count;
    const stack = [seed];
    let area = 0;
    while (stack.length) {
      const at = /** @type {number} */ (stack.pop());
      area++;
      for (const next of [at - 1, at + 1, at - width, at + width]) {
        if (!inside[next] || names[next]) continue;
        names[next] = count;
        stack.push(next);
      }
    }
    if (area > most) [best, most, first] = [count, area, seed];
  }
  return { piece: Uint8Array.from(names, (name) => Number(name === best && best > 0)), first };
}
