"""The ends of a scale bar: do ticks stand there, ``|----|``, and where are their middles?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = [
    "END_SHARE",
    "Place",
    "Ticks",
    "find_ticks",
    "has_bare_ends",
    "has_stroke",
    "with_pale_tick",
]

END_SHARE = 0.15  # of the length, at each end: where a tick may be
MAX_REACH = 8  # thicknesses, and a tenth of the picture: how far ticks are followed
MAX_HEIGHT = 0.75  # of the length: the height of the bar with its ticks

Place = tuple[int, int, int, int]  # top, bottom, start and end of a line; bottom and end excluded


@dataclass(frozen=True)
class Ticks:
    """The ticks of a line: columns of their middles, from the outer edge of the first pixel.

    None where there is no tick at that end.
    """

    left: float | None = None
    right: float | None = None

    @property
    def count(self) -> int:
        """How many ends have a tick."""
        return (self.left is not None) + (self.right is not None)

    @property
    def even(self) -> bool:
        """Both ends look alike."""
        return self.count != 1


def find_ticks(scaled: NDArray[np.float32], least: float, place: Place) -> Ticks | None:
    """Return the ticks of the line at `place`; None where this is no scale bar.

    What is connected to the line may stand above and below it at its ends only, equally high at
    both of them: other things are letters, frames and specimens. A tick at one end alone makes the
    half of a bar whose label stands in its middle.

    Parameters
    ----------
    scaled : float32 (height, width)
        The picture, in which the line is bright.
    least : float
        What a pixel must have to belong to the line.
    place : top, bottom, start, end
        Rows and columns of the line.
    """
    top, bottom, start, end = place
    length, thickness = end - start, bottom - top
    reach = max(4, int(min(MAX_HEIGHT * length, MAX_REACH * thickness + 0.1 * len(scaled))))
    aside = max(3, int(0.1 * length))
    first_row, last_row = max(top - reach, 0), bottom + reach
    first_column = max(start - aside, 0)
    window = np.s_[first_row:last_row, first_column : end + aside]
    labels, _ = ndimage.label(scaled[window] >= least)
    top, bottom = top - first_row, bottom - first_row
    start, end = start - first_column, end - first_column
    own_label = labels[(top + bottom - 1) // 2, (start + end) // 2]
    own = labels == own_label
    if own_label == 0 or own[:, [0, -1]].any():
        return None
    # What reaches the picture's own border may end there.
    if (first_row > 0 and own[0].any()) or (last_row < len(scaled) and own[-1].any()):
        return None
    zone = max(3, thickness + 2, int(END_SHARE * length))
    middle = own[:, start + zone : end - zone]
    if middle[: max(top - 1, 0)].any() or middle[bottom + 1 :].any():
        return None

    own[top:bottom] = False
    columns = (slice(0, start + zone), slice(end - zone, own.shape[1]))
    above, below = (
        [int(own[rows, side].any(axis=1).sum()) for side in columns]
        for rows in (slice(0, top), slice(bottom, None))
    )
    if max(above) + max(below) + thickness > MAX_HEIGHT * length:
        return None
    # One row, or a part of a thick line, is the blur of its edge.
    least = max(2, thickness / 2)
    cut = own[0].any() or own[-1].any()
    # A frame that the picture's border cuts off has its uprights at one side alone.
    if cut and min(*above, *below) < least:
        return None
    has = [max(up, down) >= least for up, down in zip(above, below, strict=True)]
    if all(has) and any(abs(np.diff(ends)) > max(1, 0.25 * max(ends)) for ends in (above, below)):
        return None
    middles: list[float | None] = []
    for side, present in zip(columns, has, strict=True):
        wide = own[:, side].sum(axis=1)
        if not present:
            middles.append(None)
        elif np.median(wide[wide > 0]) > thickness + 4:
            # Ticks are drawn with the line's own pen.
            return None
        else:
            # The row next to the line holds the blur of the line.
            rows = np.flatnonzero(wide)
            far = rows[(rows < top - 1) | (rows > bottom)]
            middle = side.start + _middle(scaled[window][far if far.size else rows, side])
            near_end = min(abs(middle - start), abs(middle - end)) <= max(2, thickness)
            # What lies further inside is the head of an arrow, whose tip is the end.
            middles.append(first_column + middle if near_end else None)
    return Ticks(*middles)


def with_pale_tick(
    ticks: Ticks, scaled: NDArray[np.float32], place: Place, left: float, right: float
) -> Ticks:
    """Return the ticks with the second one, where only one was found and a paler one stands there.

    In pictures that were made smaller, equal ticks may come out unlike: one lies within a column
    of pixels, the other half in each of two.

    Parameters
    ----------
    scaled : float32 (height, width)
        The picture, in which the line is bright.
    left, right : float
        Outer ends of the line, from the outer edge of the first pixel.
    """
    if ticks.count != 1:
        return ticks
    found, missing = (left, right) if ticks.right is None else (right, left)
    middles = []
    for profile in _beside(scaled, place):
        strong, pale = _stroke(profile, found), _stroke(profile, missing)
        if (strong is None) != (pale is None):
            return ticks
        if strong and pale:
            if not 0.35 * strong[1] <= pale[1] <= 1.3 * strong[1]:
                return ticks
            middles.append(pale[0])
    if not middles:
        return ticks
    other = float(np.mean(middles))
    return Ticks(ticks.left or other, ticks.right or other)


def has_stroke(scaled: NDArray[np.float32], place: Place, end: float) -> bool:
    """Tell whether anything like a tick, however pale, stands above or below an end of a line."""
    return any(_stroke(profile, end) is not None for profile in _beside(scaled, place))


def _beside(scaled: NDArray[np.float32], place: Place) -> list[NDArray[np.float32]]:
    """Return the mean of the rows above a line and of those below it, where there are any."""
    top, bottom, _, _ = place
    sides = scaled[max(0, top - 4) : max(0, top - 1)], scaled[bottom + 1 : bottom + 4]
    return [side.mean(axis=0) for side in sides if side.size]


def _stroke(profile: NDArray[np.float32], end: float) -> tuple[float, float] | None:
    """Return middle and height of a peak of the profile at the end of a line, if there is one."""
    near = np.arange(max(0, int(end) - 4), min(profile.size, int(end) + 5))
    beside = [
        profile[max(0, int(end) + first) : max(0, int(end) + last)]
        for first, last in ((-8, -4), (5, 9))
    ]
    ground = [float(np.median(part)) for part in beside if part.size]
    if not ground or near.size < 3:
        return None
    height = profile[near] - max(ground)
    if height.max() < 0.08 or height[[0, -1]].max() > 0.5 * height.max():
        return None
    weight = np.clip(height - 0.3 * height.max(), 0, None)
    return float((weight * (near + 0.5)).sum() / weight.sum()), float(height.max())


def _middle(tick: NDArray[np.float32]) -> float:
    """Return the column of the middle of a bright upright stroke, weighted by grey value."""
    profile = tick.mean(axis=0)
    weight = np.clip(profile - (profile.min() + profile.max()) / 2, 0, None)
    # Alone what belongs to the brightest column.
    parts, _ = ndimage.label(weight > 0)
    weight[parts != parts[np.argmax(profile)]] = 0
    return float((weight * (np.arange(profile.size) + 0.5)).sum() / weight.sum())


def has_bare_ends(scaled: NDArray[np.float32], least: float, place: Place) -> bool:
    """Tell whether nothing of `least` or more stands above or below the line's ends."""
    top, bottom, start, end = place
    for rows in (slice(max(top - 4, 0), max(top - 1, 0)), slice(bottom + 1, bottom + 4)):
        for columns in (slice(max(start - 1, 0), start + 4), slice(end - 4, end + 1)):
            part = scaled[rows, columns]
            if part.size and (part >= least).mean() > 0.2:
                return False
    return True
