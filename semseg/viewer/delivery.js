// Pictures on their way from Python to the view: they come in a component of their own, so that what
// changes beside them is small. See __init__.py.

/** @import { Delivered, Packed } from "./types.d.ts" */

/** @type {Map<string, Delivered>} the latest, by the key of the view */
const arrived = new Map();
/** @type {Set<() => void>} who waits for one */
const waiting = new Set();

/** @param {Delivered} delivered */
export function deliver(delivered) {
  arrived.set(delivered.key, delivered);
  for (const look of [...waiting]) look();
}

/**
 * The picture of a view, once it is there.
 *
 * @param {{ key: string, picture: string }} wanted key of the view, and id of the picture
 * @param {AbortSignal} signal after which nobody waits any more
 * @returns {Promise<Packed>}
 */
export function delivered({ key, picture }, signal) {
  return new Promise((done) => {
    const look = () => {
      const found = arrived.get(key)?.picture;
      if (found?.id !== picture) return;
      waiting.delete(look);
      done(found);
    };
    waiting.add(look);
    signal.addEventListener("abort", () => waiting.delete(look), { once: true });
    look();
  });
}
