"""Straight horizontal lines with sharp ends: what a scale bar is drawn of.

A line is a stack of rows in which the same run of columns is brighter (or darker) than a level,
with nothing above and below it but ticks at its ends. It is looked for at several levels from half
the contrast of the picture to nearly all of it, because a bar may touch bright particles at one
level and stand free at another; then its ends are measured in the grey values, to a part of a
pixel, where the row's profile crosses the middle between the line and what lies beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from semseg.scale.bar_ticks import END_SHARE, Ticks, find_ticks, has_bare_ends

__all__ = ["Line", "extremes", "find_lines"]

LEVELS = (0.95, 0.85, 0.72, 0.58)  # of the contrast, above which a pixel may belong to a bar
MAX_COLUMNS = 2048  # wider pictures are searched in every n-th column, and measured in all
MAX_LENGTH = 0.75  # of the width
MAX_THICKNESS = 0.07  # of the height, and of the bar's length times MIN_ASPECT
MIN_ASPECT = 2.5  # length over thickness
MIN_CONTRAST = 0.12  # of the picture's contrast, between line and surroundings
MAX_SCATTER = 0.06  # of the line's own contrast
MAX_BLUR = 3  # pixels between 15 and 85 % of an end's step


@dataclass(frozen=True)
class Line:
    """One line, in pixels; columns and rows are counted from the outer edge of the first pixel.

    left, right : float
        Outer ends.
    top, bottom : int
        First row, and the one after the last.
    bright : bool
        Brighter than what surrounds it.
    contrast : float
        Line against surroundings, in the contrast of the picture (0..1).
    ticks : Ticks
        What stands at its ends.
    free : bool
        Nothing but ticks touches it, down to half its contrast.
    levels : int
        At how many of `LEVELS` it was found.
    """

    left: float
    right: float
    top: int
    bottom: int
    bright: bool
    contrast: float
    ticks: Ticks
    free: bool = True
    levels: int = 1

    @property
    def length(self) -> float:
        """Between the outer ends."""
        return self.right - self.left

    @property
    def thickness(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Row of the middle."""
        return (self.top + self.bottom) / 2


def extremes(grey: NDArray[np.float32]) -> tuple[float, float]:
    """Return the lowest and the highest grey value that more than a few pixels have."""
    few = max(12, int(2e-5 * grey.size))
    flat = np.partition(grey.ravel(), (few, grey.size - 1 - few))
    return float(flat[few]), float(flat[grey.size - 1 - few])


def find_lines(grey: NDArray[np.float32], min_length: int) -> list[Line]:
    """Return all lines of a picture (height, width), `min_length` px or longer, in any order."""
    if grey.shape[0] < 8 or grey.shape[1] < 4 * min_length / 3:
        return []
    low, high = extremes(grey)
    if not high > low:
        return []
    lines: list[Line] = []
    for bright in (True, False):
        scaled = np.clip((grey - low) / (high - low), 0, 1)
        if not bright:
            scaled = 1 - scaled
        for level in LEVELS:
            for place in _stacks(scaled >= level, min_length):
                line = _measure(scaled, level, place, bright)
                if line is not None:
                    _add(lines, line)
    return lines


def _add(lines: list[Line], line: Line) -> None:
    """Add a line, or count it where it was found at another level before."""
    for index, known in enumerate(lines):
        if (
            known.bright == line.bright
            and abs(known.middle - line.middle) <= max(1.5, 0.5 * known.thickness)
            and abs(known.left - line.left) <= 2
            and abs(known.right - line.right) <= 2
        ):
            better = max(known, line, key=lambda each: each.contrast)
            lines[index] = replace(
                better,
                top=min(known.top, line.top),
                bottom=max(known.bottom, line.bottom),
                ticks=max(known.ticks, line.ticks, key=lambda each: each.count),
                free=known.free or line.free,
                levels=known.levels + 1,
            )
            return
    lines.append(line)


def _stacks(mask: NDArray[np.bool_], min_length: int) -> list[tuple[int, int, int, int]]:
    """Return (top, bottom, start, end) of stacks of equal runs with nothing above and below."""
    height, width = mask.shape
    step = -(-width // MAX_COLUMNS)
    mask = mask[:, ::step]
    row, start, end = _runs(mask)
    length = end - start
    fits = (length >= min_length / step) & (length <= MAX_LENGTH * mask.shape[1])
    # What touches the picture's border may go on beyond it.
    fits &= (start > 0) & (end < mask.shape[1])
    row, start, end = row[fits], start[fits], end[fits]
    if not row.size:
        return []

    margin = np.maximum(2, (END_SHARE * (end - start)).astype(int))
    inner = (start + margin, np.maximum(end - margin, start + margin + 1))
    counts = np.zeros((height, mask.shape[1] + 1), np.int32)
    np.cumsum(mask, axis=1, out=counts[:, 1:])
    shares = {away: _share(counts, row + away, *inner) for away in (-2, -1, 1, 2)}
    # A blurred edge may be half there in the next row, but not in the one after.
    is_top = (shares[-1] <= 0.5) & (shares[-2] <= 0.08)
    is_bottom = (shares[1] <= 0.5) & (shares[2] <= 0.08)

    in_row: dict[int, list[int]] = {}
    for index in np.flatnonzero(np.isin(row, _reach(row[is_top], height))).tolist():
        in_row.setdefault(int(row[index]), []).append(index)

    def below(index: int, first: int) -> int | None:
        for other in in_row.get(int(row[index]) + 1, ()):
            if abs(start[other] - start[first]) <= 2 and abs(end[other] - end[first]) <= 2:
                return other
        return None

    stacks = []
    thickest = max(4, int(MAX_THICKNESS * height))
    for first in np.flatnonzero(is_top).tolist():
        chain = [first]
        while not is_bottom[chain[-1]] and len(chain) < thickest:
            following = below(chain[-1], first)
            if following is None:
                break
            chain.append(following)
        if not is_bottom[chain[-1]]:
            continue
        following = below(chain[-1], first)
        if following is not None and is_bottom[following]:
            chain.append(following)
        left, right = (int(np.median(ends[chain])) * step for ends in (start, end))
        if right - left >= MIN_ASPECT * len(chain):
            stacks.append((int(row[first]), int(row[chain[-1]]) + 1, left, right))
    return stacks


def _reach(tops: NDArray[np.intp], height: int) -> NDArray[np.intp]:
    """Return the rows that a stack beginning at one of `tops` may have."""
    rows = np.zeros(height, bool)
    thickest = max(4, int(MAX_THICKNESS * height)) + 1
    for top in np.unique(tops).tolist():
        rows[top : top + thickest] = True
    return np.flatnonzero(rows)


def _runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return row, first column and the column after the last, of every run of True in a row."""
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    change = np.diff(padded, axis=1).ravel()
    columns = mask.shape[1] + 1
    begin, end = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    return begin // columns, begin % columns, end % columns


def _share(
    counts: NDArray[np.integer],
    row: NDArray[np.integer],
    start: NDArray[np.integer],
    end: NDArray[np.integer],
) -> NDArray[np.float64]:
    """Return which share of the columns start..end is set; 1 outside the picture."""
    inside = (row >= 0) & (row < len(counts))
    row = np.clip(row, 0, len(counts) - 1)
    return np.where(inside, (counts[row, end] - counts[row, start]) / (end - start), 1.0)


def _measure(
    scaled: NDArray[np.float32], level: float, place: tuple[int, int, int, int], bright: bool
) -> Line | None:
    """Return the line at `place`, its ends measured in grey values, or None if it is none."""
    top, bottom, start, end = place
    height, width = scaled.shape
    if top < 2 or bottom + 2 > height:
        return None
    # The outer rows of a thick line may be blurred.
    core = slice(top, bottom) if bottom - top < 3 else slice(top + 1, bottom - 1)
    inner = scaled[core, start + 1 : end - 1]
    own = float(np.median(inner))
    scatter = 1.4826 * float(np.median(np.abs(inner - own)))
    margin = max(2, int(END_SHARE * (end - start)))
    contrasts = []
    for rows in ([top - 3, top - 2], [bottom + 1, bottom + 2]):
        rows = [row for row in rows if 0 <= row < height]
        if not rows:
            return None
        difference = own - scaled[rows, start + margin : end - margin].min(axis=0)
        if np.percentile(difference, 5) < 0.08:
            return None
        contrasts.append(float(np.median(difference)))
    profile = scaled[core].mean(axis=0)
    reach = 6 + 2 * -(-width // MAX_COLUMNS)
    left = _end(profile, start, -1, own, reach)
    right = _end(profile, end - 1, 1, own, reach)
    if left is None or right is None:
        return None
    contrast = min(*contrasts, left[1], right[1])
    if contrast < MIN_CONTRAST or scatter > MAX_SCATTER * contrast:
        return None
    # Seen at half its contrast, a stroke of a letter is joined to the rest of the letter.
    half = scaled >= own - 0.5 * contrast
    at_half, at_level = (find_ticks(scaled, mask, place) for mask in (half, scaled >= level))
    free = at_half is not None
    # Thin lines alone are halves of bars; on a thick one, a single tick is something else.
    thin = bottom - top < 3
    found = [each for each in (at_half, at_level) if each is not None and (thin or each.even)]
    if not found and not thin and has_bare_ends(half, place):
        # Its label touches it: nothing else does.
        found = [Ticks()]
    if not found:
        return None
    return Line(left[0] + 0.5, right[0] + 0.5, top, bottom, bright, contrast, found[0], free)


def _end(
    profile: NDArray[np.float32], last: int, step: int, own: float, reach: int
) -> tuple[float, float] | None:
    """Return where the profile falls to half beyond pixel `last`, and by how much it falls.

    The position is that of pixel centres. None where the end is not sharp.
    """
    beyond = [last + step * away for away in (3, 4, 5)]
    beyond = [column for column in beyond if 0 <= column < profile.size]
    if not beyond:
        return None
    outside = float(np.median(profile[beyond]))
    fall = own - outside
    if fall < MIN_CONTRAST:
        return None
    half = outside + fall / 2
    column = last - 2 * step
    for _ in range(reach):
        if not 0 <= column + step < profile.size or profile[column] < half:
            return None
        if profile[column + step] < half:
            break
        column += step
    else:
        return None
    near = profile[max(column - 4, 0) : column + 5]
    if np.count_nonzero((near > outside + 0.15 * fall) & (near < outside + 0.85 * fall)) > MAX_BLUR:
        return None
    part = (profile[column] - half) / (profile[column] - profile[column + step])
    return column + step * float(part), fall
