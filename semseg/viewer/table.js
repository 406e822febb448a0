// The table of all particles found. Only the rows in sight exist, so 5,000 are as fast as 50.

import { SHAPES, SIZES } from "./definitions.js";
import { element, find, setText } from "./dom.js";
import { fixed, places } from "./texts.js";

/** @import { Numbers, Particles, Select } from "./types.d.ts" */
/** @import { State } from "./state.js" */

/**
 * @typedef {object} Actions
 * @property {Select} select
 * @property {(row: number) => void} toggle
 */

/**
 * @typedef {object} Column
 * @property {string} name
 * @property {string} title
 * @property {string} [hint]
 * @property {(row: number) => number} value to sort by
 * @property {(row: number) => string} text to read
 */

/** A row of the table that is in sight, and its cells. */
/** @typedef {{ line: HTMLElement, cells: HTMLElement[] }} Line */

const ROW = 28; // px, as in viewer.css
let tables = 0;

export class Table {
  /** @type {Particles} */
  particles;
  /** @type {State} */
  state;
  /** @type {Column[]} */
  columns = [];
  /** @type {Line[]} */
  lines = [];
  /** @type {Uint32Array} rows in the order that is shown */
  order = new Uint32Array(0);
  /** @type {Uint32Array} place of each row in it */
  place = new Uint32Array(0);

  /**
   * @param {Element} root
   * @param {Actions} actions
   * @param {AbortSignal} signal
   */
  constructor(root, actions, signal) {
    this.grid = find(root, ".sv-grid", HTMLElement);
    this.head = find(root, ".sv-head", HTMLElement);
    this.body = find(root, ".sv-body", HTMLElement);
    this.grid.style.setProperty("--sv-sizes", String(Object.keys(SIZES).length));
    this.grid.style.setProperty("--sv-shapes", String(Object.keys(SHAPES).length));
    this.actions = actions;
    this.prefix = `sv-row-${tables++}-`;
    this.sorted = { name: "label", up: true };
    this.active = 0; // place in the order, not row
    this.anchor = 0;
    this.grid.addEventListener("scroll", () => this.window(), { signal });
    this.grid.addEventListener("keydown", (event) => this.key(event), { signal });
    this.body.addEventListener("click", (event) => this.clicked(event), { signal });
  }

  /** @param {Particles} particles @param {State} state */
  load(particles, state) {
    this.particles = particles;
    this.state = state;
    const digits = places(particles.max_feret.reduce((most, size) => Math.max(most, size), 0));
    /** @type {(name: string, values: Numbers, title: string, digits: number, hint?: string) => Column} */
    const number = (name, values, title, digits, hint) => ({
      name, title, hint, value: (i) => values[i], text: (i) => fixed(values[i], digits),
    });
    this.columns = [
      number("label", particles.label, "Id", 0, "Label"),
      ...Object.values(SIZES).map(({ key, name, symbol }) =>
        number(key, particles[key], `${symbol} (${particles.unit})`, digits, name),
      ),
      ...Object.values(SHAPES).map(({ key, symbol, decimals, definition }) =>
        number(key, particles[key], symbol, decimals, definition),
      ),
      number("confidence", particles.confidence, "Confidence", 3),
      {
        name: "edge", title: "At edge", value: (i) => particles.touches_edge[i],
        text: (i) => (particles.touches_edge[i] ? "yes" : "no"),
      },
      {
        name: "state", title: "State",
        value: (i) => this.state.code[i] + (this.state.leftOut(i) ? 0.5 : 0),
        text: (i) => {
          const reason = this.state.reason(i);
          return this.state.name(i) + (reason ? ` (${reason})` : "");
        },
      },
    ];
    this.head.replaceChildren(...this.columns.map((column) => this.headCell(column)));
    this.grid.setAttribute("aria-rowcount", String(particles.n + 1));
    this.body.style.height = `${particles.n * ROW}px`;
    this.active = this.anchor = 0;
    this.sort();
  }

  /** @param {Column} column */
  headCell(column) {
    const cell = element("div", `sv-cell sv-cell-${column.name}`);
    cell.setAttribute("role", "columnheader");
    const button = element("button", "", column.title);
    button.type = "button";
    button.title = column.hint ?? "";
    button.onclick = () => {
      const up = this.sorted.name === column.name ? !this.sorted.up : true;
      this.sorted = { name: column.name, up };
      this.sort();
    };
    cell.append(button);
    return cell;
  }

  sort() {
    const { name, up } = this.sorted;
    const column = this.columns.find((one) => one.name === name) ?? this.columns[0];
    const values = Float64Array.from({ length: this.particles.n }, (_, i) => column.value(i));
    const sign = up ? 1 : -1;
    this.order = Uint32Array.from(values, (_, i) => i);
    this.order.sort((a, b) => sign * (values[a] - values[b]) || a - b);
    this.place = new Uint32Array(this.order.length);
    this.order.forEach((row, at) => (this.place[row] = at));
    this.columns.forEach((one, k) => {
      const sorted = one.name === name ? (up ? "ascending" : "descending") : "none";
      this.head.children[k].setAttribute("aria-sort", sorted);
    });
    this.window();
  }

  /** Make the rows that are in sight. */
  window() {
    const n = this.particles?.n ?? 0;
    // of a longer table the grid may still be scrolled to where there are no rows any more
    const first = Math.min(n, Math.max(0, Math.floor(this.grid.scrollTop / ROW) - 4));
    const last = Math.min(n, first + Math.ceil((this.grid.clientHeight || 320) / ROW) + 8);
    while (this.lines.length > last - first) this.lines.pop()?.line.remove();
    while (this.lines.length < last - first) this.lines.push(this.emptyLine());
    for (let at = first; at < last; at++) this.fill(this.lines[at - first], at);
    const active = n ? `${this.prefix}${this.order[this.active]}` : "";
    this.grid.setAttribute("aria-activedescendant", active);
  }

  /** @returns {Line} */
  emptyLine() {
    const cells = this.columns.map(({ name }) => {
      const cell = element("div", `sv-cell sv-cell-${name}`);
      cell.setAttribute("role", "gridcell");
      return cell;
    });
    const line = element("div", "sv-row", ...cells);
    line.setAttribute("role", "row");
    this.body.append(line);
    return { line, cells };
  }

  /** @param {Line} line @param {number} at */
  fill({ line, cells }, at) {
    const row = this.order[at];
    line.id = `${this.prefix}${row}`;
    line.dataset.row = String(row);
    line.dataset.label = String(this.particles.label[row]);
    line.style.transform = `translateY(${at * ROW}px)`;
    line.setAttribute("aria-rowindex", String(at + 2));
    line.setAttribute("aria-selected", String(Boolean(this.state.selected[row])));
    line.classList.toggle("sv-active", at === this.active);
    line.dataset.state = String(this.state.code[row]);
    line.dataset.counted = String(this.state.counted[row]);
    this.columns.forEach((column, k) => setText(cells[k], column.text(row)));
  }

  /**
   * After a change of filter, edits or selection.
   *
   * @param {boolean} filtered
   */
  draw(filtered) {
    if (filtered && this.sorted.name === "state") this.sort();
    else this.window();
  }

  /**
   * Bring the first of these rows into sight, in the order of the table.
   *
   * @param {number[]} rows
   */
  reveal(rows) {
    if (!rows.length) return;
    this.active = this.anchor = rows.reduce(
      (least, row) => Math.min(least, this.place[row]), Infinity,
    );
    this.scrollToActive(true);
    this.window();
  }

  scrollToActive(middle = false) {
    const head = this.head.offsetHeight;
    const top = this.active * ROW;
    const room = this.grid.clientHeight - head;
    const { scrollTop } = this.grid;
    if (top >= scrollTop && top + ROW <= scrollTop + room) return;
    if (middle) this.grid.scrollTop = top - (room - ROW) / 2;
    else this.grid.scrollTop = top < scrollTop ? top : top + ROW - room;
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const line = event.target instanceof Element && event.target.closest(".sv-row");
    if (!(line instanceof HTMLElement)) return;
    const row = Number(line.dataset.row);
    this.active = this.place[row];
    if (event.shiftKey) this.selectTo(this.active);
    else {
      this.anchor = this.active;
      if (event.ctrlKey || event.metaKey) this.actions.toggle(row);
      else this.actions.select([row], false, false);
    }
    this.window();
  }

  /** @param {number} at */
  selectTo(at) {
    const [from, to] = [Math.min(this.anchor, at), Math.max(this.anchor, at)];
    this.actions.select(Array.from(this.order.subarray(from, to + 1)), true, false);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const n = this.particles?.n ?? 0;
    if (event.target !== this.grid || !n) return;
    const page = Math.max(1, Math.floor(this.grid.clientHeight / ROW) - 2);
    /** @type {Record<string, number>} */
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -n, End: n };
    const step = steps[event.key];
    if (step !== undefined) {
      this.active = Math.max(0, Math.min(n - 1, this.active + step));
      if (event.shiftKey) this.selectTo(this.active);
      else this.anchor = this.active;
      this.scrollToActive();
      this.window();
    } else if (event.key === "Enter" || event.key === " ") {
      const row = this.order[this.active];
      this.anchor = this.active;
      if (event.ctrlKey || event.metaKey || event.key === " ") this.actions.toggle(row);
      else this.actions.select([row], false, false);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
