// The packed picture (see packing.py) as typed arrays, and finding particles by place.

import { SHAPES, SIZES } from "./definitions.js";
import { pen } from "./dom.js";
import { Outlines } from "./outlines.js";
import { weightings } from "./statistics.js";

/** @import { Columns, Facts, Outlined, Packed, Particles, Polygon, Shapes, Sizes } from "./types.d.ts" */

/**
 * Everything known of one picture.
 *
 * @param {Packed} data
 * @returns {Particles}
 */
export function unpack(data) {
  const facts = {
    id: data.id,
    name: data.name,
    unit: data.unit,
    pixelSize: data.pixel_size,
    scaleDoubt: data.scale_doubt,
    image: data.image,
    bar: data.bar,
    masks: [],
  };
  return known(facts, unpackColumns(data), unpackOutlines(data), data.doubts, data.rules);
}

/**
 * Columns of some particles.
 *
 * @param {Omit<Packed, "image">} data
 * @returns {Columns & Sizes & Shapes}
 */
export function unpackColumns(data) {
  const columns = new Map(/** @type {[string, any][]} */ (Object.entries(data)));
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
  return {
    label: new Int32Array(buffer(data.label)),
    x: new Float64Array(buffer(data.x)),
    y: new Float64Array(buffer(data.y)),
    confidence: new Float64Array(buffer(data.confidence)),
    visibility: new Float32Array(buffer(data.visibility)),
    touches_edge: new Uint8Array(buffer(data.touches_edge)),
    doubt: new Int32Array(buffer(data.doubt)),
    ruled_out: new Int32Array(buffer(data.ruled_out)),
    weight: new Float64Array(buffer(data.weight)),
    ...sizes,
    ...shapes,
  };
}

/**
 * What is known of a picture, with what follows from that.
 *
 * @param {Facts} facts
 * @param {Columns & Sizes & Shapes} columns
 * @param {Outlined} outlined
 * @param {string[]} doubts
 * @param {string[]} rules
 * @returns {Particles}
 */
export function known(facts, columns, outlined, doubts, rules) {
  const weights = weightings(columns.ecd, columns.weight);
  const out = Uint8Array.from(columns.ruled_out, (k) => (rules[k] ? 1 : 0));
  return {
    ...facts,
    doubts,
    rules,
    row: new Map(Array.from(columns.label, (id, i) => [id, i])),
    out,
    ruled: out.includes(1),
    weights,
    weighted: weights.number !== null,
    ...outlined,
    ...columns,
  };
}

/**
 * The outlines of a packed picture, and where they are.
 *
 * @param {Pick<Packed, "outlines" | "x" | "y">} data
 * @returns {Outlined}
 */
export function unpackOutlines(data) {
  const ends = new Int32Array(buffer(data.outlines.ends));
  const vertices = {
    n: ends.length,
    x: new Float64Array(buffer(data.x)),
    y: new Float64Array(buffer(data.y)),
    xy: new Float32Array(buffer(data.outlines.xy)),
    ends,
  };
  return { ...vertices, boxes: boxes(vertices), outlines: new Outlines(vertices) };
}

/**
 * The bytes of a packed column.
 *
 * @param {string} text in base64
 */
export function buffer(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i); // of megabytes
  return bytes.buffer;
}

/**
 * Left, top, right and bottom of each outline, in recorded px.
 *
 * @param {Omit<Outlined, "boxes" | "outlines">} outlines
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
    return near.find((i) => context.isPointInPath(particles.outlines.path(i), x, y)) ?? -1;
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
