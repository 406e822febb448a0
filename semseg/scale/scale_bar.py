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

Bars of the label bar come first, then bars drawn into the picture: white, black or grey, thick or
thin, with ticks at their ends, with the label in their middle, or rulers of eleven ticks. The value
printed at the bar is not read here. No answer is better than a wrong one, so nothing is returned
where two different lines might be the bar.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from semseg.errors import CalibrationError
from semseg.scale.bar_halves import has_other_half, joined, with_both_ticks
from semseg.scale.bar_label import has_label, in_writing, text_window
from semseg.scale.bar_lines import LONG, Line, extremes, find_lines
from semseg.scale.bar_rulers import Ruler, find_ruler
from semseg.scale.calibration import Calibration
from semseg.scale.vendors.reading import is_positive
from semseg.scale.window import Window

__all__ = ["ScaleBar", "calibration_from_scale_bar", "find_scale_bar"]

MIN_LENGTH_PX = 12
MIN_LENGTH_IN_LABEL_BAR = 0.015  # of the width; dashes in writing are shorter
MIN_LENGTH_IN_PICTURE = 0.03
MAX_THICKNESS_IN_LABEL_BAR = 0.5  # of its height
MIN_CONTRAST_IN_LABEL_BAR = 0.3

# Of a bar without writing near it, in the contrast of the picture; short ones are as even.
MIN_CONTRAST_UNLABELLED = 0.3
MIN_VALUE_UNLABELLED = 0.9
MAX_SCATTER_UNLABELLED = 0.015

# Programs draw bars in whole pixels, so both ends were rounded, each with a standard uncertainty
# of 1 / sqrt(12) px (JCGM 100:2008, F.2.2.1); together 0.41 px, and a little for blurred ends.
UNCERTAINTY_PX = 0.5
# Of a line through eleven ticks, each rounded to whole pixels: 10 / sqrt(110) of that.
RULER_UNCERTAINTY_PX = 0.3

LOWEST = 0.15  # of the height of the picture, at its foot: where rulers without a label bar stand


@dataclass(frozen=True)
class ScaleBar:
    """A scale bar that was found, in pixels from the picture's upper left corner.

    length_px : float
        What the printed value stands for: from end to end, or between the middles of the ticks
        where it has ticks (so drawn by Zeiss and FEI).
    left, right : float
        Outer ends; of a ruler, the middles of its outer ticks.
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
        ruler = find_ruler(strip)
        if ruler is not None:
            return _in_strip(_of_ruler(ruler, strip.shape), strip.shape, bar_row)
        found = _candidates(strip, MIN_LENGTH_IN_LABEL_BAR, in_label_bar=True)
        if found:
            bar = _only(found, strip.shape)
            return bar and _in_strip(bar, strip.shape, bar_row)
        grey = grey[:bar_row]
    first_row = int((1 - LOWEST) * grey.shape[0])
    ruler = find_ruler(grey[first_row:])
    if ruler is not None:
        top, bottom = ruler.top + first_row, ruler.bottom + first_row
        return _of_ruler(replace(ruler, top=top, bottom=bottom), grey.shape)
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
    thickest = round(MAX_THICKNESS_IN_LABEL_BAR * grey.shape[0]) if in_label_bar else None
    lines = find_lines(grey, max(shortest // 2, 6) if in_label_bar else shortest, thickest)
    if not lines:
        return []
    low, high = extremes(grey)
    scaled = np.clip((grey - low) / (high - low), 0, 1)
    lines = [with_both_ticks(line, scaled) for line in joined(lines, scaled)]
    lines = [line for line in lines if line.length >= shortest and line.ticks.even]
    long = LONG * grey.shape[1]
    lines = [line for line in lines if line.length >= long or line.free]
    lines = [line for line in lines if not has_other_half(line, scaled)]
    lines = [line for line in lines if not in_writing(grey, line)]
    if in_label_bar:
        return _preferred([line for line in lines if line.contrast >= _least_contrast(line)])
    even = MAX_SCATTER_UNLABELLED
    lines = [line for line in lines if line.length >= long or line.scatter <= even]
    burnt = [line for line in lines if _burnt_in(line)]
    found = burnt or [line for line in lines if line.gap or has_label(grey, line)]
    # The border of the picture makes lines of what lies beside it.
    inside = [line for line in found if line.top > 0 and line.bottom < grey.shape[0]]
    return _preferred(inside or found)


def _least_contrast(line: Line) -> float:
    """Return what a line in a label bar must have: less with ticks or with its label in it."""
    unmistakable = line.gap is not None or line.ticks.count == 2
    return MIN_CONTRAST_IN_LABEL_BAR * (0.5 if unmistakable else 1.0)


def _preferred(lines: list[Line]) -> list[Line]:
    """Return those with ticks at both ends, or else those that nothing touches, or else all."""
    ticked = [line for line in lines if line.ticks.count == 2]
    return ticked or [line for line in lines if line.free] or lines


def _burnt_in(line: Line) -> bool:
    """Tell whether a line without writing is as even and as strong as only drawn ones are."""
    # What is drawn in pure black or white is believed where it stands out less.
    pure = line.value >= 0.99 and line.scatter <= 0.005 and line.free
    least = MIN_CONTRAST_UNLABELLED * (0.65 if pure else 1.0)
    strong = line.contrast >= least and line.value >= MIN_VALUE_UNLABELLED
    even = line.scatter <= MAX_SCATTER_UNLABELLED
    apart = line.free or (line.apart and line.value >= 0.97)
    return apart and strong and even and len(line.levels) >= 2


def _of_ruler(ruler: Ruler, shape: tuple[int, ...]) -> ScaleBar:
    length = ruler.last - ruler.first
    bar = ScaleBar(
        length,
        ruler.first,
        ruler.last,
        ruler.top,
        ruler.bottom,
        RULER_UNCERTAINTY_PX / length,
        Window(0, 0, 0, 0),
    )
    return replace(bar, text_window=text_window(bar.box, shape))


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
    best = max(lines, key=lambda line: (line.contrast, line.thickness))
    lengths = []
    for line in lines:
        near = abs(line.middle - best.middle) <= (line.thickness + best.thickness) / 2 + 3
        aside = max(abs(line.left - best.left), abs(line.right - best.right))
        # A bar and the outline around it are one.
        if not (near and aside <= max(4.0, 0.03 * best.length)):
            return None
        lengths.append(_length(line))
    # Which of the outlines is meant, nobody says: a uniform distribution over all of them.
    length = (max(lengths) + min(lengths)) / 2
    spread = (max(lengths) - min(lengths)) / math.sqrt(12)
    uncertainty = math.hypot(UNCERTAINTY_PX, spread, best.doubt)
    return ScaleBar(
        length,
        best.left,
        best.right,
        best.top,
        best.bottom,
        uncertainty / length,
        text_window(best.box, shape),
    )


def _length(line: Line) -> float:
    """Return the length that the label stands for."""
    if line.ticks.left is None or line.ticks.right is None:
        return line.length
    return line.ticks.right - line.ticks.left
