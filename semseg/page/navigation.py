"""The page and its address: what is published there, what a link sets, Back and Forward.

The address follows the settings, the picture that is shown and the tab that is open
(`semseg.page.address` says how). Which of these changes is worth an entry in the browser's history
stands in ``semseg/viewer/browser/history.js``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from semseg.display import Display
from semseg.page import address, choices
from semseg.page.run import folder, opening
from semseg.page.text import plain
from semseg.settings import Settings

__all__ = ["arrive", "follow", "open_tab", "publish", "what_the_link_sets"]

FIRST_TAB = "sizes"


def arrive() -> None:
    """Once per session: what came with the address."""
    state = st.session_state
    if folder.is_given():  # whose pictures bring their settings
        choices.load(Settings(), Display())
        opening.arrive(st.query_params.to_dict())
        state.tab_wanted = st.query_params.get("tab")
        return
    settings, display, wrong = address.from_query(st.query_params)
    choices.load(settings, display)
    state.sample = st.query_params.get("sample") == "1"
    state.tab_wanted = st.query_params.get("tab")
    state.link = address.in_words(settings, display)
    if wrong:
        st.toast(f"Left out of the address: {plain(', '.join(wrong))}.", icon=":material/link_off:")


def follow() -> None:
    """After Back or Forward: do what the address says now; before any widget is drawn.

    Decisions by hand stay, and so does what belongs to pictures that the address does not speak of.
    """
    context = get_script_run_ctx()
    if context is None or not context.is_history_navigation:
        return
    state, query = st.session_state, st.query_params
    if folder.is_given():
        opening.arrive(query.to_dict())
        state.tab_wanted = query.get("tab", FIRST_TAB)
        return
    settings, display, _ = address.from_query(query)
    choices.take(settings, display, _pictures())
    state.sample = query.get("sample") == "1"
    state.tab_wanted = query.get("tab", FIRST_TAB)
    if _pictures() > 1:
        state.picture_wanted = _number(query) - 1


def open_tab(titles: Sequence[str]) -> None:
    """Open the tab that the address asked for; before the tabs are drawn."""
    wanted = st.session_state.pop("tab_wanted", None)
    for title in titles:
        if _slug(title) == wanted:
            st.session_state.tab = title


def publish() -> None:
    """Put settings, picture and tab into the page's address, where they differ from the usual."""
    state = st.session_state
    query = {}
    if not folder.is_given():
        query = address.to_query(choices.for_the_address(_pictures()), choices.current_display())
    elif name := opening.opened():
        query["picture"] = name
    if state.get("sample"):
        query["sample"] = "1"
    if state.shown_key is not None:
        tab = _slug(state.get("tab") or FIRST_TAB)
        if tab != FIRST_TAB:
            query["tab"] = tab
        # one that is wanted may not be read yet
        picture = state.get("picture_wanted", state.get("picture"))
        if _pictures() > 1 and picture:
            query["picture"] = str(picture + 1)
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


def what_the_link_sets() -> None:
    """Name the settings that came with the address, until somebody has read it."""
    words = st.session_state.get("link")
    if not words:
        return
    with st.container(key="link", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":material/link: This link sets: **{plain(', '.join(words))}**.")
        st.button("Use the usual settings", on_click=_use_the_usual, key="link_reset")
        st.button("Keep them", on_click=_read, key="link_keep", type="tertiary")


def _use_the_usual() -> None:
    choices.load(Settings(), Display())
    _read()


def _read() -> None:
    st.session_state.link = []


def _pictures() -> int:
    count: int = st.session_state.get("picture_count", 0)
    return count


def _number(query: Mapping[str, str]) -> int:
    text = query.get("picture", "1")
    return int(text) if text.isdecimal() and len(text) < 9 else 1


def _slug(title: str) -> str:
    """A tab in the address: the first word of its title."""
    return title.split()[0].lower()
