"""Fields for what a person says of the sample: title, sample, operator, notes.

They stand beside the button of the report, and belong to all pictures. A change of them makes no
run of the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import sleep

import streamlit as st

from semseg.details import DETAILS, NONE, Details
from semseg.fields import Text

__all__ = ["current", "fields", "load", "reader"]

# A field is taken over when it is left, which may be by the very click that asks for a file.
GRACE_S = 0.3
LABELS = {"title": "Title", "sample": "Sample", "operator": "Operator", "notes": "Notes"}


def current() -> Details:
    """What is said now."""
    return _holder().get("said", NONE)


def reader() -> Callable[[], Details]:
    """`current` for whoever makes a file when it is asked for, outside of the session."""
    holder = _holder()

    def read() -> Details:
        sleep(GRACE_S)
        return holder.get("said", NONE)

    return read


def load(details: Details) -> None:
    """Take over what a session says."""
    _holder()["said"] = details


def _holder() -> dict[str, Details]:
    """Where it is kept; outside of the session there is no way to its state."""
    holder: dict[str, Details] = st.session_state.setdefault("details", {})
    return holder


@st.fragment
def fields(place: str) -> None:
    """A field for each; `place` tells several such groups on the page apart."""
    if st.session_state.pop("details_changed", False):
        st.rerun(scope="app")  # for whoever shows or keeps them elsewhere
    said = current()
    with st.expander("Title, sample, operator, notes", icon=":material/edit_note:"):
        st.caption("For report, workbook, summary and session. They stay out of the address.")
        with st.container(horizontal=True, gap="small"):
            for name in ("title", "sample", "operator"):
                _field(name, said, place)
        _field("notes", said, place)


def _field(name: str, said: Details, place: str) -> None:
    about, key = DETAILS[name], f"details_{name}_{place}"
    assert isinstance(about, Text), name
    st.session_state[key] = getattr(said, name)
    draw = st.text_area if about.lines else st.text_input
    draw(
        LABELS[name],
        key=key,
        max_chars=about.most,
        placeholder=about.usual,
        on_change=_take,
        args=(name, key),
    )


def _take(name: str, key: str) -> None:
    load(replace(current(), **{name: st.session_state[key].strip()}))
    st.session_state.details_changed = True
