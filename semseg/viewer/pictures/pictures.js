// What Streamlit's component calls: all pictures in one place of the page.

import { Pictures } from "./whole.js";

/** @import { Component } from "./types.d.ts" */

/** @type {WeakMap<HTMLElement, Pictures>} */
const views = new WeakMap();

/**
 * Called by Streamlit for every new data or theme, see __init__.py.
 *
 * @param {HTMLElement} root
 * @param {Component} component
 * @param {string} folder address of the viewer's files, ending with a slash
 */
export function show(root, component, folder) {
  const view = views.get(root) ?? new Pictures(root, folder);
  views.set(root, view);
  return view.receive(component);
}

/**
 * Called when the page takes the component away.
 *
 * @param {HTMLElement} root
 */
export function leave(root) {
  views.get(root)?.destroy();
  views.delete(root);
}
