// Where the picture stands on the stage: fitting, moving and zooming, as pure functions of numbers.

/** @import { Box, Sight } from "./types.d.ts" */

/** @typedef {{ width: number, height: number }} Extent */

const HALF = 0.5; // the first recorded px reaches from -0.5 to 0.5
const [LEAST, MOST] = [0.5, 64]; // zoom: of that which fits, and CSS px per recorded px
const HOLD = 80; // CSS px of the picture that stay on the stage

/**
 * The whole picture, as large as the stage allows; in its middle, or (`toLeft`) at its left edge,
 * where something else stands over the right one.
 *
 * @param {Extent} picture
 * @param {Extent} stage
 * @returns {Sight}
 */
export function fitted(picture, { width, height }, toLeft = false) {
  const zoom = Math.min(width / picture.width, height / picture.height) || 1;
  const across = toLeft ? 0 : (width / zoom - picture.width) / 2;
  const down = (height / zoom - picture.height) / 2;
  return { zoom, left: -HALF - across, top: -HALF - down, width, height };
}

/**
 * Zoomed by a factor about a place of the stage (CSS px), which stays where it is.
 *
 * @param {Sight} sight
 * @param {number} factor
 * @param {number} x
 * @param {number} y
 * @param {Extent} picture
 * @returns {Sight}
 */
export function zoomed(sight, factor, x, y, picture) {
  const least = LEAST * fitted(picture, sight).zoom;
  const zoom = Math.max(least, Math.min(Math.max(MOST, least), sight.zoom * factor));
  const left = sight.left + x / sight.zoom - x / zoom;
  const top = sight.top + y / sight.zoom - y / zoom;
  return within({ ...sight, zoom, left, top }, picture);
}

/**
 * Moved by so many CSS px, as a hand moves the picture.
 *
 * @param {Sight} sight
 * @param {number} dx
 * @param {number} dy
 * @param {Extent} picture
 * @returns {Sight}
 */
export function moved(sight, dx, dy, picture) {
  const { zoom, left, top } = sight;
  return within({ ...sight, left: left - dx / zoom, top: top - dy / zoom }, picture);
}

/**
 * The same part of the picture on a stage of another size: its middle stays.
 *
 * @param {Sight} sight
 * @param {Extent} stage
 * @param {Extent} picture
 * @returns {Sight}
 */
export function resized(sight, { width, height }, picture) {
  const left = sight.left + (sight.width - width) / 2 / sight.zoom;
  const top = sight.top + (sight.height - height) / 2 / sight.zoom;
  return within({ ...sight, left, top, width, height }, picture);
}

/**
 * A box of the picture (recorded px) in the middle of the stage, in its first `free` CSS px from
 * the left, four times as wide as the box where that can be.
 *
 * @param {Sight} sight
 * @param {Box} box
 * @param {Extent} picture
 * @param {number} free
 * @returns {Sight}
 */
export function centred(sight, [left, top, right, bottom], picture, free) {
  const reach = 4 * Math.max(right - left, bottom - top, 8);
  const zoom = Math.min(MOST, Math.min(free, sight.height) / reach);
  const at = { x: (left + right) / 2, y: (top + bottom) / 2 };
  const corner = { left: at.x - free / 2 / zoom, top: at.y - sight.height / 2 / zoom };
  return within({ ...sight, zoom, ...corner }, picture);
}

/**
 * Never so far off that nothing of the picture is left to take hold of.
 *
 * @param {Sight} sight
 * @param {Extent} picture
 * @returns {Sight}
 */
function within(sight, picture) {
  /** @param {number} from @param {number} seen @param {number} side */
  const held = (from, seen, side) => {
    const rest = Math.min(HOLD / sight.zoom, side / 2);
    return Math.max(rest - seen, Math.min(side - rest, from + HALF)) - HALF;
  };
  const left = held(sight.left, sight.width / sight.zoom, picture.width);
  const top = held(sight.top, sight.height / sight.zoom, picture.height);
  return { ...sight, left, top };
}
