// What keys and the buttons of the palette make the view do.

import { findAll } from "./dom.js";
import { commandAnywhere, commandOf } from "./keys.js";
import { REJECTED_BY_HAND } from "./state.js";

/** @import { Command } from "./keys.js" */
/** @import { View } from "./view.js" */

const STEP = 80; // CSS px that an arrow moves the picture
const MOST = 8; // particles of which the likeliest seam is cut
const WIDER = 1.25; // times, that a key widens the brush
const CLOSER = 1.4; // times, that a key or a button zooms

/**
 * Do what a person asks for by keys and buttons.
 *
 * @param {View} view
 * @param {AbortSignal} signal
 */
export function listen(view, signal) {
  const { root } = view;
  /** @param {KeyboardEvent} event @param {Command | null} command */
  const heard = (event, command) => {
    if (command === null || !view.particles) return;
    obey(view, command);
    event.preventDefault();
    event.stopPropagation();
  };
  root.addEventListener("keydown", (event) => heard(event, commandOf(event)), { signal });
  const anywhere = (/** @type {KeyboardEvent} */ event) => heard(event, commandAnywhere(event));
  document.addEventListener("keydown", anywhere, { signal });
  /** @param {PointerEvent} event */
  const focus = ({ target }) => {
    const graph = ".sv-histogram, .sv-scatter";
    if (target instanceof Element && target.closest(graph)) root.focus({ preventScroll: true });
  };
  root.addEventListener("pointerdown", focus, { signal });
  for (const button of findAll(root, ".sv-palette button[name=do]", HTMLButtonElement)) {
    const command = /** @type {Command} */ (button.value);
    button.addEventListener("click", () => obey(view, command), { signal });
  }
}

/**
 * @param {View} view
 * @param {Command} command
 */
export function obey(view, command) {
  const { overlay, state, full } = view;
  if (command === "in") overlay.zoom(CLOSER);
  else if (command === "out") overlay.zoom(1 / CLOSER);
  else if (command === "fit") overlay.fit();
  else if (command === "left") overlay.move(STEP, 0);
  else if (command === "right") overlay.move(-STEP, 0);
  else if (command === "up") overlay.move(0, STEP);
  else if (command === "down") overlay.move(0, -STEP);
  else if (command === "outlines") overlay.toggle("outlines");
  else if (command === "flip") overlay.ghost.flip();
  else if (command === "full") full.turn(!full.on);
  else if (command === "undo") view.travel(-1);
  else if (command === "redo") view.travel(1);
  else if (command === "leave") leave(view);
  else if (command === "take") overlay.take();
  else if (command === "wider") overlay.tools.inHand.widen?.(WIDER);
  else if (command === "narrower") overlay.tools.inHand.widen?.(1 / WIDER);
  else if (command === "seam") seam(view);
  else if (command === "merge") merge(view);
  else if (command === "exclude") {
    decide(view, false, state.selection.filter((row) => state.code[row] !== REJECTED_BY_HAND));
  } else if (command === "keep") decide(view, true, state.selection);
  else if (command === "filter") view.edit(null, state.selection);
  else if (command === "next") review(view, 1);
  else if (command === "previous") review(view, -1);
  else if (command === "help") view.help?.turn();
  else {
    overlay.tools.choose(command);
    overlay.propose(null);
    const again = command === "draw" && state.selection.length === 1;
    if (again) overlay.hint("Drag round the selected particle to draw it anew");
  }
}

/**
 * Keep or exclude; who reviews is led on to the next one.
 *
 * @param {View} view
 * @param {boolean} keep
 * @param {number[]} rows
 */
function decide(view, keep, rows) {
  const reviewed = view.review?.row(view.particles) ?? -1;
  const { selection } = view.state;
  view.edit(keep, rows);
  if (selection.length === 1 && selection[0] === reviewed) review(view, 1);
}

/** @param {View} view @param {1 | -1} direction */
function review(view, direction) {
  const why = view.review?.go(direction, view.particles, view.state);
  if (why) view.overlay.hint(why);
}

/** @param {View} view */
function seam(view) {
  const { selection } = view.state;
  if (!selection.length) return view.overlay.hint("Select a particle to split");
  if (selection.length > MOST) return view.overlay.hint("Select fewer particles to split");
  view.ask({ do: "seam", labels: selection.map((row) => view.particles.label[row]) });
}

/** @param {View} view */
function merge(view) {
  const { selection } = view.state;
  if (!selection.length) return view.overlay.hint("Select the particles to merge");
  view.ask({ do: "merge", labels: selection.map((row) => view.particles.label[row]) });
}

/**
 * One step back from whatever is open, in the hand or selected.
 *
 * @param {View} view
 */
function leave(view) {
  const { help, menus, overlay, state, full } = view;
  if (help?.close() || menus.close() || overlay.giveUp() || view.review?.end()) return;
  if (state.selection.length) view.select([], false, false);
  else if (full.on) full.turn(false);
  else overlay.stage.blur();
}
