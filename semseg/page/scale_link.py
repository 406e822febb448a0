"""A scale that came with a link, or with a file of settings, where there are several pictures.

It holds for every one of them, though nobody here said that they have the same magnification.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from semseg.io.micrograph import Micrograph
from semseg.page import choices
from semseg.page.text import plain
from semseg.scale.calibration import Calibration, agreement_note
from semseg.scale.typed_length import length_words
from semseg.settings import SCALE, Settings

__all__ = ["ask", "unasked"]

SAID = {
    "width_nm": "One width,",
    "pixel_size_nm": "One pixel size,",
    "scale_bar_nm": "One length at the scale bar,",
}


def unasked(pictures: Sequence[Micrograph]) -> str:
    """What to say of a scale that came with a link or a file of settings and holds for several
    pictures, though nobody here said so; empty where there is none."""
    state = st.session_state
    if not state.get("scale_unasked"):
        return ""
    given = _scale_of(state.common)
    held = [each for each in pictures if _scale_of(choices.of(each)) == given]
    if len(held) < 2:
        return ""
    said = (f"{words} {length_words(nm)}" for name, words in SAID.items() if (nm := given[name]))
    what = next(said, "One scale")
    which = "all" if len(held) == len(pictures) else f"{len(held)} of the"
    others = [plain(each.name) for each in held if _file_says_otherwise(each, given)]
    more = ""
    if others:
        rest = others[1:] if len(others) < 3 else [f"{len(others) - 1} more"]
        files, say = ("file", "says") if not rest else ("files", "say")
        more = f" The {files} of {' and '.join(others[:1] + rest)} {say} otherwise."
    return (
        f"**{what}, for {which} {len(pictures)} pictures** came with the link or the settings: "
        f"right only where they have the same magnification.{more}"
    )


def _file_says_otherwise(picture: Micrograph, given: Mapping[str, float | None]) -> bool:
    """Whether its file tells another size of a pixel than was given."""
    width = given["width_nm"]
    pixel = given["pixel_size_nm"] if width is None else width / picture.width
    if picture.calibration is None or pixel is None:
        return False
    return agreement_note(Calibration(pixel, "given"), picture.calibration) is not None


def _scale_of(settings: Settings) -> dict[str, float | None]:
    return {name: getattr(settings, name) for name in SCALE}


def ask(pictures: Sequence[Micrograph]) -> None:
    """Say it, and let a person decide."""
    if not (said := unasked(pictures)):
        return
    st.warning(said, icon=":material/link:")
    with st.container(horizontal=True, gap="small"):
        st.button("It is right for all", on_click=choices.keep_common_scale, key="link_scale_keep")
        st.button("Do not use it", on_click=choices.forget_common_scale, key="link_scale_forget")
