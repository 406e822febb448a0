// One view in one page: holds the state, redraws what changed, tells Python what is finished.

import { Asking } from "./asking.js";
import { Bar } from "./bar.js";
import { Card } from "./card.js";
import { listen, obey } from "./commands.js";
import { delivered } from "./delivery.js";
import { STATES } from "./definitions.js";
import { find, loadStyle } from "./dom.js";
import { cutBy, draftOf } from "./drafts.js";
import { Frames } from "./frames.js";
import { FullScreen } from "./full_screen.js";
import { Graphs } from "./graphs.js";
import { Help } from "./help.js";
import { Levels } from "./levels.js";
import { Menus } from "./menus.js";
import { Overlay } from "./overlay.js";
import { Panels } from "./panels.js";
import { unpack } from "./particles.js";
import { patched } from "./patching.js";
import { loadPlotly, theme } from "./plots.js";
import { Review } from "./review.js";
import { Room } from "./room.js";
import { listenToSaving } from "./saving.js";
import { Seams } from "./seams.js";
import { State } from "./state.js";
import { Summaries } from "./summaries.js";
import { Table } from "./table.js";
import { described } from "./tip.js";

/** @import { Ask, Component, Draft, Fields, Keep, Packed, Particles, Saved, Select } from "./types.d.ts" */

// What each component last told Python, for when the page takes it away and brings it back; by its
// key in Python. Gone with the browser tab.
/** @type {Map<string, { name: string, saved: Saved }>} */
const remembered = new Map();

const FEW = 4; // selected particles whose seams are shown
const STYLES = ["viewer", "picture", "graph"];

/** @typedef {"filter" | "option" | "selection"} Change */

export class View {
  /** @type {Bar} */
  bar;
  /** @type {FullScreen} */
  full;
  /** @type {Menus} */
  menus;
  /** @type {Panels} */
  panels;
  /** @type {Room} */
  room;
  /** @type {Seams} */
  seams;
  /** @type {Overlay} */
  overlay;
  /** @type {Graphs} */
  graphs;
  /** @type {Card} */
  card;
  /** @type {Table} */
  table;
  /** @type {Component} the latest */
  component;
  /** @type {string} of the picture and the command that are shown */
  name;
  /** @type {Component["data"] | undefined} what is shown */
  shown;
  /** @type {string} of the theme */
  colours;
  /** @type {Particles} */
  particles;
  /** @type {State} */
  state;
  /** @type {Summaries} */
  summaries;
  /** @type {Particles} as the network found them, before any patch */
  base;
  /** @type {string | null} what Python was told last */
  committed = null;
  /** @type {Map<Ask, Draft | null>} how what was asked is drawn until it is there */
  drafts = new Map();
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
    this.undo = find(root, "button[name=do][value=undo]", HTMLButtonElement);
    this.redo = find(root, "button[name=do][value=redo]", HTMLButtonElement);
    this.all = find(root, ".sv-all", HTMLElement);
    /** @type {Frames<Change>} */
    this.frames = new Frames((changed) => this.draw(changed));
    this.ending = new AbortController();
    this.asking = new Asking(
      root, (what, number) => this.send(what, number), () => this.state.done,
      (waiting) => this.sketch(waiting),
      (words) => this.overlay.hint(words, true),
    );
    this.ready = this.prepare(folder);
  }

  /** @param {string} folder */
  async prepare(folder) {
    const loading = loadPlotly(`${folder}plotly.min.js`);
    await loadStyle(this.root, STYLES.map((name) => `${folder}${name}.css`));
    const { signal } = this.ending;
    if (signal.aborted) return;
    this.message.hidden = true;
    this.all.hidden = false;
    /** @type {Select} */
    const select = (rows, add, reveal) => this.select(rows, add, reveal);
    this.seams = new Seams(() => this.overlay.drawMarks(), signal);
    this.bar = new Bar(
      this.root, { filter: (fields) => this.filter(fields), commit: () => this.commit() }, signal,
    );
    this.room = new Room(this.root, signal);
    this.panels = new Panels(this.root, signal);
    this.menus = new Menus(this.root, signal);
    this.full = new FullScreen(this.root, () => this.room.set(), signal);
    this.overlay = new Overlay(
      this.root,
      {
        select,
        describe: (row) => described(this.particles, this.state, row),
        drawn: () => this.drawn(),
        pictured: () => this.card?.redraw(),
        ask: (what) => this.ask(what),
        seams: () => this.seamsInSight(),
        measured: (line) => {
          this.full.turn(false); // the page asks what the line stands for
          this.option({ line });
        },
        full: () => this.full.on,
      },
      signal,
    );
    this.overlay.covered = () => this.panels.covered();
    this.graphs = new Graphs(
      loading,
      this.root,
      {
        select,
        describe: (row) => described(this.particles, this.state, row, this.graphs.look.shape),
        share: (row) => this.overlay.share(row),
        option: (fields) => this.option(fields),
        looked: () => this.frames.ask("option"),
      },
      signal,
    );
    this.card = new Card(this.root, this.overlay.picture, {
      edit: (keep, rows) => this.edit(keep, rows),
      zoomTo: (row) => this.overlay.zoomTo(row),
      command: (command) => obey(this, command),
      left: () => this.overlay.stage.focus({ preventScroll: true }),
      place: (rows, box) => this.panels.placeCard(box, rows, this.particles, this.overlay.sight),
    });
    this.table = new Table(this.root, { select, toggle: (row) => this.toggle(row) }, signal);
    this.help = new Help(this.root, signal);
    this.review = new Review(
      this.root,
      {
        look: (row) => {
          this.select([row], false, true);
          this.overlay.zoomTo(row);
          this.frames.ask("selection");
        },
        act: (act) => (act === "end" ? this.review?.end() : obey(this, act)),
      },
      signal,
    );
    new Levels(this.root, this.overlay.picture, signal);
    listenToSaving(this, loading, signal);
    listen(this, signal);
  }

  /**
   * New data, or the same with another theme, or only the echo of what was committed.
   *
   * @param {Component} component
   */
  async receive(component) {
    this.component = component;
    await this.ready;
    if (this.ending.signal.aborted || this.component !== component) return;
    const { data } = component;
    const picture = await delivered(data, this.ending.signal);
    if (this.ending.signal.aborted || this.component !== component) return;
    const colours = JSON.stringify(theme(this.root));
    const name = JSON.stringify([data.key, data.id, data.command]);
    const compared = this.overlay.ghost.load(data.ghost);
    const answered = this.asking.awaits(data.answer);
    if (answered) this.takeOff(this.asking.what);
    if (answered) this.overlay.propose(data.answer?.proposed ?? null);
    const same = name === this.name;
    const known = this.base?.id === picture.id && data.command === this.shown?.command;
    if (!same && known && this.shown?.key === data.key) {
      this.name = name;
      this.change(data);
    } else if (!same) {
      this.name = name;
      this.colours = colours;
      await this.load(data, picture);
    } else if (colours !== this.colours) {
      this.colours = colours;
      await this.graphs.layOut(this.particles, this.state);
    }
    this.drawHistory();
    if (compared || (answered && same)) this.overlay.draw();
    this.asking.answered(data.answer);
  }

  /**
   * Show another picture, or the same by another command.
   *
   * @param {Component["data"]} data
   * @param {Packed} picture
   */
  async load(data, picture) {
    if (this.base?.id !== picture.id) this.review?.end();
    if (this.base?.id !== picture.id) this.base = unpack(picture);
    if (this.particles?.id !== data.id) this.particles = this.patched(data);
    const { particles } = this;
    this.shown = data;
    this.seams.load(data);
    this.summaries = new Summaries(particles);
    const last = remembered.get(data.key);
    this.state = new State(particles, last?.name === this.name ? last.saved : data.start);
    this.committed = null;
    this.frames.clear();
    this.graphs.load(data.key);
    this.graphs.reckon(this.summaries, this.state);
    this.card.load(particles);
    this.table.load(particles, this.state);
    this.bar.load(particles);
    this.bar.draw(particles, this.state, this.graphs.summary);
    this.drawHistory();
    this.room.load(particles);
    const pictured = this.overlay.load(particles, this.state);
    this.card.draw(this.state);
    await Promise.all([pictured, this.graphs.layOut(particles, this.state)]);
    this.root.dataset.shown = data.id;
    if (this.state.selection.length) this.table.reveal(this.state.selection);
  }

  /**
   * Outlines of the picture that is shown were put right: what else was done in the view stays,
   * also what came while Python was at it.
   *
   * @param {Component["data"]} data
   */
  change(data) {
    this.particles = this.patched(data);
    const { particles, state: before } = this;
    const now = before.save();
    const meanwhile = this.asking.steps === null ? [] : now.steps.slice(this.asking.steps, now.done);
    const steps = [...data.start.steps.slice(0, data.start.done), ...meanwhile];
    const { selection } = data.start.selection.length ? data.start : now;
    this.shown = data;
    this.seams.load(data);
    this.summaries = new Summaries(particles);
    this.state = new State(particles, { ...now, steps, done: steps.length, selection });
    this.committed = null;
    this.card.load(particles);
    this.overlay.load(particles, this.state);
    this.graphs.reckon(this.summaries, this.state);
    this.bar.load(particles);
    this.bar.draw(particles, this.state, this.graphs.summary);
    this.card.draw(this.state);
    this.table.load(particles, this.state);
    this.root.dataset.shown = data.id;
    remembered.set(data.key, { name: this.name, saved: this.state.save() });
    if (meanwhile.length) this.commit();
    // the graph takes longer, and is not where a person looks
    requestAnimationFrame(() => setTimeout(() => this.frames.ask("option")));
  }

  /** @param {Component["data"]} data */
  patched({ patch }) {
    return patch ? patched(this.base, patch) : this.base;
  }

  // ---- what a person does

  /** @param {Partial<Pick<Fields, "threshold" | "filter_on">>} fields */
  filter(fields) {
    Object.assign(this.state, fields);
    this.state.filter();
    this.frames.ask("filter");
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
    const back = direction < 0;
    const settled = back && this.state.done <= this.component.data.settled;
    if (this.asking.waits) this.ask({ do: back ? "undo" : "redo" });
    else if (!settled && this.state.travel(direction)) this.finished("filter");
    else if (this.corrections()[back ? 0 : 1]) this.ask({ do: back ? "undo" : "redo" });
  }

  /**
   * How many corrections of outlines can be undone, and done again: none once something else was
   * decided.
   *
   * @returns {[number, number]}
   */
  corrections() {
    const { history, settled } = this.component.data;
    return [history[0], this.state.steps.length > settled ? 0 : history[1]];
  }

  /** Along which particles would be parted: of those pointed at with the tool, else selected. */
  seamsInSight() {
    const { particles, overlay, state, review } = this;
    const { hovered } = overlay.marks;
    const pointed = hovered >= 0 && overlay.tools.inHand.name === "split";
    const rows = pointed ? [hovered] : state.selection.length <= FEW ? state.selection : [];
    const labels = rows.filter((row) => !overlay.isDrafted(row)).map((row) => particles.label[row]);
    return this.seams.of(labels, review?.coming() ?? []);
  }

  /**
   * Ask Python to change outlines; it answers with new data.
   *
   * @param {Ask} what
   */
  ask(what) {
    this.asking.ask(what);
  }

  /**
   * Draw at once what these will come to.
   *
   * @param {Ask[]} waiting for their answer
   */
  sketch(waiting) {
    const { overlay, drafts: before } = this;
    this.drafts = new Map(
      waiting.map((what) => [what, before.get(what) ?? this.draftOf(what)]),
    );
    const now = [...this.drafts.values()].filter((draft) => draft !== null);
    const same = now.length === overlay.drafts.length && now.every((draft, k) => draft === overlay.drafts[k]);
    if (same) return;
    overlay.draft(now);
    overlay.draw();
  }

  /** @param {Ask} what */
  draftOf(what) {
    const { particles, overlay, seams } = this;
    if (what.do !== "seam") return draftOf(what, particles, 1 / overlay.sight.zoom);
    const [likeliest] = seams.of(what.labels);
    return likeliest ? cutBy(particles, likeliest.label, likeliest.lines) : null;
  }

  /** @param {Ask | null} what that is answered, and about to be shown or refused */
  takeOff(what) {
    if (what) this.drafts.delete(what);
    this.overlay.draft([...this.drafts.values()].filter((draft) => draft !== null));
  }

  /** @param {Ask} what @param {string} number */
  send(what, number) {
    const { id, command } = this.component.data;
    this.commit();
    this.component.setTriggerValue("ask", { id, command, number, ...what });
  }

  /** @param {Partial<Fields>} fields */
  option(fields) {
    Object.assign(this.state, fields);
    this.finished("option");
  }

  // ---- drawing

  /** @param {Change} what */
  finished(what) {
    this.frames.ask(what);
    this.commit();
  }

  /** @param {Set<Change>} changed */
  draw(changed) {
    const { particles, state, graphs } = this;
    const laidOut = changed.has("option");
    if (changed.has("filter") || laidOut) graphs.reckon(this.summaries, state);
    // the table asks where it is scrolled to, which is dear once something else has moved
    this.table.draw(changed.has("filter"));
    this.overlay.draw();
    if (laidOut) graphs.layOut(particles, state);
    else graphs.draw();
    this.bar.draw(particles, state, graphs.summary);
    this.card.draw(state);
    this.review?.draw(particles, state);
    this.drawHistory();
  }

  drawHistory() {
    const { done, steps } = this.state;
    const { settled } = this.component.data;
    const [before, after] = this.corrections();
    // they keep the focus, so that the keys go on
    this.undo.setAttribute("aria-disabled", String(done <= settled && !before));
    this.redo.setAttribute("aria-disabled", String(done === steps.length && !after));
  }

  /** The outlines were painted anew, perhaps in other colours. */
  drawn() {
    this.bar.drawScale(this.overlay, this.particles);
    this.graphs?.recolour();
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
    this.asking.end();
    this.frames.clear();
    this.overlay?.destroy();
    this.graphs?.destroy();
    delete this.root.dataset.shown;
  }
}
