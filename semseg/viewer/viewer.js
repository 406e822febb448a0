// What Streamlit's component calls: one view in each place of the page.

import { deliver as take } from "./delivery.js";
import { loadPlotly } from "./plots.js";
import { take as takeHints } from "./seams.js";
import { View } from "./view.js";

/** @import { Component, Delivered, Hints } from "./types.d.ts" */

/** @type {WeakMap<HTMLElement, View>} */
const views = new WeakMap();

/**
 * Called by Streamlit for every new data or theme, see __init__.py.
 *
 * @param {HTMLElement} root
 * @param {Component} component
 * @param {string} folder address of the viewer's files, ending with a slash
 */
export function show(root, component, folder) {
  const view = views.get(root) ?? new View(root, folder);
  views.set(root, view);
  return view.receive(component);
}

/**
 * Called by Streamlit with the picture that a view is about.
 *
 * @param {Delivered} delivered
 */
export function deliver(delivered) {
  take(delivered);
}

/**
 * Called by Streamlit with what is known of seams.
 *
 * @param {Hints} hints
 */
export function hint(hints) {
  takeHints(hints);
}

/**
 * Called on a page that has no picture yet, so that the first one need not wait.
 *
 * @param {string} folder
 */
export function preload(folder) {
  return loadPlotly(`${folder}plotly.min.js`);
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
