// The card of what is selected: one particle in full, or several in numbers.

import { IN_SHORT, SHAPES, SIZES, STATES } from "./definitions.js";
import { element, find, findAll, pen } from "./dom.js";
import { path } from "./particles.js";
import { ACCEPTED, ACCEPTED_BY_HAND, REJECTED, REJECTED_BY_HAND } from "./state.js";
import { summarise } from "./statistics.js";
import { fixed, places } from "./texts.js";

/** @import { Keep, Particles } from "./types.d.ts" */
/** @import { State } from "./state.js" */

/**
 * @typedef {object} Actions
 * @property {(keep: Keep, rows: number[]) => void} edit
 * @property {(direction: -1 | 1) => void} travel
 * @property {(row: number) => void} zoomTo
 */

const CUT_OUT = 132; // CSS px

export class Card {
  /** @type {Particles} */
  particles;
  /** @type {string | null} what is shown, in short */
  shown = null;
  /** @type {[canvas: HTMLCanvasElement, row: number, code: number] | null} */
  cutOut = null;

  /**
   * @param {Element} root
   * @param {Actions} actions
   */
  constructor(root, actions) {
    this.box = find(root, ".sv-card", HTMLElement);
    const lines = Object.keys(SIZES).length + Object.keys(SHAPES).length + 2;
    this.box.style.setProperty("--sv-facts", String(lines)); // with confidence and visibility
    this.actions = actions;
    this.picture = new Image();
  }

  /** @param {Particles} particles */
  load(particles) {
    this.particles = particles;
    this.picture = new Image();
    this.picture.onload = () => this.cutOut && this.drawCutOut(...this.cutOut);
    this.picture.src = particles.image.source;
    this.shown = null;
  }

  /** @param {State} state */
  draw(state) {
    const rows = state.selection;
    const codes = rows.length < 3 ? rows.map((row) => state.code[row]) : state.code;
    const key = JSON.stringify([
      rows.length, rows[0], rows[rows.length - 1], state.size, state.done, state.steps.length,
      rows.length < 3 ? codes : state.counts, rows.length > 2 && rows.reduce((a, b) => a + b, 0),
    ]);
    if (key === this.shown) return;
    this.shown = key;
    this.cutOut = null;
    const active = document.activeElement;
    const focused =
      active instanceof HTMLElement && this.box.contains(active) ? active.dataset.act : undefined;
    const body =
      rows.length === 0 ? this.nothing() : rows.length === 1 ? this.one(state, rows[0]) : this.several(state, rows);
    this.box.replaceChildren(...body);
    find(this.box, ":scope > .sv-buttons", HTMLElement).append(this.history(state));
    if (focused) {
      const buttons = findAll(this.box, "button:not(:disabled)", HTMLButtonElement);
      (buttons.find((button) => button.dataset.act === focused) ?? buttons[0])?.focus();
    }
  }

  nothing() {
    const hint = this.particles.n
      ? "Click a particle, a bar or a point, or drag over several, to see and edit them here. " +
        "Shift or Ctrl adds."
      : "";
    return [element("p", "sv-hint", hint), element("div", "sv-buttons")];
  }

  /** @param {State} state @param {number} row */
  one(state, row) {
    const p = this.particles;
    const code = state.code[row];
    const digits = places(p.max_feret[row]);
    /** @type {[title: string, value: string][]} */
    const facts = [];
    for (const { key, name } of Object.values(SIZES)) {
      facts.push([name, `${fixed(p[key][row], digits)} ${p.unit}`]);
    }
    for (const { key, name, decimals } of Object.values(SHAPES)) {
      facts.push([name, fixed(p[key][row], decimals)]);
    }
    facts.push(["Confidence", fixed(p.confidence[row], 3)], this.seen(row));
    if (p.weighted && !p.out[row]) facts.push(["Counts as", fixed(p.weight[row], 3)]);
    const list = element("dl", "sv-facts");
    for (const [title, value] of facts) list.append(element("dt", "", title), element("dd", "", value));
    const canvas = element("canvas", "sv-cutout");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Particle ${p.label[row]}`);
    this.cutOut = [canvas, row, code];
    this.drawCutOut(canvas, row, code);
    const buttons = [];
    if (code === ACCEPTED) buttons.push(this.edit("Exclude", false, [row]));
    if (code === REJECTED) buttons.push(this.edit("Keep anyway", true, [row]));
    if (code === REJECTED_BY_HAND) buttons.push(this.edit("Restore", null, [row]));
    if (code === ACCEPTED_BY_HAND) {
      buttons.push(this.edit("Take back", null, [row]), this.edit("Exclude", false, [row]));
    }
    buttons.push(this.button("Zoom to it", "zoom", () => this.actions.zoomTo(row)));
    const reason = state.reason(row);
    const title = element("h4", "", `Particle ${p.label[row]}`);
    const mark = element("span", "sv-state", state.name(row));
    mark.classList.add(state.leftOut(row) ? "sv-state-uncounted" : `sv-state-${code}`);
    const why = state.leftOut(row) ? "Not counted" : "Speaks against it";
    const text = reason ? element("p", "sv-reason", `${why}: ${reason}.`) : "";
    const head = element("div", "sv-card-head", title, mark);
    const side = element("div", "sv-card-side", canvas);
    const main = element("div", "sv-card-main", head, text, list);
    return [element("div", "sv-card-body", side, main), element("div", "sv-buttons", ...buttons)];
  }

  /**
   * How much of a particle is seen, where that is known, and whether the edge cuts it.
   *
   * @param {number} row
   * @returns {[title: string, value: string]}
   */
  seen(row) {
    const { visibility, touches_edge } = this.particles;
    const cut = touches_edge[row];
    if (!Number.isFinite(visibility[row])) return ["At the edge", cut ? "yes, cut off" : "no"];
    return ["Visible", `${(100 * visibility[row]).toFixed(0)} %${cut ? ", cut by the edge" : ""}`];
  }

  /** @param {State} state @param {number[]} rows */
  several(state, rows) {
    const p = this.particles;
    const values = Float64Array.from(rows, (row) => p[state.size][row]);
    const weights = p.weights[state.weighting];
    const summary = summarise(values, weights && Float64Array.from(rows, (row) => weights[row]));
    const digits = places(summary.mean);
    const list = element("dl", "sv-facts");
    for (const { key, title } of IN_SHORT) {
      list.append(
        element("dt", "", title),
        element("dd", "", `${fixed(summary[key], digits)} ${p.unit}`),
      );
    }
    /** @param {number[]} codes */
    const of = (...codes) => rows.filter((row) => codes.includes(state.code[row]));
    const [excluded, rejected] = [of(REJECTED_BY_HAND), of(REJECTED)];
    const edited = of(REJECTED_BY_HAND, ACCEPTED_BY_HAND);
    const buttons = [];
    if (excluded.length < rows.length) {
      buttons.push(this.edit("Exclude all", false, of(ACCEPTED, REJECTED, ACCEPTED_BY_HAND)));
    }
    if (rejected.length) buttons.push(this.edit("Keep all anyway", true, rejected));
    if (edited.length) buttons.push(this.edit("Restore all", null, edited));
    const title = element("h4", "", `${rows.length} particles selected`);
    const uncounted = rows.filter((row) => state.leftOut(row)).length;
    const note = uncounted ? `, with ${uncounted} that are kept but not counted` : "";
    const size = element("p", "sv-reason", SIZES[state.size].name + note);
    const head = element("div", "sv-card-head", title);
    return [head, size, list, element("div", "sv-buttons", ...buttons)];
  }

  /** @param {State} state */
  history(state) {
    const undo = this.button("Undo", "undo", () => this.actions.travel(-1), "Ctrl+Z");
    const redo = this.button("Redo", "redo", () => this.actions.travel(1), "Ctrl+Shift+Z");
    undo.disabled = state.done === 0;
    redo.disabled = state.done === state.steps.length;
    const edits = state.counts.excluded_by_hand + state.counts.kept_by_hand;
    const text = edits ? `${edits} decided by hand` : "";
    return element("div", "sv-history", element("span", "sv-hint", text), undo, redo);
  }

  /** @param {string} text @param {Keep} keep @param {number[]} rows */
  edit(text, keep, rows) {
    const act = keep === null ? "restore" : keep ? "keep" : "exclude";
    return this.button(text, act, () => this.actions.edit(keep, rows));
  }

  /** @param {string} text @param {string} act @param {() => void} clicked @param {string} title */
  button(text, act, clicked, title = "") {
    const made = element("button", "sv-button", text);
    made.type = "button";
    made.dataset.act = act;
    made.title = title;
    made.onclick = clicked;
    return made;
  }

  /**
   * The particle and a little of its surroundings.
   *
   * @param {HTMLCanvasElement} canvas
   * @param {number} row
   * @param {number} code
   */
  drawCutOut(canvas, row, code) {
    const ratio = window.devicePixelRatio || 1;
    const { boxes, image } = this.particles;
    const [left, top, right, bottom] = boxes.subarray(4 * row, 4 * row + 4);
    const side = 1.5 * Math.max(right - left, bottom - top, 6);
    const [x, y] = [(left + right - side) / 2, (top + bottom - side) / 2];
    canvas.width = canvas.height = Math.round(CUT_OUT * ratio);
    const context = pen(canvas);
    const zoom = canvas.width / side;
    context.fillStyle = "#15171c";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.setTransform(zoom, 0, 0, zoom, -x * zoom, -y * zoom);
    if (this.picture.naturalWidth) {
      context.drawImage(this.picture, -0.5, -0.5, image.width, image.height);
    }
    const outline = path(this.particles, row);
    const px = ratio / zoom;
    context.strokeStyle = "rgba(0, 0, 0, 0.6)";
    context.lineWidth = 3.6 * px;
    context.stroke(outline);
    const dashes = code === REJECTED ? [6, 3] : code === REJECTED_BY_HAND ? [2, 3] : [];
    context.strokeStyle = STATES.selected.outline;
    context.lineWidth = 1.8 * px;
    context.setLineDash(dashes.map((length) => length * px));
    context.stroke(outline);
  }
}
