"""What a person can set: the picture of a file, counting rule, crop, repair, provider.

Every control works on the widget names that `choices` reads. The scale has modules of its own
(`semseg.page.scales`), as has the rescale factor (`semseg.page.rescaling`).
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from semseg.fields import Number
from semseg.inference.segmenter import available_providers
from semseg.io.micrograph import MIN_SIDE_PX, Micrograph
from semseg.metrology.uncertainty import DEFAULT_SCALE_UNCERTAINTY
from semseg.page import choices
from semseg.page.choices import SIDES
from semseg.page.work import SegmentedImage
from semseg.preprocessing.preparation import Crop
from semseg.settings import SETTINGS
from semseg.statistics.counting import EDGES

__all__ = [
    "counting",
    "crop_and_repair",
    "for_all",
    "help_of",
    "page",
    "provider",
    "scale_uncertainty",
]

PERCENT = 0.01
BEST = 0  # in place of the number of a picture
RULES = {
    "count": "count as they are",
    "exclude": "do not count",
    "weight": "do not count, correct for it",
}  # a key for each of `EDGES`


# What the settings say of themselves


def _range(name: str, unit: float = 1.0) -> tuple[float, float]:
    """Least and greatest value of the setting `name`, in so many of its own units."""
    about = SETTINGS[name]
    assert isinstance(about, Number), name
    return about.low / unit, about.high / unit


def help_of(name: str, *more: str) -> str:
    """What the setting `name` is, and more sentences of this page."""
    text = SETTINGS[name].help
    return " ".join([f"{text[0].upper()}{text[1:]}.", *more])


def _empty(name: str) -> str:
    return f"Empty: {SETTINGS[name].usual}."


# Which picture of a file


def page(micrograph: Micrograph) -> None:
    """Which picture of a file that holds several: the best, or a chosen one."""
    state = st.session_state
    if micrograph.page_count == 1:
        return
    numbers = range(1, len(micrograph.pages) + 1)
    offered = [BEST, *numbers]
    chosen = state.page or BEST
    if chosen not in offered:  # of a file that holds more than are listed
        offered.append(chosen)

    def title(number: int) -> str:
        if number == BEST:
            return "The best" if chosen else f"The best: number {micrograph.page}"
        return f"{number}: {micrograph.pages[number - 1]}" if number in numbers else f"{number}"

    # The widget may leave; the value stays with the session.
    state.page_chosen = chosen
    st.selectbox(
        f"Picture of the {micrograph.page_count:,} in the file",
        offered,
        format_func=title,
        key="page_chosen",
        on_change=_take_page,
        help=help_of("page", f"The best: {SETTINGS['page'].usual}."),
    )


def _take_page() -> None:
    st.session_state.page = st.session_state.page_chosen or None


# Scale: see `semseg.page.scales`


def scale_uncertainty() -> None:
    """The relative standard uncertainty of the pixel size, in percent."""
    value = st.session_state.scale_uncertainty
    least, most = _range("scale_uncertainty", unit=PERCENT)
    st.number_input(
        "Standard uncertainty of the scale (%)",
        min_value=least,
        max_value=most,
        value=None if value is None else value / PERCENT,
        step=None,
        format="%.3g",
        key="scale_uncertainty_typed",
        placeholder=f"{DEFAULT_SCALE_UNCERTAINTY / PERCENT:g}",
        on_change=_take_typed,
        args=("scale_uncertainty", "scale_uncertainty_typed", PERCENT),
        help=help_of("scale_uncertainty", _empty("scale_uncertainty")),
    )


def _take_typed(name: str, widget: str, unit: float) -> None:
    typed = st.session_state[widget]
    st.session_state[name] = None if typed is None else unit * typed


# Counting rule


def counting() -> None:
    """Which of the kept particles make up the distribution."""
    state = st.session_state
    # by a click elsewhere on the page, while these widgets were there already
    if (wanted := state.pop("rule_wanted", None)) is not None:
        state.edges, state.visible_only = wanted
    st.selectbox(
        "Particles cut by the edge",
        list(EDGES),
        key="edges",
        format_func=lambda rule: RULES[rule],
        help=help_of(
            "edges",
            "Larger particles are cut more often. Corrected: every whole particle counts 1/P, P "
            "the chance to lie wholly inside (Miles-Lantuejoul, ISO 13322-1).",
        ),
    )
    st.toggle(
        "Fully visible ones only",
        key="visible_only",
        help=help_of("visible_only"),
    )


# Crop and repair


def crop_and_repair(
    micrograph: Micrograph, image: SegmentedImage | None, pictures: Sequence[Micrograph]
) -> None:
    """The four sides, found or chosen, and the repair of hot and cold pixels."""
    state = st.session_state
    found = image.prepared.crop if image and state.crop_auto else Crop()
    st.toggle(
        "Find label bar",
        key="crop_auto",
        on_change=_start_from,
        args=(found,),
        help="Off: cut the four sides of this picture yourself.",
    )
    if state.crop_auto:
        rows = found.bottom
        st.caption(f"{rows} rows at the bottom are cut off." if rows else "No label bar was found.")
    else:
        for side in SIDES:
            length = micrograph.height if side in ("top", "bottom") else micrograph.width
            most = max(1, length - MIN_SIDE_PX)
            state[f"crop_{side}"] = min(int(state.get(f"crop_{side}", 0)), most)
            st.slider(f"Cut at the {side} (px)", 0, most, key=f"crop_{side}")
    for_all("crop", pictures)
    st.toggle(
        "Repair pixels",
        key="repair",
        help=help_of("repair"),
    )
    if image and state.repair:
        count = image.prepared.repaired_pixels
        st.caption(f"{count:,} hot or cold pixel{'' if count == 1 else 's'} repaired.")


def _start_from(found: Crop) -> None:
    """Cutting by hand starts from what was found."""
    if not st.session_state.crop_auto:
        for side in SIDES:
            st.session_state[f"crop_{side}"] = getattr(found, side)


def for_all(name: str, pictures: Sequence[Micrograph]) -> None:
    """Offer what was chosen for the picture shown to all, where another one has something else."""
    chosen = getattr(choices.current(), name)
    if any(getattr(choices.of(each), name) != chosen for each in pictures):
        st.button(
            f"Use for all {len(pictures)} pictures",
            on_click=choices.use_for_all,
            args=((name,),),
            icon=":material/select_all:",
            key=f"{name}_for_all",
        )


# Where the network runs


def provider() -> None:
    """Where the network runs, if there is a choice."""
    offered = available_providers()
    wanted = choices.current().provider
    if wanted not in ("auto", *offered):
        st.toast(f"The provider '{wanted}' is not available here.", icon=":material/memory:")
        st.session_state.provider = "auto"
    if len(offered) > 1:
        st.selectbox(
            "Network runs on",
            ["auto", *offered],
            key="provider",
            format_func=lambda name: "the fastest" if name == "auto" else name.upper(),
        )
