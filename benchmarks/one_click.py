"""Do two touching particles that were taken for one come apart in one click?

Any two that touch by the truth are made one, whether or not the program took them for one, and
*Cut* is clicked deep inside the smaller. `benchmarks.editing` puts the share into its chapter.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from semseg.editing.cutting import cut_at
from semseg.editing.places import outline_of, recorded_line
from semseg.editing.sheet import Sheet
from semseg.errors import EditError
from semseg.measure.grid import Grid
from semseg.measure.label_image import Window
from semseg.stages import Prepared, Segmentation

REACH_PX = 5  # of the network, between two that touch: a line may part them in the truth
LEAST_SIDE, LEAST_AREA = 8, 60  # px: what is less touches by a corner, or is hardly a particle
RIGHT = 0.5  # IoU

Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]


def parted_by_one_click(prepared: Prepared, found: Segmentation, truth: Labels) -> list[bool]:
    """Of each two that touch, whether one click gives both.

    Parameters
    ----------
    truth : int32, r x c of the network
        0 or less where no particle is.
    """
    boxes = ndimage.find_objects(np.maximum(truth, 0))
    areas = np.bincount(truth[truth > 0], minlength=len(boxes) + 1)
    outcomes = []
    for pair in _touching(truth):
        smaller = min(pair, key=lambda label: areas[label])
        if areas[smaller] < LEAST_AREA:
            continue
        window = _around([boxes[label - 1] for label in pair])
        seen = truth[window]
        either = np.isin(seen, pair)
        whole = ndimage.binary_closing(either, iterations=3) & (either | (seen == 0))
        outline = outline_of(whole, 1.0)
        if outline is None:
            continue
        taken_for_one = replace(
            found,
            label_image=found.label_image.painted(window, whole.astype(np.int32)),
            outlines={1: np.array(recorded_line(outline, window, found.grid))},
        )
        split = cut_at(taken_for_one, prepared, 1, deep_inside(seen == smaller, window, found.grid))
        sheet = Sheet(taken_for_one)
        with suppress(EditError):
            if split is not None:
                sheet.do(split)
        after = np.where(whole, sheet.labels[window], 0)
        outcomes.append(_is_right(after, seen, pair))
    return outcomes


def _touching(truth: Labels) -> list[tuple[int, int]]:
    """Those that have a side in common, but for a line that may run between."""
    sides: dict[tuple[int, int], int] = {}
    for one, other in _opposite(truth):
        differ = (one != other) & (one > 0) & (other > 0)
        pairs = np.sort(np.column_stack([one[differ], other[differ]]), axis=1)
        for pair, side in zip(*np.unique(pairs, axis=0, return_counts=True), strict=True):
            key = int(pair[0]), int(pair[1])
            sides[key] = sides.get(key, 0) + int(side)
    return sorted(pair for pair, side in sides.items() if side >= LEAST_SIDE)


def _opposite(truth: Labels) -> Iterator[tuple[Labels, Labels]]:
    """Pixels and those that lie `REACH_PX` on, down and right."""
    yield truth[:-REACH_PX], truth[REACH_PX:]
    yield truth[:, :-REACH_PX], truth[:, REACH_PX:]


def _around(windows: list[Window]) -> Window:
    rows, columns = zip(*windows, strict=True)
    return (
        slice(min(each.start for each in rows), max(each.stop for each in rows)),
        slice(min(each.start for each in columns), max(each.stop for each in columns)),
    )


def deep_inside(mask: Mask, window: Window, grid: Grid) -> tuple[float, float]:
    """Where a person would click, in recorded px."""
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(depth.argmax(), depth.shape)
    place = [[column + window[1].start, row + window[0].start]]
    ((x, y),) = grid.centres(place)
    return float(x), float(y)


def _is_right(after: Labels, truth: Labels, pair: tuple[int, int]) -> bool:
    """Whether each of the two is one of the parts."""
    for label in pair:
        mask = truth == label
        parts = [after == number for number in np.unique(after[mask]) if number]
        if not any((part & mask).sum() > RIGHT * (part | mask).sum() for part in parts):
            return False
    return True
