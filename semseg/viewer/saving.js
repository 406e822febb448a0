// Saving a single panel as a file: the picture as it is seen, or the graph.

import { findAll } from "./dom.js";
import { snapshot } from "./snapshot.js";

/** @import { PaperGraph, Plotly } from "./types.d.ts" */
/** @import { View } from "./view.js" */

const [WIDTH, HEIGHT] = [720, 480]; // CSS px of a graph
const SHARPER = 3; // px of a graph per CSS px

/**
 * The buttons of the menu.
 *
 * @param {View} view
 * @param {Promise<Plotly>} loading
 * @param {AbortSignal} signal
 */
export function listenToSaving(view, loading, signal) {
  for (const button of findAll(view.root, ".sv-save button", HTMLButtonElement)) {
    const save = async () => {
      view.menus.close();
      const stem = view.particles.name.replace(/\.[^.]*$/, "");
      if (button.value === "picture") {
        const url = snapshot(view.overlay).toDataURL("image/png");
        return download(url, `${stem}.outlines.png`);
      }
      const format = button.value === "svg" ? "svg" : "png";
      const graph = view.graphs.figure();
      if (!graph) return;
      download(await image(await loading, graph.figure, format), `${stem}.${graph.name}.${format}`);
    };
    button.addEventListener("click", save, { signal });
  }
}

/**
 * @param {Plotly} Plotly
 * @param {PaperGraph} figure
 * @param {"png" | "svg"} format
 */
function image(Plotly, figure, format) {
  const scale = format === "png" ? SHARPER : 1;
  return Plotly.toImage(figure, { format, width: WIDTH, height: HEIGHT, scale });
}

/** @param {string} url @param {string} name */
function download(url, name) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
