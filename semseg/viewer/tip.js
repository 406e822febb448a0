// The note beside the pointer that names a particle.

import { SHAPES, SIZES } from "./definitions.js";
import { fixed, places } from "./texts.js";

/** @import { Particles, ShapeKey } from "./types.d.ts" */
/** @import { State } from "./state.js" */

/**
 * What is said of a particle, in lines.
 *
 * @param {Particles} particles
 * @param {State} state
 * @param {number} row
 * @param {ShapeKey} [shape] one that is wanted, too
 */
export function described(particles, state, row, shape) {
  const { unit } = particles;
  const digits = places(particles.max_feret[row]);
  const reason = state.reason(row);
  const lines = [`Particle ${particles.label[row]}: ${state.name(row)}${reason ? `, ${reason}` : ""}`];
  for (const { key, name } of Object.values(SIZES)) {
    lines.push(`${name} ${fixed(particles[key][row], digits)} ${unit}`);
  }
  if (shape) {
    const { name, decimals } = SHAPES[shape];
    lines.push(`${name} ${fixed(particles[shape][row], decimals)}`);
  }
  lines.push(`Confidence ${fixed(particles.confidence[row], 3)}`);
  return lines;
}

export class Tip {
  /**
   * `node` lies in `box`, which is positioned; `describe(row)` gives the lines.
   *
   * @param {HTMLElement} node
   * @param {HTMLElement} box
   * @param {(row: number) => string[]} describe
   */
  constructor(node, box, describe) {
    this.node = node;
    this.box = box;
    this.describe = describe;
  }

  /**
   * Name a particle at a place of the box, in CSS px; `key` changes when its lines do.
   *
   * @param {number} row
   * @param {number | string} key
   * @param {number} x
   * @param {number} y
   */
  show(row, key, x, y) {
    this.node.hidden = row < 0;
    if (row < 0) return;
    const { dataset, style } = this.node;
    if (dataset.row !== String(row) || dataset.key !== String(key)) {
      this.node.replaceChildren(
        ...this.describe(row).map((line) => {
          const part = document.createElement("div");
          part.textContent = line;
          return part;
        }),
      );
      dataset.row = String(row);
      dataset.key = String(key);
    }
    const beyond = x > this.box.clientWidth / 2;
    const below = y > this.box.clientHeight / 2;
    style.transform = `translate(${beyond ? "-100%" : "0"}, ${below ? "-100%" : "0"})`;
    style.left = `${x + (beyond ? -12 : 14)}px`;
    style.top = `${y + (below ? -10 : 14)}px`;
  }

  hide() {
    this.node.hidden = true;
  }
}
