// The packed picture (see packing.py) as typed arrays, and finding particles by place.

import { SHAPES, SIZES } from "./definitions.js";
import { pen } from "./dom.js";
import { weightings } from "./statistics.js";

/** @import { Packed, Particles, Polygon, Shapes, Sizes } from "./types.d.ts" */

/**
 * Everything known of one picture.
 *
 * @param {Packed} data
 * @returns {Particles}
 */
export function unpack(data) {
  const label = new Int32Array(buffer(data.label));
  const ruled_out = new Int32Array(buffer(data.ruled_out));
  const weight = new Float64Array(buffer(data.weight));
  const columns = new Map(Object.entries(data));
  /** @param {{ key: string }} quantity */
  const bytes = ({ key }) => buffer(columns.get(key));
  const sizes = /** @type {Sizes} */ (
    Object.fromEntries(Object.values(SIZES).map((size) => [size.key, new Float64Array(bytes(size))]))
  );
  const shapes = /** @type {Shapes} */ (
    Object.fromEntries(
      Object.values(SHAPES).map((shape) => [shape.key, new Float32Array(bytes(shape))]),
    )
  );
  const weights = weightings(sizes.ecd, weight);
  const out = Uint8Array.from(ruled_out, (k) => (data.rules[k] ? 1 : 0));
  const outlines = {
    n: label.length,
    x: new Float64Array(buffer(data.x)),
    y: new Float64Array(buffer(data.y)),
    xy: new Float32Array(buffer(data.outlines.xy)),
    ends: new Int32Array(buffer(data.outlines.ends)),
  };
  return {
    id: data.id,
    name: data.name,
    unit: data.unit,
    pixelSize: data.pixel_size,
    scaleDoubt: data.scale_doubt,
    image: data.image,
    bar: data.bar,
    doubts: data.doubts,
    rules: data.rules,
    label,
    row: new Map(Array.from(label, (id, i) => [id, i])),
    confidence: new Float64Array(buffer(data.confidence)),
    visibility: new Float32Array(buffer(data.visibility)),
    touches_edge: new Uint8Array(buffer(data.touches_edge)),
    doubt: new Int32Array(buffer(data.doubt)),
    ruled_out,
    out,
    ruled: out.includes(1),
    weight,
    weights,
    weighted: weights.number !== null,
    ...sizes,
    ...shapes,
    ...outlines,
    boxes: boxes(outlines),
    paths: new Array(outlines.n),
  };
}

/**
 * The bytes of a packed column.
 *
 * @param {string} text in base64
 */
function buffer(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
}

/**
 * The outline of particle i as Path2D in recorded px, made when first asked for.
 *
 * @param {Particles} particles
 * @param {number} i
 */
export function path(particles, i) {
  let made = particles.paths[i];
  if (made) return made;
  made = particles.paths[i] = new Path2D();
  const { xy, ends } = particles;
  const start = i ? ends[i - 1] : 0;
  for (let k = start; k < ends[i]; k++) {
    if (k === start) made.moveTo(xy[2 * k], xy[2 * k + 1]);
    else made.lineTo(xy[2 * k], xy[2 * k + 1]);
  }
  if (ends[i] > start) made.closePath();
  return made;
}

/**
 * Left, top, right and bottom of each outline, in recorded px.
 *
 * @param {Pick<Particles, "n" | "x" | "y" | "xy" | "ends">} outlines
 */
function boxes({ n, xy, ends, x, y }) {
  const found = new Float32Array(4 * n);
  for (let i = 0; i < n; i++) {
    let [left, top, right, bottom] = [x[i], y[i], x[i], y[i]];
    for (let k = i ? ends[i - 1] : 0; k < ends[i]; k++) {
      left = Math.min(left, xy[2 * k]);
      right = Math.max(right, xy[2 * k]);
      top = Math.min(top, xy[2 * k + 1]);
      bottom = Math.max(bottom, xy[2 * k + 1]);
    }
    found.set([left, top, right, bottom], 4 * i);
  }
  return found;
}

/**
 * What finds the particle at a place of the picture, or -1.
 *
 * @param {Particles} particles
 * @returns {(x: number, y: number) => number}
 */
export function finder(particles) {
  const { n, boxes: found, image } = particles;
  const cell = Math.max(8, Math.sqrt((image.width * image.height) / Math.max(n, 1)));
  const columns = Math.ceil(image.width / cell) + 2;
  /** @type {Map<number, number[]>} */
  const cells = new Map();
  for (let i = 0; i < n; i++) {
    const [left, top, right, bottom] = found.subarray(4 * i, 4 * i + 4);
    for (let row = Math.floor(top / cell); row <= Math.floor(bottom / cell); row++) {
      for (let at = Math.floor(left / cell); at <= Math.floor(right / cell); at++) {
        const key = row * columns + at;
        const others = cells.get(key);
        if (others) others.push(i);
        else cells.set(key, [i]);
      }
    }
  }
  const context = pen(document.createElement("canvas"));
  return (x, y) => {
    const near = cells.get(Math.floor(y / cell) * columns + Math.floor(x / cell)) ?? [];
    return near.find((i) => context.isPointInPath(path(particles, i), x, y)) ?? -1;
  };
}

/**
 * Indices of the points (xs, ys) in a polygon; NaN lies in none.
 *
 * @param {Float64Array} xs
 * @param {Float64Array} ys
 * @param {Polygon} polygon
 */
export function rowsWithin(xs, ys, polygon) {
  const rows = [];
  const corners = polygon.x.length;
  for (let i = 0; i < xs.length; i++) {
    const [x, y] = [xs[i], ys[i]];
    let inside = false;
    for (let a = 0, b = corners - 1; a < corners; b = a++) {
      const [ax, ay, bx, by] = [polygon.x[a], polygon.y[a], polygon.x[b], polygon.y[b]];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
    if (inside) rows.push(i);
  }
  return rows;
}
