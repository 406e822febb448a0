"""The ends of a line, to a part of a pixel: where its profile crosses the middle between the line
and what lies beside it. And whether they are square, as those of drawn bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semseg.scale.bar_ticks import Place

__all__ = ["MIN_CONTRAST", "End", "find_end", "is_round", "median", "medians"]

MIN_CONTRAST = 0.12  # of the picture's contrast, between line and surroundings
MAX_SHIFT = 8  # pixels from where a run ends to where the line does
MAX_BLUR, MAX_BLUR_SHARE = 3, 0.025  # or of the length: pixels between 15 and 85 % of an end's step
UNCLEAR = 0.8  # the doubt, in pixels, where what lies around an end would make it a blurred one
MIN_ROUND = 5  # rows, from which rounded ends are told from square ones
MAX_LACKING = 0.05  # of the squared thickness, at a rounded end


def median(values: NDArray[np.floating | np.integer]) -> float:
    """Return the middle one of some values: `numpy.median` takes long for few of them."""
    flat = values.ravel()
    return float(np.partition(flat, flat.size // 2)[flat.size // 2])


def medians(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the middle value of each row."""
    middle = rows.shape[1] // 2
    return np.partition(rows, middle, axis=1)[:, middle]


def is_round(scaled: NDArray[np.float32], place: Place, left: float, right: float) -> bool:
    """Tell whether both ends of a thick line are rounded, as those of rods and bacteria are.

    The row of each end is followed outwards to where it falls to half. What the rows lack against
    the middle one is 0.11 of the squared thickness for a half circle; the corners of drawn bars
    lack up to 0.04, however blurred.
    """
    top, bottom, _, _ = place
    thickness = bottom - top
    if thickness < MIN_ROUND:
        return False
    inwards = int(min(thickness, (right - left) / 2 - 2))
    rows = scaled[top:bottom]
    inner = medians(rows[:, int(left) + 3 : int(right) - 2])
    lacking = []
    for edge, step in ((int(left + 0.5), -1), (int(right + 0.5), 1)):
        columns = edge + step * np.arange(-inwards, 6)
        part = rows[:, columns[(columns >= 0) & (columns < scaled.shape[1])]]
        outside = part[:, inwards + 2 :] if part.shape[1] > inwards + 2 else part[:, -1:]
        half = (inner + medians(outside)) / 2
        falls = part[:, 1:] < half[:, None]
        at = np.argmax(falls, axis=1)
        seen = falls.any(axis=1) & (inner - half > 0.05)
        before = np.take_along_axis(part, at[:, None], 1)[:, 0]
        after = np.take_along_axis(part, at[:, None] + 1, 1)[:, 0]
        share = np.clip((before - half) / np.maximum(before - after, 1e-6), 0, 1)
        ends = (at + share)[seen]
        if ends.size < 3:
            return False
        third = ends.size // 3
        middle = np.median(ends[third : ends.size - third])
        lacking.append(float(np.clip(middle - ends, 0, thickness).sum()) / thickness**2)
    return min(lacking) > MAX_LACKING


@dataclass(frozen=True)
class End:
    """An end of a line: where it is (of pixel centres), how much the profile falls, the doubt."""

    at: float
    fall: float
    doubt: float


def find_end(profile: NDArray[np.float32], last: int, step: int, length: int) -> End | None:
    """Return where the line ends beyond pixel `last`. None where the end is not sharp."""
    max_blur = max(MAX_BLUR, MAX_BLUR_SHARE * length)
    inside = profile[last - step * np.arange(3, max(4, min(12, length // 2)))]
    own = median(inside)
    outwards = last + step * np.arange(-1, 7 + int(max_blur))
    outwards = outwards[(outwards >= 0) & (outwards < profile.size)]
    values = profile[outwards]
    near = values[4:9] if values.size > 4 else values[-1:]
    # What lies right beside the end, and what lies around there; or, where writing begins a few
    # pixels further on, what is lowest.
    grounds = [_first_level(values), median(near)], [median(np.sort(near)[:3])]
    for those in grounds:
        ends, unclear = [], 0.0
        for outside in those:
            if own - outside >= MIN_CONTRAST:
                rest = (profile - outside) / (own - outside)
                end = _end_of_step(rest, last, step, max_blur)
                if end is None:
                    unclear = UNCLEAR
                else:
                    ends.append((end, own - outside))
        if ends:
            where, falls = zip(*ends, strict=True)
            doubt = max((max(where) - min(where)) / 2, unclear)
            return End(sum(where) / len(where), min(falls), doubt)
    return None


def _first_level(values: NDArray[np.float32]) -> float:
    """Return where a falling profile comes to rest first: what lies right beside an edge."""
    falls = values[:-1] - values[1:]
    if not falls.size or falls.max() <= 0:
        return float(values[-1])
    steepest = 0.0
    for at, fall in enumerate(falls.tolist()):
        if steepest and fall <= 0.25 * steepest:
            return float(values[at : at + 2].mean())
        if fall >= 0.3 * falls[:6].max():
            steepest = max(steepest, fall)
    return float(values[-1])


def _end_of_step(rest: NDArray[np.float32], last: int, step: int, max_blur: float) -> float | None:
    """Return where a profile that is 1 within the line and 0 beside it falls from 1 to 0.

    That is where it crosses the middle. Of a wide step, what its pixels hold is added up, so that
    it does not matter how a picture was resampled: a line that covers 0.4 of a pixel ends 0.4 into
    it, also where that pixel was later drawn as three.
    """
    column = last - 2 * step
    for _ in range(MAX_SHIFT):
        if not 0 <= column + step < rest.size or rest[column] < 0.5:
            return None
        if rest[column + step] < 0.5:
            break
        column += step
    else:
        return None
    part = (rest[column] - 0.5) / (rest[column] - rest[column + step])
    first = column
    while 0 < first < rest.size - 1 and rest[first] < 0.85:
        first -= step
    following = column + step
    while 0 < following < rest.size - 1 and rest[following] > 0.2:
        following += step
    if abs(following - first) - 1 > max_blur:
        return None
    zone = np.clip(rest[np.arange(first, following + step, step)], 0, 1)
    if np.count_nonzero((zone > 0.3) & (zone < 0.7)) < 2:
        return column + step * float(part)
    return first - step / 2 + step * float(zone.sum())
