// Painting outlines and ids on the canvas over the picture.

import { STATES } from "./definitions.js";
import { REJECTED, REJECTED_BY_HAND } from "./state.js";

/** @import { Draft, Options, Particles, Range, Sight } from "./types.d.ts" */
/** @import { State } from "./state.js" */

/** @typedef {CanvasRenderingContext2D} Context */
/** What outlines are drawn with; `px` is a CSS px in recorded px. */
/** @typedef {{ context: Context, path: (i: number) => Path2D, px: number }} Pen */
/** @typedef {"accepted" | "not_counted" | "rejected" | "rejected_by_hand"} Group */
/** @typedef {Record<Group, number[]>} Groups rows */
/** @typedef {((i: number, alpha: number) => string) | null} Colours of sizes; null where all have one */

const CASING = "rgba(0, 0, 0, 0.6)";
const MAX_IDS = 1500;
const SMALL = 16; // CSS px
const SHADOW = 0.8; // CSS px to the right and down
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
 * @param {Draft[]} drafts
 */
export function paint(context, view, particles, state, options, range, drafts = []) {
  const ratio = context.canvas.width / view.width;
  const gone = new Set(drafts.flatMap((draft) => draft.gone));
  const seen = visible(view, particles, state, options);
  const shown = gone.size ? seen.filter((i) => !gone.has(particles.label[i])) : seen;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  const scale = view.zoom * ratio;
  context.setTransform(scale, 0, 0, scale, -view.left * scale, -view.top * scale);
  context.lineJoin = "round";
  dimCropped(context, particles);
  const masks = [...particles.masks, ...drafts.flatMap((draft) => draft.masks)];
  dimMasked(context, { image: particles.image, masks }, pixel(view));

  const { small, large, selected } = grouped(shown, view.zoom, particles, state);
  const pen = { context, path: particles.outlines.at(view.zoom), px: 1 / view.zoom };
  const size = particles[state.size];
  /** @param {number} i @param {number} alpha */
  const ofSize = (i, alpha) =>
    sizeColour((size[i] - range[0]) / (range[1] - range[0] || 1), alpha);
  const colours = options.colour ? ofSize : null;
  if (options.fill || options.colour) {
    const [green, red] = [tint(STATES.accepted, 0.3), tint(STATES.rejected, 0.28)];
    for (const { accepted, rejected } of [small, large]) {
      for (const i of accepted) fill(pen, i, colours ? colours(i, 0.55) : green);
      for (const i of rejected) fill(pen, i, red);
    }
  }
  for (const i of selected) fill(pen, i, tint(STATES.selected, 0.34));
  if (options.outlines) {
    strokeSmall(pen, small, colours);
    strokeLarge(pen, large, particles, colours);
  }
  stroke(pen, selected, CASING, 5);
  for (const i of selected) {
    const kind = group(state, i);
    const dashes = kind === "rejected" ? [6, 3] : kind === "rejected_by_hand" ? [2, 3] : [];
    stroke(pen, [i], STATES.selected.outline, kind === "not_counted" ? 1.6 : 2.8, dashes);
  }
  for (const draft of drafts) drawDraft(pen, draft);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (options.ids) writeIds(context, view, particles, shown);
}

/**
 * What is being measured looks like what is selected, which it will be.
 *
 * @param {Pen} pen
 * @param {Draft} draft
 */
function drawDraft({ context, px }, { outlines, faded, places }) {
  /** @param {Path2D[]} paths @param {string} colour @param {number} width @param {number[]} dashes */
  const line = (paths, colour, width, dashes = []) =>
    stroke({ context, path: (i) => paths[i], px }, [...paths.keys()], colour, width, dashes);
  context.fillStyle = tint(STATES.selected, 0.34);
  for (const path of outlines) context.fill(path);
  line([...outlines, ...places], CASING, 5);
  line(outlines, STATES.selected.outline, 2.8);
  line(faded, tint(STATES.selected, 0.6), 1, [2, 4]);
  line(places, STATES.selected.outline, 2.2, [4, 3]);
}

/**
 * Rows by kind of outline, small ones apart, and those that are selected.
 *
 * @param {number[]} rows
 * @param {number} zoom
 * @param {Particles} particles
 * @param {State} state
 */
function grouped(rows, zoom, { boxes }, state) {
  /** @returns {Groups} */
  const none = () => ({ accepted: [], not_counted: [], rejected: [], rejected_by_hand: [] });
  const [small, large] = [none(), none()];
  /** @type {number[]} */
  const selected = [];
  for (const i of rows) {
    const k = 4 * i;
    const side = Math.max(boxes[k + 2] - boxes[k], boxes[k + 3] - boxes[k + 1]) * zoom;
    if (state.selected[i]) selected.push(i);
    else (side < SMALL ? small : large)[group(state, i)].push(i);
  }
  return { small, large, selected };
}

/**
 * Outlines with a dark edge on both sides, each kind with its own line.
 *
 * @param {Pen} pen
 * @param {Groups} groups
 * @param {Particles} particles
 * @param {Colours} colours
 */
function strokeLarge(pen, groups, particles, colours) {
  const { accepted, not_counted: left, rejected, rejected_by_hand: excluded } = groups;
  stroke(pen, left, CASING, 2.6);
  stroke(pen, left, STATES.not_counted.outline, 1.1);
  stroke(pen, accepted, CASING, 2.9);
  stroke(pen, rejected, CASING, 3.8);
  stroke(pen, excluded, CASING, 3.2);
  if (colours) for (const i of accepted) stroke(pen, [i], colours(i, 1), 1.5);
  else stroke(pen, accepted, STATES.accepted.outline, 1.3);
  stroke(pen, rejected, STATES.rejected.outline, 2.2, [5, 3]);
  stroke(pen, excluded, STATES.rejected_by_hand.outline, 1.6, [1.5, 3]);
  const crossed = { ...pen, path: (/** @type {number} */ i) => crosses(particles, i) };
  stroke(crossed, excluded, CASING, 3);
  stroke(crossed, excluded, STATES.rejected_by_hand.outline, 1.4);
}

/**
 * Outlines of a few px: a fine line with a shadow, which is as clear at that size and costs a
 * fraction, so that thousands follow the filter.
 *
 * @param {Pen} pen
 * @param {Groups} groups
 * @param {Colours} colours
 */
function strokeSmall(pen, groups, colours) {
  const { context, px } = pen;
  const { accepted, not_counted: left, rejected, rejected_by_hand: excluded } = groups;
  context.save();
  context.translate(SHADOW * px, SHADOW * px);
  for (const rows of [left, accepted, rejected, excluded]) stroke(pen, rows, CASING, 1);
  context.restore();
  stroke(pen, left, STATES.not_counted.outline, 1);
  if (colours) for (const i of accepted) stroke(pen, [i], colours(i, 1), 1);
  else stroke(pen, accepted, STATES.accepted.outline, 1);
  stroke(pen, rejected, STATES.rejected.outline, 1, [3, 2]);
  stroke(pen, excluded, STATES.rejected_by_hand.outline, 1, [1, 2]);
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
function fill({ context, path }, i, colour) {
  context.fillStyle = colour;
  context.fill(path(i));
}

/**
 * Stroke these outlines `width` CSS px wide.
 *
 * @param {Pen} pen
 * @param {number[]} rows
 * @param {string} colour
 * @param {number} width
 * @param {number[]} dashes
 */
function stroke({ context, path, px }, rows, colour, width, dashes = []) {
  context.strokeStyle = colour;
  context.lineWidth = width * px;
  context.setLineDash(dashes.map((length) => length * px));
  for (const i of rows) context.stroke(path(i));
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
export function dimCropped(context, { image: { width, height, frame }, bar }) {
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

/** @param {Sight} view @returns {number} a CSS px in recorded px */
const pixel = ({ zoom }) => 1 / zoom;

/**
 * Dim what a hand left out, with a line around it.
 *
 * @param {Context} context
 * @param {Pick<Particles, "masks" | "image">} particles
 * @param {number} px a CSS px in recorded px
 */
export function dimMasked(context, { masks, image: { frame } }, px) {
  if (!masks.length) return;
  context.save();
  const [left, top, right, bottom] = frame;
  const within = new Path2D();
  within.rect(left - 0.5, top - 0.5, right - left, bottom - top);
  context.clip(within);
  for (const mask of masks) {
    const path = new Path2D();
    for (const ring of mask) {
      ring.forEach(([x, y], k) => (k ? path.lineTo(x, y) : path.moveTo(x, y)));
      path.closePath();
    }
    context.fillStyle = "rgba(0, 0, 0, 0.55)";
    context.fill(path, "evenodd");
    context.lineWidth = 1.2 * px;
    context.strokeStyle = "#ffe14d";
    context.setLineDash([6 * px, 4 * px]);
    context.stroke(path);
  }
  context.restore();
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
