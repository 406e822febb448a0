"""Bars with their label in the middle, ``|--- 1 um ---|``: the whole of them, or nothing.

Each half is a line by itself, and half of a bar taken for the bar makes every size twice as large
or more. So halves are joined, and a line that has something like another half in its rows is not
believed, however faint that is.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from semseg.scale.bar_lines import Line
from semseg.scale.bar_ticks import Ticks, has_stroke, with_pale_tick

__all__ = ["has_other_half", "joined", "with_both_ticks"]

MAX_GAP = 3.0  # of the length of a half
MAX_UNLIKE = 0.15  # of the length, and 4 px: the label is set into the middle
MAX_ABUTTING_PX = 2.5  # between a black and a white part of one bar
MIN_ASPECT_OF_HALF = 4
MIN_INK, MIN_STROKES = 0.15, 2  # of the columns of the gap, and in it, which has writing in it
REACH = 5.0  # of the length: how far away another half may be
MAX_GOING_ON = 0.04  # of the length, beyond an end
NEAR_PX = 6
MIN_OTHER = 0.55  # of the length


def joined(lines: list[Line], scaled: NDArray[np.float32]) -> list[Line]:
    """Return the lines with two halves that have writing between them made one.

    Of a line that has a companion in its row, some as long, which is not its other half, neither is
    a bar: they are parts of one that is broken, or of one that is black and white by turns.

    Parameters
    ----------
    scaled : float32 (height, width)
        The picture, 0..1.
    """
    result, used = [], set()
    for i, left in enumerate(lines):
        for j, right in enumerate(lines):
            if i == j or abs(left.middle - right.middle) > 1.5:
                continue
            if left.bright != right.bright:
                in_line = abs(left.top - right.top) <= 2 and abs(left.bottom - right.bottom) <= 2
                if in_line and abs(left.right - right.left) <= MAX_ABUTTING_PX:
                    used |= {i, j}
                continue
            if left.right >= right.left:
                continue
            if right.left - left.right > MAX_GAP * left.length:
                continue
            longer = max(left.length, right.length)
            if min(left.length, right.length) < MIN_OTHER * longer:
                continue
            used |= {i, j}
            alike = abs(left.length - right.length) <= max(4.0, MAX_UNLIKE * longer)
            inside = left.ticks.right is None and right.ticks.left is None
            apart = left.apart and right.apart
            thickness = max(left.bottom, right.bottom) - min(left.top, right.top)
            slender = min(left.length, right.length) >= MIN_ASPECT_OF_HALF * thickness
            if slender and alike and inside and apart and _has_letters(left, right, scaled):
                result.append(_whole(left, right))
    return result + [line for index, line in enumerate(lines) if index not in used]


def _whole(left: Line, right: Line) -> Line:
    return replace(
        left,
        right=right.right,
        top=min(left.top, right.top),
        bottom=max(left.bottom, right.bottom),
        contrast=min(left.contrast, right.contrast),
        ticks=Ticks(left.ticks.left, right.ticks.right),
        free=left.free and right.free,
        apart=left.apart and right.apart,
        value=min(left.value, right.value),
        scatter=max(left.scatter, right.scatter),
        doubt=math.hypot(left.doubt, right.doubt),
        levels=left.levels | right.levels,
        gap=(left.right, right.left),
    )


def _has_letters(left: Line, right: Line, scaled: NDArray[np.float32]) -> bool:
    """Tell whether several strokes side by side stand in the gap between two lines."""
    around = max(3, left.thickness)
    rows = slice(max(0, left.top - around), left.bottom + around)
    part = scaled[rows, int(left.right) + 1 : int(right.left)]
    part = part if left.bright else 1 - part
    ink = (part >= left.value - 0.6 * left.contrast).any(axis=0)
    strokes = np.count_nonzero(np.diff(ink.astype(np.int8), prepend=0) == 1)
    return bool(strokes >= MIN_STROKES and ink.mean() >= MIN_INK)


def has_other_half(line: Line, scaled: NDArray[np.float32]) -> bool:
    """Tell whether another line, faint or broken, lies in the rows of a line, left or right of it.

    That may be the other half of a bar, or the rest of a pale one where it crosses something else.

    Parameters
    ----------
    scaled : float32 (height, width)
        The picture, 0..1.
    """
    if line.gap is not None:
        return False
    width = scaled.shape[1]
    reach = int(REACH * line.length) + 10
    first, last = max(0, int(line.left) - reach), min(width, int(line.right) + reach)
    part = scaled[max(0, line.top - 3) : line.bottom + 3, first:last]
    part = part if line.bright else 1 - part
    top = line.top - max(0, line.top - 3)
    core = part[top : top + line.thickness].mean(axis=0)
    sides = [part[: max(top - 1, 0)], part[top + line.thickness + 1 :]]
    ground = np.max([side.mean(axis=0) for side in sides if side.size], axis=0)
    ridge = core - ground >= 0.3 * line.contrast
    # A blurred pixel more or less does not end a line.
    ridge = ndimage.binary_closing(np.pad(ridge, 2), np.ones(3, bool))[2:-2]
    labels, _ = ndimage.label(ridge)
    for (columns,) in ndimage.find_objects(labels):
        start, end = first + columns.start, first + columns.stop
        if start < line.right - 1 and end > line.left + 1:
            # The line itself: how far it goes on beyond its ends.
            beyond, most = max(line.left - start, end - line.right), MAX_GOING_ON
        else:
            beyond = end - start
            aside = max(start - line.right, line.left - end)
            most = 2 * MAX_GOING_ON if aside <= NEAR_PX else MIN_OTHER
        if beyond > max(5.0, most * line.length):
            return True
    return False


def with_both_ticks(line: Line, scaled: NDArray[np.float32]) -> Line:
    """Return a line at one end of which a tick was found with the other one, where it is there.

    Parameters
    ----------
    scaled : float32 (height, width)
        The picture, 0..1.
    """
    place = line.top, line.bottom, int(line.left), int(line.right)
    oriented = scaled if line.bright else 1 - scaled
    if line.gap is None and line.ticks.count == 1:
        ticks = with_pale_tick(line.ticks, oriented, place, line.left, line.right)
        return replace(line, ticks=ticks)
    if line.gap is None or line.ticks.count == 2:
        return line
    if line.ticks.count == 1 or any(
        has_stroke(oriented, place, end) for end in (line.left, line.right)
    ):
        # Halves that are alike make a whole bar: its ticks are alike, of the line's own pen.
        pen = line.thickness / 2
        left, right = line.ticks.left, line.ticks.right
        both = Ticks(
            line.left + pen if left is None else left, line.right - pen if right is None else right
        )
        return replace(line, ticks=both, doubt=math.hypot(line.doubt, pen))
    return line
