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
from semseg.settings import PER_PICTURE, SCALE, SETTINGS, Settings

__all__ = [
    "ASSUMED_WIDTH_NM",
    "SIDES",
    "assume",
    "change",
    "current",
    "current_display",
    "for_the_address",
    "forget_common_scale",
    "given",
    "given_are",
    "keep_common_scale",
    "load",
    "nothing_was_given",
    "of",
    "set_filter",
    "show",
    "take",
    "take_factor",
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
    # a scale that came with a link or a file of settings, before anybody said that it is for all
    state.scale_unasked = any(getattr(settings, name) is not None for name in SCALE)
    state.given = settings, state.own_of_file
    state.own_page = settings.page
    state.shown_key = None
    state.assumed_width_nm = ASSUMED_WIDTH_NM
    _put(settings)
    for name in SIMPLE:
        state[name] = getattr(settings, name)
    state.display = display
    # tells the view in the browser to take these over
    state.command = state.get("command", 0) + 1


def assume(width_nm: float | None) -> None:
    """Take pictures without any scale to be so wide, or to have none."""
    st.session_state.assumed_width_nm = width_nm


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
    state.pop("scale_kind_fits", None)
    state.pop("scale_problem", None)


def current() -> Settings:
    """The settings as the widgets have them now: those of the picture that is shown."""
    state = st.session_state
    crop = None
    if not state.crop_auto:
        crop = Crop(*(int(state[f"crop_{side}"]) for side in SIDES))
    return Settings(
        assumed_width_nm=state.assumed_width_nm,
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


def given(micrograph: Micrograph) -> Settings:
    """The settings that a link or a file gave for a picture."""
    settings, own = st.session_state.given
    found: Settings = replace(settings, **own.get(micrograph.sha256, {}))
    return found


def given_are(settings: Settings, own: Mapping[str, Mapping[str, Any]]) -> None:
    """A file has these, and what pictures have other than these, as `load` takes them."""
    st.session_state.given = settings, dict(own)


def nothing_was_given() -> None:
    """What was loaded is in no link and no file."""
    st.session_state.given = Settings(), {}


def change(micrograph: Micrograph, **values: Any) -> None:
    """Give one picture other settings of `PER_PICTURE`; before any widget is drawn."""
    state = st.session_state
    settings = replace(of(micrograph), **values)
    if _key(micrograph) == state.shown_key:
        _put(settings)
    else:
        state.own[_key(micrograph)] = settings.own(state.common)


def take_factor(rescale: float | None, factor: float) -> None:
    """Let the picture shown be seen by this factor, or by the one that is found (None), which
    `factor` then was; before any widget is drawn."""
    st.session_state.rescale_auto = rescale is None
    st.session_state.rescale = factor


def use_for_all(names: Iterable[str]) -> None:
    """Let these settings of the picture shown hold for every picture, also those to come."""
    state = st.session_state
    _keep()
    settings = current()
    state.common = replace(state.common, **{name: getattr(settings, name) for name in names})
    for owned in (state.own, state.own_of_file):
        for key, own in owned.items():
            owned[key] = {name: value for name, value in own.items() if name not in names}
    if set(SCALE) <= set(names):
        state.scale_unasked = False


def forget_common_scale() -> None:
    """Let no scale hold for every picture; what was typed for one stays."""
    state = st.session_state
    common = {name: getattr(state.common, name) for name in SCALE}
    nothing = dict.fromkeys(SCALE)
    state.common = replace(state.common, **nothing)
    if common == {name: state[name] for name in SCALE}:
        for name in SCALE:
            state[name] = None
    state.scale_unasked = False


def keep_common_scale() -> None:
    """What came with a link or a file is meant for every picture."""
    st.session_state.scale_unasked = False


def for_the_address(micrographs: int) -> Settings:
    """What a link carries: the settings of a picture alone, of several what holds for all."""
    settings = current()
    if micrographs < 2:
        return settings
    return replace(settings, **_picked(st.session_state.common))


def take(settings: Settings, display: Display, micrographs: int) -> None:
    """Take over what an address now says, where it differs from what one would say of the page as
    it is; before any widget is drawn."""
    state = st.session_state
    before = for_the_address(micrographs)
    changed = {
        name: getattr(settings, name)
        for name in SETTINGS
        if name != "assumed_width_nm" and getattr(settings, name) != getattr(before, name)
    }
    for_picture = {name: value for name, value in changed.items() if name in PER_PICTURE}
    if micrographs > 1:
        state.common = replace(state.common, **for_picture)
    if for_picture:
        _put(replace(current(), **for_picture))
    for name in set(changed) & set(SIMPLE):
        state[name] = changed[name]
    if "filter" in changed or display != state.display:
        state.display = display
        state.command += 1


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
