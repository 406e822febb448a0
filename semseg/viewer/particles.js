// The packed picture (see packing.py) as typed arrays, and finding particles by place.

import { SHAPES, SIZES } from "./definitions.js";
import { weightings } from "./statistics.js";

/** Everything known of one picture; `n` particles, columns by name, `path(i)` its outline. */
export function unpack(data) {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const column = (name, Kind) => new Kind(bytes(data[name]).buffer);
  const label = column("label", Int32Array);
  const ends = new Int32Array(bytes(data.outlines.ends).buffer);
  const xy = new Float32Array(bytes(data.outlines.xy).buffer);
  const particles = {
    id: data.id,
    name: data.name,
    unit: data.unit,
    pixelSize: data.pixel_size,
    assumed: data.assumed,
    image: data.image,
    doubts: data.doubts,
    rules: data.rules,
    n: label.length,
    label,
    ends,
    xy,
    doubt: column("doubt", Int32Array),
    ruled_out: column("ruled_out", Int32Array),
    touches_edge: column("touches_edge", Uint8Array),
    row: new Map(Array.from(label, (id, i) => [id, i])),
  };
  for (const name of ["x", "y", "confidence", "weight", ...Object.keys(SIZES)]) {
    particles[name] = column(name, Float64Array);
  }
  for (const name of ["visibility", ...Object.keys(SHAPES)]) {
    particles[name] = column(name, Float32Array);
  }
  particles.weights = weightings(particles.ecd, particles.weight);
  particles.weighted = particles.weights.number !== null;
  particles.out = Uint8Array.from(particles.ruled_out, (k) => (data.rules[k] ? 1 : 0));
  particles.ruled = particles.out.includes(1); // whether a counting rule leaves any out
  particles.boxes = boxes(particles);
  particles.paths = new Array(particles.n);
  return particles;
}

/** The outline of particle i as Path2D in recorded px, made when first asked for. */
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

/** Left, top, right and bottom of each outline, in recorded px. */
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

/** A function (x, y) -> the particle at that place of the picture, or -1. */
export function finder(particles) {
  const { n, boxes: found, image } = particles;
  const cell = Math.max(8, Math.sqrt((image.width * image.height) / Math.max(n, 1)));
  const columns = Math.ceil(image.width / cell) + 2;
  const cells = new Map();
  for (let i = 0; i < n; i++) {
    const [left, top, right, bottom] = found.subarray(4 * i, 4 * i + 4);
    for (let row = Math.floor(top / cell); row <= Math.floor(bottom / cell); row++) {
      for (let at = Math.floor(left / cell); at <= Math.floor(right / cell); at++) {
        const key = row * columns + at;
        if (!cells.has(key)) cells.set(key, []);
        cells.get(key).push(i);
      }
    }
  }
  const context = document.createElement("canvas").getContext("2d");
  return (x, y) => {
    const near = cells.get(Math.floor(y / cell) * columns + Math.floor(x / cell)) ?? [];
    return near.find((i) => context.isPointInPath(path(particles, i), x, y)) ?? -1;
  };
}

/** Indices of the points (xs, ys) in a polygon of [x, y] pairs; NaN lies in none. */
export function rowsWithin(xs, ys, polygon) {
  const rows = [];
  for (let i = 0; i < xs.length; i++) {
    const [x, y] = [xs[i], ys[i]];
    let inside = false;
    for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a++) {
      const [ax, ay] = polygon[a];
      const [bx, by] = polygon[b];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
    if (inside) rows.push(i);
  }
  return rows;
}
