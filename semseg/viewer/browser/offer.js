// "You had 3 pictures here at 14:05": go on with them, or forget them.

import { element } from "../dom.js";
import { give } from "./given.js";
import { keeper } from "./keeper.js";
import { keptFile } from "./storage.js";

/** @import { Kept, KeptFile, NamedFile, OfferComponent } from "./kept.d.ts" */

const MAX_NAMES = 3;
const PATIENCE = 60_000; // ms; for a server that does much else

export class Offer {
  /** @type {OfferComponent} the latest */
  component;
  /** Called whenever Python has told something. */
  told = () => {};

  /** @param {OfferComponent["parentElement"]} place */
  constructor(place) {
    this.place = place;
    this.watch = () => void this.draw();
    keeper.watchers.add(this.watch);
  }

  /** @param {OfferComponent} component */
  receive(component) {
    const first = !this.component;
    this.component = component;
    if (first) void this.draw();
    this.told();
  }

  destroy() {
    keeper.watchers.delete(this.watch);
  }

  get list() {
    const found = this.place.querySelector(".offers");
    if (!(found instanceof HTMLElement)) throw new Error("no place for the offers");
    return found;
  }

  async draw() {
    const offers = await keeper.offers().catch(() => []);
    const cards = await Promise.all(offers.map((record) => this.card(record)));
    this.list.replaceChildren(...cards);
  }

  /** @param {Kept} record */
  async card(record) {
    const files = await Promise.all(record.files.map(found));
    const card = element("section", "offer");
    const missing = files.filter(({ content }) => !content).map(({ name }) => name);
    card.append(
      element("p", "what", said(record, new Date())),
      ...(missing.length ? [element("p", "missing", again(missing))] : []),
    );
    const buttons = element("div", "buttons");
    const go = element("button", "go", "Go on");
    const forget = element("button", "forget", "Forget");
    go.onclick = () => this.go(record, files, card);
    forget.onclick = async () => {
      await keeper.forget(record.id);
      await this.draw();
    };
    buttons.append(go, forget);
    card.append(buttons);
    return card;
  }

  /**
   * @param {Kept} record
   * @param {(NamedFile & { content: Blob | undefined })[]} files
   * @param {HTMLElement} card
   */
  async go(record, files, card) {
    keeper.adopted = record.id;
    const { session, shown, sample } = record;
    const choice = String(Date.now());
    this.component.setTriggerValue("restore", { choice, session, shown, sample });
    const there = files.flatMap(({ content, ...named }) => (content ? [{ ...named, content }] : []));
    card.replaceChildren(element("p", "what", "Taking up your pictures ..."));
    await this.taken(choice);
    const given = !there.length || (await give(this.component.data.uploader, there));
    const missing = files.filter(({ content }) => !content || !given).map(({ name }) => name);
    if (!missing.length) return;
    const note = `Settings and changes by hand are there. ${again(missing)}`;
    card.replaceChildren(element("p", "what", note));
  }

  /**
   * Wait until Python has taken a choice over: files that are on their way when it does are dropped.
   *
   * @param {string} choice
   * @returns {Promise<void>}
   */
  taken(choice) {
    return new Promise((done) => {
      const timer = setTimeout(done, PATIENCE);
      this.told = () => {
        if (this.component.data.taken !== choice) return;
        clearTimeout(timer);
        done();
      };
    });
  }
}

/** @param {NamedFile} file */
async function found(file) {
  /** @type {KeptFile | undefined} */
  const kept = await keptFile(file.sha256).catch(() => undefined);
  return { ...file, content: kept?.content };
}

/** @param {string[]} names */
function again(names) {
  return `Choose again: ${listed(names)}.`;
}

/**
 * @param {Kept} record
 * @param {Date} now
 */
export function said(record, now) {
  const count = record.pictures.length;
  const what = record.sample ? "the sample" : `${count} picture${count === 1 ? "" : "s"}`;
  const names = record.sample ? "" : ` (${listed(record.pictures)})`;
  const done = record.by_hand;
  const hand = done ? `, with ${done} change${done === 1 ? "" : "s"} by hand` : "";
  return `You had ${what} here ${when(new Date(record.saved), now)}${names}${hand}.`;
}

/** @param {string[]} names */
function listed(names) {
  const rest = names.length - MAX_NAMES;
  const first = names.slice(0, MAX_NAMES).join(", ");
  return rest > 0 ? `${first} and ${rest} more` : first;
}

/** @param {Date} then @param {Date} now */
function when(then, now) {
  const time = then.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  if (then.toDateString() === now.toDateString()) return `at ${time}`;
  const day = then.toLocaleDateString(undefined, { day: "numeric", month: "long" });
  return `on ${day} at ${time}`;
}
