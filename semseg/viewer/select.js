// The tools that select: a box or a lasso over the picture.

import { rowsWithin } from "./particles.js";
import { adds } from "./plots.js";

/** @import { Place, Polygon, Stroke, Tool } from "./types.d.ts" */
/** @import { Overlay } from "./overlay.js" */

/** @typedef {{ x: number, y: number }[]} Corners in recorded px */

/**
 * A tool that selects what lies in the shape that is dragged.
 *
 * @param {Overlay} overlay
 * @param {"box" | "lasso"} name
 * @returns {Tool}
 */
export function selecting(overlay, name) {
  return { name, begin: (place, event) => dragged(overlay, name === "lasso", place, event) };
}

/**
 * @param {Overlay} overlay
 * @param {boolean} free a lasso, not a box
 * @param {Place} from
 * @param {PointerEvent} first
 * @returns {Stroke}
 */
function dragged(overlay, free, from, first) {
  const add = adds(first);
  const start = { x: from.dataX, y: from.dataY };
  /** @type {Corners} */
  let corners = [start];
  /** @param {Place} place */
  const to = ({ dataX: x, dataY: y }) => {
    corners = free
      ? [...corners, { x, y }]
      : [start, { x, y: start.y }, { x, y }, { x: start.x, y }];
  };
  /** @param {Corners | null} shape */
  const show = (shape) => {
    overlay.marks.shape = shape;
    overlay.drawMarks();
  };
  return {
    move(place) {
      to(place);
      show(corners);
    },
    end(place) {
      to(place);
      show(null);
      /** @type {Polygon} */
      const polygon = { x: corners.map(({ x }) => x), y: corners.map(({ y }) => y) };
      const { particles, state, options } = overlay;
      let rows = rowsWithin(particles.x, particles.y, polygon);
      if (options.hide) rows = rows.filter((row) => state.kept[row]);
      overlay.actions.select(rows, add, true);
    },
    cancel: () => show(null),
  };
}
