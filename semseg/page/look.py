"""Within a fragment: run it again and again, as long as it is there. Shows nothing.

Streamlit's ``run_every`` sends what the page's widgets hold whenever its time has come, also while
the server runs the page and changes one of them; the server then takes the old value for what a
person typed. This one asks only when the browser has seen the last run through.
"""

from __future__ import annotations

import streamlit as st

__all__ = ["look_again"]

ENTRY = """
export default function (component) {
  const place = component.parentElement;
  place.semsegLatest = component;
  place.semsegSeen?.(); // called anew for every run: its data tell one from another
  if (place.semsegLeave) return place.semsegLeave;
  const app = document.querySelector("[data-test-script-state]");
  const LATE = 5000; // ms after which a question is taken for lost
  let asked = 0, last = performance.now();
  // a busy browser draws the beginning and the end of a run at once: then no state changes
  const seen = () => { asked = 0; last = performance.now(); };
  place.semsegSeen = seen;
  const watch = new MutationObserver(seen);
  watch.observe(app, { attributeFilter: ["data-test-script-state"] });
  const timer = setInterval(() => {
    if (!place.isConnected) return place.semsegLeave?.(); // gone before it was there
    const now = performance.now();
    const { data, setTriggerValue } = place.semsegLatest;
    const isAtRest = app.dataset.testScriptState === "notRunning" && now - last >= data.every;
    if (!isAtRest || (asked && now - asked < LATE)) return;
    asked = now;
    setTriggerValue("look", Math.round(now));
  }, 100);
  place.semsegLeave = () => {
    watch.disconnect();
    clearInterval(timer);
    place.semsegLeave = place.semsegSeen = null;
  };
  return place.semsegLeave;
}
"""
_COMPONENT = st.components.v2.component("semseg_look", js=ENTRY)


def look_again(every_s: float) -> None:
    """Run this fragment again so long after its last run."""
    run = st.session_state["looks"] = st.session_state.get("looks", 0) + 1
    data = {"every": round(1000 * every_s), "run": run}
    _COMPONENT(data=data, key="look", height=1, on_look_change=_nothing)


def _nothing() -> None:
    """Streamlit asks for a function to call."""
