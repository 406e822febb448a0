// What Python and the view tell each other, and what the view's modules share. Only for the type
// checker (`npm run check`); browsers never see it.

import type { Data, Layout, PlotlyHTMLElement } from "plotly.js-dist-min";
import type { Figure } from "./definitions.js";
import type { Outlines } from "./outlines.js";

/** Keys of quantities, see semseg/measure/quantities.py. */
export type SizeKey = string & { readonly of: "sizes" };
export type ShapeKey = string & { readonly of: "shapes" };

export type Numbers = ArrayLike<number> & Iterable<number>;

// ---- what travels

/** The picture as `pack` makes it, see packing.py; columns in base64, little-endian. */
export interface Packed {
  /** digest of the rest */
  id: string;
  name: string;
  unit: "nm" | "px";
  /** nm per recorded px */
  pixel_size: number | null;
  /** why sizes in nm must be marked; empty where they need not */
  scale_doubt: "" | "assumed" | "proposed";
  image: Picture;
  bar: PrintedBar | null;
  doubts: string[];
  rules: string[];
  /** vertices of all particles in recorded px, and where each particle's end */
  outlines: { xy: string; ends: string };
  // sizes and shapes stand beside these, by their keys
  label: string;
  x: string;
  y: string;
  confidence: string;
  visibility: string;
  touches_edge: string;
  doubt: string;
  ruled_out: string;
  weight: string;
}

/** What became of a packed picture, see patching.py: rows that go, and rows in their place. */
export interface Patch extends Omit<Packed, PackedFacts> {
  /** digest of all of it */
  id: string;
  /** id of the picture */
  for: string;
  /** int32 in base64 */
  gone: string;
  /** left out of the analysed area: closed lines in recorded px, and the share of the frame left */
  masks: [number, number][][][];
  area: number;
}
type PackedFacts = "id" | "name" | "unit" | "pixel_size" | "scale_doubt" | "image" | "bar";

/** A picture on its way to the view of this key. */
export interface Delivered {
  key: string;
  picture: Packed;
}

/** An earlier result of the same picture, as `ghost_of` in packing.py makes it. */
export interface PackedGhost extends Pick<Packed, "id" | "outlines" | "x" | "y" | "confidence"> {
  /** int8 in base64: kept (1) or rejected (0) by hand, or left to the filter (-1) */
  edits: string;
  /** what tells it from the present one */
  words: string;
}

export interface Picture {
  /** JPEG as data URL */
  source: string;
  /** recorded px */
  width: number;
  height: number;
  /** left, top, right, bottom of the analysed part, in recorded px */
  frame: [number, number, number, number];
}

/** The scale bar that was found in the picture; left, top, right, bottom in recorded px. */
export interface PrintedBar {
  box: Box;
  /** where its writing stands */
  around: Box;
  /** recorded px */
  length: number;
  /** what was read at it, or empty */
  text: string;
}

export type Box = [number, number, number, number];
/** x and y of both ends, in recorded px */
export type Line = [number, number, number, number];

/** A decision by hand: keep, exclude or (null) leave to the filter again. */
export type Keep = boolean | null;
/** A decision, and the particles that it is about: labels in what is saved, rows in the view. */
export type Step = [Keep, number[]];
export type Weighting = "number" | "volume";

/** The fields that `ViewState` has in Python as well, as they are there. */
export interface Fields {
  /** confidence, 0..1, below which a particle is possibly wrong */
  threshold: number;
  filter_on: boolean;
  size: SizeKey;
  weighting: Weighting;
  /** 5..100; 0 for as many as suit the sizes */
  bins: number;
  log: boolean;
  /** how many of the steps count; the others can be redone */
  done: number;
  /** drawn over a scale bar */
  line: Line | null;
}

/** As ViewState.to_dict makes it, particles by label. */
export interface Saved extends Fields {
  selection: number[];
  steps: Step[];
}

/** Rows as a list, or base64 of one bit per row. */
export type PackedRows = number[] | string;

/** As the browser sends it, see __init__.py. */
export interface Answer extends Fields {
  selection: PackedRows;
  steps: [Keep, PackedRows][];
}

// ---- what the modules share

/** Outlines of `n` particles, each a row. */
export interface Outlined {
  n: number;
  /** centres, recorded px */
  x: Float64Array;
  y: Float64Array;
  /** vertices of all outlines, x and y in turn, and where those of each particle end */
  xy: Float32Array;
  ends: Int32Array;
  /** left, top, right, bottom of each outline */
  boxes: Float32Array;
  /** the same as paths */
  outlines: Outlines;
}

/** What is known of a picture besides its particles. */
export interface Facts {
  id: string;
  name: string;
  unit: "nm" | "px";
  pixelSize: number | null;
  scaleDoubt: "" | "assumed" | "proposed";
  image: Picture;
  bar: PrintedBar | null;
  /** what a hand left out of the analysed area, each as closed lines in recorded px */
  masks: [number, number][][][];
}

/** What comes of each particle, a row; sizes and shapes besides. */
export interface Columns {
  label: Int32Array;
  /** centres, recorded px */
  x: Float64Array;
  y: Float64Array;
  confidence: Float64Array;
  /** share that is seen; NaN where unknown */
  visibility: Float32Array;
  /** 0 or 1 */
  touches_edge: Uint8Array;
  /** index into `doubts` */
  doubt: Int32Array;
  /** index into `rules` */
  ruled_out: Int32Array;
  /** how many particles each stands for */
  weight: Float64Array;
}

/** Everything known of one picture, see particles.js. */
export interface ParticleColumns extends Facts, Columns, Omit<Outlined, "x" | "y"> {
  doubts: string[];
  rules: string[];
  /** row of each label */
  row: Map<number, number>;
  /** whether the counting rule leaves it out, 0 or 1 */
  out: Uint8Array;
  /** whether it leaves any out */
  ruled: boolean;
  /** whether any stands for more than itself */
  weighted: boolean;
  weights: Weights;
}
/** In `unit`; two of them are asked for by name. */
export type Sizes = Record<SizeKey | "ecd" | "max_feret", Float64Array>;
export type Shapes = Record<ShapeKey, Float32Array>;
export type Particles = ParticleColumns & Sizes & Shapes;

/** What each particle weighs; null where each counts once. */
export type Weights = { number: Float64Array | null; volume: Float64Array };

/** Statistics of sizes or shapes; null where undefined. */
export interface Summary extends Record<Figure["key"], number | null> {
  count: number;
}

/** Which graph is seen, and of which shape. */
export interface Look {
  panel: "sizes" | "shape";
  shape: ShapeKey;
}

/** The switches above the picture. */
export interface Options {
  outlines: boolean;
  fill: boolean;
  ids: boolean;
  colour: boolean;
  hide: boolean;
  /** the view's own scale bar, below the picture */
  bar: boolean;
}

/** Where the picture is: CSS px per recorded px, recorded px at the left top corner, CSS px. */
export interface Sight {
  zoom: number;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A line as wide as a brush; in recorded px. */
export interface Painted {
  line: [number, number][];
  radius: number;
  /** whether it takes away */
  erases: boolean;
}

/** What is dragged over the picture, or stays until it is taken away; in recorded px. */
export interface Marks {
  /** the box or lasso that is being dragged */
  shape: { x: number; y: number }[] | null;
  /** the line over a scale bar that is being dragged */
  line: Line | null;
  /** what the ruler measures */
  ruler: Line | null;
  /** the particle under the pointer, or -1 */
  hovered: number;
  /** outline of a particle that was looked for, to be taken or refused */
  proposed: [number, number][] | null;
  /** the brush: its middle in recorded px, and its radius in CSS px */
  brush: { x: number; y: number; radius: number } | null;
  /** what a brush or an eraser goes over */
  stroke: Painted | null;
  /** lines along which one would be parted, and then the next */
  seams: [number, number][][][];
}

/** Where a particle may be parted: the log odds that both sides are one, and the lines. */
export interface KnownSeam {
  odds: number;
  lines: [number, number][][];
}

/** The component by which seams are asked for, see `seams` in __init__.py; by label. */
export interface Hints {
  data: { key: string; id: string; seams: Record<string, KnownSeam[]>; assets: string };
  setStateValue(name: "wanted", value: { id: string; labels: number[] }): void;
}

/** What Python is asked to do to outlines, see editing.py; places in recorded px. */
export type Ask =
  | { do: "seam"; labels: number[] }
  | { do: "cut"; label: number; place: [number, number] }
  | { do: "line"; label: number; line: [number, number][] }
  | { do: "merge"; labels: number[] }
  | { do: "look"; place: [number, number] }
  | { do: "mask"; polygon: [number, number][]; invert: boolean }
  | { do: "draw"; polygon: [number, number][] }
  | { do: "redraw"; label: number; polygon: [number, number][] }
  | { do: "undo" }
  | { do: "redo" };

/** What is drawn of something that was asked, until the answer is there; in recorded px. */
export interface Draft {
  /** labels that are not drawn meanwhile */
  gone: number[];
  outlines: Path2D[];
  /** what will not be an outline any more */
  faded: Path2D[];
  /** marks where something is looked for */
  places: Path2D[];
  /** left out of the analysed area, as `masks` in `Facts` */
  masks: [number, number][][][];
}

/** What goes with it: what was shown, and a number that tells it from others. */
export interface Asked {
  id: string;
  command: string;
  number: string;
}

/** A tool of the palette, see tools.js. */
export interface Tool {
  /** also the value of its button */
  name: string;
  /** a drag begins; null where it moves the picture */
  begin(place: Place, event: PointerEvent): Stroke | null;
  /** a click; true where it shall not select */
  click?(place: Place, event: PointerEvent): boolean;
  /** it is in the hand, or not any more */
  held?(on: boolean): void;
  /** the pointer is over a place, or over none */
  hover?(place: Place | null): void;
  /** wider (above 1) or narrower, by so many times */
  widen?(times: number): void;
}

/** A drag with a tool. */
export interface Stroke {
  move(place: Place, event: PointerEvent): void;
  end(place: Place, event: PointerEvent): void;
  cancel(): void;
}

export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Least and greatest. */
export type Range = [number, number];

/** The page's colours and font, as they are now. */
export interface Theme {
  text: string;
  background: string;
  border: string;
  grid: string;
  primary: string;
  font: string;
}

// ---- plotly.js

type Library = typeof import("plotly.js-dist-min");
/** What plotly.js says of itself, and attributes by their path, of which its types know nothing. */
export interface Plotly extends Omit<Library, "relayout"> {
  relayout(graph: Graph, changes: Partial<Layout> & Ranges): Promise<PlotlyHTMLElement>;
}
interface Ranges {
  "xaxis.range"?: Range;
  "yaxis.range"?: Range;
}

/** A graph that is not on the page. */
export interface PaperGraph {
  data: Data[];
  layout: Partial<Layout>;
}

/** Select rows, in place of the others or in addition; `reveal` shows the first in the table. */
export type Select = (rows: number[], add: boolean, reveal: boolean) => void;

/** What Streamlit gives a component, and takes from it. */
export interface Component {
  data: {
    /** of what is shown: the picture's or, where there is one, the patch's */
    id: string;
    /** id of the picture, which comes by itself */
    picture: string;
    patch: Patch | null;
    start: Saved;
    command: string;
    /** corrections that can be undone, and that can be done again */
    history: [number, number];
    /** how many of the steps of `start` came with these corrections, and are undone with them */
    settled: number;
    /** to what was asked for last: its number, why it was not done, or empty, and what is proposed */
    answer: { to: string; said: string; proposed: [number, number][] | null } | null;
    /** what the present result is compared with */
    ghost: PackedGhost | null;
    /** address of the files for the browser */
    assets: string;
    /** the component's, in Python */
    key: string;
  };
  setStateValue(name: "view", value: Answer & { id: string; command: string }): void;
  setTriggerValue(name: "ask", value: Ask & Asked): void;
}

/** A graph with what we use of its insides, which plotly.js does not promise. */
export interface Graph extends PlotlyHTMLElement {
  /** there once something was drawn */
  _fullLayout?: {
    _size: { l: number; t: number; w: number; h: number };
    xaxis: Axis;
    yaxis: Axis;
  };
}

/** A part of the plotted area that was dragged over: its corners, in data. */
export interface Polygon {
  x: number[];
  y: number[];
}

/** An axis: `range` in its own numbers (logarithms, on such an axis), px along it. */
export interface Axis {
  range: Range;
  /** from px to data */
  p2d(px: number): number;
}

/** A place on the stage or in a plotted area, in CSS px, and in recorded px or data. */
export interface Place {
  x: number;
  y: number;
  dataX: number;
  dataY: number;
}

declare global {
  interface Window {
    Plotly?: Plotly;
  }
}
