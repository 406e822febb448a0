// What the page keeps in the browser, and what Python and this side tell each other about it.

/** A file of a session: a picture, or the text that came with one. */
export interface NamedFile {
  sha256: string;
  name: string;
}

/** A file that is kept. */
export interface KeptFile {
  sha256: string;
  content: Blob;
}

/** What Python wants kept, see semseg/page/keeping.py. */
export interface Wanted {
  /** a session.json */
  session: string;
  files: NamedFile[];
  /** names of the pictures */
  pictures: string[];
  /** which picture is shown: the hash of its bytes */
  shown: string;
  /** whether the picture is the sample, which needs no file */
  sample: boolean;
  /** how much was done by hand: decisions, and corrections of outlines */
  by_hand: number;
}

/** The same, as it is kept. */
export interface Kept extends Wanted {
  /** of the tab that it was made in */
  id: string;
  /** ms since 1970 */
  saved: number;
}

interface Base<Data> {
  parentElement: HTMLElement | ShadowRoot;
  data: Data & { assets: string };
  setTriggerValue(name: string, value: unknown): void;
}

export type KeepComponent = Base<{
  /** whether to ask before the page is left */
  asks: boolean;
  /** null: nothing new to be kept */
  record: Wanted | null;
  /** whether a person took the pictures away */
  ended: boolean;
}>;

export type OfferComponent = Base<{
  /** class of the field for files */
  uploader: string;
  /** the choice that was taken over last */
  taken: string | null;
}>;

export type SwitchComponent = Base<{
  /** whether the server lets browsers keep anything */
  may_keep: boolean;
}>;
