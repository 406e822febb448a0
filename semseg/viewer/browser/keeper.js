// Keeps the session of this tab, and knows those of tabs that are closed.

import { givenFile } from "./given.js";
import { clear, keptFiles, putFile, putRecord, records, removeRecord, tidy } from "./storage.js";

/** @import { Kept, NamedFile, Wanted } from "./kept.d.ts" */

const SWITCH = "semseg.keep"; // in what all tabs share
const TAB = "semseg.tab"; // in what a tab keeps when it is loaded again
const LOCK = "semseg.tab."; // held by each tab that is open
const PATIENCE = 2000; // ms

class Keeper {
  /** @type {string} of this tab */
  id = "";
  /** @type {Wanted | null} the latest */
  wanted = null;
  /** @type {Set<() => void>} to be called when the switch was moved */
  watchers = new Set();
  /** One piece of work after the other; those on records do not wait for those on files. */
  queues = { records: Promise.resolve(), files: Promise.resolve() };
  /** @type {string | null} the record that this tab goes on with, until it has its own */
  adopted = null;

  constructor() {
    this.ready = this.begin();
    addEventListener("storage", ({ key }) => key === SWITCH && this.moved());
  }

  /** Another id than that of any tab that is open; a tab that is doubled has the same at first. */
  async begin() {
    this.id = shared(() => sessionStorage.getItem(TAB)) ?? "";
    if (!this.id || !(await holdLock(this.id, this.loadedAgain ? PATIENCE : 0))) {
      this.id = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
        byte.toString(16).padStart(2, "0")).join("");
      await holdLock(this.id);
      shared(() => sessionStorage.setItem(TAB, this.id));
    }
  }

  /** Whether this tab was here before, so that its lock is about to be let go. */
  get loadedAgain() {
    const [entry] = performance.getEntriesByType("navigation");
    return entry instanceof PerformanceNavigationTiming && entry.type === "reload";
  }

  /** Whether this browser lets pages keep anything. */
  get able() {
    return Boolean(shared(() => localStorage) && shared(() => indexedDB));
  }

  get on() {
    return this.able && shared(() => localStorage.getItem(SWITCH)) !== "no";
  }

  /** @param {boolean} on off: what is kept is forgotten, too */
  set(on) {
    shared(() => (on ? localStorage.removeItem(SWITCH) : localStorage.setItem(SWITCH, "no")));
    this.moved();
  }

  moved() {
    const forget = async () => {
      if (!this.on) await clear();
    };
    this.after("records", forget);
    this.after("files", forget); // what was being written meanwhile
    if (this.wanted) this.keep(this.wanted);
    for (const watcher of this.watchers) watcher();
  }

  /** @param {Wanted} wanted */
  keep(wanted) {
    this.wanted = wanted;
    const isLatest = () => wanted === this.wanted && this.on;
    this.after("records", async () => {
      if (!isLatest()) return;
      await putRecord({ ...wanted, id: this.id, saved: Date.now() });
      if (this.adopted && this.adopted !== this.id) await removeRecord(this.adopted);
      this.adopted = null;
    });
    this.after("files", async () => {
      if (isLatest()) await this.saveFiles(wanted.files, isLatest);
    });
  }

  /** A person took the pictures away. */
  end() {
    this.wanted = null;
    this.after("records", async () => {
      if (!this.wanted) await removeRecord(this.id);
    });
    this.after("files", () => this.tidy());
  }

  /** @param {string} id of a record */
  forget(id) {
    const forgotten = this.after("records", () => removeRecord(id));
    this.after("files", () => this.tidy());
    return forgotten;
  }

  /**
   * @param {NamedFile[]} files
   * @param {() => boolean} wanted still
   */
  async saveFiles(files, wanted) {
    const known = await keptFiles();
    let fresh = false;
    for (const { sha256 } of files) {
      if (known.has(sha256)) continue;
      const file = await givenFile(sha256);
      if (!file) continue;
      if (!wanted()) return; // what takes its place looks anew
      fresh = true;
      await putFile({ sha256, content: file }).catch(() => {}); // full: it is to be chosen again
    }
    if (fresh) await this.tidy();
  }

  /** Let go what is too old or too much. */
  async tidy() {
    await this.queues.records;
    await tidy(this.id, Date.now());
  }

  /**
   * What can be gone on with: this tab's own from before it was loaded again, else those of tabs
   * that are closed; the latest first.
   *
   * @returns {Promise<Kept[]>}
   */
  async offers() {
    await this.ready;
    await this.queues.records;
    if (!this.on) return [];
    this.after("files", () => this.tidy());
    const all = await records();
    const own = all.filter((record) => record.id === this.id);
    const open = await openTabs();
    if (!open) return own; // without locks nobody knows who is there
    return [...own, ...all.filter(({ id }) => id !== this.id && !open.has(id))];
  }

  /**
   * @param {"records" | "files"} which
   * @param {() => Promise<void>} work
   */
  after(which, work) {
    this.queues[which] = this.queues[which]
      .then(() => this.ready)
      .then(work)
      .catch((error) => console.info("semseg: not kept in this browser:", String(error)));
    return this.queues[which];
  }
}

/**
 * Hold the lock of a tab until it is closed; false where another one holds it.
 *
 * @param {string} id
 * @param {number} patience ms
 * @returns {Promise<boolean>}
 */
function holdLock(id, patience = 0) {
  if (!navigator.locks) return Promise.resolve(true);
  const how = patience ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true };
  return new Promise((done) => {
    navigator.locks
      .request(LOCK + id, how, (lock) => {
        done(Boolean(lock));
        return lock ? new Promise(() => {}) : undefined;
      })
      .catch(() => done(false));
  });
}

/** Ids of the tabs that are open; null where the browser does not tell. */
async function openTabs() {
  if (!navigator.locks) return null;
  const { held = [] } = await navigator.locks.query();
  const names = held.map(({ name }) => name ?? "").filter((name) => name.startsWith(LOCK));
  return new Set(names.map((name) => name.slice(LOCK.length)));
}

/**
 * What a browser may refuse altogether.
 *
 * @template T
 * @param {() => T} ask
 * @returns {T | null}
 */
function shared(ask) {
  try {
    return ask();
  } catch {
    return null;
  }
}

export const keeper = new Keeper();
