"""What is asked for in the view to be done to outlines: asked, worked out, and kept.

The view draws; what comes of it is worked out here, as operations of `semseg.operations`, which
`semseg.page.corrections` keeps and replays. Decisions that were made in the view come along, in
their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from semseg.editing.cutting import cut_at
from semseg.editing.places import outside, pixel_at
from semseg.editing.second_look import look_again
from semseg.editing.sheet import Sheet
from semseg.editing.suggestions import Seam, candidate_at, neighbour, seams
from semseg.errors import EditError
from semseg.operations import Add, Decide, Line, Mask, Operation, Redraw, Split, operation_from
from semseg.page import choices, corrections, decisions, work
from semseg.page.work import SegmentedImage
from semseg.viewer import ViewState

__all__ = ["Answer", "do", "known_seams"]

SHOWN = 2  # seams of a particle: the one that would be cut, and the next
MAX_PARTS = 8  # particles among whose seams the likeliest is cut

Operations = tuple[Operation, ...]


@dataclass(frozen=True)
class Answer:
    """What came of something that was asked.

    Attributes
    ----------
    said : str
        Why it was not done, in a sentence; empty where it was.
    proposed : Line or None
        Outline of a particle that was looked for, and is added only if it is taken.
    """

    said: str = ""
    proposed: Line | None = None


def do(image: SegmentedImage, kept: set[int], view: ViewState, ask: Mapping[str, Any]) -> Answer:
    """Do what was asked for to the picture shown, so that `corrections.corrected` gives another.

    Parameters
    ----------
    image : SegmentedImage
    kept : set of int
        Labels that are accepted, by the filter or by hand.
    view : ViewState
        What was decided in the view since.
    ask : mapping
        As the browser sent it.
    """
    decided = _decided(image, view)
    if ask.get("do") == "redo" and any(decided):
        return Answer()  # a decision since then: there is nothing to be done again
    if ask.get("do") in ("undo", "redo"):
        (corrections.undo if ask["do"] == "undo" else corrections.redo)(image)
        decisions.settle(corrections.corrected(image.as_found))
        return Answer()
    before = image.segmentation
    try:
        if ask.get("do") == "look":
            return Answer(proposed=_found_at(image, _place(ask.get("place"))).polygon)
        operations = _asked(image, kept, ask)
        together = (*corrections.known(image), *chain.from_iterable(decided), *operations)
        after = corrections.replayed(image, together).segmentation
        refused = (after.corrections.refused if after.corrections else ())[
            len(before.corrections.refused if before.corrections else ()) :
        ]
        if refused:
            raise EditError(refused[0].removeprefix("A correction by hand could not be made: "))
    except EditError as error:
        return Answer(str(error))
    corrections.add(image, *decided, operations)
    st.session_state.select_next = tuple(
        label
        for label, outline in after.outlines.items()
        if not _same(before.outlines.get(label), outline)
    )
    return Answer()


def _same(one: NDArray[np.float64] | None, other: NDArray[np.float64]) -> bool:
    return one is other or (one is not None and np.array_equal(one, other))


def _decided(image: SegmentedImage, view: ViewState) -> list[Operations]:
    """The decisions of the view that the corrections do not hold yet: each a gesture of its own,
    or all one where it cannot be told which came first."""
    settled = decisions.settled(image, view)
    if settled is not None:
        steps = view.steps[settled : view.done]
        return [(Decide(labels, keep),) for keep, labels in steps if labels]
    before, now = dict(image.decided), view.edits
    found: list[Operation] = []
    for keep in (True, False):
        labels = tuple(sorted(k for k, v in now.items() if v is keep and before.get(k) is not keep))
        if labels:
            found.append(Decide(labels, keep))
    if taken_back := tuple(sorted(set(before) - set(now))):
        found.append(Decide(taken_back, None))
    return [tuple(found)]


def _asked(image: SegmentedImage, kept: set[int], ask: Mapping[str, Any]) -> Operations:
    """The operations that do what was asked for."""
    what, found = ask.get("do"), image.segmentation
    try:
        if what == "merge":
            labels = _with_neighbour(image, kept, ask.get("labels"))
            return (operation_from({"do": "merge", "labels": labels}),)
        if what == "line":
            lines = [ask.get("line")]
            return (operation_from({"do": "split", "label": ask.get("label"), "lines": lines}),)
        if what == "mask":
            left_out = operation_from({"do": "mask", "polygon": ask.get("polygon")})
            assert isinstance(left_out, Mask)
            return (outside(found.grid, left_out) if ask.get("invert") is True else left_out,)
        if what == "draw":
            added = operation_from({"do": "add", "polygon": ask.get("polygon")})
            assert isinstance(added, Add)
            return (*_making_room(image, kept, added.polygon), added)
        if what == "redraw":
            outlines = [[ask.get("label"), ask.get("polygon")]]
            redrawn = operation_from({"do": "redraw", "outlines": outlines})
            assert isinstance(redrawn, Redraw)
            ((label, polygon),) = redrawn.outlines
            return (*_making_room(image, kept | {label}, polygon), redrawn)
    except ValueError as error:
        raise EditError(f"What was drawn cannot be used: {error}.") from error
    if what == "seam":
        return (_likeliest(image, ask.get("labels")),)
    number = ask.get("label")
    x, y = _place(ask.get("place"))
    if what == "cut" and isinstance(number, int):
        split = cut_at(found, image.prepared, number, (x, y))
        if split is None:
            raise EditError("Nothing could be parted here: draw a line across the particle.")
        return (split,)
    raise EditError("The page asked for something that is not known; reload it.")


def _with_neighbour(image: SegmentedImage, kept: set[int], labels: object) -> object:
    """A particle alone is merged with the one beside it that has the longest side in common, an
    accepted one where there is one."""
    if not isinstance(labels, list) or len(labels) != 1 or type(labels[0]) is not int:
        return labels
    [label] = labels
    found = image.segmentation
    for among in (kept, found.outlines):
        other = neighbour(found, label, set(among) - {label})
        if other is not None:
            return [label, other]
    raise EditError(f"Particle {label} touches no other: select those that are to be one.")


def known_seams(image: SegmentedImage, label: int) -> list[Seam]:
    """The seams of a particle that the view shows, the likeliest first."""
    return work.store().get(
        ("seams", *image.key, label), lambda: seams(image.segmentation, label, most=SHOWN)
    )


def _likeliest(image: SegmentedImage, labels: object) -> Split:
    """The cut along the likeliest seam of some particles."""
    if not isinstance(labels, list) or not 0 < len(labels) <= MAX_PARTS:
        raise EditError("Select the particle to split, or a few.")
    known = [seam for each in labels if type(each) is int for seam in known_seams(image, each)[:1]]
    if not known:
        which = f"particle {labels[0]}" if len(labels) == 1 else "these particles"
        raise EditError(f"No seam is known in {which}: cut with the tool, by a line across.")
    return min(known, key=lambda seam: seam.log_odds).split


def _found_at(image: SegmentedImage, place: tuple[float, float]) -> Add:
    """What lies at a place where nothing is accepted: one that was rejected, one that was not
    chosen, or what the network finds at a second look."""
    found = image.segmentation
    pixel = pixel_at(found.grid, place)
    if pixel is None:
        raise EditError("This lies outside the analysed part of the picture.")
    add = candidate_at(found, place)
    if add is None:
        with work.turn():
            network = work.segmenter(choices.of(image.micrograph).provider)
            add = look_again(found, image.prepared, network, place)
    if add is None:
        raise EditError("Nothing was found here: draw the outline round it.")
    return add


def _making_room(
    image: SegmentedImage, kept: set[int], polygon: tuple[tuple[float, float], ...]
) -> Operations:
    """Those that are not accepted anyway make room for an outline over them."""
    there = Sheet(image.segmentation).rasterised(polygon)
    if there is None:
        return ()
    window, mask = there
    labels = np.unique(image.segmentation.label_image[window][mask]).tolist()
    yielding = tuple(label for label in labels if label and label not in kept)
    return (Decide(yielding, False),) if yielding else ()


def _place(value: object) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise EditError("The page asked for something that is not known; reload it.")
    if not all(type(each) in (int, float) and abs(each) < 1e6 for each in value):
        raise EditError("The page asked for something that is not known; reload it.")
    return float(value[0]), float(value[1])
