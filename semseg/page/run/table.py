"""The pictures of the run in a table: filtered, clicked, opened."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from semseg.batch.run import RunFolder
from semseg.errors import SettingsError
from semseg.page.run import opening
from semseg.page.run.listing import EDITED, Wanted, listing
from semseg.page.text import plain

__all__ = ["show"]

HEIGHT, ROW_HEIGHT = 640, 35  # px, of the table at most and of a row in it


def show(run: RunFolder) -> None:
    """The table; a click on a row opens its picture."""
    st.title(plain(run.path.name), anchor=False)
    try:
        found = listing(run)
    except SettingsError as error:
        st.info(plain(str(error)), icon=":material/hourglass_empty:")
        return
    if problem := st.session_state.pop("run_problem", ""):
        st.error(plain(problem))
    states = found.table["state"].value_counts()
    st.caption(" · ".join([f"{len(found.table):,} pictures", *_counts(states)]))
    if edited := states.get(EDITED, 0):
        st.info(
            f"{edited:,} {'picture was' if edited == 1 else 'pictures were'} put right by hand, "
            "measure again: **semseg batch --retry-edited**, with what the run was made with.",
            icon=":material/front_hand:",
        )
    table = found.shown(_wanted(found.table))
    if table.empty:
        st.info("No picture is like this.", icon=":material/filter_alt_off:")
        return
    key = f"run_table_{st.session_state.get('run_opened_times', 0)}"  # nothing is selected anew
    picked = st.dataframe(
        table,
        key=key,
        hide_index=True,
        height=min(HEIGHT, ROW_HEIGHT * (len(table) + 1) + 3),
        row_height=ROW_HEIGHT,
        placeholder="",
        on_select="rerun",
        selection_mode="single-cell",
        column_config={
            "name": st.column_config.TextColumn("Name", width="medium"),
            "sample": st.column_config.TextColumn("Sample", width=120),
            "state": st.column_config.TextColumn("State", width=170 if edited else None),
            "counted": st.column_config.NumberColumn("Counted", format="localized"),
            "d50_nm": st.column_config.NumberColumn("D50 (nm)", format="%.4g"),
            "rejected": st.column_config.NumberColumn("Rejected", format="%.0f %%"),
            "scale": st.column_config.TextColumn("Scale from", width=140),
            "by_hand": "By hand",
            "look_at": st.column_config.TextColumn("What to look at", width="large"),
        },
    )
    st.caption(
        f"{len(table):,} shown; failed ones first, then those most unlike the others of their "
        "sample. Click a row to open its picture; *Previous* and *Next* there keep this order. "
        "D50 is that of the min Feret diameter, by number."
    )
    if cells := picked["selection"]["cells"]:
        opening.go(str(table.index[cells[0][0]]))
        st.rerun()


def _counts(states: pd.Series[int]) -> list[str]:
    return [f"{count:,} {state}" for state, count in states.items()]


def _wanted(table: pd.DataFrame) -> Wanted:
    """What the person asks to see; kept while a picture is open."""
    before = opening.wanted()
    with st.container(horizontal=True, gap="small", key="run_filter"):
        text = st.text_input(
            "Text",
            before.text,
            placeholder="of name, sample, state, scale or reason",
            key="run_text",
        )
        samples = _some("Sample", table["sample"], before.samples)
        states = _some("State", table["state"], before.states)
    st.session_state.run_wanted = Wanted(samples, states, text)
    return opening.wanted()


def _some(label: str, column: pd.Series[str], before: tuple[str, ...]) -> tuple[str, ...]:
    there = sorted(column.unique())
    return tuple(
        st.multiselect(
            label,
            there,
            [each for each in before if each in there],
            placeholder="all",
            key=f"run_{label.lower()}",
        )
    )
