// Geometry of outlines: a polygon parted by lines, and which sides two polygons share.

/** @typedef {[number, number]} Point */
/** @typedef {Point[]} Polygon closed: the first point is not repeated */
/** A place where a line crosses a side. @typedef {{ along: number, side: number, point: Point }} Crossing */

/**
 * The parts into which lines cut a polygon, as Python parts its pixels: an end that lies inside goes
 * straight on until it is outside. One part where nothing is cut.
 *
 * @param {Polygon} polygon
 * @param {Point[][]} lines each of two or more points
 * @returns {Polygon[]}
 */
export function parted(polygon, lines) {
  let parts = [polygon];
  for (const line of lines) parts = parts.flatMap((part) => partedBy(part, line));
  return parts;
}

/**
 * @param {Polygon} polygon
 * @param {Point[]} drawn
 * @returns {Polygon[]}
 */
function partedBy(polygon, drawn) {
  const line = extended(distinct(drawn), polygon);
  const met = crossings(polygon, line);
  // from outside to inside and out again, two by two
  const ends = met.slice(0, met.length - (met.length % 2));
  if (!ends.length) return [polygon];
  const around = ends.map((_, k) => k).sort((a, b) => ends[a].side - ends[b].side);
  const place = new Map(around.map((end, k) => [end, k]));
  const left = new Set(around.keys());
  /** @type {Polygon[]} */
  const parts = [];
  for (const first of around.keys()) {
    if (!left.has(first)) continue;
    /** @type {Polygon} */
    const part = [];
    let at = first;
    while (left.delete(at)) {
      // along the outline to the next end, then over the line to the other end of that
      const [from, to] = [around[at], around[(at + 1) % around.length]];
      part.push(ends[from].point, ...between(polygon, ends[from].side, ends[to].side), ends[to].point);
      const other = to ^ 1;
      part.push(...over(line, ends[to].along, ends[other].along));
      at = /** @type {number} */ (place.get(other));
    }
    parts.push(part);
  }
  return parts;
}

/**
 * Where a line crosses the sides of a polygon, in its order.
 *
 * @param {Polygon} polygon
 * @param {Point[]} line
 * @returns {Crossing[]}
 */
function crossings(polygon, line) {
  /** @type {Crossing[]} */
  const met = [];
  for (let k = 1; k < line.length; k++) {
    const [[x, y], [u, v]] = [line[k - 1], line[k]];
    for (let side = 0; side < polygon.length; side++) {
      const [[a, b], [c, d]] = [polygon[side], polygon[(side + 1) % polygon.length]];
      // on which side of the line both corners lie; a corner on it counts as beyond
      const from = (u - x) * (b - y) - (v - y) * (a - x);
      const to = (u - x) * (d - y) - (v - y) * (c - x);
      if (from < 0 === to < 0) continue;
      const share = from / (from - to);
      /** @type {Point} */
      const point = [a + share * (c - a), b + share * (d - b)];
      const length = (u - x) ** 2 + (v - y) ** 2;
      const along = ((point[0] - x) * (u - x) + (point[1] - y) * (v - y)) / length;
      // a corner of the line is the later piece's
      const ends = k === line.length - 1 ? along <= 1 : along < 1;
      if (along >= 0 && ends) met.push({ along: k - 1 + along, side: side + share, point });
    }
  }
  return met.sort((one, other) => one.along - other.along);
}

/**
 * The corners of a polygon from one place on its outline to another, onwards.
 *
 * @param {Polygon} polygon
 * @param {number} from number of a side, and the share of it
 * @param {number} to
 */
function between(polygon, from, to) {
  const n = polygon.length;
  const corners = [];
  const end = to > from ? to : to + n;
  for (let k = Math.floor(from) + 1; k <= end; k++) corners.push(polygon[k % n]);
  return corners;
}

/**
 * The points of a line from one place on it to another, in either direction.
 *
 * @param {Point[]} line
 * @param {number} from
 * @param {number} to
 */
function over(line, from, to) {
  const points = line.slice(Math.ceil(Math.min(from, to)), Math.floor(Math.max(from, to)) + 1);
  return from < to ? points : points.reverse();
}

/**
 * A line whose ends lie outside of a polygon: one that lies inside goes straight on.
 *
 * @param {Point[]} line
 * @param {Polygon} polygon
 */
function extended(line, polygon) {
  if (line.length < 2) return line;
  const [first, second] = line;
  const [last, before] = [line[line.length - 1], line[line.length - 2]];
  return [...wayOut(first, second, polygon), ...line, ...wayOut(last, before, polygon)];
}

/**
 * A point outside, straight on from `before` over `end`; none where the end is outside already.
 *
 * @param {Point} end
 * @param {Point} before
 * @param {Polygon} polygon
 * @returns {Point[]}
 */
function wayOut(end, before, polygon) {
  if (!holds(polygon, end)) return [];
  const reach = 2 * Math.max(...polygon.map(([x, y]) => Math.hypot(x - end[0], y - end[1]))) + 1;
  const [dx, dy] = [end[0] - before[0], end[1] - before[1]];
  const length = Math.hypot(dx, dy);
  /** @type {Point} */
  const far = [end[0] + (reach * dx) / length, end[1] + (reach * dy) / length];
  const [out, next] = crossings(polygon, [end, far]);
  if (!out) return [];
  // half the way to where it would come in again
  const along = next ? (out.along + next.along) / 2 : 1;
  return [[end[0] + along * (far[0] - end[0]), end[1] + along * (far[1] - end[1])]];
}

/** @param {Point[]} line without points that lie where the one before does */
function distinct(line) {
  return line.filter(([x, y], k) => !k || x !== line[k - 1][0] || y !== line[k - 1][1]);
}

/**
 * Whether a point lies in a polygon.
 *
 * @param {Polygon} polygon
 * @param {Point} point
 */
export function holds(polygon, [x, y]) {
  let inside = false;
  for (let k = 0; k < polygon.length; k++) {
    const [[a, b], [c, d]] = [polygon[k], polygon[(k + 1) % polygon.length]];
    if (b > y !== d > y && x < ((c - a) * (y - b)) / (d - b) + a) inside = !inside;
  }
  return inside;
}

/**
 * The outlines of polygons in short pieces: those that run along another one, and the others.
 *
 * @param {Polygon[]} polygons
 * @param {number} near how far off another one may run
 */
export function sharedSides(polygons, near) {
  /** @type {[Point, Point][]} */
  const shared = [];
  /** @type {[Point, Point][]} */
  const own = [];
  for (const polygon of polygons) {
    const others = polygons.filter((other) => other !== polygon);
    polygon.forEach((from, k) => {
      const to = polygon[(k + 1) % polygon.length];
      for (const piece of pieces(from, to, near)) {
        /** @type {Point} */
        const middle = [(piece[0][0] + piece[1][0]) / 2, (piece[0][1] + piece[1][1]) / 2];
        (others.some((other) => runsBy(other, middle, near)) ? shared : own).push(piece);
      }
    });
  }
  return { shared, own };
}

/**
 * @param {Point} from
 * @param {Point} to
 * @param {number} most how long
 */
function pieces([a, b], [c, d], most) {
  const count = Math.max(1, Math.ceil(Math.hypot(c - a, d - b) / most));
  /** @param {number} k @returns {Point} */
  const at = (k) => [a + ((c - a) * k) / count, b + ((d - b) * k) / count];
  return Array.from({ length: count }, (_, k) => /** @type {[Point, Point]} */ ([at(k), at(k + 1)]));
}

/**
 * @param {Polygon} polygon
 * @param {Point} point
 * @param {number} near
 */
function runsBy(polygon, point, near) {
  return polygon.some((from, k) => distance(point, from, polygon[(k + 1) % polygon.length]) <= near);
}

/**
 * How far a point lies from a piece of a line.
 *
 * @param {Point} point
 * @param {Point} from
 * @param {Point} to
 */
export function distance([x, y], [a, b], [c, d]) {
  const length = (c - a) ** 2 + (d - b) ** 2 || 1;
  const share = Math.max(0, Math.min(1, ((x - a) * (c - a) + (y - b) * (d - b)) / length));
  return Math.hypot(x - a - share * (c - a), y - b - share * (d - b));
}
