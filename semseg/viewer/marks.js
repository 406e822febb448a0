// Painting what lies over the outlines: the mark of the scale bar, lines, and what is dragged.

import { dab } from "./tracing.js";

/** @import { Line, Marks, Painted, Particles, PrintedBar, Sight } from "./types.d.ts" */

/** @typedef {CanvasRenderingContext2D} Context */

const CASING = "rgba(0, 0, 0, 0.6)";
/** of the mark around the scale bar that was found, and of a line drawn over one */
const BAR = "#3fd2ff";
const RULER = "#ffe14d";
const POINTED_AT = "#fff";
const SEAM = "#ffe14d";

/**
 * Paint everything.
 *
 * @param {Context} context
 * @param {Sight} sight
 * @param {Particles} particles
 * @param {Line | null} line that a person has drawn over a scale bar
 * @param {Marks} marks what is being dragged, and the ruler
 * @param {string} length of the ruler, in words
 */
export function paintMarks(context, sight, { bar, outlines }, line, marks, length) {
  const ratio = context.canvas.width / sight.width;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.lineJoin = "round";
  if (marks.hovered >= 0) pointedAt(context, sight, outlines.path(marks.hovered));
  marks.seams.forEach((lines, k) => glow(context, sight, lines, k === 0));
  if (marks.proposed) propose(context, sight, marks.proposed);
  if (marks.stroke) painted(context, sight, marks.stroke);
  if (marks.brush) circle(context, sight, marks.brush);
  if (bar) markBar(context, sight, bar);
  const drawn = marks.line ?? line;
  if (drawn) strokeLine(context, sight, drawn, BAR);
  if (marks.ruler) {
    strokeLine(context, sight, marks.ruler, RULER);
    writeAt(context, sight, marks.ruler, length);
  }
  if (marks.shape) dragged(context, sight, marks.shape);
}

/**
 * Where a recorded px stands on the canvas, in CSS px.
 *
 * @param {Sight} sight
 * @param {number} at
 * @param {number} axis 0 for x, 1 for y
 */
const onScreen = (sight, at, axis) => (at - (axis ? sight.top : sight.left)) * sight.zoom;

/**
 * Stroke what `draw` lays out, in a colour and with a dark edge, so that it is seen on any ground.
 *
 * @param {Context} context
 * @param {string} colour
 * @param {() => void} draw
 */
function cased(context, colour, draw) {
  context.beginPath();
  draw();
  context.strokeStyle = CASING;
  context.lineWidth = 4.5;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.stroke();
}

/**
 * The outline of the particle under the pointer.
 *
 * @param {Context} context
 * @param {Sight} sight
 * @param {Path2D} outline in recorded px
 */
function pointedAt(context, { zoom, left, top }, outline) {
  context.save();
  context.scale(zoom, zoom);
  context.translate(-left, -top);
  context.strokeStyle = CASING;
  context.lineWidth = 4.5 / zoom;
  context.stroke(outline);
  context.strokeStyle = POINTED_AT;
  context.lineWidth = 2 / zoom;
  context.stroke(outline);
  context.restore();
}

/**
 * A seam: the one that would be cut glows, the next is hinted at.
 *
 * @param {Context} context
 * @param {Sight} sight
 * @param {[number, number][][]} lines
 * @param {boolean} first
 */
function glow(context, sight, lines, first) {
  context.save();
  context.lineCap = "round";
  context.beginPath();
  for (const line of lines) trace(context, sight, line);
  /** @param {string} colour @param {number} width */
  const stroke = (colour, width) => {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  };
  if (first) {
    context.shadowColor = SEAM;
    context.shadowBlur = 10;
    stroke(CASING, 4.5);
    stroke(SEAM, 2.2);
  } else {
    context.setLineDash([3, 5]);
    stroke(CASING, 3);
    stroke(SEAM, 1.4);
  }
  context.restore();
}

/**
 * The outline that is proposed.
 *
 * @param {Context} context
 * @param {Sight} sight
 * @param {[number, number][]} outline
 */
function propose(context, sight, outline) {
  context.save();
  context.beginPath();
  trace(context, sight, outline);
  context.closePath();
  context.fillStyle = "rgba(255, 225, 77, 0.16)";
  context.fill();
  context.strokeStyle = CASING;
  context.lineWidth = 4.5;
  context.stroke();
  context.setLineDash([7, 4]);
  context.strokeStyle = SEAM;
  context.lineWidth = 2;
  context.stroke();
  context.restore();
}

/**
 * What a brush or an eraser goes over.
 *
 * @param {Context} context
 * @param {Sight} sight
 * @param {Painted} stroke
 */
function painted(context, sight, { line, radius, erases }) {
  context.save();
  context.beginPath();
  trace(context, sight, dab(line));
  context.lineCap = "round";
  context.lineWidth = 2 * radius * sight.zoom;
  context.strokeStyle = erases ? "rgba(20, 20, 24, 0.6)" : "rgba(63, 210, 255, 0.5)";
  context.stroke();
  context.restore();
}

/**
 * The brush under the pointer.
 *
 * @param {Context} context
 * @param {Sight} sight
 * @param {NonNullable<Marks["brush"]>} brush
 */
function circle(context, sight, { x, y, radius }) {
  context.beginPath();
  context.arc(onScreen(sight, x, 0), onScreen(sight, y, 1), radius, 0, 2 * Math.PI);
  context.strokeStyle = CASING;
  context.lineWidth = 3;
  context.stroke();
  context.strokeStyle = POINTED_AT;
  context.lineWidth = 1.2;
  context.stroke();
}

/**
 * @param {Context} context
 * @param {Sight} sight
 * @param {[number, number][]} points
 */
function trace(context, sight, points) {
  points.forEach(([x, y], k) => {
    const [at, down] = [onScreen(sight, x, 0), onScreen(sight, y, 1)];
    if (k) context.lineTo(at, down);
    else context.moveTo(at, down);
  });
}

/**
 * A frame around the scale bar that was found.
 *
 * @param {Context} context
 * @param {Sight} sight
 * @param {PrintedBar} bar
 */
function markBar(context, sight, { box }) {
  const [left, top, right, bottom] = box.map((edge, k) => onScreen(sight, edge - 0.5, k % 2));
  const gap = 4;
  const [width, height] = [right - left + 2 * gap, bottom - top + 2 * gap];
  cased(context, BAR, () => context.roundRect(left - gap, top - gap, width, height, 3));
}

/**
 * A line with a short one across each end.
 *
 * @param {Context} context
 * @param {Sight} sight
 * @param {Line} line
 * @param {string} colour
 */
function strokeLine(context, sight, line, colour) {
  const [x0, y0, x1, y1] = line.map((edge, k) => onScreen(sight, edge, k % 2));
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const [across, down] = [(-(y1 - y0) / length) * 7, ((x1 - x0) / length) * 7];
  cased(context, colour, () => {
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    for (const [x, y] of [[x0, y0], [x1, y1]]) {
      context.moveTo(x - across, y - down);
      context.lineTo(x + across, y + down);
    }
  });
}

/**
 * A text beside the middle of a line, on a ground of its own, within the canvas.
 *
 * @param {Context} context
 * @param {Sight} sight
 * @param {Line} line
 * @param {string} text
 */
function writeAt(context, sight, line, text) {
  const [x0, y0, x1, y1] = line.map((edge, k) => onScreen(sight, edge, k % 2));
  context.font = "600 13px system-ui, sans-serif";
  context.textAlign = "left";
  context.textBaseline = "middle";
  const [width, height] = [context.measureText(text).width + 14, 22];
  const steep = Math.abs(y1 - y0) > Math.abs(x1 - x0);
  const wanted = [
    (x0 + x1) / 2 + (steep ? 14 : -width / 2), (y0 + y1) / 2 + (steep ? -height / 2 : 14),
  ];
  const left = Math.max(4, Math.min(sight.width - width - 4, wanted[0]));
  const top = Math.max(4, Math.min(sight.height - height - 4, wanted[1]));
  context.fillStyle = "rgba(0, 0, 0, 0.75)";
  context.beginPath();
  context.roundRect(left, top, width, height, 4);
  context.fill();
  context.fillStyle = RULER;
  context.fillText(text, left + 7, top + height / 2);
}

/**
 * The box or lasso that is dragged: white dashes on black ones.
 *
 * @param {Context} context
 * @param {Sight} sight
 * @param {{ x: number, y: number }[]} corners in recorded px
 */
function dragged(context, sight, corners) {
  context.beginPath();
  corners.forEach(({ x, y }, k) => {
    const [at, down] = [onScreen(sight, x, 0), onScreen(sight, y, 1)];
    if (k) context.lineTo(at, down);
    else context.moveTo(at, down);
  });
  context.closePath();
  context.fillStyle = "rgba(63, 210, 255, 0.12)";
  context.fill();
  context.strokeStyle = "#000";
  context.lineWidth = 3;
  context.stroke();
  context.strokeStyle = "#fff";
  context.lineWidth = 1.5;
  context.setLineDash([6, 4]);
  context.stroke();
  context.setLineDash([]);
}
