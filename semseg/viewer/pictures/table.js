// A row for each picture, sorted by any column.

import { element } from "../dom.js";
import { swatch } from "./swatch.js";

/** @import { Actions, Card, Order } from "./types.d.ts" */

export class Table {
  /** @param {Actions} actions */
  constructor(actions) {
    this.actions = actions;
    this.head = element("tr");
    this.body = element("tbody");
    this.root = element(
      "div",
      "sp-table",
      element("table", "", element("thead", "", this.head), this.body),
    );
    /** @type {Map<number, HTMLElement>} */
    this.rows = new Map();
  }

  /**
   * @param {Card[]} cards in the order in which they stand
   * @param {string[]} heads
   * @param {Order} order
   * @param {boolean} falling
   */
  show(cards, heads, order, falling) {
    /** @type {[Order, string][]} */
    const columns = [["name", "Picture"]];
    heads.forEach((text, k) => columns.push([k, text]));
    this.head.replaceChildren(
      ...columns.map(([key, text]) => {
        const button = element("button", "", text);
        button.type = "button";
        button.addEventListener("click", () => this.actions.sort(key));
        const cell = element("th", "", button);
        cell.scope = "col";
        if (key === order) cell.ariaSort = falling ? "descending" : "ascending";
        return cell;
      }),
    );
    this.rows = new Map(cards.map((card) => [card.number, this.make(card, heads.length)]));
    this.body.replaceChildren(...this.rows.values());
  }

  /**
   * @param {Card} card
   * @param {number} columns
   */
  make(card, columns) {
    const { point, pin, open } = this.actions;
    const link = element("button", "sp-link", card.name);
    link.type = "button";
    link.title = `Show ${card.name} under Sizes`;
    link.addEventListener("click", (event) => {
      event.stopPropagation();
      open(card.number);
    });
    const first = element("td", "", swatch(card), link);
    for (const words of card.reasons) first.append(element("span", "sp-reason", words));
    const rest = card.cells.map(([text]) => element("td", "", text));
    if (card.state) {
      const cell = element("td", "sp-state", card.state);
      cell.colSpan = columns;
      rest.push(cell);
    }
    const row = element("tr", "", first, ...rest);
    row.dataset.number = String(card.number);
    row.tabIndex = 0;
    row.addEventListener("click", () => pin(card.number));
    row.addEventListener("keydown", (event) => {
      if (event.target === row && event.key === "Enter") pin(card.number);
    });
    for (const event of ["mouseenter", "focusin"]) {
      row.addEventListener(event, () => point(card.number));
    }
    for (const event of ["mouseleave", "focusout"]) row.addEventListener(event, () => point(null));
    return row;
  }

  /**
   * @param {number | null} number
   * @param {number | null} pinned
   */
  mark(number, pinned) {
    for (const [own, row] of this.rows) {
      row.classList.toggle("sp-marked", own === number);
      row.classList.toggle("sp-pinned", own === pinned);
      row.ariaSelected = String(own === pinned);
    }
  }
}
