"""The settings of a session: in its widgets, and as one frozen piece for each picture.

Widgets keep their values in `st.session_state` under the names below. `load` puts a set of
settings into them (from an address or a file), `current` takes them out.

Scale, crop and rescale factor (`semseg.settings.PER_PICTURE`) belong to a picture: the widgets
show those of the picture that is shown, `of` knows those of every other one, and `use_for_all`
makes them hold for all, which nothing else does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

import streamlit as st

from semseg.display import Display
from semseg.io.micrograph import Micrograph
from semseg.preprocessing.preparation import Crop
from semseg.settings import PER_PICTURE, SETTINGS, Settings

__all__ = [
    "ASSUMED_WIDTH_NM",
    "SIDES",
    "change",
    "current",
    "current_display",
    "for_the_address",
    "load",
    "of",
    "set_filter",
    "show",
    "use_for_all",
]

ASSUMED_WIDTH_NM = 7520.0  # of the tutorial's pictures
SIDES = tuple(side.name for side in fields(Crop))
# settings that are put together from widgets of other names; all others have their own name
COMPOSED = ("assumed_width_nm", "rescale", "crop")
SIMPLE = tuple(name for name in SETTINGS if name not in COMPOSED)

Key = tuple[str, int]


def load(
    settings: Settings, display: Display, own: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Put these settings into the widgets; before any of them is drawn.

    `own` is what pictures, by the hash of their bytes, have other than these.
    """
    state = st.session_state
    state.common = settings
    state.own = {}  # by picture: what it has other than all
    state.own_of_file = dict(own or {})
    state.own_page = settings.page
    state.shown_key = None
    _put(settings)
    for name in SIMPLE:
        state[name] = getattr(settings, name)
    state.display = display
    # tells the view in the browser to take these over
    state.command = state.get("command", 0) + 1


def show(micrograph: Micrograph | None) -> None:
    """The widgets are those of this picture from now on; before any of them is drawn."""
    state = st.session_state
    key = None if micrograph is None else _key(micrograph)
    if state.shown_key == key:
        return
    _keep()
    state.shown_key = None
    _put(of(micrograph) if micrograph else replace(current(), **_picked(state.common)))
    state.shown_key = key
    state.pop("scale_kind", None)  # each has the field that suits it
    state.pop("scale_problem", None)


def current() -> Settings:
    """The settings as the widgets have them now: those of the picture that is shown."""
    state = st.session_state
    crop = None
    if not state.crop_auto:
        crop = Crop(*(int(state[f"crop_{side}"]) for side in SIDES))
    return Settings(
        assumed_width_nm=ASSUMED_WIDTH_NM,
        rescale=None if state.rescale_auto else float(state.rescale),
        crop=crop,
        **{name: state[name] for name in SIMPLE},
    )


def of(micrograph: Micrograph) -> Settings:
    """The settings of any picture."""
    state = st.session_state
    key = _key(micrograph)
    if key == state.shown_key:
        return current()
    own = state.own.get(key)
    if own is None:
        same_page = state.page == state.own_page
        own = state.own_of_file.get(micrograph.sha256, {}) if same_page else {}
    return replace(current(), **{**_picked(state.common), **own})


def change(micrograph: Micrograph, **values: Any) -> None:
    """Give one picture other settings of `PER_PICTURE`; before any widget is drawn."""
    state = st.session_state
    settings = replace(of(micrograph), **values)
    if _key(micrograph) == state.shown_key:
        _put(settings)
    else:
        state.own[_key(micrograph)] = settings.own(state.common)


def use_for_all(names: Iterable[str]) -> None:
    """Let these settings of the picture shown hold for every picture, also those to come."""
    state = st.session_state
    _keep()
    settings = current()
    state.common = replace(state.common, **{name: getattr(settings, name) for name in names})
    for owned in (state.own, state.own_of_file):
        for key, own in owned.items():
            owned[key] = {name: value for name, value in own.items() if name not in names}


def for_the_address(micrographs: int) -> Settings:
    """What a link carries: the settings of a picture alone, of several what holds for all."""
    settings = current()
    if micrographs < 2:
        return settings
    return replace(settings, **_picked(st.session_state.common))


def current_display() -> Display:
    """How sizes are shown now."""
    display: Display = st.session_state.display
    return display


def set_filter(threshold: float | None) -> None:
    """Remember the threshold; None is the model's, 0 switches the filter off."""
    st.session_state.filter = threshold


def _keep() -> None:
    """Remember what the widgets say of the picture that was shown; without one, of all."""
    state = st.session_state
    if state.shown_key is None:
        state.common = current()
    else:
        state.own[state.shown_key] = current().own(state.common)


def _put(settings: Settings) -> None:
    """Put what belongs to a picture into the widgets."""
    state = st.session_state
    state.crop_auto = settings.crop is None
    for side in SIDES:
        state[f"crop_{side}"] = getattr(settings.crop or Crop(), side)
    state.rescale_auto = settings.rescale is None
    state.rescale = 1.0 if settings.rescale is None else float(settings.rescale)
    for name in set(SIMPLE) & set(PER_PICTURE):
        state[name] = getattr(settings, name)


def _picked(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in PER_PICTURE}


def _key(micrograph: Micrograph) -> Key:
    return micrograph.sha256, micrograph.page
