// Types of definitions.js, which definitions.py makes from Python's tables.

import type { ShapeKey, SizeKey } from "./types.d.ts";

export interface Quantity<Key extends string> {
  key: Key;
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

/** What a state is called, its colour over the picture and on the page, #rrggbb. */
export interface StateLook {
  key: StateKey;
  name: string;
  outline: string;
  ink: string;
  dashed: boolean;
}

export type StateKey =
  | "accepted"
  | "not_counted"
  | "rejected"
  | "accepted_by_hand"
  | "rejected_by_hand"
  | "selected";

/** Lengths that can be the measurand, and ratios, by key; in the order of every list. */
export const SIZES: Record<SizeKey, Quantity<SizeKey>>;
export const SHAPES: Record<ShapeKey, Quantity<ShapeKey>>;
export const STATES: Record<StateKey, StateLook>;
/** Figures of a summary, each number once, and those that stand where there is little room. */
export const FIGURES: Figure[];
export const IN_SHORT: Figure[];
