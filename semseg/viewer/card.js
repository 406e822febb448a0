// The card of what is selected: one particle in full, or several in numbers. It stands over a corner
// of the picture while something is selected, until it is closed.

import { IN_SHORT, SHAPES, SIZES, STATES } from "./definitions.js";
import { element, find, findAll, pen } from "./dom.js";
import { ACCEPTED, ACCEPTED_BY_HAND, REJECTED, REJECTED_BY_HAND } from "./state.js";
import { summarise } from "./statistics.js";
import { fixed, places } from "./texts.js";

/** @import { Command } from "./keys.js" */
/** @import { Keep, Particles } from "./types.d.ts" */
/** @import { Picture } from "./picture.js" */
/** @import { State } from "./state.js" */

/**
 * @typedef {object} Actions
 * @property {(keep: Keep, rows: number[]) => void} edit
 * @property {(row: number) => void} zoomTo
 * @property {(command: Command) => void} command
 * @property {() => void} left what had the focus is gone
 * @property {(rows: number[], box: HTMLElement) => void} place the card is there, about these
 */

const CUT_OUT = 96; // CSS px
const MOST_MERGED = 20; // particles that anybody might mean to merge

export class Card {
  /** @type {Particles} */
  particles;
  /** @type {string | null} what is shown, in short */
  shown = null;
  /** @type {[canvas: HTMLCanvasElement, row: number, code: number] | null} */
  cutOut = null;

  /**
   * @param {Element} root
   * @param {Picture} picture
   * @param {Actions} actions
   */
  constructor(root, picture, actions) {
    this.box = find(root, ".sv-card", HTMLElement);
    this.picture = picture;
    this.actions = actions;
  }

  /** @param {Particles} particles */
  load(particles) {
    this.particles = particles;
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
    const inside = active instanceof HTMLElement && this.box.contains(active);
    const focused = inside ? active.dataset.act : undefined;
    if (!rows.length) return this.close();
    this.box.hidden = false;
    const body = rows.length === 1 ? this.one(state, rows[0]) : this.several(state, rows);
    const close = this.button("×", "close", () => this.close(), "Close");
    close.className = "sv-close";
    close.ariaLabel = "Close";
    this.box.replaceChildren(...body, close);
    if (focused) {
      const buttons = findAll(this.box, "button:not(:disabled)", HTMLButtonElement);
      (buttons.find((button) => button.dataset.act === focused) ?? buttons[0])?.focus();
    }
    this.actions.place(rows, this.box);
  }

  close() {
    const focused = this.box.contains(document.activeElement);
    this.box.hidden = true;
    if (focused) this.actions.left(); // the keys would be heard by nobody
  }

  /** @param {State} state @param {number} row */
  one(state, row) {
    const p = this.particles;
    const code = state.code[row];
    const digits = places(p.max_feret[row]);
    /** @type {[title: string, value: string, name?: string][]} */
    const facts = [];
    for (const { key, symbol, name } of Object.values(SIZES)) {
      facts.push([symbol, `${fixed(p[key][row], digits)} ${p.unit}`, name]);
    }
    for (const { key, symbol, name, decimals } of Object.values(SHAPES)) {
      facts.push([symbol, fixed(p[key][row], decimals), name]);
    }
    facts.push(["Confidence", fixed(p.confidence[row], 3)], this.seen(row));
    if (p.weighted && !p.out[row]) facts.push(["Counts as", fixed(p.weight[row], 3)]);
    const list = listed(facts);
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
    buttons.push(
      this.command("Split", "seam", "Split it at the seam that glows (S)"),
      this.command("Merge", "merge", "Merge it with the neighbour of the longest common side (M)"),
      this.command("Redraw", "draw", "Draw its outline anew (D)"),
      this.button("Zoom to it", "zoom", () => this.actions.zoomTo(row)),
    );
    const reason = state.reason(row);
    const title = element("h4", "", `Particle ${p.label[row]}`);
    const mark = element("span", "sv-state", state.name(row));
    mark.classList.add(state.leftOut(row) ? "sv-state-uncounted" : `sv-state-${code}`);
    const why = state.leftOut(row) ? "Not counted" : "Speaks against it";
    const text = reason ? element("p", "sv-reason", `${why}: ${reason}.`) : "";
    const head = element("div", "sv-card-head", title, mark);
    const top = element("div", "sv-card-top", canvas, element("div", "", head, text));
    return [top, list, element("div", "sv-buttons", ...buttons)];
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
    const list = listed(
      IN_SHORT.map(({ key, title }) => [title, `${fixed(summary[key], digits)} ${p.unit}`]),
    );
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
    if (rows.length <= MOST_MERGED) {
      buttons.push(this.command("Merge", "merge", "Make one particle of them; they must touch (M)"));
    }
    const title = element("h4", "", `${rows.length} particles selected`);
    const uncounted = rows.filter((row) => state.leftOut(row)).length;
    const note = uncounted ? `, with ${uncounted} that are kept but not counted` : "";
    const size = element("p", "sv-reason", SIZES[state.size].name + note);
    const head = element("div", "sv-card-head", title);
    return [head, size, list, element("div", "sv-buttons", ...buttons)];
  }

  /** @param {string} text @param {Command} command @param {string} title */
  command(text, command, title) {
    return this.button(text, command, () => this.actions.command(command), title);
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

  /** The picture has arrived, or looks different. */
  redraw() {
    if (this.cutOut) this.drawCutOut(...this.cutOut);
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
    const { boxes } = this.particles;
    const [left, top, right, bottom] = boxes.subarray(4 * row, 4 * row + 4);
    const side = 1.5 * Math.max(right - left, bottom - top, 6);
    const [x, y] = [(left + right - side) / 2, (top + bottom - side) / 2];
    canvas.width = canvas.height = Math.round(CUT_OUT * ratio);
    const context = pen(canvas);
    const zoom = canvas.width / side;
    context.fillStyle = "#15171c";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.setTransform(zoom, 0, 0, zoom, -x * zoom, -y * zoom);
    this.picture.draw(context, zoom);
    const outline = this.particles.outlines.path(row);
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

/**
 * Titles and values below each other; `name` is said where a title is pointed at.
 *
 * @param {[title: string, value: string, name?: string][]} facts
 */
function listed(facts) {
  const lines = facts.map(([title, value, name = ""]) => {
    const term = element("dt", "", title);
    term.title = name;
    return element("div", "", term, element("dd", "", value));
  });
  return element("dl", "sv-facts", ...lines);
}
