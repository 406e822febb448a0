// Painting outlines, ids and the mark of the scale bar on the canvas over the picture.

import { STATES } from "./definitions.js";
import { REJECTED, REJECTED_BY_HAND } from "./state.js";
import { path } from "./particles.js";

/** @import { Line, Options, Particles, PrintedBar, Range, Sight } from "./types.d.ts" */
/** @import { State } from "./state.js" */

/** @typedef {CanvasRenderingContext2D} Context */
/** What outlines are drawn with; `px` is a CSS px in recorded px. */
/** @typedef {{ context: Context, particles: Particles, px: number }} Pen */
/** @typedef {"accepted" | "not_counted" | "rejected" | "rejected_by_hand"} Group */

const CASING = "rgba(0, 0, 0, 0.6)";
/** of the mark around the scale bar that was found, and of a line drawn over one */
const BAR = "#3fd2ff";
const MAX_IDS = 1500;
// cividis-like would hide on grey pictures; viridis without its darkest part
const SCALE = [
  [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142], [31, 158, 137],
  [53, 183, 121], [110, 206, 88], [181, 222, 43], [253, 231, 37],
];

/**
 * Colour of a share 0..1 of the range of sizes.
 *
 * @param {number} share
 */
export function sizeColour(share, alpha = 1) {
  const place = Math.max(0, Math.min(1, share)) * (SCALE.length - 1);
  const k = Math.min(Math.floor(place), SCALE.length - 2);
  const mixed = SCALE[k].map((v, c) => Math.round(v + (SCALE[k + 1][c] - v) * (place - k)));
  return `rgba(${mixed.join(", ")}, ${alpha})`;
}

/**
 * Paint everything; `range` is that of the sizes.
 *
 * @param {Context} context
 * @param {Sight} view
 * @param {Particles} particles
 * @param {State} state
 * @param {Options} options
 * @param {Range} range
 * @param {Line | null} line drawn over a scale bar
 */
export function paint(context, view, particles, state, options, range, line) {
  const ratio = context.canvas.width / view.width;
  const shown = visible(view, particles, state, options);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  const scale = view.zoom * ratio;
  context.setTransform(scale, 0, 0, scale, -view.left * scale, -view.top * scale);
  context.lineJoin = "round";
  dimCropped(context, particles);

  /** @type {Record<Group | "selected", number[]>} */
  const groups = { accepted: [], not_counted: [], rejected: [], rejected_by_hand: [], selected: [] };
  for (const i of shown) groups[state.selected[i] ? "selected" : group(state, i)].push(i);
  const { accepted, not_counted: left, rejected, rejected_by_hand: excluded, selected } = groups;
  const pen = { context, particles, px: 1 / view.zoom };
  const size = particles[state.size];
  /** @param {number} i @param {number} alpha */
  const ofSize = (i, alpha) =>
    sizeColour((size[i] - range[0]) / (range[1] - range[0] || 1), alpha);
  const colours = options.colour ? ofSize : null;
  if (options.fill || options.colour) {
    const [green, red] = [tint(STATES.accepted, 0.3), tint(STATES.rejected, 0.28)];
    for (const i of accepted) fill(pen, i, colours ? colours(i, 0.55) : green);
    for (const i of rejected) fill(pen, i, red);
  }
  for (const i of selected) fill(pen, i, tint(STATES.selected, 0.34));
  if (options.outlines) {
    stroke(pen, left, CASING, 2.6);
    stroke(pen, left, STATES.not_counted.outline, 1.1);
    stroke(pen, accepted, CASING, 2.9);
    stroke(pen, rejected, CASING, 3.8);
    stroke(pen, excluded, CASING, 3.2);
    if (colours) for (const i of accepted) stroke(pen, [i], colours(i, 1), 1.5);
    else stroke(pen, accepted, STATES.accepted.outline, 1.3);
    stroke(pen, rejected, STATES.rejected.outline, 2.2, [5, 3]);
    stroke(pen, excluded, STATES.rejected_by_hand.outline, 1.6, [1.5, 3]);
    stroke(pen, excluded, CASING, 3, [], crosses);
    stroke(pen, excluded, STATES.rejected_by_hand.outline, 1.4, [], crosses);
  }
  stroke(pen, selected, CASING, 5);
  for (const i of selected) {
    const kind = group(state, i);
    const dashes = kind === "rejected" ? [6, 3] : kind === "rejected_by_hand" ? [2, 3] : [];
    stroke(pen, [i], STATES.selected.outline, kind === "not_counted" ? 1.6 : 2.8, dashes);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (options.ids) writeIds(context, view, particles, shown);
  if (particles.bar) markBar(context, view, particles.bar);
  if (line) drawLine(context, view, line);
}

/**
 * Which kind of outline a particle has.
 *
 * @param {State} state
 * @param {number} i
 * @returns {Group}
 */
function group({ code, counted }, i) {
  if (code[i] === REJECTED_BY_HAND) return "rejected_by_hand";
  if (code[i] === REJECTED) return "rejected";
  return counted[i] ? "accepted" : "not_counted";
}

/**
 * Rows of the particles that can be seen.
 *
 * @param {Sight} view
 * @param {Particles} particles
 * @param {State} state
 * @param {Options} options
 */
function visible(view, { n, boxes }, state, options) {
  const right = view.left + view.width / view.zoom;
  const bottom = view.top + view.height / view.zoom;
  const rows = [];
  for (let i = 0; i < n; i++) {
    if (options.hide && !state.kept[i]) continue;
    const k = 4 * i;
    const off = boxes[k] > right || boxes[k + 2] < view.left || boxes[k + 1] > bottom;
    if (!off && boxes[k + 3] >= view.top) rows.push(i);
  }
  return rows;
}

/**
 * The colour of a state, so strong (0..1).
 *
 * @param {import("./definitions.js").StateLook} state
 * @param {number} strength
 */
function tint({ outline }, strength) {
  return outline + Math.round(255 * strength).toString(16).padStart(2, "0");
}

/** @param {Pen} pen @param {number} i @param {string} colour */
function fill({ context, particles }, i, colour) {
  context.fillStyle = colour;
  context.fill(path(particles, i));
}

/**
 * Stroke these outlines `width` CSS px wide.
 *
 * @param {Pen} pen
 * @param {number[]} rows
 * @param {string} colour
 * @param {number} width
 * @param {number[]} dashes
 * @param {(particles: Particles, i: number) => Path2D} shape
 */
function stroke({ context, particles, px }, rows, colour, width, dashes = [], shape = path) {
  context.strokeStyle = colour;
  context.lineWidth = width * px;
  context.setLineDash(dashes.map((length) => length * px));
  for (const i of rows) context.stroke(shape(particles, i));
  context.setLineDash([]);
}

/**
 * A cross over the middle of a particle.
 *
 * @param {Particles} particles
 * @param {number} i
 */
function crosses({ x, y, boxes }, i) {
  const k = 4 * i;
  const reach = 0.3 * Math.min(boxes[k + 2] - boxes[k], boxes[k + 3] - boxes[k + 1]);
  const cross = new Path2D();
  for (const sign of [-1, 1]) {
    cross.moveTo(x[i] - reach, y[i] - sign * reach);
    cross.lineTo(x[i] + reach, y[i] + sign * reach);
  }
  return cross;
}

/**
 * Dim what is cut off, but not the scale bar and its writing, which a person compares.
 *
 * @param {Context} context
 * @param {Particles} particles
 */
function dimCropped(context, { image: { width, height, frame }, bar }) {
  const [left, top, right, bottom] = frame;
  context.save();
  if (bar) {
    const [from, over, to, under] = bar.around;
    const rest = new Path2D();
    rest.rect(-0.5, -0.5, width, height);
    rest.rect(from - 0.5, over - 0.5, to - from, under - over);
    context.clip(rest, "evenodd");
  }
  context.fillStyle = "rgba(0, 0, 0, 0.55)";
  context.fillRect(-0.5, -0.5, width, top);
  context.fillRect(-0.5, bottom - 0.5, width, height - bottom);
  context.fillRect(-0.5, top - 0.5, left, bottom - top);
  context.fillRect(right - 0.5, top - 0.5, width - right, bottom - top);
  context.restore();
}

/**
 * Where a recorded px stands on the canvas, in CSS px.
 *
 * @param {Sight} view
 * @param {number} at
 * @param {number} axis 0 for x, 1 for y
 */
const onScreen = (view, at, axis) => (at - (axis ? view.top : view.left)) * view.zoom;

/**
 * Stroke what `draw` lays out, in the colour of scale bars and with a dark edge.
 *
 * @param {Context} context
 * @param {() => void} draw
 */
function strokeBar(context, draw) {
  context.beginPath();
  draw();
  context.strokeStyle = CASING;
  context.lineWidth = 4.5;
  context.stroke();
  context.strokeStyle = BAR;
  context.lineWidth = 2;
  context.stroke();
}

/**
 * A frame around the scale bar that was found.
 *
 * @param {Context} context
 * @param {Sight} view
 * @param {PrintedBar} bar
 */
function markBar(context, view, { box }) {
  const [left, top, right, bottom] = box.map((edge, k) => onScreen(view, edge - 0.5, k % 2));
  const gap = 4;
  const [width, height] = [right - left + 2 * gap, bottom - top + 2 * gap];
  strokeBar(context, () => context.roundRect(left - gap, top - gap, width, height, 3));
}

/**
 * A line that a person draws over a scale bar, with a short one across each end.
 *
 * @param {Context} context
 * @param {Sight} view
 * @param {Line} line
 */
function drawLine(context, view, line) {
  const [x0, y0, x1, y1] = line.map((edge, k) => onScreen(view, edge, k % 2));
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const [across, down] = [(-(y1 - y0) / length) * 7, ((x1 - x0) / length) * 7];
  strokeBar(context, () => {
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    for (const [x, y] of [[x0, y0], [x1, y1]]) {
      context.moveTo(x - across, y - down);
      context.lineTo(x + across, y + down);
    }
  });
}

/**
 * @param {Context} context
 * @param {Sight} view
 * @param {Particles} particles
 * @param {number[]} shown
 */
function writeIds(context, view, { x, y, ecd, boxes, label }, shown) {
  context.font = "600 11px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.strokeStyle = "rgba(0, 0, 0, 0.75)";
  context.fillStyle = "#fff";
  let written = 0;
  for (const i of shown) {
    const wide = (boxes[4 * i + 2] - boxes[4 * i]) * view.zoom;
    const text = String(label[i]);
    if (wide < 6 * text.length + 2 || !(ecd[i] > 0)) continue; // no room inside
    if (++written > MAX_IDS) break;
    const [at, down] = [(x[i] - view.left) * view.zoom, (y[i] - view.top) * view.zoom];
    context.strokeText(text, at, down);
    context.fillText(text, at, down);
  }
}
