"""The data bar that a microscope writes under its picture: where does it begin?

A bar is recognised from the picture alone, by five things that hold together for a bar and hardly
ever for a specimen:

1. a band of rows that consist mostly of *one* grey level, and the same one from row to row;
2. the band begins at a straight edge: right above it, along nearly the whole width, the picture
   has another grey level;
3. it spans the full width, and ends at (or within a few rows of) the bottom of the picture;
4. there is writing in it: thin, strong strokes, several side by side;
5. its height is plausible (about 1.5 to 25 % of the picture's).

What does not meet all five is left alone: a bar that stays costs a few false particles in the
table, whereas a cut through the specimen loses true ones without a trace.

All thresholds are relative to the picture's own contrast, so the answer does not depend on the
scale of grey (8 bit, 16 bit, float; any positive factor, any offset).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["find_label_bar"]

Grey = NDArray[np.float32]  # H x W
Rows = NDArray[np.floating]  # one figure of each row

MAX_HEIGHT = 0.25  # of the picture; the tallest bar seen so far (a TEM's) takes 16 %
MIN_HEIGHT = 0.015  # of the picture, and at least MIN_ROWS
MIN_ROWS = 6
MAX_COLUMNS = 2048  # wider pictures are looked at in every n-th column

# Of the grey scale: JPEG ringing around letters is about this strong. Not a round number, lest
# whole grey levels fall exactly on it, where rounding would decide.
TOLERANCE = 0.0403
SEGMENTS = 32  # pieces of the width in which the edge is tested one by one
ROWS_ABOVE = 12  # rows looked at above the tallest bar, to see its edge

# Among 374 pictures, true edges changed in at least 94 % of the segments and had at most 18 % of
# the bar's level above them. The best false ones in specimens had 81 %, and 20 % or more; a box
# in the picture may do better, and is recognised by its sides.
MIN_EDGE_SHARE = 0.87
MAX_SHARE_ABOVE = 0.4
MIN_ROW_SHARE = 0.5  # of a bar's row that has the bar's own grey level (writing has the rest)
MAX_SCATTER = 0.3  # of the tolerance, of the bar's background; up to 0.22 in shrunk JPEGs
MIN_SIDE_SHARE = 0.12  # the same, of the outer sixteenths of the width, where the bar begins


def find_label_bar(grey: Grey) -> int | None:
    """First row of the data bar at the bottom of a picture.

    Parameters
    ----------
    grey : array, H x W, any real dtype and any scale
        The picture as recorded.

    Returns
    -------
    int or None
        The row at which the bar (its border line included) begins, so that ``grey[:row]`` is the
        picture without it; None if there is no full-width bar, or no certain one.
    """
    height, width = grey.shape
    if height < 64 or width < 64:
        return None
    step = -(-width // MAX_COLUMNS)
    start: int = height - int(MAX_HEIGHT * height) - ROWS_ABOVE
    strip = np.asarray(grey[start:, ::step], dtype=np.float32)
    medians = np.median(strip, axis=1)
    for tolerance, min_first_share in _tolerances(grey):
        flat = (np.abs(strip - medians[:, None]) <= tolerance).mean(axis=1)
        for level in _candidate_levels(medians, flat, height, tolerance):
            row = _find_top(strip, medians, flat, level, tolerance, min_first_share, height)
            if row is not None:
                return start + row
    return None


def _tolerances(grey: Grey) -> list[tuple[float, float]]:
    """How far two pixels of the same grey may lie apart, most generous first.

    With each comes the share of the bar's first rows that must have the bar's grey.

    The writing may be far brighter than the picture (16-bit files), and the picture far flatter
    than the writing (an empty field in a JPEG), so either contrast may be the right scale. The
    last, tight one finds black bars below a substrate that is nearly black itself; it asks for
    rows that are exactly flat, as the blocks of a coarse JPEG are not.
    """
    height, width = grey.shape
    sample = np.asarray(grey[:: max(1, height // 256), :: max(1, width // 256)], dtype=np.float32)
    low, high = np.percentile(sample[: int(0.7 * len(sample))], (0.5, 99.5))
    full, upper = float(np.ptp(sample)), float(high - low)
    attempts = ((full, MIN_ROW_SHARE), (upper, MIN_ROW_SHARE), (full / 4, 0.85))
    return [(TOLERANCE * scale, share) for scale, share in attempts if scale > 0]


def _candidate_levels(medians: Rows, flat: Rows, height: int, tolerance: float) -> list[float]:
    """Grey levels the bar may have: what most flat rows near the bottom agree upon."""
    levels: list[float] = []
    for share in (0.025, 0.05, 0.1, 0.18):
        last = slice(-max(MIN_ROWS, round(share * height)), None)
        flat_medians = medians[last][flat[last] >= MIN_ROW_SHARE]
        if flat_medians.size:
            level = float(np.median(flat_medians))
            if all(abs(level - other) > tolerance / 2 for other in levels):
                levels.append(level)
    return levels


def _find_top(
    strip: Grey,
    medians: Rows,
    flat: Rows,
    level: float,
    tolerance: float,
    min_first_share: float,
    height: int,
) -> int | None:
    """Topmost row of ``strip`` at which a bar of this grey level begins, or None."""
    rows, columns = strip.shape
    is_level = np.abs(strip - level) <= tolerance
    share = is_level.mean(axis=1)
    in_bar = (share >= MIN_ROW_SHARE) | (flat >= 0.9)  # a separating line is flat at another level
    bounds = np.linspace(0, columns, SEGMENTS + 1).astype(int)[:-1]
    widths = np.diff(np.append(bounds, columns))
    segment_means = np.add.reduceat(strip, bounds, axis=1) / widths
    segment_shares = np.add.reduceat(is_level, bounds, axis=1, dtype=np.float32) / widths
    differs = (np.abs(segment_means - level) > tolerance / 2) & (segment_shares < 0.7)

    min_height = max(MIN_ROWS, round(MIN_HEIGHT * height))
    side = columns // 16
    for top in range(ROWS_ABOVE - 2, rows - min_height + 1):
        if share[top] < MIN_ROW_SHARE or share[top - 1] >= MIN_ROW_SHARE:
            continue
        # The edge may be blurred over a row or two: look at the four rows above those.
        above = slice(top - 6, top - 2)
        if share[above].max() > MAX_SHARE_ABOVE:
            continue
        if differs[above].all(axis=0).mean() < MIN_EDGE_SHARE:
            continue
        first = is_level[top : top + 2]
        if first.mean(axis=1).min() < min_first_share:
            continue
        if min(first[:, :side].mean(), first[:, -side:].mean()) < MIN_SIDE_SHARE:
            continue
        bar_height = _height_of_bar(in_bar[top:], height)
        if bar_height is None or bar_height < min_height:
            continue
        if _has_writing(strip[top : top + bar_height], level, tolerance):
            return _include_border(top, medians, flat, tolerance, height)
    return None


def _height_of_bar(in_bar: NDArray[np.bool_], height: int) -> int | None:
    """Rows from the edge to the bar's last row; None if this is no bar that ends the picture."""
    found = np.flatnonzero(in_bar)
    bar_height = int(found[-1]) + 1
    # Bars do not always reach the very last row: some files show a few more rows of the picture.
    if in_bar.size - bar_height > max(3, round(0.01 * height)):
        return None
    longest_gap = int(np.diff(found).max(initial=1)) - 1  # a dense line of writing, at most
    if in_bar[:bar_height].mean() < 0.5 or longest_gap > 0.6 * bar_height:
        return None
    return bar_height


def _has_writing(bar: Grey, level: float, tolerance: float) -> bool:
    """Whether the bar shows thin strong strokes, several side by side, on an even background."""
    departure = np.abs(bar - level)
    if np.median(departure[departure <= tolerance]) > MAX_SCATTER * tolerance:
        return False  # noisy: a stripe of the specimen
    strongest = float(np.percentile(departure, 99.8))
    if strongest < 4 * tolerance:
        return False
    ink = departure > 0.503 * strongest  # not a round number, as above
    if not 0.002 <= ink.mean() <= 0.5:
        return False
    begins = ink & ~np.pad(ink, ((0, 0), (1, 0)))[:, :-1]
    strokes = begins.sum(axis=1)
    if strokes.max() < 4:
        return False
    busy = strokes >= 4
    mean_stroke = ink[busy].sum() / strokes[busy].sum()
    return bool(mean_stroke <= 0.5 * len(bar))


def _include_border(top: int, medians: Rows, flat: Rows, tolerance: float, height: int) -> int:
    """Move the edge up over the line that frames the bar, if there is one.

    Such a line is flat, of another level than the bar, and of another level than the picture
    above it. Rows of a smooth picture may be flat too, but they resemble their neighbours.
    """
    for thickness in range(max(2, round(0.005 * height)), 0, -1):
        line = slice(top - thickness, top)
        above = medians[top - thickness - 1]
        if (flat[line] >= 0.85).all() and (np.abs(medians[line] - above) > 2 * tolerance).all():
            return top - thickness
    return top
