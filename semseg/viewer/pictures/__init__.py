"""Several pictures of one sample beside each other and their sizes over each other, linked: one
Streamlit component.

    data = pack([Card(...), ...], curves, heads)
    number = pictures(data, key="pictures")    # of the picture that was just opened, or None

What is pointed at, and how cards are sorted, stays in the browser.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from semseg.viewer import BASE, files_address
from semseg.viewer.pictures.packing import Card, Cell, Curves, outlines_of, pack, thumbnail

__all__ = ["Card", "Cell", "Curves", "outlines_of", "pack", "pictures", "thumbnail"]

HERE = Path(__file__).resolve().parent

ENTRY = """
export default function (component) {
  const root = component.parentElement.querySelector(".semseg-pictures");
  const folder = `${base()}${component.data.assets}/`;
  const module = import(`${folder}pictures/pictures.js`);
  module.then(
    ({ show }) => show(root, component, folder),
    () => {
      root.textContent =
        "The view could not be loaded from this server; reload the page, or tell whoever runs it.";
    },
  );
  return () => module.then(({ leave }) => leave(root), () => {});
}
"""
_COMPONENT = st.components.v2.component(
    "semseg_pictures",
    html='<div class="semseg-pictures" role="group" aria-label="All pictures"></div>',
    js=BASE + ENTRY,
    isolate_styles=False,  # plotly.js puts its style into the document, out of a shadow's reach
)


def pictures(data: dict[str, Any], *, key: str) -> int | None:
    """Show all pictures; return the number of the one that a person just opened.

    Parameters
    ----------
    data : dict
        From `pack`.
    key : str
        Of the component, as in Streamlit.

    Raises
    ------
    OutputError
        When the files for the browser cannot be written anywhere.
    """
    payload = {**data, "assets": files_address(), "key": key}
    result = _COMPONENT(data=payload, key=key, on_open_change=_nothing)
    number = result.get("open")
    known = {card["number"] for card in data["cards"]}
    return number if type(number) is int and number in known else None


def _nothing() -> None:
    """Streamlit asks for a function to call; the script itself reads the value."""
