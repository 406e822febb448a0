// The files that were given to the page since it was opened, by the hash of their bytes.

/** @type {WeakMap<File, Promise<string>>} */
const hashes = new WeakMap();
/** @type {Set<File>} */
const given = new Set();
let listening = false;
let opened = false; // whether the sidebar was, by this module
const PATIENCE = 30_000; // ms
const AT_REST = "[data-test-script-state=notRunning]";

/** Take note of every file from now on, and of what was chosen before. */
export function listen() {
  if (listening) return;
  listening = true;
  for (const input of document.querySelectorAll("input")) note(input.files);
  document.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement && target.type === "file") note(target.files);
  }, true);
  document.addEventListener("drop", ({ dataTransfer }) => note(dataTransfer?.files), true);
}

/** @param {FileList | null | undefined} files */
function note(files) {
  for (const file of files ?? []) given.add(file);
}

/**
 * Hash of a file's bytes; hashed once.
 *
 * @param {File} file
 */
function hash(file) {
  let known = hashes.get(file);
  if (!known) {
    known = file.arrayBuffer().then(async (bytes) => hex(await crypto.subtle.digest("SHA-256", bytes)));
    known.catch(() => given.delete(file)); // such as a file that is gone from the disk
    hashes.set(file, known);
  }
  return known;
}

/** @param {ArrayBuffer} bytes */
function hex(bytes) {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The file with these bytes, if it was given here. Browsers hash on safe pages only (https, or this
 * computer itself): elsewhere none is found.
 *
 * @param {string} sha256
 * @returns {Promise<File | undefined>}
 */
export async function givenFile(sha256) {
  if (!globalThis.crypto?.subtle) return undefined;
  for (const file of given) {
    const found = await hash(file).catch(() => "");
    if (found === sha256) return file;
  }
  return undefined;
}

/**
 * Give files to the page as a person would; whether there was a field for them.
 *
 * @param {string} uploader class of the field
 * @param {{ sha256: string, name: string, content: Blob }[]} files
 */
export async function give(uploader, files) {
  const input = await field(`.${uploader} input[type=file]`);
  if (!input) return false;
  const transfer = new DataTransfer();
  for (const { sha256, name, content } of files) {
    const file = new File([content], name);
    hashes.set(file, Promise.resolve(sha256));
    transfer.items.add(file);
  }
  input.files = transfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

/**
 * The field for files, once the page is not being made: it may be made anew then, and drops what is
 * on its way. A phone has it only while the sidebar is open, so that is opened for it.
 *
 * @param {string} selector
 * @returns {Promise<HTMLInputElement | null>}
 */
async function field(selector) {
  for (const end = performance.now() + PATIENCE; performance.now() < end; ) {
    const found = document.querySelector(selector);
    if (found instanceof HTMLInputElement) {
      if (document.querySelector(AT_REST)) return found;
    } else if (!opened) {
      opened = press("[data-testid=stExpandSidebarButton]");
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  return null;
}

/** Close the sidebar again, once the page has what it was opened for. */
export function closeSidebar() {
  if (opened) press("[data-testid=stSidebarCollapseButton] button");
  opened = false;
}

/** @param {string} selector */
function press(selector) {
  const button = document.querySelector(selector);
  if (!(button instanceof HTMLElement)) return false;
  button.click();
  return true;
}
