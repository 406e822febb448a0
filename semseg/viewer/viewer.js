// One view in one page: holds the state, redraws what changed, tells Python what is finished.

import { Bar } from "./bar.js";
import { Card } from "./card.js";
import { Controls } from "./controls.js";
import { SHAPES, SIZES, STATES } from "./definitions.js";
import { Histogram } from "./histogram.js";
import { Overlay } from "./overlay.js";
import { unpack } from "./particles.js";
import { loadPlotly, theme } from "./plots.js";
import { Scatter } from "./scatter.js";
import { REJECTED_BY_HAND, State } from "./state.js";
import { ascending, summariseSorted } from "./statistics.js";
import { Table } from "./table.js";
import { fixed, places } from "./texts.js";

const views = new WeakMap(); // root element -> View
// What each component last told Python, for when the page takes it away and brings it back; by its
// key in Python, as {name, saved}. Gone with the browser tab.
const remembered = new Map();
// Which graph each component shows, by the same key: of no concern to Python, so never sent.
const looks = new Map();
const FIRST_LOOK = { panel: "sizes", shape: Object.keys(SHAPES)[0] };
const MAX_MEASURES = 1000;

/** Called by Streamlit for every new data or theme, see __init__.py. */
export function show(root, component, folder) {
  if (!views.has(root)) views.set(root, new View(root, folder));
  return views.get(root).receive(component);
}

/** Called on a page that has no picture yet, so that the first one need not wait. */
export function preload(folder) {
  return loadPlotly(`${folder}plotly.min.js`);
}

/** Called when the page takes the component away. */
export function leave(root) {
  views.get(root)?.destroy();
  views.delete(root);
}

class View {
  constructor(root, folder) {
    this.root = root;
    for (const { key, outline, ink } of Object.values(STATES)) {
      root.style.setProperty(`--sv-${key}-outline`, outline);
      root.style.setProperty(`--sv-${key}-ink`, ink);
    }
    this.message = root.querySelector(".sv-message");
    this.all = root.querySelector(".sv-all");
    this.ending = new AbortController();
    this.changed = new Set();
    this.steps = 0;
    this.ready = this.prepare(folder);
  }

  async prepare(folder) {
    const [Plotly] = await Promise.all([
      loadPlotly(`${folder}plotly.min.js`),
      loadStyle(this.root, `${folder}viewer.css`),
    ]);
    const { signal } = this.ending;
    if (signal.aborted) return;
    this.message.hidden = true;
    this.all.hidden = false;
    const select = (rows, add, reveal) => this.select(rows, add, reveal);
    const commit = () => this.commit();
    this.bar = new Bar(this.root, { filter: (fields) => this.filter(fields), commit }, signal);
    const describe = (row) => this.describe(row);
    const drawn = () => this.drawn();
    this.overlay = new Overlay(Plotly, this.root, { select, describe, drawn }, signal);
    const option = (fields) => this.option(fields);
    const look = (fields) => this.lookAt(fields);
    this.controls = new Controls(this.root, { option, look }, signal);
    this.histogram = new Histogram(Plotly, this.root, { select }, signal);
    const share = (row) => this.overlay.share(row);
    const describePoint = (row) => this.describe(row, this.look.shape);
    this.scatter = new Scatter(Plotly, this.root, { select, describe: describePoint, share }, signal);
    this.card = new Card(this.root, {
      edit: (keep, rows) => this.edit(keep, rows),
      travel: (direction) => this.travel(direction),
      zoomTo: (row) => this.overlay.zoomTo(row),
    });
    const toggle = (row) => {
      this.state.toggle(row);
      this.finished("selection");
    };
    this.table = new Table(this.root, { select, toggle }, signal);
    this.root.addEventListener("keydown", (event) => this.key(event), { signal });
    const focus = (event) => {
      if (event.target.closest(".sv-graph, .sv-histogram, .sv-scatter")) this.root.focus({ preventScroll: true });
    };
    this.root.addEventListener("pointerdown", focus, { signal });
  }

  /** New data, or the same with another theme, or only the echo of what was committed. */
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

  async load(data) {
    if (this.particles?.id !== data.id) this.particles = unpack(data);
    const { particles } = this;
    this.orders = {};
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
    this.summary = this.summarise(this.state.size);
    this.shapes = this.look.panel === "shape" ? this.summarise(this.look.shape) : null;
  }

  /** Summary of the counted ones, in the weighting chosen; `name` is a size or a shape. */
  summarise(name) {
    const { particles, state } = this;
    const values = particles[name];
    const weights = particles.weights[state.weighting];
    const order = (this.orders[`${name} ${state.weighting}`] ??= ascending(values, weights));
    const rows = order.filter((row) => state.counted[row]);
    const of = (column) => Float64Array.from(rows, (row) => column[row]);
    return summariseSorted(of(values), weights && of(weights));
  }

  // ---- what a person does

  filter(fields) {
    Object.assign(this.state, fields);
    this.state.filter();
    this.redraw("filter");
  }

  select(rows, add, reveal) {
    if (!this.state.select(rows, add)) return;
    if (reveal) this.table.reveal(this.state.selection);
    this.finished("selection");
  }

  edit(keep, rows) {
    if (this.state.edit(keep, rows)) this.finished("filter");
  }

  travel(direction) {
    if (this.state.travel(direction)) this.finished("filter");
  }

  option(fields) {
    Object.assign(this.state, fields);
    this.finished("option");
  }

  /** Another graph, or another shape in it. */
  lookAt(fields) {
    this.look = { ...this.look, ...fields };
    looks.set(this.component.data.key, this.look);
    this.redraw("option");
  }

  key(event) {
    const writing = event.target.matches(
      "input:not([type=range]):not([type=checkbox]):not([type=radio]), select",
    );
    const command = event.ctrlKey || event.metaKey;
    const letter = event.key.toLowerCase();
    if (event.key === "Escape") this.select([], false);
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

  finished(what) {
    this.redraw(what);
    this.commit();
  }

  /** Redraw with the next frame, once for all changes until then. */
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
    const { particles, state, look } = this;
    this.controls.draw(particles, state, look);
    if (look.panel === "sizes") return this.histogram.layOut(particles, state, this.summary);
    this.controls.drawShape(this.shapes);
    return this.scatter.layOut(particles, state, look.shape, this.shapes);
  }

  /** What moves in the graph that is seen. */
  drawGraph() {
    if (this.look.panel === "sizes") return this.histogram.draw(this.summary);
    this.controls.drawShape(this.shapes);
    this.scatter.draw(this.shapes);
  }

  /** The picture was painted anew, perhaps in other colours. */
  drawn() {
    this.bar.drawScale(this.overlay, this.particles);
    if (this.look.panel === "shape") this.scatter.recolour();
  }

  /** Lines of the tooltip of a particle; `shape` names one that is wanted too. */
  describe(row, shape) {
    const { particles: p, state } = this;
    const digits = places(p.max_feret[row]);
    const reason = state.reason(row);
    return [
      `Particle ${p.label[row]}: ${state.name(row)}${reason ? `, ${reason}` : ""}`,
      ...Object.values(SIZES).map(
        ({ key, name }) => `${name} ${fixed(p[key][row], digits)} ${p.unit}`,
      ),
      ...(shape ? [`${SHAPES[shape].name} ${fixed(p[shape][row], SHAPES[shape].decimals)}`] : []),
      `Confidence ${fixed(p.confidence[row], 3)}`,
    ];
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
    cancelAnimationFrame(this.frame);
    this.overlay?.destroy();
    this.histogram?.destroy();
    this.scatter?.destroy();
    delete this.root.dataset.shown;
  }
}

/** The style sheet, within the component so that it goes with it. */
function loadStyle(root, address) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  const loaded = new Promise((done) => {
    link.onload = done;
    link.onerror = done; // plain, but usable
  });
  root.querySelectorAll("link").forEach((old) => old.remove());
  root.prepend(link);
  return loaded;
}
