// What is asked of Python, one after the other: the answer to one may change what the next is about.

/** @import { Ask, Component } from "./types.d.ts" */
/** @typedef {NonNullable<Component["data"]["answer"]>} Answered */

const PATIENCE = 60_000; // ms, after which no answer is waited for any more
const LOST = "The server did not answer; try again";

export class Asking {
  /** @type {Ask[]} that wait until the one before is answered */
  later = [];
  /** @type {Ask | null} the one under way */
  what = null;
  /** @type {string | null} its number */
  number = null;
  /** @type {number | null} how many decisions by hand there were when it was asked */
  steps = null;
  /** @type {number | undefined} */
  timer;

  /**
   * @param {HTMLElement} root
   * @param {(what: Ask, number: string) => void} send
   * @param {() => number} done how many decisions by hand there are
   * @param {(waiting: Ask[]) => void} changed others wait for an answer than before
   * @param {(words: string) => void} said why something was not done
   */
  constructor(root, send, done, changed, said) {
    this.root = root;
    this.send = send;
    this.done = done;
    this.changed = changed;
    this.said = said;
  }

  get waits() {
    return this.number !== null;
  }

  /** All that are not answered yet. */
  get waiting() {
    return this.what ? [this.what, ...this.later] : this.later;
  }

  /** @param {{ to: string } | null} answer whether it is to the one under way */
  awaits(answer) {
    return this.waits && answer?.to === this.number;
  }

  /** @param {Ask} what */
  ask(what) {
    if (this.waits) {
      this.later.push(what);
      this.changed(this.waiting);
      return;
    }
    this.what = what;
    this.number = `${Date.now()}-${Math.random()}`;
    this.steps = this.done();
    this.root.classList.add("sv-waiting");
    this.timer = setTimeout(() => this.lost(), PATIENCE);
    this.send(what, this.number);
    this.changed(this.waiting);
  }

  /**
   * What Python says to the latest that it heard; call it once what came of that is shown.
   *
   * @param {Answered | null} answer
   */
  answered(answer) {
    if (!answer || !this.awaits(answer)) return;
    this.end();
    if (answer.said) this.said(answer.said);
    const next = this.later.shift();
    if (next) this.ask(next);
    else this.changed([]);
  }

  lost() {
    this.later = [];
    this.end();
    this.changed([]);
    this.said(LOST);
  }

  end() {
    clearTimeout(this.timer);
    this.number = this.what = null;
    this.root.classList.remove("sv-waiting");
  }
}
