"""Straight horizontal lines with sharp ends: what a scale bar is drawn of.

A line is a stack of rows in which the same run of columns is brighter (or darker) than a level,
with nothing above and below it but ticks at its ends. It is looked for at several levels from half
the contrast of the picture to nearly all of it, because a bar may touch bright particles at one
level and stand free at another; then its ends are measured in the grey values
(`semseg.scale.bar_ends`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from semseg.scale.bar_ends import MIN_CONTRAST, find_end, is_round, median, medians
from semseg.scale.bar_ticks import END_SHARE, Place, Ticks, find_ticks, has_bare_ends
from semseg.scale.window import Window

__all__ = ["LONG", "Line", "extremes", "find_lines", "runs"]

# Of the contrast of the picture, above which a pixel may belong to a bar. Thin lines of pictures
# that were made smaller, and grey ones, reach the lower levels alone.
LEVELS = (0.95, 0.85, 0.72, 0.58, 0.44, 0.3)
MAX_LENGTH = 0.75  # of the width
MAX_THICKNESS = 0.07  # of the height of the picture
LONG = 0.06  # of the width; strokes of letters and edges of particles are shorter
MIN_ASPECT = 2.5  # length over thickness
MIN_CONTRAST_AT_BORDER = 0.3  # of lines with surroundings above or below alone
MAX_SCATTER = 0.06  # of the line's own contrast
MAX_TOUCHED = 0.45  # of the columns, where letters touch the line, above it or below it
MIN_TOUCHED = 0.1  # of the width: length of a line of one row or two that something touches
MAX_TOUCHED_APART = 0.1
MAX_DOUBT, MAX_DOUBT_SHARE = 0.75, 0.01  # of both ends, in pixels, or of the length
MIN_ASPECT_ROUND = 8  # of lines whose ends may be round: so drawn by some programs
SAMPLES = 16  # columns of the shortest line, in which what is above and below it is looked at
MAX_SAMPLE = 4_000_000  # pixels, of which the lowest and the highest grey value are taken


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
    apart : bool
        Hardly anything of its own grey touches it.
    value : float
        Its own, in the contrast of the picture: 1 where nothing differs more from what is dark (a
        bright line) or bright (a dark one).
    scatter : float
        Of its pixels, in the contrast of the picture.
    doubt : float
        How far its length may be off, in pixels, where it is not clear what lies beside its ends.
    levels : frozenset of float
        Those of `LEVELS` at which it was found.
    gap : pair of float, or None
        Where its label interrupts it.
    """

    left: float
    right: float
    top: int
    bottom: int
    bright: bool
    contrast: float
    ticks: Ticks
    free: bool
    apart: bool
    value: float
    scatter: float
    doubt: float
    levels: frozenset[float]
    gap: tuple[float, float] | None = None

    @property
    def length(self) -> float:
        """Between the outer ends."""
        return self.right - self.left

    @property
    def thickness(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def box(self) -> Window:
        """The pixels of which it covers half or more."""
        return Window(self.top, round(self.left), self.bottom, round(self.right))

    @property
    def middle(self) -> float:
        """Row of the middle."""
        return (self.top + self.bottom) / 2


def extremes(grey: NDArray[np.float32]) -> tuple[float, float]:
    """Return the lowest and the highest grey value that more than a few pixels have."""
    step = math.isqrt(max(1, grey.size // MAX_SAMPLE))
    flat = grey[::step, ::step].ravel()
    few = min(max(12, int(2e-5 * flat.size)), (flat.size - 1) // 2)
    flat = np.partition(flat, (few, flat.size - 1 - few))
    return float(flat[few]), float(flat[flat.size - 1 - few])


def find_lines(
    grey: NDArray[np.float32], min_length: int, max_thickness: int | None = None
) -> list[Line]:
    """Return all lines of a picture (height, width), `min_length` px or longer, in any order.

    They have `max_thickness` rows or fewer, by default `MAX_THICKNESS` of the height.
    """
    if grey.shape[0] < 8 or grey.shape[1] < 4 * min_length / 3:
        return []
    low, high = extremes(grey)
    if not high > low:
        return []
    thickest = max(4, max_thickness or int(MAX_THICKNESS * grey.shape[0]))
    lines: list[Line] = []
    scaled = np.clip((grey - low) / (high - low), 0, 1)
    for bright in (True, False):
        if not bright:
            scaled = 1 - scaled
        # Few rows hold a run of this length, as every n-th column tells.
        step = max(1, min_length // SAMPLES)
        columns = scaled[:, ::step].copy()
        for level in LEVELS:
            row, start, end = runs(columns >= level)
            rows = np.unique(row[end - start >= min_length // step])
            for place in _stacks(scaled, level, rows, min_length, thickest):
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
                apart=known.apart or line.apart,
                levels=known.levels | line.levels,
            )
            return
    lines.append(line)


def _stacks(
    scaled: NDArray[np.float32],
    level: float,
    rows: NDArray[np.intp],
    min_length: int,
    thickest: int,
) -> list[Place]:
    """Return the stacks of equal runs in `rows` that have little above and below them."""
    width = scaled.shape[1]
    row, start, end = runs(scaled[rows] >= level)
    row = rows[row]
    length = end - start
    fits = (length >= min_length) & (length <= MAX_LENGTH * width)
    # What touches the picture's border may go on beyond it.
    fits &= (start > 0) & (end < width)
    row, start, end = row[fits], start[fits], end[fits]
    if not row.size:
        return []
    is_top, is_bottom = _ends_of_stacks(scaled, level, row, start, end)
    first_of = np.searchsorted(row, np.arange(len(scaled) + 2)).tolist()
    rows_of, starts, stops = row.tolist(), start.tolist(), end.tolist()

    def beside(index: int, first: int, step: int) -> int | None:
        """The run in the next row, or in the one before, that has the ends of run `first`."""
        at = rows_of[index] + step
        if not 0 <= at < len(scaled):
            return None
        for other in range(first_of[at], first_of[at + 1]):
            if abs(starts[other] - starts[first]) <= 2 and abs(stops[other] - stops[first]) <= 2:
                return other
        return None

    stacks = []
    for first in np.flatnonzero(is_top).tolist():
        before = beside(first, first, -1)
        if before is not None and is_top[before]:
            continue
        chain = [first]
        while not is_bottom[chain[-1]] and len(chain) < thickest:
            following = beside(chain[-1], first, 1)
            if following is None:
                break
            chain.append(following)
        if not is_bottom[chain[-1]]:
            continue
        following = beside(chain[-1], first, 1)
        if following is not None and is_bottom[following]:
            chain.append(following)
        left, right = (int(median(ends[chain])) for ends in (start, end))
        if right - left >= MIN_ASPECT * len(chain):
            stacks.append((int(row[first]), int(row[chain[-1]]) + 1, left, right))
    return stacks


def _ends_of_stacks(
    scaled: NDArray[np.float32],
    level: float,
    row: NDArray[np.intp],
    start: NDArray[np.intp],
    end: NDArray[np.intp],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell of each run whether a stack may begin with it, and whether one may end with it."""
    margin = np.maximum(2, (END_SHARE * (end - start)).astype(int))
    first, last = start + margin, np.maximum(end - margin, start + margin + 1)
    rows = np.unique(row + np.array([[-2], [2]]))
    rows = rows[(rows >= 0) & (rows < len(scaled))]
    # Of long runs a part of the columns tells enough.
    step = max(1, int((end - start).min()) // SAMPLES)
    sampled = scaled[rows, ::step] >= level
    counts = np.zeros((rows.size, sampled.shape[1] + 1), np.int32)
    np.cumsum(sampled, axis=1, out=counts[:, 1:])
    first = -(-first // step)
    last = np.maximum(-(-last // step), first + 1)

    def share(away: int) -> NDArray[np.float64]:
        """Which share of the run's columns is set, so many rows away; 0 outside the picture."""
        at = np.minimum(np.searchsorted(rows, row + away), rows.size - 1)
        inside = rows[at] == row + away
        return np.where(inside, (counts[at, last] - counts[at, first]) / (last - first), 0.0)

    # A blurred edge may be there in part of the next row, but not in the one after.
    return share(-2) <= MAX_TOUCHED, share(2) <= MAX_TOUCHED


def runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return row, first column and the column after the last, of every run of True in a row."""
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    change = np.diff(padded, axis=1).ravel()
    columns = mask.shape[1] + 1
    begin, end = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    return begin // columns, begin % columns, end % columns


def _measure(scaled: NDArray[np.float32], level: float, place: Place, bright: bool) -> Line | None:
    """Return the line at `place`, its ends measured in grey values, or None if it is none."""
    top, bottom, start, end = place
    # The outer rows of a thick line may be blurred.
    core = slice(top, bottom) if bottom - top < 3 else slice(top + 1, bottom - 1)
    inner = scaled[core, start + 1 : end - 1]
    own = median(inner)
    # Along the rows: those of a thin line may be blurred unlike.
    scatter = 1.4826 * median(np.abs(inner - medians(inner)[:, None]))
    sides = _sides(scaled, place, own)
    if sides is None:
        return None
    profile = scaled[core].mean(axis=0)
    left = find_end(profile, start, -1, end - start)
    right = find_end(profile, end - 1, 1, end - start)
    if left is None or right is None:
        return None
    if left.doubt + right.doubt > max(MAX_DOUBT, MAX_DOUBT_SHARE * (end - start)):
        return None
    contrast = min(sides[0], left.fall, right.fall)
    at_border = top == 0 or bottom == len(scaled)
    least = MIN_CONTRAST_AT_BORDER if at_border else MIN_CONTRAST
    if contrast < least or scatter > MAX_SCATTER * contrast:
        return None
    slender = right.at - left.at >= MIN_ASPECT_ROUND * (bottom - top)
    if not slender and is_round(scaled, place, left.at, right.at):
        return None
    # Seen at half its contrast, a stroke of a letter is joined to the rest of the letter.
    half = own - 0.5 * contrast
    at_half, at_level = (find_ticks(scaled, least, place) for least in (half, level))
    free = at_half is not None
    # Thin lines alone are halves of bars; on a thick one, a single tick is something else.
    thin = bottom - top < 3
    found = [each for each in (at_half, at_level) if each is not None and (thin or each.even)]
    may_touch = not thin or end - start >= MIN_TOUCHED * scaled.shape[1]
    if not found and may_touch and has_bare_ends(scaled, own - 0.25 * contrast, place):
        # Its label touches it: nothing else does.
        found = [Ticks()]
    if not found:
        return None
    return Line(
        left.at + 0.5,
        right.at + 0.5,
        top,
        bottom,
        bright,
        contrast,
        found[0],
        free,
        free or sides[1] <= MAX_TOUCHED_APART,
        own,
        scatter,
        math.hypot(left.doubt, right.doubt),
        frozenset([level]),
    )


def _sides(scaled: NDArray[np.float32], place: Place, own: float) -> tuple[float, float] | None:
    """Return the contrast of a line with what is above and below it, and how much touches it.

    None where too much does: letters stand at one side alone. At its ends ticks may stand.
    """
    top, bottom, start, end = place
    height = len(scaled)
    margin = max(2, int(END_SHARE * (end - start)))
    contrasts, touched, outer = [], [], []
    for rows in ([top - 3, top - 2], [bottom + 1, bottom + 2]):
        rows = [row for row in rows if 0 <= row < height]
        if rows:
            difference = own - scaled[rows, start + margin : end - margin].min(axis=0)
            contrasts.append(median(difference))
            touched.append(float(np.mean(difference < 0.08)))
            whole = slice(start + 3, end - 3) if end - start > 12 else slice(start, end)
            difference = own - scaled[rows, whole].min(axis=0)
            outer.append(float(np.mean(difference < 0.08)))
    if not contrasts or min(contrasts) < 0.08:
        return None
    if max(touched) > MAX_TOUCHED or sorted([*touched, 0.0])[-2] > 0.05:
        return None
    return min(contrasts), max(outer)
