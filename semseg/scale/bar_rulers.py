"""Rulers of ticks or dots, as Hitachi's microscopes draw them: eleven in a row, equally far apart.

The printed length is that between the first and the last. In each row of pixels the strokes are
listed that are brighter (or darker) than a level; eleven that follow one another at equal
distances, with nothing between them, before them and behind them, are a ruler, if several rows
agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semseg.scale.bar_lines import extremes, runs

__all__ = ["Ruler", "find_ruler"]

TICKS = 11
LEVELS = (0.8, 0.6, 0.4, 0.25, 0.15)  # of the contrast, above the ground
MIN_STEP_PX = 3.5  # between two ticks
MAX_WIDTH = 0.45  # of a tick, in steps
MAX_UNEVEN = 0.05  # of a step, or MIN_UNEVEN_PX: standard deviation about equal distances
MIN_UNEVEN_PX = 0.3
MIN_ROWS = 2  # that agree


@dataclass(frozen=True)
class Ruler:
    """A row of ticks, in pixels; columns are counted from the outer edge of the first pixel.

    first, last : float
        Columns of the middles of the outer ticks.
    top, bottom : int
        First row that all ticks reach, and the one after the last.
    """

    first: float
    last: float
    top: int
    bottom: int


def find_ruler(grey: NDArray[np.float32]) -> Ruler | None:
    """Return the ruler of a part of a picture (height, width), or None without a certain one."""
    if grey.shape[0] < MIN_ROWS or grey.shape[1] < TICKS * MIN_STEP_PX:
        return None
    low, high = extremes(grey)
    if not high > low:
        return None
    scaled = np.clip((grey - low) / (high - low), 0, 1)
    found: list[Ruler] = []
    for picture in (scaled, 1 - scaled):
        ground = np.median(picture, axis=1)
        for level in LEVELS:
            found += _at_level(picture, ground, ground + level * (1 - ground))
    return _agreed(found)


def _at_level(
    picture: NDArray[np.float32], ground: NDArray[np.float32], least: NDArray[np.float32]
) -> list[Ruler]:
    """Return what each row holds of eleven strokes above `least` (of each row) at equal distances.

    What stands in a row besides is not looked at, but for one step before and behind.
    """
    row, start, end = runs(picture >= least[:, None])
    if start.size < TICKS:
        return []
    middle = (start + end) / 2
    step = (middle[TICKS - 1 :] - middle[: 1 - TICKS]) / (TICKS - 1)
    wide = np.lib.stride_tricks.sliding_window_view(end - start, TICKS).max(axis=1)
    steps = np.lib.stride_tricks.sliding_window_view(np.diff(middle), TICKS - 1)
    may = (row[TICKS - 1 :] == row[: 1 - TICKS]) & (step >= MIN_STEP_PX)
    may &= wide <= MAX_WIDTH * step
    may &= abs(steps - step[:, None]).max(axis=1) <= np.maximum(1.5, 0.2 * step)
    found = []
    for begin in np.flatnonzero(may).tolist():
        profile, dark = picture[row[begin]], float(ground[row[begin]])
        those = zip(start[begin : begin + TICKS], end[begin : begin + TICKS], strict=True)
        places = np.array([_centre(profile, dark, *each) for each in those])
        number = np.arange(TICKS)
        slope, origin = np.polyfit(number, places, 1)
        uneven = np.std(places - origin - slope * number)
        if uneven > max(MIN_UNEVEN_PX, MAX_UNEVEN * slope):
            continue
        if not _goes_on(profile, float(least[row[begin]]), dark, origin, slope):
            last = float(origin + slope * (TICKS - 1))
            found.append(Ruler(float(origin), last, int(row[begin]), int(row[begin]) + 1))
    return found


def _centre(profile: NDArray[np.float32], ground: float, start: int, end: int) -> float:
    """Return the middle of a stroke, weighted by grey value, its blurred edges included."""
    columns = np.arange(max(0, start - 1), min(profile.size, end + 1))
    weight = np.clip(profile[columns] - ground, 1e-6, None)
    return float((weight * (columns + 0.5)).sum() / weight.sum())


def _goes_on(
    profile: NDArray[np.float32], least: float, ground: float, origin: float, step: float
) -> bool:
    """Tell whether another tick, maybe a fainter one, stands one step before or behind."""
    near = max(1.0, 0.25 * step)
    for place in (origin - step, origin + TICKS * step):
        columns = slice(max(0, int(place - near)), max(0, int(place + near) + 1))
        part = profile[columns]
        if part.size and part.max() >= ground + 0.5 * (least - ground):
            return True
    return False


def _agreed(found: list[Ruler]) -> Ruler | None:
    """Return the ruler on which several rows agree, and none of the others differs."""
    best: list[Ruler] = []
    for one in found:
        alike = [
            each
            for each in found
            if abs(each.first - one.first) <= 1.0 and abs(each.last - one.last) <= 1.0
        ]
        if len({each.top for each in alike}) > len({each.top for each in best}):
            best = alike
    rows = {each.top for each in best}
    others = {each.top for each in found if each not in best}
    if len(rows) < MIN_ROWS or len(others) > len(rows) // 2:
        return None
    return Ruler(
        float(np.median([each.first for each in best])),
        float(np.median([each.last for each in best])),
        min(rows),
        max(rows) + 1,
    )
