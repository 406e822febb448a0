// The whole view: cards or a table of all pictures beside the curves of their sizes; what is pointed
// at in one is marked in the others.

import { element, loadStyle, setText } from "../dom.js";
import { Cards } from "./cards.js";
import { Curves } from "./curves.js";
import { isDark } from "./swatch.js";
import { Table } from "./table.js";

/** @import { Actions, Card, Component, Data, Order } from "./types.d.ts" */

const ORDERS = /** @type {const} */ ([
  ["given", "as added"],
  ["name", "by name"],
  ["unlike", "unlike the others first"],
]);
const collator = new Intl.Collator(undefined, { numeric: true });

/**
 * How a person left the view, by its key: Streamlit makes it anew whenever its tab is opened.
 *
 * @type {Map<string, { order: Order, falling: boolean, asTable: boolean }>}
 */
const left = new Map();

export class Pictures {
  /**
   * @param {HTMLElement} root
   * @param {string} folder
   */
  constructor(root, folder) {
    this.root = root;
    /** @type {Component | null} */
    this.component = null;
    this.stop = new AbortController();
    /** @type {number | null} */
    this.pinned = null;
    /** @type {Data | null} */
    this.data = null;
    /** @type {{ order: Order, falling: boolean, asTable: boolean }} */
    this.how = { order: "given", falling: false, asTable: false };
    this.styled = loadStyle(root, [`${folder}pictures/pictures.css`]);

    /** @type {Actions} */
    const actions = {
      point: (number) => this.mark(number ?? this.pinned),
      pin: (number) => this.pin(number),
      open: (number) => this.component?.setTriggerValue("open", number),
      sort: (order) => this.sort(order),
    };
    this.cards = new Cards(actions);
    this.table = new Table(actions);
    this.curves = new Curves(actions, `${folder}plotly.min.js`);
    this.said = element("p", "sp-said");
    this.kinds = this.makeKinds();
    this.orders = this.makeOrders();
    const bar = element(
      "div",
      "sp-bar",
      element("span", "sp-kinds", ...this.kinds),
      element("label", "sp-order", "Sorted ", this.orders),
      this.said,
    );
    const list = element("div", "sp-list", this.cards.root, this.table.root);
    root.append(bar, element("div", "sp-main", list, this.curves.root));
    root.addEventListener(
      "keydown",
      (event) => {
        if (event.key === "Escape" && this.pinned !== null) this.pin(this.pinned);
      },
      { signal: this.stop.signal },
    );
  }

  /** @param {Component} component */
  async receive(component) {
    this.component = component;
    this.data = component.data;
    this.how = left.get(component.data.key) ?? this.how;
    left.set(component.data.key, this.how);
    if (this.pinned !== null && !this.data.cards.some((card) => card.number === this.pinned)) {
      this.pinned = null;
    }
    await this.styled;
    this.root.classList.toggle("sp-dark", isDark(this.root));
    this.draw();
    await this.curves.show(this.data);
    this.mark(this.pinned);
    this.root.dataset.shown = "yes";
  }

  destroy() {
    this.stop.abort();
    this.curves.destroy();
  }

  makeKinds() {
    return ["Pictures", "Table"].map((name) => {
      const button = element("button", "sp-kind", name);
      button.type = "button";
      button.addEventListener("click", () => this.showAs(name === "Table"));
      return button;
    });
  }

  makeOrders() {
    const orders = element("select");
    for (const [key, name] of ORDERS) orders.append(new Option(name, key));
    orders.addEventListener("change", () => {
      this.how.falling = false;
      this.how.order = /** @type {Order} */ (orders.value);
      this.draw();
    });
    return orders;
  }

  /** @param {boolean} asTable */
  showAs(asTable) {
    this.how.asTable = asTable;
    this.draw();
  }

  /** @param {Order} order */
  sort(order) {
    this.how.falling = this.how.order === order && !this.how.falling;
    this.how.order = order;
    this.draw();
  }

  draw() {
    if (!this.data) return;
    const { cards, heads } = this.data;
    const { order, falling, asTable } = this.how;
    const sorted = inOrder(cards, order);
    if (falling) sorted.reverse();
    this.kinds.forEach((button, k) =>
      button.setAttribute("aria-pressed", String(asTable === (k === 1))),
    );
    this.orders.value = typeof order === "number" ? "" : order;
    this.cards.root.hidden = asTable;
    this.table.root.hidden = !asTable;
    if (asTable) this.table.show(sorted, heads, order, falling);
    else this.cards.show(sorted);
    const odd = cards.filter((card) => card.reasons.length).length;
    setText(this.said, odd ? `${odd} unlike the others` : "");
    this.mark(this.pinned);
  }

  /** @param {number} number */
  pin(number) {
    this.pinned = this.pinned === number ? null : number;
    this.mark(this.pinned);
  }

  /** @param {number | null} number */
  mark(number) {
    this.cards.mark(number, this.pinned);
    this.table.mark(number, this.pinned);
    this.curves.mark(number);
    if (number === null) delete this.root.dataset.marked;
    else this.root.dataset.marked = String(number);
  }
}

/**
 * @param {Card[]} cards
 * @param {Order} order
 * @returns {Card[]}
 */
function inOrder(cards, order) {
  const sorted = [...cards];
  /** what has no result stands last @param {Card} card */
  const late = (card) => Number(card.state !== "");
  if (order === "name") sorted.sort((a, b) => collator.compare(a.name, b.name));
  else if (order === "unlike") sorted.sort((a, b) => late(a) - late(b) || a.rank - b.rank);
  else if (order !== "given") {
    sorted.sort((a, b) => {
      const [x, y] = [a.cells[order]?.[1] ?? -1, b.cells[order]?.[1] ?? -1];
      const both = typeof x === "number" && typeof y === "number";
      return both ? x - y : collator.compare(String(x), String(y));
    });
  }
  return sorted;
}
