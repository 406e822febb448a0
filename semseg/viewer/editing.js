// Tools that change outlines. What a hand draws is asked of Python, which answers with the outlines
// that came of it.

import { distance, holds } from "./parting.js";

/** @import { Place, Stroke, Tool } from "./types.d.ts" */
/** @import { Overlay } from "./overlay.js" */

/** @typedef {{ x: number, y: number }[]} Corners in recorded px */

const ON_SEAM = 6; // CSS px from a seam that are on it
const STEP = 2; // CSS px between two points of a line drawn freely

/**
 * A line across a particle parts it; so does a click inside the part that should be apart.
 *
 * @param {Overlay} overlay
 * @returns {Tool}
 */
export function splitting(overlay) {
  return {
    name: "split",
    begin: (place) =>
      drawn(overlay, place, (corners) => {
        const row = mostlyOn(overlay, corners);
        if (row < 0) return overlay.hint("Draw the line across a particle");
        overlay.actions.ask({ do: "line", label: labelOf(overlay, row), line: listed(corners) });
      }),
    click: (place) => alongSeam(overlay, place) || cut(overlay, place),
  };
}

/**
 * An outline drawn round what was missed, or for the one that is selected; a click on bare ground
 * has the network look there again, and one on what it proposes takes that.
 *
 * @param {Overlay} overlay
 * @returns {Tool}
 */
export function outlining(overlay) {
  return {
    name: "draw",
    begin: (place) =>
      drawn(overlay, place, (corners) => {
        overlay.propose(null);
        if (corners.length < 3) return;
        const { selection } = overlay.state;
        const polygon = listed(corners);
        if (selection.length !== 1) overlay.actions.ask({ do: "draw", polygon });
        else {
          const label = labelOf(overlay, selection[0]);
          overlay.actions.ask({ do: "redraw", label, polygon });
        }
      }),
    click: (place) => {
      /** @type {[number, number]} */
      const at = [place.dataX, place.dataY];
      const { proposed } = overlay.marks;
      if (proposed && holds(proposed, at)) return overlay.take();
      overlay.propose(null);
      if (overlay.at(...at) >= 0) return false;
      overlay.actions.ask({ do: "look", place: at });
      return true;
    },
  };
}

/**
 * What a line is drawn round is left out of the analysed area; with Shift, or the button over the
 * picture, all but that.
 *
 * @param {Overlay} overlay
 * @returns {Tool}
 */
export function masking(overlay) {
  return {
    name: "mask",
    begin: (place, event) =>
      drawn(overlay, place, (corners) => {
        if (corners.length < 3) return;
        const invert = event.shiftKey !== overlay.invert.pressed;
        overlay.actions.ask({ do: "mask", polygon: listed(corners), invert });
      }),
  };
}

/**
 * Part a particle along the seam that glows; whether the place lies on it.
 *
 * @param {Overlay} overlay
 * @param {Place} place
 */
function alongSeam(overlay, { x, y, dataX, dataY }) {
  const [lines] = overlay.marks.seams;
  const row = overlay.at(dataX, dataY);
  if (!lines || row < 0) return false;
  const near = lines.some((line) =>
    line.some(([u, v], k) => {
      if (!k) return false;
      const [from, to] = [overlay.placeOn(...line[k - 1]), overlay.placeOn(u, v)];
      return distance([x, y], from, to) <= ON_SEAM;
    }),
  );
  if (near) overlay.actions.ask({ do: "seam", labels: [labelOf(overlay, row)] });
  return near;
}

/**
 * Part what lies around a place from the rest of its particle; whether there is one.
 *
 * @param {Overlay} overlay
 * @param {Place} place
 */
export function cut(overlay, { dataX, dataY }) {
  const row = overlay.at(dataX, dataY);
  if (row < 0) return false;
  overlay.actions.ask({ do: "cut", label: labelOf(overlay, row), place: [dataX, dataY] });
  return true;
}

/**
 * A line drawn freely.
 *
 * @param {Overlay} overlay
 * @param {Place} from
 * @param {(corners: Corners) => void} done
 * @returns {Stroke}
 */
function drawn(overlay, from, done) {
  /** @type {Corners} */
  const corners = [{ x: from.dataX, y: from.dataY }];
  let last = from;
  /** @param {Corners | null} shape */
  const show = (shape) => {
    overlay.marks.shape = shape;
    overlay.drawMarks();
  };
  return {
    move(place) {
      if (Math.hypot(place.x - last.x, place.y - last.y) < STEP) return;
      last = place;
      corners.push({ x: place.dataX, y: place.dataY });
      show(corners);
    },
    end(place) {
      corners.push({ x: place.dataX, y: place.dataY });
      show(null);
      done(corners);
    },
    cancel: () => show(null),
  };
}

/**
 * The particle that most of a line lies on, or -1.
 *
 * @param {Overlay} overlay
 * @param {Corners} corners
 */
function mostlyOn(overlay, corners) {
  /** @type {Map<number, number>} */
  const lengths = new Map();
  for (let k = 1; k < corners.length; k++) {
    const [a, b] = [corners[k - 1], corners[k]];
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    const parts = Math.max(1, Math.ceil(length));
    for (let part = 0; part < parts; part++) {
      const share = (part + 0.5) / parts;
      const row = overlay.at(a.x + share * (b.x - a.x), a.y + share * (b.y - a.y));
      if (row >= 0) lengths.set(row, (lengths.get(row) ?? 0) + length / parts);
    }
  }
  let [best, most] = [-1, 0];
  for (const [row, length] of lengths) if (length > most) [best, most] = [row, length];
  return best;
}

/** @param {Overlay} overlay @param {number} row */
const labelOf = (overlay, row) => overlay.particles.label[row];

/** @param {Corners} corners @returns {[number, number][]} */
const listed = (corners) => corners.map(({ x, y }) => [x, y]);
