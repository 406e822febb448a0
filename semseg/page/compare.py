"""Old against new: what another rescale factor changed, and the way back.

Whenever the picture shown is seen through another factor, the result before stays beside it: its
outlines in the view (``ghost.js``), what it counted in a sentence, and a click that takes it back.
Both results are in the session's store, so nothing is run again. Only factors are remembered here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from semseg.analysis import Analysis
from semseg.display import Display
from semseg.measure.quantities import SIZES
from semseg.page import choices, corrections, work
from semseg.page.work import Key, SegmentedImage
from semseg.statistics.counting import counted, size_weights
from semseg.statistics.digits import in_short
from semseg.statistics.summary import SizeSummary, summarise

__all__ = ["act", "counted_sizes", "earlier_than", "sentence", "show"]

Edited = Callable[[SegmentedImage], Analysis]


@dataclass(frozen=True)
class Seen:
    """How a picture was seen: `look`, all but the factor that its outlines depend on; the factor;
    and what was asked for, None where that was found."""

    look: Key
    factor: float
    asked: float | None

    @classmethod
    def of(cls, image: SegmentedImage) -> Seen:
        """How this picture was seen."""
        found = image.segmentation
        given = found.rescale_source == "given"
        return cls(image.look, found.rescale, found.rescale if given else None)


@dataclass
class Change:
    """How a picture is seen now, and how it was seen before, where that is compared."""

    now: Seen
    before: Seen | None = None


def noted(change: Change | None, now: Seen) -> Change:
    """The change that a picture has come to when it is seen like this.

    Another factor makes what was before the earlier one; anything else that outlines depend on
    leaves nothing to compare with.
    """
    if change is None or change.now.look != now.look:
        return Change(now)
    if change.now.factor == now.factor:
        return Change(now, change.before)
    return Change(now, change.now)


def earlier_than(image: SegmentedImage) -> SegmentedImage | None:
    """The picture shown as it was seen before, where it is to be compared with that."""
    changes: dict[Key, Change] = st.session_state.setdefault("factor_changes", {})
    name = work.name_of(image.micrograph)
    change = noted(changes.get(name), Seen.of(image))
    changes[name] = change
    if change.before is None or change.before.factor == change.now.factor:
        return None
    before = work.known_at(image.micrograph, change.before.asked)
    return before and corrections.corrected(before)


def show(image: SegmentedImage, earlier: SegmentedImage, edited: Edited) -> None:
    """What changed, in a sentence, and what can be done about it."""
    then, now = edited(earlier), edited(image)
    with st.container(key="compare", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f":material/compare: {sentence(then, now, choices.current_display())}", width="content"
        )
        act(
            f"Take {then.rescale:.3g} back",
            choices.take_factor,
            Seen.of(earlier).asked,
            then.rescale,
            icon=":material/undo:",
            key="compare_back",
            help="The earlier result again; the network is not run.",
        )
        act(
            "Stop comparing",
            _stop,
            image,
            icon=":material/close:",
            type="tertiary",
            key="compare_stop",
        )


def sentence(then: Analysis, now: Analysis, display: Display) -> str:
    """``**202 → 158 particles, D50 173 → 206 nm**: rescale factor 2.2 → 1.1``, with the counting
    rule, filter and decisions by hand as they stand."""
    old, new = counted_sizes(then, display), counted_sizes(now, display)
    figures = f"{old.count:,} → {new.count:,} particles"
    if old.count and new.count:
        figures += f", D50 {in_short(old.d50)} → {in_short(new.d50)} {now.unit}"
    return f"**{figures}**: rescale factor {then.rescale:.3g} → {now.rescale:.3g}"


def counted_sizes(analysis: Analysis, display: Display) -> SizeSummary:
    """The size that the view shows, of the particles that count, weighted as there."""
    rows = counted(analysis.particles)
    weights = size_weights(rows, by_volume=display.by_volume)
    return summarise(rows[SIZES[display.size].column(analysis.unit)], weights)


def act(label: str, what: Callable[..., None], *arguments: Any, **looks: Any) -> None:
    """A button within a fragment after which the whole page is run again."""
    if st.button(label, on_click=what, args=arguments, **looks):
        st.rerun(scope="app")


def _stop(image: SegmentedImage) -> None:
    change: Change = st.session_state.factor_changes[work.name_of(image.micrograph)]
    change.before = None
