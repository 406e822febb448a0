// Brush and eraser: they widen or narrow the outline of the particle that is selected.

import { polygonOf } from "./drafts.js";
import { holds } from "./parting.js";
import { remember, remembered } from "./prefs.js";
import { tracedAround } from "./tracing.js";

/** @import { Place, Tool } from "./types.d.ts" */
/** @import { Overlay } from "./overlay.js" */
/** @import { Point, Polygon } from "./parting.js" */

const USUAL = 12; // CSS px, radius
const RADII = [2, 120]; // CSS px
const STEP = 1.5; // CSS px between two points of a stroke

/**
 * @param {Overlay} overlay
 * @param {"brush" | "eraser"} name
 * @returns {Tool}
 */
export function painting(overlay, name) {
  const erases = name === "eraser";
  let radius = Number(remembered("brush", USUAL));
  /** @type {{ label: number, polygon: Polygon } | null} what the stroke before made */
  let latest = null;
  /** @param {Place | null} place */
  const point = (place) => {
    const { marks } = overlay;
    marks.brush = place && { x: place.dataX, y: place.dataY, radius };
    overlay.drawMarks();
  };

  /** The particle that is painted: the one that is selected, else the one under the brush. @param {Place} place */
  const target = ({ dataX, dataY }) => {
    const { selection } = overlay.state;
    if (selection.length === 1) return selection[0];
    const row = overlay.at(dataX, dataY);
    if (row >= 0) overlay.actions.select([row], false, true);
    return row;
  };

  /** @param {number} row @returns {Polygon} */
  const outline = (row) => {
    const label = overlay.particles.label[row];
    if (overlay.isDrafted(row) && latest?.label === label) return latest.polygon;
    return polygonOf(overlay.particles, row);
  };

  /** @param {Point[]} line @param {number} row -1 for a new one @param {number} reach recorded px */
  const done = (line, row, reach) => {
    const before = row < 0 ? [] : outline(row);
    const polygon = tracedAround(before, { line, radius: reach, erases });
    if (!polygon) return overlay.hint(NOTHING);
    if (row < 0) return overlay.actions.ask({ do: "draw", polygon });
    const label = overlay.particles.label[row];
    latest = { label, polygon };
    overlay.actions.ask({ do: "redraw", label, polygon });
  };

  return {
    name,
    begin(place) {
      const row = target(place);
      if (row < 0 && erases) {
        overlay.hint("Select the particle to take from");
        return IDLE;
      }
      const reach = radius / overlay.sight.zoom;
      /** @type {Point[]} */
      const line = [[place.dataX, place.dataY]];
      let last = place;
      const { marks } = overlay;
      marks.stroke = { line, radius: reach, erases };
      point(place);
      /** @param {Place} next */
      const add = (next) => {
        if (Math.hypot(next.x - last.x, next.y - last.y) < STEP) return;
        last = next;
        line.push([next.dataX, next.dataY]);
      };
      const end = () => {
        marks.stroke = marks.brush = null;
        overlay.drawMarks();
      };
      return {
        move(next) {
          add(next);
          point(next);
        },
        end(next) {
          add(next);
          end();
          done(line, row, reach);
        },
        cancel: end,
      };
    },
    click(place) {
      const { dataX, dataY } = place;
      const { selection } = overlay.state;
      const reach = radius / overlay.sight.zoom;
      const chosen = selection.length === 1 ? selection[0] : -1;
      const other = overlay.at(dataX, dataY);
      // a dab on the selected one, or at its edge; elsewhere a click selects
      if (chosen < 0 || (other >= 0 && other !== chosen)) return false;
      if (other < 0 && !near(outline(chosen), [dataX, dataY], reach)) return false;
      done([[dataX, dataY]], chosen, reach);
      return true;
    },
    hover: point,
    held: (on) => !on && point(null),
    widen(times) {
      radius = Math.min(RADII[1], Math.max(RADII[0], Math.round(radius * times + Math.sign(times - 1))));
      remember("brush", radius);
      const { brush } = overlay.marks;
      if (brush) overlay.marks.brush = { ...brush, radius };
      overlay.drawMarks();
    },
  };
}

const NOTHING = "Nothing is left of it: X excludes it";
/** A drag that does nothing, so that the picture stays where it is. */
const IDLE = { move() {}, end() {}, cancel() {} };

/** @param {Polygon} polygon @param {Point} place @param {number} reach */
function near(polygon, [x, y], reach) {
  return holds(polygon, [x, y]) || polygon.some(([u, v]) => Math.hypot(u - x, v - y) <= reach);
}
