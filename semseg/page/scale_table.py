"""The table of the scales of all pictures, in which they are changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from semseg.errors import SemsegError
from semseg.io.micrograph import Micrograph
from semseg.page import choices, scale_link
from semseg.page.scales import NOTHING, WIDTH, given_by_bar, length_of
from semseg.page.text import plain
from semseg.scale.calibration import Calibration
from semseg.scale.typed_length import implausible_pixel, length_words
from semseg.settings import Settings

__all__ = ["edit", "state_of"]


def edit(pictures: Sequence[Micrograph], used: Sequence[Calibration | None]) -> None:
    """A row for each picture: its scale, where it stands and from where; to be changed there."""
    state = st.session_state
    if said := scale_link.unasked(pictures):
        st.warning(f"{said} Decide on the left.", icon=":material/link:")
    rows = [
        {
            "Picture": picture.name,
            "Width": length_words(scale.pixel_size_nm * picture.width) if scale else "",
            "Scale": state_of(choices.of(picture), scale, picture.calibration),
            "Checked": scale is not None and scale.certain,
            "From": scale.source if scale else "",
            "Pixel": scale.per_pixel if scale else "",
        }
        for picture, scale in zip(pictures, used, strict=True)
    ]
    key = f"scales_{state.get('scales_edited', 0)}"
    st.data_editor(
        pd.DataFrame(rows),
        key=key,
        hide_index=True,
        num_rows="fixed",
        disabled=("Picture", "Scale", "From", "Pixel"),
        on_change=_take_edits,
        args=(key, pictures, used),
        column_config={
            "Width": st.column_config.TextColumn(
                help="Of the whole picture, with its unit. Empty: what the file says."
            ),
            "Checked": st.column_config.CheckboxColumn(
                help="Tick it where you compared a proposed scale with the scale bar."
            ),
        },
    )
    for problem in state.pop("scales_problems", []):
        st.error(plain(problem))


def state_of(settings: Settings, used: Calibration | None, recorded: Calibration | None) -> str:
    """Where a picture's scale stands, in a few words; `recorded` is what its file says.

    >>> zeiss = Calibration(2.0, "Zeiss metadata")
    >>> state_of(Settings(), zeiss, zeiss)
    'from the file'
    >>> state_of(Settings(width_nm=5000.0), Calibration(2.0, "typed width"), zeiss)
    'typed'
    >>> state_of(Settings(), Calibration(2.0, "scale bar (read ...)", proposed=True), None)
    'read, check'
    >>> state_of(Settings(), None, None)
    'none'
    """
    if used is None:
        return "none"
    if used.assumed:
        return "assumed, check"
    if used.source.startswith("typed") or given_by_bar(used):
        return "typed"
    of_file = recorded is not None and used.source.startswith(recorded.source)
    if used.certain and settings.scale_checked_nm is not None:
        return "checked"
    return ("from the file" if of_file else "read") + ("" if used.certain else ", check")


def _take_edits(
    key: str, pictures: Sequence[Micrograph], used: Sequence[Calibration | None]
) -> None:
    """What was changed in the table of `edit`."""
    state = st.session_state
    problems = []
    for row, cells in state[key]["edited_rows"].items():
        picture, scale = pictures[int(row)], used[int(row)]
        try:
            choices.change(picture, **_edited(cells, picture, scale))
        except SemsegError as error:
            problems.append(f"{picture.name}: {error}")
    state.scales_edited = state.get("scales_edited", 0) + 1  # a table without these changes
    state.scales_problems, state.scale_changed = problems, True


def _edited(
    cells: Mapping[str, Any], picture: Micrograph, used: Calibration | None
) -> dict[str, float | None]:
    """What the changed cells of one picture make of its scale."""
    if "Width" in cells:
        if not (cells["Width"] or "").strip():
            return dict(NOTHING)
        nm = length_of(cells["Width"], WIDTH)
        if odd := implausible_pixel(nm / picture.width):
            raise SemsegError(f"{odd} Where it is right, show the picture and type it beside it.")
        return {**NOTHING, "width_nm": nm}
    if not cells.get("Checked"):
        return dict(NOTHING)
    if used is None or used.assumed:
        raise SemsegError("nothing tells its scale; type its width in the table.")
    return {"scale_checked_nm": used.pixel_size_nm} if used.proposed else {}
