"""Hot and cold pixels: find them without touching a sound one, and repair them.

sound, repaired = repair_outliers(grey)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from semseg.bands import Band, Progress, by_bands, share

__all__ = ["repair_outliers"]

BAND_PIXELS = 1 << 17  # worked on at a time; small enough for the processor's cache
SPREAD_SIZE = 15  # pixels; the window in which the spread of neighbours is averaged
HALO = SPREAD_SIZE // 2 + 1  # rows a band needs from its neighbours

# How far a hot or cold pixel stands out, at least. For normal noise the mean spread (between
# the second smallest and the second largest of eight neighbours) is 1.7 standard deviations.
MIN_TIMES_SPREAD = 3.0
MIN_TIMES_RIDGE = 1.5  # of the height of the other extreme neighbours: large on ridges and at edges
MIN_SHARE_OF_CONTRAST = 0.2  # of the picture; peaks on thin ridges of real pictures stay below

DENSE = 1e-3  # share of outliers from which they are expected to form clumps
MAX_CLUMP = 3  # pixels; a thin line is longer, and the smallest particle larger
MAX_SHARE = 0.1  # of outliers; more of them are the picture itself
CHUNK = 1 << 18  # outliers handled at a time

Image = NDArray[np.float32]  # H x W
Flags = NDArray[np.bool_]  # H x W
Scalar = TypeVar("Scalar", bound=np.generic)

NEIGHBOURS = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0))
# Exchanges that sort eight values (Batcher's odd-even merge sort).
SORT_EIGHT = (
    *((0, 1), (2, 3), (4, 5), (6, 7), (0, 2), (1, 3), (4, 6), (5, 7), (1, 2), (5, 6)),
    *((0, 4), (1, 5), (2, 6), (3, 7), (2, 4), (3, 5), (1, 2), (3, 4), (5, 6)),
)


def repair_outliers(grey: Image, progress: Progress | None = None) -> tuple[Image, int]:
    """Replace isolated hot and cold pixels by the median of their sound neighbours.

    A sound pixel is never alone. Noise has neighbours that scatter as much, an edge or a bright
    rim has neighbours as bright, the smallest particle that can be measured is 3 x 3 pixels. So an
    outlier is a pixel that stands out from all but one of its eight neighbours (from which, as
    two hot pixels may touch) by far more than pixels scatter around there, and by a fifth of the
    picture's contrast. Nothing else is touched: this is no smoothing filter. Made for single
    defects up to salt and pepper on some 5 % of the pixels. Writing burnt into the picture stays:
    no rule was found that separates its strokes from particles with certainty.

    Parameters
    ----------
    grey : float32 array, H x W, any scale; both sides at least 3 px
    progress : callable, optional
        Called with the share done, at most 1: the second half only where there are many.

    Returns
    -------
    repaired : float32 array, H x W
        A new array, equal to the input wherever nothing was repaired.
    count : int
        Number of pixels replaced.
    """
    repaired = np.array(grey, dtype=np.float32)
    floor = MIN_SHARE_OF_CONTRAST * _contrast(repaired)
    if not floor > 0:
        return repaired, 0
    hot, cold = _standing_out(
        repaired, spared=1, floors=(floor, floor), progress=share(progress, 0, 0.5)
    )
    flags = hot | cold
    if np.count_nonzero(flags) > MAX_SHARE * flags.size:
        return repaired, 0
    hot &= ~_line_ends(repaired, hot, sign=1, spared=1)
    cold &= ~_line_ends(repaired, cold, sign=-1, spared=1)
    flags = hot | cold
    if np.count_nonzero(flags) > DENSE * flags.size:
        # Clumps of three escape the first search. Only what stands out as much as the
        # single outliers of this picture did is repaired now, and never part of a line.
        heights = np.abs(grey[flags] - _sound_medians(repaired, flags))
        floor_hot, floor_cold = (
            max(floor, 0.5 * float(np.median(heights[one[flags]]))) if one.any() else math.inf
            for one in (hot, cold)
        )
        repaired[flags] = _sound_medians(repaired, flags)
        spared = MAX_CLUMP - 1
        floors = floor_hot, floor_cold
        clumps = _standing_out(repaired, spared, floors, share(progress, 0.5, 1))
        for sign, clumped in zip((1, -1), clumps, strict=True):
            flags |= _small_clumps(clumped, _line_ends(repaired, clumped, sign, spared))
        np.copyto(repaired, grey)  # once more from the start, now that all unsound ones are known
    repaired[flags] = _sound_medians(repaired, flags)
    return repaired, int(np.count_nonzero(flags))


def _contrast(grey: Image) -> float:
    """Difference between the 99.5 and the 0.5 percentile of a sample of the picture."""
    step = [max(1, side // 512) for side in grey.shape]
    low, high = np.percentile(grey[:: step[0], :: step[1]], (0.5, 99.5))
    return float(high - low)


def _standing_out(
    grey: Image, spared: int, floors: tuple[float, float], progress: Progress | None = None
) -> tuple[Flags, Flags]:
    """Hot and cold pixels: beyond all but ``spared`` neighbours by far more than the scatter.

    Parameters
    ----------
    grey : float32 array, H x W
    spared : int, 0..3
        Number of neighbours that may be as extreme.
    floors : two floats, in units of grey
        Least distance of a hot and of a cold pixel from the other neighbours.

    Returns
    -------
    hot, cold : bool arrays, H x W
    """
    hot = np.zeros(grey.shape, dtype=bool)
    cold = np.zeros(grey.shape, dtype=bool)

    def look(band: Band) -> None:
        padded = np.pad(grey[band.seen], 1, mode="reflect")
        rows, columns = padded.shape[0] - 2, padded.shape[1] - 2
        ranked = [
            padded[1 + dy : 1 + dy + rows, 1 + dx : 1 + dx + columns].copy()
            for dy, dx in NEIGHBOURS
        ]
        lower = np.empty_like(ranked[0])
        for i, j in SORT_EIGHT:
            np.minimum(ranked[i], ranked[j], out=lower)
            np.maximum(ranked[i], ranked[j], out=ranked[j])
            ranked[i], lower = lower, ranked[i]
        own = band.inner
        low, high = ranked[spared][own], ranked[7 - spared][own]
        middle = (ranked[3][own] + ranked[4][own]) / np.float32(2)
        spread = ndimage.uniform_filter(ranked[6] - ranked[1], SPREAD_SIZE, mode="nearest")[own]
        spread *= np.float32(MIN_TIMES_SPREAD)
        here = grey[band.own]
        for flags, excess, ridge, floor in (
            (hot, here - high, high - middle, floors[0]),
            (cold, low - here, middle - low, floors[1]),
        ):
            ridge *= np.float32(MIN_TIMES_RIDGE)
            flags[band.own] = excess > np.maximum(np.maximum(spread, ridge), np.float32(floor))

    rows = max(4 * HALO, BAND_PIXELS // grey.shape[1])
    by_bands(look, grey.shape, rows=rows, halo=HALO, progress=progress)
    return hot, cold


def _positions(flags: Flags) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Rows and columns of the flagged pixels, in order, so many at a time."""
    found = np.flatnonzero(flags)
    for start in range(0, found.size, CHUNK):
        rows, columns = np.divmod(found[start : start + CHUNK], flags.shape[1])
        yield rows, columns


def _neighbours(
    grey: NDArray[Scalar], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[Scalar]:
    """The eight neighbours (N x 8) of N pixels, mirrored at the border."""
    height, width = grey.shape
    shifts = np.array(NEIGHBOURS)
    at_row, at_column = (
        np.abs(rows[:, None] + shifts[:, 0]),
        np.abs(columns[:, None] + shifts[:, 1]),
    )
    at_row = np.where(at_row >= height, 2 * height - 2 - at_row, at_row)
    at_column = np.where(at_column >= width, 2 * width - 2 - at_column, at_column)
    around: NDArray[Scalar] = grey[at_row, at_column]
    return around


def _line_ends(grey: Image, flags: Flags, sign: int, spared: int) -> Flags:
    """Flagged pixels with a sound neighbour nearly as extreme: ends of lines, tips of particles."""
    ends = np.zeros_like(flags)
    for rows, columns in _positions(flags):
        around = sign * _neighbours(grey, rows, columns)
        base = np.sort(around, axis=1)[:, 7 - spared]
        half_way = 0.5 * (sign * grey[rows, columns] + base)
        sound = ~_neighbours(flags, rows, columns)
        ends[rows, columns] = (sound & (around > half_way[:, None])).any(axis=1)
    return ends


def _small_clumps(flags: Flags, ends: Flags) -> Flags:
    """Only the 8-connected clumps of at most MAX_CLUMP pixels of which none is an end."""
    labels = ndimage.label(flags, structure=np.ones((3, 3), dtype=bool))[0][flags]
    sizes = np.bincount(labels)
    ends_each = np.bincount(labels, weights=ends[flags], minlength=sizes.size)
    small = np.zeros_like(flags)
    small[flags] = ((sizes <= MAX_CLUMP) & (ends_each == 0))[labels]
    return small


def _sound_medians(grey: Image, flags: Flags) -> NDArray[np.float32]:
    """Median of the unflagged neighbours of each flagged pixel (of all, where none is sound)."""
    medians = [np.empty(0, dtype=np.float32)]
    for rows, columns in _positions(flags):
        unsound = _neighbours(flags, rows, columns)
        unsound[unsound.all(axis=1)] = False
        around = np.where(unsound, np.float32(np.inf), _neighbours(grey, rows, columns))
        around.sort(axis=1)
        sound = 8 - unsound.sum(axis=1)
        each = np.arange(len(rows))
        medians.append((around[each, (sound - 1) // 2] + around[each, sound // 2]) / np.float32(2))
    return np.concatenate(medians)
