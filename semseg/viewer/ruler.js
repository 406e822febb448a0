// The ruler: how long it is from here to there, on the picture. It sets nothing.

import { lengthText } from "./texts.js";

/** @import { Line, Particles, Place, Tool } from "./types.d.ts" */
/** @import { Overlay } from "./overlay.js" */

/**
 * Drag from a to b; Shift keeps it level or upright. A click takes it away.
 *
 * @param {Overlay} overlay
 * @returns {Tool}
 */
export function ruler(overlay) {
  /** @param {Line | null} line */
  const show = (line) => {
    overlay.marks.ruler = line;
    overlay.drawMarks();
  };
  return {
    name: "ruler",
    begin({ dataX: x, dataY: y }) {
      /** @param {Place} place @param {PointerEvent} event */
      const to = (place, event) => {
        const [right, bottom] = event.shiftKey ? straight(x, y, place) : [place.dataX, place.dataY];
        show([x, y, right, bottom]);
      };
      return { move: to, end: to, cancel: () => show(null) };
    },
    click: () => {
      if (!overlay.marks.ruler) return false;
      show(null);
      return true;
    },
  };
}

/** @param {number} x @param {number} y @param {Place} place */
function straight(x, y, { dataX, dataY }) {
  return Math.abs(dataX - x) > Math.abs(dataY - y) ? [dataX, y] : [x, dataY];
}

/**
 * The length of a line, with the doubt that its scale is in.
 *
 * @param {Line} line
 * @param {Pick<Particles, "pixelSize" | "scaleDoubt">} particles
 */
export function rulerText([x0, y0, x1, y1], { pixelSize, scaleDoubt }) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  const px = `${length.toFixed(length < 100 ? 1 : 0)} px`;
  if (!pixelSize) return px;
  const doubt = scaleDoubt && `, ${scaleDoubt} scale, check`;
  return `${lengthText(length * pixelSize)} (${px})${doubt}`;
}
