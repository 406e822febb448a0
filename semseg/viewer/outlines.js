// Outlines as paths, with as many vertices as can be seen at a zoom.

/** @import { Particles } from "./types.d.ts" */

/** @typedef {Pick<Particles, "n" | "xy" | "ends">} Vertices */

const FINEST = 0.25; // recorded px; outlines come with about that much left out
const SEEN = 0.3; // CSS px that a vertex may be off without being seen

export class Outlines {
  /** of the level below, recorded px that a vertex may be off */
  tolerance = 0;
  /** @type {(Path2D | undefined)[]} */
  coarse = [];

  /** @param {Vertices} vertices */
  constructor(vertices) {
    this.vertices = vertices;
    /** @type {(Path2D | undefined)[]} */
    this.whole = new Array(vertices.n);
  }

  /**
   * The outline of particle i in recorded px, made when first asked for.
   *
   * @param {number} i
   */
  path(i) {
    return (this.whole[i] ??= this.made(i, 0));
  }

  /**
   * What gives the outlines with the vertices that are seen at a zoom.
   *
   * @param {number} zoom CSS px per recorded px
   * @returns {(i: number) => Path2D}
   */
  at(zoom) {
    // by powers of two, so that a step of the wheel seldom makes all of them anew
    const tolerance = 2 ** Math.floor(Math.log2(SEEN / zoom));
    if (tolerance <= FINEST) return (i) => this.path(i);
    if (tolerance !== this.tolerance) {
      this.tolerance = tolerance;
      this.coarse = new Array(this.vertices.n);
    }
    return (i) => (this.coarse[i] ??= this.made(i, tolerance));
  }

  /** @param {number} i @param {number} tolerance recorded px */
  made(i, tolerance) {
    const { xy, ends } = this.vertices;
    const path = new Path2D();
    const chosen = fewer(xy, i ? ends[i - 1] : 0, ends[i], tolerance);
    chosen.forEach((k, at) => {
      if (at) path.lineTo(xy[2 * k], xy[2 * k + 1]);
      else path.moveTo(xy[2 * k], xy[2 * k + 1]);
    });
    if (chosen.length) path.closePath();
    return path;
  }
}

/**
 * Which vertices, `from` to `to`, are enough that no other is farther off than `tolerance`: from
 * each the chord goes on as far as it can.
 *
 * @param {Float32Array} xy x and y in turn
 * @param {number} from
 * @param {number} to
 * @param {number} tolerance
 */
export function fewer(xy, from, to, tolerance) {
  const chosen = [];
  let anchor = from;
  while (anchor < to) {
    chosen.push(anchor);
    let next = anchor + 1;
    while (next + 1 < to && near(xy, anchor, next + 1, tolerance)) next++;
    anchor = next;
  }
  if (chosen.length > 2 || to - from < 3) return chosen;
  const third = (to - from) / 3; // too small for any: a triangle shows where it is
  return [from, Math.round(from + third), Math.round(from + 2 * third)];
}

/**
 * Whether all vertices between two lie near the chord from one to the other.
 *
 * @param {Float32Array} xy
 * @param {number} a
 * @param {number} b
 * @param {number} tolerance
 */
function near(xy, a, b, tolerance) {
  const [x, y] = [xy[2 * a], xy[2 * a + 1]];
  const [across, down] = [xy[2 * b] - x, xy[2 * b + 1] - y];
  const length = across * across + down * down;
  const most = tolerance * tolerance * length;
  for (let k = a + 1; k < b; k++) {
    const [u, v] = [xy[2 * k] - x, xy[2 * k + 1] - y];
    const along = u * across + v * down;
    if (along < 0 || along > length) return false;
    if ((u * down - v * across) ** 2 > most) return false;
  }
  return true;
}
