// The picture with its outlines: three canvases on a stage that is moved and zoomed.

import { centred, fitted, moved, resized, zoomed } from "./camera.js";
import { Pressed, find, findAll, pen, setText } from "./dom.js";
import { paint, sizeColour } from "./drawing.js";
import { cut, masking, outlining, splitting } from "./editing.js";
import { Gestures } from "./gestures.js";
import { Ghost } from "./ghost.js";
import { paintMarks } from "./marks.js";
import { OwnBar } from "./own_bar.js";
import { painting } from "./painting.js";
import { finder } from "./particles.js";
import { Picture } from "./picture.js";
import { adds } from "./plots.js";
import { ruler, rulerText } from "./ruler.js";
import { scaleLine } from "./scale_line.js";
import { selecting } from "./select.js";
import { Tip } from "./tip.js";
import { Tools } from "./tools.js";

/** @import { Ask, Box, Draft, KnownSeam, Line, Marks, Options, Particles, Place, Range, Select, Sight } from "./types.d.ts" */
/** @import { State } from "./state.js" */

/**
 * @typedef {object} Actions
 * @property {Select} select
 * @property {(row: number) => string[]} describe lines of the tooltip
 * @property {() => void} drawn the outlines were painted, perhaps in other colours
 * @property {() => void} pictured the picture was
 * @property {(line: Line) => void} measured a line was drawn over the scale bar
 * @property {(what: Ask) => void} ask Python to change outlines
 * @property {() => KnownSeam[]} seams along which one would be parted, the likeliest first
 * @property {() => boolean} full whether the view fills the screen
 */

const NONE = { seams: [], proposed: null, brush: null, stroke: null };
const HINT = 2200; // ms that a hint is read
const PROPOSED = "Click in it or press Enter to take it; Esc refuses";
const READ = 6000; // ms for a sentence
const SEAMS = 2; // that are shown: the one that would be cut, and the next
const HALF = 0.5; // of the stage, that something over it may take before it is ignored

export class Overlay {
  /** @type {Particles} */
  particles;
  /** @type {State} */
  state;
  /** @type {Sight} */
  sight = { zoom: 1, left: 0, top: 0, width: 0, height: 0 };
  /** whether all of the picture is shown, as large as the stage allows */
  fits = true;
  /** @type {Range} of the sizes */
  range = [0, 0];
  /** @type {Marks} */
  marks = { shape: null, line: null, ruler: null, hovered: -1, ...NONE };
  /** @type {(x: number, y: number) => number} the particle at a place of the picture, or -1 */
  at = () => -1;
  /** @type {() => number} CSS px at the right of the stage under something else */
  covered = () => 0;
  /** @type {Draft[]} what was asked for, until it is there */
  drafts = [];
  /** @type {number | undefined} */
  hinting;

  /**
   * @param {Element} root
   * @param {Actions} actions
   * @param {AbortSignal} signal
   */
  constructor(root, actions, signal) {
    this.actions = actions;
    this.stage = find(root, ".sv-stage", HTMLElement);
    /** @param {string} name */
    const layer = (name) => pen(find(this.stage, name, HTMLCanvasElement));
    this.layers = {
      image: layer(".sv-image"), ghost: layer(".sv-ghosts"), outlines: layer(".sv-canvas"),
      marks: layer(".sv-marks"),
    };
    this.invert = new Pressed(find(this.stage, ".sv-invert", HTMLElement), signal);
    this.ghost = new Ghost(this.stage, () => this.draw(), signal);
    this.tip = new Tip(find(this.stage, ".sv-tip", HTMLElement), this.stage, actions.describe);
    this.note = find(this.stage, ".sv-note", HTMLElement);
    this.length = find(this.stage, ".sv-length", HTMLElement);
    this.ownBar = new OwnBar(root);
    this.picture = new Picture(() => this.drawImage());
    this.switches = findAll(root, ".sv-show input", HTMLInputElement);
    this.options = this.chosen();
    for (const input of this.switches) {
      const changed = () => {
        this.options = this.chosen();
        this.draw();
      };
      input.addEventListener("change", changed, { signal });
    }
    const tools = [
      selecting(this, "box"), selecting(this, "lasso"), ruler(this), splitting(this),
      outlining(this), masking(this), painting(this, "brush"), painting(this, "eraser"),
    ];
    this.tools = new Tools(root, this.stage, tools, signal);
    scaleLine(root, this, signal);
    this.gestures = new Gestures(
      this.stage,
      {
        placeOf: (event) => this.placeOf(event),
        begin: (place, event) => this.tools.begin(place, event),
        move: (dx, dy) => this.look(moved(this.sight, dx, dy, this.particles.image)),
        zoom: (factor, x, y) => this.zoom(factor, x, y),
        fit: () => this.fit(),
        click: (place, event) => this.clicked(place, event),
        hover: (place) => this.hover(place),
        full: actions.full,
        finger: () => actions.full() || this.tools.borrowed !== null,
        hint: (words) => this.hint(words),
      },
      signal,
    );
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(this.stage);
  }

  /**
   * The switches as they are set.
   *
   * @returns {Options}
   */
  chosen() {
    const on = new Set(this.switches.filter((input) => input.checked).map((input) => input.name));
    return {
      outlines: on.has("outlines"),
      fill: on.has("fill"),
      ids: on.has("ids"),
      colour: on.has("colour"),
      hide: on.has("hide"),
      bar: on.has("bar"),
    };
  }

  /**
   * Show a picture; the zoom stays when it is the same one.
   *
   * @param {Particles} particles
   * @param {State} state
   */
  async load(particles, state) {
    const same = this.particles?.image.source === particles.image.source;
    this.particles = particles;
    this.state = state;
    this.at = finder(particles);
    this.marks.hovered = -1; // rows are others
    if (!same) {
      this.marks = { shape: null, line: null, ruler: null, hovered: -1, ...NONE };
      this.fits = true;
    }
    const arrived = this.picture.load(particles.image);
    this.resize();
    this.draw();
    await arrived;
  }

  /**
   * Turn a switch.
   *
   * @param {keyof Options} name
   */
  toggle(name) {
    this.switches.find((input) => input.name === name)?.click();
  }

  // ---- where the picture is

  /** @param {{ clientX: number, clientY: number }} event @returns {Place} */
  placeOf({ clientX, clientY }) {
    const { left, top } = this.stage.getBoundingClientRect();
    return this.placeAt(clientX - left, clientY - top);
  }

  /** @param {number} x CSS px on the stage @param {number} y @returns {Place} */
  placeAt(x, y) {
    const { zoom, left, top } = this.sight;
    return { x, y, dataX: left + x / zoom, dataY: top + y / zoom };
  }

  /** @param {number} x recorded px @param {number} y @returns {[number, number]} CSS px */
  placeOn(x, y) {
    const { zoom, left, top } = this.sight;
    return [(x - left) * zoom, (y - top) * zoom];
  }

  /**
   * Show another part of the picture.
   *
   * @param {Sight} sight
   */
  look(sight, fits = false) {
    this.sight = sight;
    this.fits = fits;
    this.stage.dataset.sight = JSON.stringify(sight);
    this.drawImage();
    this.draw();
  }

  fit() {
    if (!this.particles || !this.sight.width) return;
    this.look(fitted(this.particles.image, this.sight, this.covered() > 0), true);
  }

  /** @param {number} factor @param {number} x @param {number} y */
  zoom(factor, x = this.sight.width / 2, y = this.sight.height / 2) {
    this.look(zoomed(this.sight, factor, x, y, this.particles.image));
  }

  /** @param {number} dx CSS px @param {number} dy */
  move(dx, dy) {
    this.look(moved(this.sight, dx, dy, this.particles.image));
  }

  /**
   * Show one particle large, where nothing lies over the stage.
   *
   * @param {number} row
   */
  zoomTo(row) {
    const [left, top, right, bottom] = this.particles.boxes.subarray(4 * row, 4 * row + 4);
    const { width } = this.sight;
    const free = this.covered() < HALF * width ? width - this.covered() : width;
    /** @type {Box} */
    const box = [left, top, right, bottom];
    this.look(centred(this.sight, box, this.particles.image, free));
  }

  /** The stage has another size. */
  resize() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width || !height || !this.particles) return; // in a tab that is closed
    const ratio = window.devicePixelRatio || 1;
    for (const { canvas } of Object.values(this.layers)) {
      const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (canvas.width !== across) canvas.width = across;
      if (canvas.height !== down) canvas.height = down;
    }
    const unseen = !this.sight.width;
    const { image } = this.particles;
    this.sight = unseen ? { ...this.sight, width, height } : resized(this.sight, { width, height }, image);
    if (this.fits || unseen) this.fit();
    else this.look(this.sight);
  }

  // ---- painting

  drawImage() {
    if (!this.sight.width) return;
    this.picture.paint(this.layers.image, this.sight);
    this.actions.pictured();
  }

  /** Outlines, marks and the scale bar below. */
  draw() {
    if (!this.particles || !this.sight.width) return;
    let [least, greatest] = [Infinity, -Infinity];
    for (const size of this.particles[this.state.size]) {
      if (size < least) least = size;
      if (size > greatest) greatest = size;
    }
    this.range = [least, greatest];
    this.ghost.paint(this.layers.ghost, this.sight, this.particles, this.state);
    const { layers, sight, particles, state, options, range, drafts } = this;
    paint(layers.outlines, sight, particles, state, options, range, drafts);
    this.stage.dataset.drafts = String(drafts.length);
    this.drawMarks();
    this.ownBar.draw(this.particles, this.sight, this.options.bar);
    this.actions.drawn();
  }

  /** What is dragged over the outlines, and other marks. */
  drawMarks() {
    if (!this.sight.width) return;
    const { layers, sight, particles, state, marks } = this;
    marks.seams = this.actions.seams().slice(0, SEAMS).map(({ lines }) => lines);
    const length = marks.ruler ? rulerText(marks.ruler, particles) : "";
    setText(this.length, length);
    paintMarks(layers.marks, sight, particles, state.line, marks, length);
  }

  /**
   * Where a particle stands in the scale of sizes, 0..1; null when all have one colour.
   *
   * @param {number} i
   */
  share(i) {
    if (!this.options.colour) return null;
    const [least, greatest] = this.range;
    return (this.particles[this.state.size][i] - least) / (greatest - least || 1);
  }

  /** Colours from the least to the greatest size as CSS, for the legend. */
  gradient() {
    const stops = Array.from({ length: 9 }, (_, k) => sizeColour(k / 8));
    return `linear-gradient(to right, ${stops.join(", ")})`;
  }

  // ---- what a person does

  /** @param {Place} place @param {PointerEvent} event */
  clicked(place, event) {
    if (event.altKey ? cut(this, place) : this.tools.click(place, event)) return;
    const row = this.at(place.dataX, place.dataY);
    this.actions.select(row < 0 ? [] : [row], adds(event) && row >= 0, row >= 0);
  }

  /** @param {Place | null} place */
  hover(place) {
    this.tools.inHand.hover?.(place);
    const found = place && this.particles ? this.at(place.dataX, place.dataY) : -1;
    const hidden = this.options.hide && !this.state.kept[found];
    const row = hidden || this.isDrafted(found) ? -1 : found;
    if (!place || row < 0) this.tip.hide();
    else this.tip.show(row, this.state.code[row], place.x, place.y);
    if (row === this.marks.hovered) return;
    this.marks.hovered = row;
    this.drawMarks();
  }

  /**
   * Show an outline that was looked for, to be taken or refused; null for none.
   *
   * @param {[number, number][] | null} outline
   */
  propose(outline) {
    if (outline === this.marks.proposed) return;
    this.marks.proposed = outline;
    this.drawMarks();
    if (outline) this.hint(PROPOSED, true);
  }

  /** Take the outline that is proposed; whether there was one. */
  take() {
    const polygon = this.marks.proposed;
    if (!polygon) return false;
    this.propose(null);
    this.actions.ask({ do: "draw", polygon });
    return true;
  }

  /**
   * Draw these in place of what they will change; call `draw` after it.
   *
   * @param {Draft[]} drafts
   */
  draft(drafts) {
    this.drafts = drafts;
    if (this.isDrafted(this.marks.hovered)) this.marks.hovered = -1;
  }

  /** @param {number} row */
  isDrafted(row) {
    const label = this.particles.label[row];
    return this.drafts.some((draft) => draft.gone.includes(label));
  }

  /**
   * Give up what is drawn or in the hand for a moment, the latest first; whether there was any.
   */
  giveUp() {
    if (this.gestures.cancel()) return true;
    if (this.marks.proposed) this.marks.proposed = null;
    else if (this.tools.borrowed) this.tools.borrow(null);
    else if (this.marks.ruler) this.marks.ruler = null;
    else return false;
    this.drawMarks();
    return true;
  }

  /**
   * Say something over the picture for a moment.
   *
   * @param {string} words
   * @param {boolean} long whether it takes longer to read
   */
  hint(words, long = false) {
    this.note.textContent = words;
    this.note.hidden = false;
    clearTimeout(this.hinting);
    this.hinting = setTimeout(() => (this.note.hidden = true), long ? READ : HINT);
  }

  destroy() {
    clearTimeout(this.hinting);
    this.watcher.disconnect();
  }
}
