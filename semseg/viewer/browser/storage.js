// What is kept in the browser's own storage: a record for each session, and the files of its
// pictures, by the hash of their bytes. It is this computer's and this site's alone.

/** @import { Kept, KeptFile } from "./kept.d.ts" */

const NAME = "semseg";
const RECORDS = "sessions";
const FILES = "files";

export const MAX_BYTES = 500e6;
export const MAX_RECORDS = 5;
export const MAX_DAYS = 30;
const SHARE = 0.5; // of what the browser would give at most
const DAY = 24 * 60 * 60 * 1000; // ms

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

/** @returns {Promise<IDBDatabase>} */
function open() {
  opened ??= new Promise((done, fail) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(RECORDS, { keyPath: "id" });
      request.result.createObjectStore(FILES, { keyPath: "sha256" });
    };
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  return opened;
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answer(request) {
  return new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}

/**
 * @param {typeof RECORDS | typeof FILES} name
 * @param {IDBTransactionMode} mode
 */
async function store(name, mode) {
  return (await open()).transaction(name, mode).objectStore(name);
}

/** @returns {Promise<Kept[]>} the latest first */
export async function records() {
  /** @type {Kept[]} */
  const found = await answer((await store(RECORDS, "readonly")).getAll());
  return found.sort((a, b) => b.saved - a.saved);
}

/** @param {Kept} record */
export async function putRecord(record) {
  await answer((await store(RECORDS, "readwrite")).put(record));
}

/** @param {string} id */
export async function removeRecord(id) {
  await answer((await store(RECORDS, "readwrite")).delete(id));
}

/** @returns {Promise<Set<string>>} hashes */
export async function keptFiles() {
  const keys = await answer((await store(FILES, "readonly")).getAllKeys());
  return new Set(keys.map(String));
}

/** @param {string} sha256 @returns {Promise<KeptFile | undefined>} */
export async function keptFile(sha256) {
  return answer((await store(FILES, "readonly")).get(sha256));
}

/** @param {KeptFile} file */
export async function putFile(file) {
  await answer((await store(FILES, "readwrite")).put(file));
}

/** Forget everything. */
export async function clear() {
  await answer((await store(RECORDS, "readwrite")).clear());
  await answer((await store(FILES, "readwrite")).clear());
}

/**
 * Let go what is too old or too much: files that no record names, then those of the oldest, and last
 * those of `own`.
 *
 * @param {string} own id of a record
 * @param {number} now ms
 */
export async function tidy(own, now) {
  const all = await records();
  const current = all.filter((record) => record.id === own);
  const others = all.filter((record) => record.id !== own);
  const young = others.filter((record) => now - record.saved < MAX_DAYS * DAY);
  const stay = [...current, ...young.slice(0, MAX_RECORDS - 1)];
  for (const record of all) if (!stay.includes(record)) await removeRecord(record.id);

  const sizes = await fileSizes();
  let rest = await budget();
  for (const { files } of stay) {
    for (const { sha256 } of files) {
      const size = sizes.get(sha256);
      if (size === undefined || size > rest) continue;
      rest -= size;
      sizes.delete(sha256); // it stays
    }
  }
  if (!sizes.size) return;
  const files = await store(FILES, "readwrite");
  await Promise.all([...sizes.keys()].map((sha256) => answer(files.delete(sha256))));
}

/** @returns {Promise<Map<string, number>>} bytes by hash */
async function fileSizes() {
  /** @type {KeptFile[]} */
  const files = await answer((await store(FILES, "readonly")).getAll());
  return new Map(files.map(({ sha256, content }) => [sha256, content.size]));
}

/** How many bytes all files may have. */
export async function budget() {
  const { quota } = (await navigator.storage?.estimate?.()) ?? {};
  return quota === undefined ? MAX_BYTES : Math.min(MAX_BYTES, SHARE * quota);
}
