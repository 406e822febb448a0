"""What the page asks of the browser around it: a short history, a question before it is left, and
to keep what a reload would lose. Its JavaScript stands in ``semseg/viewer/browser/``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import streamlit as st

from semseg.errors import OutputError
from semseg.viewer import BASE, files_address

__all__ = ["accompany", "keep", "offer"]

SWITCH, KEEP, OFFER = "semseg_companion", "semseg_keep", "semseg_offer"

# called again for new data; what is returned, when the component leaves
ENTRY = """
export default function (component) {
  const folder = `${base()}${component.data.assets}/`;
  const place = component.parentElement;
  const module = import(`${folder}browser/companion.js`);
  const leave = module.then((m) => m.CALLED(component)).catch(() => undefined);
  return () => leave.then((done) => done && done());
}
"""
SWITCH_HTML = """
<label hidden title="So that a reload can go on: settings, decisions by hand and the pictures (up to
500 MB) stay in this browser's own storage on this computer, for 30 days at most. Nothing of it is
sent anywhere. Off: what is kept is deleted. Switch it off on a computer that others use, too.">
  <input type="checkbox">
  <span>Keep my work in this browser</span>
</label>
"""
SWITCH_CSS = """
label { display: flex; gap: 0.5rem; align-items: center; cursor: pointer; opacity: 0.8; }
label { font: 0.875rem / 1.4 var(--st-font); color: var(--st-text-color); }
label[hidden] { display: none; }
input { accent-color: var(--st-primary-color); margin: 0; }
input:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
"""
OFFER_HTML = '<div class="offers" role="status"></div>'
OFFER_CSS = """
.offers { display: flex; flex-direction: column; gap: 0.75rem; }
.offer {
  display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; padding: 0.75rem 1rem;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
  background: var(--st-secondary-background-color); color: var(--st-text-color);
  font: 1rem / 1.5 var(--st-font); max-width: 60rem; box-sizing: border-box;
}
p { margin: 0; overflow-wrap: anywhere; }
.what { flex: 1 1 20rem; }
.missing { flex-basis: 100%; order: 3; font-size: 0.875rem; }
.buttons { display: flex; gap: 0.5rem; }
button {
  font: inherit; padding: 0.25rem 0.75rem; min-height: 2.5rem; cursor: pointer; color: inherit;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
  background: var(--st-background-color);
}
button.go { background: var(--st-primary-color); border-color: var(--st-primary-color); }
button.go { color: var(--st-background-color); }
button:hover { filter: brightness(0.95); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
"""


def _component(name: str, called: str, html: str = "", css: str = "") -> Callable[..., Any]:
    made: Callable[..., Any] = st.components.v2.component(
        name, html=html, css=css, js=BASE + ENTRY.replace("CALLED", called)
    )
    return made


_SWITCH = _component(SWITCH, "accompany", SWITCH_HTML, SWITCH_CSS)
_KEEP = _component(KEEP, "keep")
_OFFER = _component(OFFER, "offer", OFFER_HTML, OFFER_CSS)


def accompany(*, may_keep: bool) -> None:
    """On every page: the history, and the switch for what is kept, where anything may be."""
    _draw(_SWITCH, SWITCH, {"may_keep": may_keep})


def keep(asks: bool, record: Mapping[str, Any] | None, ended: bool) -> None:
    """Tell the browser what to keep; shows nothing.

    Parameters
    ----------
    asks : bool
        Whether it asks before the page is left.
    record : mapping or None
        What to keep, as `Wanted` in ``kept.d.ts`` says; None: nothing new.
    ended : bool
        Whether a person took all pictures away, so that nothing need be kept.
    """
    _draw(_KEEP, KEEP, {"asks": asks, "record": record, "ended": ended}, height=1)


def offer(uploader: str, take: Callable[[Mapping[str, Any]], None], taken: str | None) -> None:
    """Offer to go on with what was kept; `take` is called with the choice, before the page runs.

    `uploader` is the key of the field that files are given to, and `taken` tells which choice was
    taken over: the browser gives its files then, since a field drops those that are on their way
    when the page is run.
    """

    def restore() -> None:
        chosen = st.session_state[OFFER].get("restore")
        if isinstance(chosen, Mapping):
            take(chosen)

    data = {"uploader": f"st-key-{uploader}", "taken": taken}
    _draw(_OFFER, OFFER, data, on_restore_change=restore)


def _draw(
    component: Callable[..., Any],
    key: str,
    data: Mapping[str, Any] | None = None,
    **options: Any,
) -> None:
    with suppress(OutputError):  # said where it matters: beside the picture
        component(data={"assets": files_address(), **(data or {})}, key=key, **options)
