// What Streamlit's components call that stand beside the view, see semseg/page/companion.py.

import { closeSidebar, listen } from "./given.js";
import { keepHistoryShort } from "./history.js";
import { keeper } from "./keeper.js";
import { askBeforeLeaving } from "./leaving.js";
import { Offer } from "./offer.js";

/** @import { KeepComponent, OfferComponent, SwitchComponent } from "./kept.d.ts" */

/** @type {WeakMap<OfferComponent["parentElement"], Offer>} */
const offers = new WeakMap();

/**
 * The switch for what is kept; in the sidebar, which a phone has only while it is open.
 *
 * @param {SwitchComponent} component
 */
export function accompany({ parentElement, data }) {
  const input = parentElement.querySelector("input");
  const all = parentElement.querySelector("label");
  if (!input || !all) return undefined;
  const draw = () => {
    all.hidden = !keeper.able || !data.may_keep;
    input.checked = keeper.on;
  };
  input.onchange = () => keeper.set(input.checked);
  draw();
  keeper.watchers.add(draw);
  return () => keeper.watchers.delete(draw);
}

/**
 * On every page: a short history, note of the files that are given, what is to be kept, and whether
 * to ask before leaving.
 *
 * @param {KeepComponent} component
 */
export function keep({ data }) {
  keepHistoryShort();
  listen();
  askBeforeLeaving(data.asks);
  if (data.record) {
    closeSidebar();
    keeper.keep(data.record);
  } else if (data.ended) {
    keeper.end();
  }
}

/**
 * On a page without pictures.
 *
 * @param {OfferComponent} component
 */
export function offer(component) {
  const place = component.parentElement;
  const made = offers.get(place) ?? new Offer(place);
  offers.set(place, made);
  made.receive(component);
  return () => {
    made.destroy();
    offers.delete(place);
  };
}
