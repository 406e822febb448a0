// The card of what is selected: one particle in full, or several in numbers.

import { IN_SHORT, SHAPES, SIZES, STATES } from "./definitions.js";
import { path } from "./particles.js";
import { REJECTED_BY_HAND, ACCEPTED, ACCEPTED_BY_HAND, REJECTED } from "./state.js";
import { summarise } from "./statistics.js";
import { element, fixed, places } from "./texts.js";

const CUT_OUT = 132; // CSS px

export class Card {
  /** `actions`: edit(keep, rows), travel(direction), zoomTo(row), clear(). */
  constructor(root, actions) {
    this.box = root.querySelector(".sv-card");
    const lines = Object.keys(SIZES).length + Object.keys(SHAPES).length + 2;
    this.box.style.setProperty("--sv-facts", lines); // with confidence and visibility
    this.actions = actions;
    this.picture = new Image();
  }

  load(particles) {
    this.particles = particles;
    this.picture = new Image();
    this.picture.onload = () => this.cutOut && this.drawCutOut(...this.cutOut);
    this.picture.src = particles.image.source;
    this.shown = null;
  }

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
    const focused = this.box.contains(document.activeElement) && document.activeElement.dataset.act;
    const body =
      rows.length === 0 ? this.nothing() : rows.length === 1 ? this.one(state, rows[0]) : this.several(state, rows);
    this.box.replaceChildren(...body);
    this.box.lastChild.append(this.history(state));
    if (focused) {
      const again = this.box.querySelector(`[data-act="${focused}"]:not(:disabled)`);
      (again ?? this.box.querySelector("button:not(:disabled)"))?.focus();
    }
  }

  nothing() {
    const hint = this.particles.n
      ? "Click a particle, a bar or a point, or drag over several, to see and edit them here. " +
        "Shift or Ctrl adds."
      : "";
    return [element("p", "sv-hint", hint), element("div", "sv-buttons")];
  }

  one(state, row) {
    const p = this.particles;
    const code = state.code[row];
    const digits = places(p.max_feret[row]);
    const facts = [
      ...Object.values(SIZES).map(({ key, name }) => [
        name, `${fixed(p[key][row], digits)} ${p.unit}`,
      ]),
      ...Object.values(SHAPES).map(({ key, name, decimals }) => [
        name, fixed(p[key][row], decimals),
      ]),
      ["Confidence", fixed(p.confidence[row], 3)],
      this.seen(row),
    ];
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

  /** How much of a particle is seen, where that is known, and whether the edge cuts it. */
  seen(row) {
    const { visibility, touches_edge } = this.particles;
    const cut = touches_edge[row];
    if (!Number.isFinite(visibility[row])) return ["At the edge", cut ? "yes, cut off" : "no"];
    return ["Visible", `${(100 * visibility[row]).toFixed(0)} %${cut ? ", cut by the edge" : ""}`];
  }

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

  history(state) {
    const undo = this.button("Undo", "undo", () => this.actions.travel(-1), "Ctrl+Z");
    const redo = this.button("Redo", "redo", () => this.actions.travel(1), "Ctrl+Shift+Z");
    undo.disabled = state.done === 0;
    redo.disabled = state.done === state.steps.length;
    const edits = state.counts.excluded_by_hand + state.counts.kept_by_hand;
    const text = edits ? `${edits} decided by hand` : "";
    return element("div", "sv-history", element("span", "sv-hint", text), undo, redo);
  }

  edit(text, keep, rows) {
    const act = keep === null ? "restore" : keep ? "keep" : "exclude";
    return this.button(text, act, () => this.actions.edit(keep, rows));
  }

  button(text, act, clicked, title = "") {
    const made = element("button", "sv-button", text);
    made.type = "button";
    made.dataset.act = act;
    made.title = title;
    made.onclick = clicked;
    return made;
  }

  /** The particle and a little of its surroundings. */
  drawCutOut(canvas, row, code) {
    const ratio = window.devicePixelRatio || 1;
    const { boxes, image } = this.particles;
    const [left, top, right, bottom] = boxes.subarray(4 * row, 4 * row + 4);
    const side = 1.5 * Math.max(right - left, bottom - top, 6);
    const [x, y] = [(left + right - side) / 2, (top + bottom - side) / 2];
    canvas.width = canvas.height = Math.round(CUT_OUT * ratio);
    const context = canvas.getContext("2d");
    const zoom = canvas.width / side;
    context.fillStyle = "#15171c";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.setTransform(zoom, 0, 0, zoom, -x * zoom, -y * zoom);
    if (this.picture.naturalWidth) {
      context.drawImage(this.picture, -0.5, -0.5, image.width, image.height);
    }
    const outline = path(this.particles, row);
    const { selected } = STATES;
    for (const [colour, width] of [["rgba(0, 0, 0, 0.6)", 3.6], [selected.outline, 1.8]]) {
      context.strokeStyle = colour;
      context.lineWidth = (width * ratio) / zoom;
      const dashes = code === REJECTED ? [6, 3] : code === REJECTED_BY_HAND ? [2, 3] : [];
      context.setLineDash(colour === selected.outline ? dashes.map((d) => (d * ratio) / zoom) : []);
      context.stroke(outline);
    }
  }
}
