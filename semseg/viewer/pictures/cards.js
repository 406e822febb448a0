// A card for each picture: small, with its outlines, what it counts, and why it is unlike the others.

import { STATES } from "../definitions.js";
import { element } from "../dom.js";
import { swatch } from "./swatch.js";

/** @import { Actions, Card } from "./types.d.ts" */

const SVG = "http://www.w3.org/2000/svg";

export class Cards {
  /** @param {Actions} actions */
  constructor(actions) {
    this.actions = actions;
    this.root = element("div", "sp-cards");
    /** @type {Map<number, HTMLElement>} */
    this.nodes = new Map();
  }

  /** @param {Card[]} cards in the order in which they stand */
  show(cards) {
    this.nodes = new Map(cards.map((card) => [card.number, this.make(card)]));
    const kept = document.activeElement instanceof HTMLElement && document.activeElement.dataset;
    const focused = kept && this.root.contains(document.activeElement) ? kept.number : undefined;
    this.root.replaceChildren(...this.nodes.values());
    if (focused !== undefined) this.nodes.get(Number(focused))?.focus();
  }

  /** @param {Card} card */
  make(card) {
    const { point, open } = this.actions;
    const node = element("button", "sp-card");
    node.type = "button";
    node.dataset.number = String(card.number);
    node.classList.toggle("sp-odd", card.reasons.length > 0);
    node.append(picture(card), element("span", "sp-name", swatch(card), name(card.name)));
    if (card.state) node.append(element("span", "sp-state", card.state));
    else node.append(element("span", "sp-figures", card.figures));
    for (const words of card.reasons) node.append(element("span", "sp-reason", words));
    if (card.left_out) {
      node.append(element("span", "sp-left-out", `left out of all together: ${card.left_out}`));
    }
    node.title = `Show ${card.name} under Sizes`;
    node.addEventListener("click", () => open(card.number));
    for (const event of ["mouseenter", "focus"]) {
      node.addEventListener(event, () => point(card.number));
    }
    for (const event of ["mouseleave", "blur"]) node.addEventListener(event, () => point(null));
    return node;
  }

  /**
   * @param {number | null} number
   * @param {number | null} pinned
   */
  mark(number, pinned) {
    for (const [own, node] of this.nodes) {
      node.classList.toggle("sp-marked", own === number);
      node.classList.toggle("sp-pinned", own === pinned);
    }
  }

  /** Scroll a card into what is seen. @param {number} number */
  reveal(number) {
    this.nodes.get(number)?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }
}

/** A name that may break behind its points and lines. @param {string} text */
function name(text) {
  const parts = text.split(/(?<=[._-])/);
  return element("b", "", ...parts.flatMap((part) => [part, document.createElement("wbr")]));
}

/** @param {Card} card */
function picture(card) {
  const { width, height, step, thumbnail, outlines } = card;
  const frame = element("span", "sp-thumb");
  frame.style.aspectRatio = `${width} / ${height}`;
  if (thumbnail) {
    const image = element("img");
    image.src = thumbnail;
    image.alt = "";
    frame.append(image);
  }
  const drawing = document.createElementNS(SVG, "svg");
  // vertices count from the centre of the first recorded pixel
  const [left, wide, high] = [-0.5 / step, width / step, height / step];
  drawing.setAttribute("viewBox", `${left} ${left} ${wide} ${high}`);
  for (const key of /** @type {const} */ (["rejected", "not_counted", "accepted"])) {
    const line = outlines[key];
    if (!line) continue;
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", line);
    path.setAttribute("stroke", STATES[key].outline);
    if (STATES[key].dashed) path.setAttribute("stroke-dasharray", "4 3");
    drawing.append(path);
  }
  frame.append(drawing);
  return frame;
}
