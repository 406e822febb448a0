// A picture after outlines were put right: most particles are as they were, see patching.py.

import { SHAPES, SIZES } from "./definitions.js";
import { Outlines } from "./outlines.js";
import { buffer, known, unpackColumns, unpackOutlines } from "./particles.js";

/** @import { Columns, Outlined, Particles, Patch, Shapes, Sizes } from "./types.d.ts" */

/** @typedef {Columns & Sizes & Shapes} Table */
/** @typedef {Float64Array | Float32Array | Int32Array | Uint8Array} Column */

const OWN = [
  "label", "x", "y", "confidence", "visibility", "touches_edge", "doubt", "ruled_out", "weight",
];

/**
 * The particles of a picture with a patch over them, in the order of their labels.
 *
 * @param {Particles} base the picture as it was packed
 * @param {Patch} patch
 * @returns {Particles}
 */
export function patched(base, patch) {
  const gone = new Set(new Int32Array(buffer(patch.gone)));
  const made = unpackColumns(/** @type {any} */ (patch));
  const from = order(base.label, gone, made.label);
  const before = /** @type {Record<string, Column>} */ (/** @type {unknown} */ (base));
  /** @type {Record<string, Column>} */
  const later = {
    ...made,
    // what they point to stands behind what was there before
    doubt: made.doubt.map((k) => k + base.doubts.length),
    ruled_out: made.ruled_out.map((k) => k + base.rules.length),
  };
  /** @type {Record<string, Column>} */
  const columns = {};
  const quantities = [...Object.values(SIZES), ...Object.values(SHAPES)].map(({ key }) => key);
  for (const name of [...OWN, ...quantities]) {
    columns[name] = merged(before[name], later[name], from);
  }
  const table = /** @type {Table} */ (/** @type {unknown} */ (columns));
  const { id, doubts, rules, masks } = patch;
  const outlined = withOutlines(base, unpackOutlines(patch), from, table);
  return known(
    { ...base, id, masks }, table, outlined, [...base.doubts, ...doubts], [...base.rules, ...rules],
  );
}

/**
 * Where each row comes from: a row of the picture or, less than 0, -1 - a row of the patch.
 *
 * @param {Int32Array} before labels, in order
 * @param {Set<number>} gone
 * @param {Int32Array} made labels, in order
 */
function order(before, gone, made) {
  /** @type {number[]} */
  const from = [];
  let next = 0;
  for (let row = 0; row < before.length; row++) {
    if (gone.has(before[row])) continue;
    while (next < made.length && made[next] < before[row]) from.push(-1 - next++);
    from.push(row);
  }
  while (next < made.length) from.push(-1 - next++);
  return Int32Array.from(from);
}

/**
 * @param {Column} before
 * @param {Column} made
 * @param {Int32Array} from
 * @returns {Column}
 */
function merged(before, made, from) {
  const column = new /** @type {Float64ArrayConstructor} */ (before.constructor)(from.length);
  for (let row = 0; row < from.length; row++) {
    column[row] = from[row] < 0 ? made[-1 - from[row]] : before[from[row]];
  }
  return column;
}

/**
 * Outlines of both, with the paths that are there already.
 *
 * @param {Outlined} before
 * @param {Outlined} made
 * @param {Int32Array} from
 * @param {{ x: Float64Array, y: Float64Array }} centres
 * @returns {Outlined}
 */
function withOutlines(before, made, from, { x, y }) {
  const n = from.length;
  /** @type {(row: number) => [source: Outlined, at: number]} */
  const source = (row) => (from[row] < 0 ? [made, -1 - from[row]] : [before, from[row]]);
  const ends = new Int32Array(n);
  let end = 0;
  for (let row = 0; row < n; row++) {
    const [{ ends: theirs }, at] = source(row);
    ends[row] = end += theirs[at] - (at ? theirs[at - 1] : 0);
  }
  const xy = new Float32Array(2 * end);
  const boxes = new Float32Array(4 * n);
  const outlines = new Outlines({ n, xy, ends });
  outlines.tolerance = before.outlines.tolerance;
  outlines.coarse = new Array(n);
  for (let row = 0; row < n; row++) {
    const [theirs, at] = source(row);
    xy.set(
      theirs.xy.subarray(2 * (at ? theirs.ends[at - 1] : 0), 2 * theirs.ends[at]),
      2 * (row ? ends[row - 1] : 0),
    );
    boxes.set(theirs.boxes.subarray(4 * at, 4 * at + 4), 4 * row);
    if (theirs !== before) continue;
    outlines.whole[row] = before.outlines.whole[at];
    outlines.coarse[row] = before.outlines.coarse[at];
  }
  return { n, x, y, xy, ends, boxes, outlines };
}
