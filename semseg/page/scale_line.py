"""A line that a person drew over a scale bar, and what it stands for."""

from __future__ import annotations

import math
from dataclasses import replace

import streamlit as st

from semseg.errors import SemsegError
from semseg.io.micrograph import Micrograph
from semseg.page import choices
from semseg.page.scales import BAR, NOTHING, length_of, use
from semseg.page.text import plain
from semseg.scale.typed_length import implausible_pixel

__all__ = ["line_is_used", "line_over_bar"]

Line = tuple[float, float, float, float]


def line_is_used(micrograph: Micrograph, line: Line | None, aspect: float) -> bool:
    """Whether the scale of a picture stands on a line that was drawn over its bar, or it is still
    to be said what that stands for. One that is not used may be asked about again."""
    done = _lines_done()
    if line is None or done.get(micrograph.sha256) != line:
        return True
    used = choices.of(micrograph).scale_bar_px
    if used is not None and math.isclose(used, _length_px(line, aspect)):
        return True
    del done[micrograph.sha256]
    return False


def line_over_bar(micrograph: Micrograph, line: Line | None, aspect: float) -> None:
    """Ask what a line stands for that was drawn over a scale bar: left, top, right and bottom of
    its ends in recorded px, of which `aspect` is the height over the width."""
    state = st.session_state
    if line is None or _lines_done().get(micrograph.sha256) == line:
        return
    length = _length_px(line, aspect)
    with st.container(key="line_form", border=True, gap="small"):
        st.markdown(f"Your line is **{length:.4g} px** long. What does it stand for?")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.text_input(
                "It stands for",
                key="line_text",
                placeholder="such as 500 nm",
                label_visibility="collapsed",
                width=180,
                on_change=_take_line,
                args=(micrograph.sha256, line, length),
            )
            st.button(
                "Use it",
                type="primary",
                key="line_use",
                on_click=_take_line,
                args=(micrograph.sha256, line, length),
            )
            st.button(
                "Discard",
                key="line_discard",
                on_click=_discard_line,
                args=(micrograph.sha256, line),
            )
        if problem := state.pop("line_problem", None):
            st.error(plain(problem))


def _lines_done() -> dict[str, Line]:
    """By picture: the line that was asked about."""
    done: dict[str, Line] = st.session_state.setdefault("lines_done", {})
    return done


def _length_px(line: Line, aspect: float) -> float:
    left, top, right, bottom = line
    return math.hypot(right - left, aspect * (bottom - top))


def _take_line(sha256: str, line: Line, length_px: float) -> None:
    state = st.session_state
    text = state.get("line_text", "")
    if not text.strip():
        state.line_problem = "Type what is printed at the bar, such as 500 nm."
        return
    try:
        nm = length_of(text, BAR)
    except SemsegError as error:
        state.line_problem = str(error)
        return
    odd = implausible_pixel(nm / length_px)
    if odd and state.get("line_odd") != nm:  # said once; the same again is meant
        state.line_odd, state.line_problem = nm, f"{odd} Press Use it again if it is right."
        return
    _lines_done()[sha256] = line
    use(**{**NOTHING, "scale_bar_nm": nm, "scale_bar_px": length_px})
    state.scale_kind = BAR
    state.scale_changed = True


def _discard_line(sha256: str, line: Line) -> None:
    """Ask no more about a line, and take it off the picture."""
    state = st.session_state
    _lines_done()[sha256] = line
    for key, view in state.views.items():
        if key[0] == sha256:
            state.views[key] = replace(view, line=None)
    state.command += 1
