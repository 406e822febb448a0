"""The scale bar in the picture itself: how many pixels is it long?

>>> import numpy as np
>>> picture = np.full((200, 300), 90, np.float32)
>>> picture[170:174, 200:250] = 255
>>> bar = find_scale_bar(picture, None)
>>> bar.length_px, bar.row
(50.0, 172)
>>> bar.box
Window(top=170, left=200, bottom=174, right=250)
>>> calibration_from_scale_bar(bar, 200.0).pixel_size_nm
4.0

Bars of the label bar come first, then bars drawn into the picture: white or black, thick or thin,
with ticks at their ends, or with the label in their middle. The value printed at the bar is not
read: a person types it. No answer is better than a wrong one, so nothing is returned where two
different lines might be the bar.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from semseg.errors import CalibrationError
from semseg.scale.bar_lines import Line, extremes, find_lines
from semseg.scale.bar_ticks import Ticks
from semseg.scale.calibration import Calibration
from semseg.scale.vendors.reading import is_positive
from semseg.scale.window import Window

__all__ = ["ScaleBar", "calibration_from_scale_bar", "find_scale_bar"]

MIN_LENGTH_PX = 12
MIN_LENGTH_IN_LABEL_BAR = 0.015  # of the width; dashes in writing are shorter
MIN_LENGTH_IN_PICTURE = 0.03
LONG = 0.06  # of the width; strokes of letters and edges of particles are shorter

# Programs draw bars in whole pixels, so both ends were rounded, each with a standard uncertainty
# of 1 / sqrt(12) px (JCGM 100:2008, F.2.2.1); together 0.41 px, and a little for blurred ends.
UNCERTAINTY_PX = 0.5


@dataclass(frozen=True)
class ScaleBar:
    """A scale bar that was found, in pixels from the picture's upper left corner.

    length_px : float
        What the printed value stands for: from end to end, or between the middles of the ticks
        where it has ticks (so drawn by Zeiss and FEI).
    left, right : float
        Outer ends.
    top, bottom : int
        First row, and the one after the last; without ticks.
    relative_uncertainty : float
        Relative standard uncertainty of `length_px`, > 0.
    text_window : Window
        Where the length would be printed: the bar itself and what lies around it.
    label_bar : Window or None
        The strip with writing that the bar is part of, where it is part of one.
    """

    length_px: float
    left: float
    right: float
    top: int
    bottom: int
    relative_uncertainty: float
    text_window: Window
    label_bar: Window | None = None

    @property
    def row(self) -> int:
        """Row of the middle."""
        return (self.top + self.bottom) // 2

    @property
    def box(self) -> Window:
        """The pixels of which the bar covers half or more, without its ticks."""
        return Window(self.top, round(self.left), self.bottom, round(self.right))


def find_scale_bar(grey: NDArray[np.float32], bar_row: int | None) -> ScaleBar | None:
    """Return the scale bar of a picture, or None where there is none or no certain one.

    Parameters
    ----------
    grey : float32 (height, width)
        The picture as recorded, finite, in any unit.
    bar_row : int or None
        First row of the label bar, where there is one: it is searched first, and alone where
        something in it may be the bar.
    """
    if bar_row is not None and 0 < bar_row < grey.shape[0]:
        strip = grey[bar_row:]
        found = _candidates(strip, MIN_LENGTH_IN_LABEL_BAR, in_label_bar=True)
        if found:
            bar = _only(found, strip.shape)
            return bar and _in_strip(bar, strip.shape, bar_row)
        grey = grey[:bar_row]
    return _only(_candidates(grey, MIN_LENGTH_IN_PICTURE, in_label_bar=False), grey.shape)


def calibration_from_scale_bar(bar: ScaleBar, value_nm: float) -> Calibration:
    """Return the calibration by a bar next to which a length of `value_nm` nanometres is printed.

    Raises
    ------
    CalibrationError
        If `value_nm` is not a finite number above zero.
    """
    if not is_positive(value_nm):
        raise CalibrationError(
            f"The length printed at the scale bar must be a number of nanometres above zero, not "
            f"{str(value_nm)[:40]!r}."
        )
    return Calibration(
        float(value_nm) / bar.length_px,
        "scale bar",
        relative_uncertainty=bar.relative_uncertainty,
    )


def _candidates(grey: NDArray[np.float32], share: float, *, in_label_bar: bool) -> list[Line]:
    """Return the lines that may be a scale bar, the best founded kind alone."""
    shortest = max(MIN_LENGTH_PX, int(share * grey.shape[1]))
    # Each half of a bar with its label in the middle is a line of its own.
    lines = _joined(find_lines(grey, max(shortest // 3, 6)), grey)
    lines = [line for line in lines if line.length >= shortest]
    lines = [line for line in lines if line.ticks.even]
    long = LONG * grey.shape[1]
    lines = [line for line in lines if line.free or line.length >= long]
    if in_label_bar:
        return [line for line in lines if line.contrast >= 0.3 and not _in_writing(grey, line)]
    kept = []
    for line in lines:
        labelled = _has_label(grey, line)
        if (line.contrast >= 0.3 and line.levels >= 2) or labelled:
            kept.append((labelled, line))
    if any(labelled for labelled, _ in kept):
        kept = [each for each in kept if each[0]]
    return [line for _, line in kept if not _in_writing(grey, line)]


def _in_strip(bar: ScaleBar, shape: tuple[int, ...], first_row: int) -> ScaleBar:
    """Return the bar that was found in a label bar of `shape`, in rows of the whole picture."""
    return replace(
        bar,
        top=bar.top + first_row,
        bottom=bar.bottom + first_row,
        text_window=bar.text_window.moved(first_row),
        label_bar=Window(0, 0, *shape[:2]).moved(first_row),
    )


def _only(lines: list[Line], shape: tuple[int, ...]) -> ScaleBar | None:
    """Return the bar that all these lines are part of, or None if they are several."""
    if not lines:
        return None
    best = max(lines, key=lambda line: line.thickness)
    lengths = []
    for line in lines:
        near = abs(line.middle - best.middle) <= (line.thickness + best.thickness) / 2 + 3
        aside = max(abs(line.left - best.left), abs(line.right - best.right))
        # A bar and the outline around it are one.
        if not (near and aside <= max(4.0, 0.03 * best.length)):
            return None
        lengths.append(_length(line))
    length = _length(best)
    # Which of the outlines is meant, nobody says: a uniform distribution over all of them.
    uncertainty = math.hypot(UNCERTAINTY_PX, np.ptp(lengths) / math.sqrt(12))
    return ScaleBar(
        length,
        best.left,
        best.right,
        best.top,
        best.bottom,
        uncertainty / length,
        _around(best, shape),
    )


def _around(line: Line, shape: tuple[int, ...]) -> Window:
    """Return where the writing that belongs to a line may stand."""
    height, width = shape[:2]
    reach = max(0.1 * height, 20.0)
    aside = max(0.6 * line.length, 0.1 * width)
    return Window.within(
        shape, line.top - reach, line.left - aside, line.bottom + reach, line.right + aside
    )


def _length(line: Line) -> float:
    """Return the length that the label stands for."""
    if line.ticks.left is None or line.ticks.right is None:
        return line.length
    return line.ticks.right - line.ticks.left


def _joined(lines: list[Line], grey: NDArray[np.float32]) -> list[Line]:
    """Return the lines with two halves that have writing between them made one.

    Of a line that has a companion in its row which is not its other half, neither is a bar.
    """
    result, used = [], set()
    for i, left in enumerate(lines):
        for j, right in enumerate(lines):
            if i == j or left.right >= right.left or left.bright != right.bright:
                continue
            if abs(left.middle - right.middle) > 1.5 or right.left - left.right > 3 * left.length:
                continue
            used |= {i, j}
            longer = max(left.length, right.length)
            alike = abs(left.length - right.length) <= max(4.0, 0.15 * longer)
            if alike and left.ticks.right is None and right.ticks.left is None:
                result.append(
                    replace(
                        left,
                        right=right.right,
                        top=min(left.top, right.top),
                        bottom=max(left.bottom, right.bottom),
                        contrast=min(left.contrast, right.contrast),
                        ticks=Ticks(left.ticks.left, right.ticks.right),
                        free=left.free and right.free,
                        levels=max(left.levels, right.levels),
                    )
                )
    return result + [line for index, line in enumerate(lines) if index not in used]


def _has_label(grey: NDArray[np.float32], line: Line) -> bool:
    """Tell whether letters stand in a row near the line."""
    height = grey.shape[0]
    low, high = extremes(grey)
    part = np.clip((_around(line, grey.shape).of(grey) - low) / (high - low), 0, 1)
    for level in (0.9, 0.7, 0.5):
        for mask in (part >= level, part <= 1 - level):
            if _letters_in_a_row(mask, 0.1 * height) >= 3:
                return True
    return False


def _letters_in_a_row(mask: NDArray[np.bool_], tallest: float) -> int:
    """Return how many shapes of the size of letters stand side by side on one line, at most."""
    labels, count = ndimage.label(mask)
    if count > 3000:
        return 0
    standing: dict[int, list[tuple[int, int, int]]] = {}
    for index, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        high, wide = rows.stop - rows.start, columns.stop - columns.start
        if not 5 <= high <= tallest or wide > 1.8 * high:
            continue
        if rows.start == 0 or rows.stop == mask.shape[0]:
            continue
        if np.count_nonzero(labels[rows, columns] == index) >= 0.12 * high * wide:
            standing.setdefault(rows.stop, []).append((columns.start, columns.stop, high))
    most = 0
    for foot in standing:
        row = sorted(each for away in (-1, 0, 1) for each in standing.get(foot + away, ()))
        run = 1
        most = max(most, run)
        for one, other in pairwise(row):
            tall, small = max(one[2], other[2]), min(one[2], other[2])
            gap = other[0] - one[1]
            run = run + 1 if -2 <= gap <= 1.2 * tall and small >= 0.45 * tall else 1
            most = max(most, run)
    return most


def _in_writing(grey: NDArray[np.float32], line: Line) -> bool:
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
    shares = []
    for columns in (slice(max(0, first - near), max(0, first - 1)), slice(last + 1, last + near)):
        ink = np.abs(grey[around, columns] - own) < 0.25 * (high - low)
        shares.append(ink.mean() if ink.size else 0.0)
    return min(shares) > 0.12
