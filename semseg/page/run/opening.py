"""A picture of the run, opened: the page shows it as one that was uploaded.

It is named by its row of the ledger, in the address as in the session; its file is read from where
the ledger says, and from nowhere else. It has the settings that it was measured with, or those that
a person saved since, with all that was decided by hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from semseg.batch.by_hand import decisions
from semseg.batch.jobs import EDITION
from semseg.batch.pictures import Picture as Address
from semseg.batch.pictures import read_bytes, read_text
from semseg.batch.run import RunFolder
from semseg.display import Display
from semseg.errors import SemsegError, SettingsError, UnreadableImageError, printable
from semseg.export.session import Session, read_session
from semseg.page import choices, inputs
from semseg.page.run.listing import Listing, Wanted, listing
from semseg.page.text import plain
from semseg.page.work import Picture
from semseg.settings import Settings

__all__ = ["arrive", "bar", "begin", "go", "opened", "picture", "wanted"]

STYLE = """
<style>
  .st-key-run_bar { flex-wrap: wrap; }
  @media (max-width: 640px) {
    .st-key-run_bar .st-key-run_steps .stButton :is(p, kbd) { display: none; }
  }
</style>
"""


def opened() -> str | None:
    """The row of the picture that is open; None: the table is shown."""
    name: str | None = st.session_state.get("run_picture")
    return name


def wanted() -> Wanted:
    """Which rows of the table a person asked to see."""
    found: Wanted = st.session_state.get("run_wanted", Wanted())
    return found


def arrive(query: Mapping[str, str]) -> None:
    """Open what the address names, or the table; before any widget is drawn."""
    go(query.get("picture"))


def go(name: str | None) -> None:
    """Open this picture, or the table, from the next run on; asks where something would be lost."""
    state = st.session_state
    if state.get("run_unsaved") is not None and name != opened():
        state.run_leaves_for = (name,)
    else:
        leave_for(name)


def leave_for(name: str | None) -> None:
    """Open this picture, or the table, whatever would be lost."""
    state = st.session_state
    state.run_picture, state.run_unsaved = name, None
    state.pop("run_leaves_for", None)
    state.run_opened_times = state.get("run_opened_times", 0) + 1


def begin(run: RunFolder) -> None:
    """Take over what a picture that was just opened was measured with; before any widget is
    drawn."""
    state, name = st.session_state, opened()
    if name is None or state.get("run_taken") == (name, state.run_opened_times):
        return
    try:
        # as it is now; it stays while the picture is open, whatever a run adds meanwhile
        state.run_listing = listing(run)
        row = state.run_listing.rows.get(name)
    except SettingsError as error:
        row, state.run_problem = None, str(error)
    if row is None:
        state.run_picture = None
        state.setdefault(
            "run_problem", "The address names a picture that this run does not hold; choose one."
        )
        return
    state.run_taken = name, state.run_opened_times
    state.run_row, state.run_said = row, ""
    session = _session(run, row)
    if session is None:
        choices.load(Settings(), Display())
        state.session = None
    else:
        inputs.take_session(session)
    choices.assume(session.settings.assumed_width_nm if session else None)
    state.link = []


def picture() -> Picture:
    """The picture that is open, to be read."""
    name, row = opened(), st.session_state.run_row
    beside = Address(row["address"], "", row.get("sidecar"))
    sidecar = None
    if beside.sidecar is not None:
        sidecar = printable(Address(beside.sidecar, "").name), partial(_text, beside)
    key = f"{name} {row.get('sha256')} {st.session_state.run_opened_times}"
    return Picture(key, printable(row["name"]), partial(_content, row), sidecar)


def bar() -> None:
    """The ways to the table and to the pictures before and behind, and what is said of this one."""
    found: Listing = st.session_state.run_listing
    name = opened() or ""
    names = list(found.shown(wanted()).index)
    if name not in names:
        names = list(found.table.index)
    at = names.index(name)
    about = found.about(name)
    with st.container(key="run_bar", horizontal=True, vertical_alignment="center", gap="small"):
        st.button("All pictures", icon=":material/table_rows:", on_click=go, args=(None,))
        with st.container(key="run_steps", horizontal=True, gap="small", width="content"):
            _step("Previous", "P", "left", names[at - 1] if at else None)
            _step("Next", "N", "right", names[at + 1] if at + 1 < len(names) else None)
        st.markdown(
            f"**{at + 1:,} of {len(names):,}** · {plain(about['sample'])} · {about['state']}",
            width="content",
        )
    if about["look_at"]:
        st.caption(plain(about["look_at"]))
    if said := st.session_state.get("run_said"):
        st.warning(plain(said), icon=":material/difference:")


def _step(name: str, letter: str, side: str, to: str | None) -> None:
    st.button(
        name,
        key=f"run_{name.lower()}",
        icon=f":material/chevron_{side}:",
        shortcut=letter,
        disabled=to is None,
        on_click=go,
        args=(to,),
        help=f"Open the {name.lower()} picture of the table",
    )


def _session(run: RunFolder, row: Mapping[str, Any]) -> Session | None:
    """What was decided on a picture, else what it was measured with; None: neither is known."""
    state = st.session_state
    try:
        if decided := decisions(run.path, row.get("sha256", "")):
            return decided.session
    except SettingsError as error:
        state.run_said = str(error)
    if "id" not in row:
        return None
    try:
        session = read_session((run.place(row["id"]) / "session.json").read_bytes())
    except (OSError, SemsegError):
        state.run_said = (
            "What it was measured with cannot be read any more, so the usual settings are shown."
        )
        return None
    if (session.numbers, session.model_sha256) != EDITION:
        # its particles may have other numbers by now
        untouched = tuple(replace(each, edits={}, operations=()) for each in session.pictures)
        session = replace(session, pictures=untouched)
    return session


def _content(row: Mapping[str, Any]) -> bytes:
    """The bytes of a picture, if they are those that were measured."""
    try:
        content, _ = read_bytes(Address(row["address"], ""))
    except UnreadableImageError as error:
        raise UnreadableImageError(
            f"{printable(row['name'])} cannot be read any more from where the run found it; put "
            "it back there, or measure it where it is now."
        ) from error
    known = row.get("sha256")
    if known is not None and hashlib.sha256(content).hexdigest() != known:
        raise UnreadableImageError(
            f"{printable(row['name'])} has changed since it was measured; the same semseg batch "
            "measures it again."
        )
    return content


def _text(picture: Address) -> bytes:
    found = read_text(picture)
    if found is None:
        raise UnreadableImageError(
            f"The text beside {printable(picture.name)}, which was read with it, is gone."
        )
    return found[1]
