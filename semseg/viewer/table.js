// The table of all particles found. Only the rows in sight exist, so 5,000 are as fast as 50.

import { SHAPES, SIZES } from "./definitions.js";
import { element, fixed, places, setText } from "./texts.js";

const ROW = 28; // px, as in viewer.css
let tables = 0;

export class Table {
  /** `actions`: select(rows, add), toggle(row). */
  constructor(root, actions, signal) {
    this.grid = root.querySelector(".sv-grid");
    this.head = root.querySelector(".sv-head");
    this.body = root.querySelector(".sv-body");
    this.grid.style.setProperty("--sv-sizes", Object.keys(SIZES).length);
    this.grid.style.setProperty("--sv-shapes", Object.keys(SHAPES).length);
    this.actions = actions;
    this.prefix = `sv-row-${tables++}-`;
    this.sorted = { name: "label", up: true };
    this.active = 0; // place in the order, not row
    this.anchor = 0;
    this.grid.addEventListener("scroll", () => this.window(), { signal });
    this.grid.addEventListener("keydown", (event) => this.key(event), { signal });
    this.body.addEventListener("click", (event) => this.clicked(event), { signal });
  }

  load(particles, state) {
    this.particles = particles;
    this.state = state;
    const digits = places(particles.max_feret.reduce((most, size) => Math.max(most, size), 0));
    const number = (name, title, places, hint) => ({
      name, title, hint, value: (i) => particles[name][i], text: (i) => fixed(particles[name][i], places),
    });
    this.columns = [
      number("label", "Id", 0, "Label"),
      ...Object.values(SIZES).map(({ key, name, symbol }) =>
        number(key, `${symbol} (${particles.unit})`, digits, name),
      ),
      ...Object.values(SHAPES).map(({ key, symbol, decimals, definition }) =>
        number(key, symbol, decimals, definition),
      ),
      number("confidence", "Confidence", 3),
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
    this.grid.setAttribute("aria-rowcount", particles.n + 1);
    this.body.style.height = `${particles.n * ROW}px`;
    this.active = this.anchor = 0;
    this.sort();
  }

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
    const column = this.columns.find((one) => one.name === name);
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
    const first = Math.max(0, Math.floor(this.grid.scrollTop / ROW) - 4);
    const last = Math.min(n, first + Math.ceil((this.grid.clientHeight || 320) / ROW) + 8);
    while (this.body.children.length > last - first) this.body.lastChild.remove();
    while (this.body.children.length < last - first) this.body.append(this.emptyRow());
    for (let at = first; at < last; at++) this.fill(this.body.children[at - first], at);
    const active = n ? `${this.prefix}${this.order[this.active]}` : "";
    this.grid.setAttribute("aria-activedescendant", active);
  }

  emptyRow() {
    const line = element("div", "sv-row");
    line.setAttribute("role", "row");
    for (const column of this.columns) {
      const cell = element("div", `sv-cell sv-cell-${column.name}`);
      cell.setAttribute("role", "gridcell");
      line.append(cell);
    }
    return line;
  }

  fill(line, at) {
    const row = this.order[at];
    line.id = `${this.prefix}${row}`;
    line.dataset.row = row;
    line.dataset.label = this.particles.label[row];
    line.style.transform = `translateY(${at * ROW}px)`;
    line.setAttribute("aria-rowindex", at + 2);
    line.setAttribute("aria-selected", String(Boolean(this.state.selected[row])));
    line.classList.toggle("sv-active", at === this.active);
    line.dataset.state = this.state.code[row];
    line.dataset.counted = this.state.counted[row];
    this.columns.forEach((column, k) => setText(line.children[k], column.text(row)));
  }

  /** After a change of filter, edits or selection. */
  draw(filtered) {
    if (filtered && this.sorted.name === "state") this.sort();
    else this.window();
  }

  /** Bring the first of these rows into sight, in the order of the table. */
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

  clicked(event) {
    const line = event.target.closest(".sv-row");
    if (!line) return;
    const row = Number(line.dataset.row);
    this.active = this.place[row];
    if (event.shiftKey) this.selectTo(this.active);
    else {
      this.anchor = this.active;
      if (event.ctrlKey || event.metaKey) this.actions.toggle(row);
      else this.actions.select([row], false);
    }
    this.window();
  }

  selectTo(at) {
    const [from, to] = [Math.min(this.anchor, at), Math.max(this.anchor, at)];
    this.actions.select(Array.from(this.order.subarray(from, to + 1)), true);
  }

  key(event) {
    const n = this.particles?.n ?? 0;
    if (event.target !== this.grid || !n) return;
    const page = Math.max(1, Math.floor(this.grid.clientHeight / ROW) - 2);
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
      else this.actions.select([row], false);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
