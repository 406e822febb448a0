"""What was decided by hand on a picture of the run, saved into the run.

Each save is a file of its own for the picture, whole: of several people on one run, or of several
tabs, the last to save is the one whose decisions hold.
"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from semseg.analysis import Analysis
from semseg.batch.by_hand import digest, is_edited, save
from semseg.details import NONE
from semseg.display import Display
from semseg.errors import OutputError
from semseg.export.session import Session, operations_of, session_of
from semseg.page import details, inputs
from semseg.page.run import folder, opening
from semseg.page.text import plain
from semseg.settings import Settings

__all__ = ["ask_before_leaving", "show"]


def show(analysis: Analysis, display: Display) -> None:
    """Whether what stands on the page is in the run, and the button that brings it there."""
    state, sha256 = st.session_state, analysis.micrograph.sha256
    with st.container(key="run_save", horizontal=True, vertical_alignment="center", gap="small"):
        unsaved = _differs(analysis, state.get("session"))
        state.run_unsaved = (analysis, display) if unsaved else None
        st.button(
            "Save into the run",
            icon=":material/save:",
            type="primary" if unsaved else "secondary",
            disabled=not unsaved,
            on_click=_save_now,
            args=(analysis, display),
            key="run_save_button",
            help="Filter, settings, decisions and corrected outlines of this picture, for semseg "
            "batch --retry-edited. What was saved before is replaced.",
        )
        if unsaved:
            st.markdown("**Not saved.**", width="content")
        elif is_edited(state.run_row, {sha256: digest(folder.run().path, sha256)}):
            st.markdown(
                "Saved; put right by hand, measure again: **semseg batch --retry-edited**.",
                width="content",
            )
        else:
            st.markdown("As it was measured.", width="content")
    if problem := state.pop("run_save_problem", ""):
        st.error(plain(problem))


@st.dialog("Not saved into the run", icon=":material/save:", dismissible=False)
def _ask() -> None:
    state = st.session_state
    st.write("What you decided on this picture is not in the run yet.")
    (name,) = state.run_leaves_for
    with st.container(horizontal=True, gap="small"):
        if st.button("Save and go on", type="primary", key="run_save_and_go"):
            if _save(*state.run_unsaved):
                opening.leave_for(name)
            else:
                del state.run_leaves_for
            st.rerun()
        if st.button("Leave without saving", key="run_leave"):
            opening.leave_for(name)
            st.rerun()
        if st.button("Stay", key="run_stay"):
            del state.run_leaves_for
            st.rerun()


def ask_before_leaving() -> None:
    """Where a person is about to leave what is not saved."""
    if "run_leaves_for" in st.session_state:
        _ask()


def _save_now(analysis: Analysis, display: Display) -> None:
    _save(analysis, display)


def _save(analysis: Analysis, display: Display) -> bool:
    """Save it; whether the disk took it."""
    state = st.session_state
    session = session_of([analysis], display, details.current())
    try:
        save(folder.run().path, session)
    except OutputError as error:
        state.run_save_problem = str(error)
        return False
    inputs.session_is(session)
    state.run_unsaved = None
    return True


def _differs(analysis: Analysis, before: Session | None) -> bool:
    """Whether a picture now stands otherwise than in the session that it was opened with."""
    picture = before.picture(analysis.micrograph.sha256) if before else None
    settings = before.settings_of(picture) if before else Settings()
    usual = analysis.model.filter_threshold
    there = set(analysis.particles["label"].tolist())
    edits = picture.edits if picture else {}
    return (
        _comparable(analysis.settings, usual) != _comparable(settings, usual)
        or analysis.manual != {label: kept for label, kept in edits.items() if label in there}
        or operations_of(analysis.segmentation) != (picture.operations if picture else ())
        or details.current() != (before.details if before else NONE)
    )


def _comparable(settings: Settings, usual: float) -> Settings:
    """Without what changes no number: where it is run, and a filter that is given as is usual."""
    threshold = usual if settings.filter is None else settings.filter
    return replace(settings, provider=Settings().provider, filter=threshold)
