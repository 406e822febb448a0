// One view in one page: holds the state, redraws what changed, tells Python what is finished.

import { Bar } from "./bar.js";
import { Card } from "./card.js";
import { Controls } from "./controls.js";
import { SHAPES, STATES } from "./definitions.js";
import { find, loadStyle } from "./dom.js";
import { Histogram } from "./histogram.js";
import { Overlay } from "./overlay.js";
import { unpack } from "./particles.js";
import { loadPlotly, theme } from "./plots.js";
import { Scatter } from "./scatter.js";
import { REJECTED_BY_HAND, State } from "./state.js";
import { Summaries } from "./summaries.js";
import { Table } from "./table.js";
import { described } from "./tip.js";

/** @import { Component, Fields, Keep, Look, Particles, Saved, Select, Summary } from "./types.d.ts" */

// What each component last told Python, for when the page takes it away and brings it back; by its
// key in Python. Gone with the browser tab.
/** @type {Map<string, { name: string, saved: Saved }>} */
const remembered = new Map();
// Which graph each component shows, by the same key: of no concern to Python, so never sent.
/** @type {Map<string, Look>} */
const looks = new Map();
/** @type {Look} */
const FIRST_LOOK = { panel: "sizes", shape: Object.values(SHAPES)[0].key };
const MAX_MEASURES = 1000;

/** @typedef {"filter" | "option" | "selection"} Change */

export class View {
  /** @type {Bar} */
  bar;
  /** @type {Overlay} */
  overlay;
  /** @type {Controls} */
  controls;
  /** @type {Histogram} */
  histogram;
  /** @type {Scatter} */
  scatter;
  /** @type {Card} */
  card;
  /** @type {Table} */
  table;
  /** @type {Component} the latest */
  component;
  /** @type {string} of the picture and the command that are shown */
  name;
  /** @type {string} of the theme */
  colours;
  /** @type {Particles} */
  particles;
  /** @type {State} */
  state;
  /** @type {Look} */
  look;
  /** @type {Summary} of the size chosen, over those that are counted */
  summary;
  /** @type {Summary | null} of the shape, where that is seen */
  shapes;
  /** @type {Summaries} */
  summaries;
  /** @type {string | null} what Python was told last */
  committed = null;
  /** @type {Set<Change>} since the last frame */
  changed = new Set();
  /** @type {number | null} the frame that was asked for */
  frame = null;
  /** @type {number | undefined} when the first change since the last frame came */
  began;
  steps = 0;

  /**
   * @param {HTMLElement} root
   * @param {string} folder
   */
  constructor(root, folder) {
    this.root = root;
    for (const { key, outline, ink } of Object.values(STATES)) {
      root.style.setProperty(`--sv-${key}-outline`, outline);
      root.style.setProperty(`--sv-${key}-ink`, ink);
    }
    this.message = find(root, ".sv-message", HTMLElement);
    this.all = find(root, ".sv-all", HTMLElement);
    this.ending = new AbortController();
    this.ready = this.prepare(folder);
  }

  /** @param {string} folder */
  async prepare(folder) {
    const [Plotly] = await Promise.all([
      loadPlotly(`${folder}plotly.min.js`),
      loadStyle(this.root, `${folder}viewer.css`),
    ]);
    const { signal } = this.ending;
    if (signal.aborted) return;
    this.message.hidden = true;
    this.all.hidden = false;
    /** @type {Select} */
    const select = (rows, add, reveal) => this.select(rows, add, reveal);
    this.bar = new Bar(
      this.root, { filter: (fields) => this.filter(fields), commit: () => this.commit() }, signal,
    );
    this.overlay = new Overlay(
      Plotly,
      this.root,
      {
        select,
        describe: (row) => described(this.particles, this.state, row),
        drawn: () => this.drawn(),
        measured: (line) => this.option({ line }),
      },
      signal,
    );
    this.controls = new Controls(
      this.root,
      { option: (fields) => this.option(fields), look: (fields) => this.lookAt(fields) },
      signal,
    );
    this.histogram = new Histogram(Plotly, this.root, { select }, signal);
    this.scatter = new Scatter(
      Plotly,
      this.root,
      {
        select,
        describe: (row) => described(this.particles, this.state, row, this.look.shape),
        share: (row) => this.overlay.share(row),
      },
      signal,
    );
    this.card = new Card(this.root, {
      edit: (keep, rows) => this.edit(keep, rows),
      travel: (direction) => this.travel(direction),
      zoomTo: (row) => this.overlay.zoomTo(row),
    });
    this.table = new Table(this.root, { select, toggle: (row) => this.toggle(row) }, signal);
    this.root.addEventListener("keydown", (event) => this.key(event), { signal });
    /** @param {PointerEvent} event */
    const focus = ({ target }) => {
      const graph = ".sv-graph, .sv-histogram, .sv-scatter";
      if (target instanceof Element && target.closest(graph)) {
        this.root.focus({ preventScroll: true });
      }
    };
    this.root.addEventListener("pointerdown", focus, { signal });
  }

  /**
   * New data, or the same with another theme, or only the echo of what was committed.
   *
   * @param {Component} component
   */
  async receive(component) {
    this.component = component;
    try {
      await this.ready;
    } catch {
      this.message.textContent =
        "The graphs could not be loaded: plotly.js did not arrive from this server.";
      return;
    }
    if (this.ending.signal.aborted || this.component !== component) return;
    const { data } = component;
    const colours = JSON.stringify(theme(this.root));
    const name = JSON.stringify([data.key, data.id, data.command]);
    if (name !== this.name) {
      this.name = name;
      this.colours = colours;
      await this.load(data);
    } else if (colours !== this.colours) {
      this.colours = colours;
      await this.overlay.retheme();
      await this.layOutGraph();
    }
  }

  /** @param {Component["data"]} data */
  async load(data) {
    if (this.particles?.id !== data.id) this.particles = unpack(data);
    const { particles } = this;
    this.summaries = new Summaries(particles);
    const last = remembered.get(data.key);
    this.state = new State(particles, last?.name === this.name ? last.saved : data.start);
    this.committed = null;
    this.changed.clear();
    this.look = looks.get(data.key) ?? FIRST_LOOK;
    this.reckon();
    this.card.load(particles);
    this.table.load(particles, this.state);
    this.bar.draw(particles, this.state, this.summary);
    this.card.draw(this.state);
    await Promise.all([
      this.overlay.load(particles, this.state),
      this.layOutGraph(),
    ]);
    this.root.dataset.shown = data.id;
    if (this.state.selection.length) this.table.reveal(this.state.selection);
  }

  /** The numbers that are shown: of the size chosen and, beside points, of the shape. */
  reckon() {
    const { state, look, summaries } = this;
    this.summary = summaries.of(state.size, state);
    this.shapes = look.panel === "shape" ? summaries.of(look.shape, state) : null;
  }

  // ---- what a person does

  /** @param {Partial<Pick<Fields, "threshold" | "filter_on">>} fields */
  filter(fields) {
    Object.assign(this.state, fields);
    this.state.filter();
    this.redraw("filter");
  }

  /** @type {Select} */
  select(rows, add, reveal) {
    if (!this.state.select(rows, add)) return;
    if (reveal) this.table.reveal(this.state.selection);
    this.finished("selection");
  }

  /** @param {number} row */
  toggle(row) {
    this.state.toggle(row);
    this.finished("selection");
  }

  /** @param {Keep} keep @param {number[]} rows */
  edit(keep, rows) {
    if (this.state.edit(keep, rows)) this.finished("filter");
  }

  /** @param {-1 | 1} direction */
  travel(direction) {
    if (this.state.travel(direction)) this.finished("filter");
  }

  /** @param {Partial<Fields>} fields */
  option(fields) {
    Object.assign(this.state, fields);
    this.finished("option");
  }

  /**
   * Another graph, or another shape in it.
   *
   * @param {Partial<Look>} fields
   */
  lookAt(fields) {
    this.look = { ...this.look, ...fields };
    looks.set(this.component.data.key, this.look);
    this.redraw("option");
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const field = "input:not([type=range]):not([type=checkbox]):not([type=radio]), select";
    const writing = event.target instanceof Element && event.target.matches(field);
    const command = event.ctrlKey || event.metaKey;
    const letter = event.key.toLowerCase();
    if (event.key === "Escape") this.select([], false, false);
    else if (command && letter === "z" && !writing) this.travel(event.shiftKey ? 1 : -1);
    else if (command && letter === "y" && !writing) this.travel(1);
    else if ((event.key === "Delete" || (letter === "x" && !command)) && !writing) {
      const { selection, code } = this.state;
      this.edit(false, selection.filter((row) => code[row] !== REJECTED_BY_HAND));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // ---- drawing

  /** @param {Change} what */
  finished(what) {
    this.redraw(what);
    this.commit();
  }

  /**
   * Redraw with the next frame, once for all changes until then.
   *
   * @param {Change} what
   */
  redraw(what) {
    this.began ??= performance.now();
    this.changed.add(what);
    this.frame ??= requestAnimationFrame(() => this.step());
  }

  step() {
    this.frame = null;
    const start = performance.now();
    const { particles, state, changed } = this;
    this.changed = new Set();
    if (changed.has("filter") || changed.has("option")) this.reckon();
    this.overlay.draw();
    if (changed.has("option")) this.layOutGraph();
    else this.drawGraph();
    this.bar.draw(particles, state, this.summary);
    this.table.draw(changed.has("filter"));
    this.card.draw(state);
    const end = performance.now();
    if (++this.steps % MAX_MEASURES === 0) performance.clearMeasures("semseg-step");
    performance.measure("semseg-step", { start: this.began, end, detail: { work: end - start } });
    this.began = undefined;
  }

  /** Axes and all of the graph that is seen. */
  layOutGraph() {
    const { particles, state, look, shapes } = this;
    this.controls.draw(particles, state, look);
    if (!shapes) return this.histogram.layOut(particles, state, this.summary);
    this.controls.drawShape(shapes);
    return this.scatter.layOut(particles, state, look.shape, shapes);
  }

  /** What moves in the graph that is seen. */
  drawGraph() {
    const { shapes } = this;
    if (!shapes) return this.histogram.draw(this.summary);
    this.controls.drawShape(shapes);
    this.scatter.draw(shapes);
  }

  /** The picture was painted anew, perhaps in other colours. */
  drawn() {
    this.bar.drawScale(this.overlay, this.particles);
    if (this.look.panel === "shape") this.scatter.recolour();
  }

  // ---- to and fro

  /** Tell Python, when something is new. */
  commit() {
    const { id, command, key } = this.component.data;
    const view = { id, command, ...this.state.packed() };
    const text = JSON.stringify(view);
    if (text === this.committed) return;
    this.committed = text;
    remembered.set(key, { name: this.name, saved: this.state.save() });
    this.component.setStateValue("view", view);
  }

  destroy() {
    this.ending.abort();
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    this.overlay?.destroy();
    this.histogram?.destroy();
    this.scatter?.destroy();
    delete this.root.dataset.shown;
  }
}
