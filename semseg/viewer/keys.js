// Which key does what in the view. One list: the keys are asked of it, and shown from it.

/**
 * What a key stands for.
 *
 * @typedef {"help" | "full" | "in" | "out" | "fit" | "left" | "right" | "up" | "down" | "hand"
 *   | "box" | "lasso" | "ruler" | "split" | "draw" | "mask" | "brush" | "eraser"
 *   | "wider" | "narrower" | "take" | "seam" | "merge" | "outlines" | "flip" | "exclude"
 *   | "keep" | "filter" | "next" | "previous" | "undo" | "redo" | "leave"} Command
 */

/** `shown` and `does` are left out where another line tells of it. */
/** @typedef {{ command: Command, keys: string[], shown?: string, does?: string }} Key */

/** @type {Key[]} */
export const KEYS = [
  { command: "in", keys: ["+", "="], shown: "+", does: "zoom in" },
  { command: "out", keys: ["-", "_"], shown: "−", does: "zoom out" },
  { command: "fit", keys: ["0"], shown: "0", does: "show the whole picture" },
  { command: "left", keys: ["arrowleft"], shown: "← → ↑ ↓", does: "move the picture" },
  { command: "right", keys: ["arrowright"] },
  { command: "up", keys: ["arrowup"] },
  { command: "down", keys: ["arrowdown"] },
  { command: "hand", keys: ["h"], shown: "H", does: "tool: move the picture" },
  { command: "box", keys: ["b"], shown: "B", does: "tool: select by a box" },
  { command: "lasso", keys: ["l"], shown: "L", does: "tool: select by a lasso" },
  { command: "ruler", keys: ["r"], shown: "R", does: "tool: ruler" },
  { command: "split", keys: ["c"], shown: "C", does: "tool: cut by a line, or by a click in one part" },
  { command: "draw", keys: ["d"], shown: "D", does: "tool: draw what was missed, or the selected one" },
  { command: "mask", keys: ["a"], shown: "A", does: "tool: leave an area out; Shift: all but it" },
  { command: "brush", keys: ["w"], shown: "W", does: "tool: brush, adds to the selected one" },
  { command: "eraser", keys: ["e"], shown: "E", does: "tool: eraser, takes from the selected one" },
  { command: "narrower", keys: ["["], shown: "[ ]", does: "brush and eraser: narrower, wider" },
  { command: "wider", keys: ["]"] },
  { command: "take", keys: ["enter"], shown: "Enter", does: "take the outline that is proposed" },
  { command: "seam", keys: ["s"], shown: "S", does: "split the selected one at the seam that glows; again, the next" },
  { command: "merge", keys: ["m"], shown: "M", does: "merge what is selected; one alone with its neighbour" },
  { command: "outlines", keys: ["o"], shown: "O", does: "outlines off and on" },
  { command: "flip", keys: ["g"], shown: "G", does: "earlier result of another factor, and back" },
  { command: "full", keys: ["f"], shown: "F", does: "full screen, and back" },
  { command: "exclude", keys: ["x", "delete"], shown: "X or Delete", does: "exclude what is selected" },
  { command: "keep", keys: ["k"], shown: "K", does: "keep what is selected, whatever the filter says" },
  { command: "filter", keys: ["u"], shown: "U", does: "leave what is selected to the filter again" },
  { command: "next", keys: ["n"], shown: "N", does: "review: to the next least certain one" },
  { command: "previous", keys: ["p"], shown: "P", does: "review: to the one before" },
  { command: "undo", keys: ["ctrl+z"], shown: "Ctrl+Z", does: "undo" },
  { command: "redo", keys: ["ctrl+shift+z", "ctrl+y"], shown: "Ctrl+Shift+Z", does: "redo" },
  { command: "leave", keys: ["escape"], shown: "Esc", does: "give up, close, select nothing" },
  { command: "help", keys: ["?"], shown: "?", does: "this list" },
];

/** Those that also work where nothing on the page has the focus. */
const ANYWHERE = new Set(["flip", "full", "help"]);
const ARROWS = new Set(["left", "right", "up", "down"]);
const BY_KEY = new Map(KEYS.flatMap(({ command, keys }) => keys.map((key) => [key, command])));
const WRITING = "input:not([type=range], [type=checkbox], [type=radio]), textarea, select";
/** parts with arrows of their own */
const OWN_ARROWS = "input, select, textarea, .sv-grid";

/**
 * What a key that was pressed in the view stands for; null where it is somebody else's.
 *
 * @param {KeyboardEvent} event
 * @returns {Command | null}
 */
export function commandOf(event) {
  const { target, ctrlKey, metaKey, altKey, shiftKey } = event;
  if (!(target instanceof Element) || altKey) return null;
  const letter = event.key.toLowerCase();
  const ctrl = ctrlKey || metaKey ? "ctrl+" : "";
  const command = BY_KEY.get(ctrl + (ctrl && shiftKey ? "shift+" : "") + letter) ?? null;
  if (command === null || command === "leave") return command;
  if (target.matches(WRITING)) return null;
  if (command === "take" && !target.matches(".sv-stage")) return null; // elsewhere it presses buttons
  if (ARROWS.has(command) && target.closest(OWN_ARROWS)) return null;
  return command;
}

/**
 * The same of a key that was pressed where nothing has the focus.
 *
 * @param {KeyboardEvent} event
 */
export function commandAnywhere(event) {
  const command = event.target === document.body ? commandOf(event) : null;
  return command !== null && ANYWHERE.has(command) ? command : null;
}
