// What Python tells the view of all pictures, see packing.py; only for the type checker.

export interface PackedCurves {
  /** base64 of float32, at the sizes that all have in common */
  density: string | null;
  /** the cumulative share: sizes, and the share up to each */
  sizes: string;
  shares: string;
}

export interface Card {
  /** its place among all, from 0 */
  number: number;
  name: string;
  /** JPEG as data URL, or empty */
  thumbnail: string;
  /** recorded px */
  width: number;
  height: number;
  /** of the grid on which the outlines' vertices lie, in recorded px */
  step: number;
  /** why there is no result; empty where there is one */
  state: string;
  /** paths of SVG by the key of a state of particles */
  outlines: Partial<Record<"accepted" | "not_counted" | "rejected", string>>;
  /** what it comes to, in short */
  figures: string;
  reasons: string[];
  left_out: string;
  rank: number;
  /** as written, and what it is sorted by */
  cells: [string, number | string][];
  curves: PackedCurves | null;
  light: string;
  dark: string;
  stroke: "solid" | "dash" | "dot" | "dashdot" | "longdash";
}

export interface Data {
  cards: Card[];
  heads: string[];
  /** base64 of float32 */
  sizes: string;
  together: PackedCurves | null;
  axis: string;
  share: string;
  log: boolean;
  assets: string;
  key: string;
}

export interface Component {
  data: Data;
  setTriggerValue(name: "open", value: number): void;
}

/** How the pictures are sorted: `given`, `name`, `unlike`, or the number of a column. */
export type Order = "given" | "name" | "unlike" | number;

/** What the parts of the view ask of the whole. */
export interface Actions {
  /** point at a picture for a moment; null: at none */
  point(number: number | null): void;
  /** keep it marked, or let it go again */
  pin(number: number): void;
  open(number: number): void;
  sort(order: Order): void;
}
