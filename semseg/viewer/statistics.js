// The rules that stand in Python too (instances/confidence.py, statistics/summary.py); one test runs
// both on the same tables. Pure functions of numbers: no page, no picture.

/** @import { Numbers, Summary, Weights } from "./types.d.ts" */

export const MAX_BINS = 100;

/**
 * Whether each particle is kept; `edits` is -1 (none), 0 or 1 for each.
 *
 * @param {Numbers} confidence
 * @param {number} threshold
 * @param {boolean} filterOn
 * @param {Numbers} edits
 */
export function keptMask(confidence, threshold, filterOn, edits) {
  const kept = new Uint8Array(confidence.length);
  for (let i = 0; i < kept.length; i++) {
    kept[i] = edits[i] >= 0 ? edits[i] : !filterOn || confidence[i] >= threshold ? 1 : 0;
  }
  return kept;
}

/**
 * Who counts of the `kept`: those that the counting rule does not leave `out` (0 or 1 each).
 *
 * @param {Uint8Array} kept
 * @param {Numbers} out
 */
export function countedMask(kept, out) {
  return kept.map((value, i) => (value && !out[i] ? 1 : 0));
}

/**
 * How many particles are what, as semseg.statistics.counting.Counts has them.
 *
 * @param {Uint8Array} kept
 * @param {Uint8Array} counted
 * @param {Numbers} edits
 */
export function countParticles(kept, counted, edits) {
  const counts = {
    found: kept.length, kept: 0, counted: 0, not_counted: 0,
    possibly_wrong: 0, excluded_by_hand: 0, kept_by_hand: 0,
  };
  for (let i = 0; i < kept.length; i++) {
    const byHand = edits[i] >= 0;
    if (!kept[i]) counts[byHand ? "excluded_by_hand" : "possibly_wrong"]++;
    else {
      counts.kept++;
      counts[counted[i] ? "counted" : "not_counted"]++;
      if (byHand) counts.kept_by_hand++;
    }
  }
  return counts;
}

/**
 * What each particle weighs, by weighting: `number` (null where each counts once) and `volume`.
 * `weight` is how many particles each stands for, 1 or more.
 *
 * @param {Float64Array} ecd
 * @param {Float64Array} weight
 * @returns {Weights}
 */
export function weightings(ecd, weight) {
  const once = weight.every((value) => value === 1);
  const volume = ecd.map((size, i) => weight[i] * (size * size * size));
  return { number: once ? null : weight, volume };
}

/**
 * Indices of the finite `values` in ascending order of (value, weight).
 *
 * @param {Numbers} values
 * @param {Numbers | null} weights
 */
export function ascending(values, weights = null) {
  const finite = [];
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) finite.push(i);
  return Uint32Array.from(finite).sort(
    (a, b) => values[a] - values[b] || (weights ? weights[a] - weights[b] : 0),
  );
}

/**
 * Count, mean, median, standard deviation and D10, D50, D90 of sizes; null where undefined.
 * With weights, each value counts as much as its weight; see semseg/statistics/summary.py.
 *
 * @param {Numbers} values
 * @param {Numbers | null} weights
 */
export function summarise(values, weights = null) {
  const order = ascending(values, weights);
  const sizes = Float64Array.from(order, (i) => values[i]);
  return summariseSorted(sizes, weights && Float64Array.from(order, (i) => weights[i]));
}

/**
 * The same of finite values that are in order of (value, weight) already.
 *
 * @param {Float64Array} sizes
 * @param {Float64Array | null} weights
 * @returns {Summary}
 */
export function summariseSorted(sizes, weights = null) {
  const count = sizes.length;
  if (!count) {
    return {
      count, mean: null, median: null, standard_deviation: null, d10: null, d50: null, d90: null,
    };
  }
  const at = weights && weightedPositions(weights);
  /** @param {number} p */
  const share = (p) => (at ? interpolated(sizes, at, p) : percentile(sizes, p));
  const mean = average(sizes, weights);
  const d50 = share(0.5);
  return {
    count,
    mean,
    median: d50,
    standard_deviation: deviation(sizes, weights, mean),
    d10: share(0.1),
    d50,
    d90: share(0.9),
  };
}

/** @param {Float64Array} sizes @param {Float64Array | null} weights */
function average(sizes, weights) {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < sizes.length; i++) {
    const weight = weights ? weights[i] : 1;
    sum += weight * sizes[i];
    total += weight;
  }
  return sum / total;
}

/** @param {Float64Array} sizes @param {Float64Array | null} weights @param {number} mean */
function deviation(sizes, weights, mean) {
  if (sizes.length < 2) return null;
  let squares = 0;
  let total = 0;
  let ofSquares = 0;
  for (let i = 0; i < sizes.length; i++) {
    const weight = weights ? weights[i] : 1;
    squares += weight * (sizes[i] - mean) ** 2;
    total += weight;
    ofSquares += weight * weight;
  }
  const free = total - ofSquares / total;
  return free > 0 ? Math.sqrt(squares / free) : null;
}

/**
 * Type 7 of Hyndman and Fan, of values in ascending order.
 *
 * @param {Float64Array} sorted
 * @param {number} p
 */
export function percentile(sorted, p) {
  const place = p * (sorted.length - 1);
  const below = Math.floor(place);
  return between(sorted[below], sorted[Math.min(below + 1, sorted.length - 1)], place - below);
}

/** @param {number} a @param {number} b @param {number} t */
function between(a, b, t) {
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

/**
 * Where on 0..1 each value lies, so that equal weights give type 7.
 *
 * @param {Float64Array} weights
 */
function weightedPositions(weights) {
  const n = weights.length;
  const positions = new Float64Array(n);
  let before = 0;
  for (let k = 0; k < n; k++) {
    positions[k] = k * weights[k] + (n - 1) * before;
    before += weights[k];
  }
  for (let k = 0; k < n; k++) positions[k] = n > 1 ? positions[k] / ((n - 1) * before) : 0;
  return positions;
}

/**
 * Linear interpolation of `sizes` over ascending `positions`.
 *
 * @param {Float64Array} sizes
 * @param {Float64Array} positions
 * @param {number} p
 */
function interpolated(sizes, positions, p) {
  let low = 0;
  let high = sizes.length - 1;
  if (p <= positions[low]) return sizes[low];
  if (p >= positions[high]) return sizes[high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (positions[middle] <= p) low = middle;
    else high = middle;
  }
  const width = positions[high] - positions[low];
  return width > 0
    ? sizes[low] + ((sizes[high] - sizes[low]) * (p - positions[low])) / width
    : sizes[high];
}

/**
 * Edges of equal bins from the least to the greatest value; as semseg/statistics/summary.py.
 *
 * @param {Numbers} values
 */
export function histogramEdges(values, bins = 0, log = false) {
  let sizes = Float64Array.from(values).filter((size) => Number.isFinite(size));
  if (log) sizes = sizes.filter((size) => size > 0);
  if (!sizes.length) return log ? Float64Array.of(1, 10) : Float64Array.of(0, 1);
  sizes.sort();
  const least = sizes[0];
  const greatest = sizes[sizes.length - 1];
  const equal = greatest - least <= 1e-9 * Math.max(Math.abs(least), Math.abs(greatest));
  if (log) sizes = sizes.map(Math.log10);
  const low = sizes[0];
  const high = sizes[sizes.length - 1];
  if (equal) {
    const half = Math.max(0.05 * Math.abs(low), 0.5);
    const edges = Float64Array.of(low - half, high + half);
    return log ? edges.map((edge) => 10 ** edge) : edges;
  }
  const number = bins || automaticBins(sizes);
  const step = (high - low) / number;
  const edges = Float64Array.from({ length: number + 1 }, (_, k) => k * step + low);
  if (log) edges.forEach((edge, k) => (edges[k] = 10 ** edge));
  edges[0] = least;
  edges[number] = greatest;
  return edges;
}

/**
 * Freedman and Diaconis; Sturges where the interquartile range is zero.
 *
 * @param {Float64Array} sizes
 */
function automaticBins(sizes) {
  const range = sizes[sizes.length - 1] - sizes[0];
  const width =
    (2 * (percentile(sizes, 0.75) - percentile(sizes, 0.25))) / Math.cbrt(sizes.length);
  let bins = Math.ceil(range / width);
  if (width <= 0) bins = Math.ceil(1 + Math.log2(sizes.length));
  else if (width * MAX_BINS <= range) bins = MAX_BINS;
  return Math.max(1, Math.min(bins, MAX_BINS));
}

/**
 * For each value the bin it belongs to, [edge, next edge), the last one closed; -1 outside.
 *
 * @param {Numbers} values
 * @param {Numbers} edges
 */
export function binIndices(values, edges) {
  const indices = new Int32Array(values.length);
  const last = edges.length - 1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!(value >= edges[0] && value <= edges[last])) {
      indices[i] = -1;
      continue;
    }
    let low = 0;
    let high = last;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (value >= edges[middle]) low = middle;
      else high = middle;
    }
    indices[i] = low;
  }
  return indices;
}
