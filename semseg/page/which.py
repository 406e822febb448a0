"""Which of several pictures is shown, and the ways to another."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from semseg.io.micrograph import Micrograph
from semseg.page.work import Progress

__all__ = ["STYLE", "chosen", "prefer_one_that_is_done", "show"]

# on a phone the ways to the next picture are an arrow each
STYLE = """
<style>
  .st-key-which { flex-wrap: nowrap; }
  @media (max-width: 640px) {
    .st-key-which .stButton :is(p, kbd) { display: none; }
  }
</style>
"""


def show(number: int) -> None:
    """Show this picture from the next run on."""
    st.session_state.picture_wanted, st.session_state.picture_chosen = number, True


def chosen(micrographs: Sequence[Micrograph], unread: int = 0) -> int:
    """Which picture is shown, and the way to another; so many more will be read."""
    state = st.session_state
    count = state.picture_count = len(micrographs) + unread
    if count == 1:
        return 0
    wanted = state.pop("picture_wanted", None)
    if wanted is None:
        wanted = state.get("picture", 0)
    if wanted not in range(count):
        wanted = 0
    if wanted >= len(micrographs):  # it comes later
        state.picture_wanted = wanted
        wanted = 0
    state.picture = wanted
    with st.container(key="which", horizontal=True, vertical_alignment="bottom", gap="small"):
        _step_button("Previous", "P", "left", wanted - 1, enabled=wanted > 0)
        shown: int = st.selectbox(
            "Picture shown",
            range(len(micrographs)),
            key="picture",
            format_func=lambda k: f"{k + 1} of {count}: {micrographs[k].name}",
            label_visibility="collapsed",
            on_change=_take,
        )
        _step_button("Next", "N", "right", wanted + 1, enabled=wanted + 1 < len(micrographs))
    return shown


def prefer_one_that_is_done(found: Sequence[Progress], shown: int) -> None:
    """Where the picture shown failed and nobody chose it, show the first that is done."""
    if found[shown].problem and not st.session_state.get("picture_chosen"):
        done = [number for number, each in enumerate(found) if each.image]
        if done:
            st.session_state.picture_wanted = done[0]
            st.rerun()


def _take() -> None:
    st.session_state.picture_chosen = True


def _step_button(name: str, letter: str, side: str, to: int, *, enabled: bool) -> None:
    st.button(
        name,
        key=f"picture_{name.lower()}",
        icon=f":material/chevron_{side}:",
        shortcut=letter,
        disabled=not enabled,
        on_click=show,
        args=(to,),
        help=f"Show the {name.lower()} picture",
    )
