// How the line of a picture looks, in its colour and stroke.

import { theme } from "../plots.js";

/** @import { Card } from "./types.d.ts" */

const SVG = "http://www.w3.org/2000/svg";
// as plotly draws them
const DASHES = { solid: "", dash: "6 4", dot: "2 3", dashdot: "6 3 2 3", longdash: "10 4" };

/** A short piece of the picture's line. @param {Card} card */
export function swatch(card) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", "sp-swatch");
  drawing.setAttribute("viewBox", "0 0 24 8");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", "M1 4h22");
  line.setAttribute("stroke-dasharray", DASHES[card.stroke]);
  line.style.setProperty("--light", card.light);
  line.style.setProperty("--dark", card.dark);
  drawing.append(line);
  return drawing;
}

/** Whether the page is dark. @param {Element} root */
export function isDark(root) {
  const pen = document.createElement("canvas").getContext("2d");
  if (!pen) return false;
  pen.fillStyle = theme(root).background;
  const [r, g, b] = [1, 3, 5].map((k) => parseInt(pen.fillStyle.toString().slice(k, k + 2), 16));
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}
