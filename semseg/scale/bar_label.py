"""Writing near a scale bar: where may it stand, and are there letters?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from semseg.scale.bar_lines import LONG, Line, extremes
from semseg.scale.window import Window

__all__ = ["has_label", "in_writing", "text_window"]

MAX_SHAPES = 3000  # more are noise


def text_window(bar: Window, shape: tuple[int, ...]) -> Window:
    """Return where the writing that belongs to a bar may stand, in a picture of `shape`."""
    height, width = shape[:2]
    reach = max(0.1 * height, 20.0, min(8.0 * (bar.bottom - bar.top), 0.25 * height))
    aside = max(0.6 * (bar.right - bar.left), 0.1 * width)
    return Window.within(
        shape, bar.top - reach, bar.left - aside, bar.bottom + reach, bar.right + aside
    )


def has_label(grey: NDArray[np.float32], line: Line) -> bool:
    """Tell whether three letters or more stand in a row near the line.

    They may touch it. They are told from their surroundings by the contrast of what lies near the
    line, which may be fainter than the line itself.
    """
    window = text_window(line.box, grey.shape)
    part = grey[window.top : window.bottom, window.left : window.right].astype(np.float32)
    rows = slice(max(0, line.top - 1 - window.top), line.bottom + 1 - window.top)
    outside = np.ones(part.shape, bool)
    first, last = line.gap or (line.left, line.left)
    for left, right in ((line.left, first), (last, line.right)):
        columns = slice(max(0, int(left) - 1 - window.left), int(right) + 2 - window.left)
        outside[rows, columns] = False
    low, high = extremes(part[outside][None])
    if not high > low:
        return False
    scaled = (part - low) / (high - low)
    tallest = max(0.1 * grey.shape[0], 0.9 * (line.top - window.top))
    for level in (0.9, 0.7, 0.5):
        for mask in (scaled >= level, scaled <= 1 - level):
            if _letters_in_a_row(mask & outside, tallest) >= 3:
                return True
    return False


def _letters_in_a_row(mask: NDArray[np.bool_], tallest: float) -> int:
    """Return how many shapes of the size of letters stand side by side on one line, at most."""
    labels, count = ndimage.label(mask)
    if count > MAX_SHAPES:
        return 0
    shapes = []
    for index, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        high, wide = rows.stop - rows.start, columns.stop - columns.start
        if not 5 <= high <= tallest or wide > 1.8 * high:
            continue
        if rows.start == 0 or rows.stop == mask.shape[0]:
            continue
        if np.count_nonzero(labels[rows, columns] == index) >= 0.12 * high * wide:
            shapes.append((columns.start, columns.stop, rows.stop, high))
    shapes.sort()
    in_a_row = [1] * len(shapes)
    for second in range(len(shapes)):
        for first in range(second - 1, max(-1, second - 40), -1):
            if _side_by_side(shapes[first], shapes[second]):
                in_a_row[second] = max(in_a_row[second], in_a_row[first] + 1)
    return max(in_a_row, default=0)


def _side_by_side(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Tell of two shapes (columns, foot, height) whether they may be letters of one word.

    They stand on one line, or one of them reaches below it, as the letter for micro does.
    """
    tall, small = max(one[3], other[3]), min(one[3], other[3])
    below = abs(one[2] - other[2])
    top = max(one[2] - one[3], other[2] - other[3])
    overlap = min(one[2], other[2]) - top
    level = below <= 1 or (below <= 0.35 * tall and overlap >= 0.7 * small)
    return level and small >= 0.45 * tall and -2 <= other[0] - one[1] <= 1.2 * tall


def in_writing(grey: NDArray[np.float32], line: Line) -> bool:
    """Tell whether a short line is a dash: letters stand in its row, close to both its ends."""
    if line.length > LONG * grey.shape[1] or line.ticks.count:
        return False
    low, high = extremes(grey)
    around = slice(
        max(0, int(line.top - 0.5 * line.length)), int(line.bottom + 0.5 * line.length) + 1
    )
    near = int(0.6 * line.length) + 3
    first, last = int(line.left), int(np.ceil(line.right))
    own = np.median(grey[line.top : line.bottom, first + 1 : last - 1])
    near_enough = min(0.25, 0.5 * line.contrast) * (high - low)
    shares = []
    for columns in (slice(max(0, first - near), max(0, first - 1)), slice(last + 1, last + near)):
        ink = np.abs(grey[around, columns] - own) < near_enough
        shares.append(ink.mean() if ink.size else 0.0)
    return min(shares) > 0.12
