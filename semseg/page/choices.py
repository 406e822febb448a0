"""The settings of a session: in its widgets, and as one frozen piece.

Widgets keep their values in `st.session_state` under the names below. `load` puts a set of
settings into them (from an address or a file), `current` takes them out.
"""

from __future__ import annotations

from dataclasses import fields

import streamlit as st

from semseg.display import Display
from semseg.preprocessing.preparation import Crop
from semseg.settings import SETTINGS, Settings

__all__ = ["ASSUMED_WIDTH_NM", "SIDES", "current", "current_display", "load", "set_filter"]

ASSUMED_WIDTH_NM = 7520.0  # of the tutorial's pictures
SIDES = tuple(side.name for side in fields(Crop))
WIDTH, PIXEL = "Image width", "Pixel size"
# settings that are put together from widgets of other names; all others have their own name
COMPOSED = ("width_nm", "pixel_size_nm", "assumed_width_nm", "rescale", "crop")
SIMPLE = tuple(name for name in SETTINGS if name not in COMPOSED)


def load(settings: Settings, display: Display) -> None:
    """Put these settings into the widgets; before any of them is drawn."""
    state = st.session_state
    by_pixel = settings.pixel_size_nm is not None
    typed = settings.pixel_size_nm if by_pixel else settings.width_nm
    state.scale_kind = PIXEL if by_pixel else WIDTH
    state.scale_value = typed
    state.scale_typed = typed is not None
    state.crop_auto = settings.crop is None
    for side in SIDES:
        state[f"crop_{side}"] = getattr(settings.crop or Crop(), side)
    state.rescale_auto = settings.rescale is None
    state.rescale = 1.0 if settings.rescale is None else float(settings.rescale)
    for name in SIMPLE:
        state[name] = getattr(settings, name)
    state.display = display
    # tells the view in the browser to take these over
    state.command = state.get("command", 0) + 1


def current() -> Settings:
    """The settings as the widgets have them now."""
    state = st.session_state
    typed = state.scale_value if state.scale_typed else None
    by_pixel = state.scale_kind == PIXEL
    crop = None
    if not state.crop_auto:
        crop = Crop(*(int(state[f"crop_{side}"]) for side in SIDES))
    return Settings(
        width_nm=None if by_pixel else typed,
        pixel_size_nm=typed if by_pixel else None,
        assumed_width_nm=ASSUMED_WIDTH_NM,
        rescale=None if state.rescale_auto else float(state.rescale),
        crop=crop,
        **{name: state[name] for name in SIMPLE},
    )


def current_display() -> Display:
    """How sizes are shown now."""
    display: Display = st.session_state.display
    return display


def set_filter(threshold: float | None) -> None:
    """Remember the threshold; None is the model's, 0 switches the filter off."""
    st.session_state.filter = threshold
