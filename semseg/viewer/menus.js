// The small menus beside the picture: a button opens each, and anything else closes it.

import { find, findAll } from "./dom.js";

export class Menus {
  /**
   * @param {Element} root with buttons `[name=menu]`, each for the menu `.sv-VALUE`
   * @param {AbortSignal} signal
   */
  constructor(root, signal) {
    this.menus = findAll(root, "button[name=menu]", HTMLButtonElement).map((button) => ({
      button,
      menu: find(root, `.sv-${button.value}`, HTMLElement),
    }));
    for (const { button, menu } of this.menus) {
      const turn = () => {
        const open = menu.hidden;
        this.close();
        menu.hidden = !open;
        button.setAttribute("aria-expanded", String(open));
        if (open) this.place(button, menu);
      };
      button.addEventListener("click", turn, { signal });
    }
    /** @param {PointerEvent} event */
    const elsewhere = ({ target }) => {
      const inside = target instanceof Element && target.closest(".sv-menu, button[name=menu]");
      if (!inside) this.close();
    };
    document.addEventListener("pointerdown", elsewhere, { capture: true, signal });
  }

  /**
   * Beside the button, within the palette's part of the window.
   *
   * @param {HTMLElement} button
   * @param {HTMLElement} menu
   */
  place(button, menu) {
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight, offsetParent } = button;
    const room = offsetParent?.parentElement?.clientWidth ?? Infinity;
    const column = offsetParent !== null && offsetParent.clientHeight > 2 * offsetParent.clientWidth;
    const left = column ? offsetLeft + offsetWidth + 6 : offsetLeft;
    menu.style.left = `${Math.max(0, Math.min(left, room - menu.offsetWidth - 8))}px`;
    menu.style.top = `${column ? offsetTop : offsetTop + offsetHeight + 4}px`;
  }

  /** Close what is open; whether anything was. */
  close() {
    const open = this.menus.filter(({ menu }) => !menu.hidden);
    for (const { button, menu } of open) {
      menu.hidden = true;
      button.setAttribute("aria-expanded", "false");
    }
    return open.length > 0;
  }
}
