// What Python and the view tell each other, and what the view's modules share. Only for the type
// checker (`npm run check`); browsers never see it.

import type { Layout, PlotlyHTMLElement } from "plotly.js-dist-min";
import type { Figure } from "./definitions.js";

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

/** Everything known of one picture: `n` particles, each a row; see particles.js. */
export interface ParticleColumns {
  id: string;
  name: string;
  unit: "nm" | "px";
  pixelSize: number | null;
  scaleDoubt: "" | "assumed" | "proposed";
  image: Picture;
  bar: PrintedBar | null;
  doubts: string[];
  rules: string[];
  n: number;
  label: Int32Array;
  /** row of each label */
  row: Map<number, number>;
  /** recorded px */
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
  /** whether the counting rule leaves it out, 0 or 1 */
  out: Uint8Array;
  /** whether it leaves any out */
  ruled: boolean;
  /** how many particles each stands for */
  weight: Float64Array;
  /** whether any stands for more than itself */
  weighted: boolean;
  weights: Weights;
  /** vertices of all outlines, x and y in turn, and where those of each particle end */
  xy: Float32Array;
  ends: Int32Array;
  /** left, top, right, bottom of each outline */
  boxes: Float32Array;
  /** outlines that were asked for before */
  paths: (Path2D | undefined)[];
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

/** Select rows, in place of the others or in addition; `reveal` shows the first in the table. */
export type Select = (rows: number[], add: boolean, reveal: boolean) => void;

/** What Streamlit gives a component, and takes from it. */
export interface Component {
  data: Packed & {
    start: Saved;
    command: string;
    /** address of the files for the browser */
    assets: string;
    /** the component's, in Python */
    key: string;
  };
  setStateValue(name: "view", value: Answer & { id: string; command: string }): void;
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

/** A place in the plotted area, in px and in data. */
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
