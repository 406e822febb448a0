// The palette of tools beside the picture: one is in the hand, and remembered if it changes nothing.

import { findAll } from "./dom.js";
import { remember, remembered } from "./prefs.js";

/** @import { Place, Stroke, Tool } from "./types.d.ts" */

/** The tool that moves the picture: it leaves every drag to the hand. @type {Tool} */
const HAND = { name: "hand", begin: () => null };

/** Those that change nothing: the next picture may be met with one of them in the hand. */
const REMEMBERED = new Set(["hand", "box", "lasso", "ruler"]);

export class Tools {
  /** @type {Tool} */
  chosen = HAND;
  /** @type {Tool | null} one that is in the hand for one stroke, in place of the chosen one */
  borrowed = null;

  /**
   * @param {Element} root
   * @param {HTMLElement} stage
   * @param {Tool[]} tools besides the hand, each with a button of its name as value
   * @param {AbortSignal} signal
   */
  constructor(root, stage, tools, signal) {
    this.stage = stage;
    this.tools = new Map([HAND, ...tools].map((tool) => [tool.name, tool]));
    this.buttons = findAll(root, ".sv-palette button[name=tool]", HTMLButtonElement);
    for (const button of this.buttons) {
      button.addEventListener("click", () => this.choose(button.value), { signal });
    }
    const last = remembered("tool", HAND.name);
    this.choose(REMEMBERED.has(last) ? last : HAND.name);
  }

  /** The tool in the hand. */
  get inHand() {
    return this.borrowed ?? this.chosen;
  }

  /** @param {string} name */
  choose(name) {
    this.borrow(null);
    this.chosen.held?.(false);
    this.chosen = this.tools.get(name) ?? HAND;
    if (REMEMBERED.has(this.chosen.name)) remember("tool", this.chosen.name);
    this.show();
  }

  /**
   * Take a tool for one stroke, or (null) lay it down.
   *
   * @param {Tool | null} tool
   */
  borrow(tool) {
    this.borrowed?.held?.(false);
    this.borrowed = tool;
    tool?.held?.(true);
    this.show();
  }

  show() {
    const { name } = this.inHand;
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", String(button.value === name));
    }
    this.stage.dataset.tool = name;
    this.stage.classList.toggle("sv-borrowed", this.borrowed !== null);
  }

  /**
   * A drag begins. With the hand, Shift selects by a box.
   *
   * @param {Place} place
   * @param {PointerEvent} event
   * @returns {Stroke | null}
   */
  begin(place, event) {
    const box = this.tools.get("box");
    const tool = this.inHand === HAND && event.shiftKey && box ? box : this.inHand;
    return tool.begin(place, event);
  }

  /**
   * A click; returns whether the tool in the hand took it.
   *
   * @param {Place} place
   * @param {PointerEvent} event
   */
  click(place, event) {
    return this.inHand.click?.(place, event) ?? false;
  }
}
