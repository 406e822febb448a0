"""What a person decided by hand in the view, by picture.

Decisions belong to outlines: another crop or rescale factor gives other particles, whose decisions
are others. On returning to the first, these are there again.
"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from semseg.page import corrections
from semseg.page.work import Key, SegmentedImage
from semseg.viewer import ViewState

__all__ = ["settle", "settled", "view", "views"]


def views() -> dict[Key, ViewState]:
    """What was done in the view, by picture: decisions by hand outlive a look at another one."""
    found: dict[Key, ViewState] = st.session_state.setdefault("views", {})
    return found


def view(image: SegmentedImage) -> ViewState | None:
    """What was done in the view of a picture, or before this visit."""
    return views().get(image.key) or _replayed(image)


def settle(image: SegmentedImage) -> None:
    """Let the view of a picture have the decisions that came with its corrections, and no others:
    those that were made later have been taken back."""
    before = views().get(image.key)
    if before is not None:
        replayed = _replayed(image) or ViewState()
        views()[image.key] = replace(before, steps=replayed.steps, done=replayed.done)


def settled(image: SegmentedImage, view: ViewState) -> int | None:
    """How many of the steps of a view came with the corrections of its outlines; None where the
    view has other decisions than they have, as that of a session may."""
    held = dict(image.decided)
    counts = range(view.done + 1)
    return next((done for done in counts if replace(view, done=done).edits == held), None)


def _replayed(image: SegmentedImage) -> ViewState | None:
    """What was decided before this visit: in a session whose outlines these are, or with outlines
    that were brought back."""
    picture = corrections.session_picture(image)
    if picture is None and not image.decided:
        return None
    edits = picture.edits if picture else dict(image.decided)
    by_kind = [
        (keep, tuple(label for label, kept in edits.items() if kept == keep))
        for keep in (True, False)
    ]
    steps = tuple(step for step in by_kind if step[1])
    return ViewState(steps=steps, done=len(steps))
