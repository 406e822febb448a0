// Types of definitions.js, which definitions.py makes from Python's tables.

export interface Quantity {
  key: string;
  name: string;
  symbol: string;
  definition: string;
  decimals: number;
}

export interface Figure {
  key: "mean" | "median" | "standard_deviation" | "d10" | "d50" | "d90";
  symbol: string;
  title: string;
}

/** Lengths that can be the measurand, and ratios, by key; in the order of every list. */
export const SIZES: Record<string, Quantity>;
export const SHAPES: Record<string, Quantity>;
/** Figures of a summary, and those of them that stand where there is little room. */
export const FIGURES: Figure[];
export const IN_SHORT: Figure[];
