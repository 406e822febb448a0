"""Maps of a picture of any size: cut into overlapping tiles, predict, blend.

The maps are blended, never labels, so that no particle is cut at a tile's edge. The
weights of all tiles sum to one at every pixel (they are linear ramps across the
overlap), which makes the blend a plain weighted sum.

Tiles begin where the network's coarsest pixels do, so that it sees in each what it would see in the
whole picture, but for what lies beyond the tile: pooled from other places, maps differ at every
pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from semseg.bands import Band, Picture, by_bands
from semseg.halves import from_half, to_half

__all__ = ["Cut", "Span", "cut", "pad_to_multiple", "predict_in_tiles", "ramps", "spans"]

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]


class Span(NamedTuple):
    """Part of a side: start <= pixel < stop."""

    start: int
    stop: int


class Cut(NamedTuple):
    """The tiles of a picture: all combinations of these rows and columns."""

    rows: list[Span]
    columns: list[Span]

    @property
    def area(self) -> int:
        """Pixels of all tiles together: what they share counts as often as it is looked at."""
        return sum(b - a for a, b in self.rows) * sum(b - a for a, b in self.columns)

    @property
    def largest(self) -> int:
        """Pixels of the largest tile."""
        return max(b - a for a, b in self.rows) * max(b - a for a, b in self.columns)


def pad_to_multiple(image: NDArray[np.float32], divisor: int) -> NDArray[np.float32]:
    """Mirror the picture beyond its lower and right edge up to multiples of `divisor`."""
    height, width = image.shape
    down, right = -height % divisor, -width % divisor
    if not down and not right:
        return image
    # a picture narrower than its padding cannot be mirrored in one step
    mirrored = down < height and right < width
    return np.pad(image, ((0, down), (0, right)), mode="reflect" if mirrored else "edge")


def spans(side: int, count: int, overlap: int, step: int) -> list[Span]:
    """Cut a side into `count` parts, or fewer where they would be shorter than two overlaps.

    Parameters
    ----------
    side, overlap : int
        Lengths in px; neighbours share `overlap`.
    count : int
        At least 1.
    step : int
        Of which every start is a multiple.
    """
    if count == 1 or side <= overlap:
        return [Span(0, side)]
    pitch = step * max(-(-(side - overlap) // (count * step)), -(-overlap // step))
    starts = range(0, side - overlap, pitch)
    return [Span(start, min(start + pitch + overlap, side)) for start in starts]


def cut(shape: tuple[int, int], max_px: int, overlap: int, step: int) -> Cut:
    """The tiles of at most `max_px` pixels that together have the fewest.

    Where not even the smallest tiles have so few, these. The other parameters are those of `spans`.
    """
    rows, columns = (_ways(side, overlap, step) for side in shape)
    tiles = [
        (total * of_row, longest * widest, Cut(down, across))
        for total, longest, down in rows
        for of_row, widest, across in columns
    ]
    smallest = min(largest for _, largest, _ in tiles)
    fit = (each for each in tiles if each[1] <= max(max_px, smallest))
    return min(fit, key=lambda each: each[:2])[2]


def _ways(side: int, overlap: int, step: int) -> list[tuple[int, int, list[Span]]]:
    """All ways to cut a side, each into another number of parts, of as many the shortest: px of all
    parts, of the longest one, and the parts."""
    steps = max(1, -(-(side - overlap) // step))
    counts = {-(-steps // pitch) for pitch in range(1, steps + 1)}
    ways = [spans(side, count, overlap, step) for count in sorted(counts, reverse=True)]
    lengths = {len(parts): ([b - a for a, b in parts], parts) for parts in ways}
    return [(sum(each), max(each), parts) for each, parts in lengths.values()]


def ramps(along: Sequence[Span]) -> list[NDArray[np.float32]]:
    """Weight of each part of a side: linear over what neighbours share, summing to one."""
    weights = []
    for index, (start, stop) in enumerate(along):
        weight = np.ones(stop - start, np.float32)
        if index > 0:
            shared = along[index - 1].stop - start
            weight[:shared] = _rise(shared)
        if index + 1 < len(along):
            shared = stop - along[index + 1].start
            falling = weight[weight.size - shared :]
            np.minimum(falling, 1 - _rise(shared), out=falling)
        weights.append(weight)
    return weights


def _rise(count: int) -> NDArray[np.float32]:
    """From 0 to 1, flat for a quarter at both ends: there a tile sees too little."""
    middle = (np.arange(count, dtype=np.float32) + 0.5) / count
    return np.clip((middle - 0.25) * 2, 0, 1)


def predict_in_tiles(
    image: Picture,
    predict: Predict,
    tiles: Cut,
    *,
    maps: int,
    reduction: int = 1,
    progress: Callable[[float], None] | None = None,
) -> NDArray[np.float16]:
    """Maps of the whole picture, (maps, h, w) float16; h, w as the tiles say.

    Parameters
    ----------
    image : float32, H x W
        h = ceil(H / reduction), and so w.
    predict : callable
        Gives float32 maps of a picture, reduced likewise.
    tiles : Cut
        In pixels of the maps.
    reduction : int
        Pixels of the picture along a pixel of the maps.
    progress : callable, optional
        Called with the share done, 0..1, after each tile.

    Notes
    -----
    float16 holds values in 0..1 to within 0.0005; with float32 the maps alone of an
    8192 x 8192 picture would take 0.8 GB.
    """
    result = np.zeros((maps, tiles.rows[-1].stop, tiles.columns[-1].stop), np.float16)
    down, across = ramps(tiles.rows), ramps(tiles.columns)
    done = 0
    for (top, bottom), row_weight in zip(tiles.rows, down, strict=True):
        rows = image[top * reduction : bottom * reduction, :]
        for (left, right), column_weight in zip(tiles.columns, across, strict=True):
            part = predict(rows[:, left * reduction : right * reduction])
            _add(result[:, top:bottom, left:right], part, row_weight[:, None] * column_weight)
            done += 1
            if progress:
                progress(done / (len(down) * len(across)))
    return result


def _add(
    place: NDArray[np.float16], part: NDArray[np.float32], weight: NDArray[np.float32]
) -> None:
    """Add a weighted part to the maps; `place` is changed."""

    def add(band: Band) -> None:
        weighted = part[:, band.own] * weight[band.own]
        weighted += from_half(place[:, band.own])
        place[:, band.own] = to_half(weighted)

    by_bands(add, weight.shape, rows=64)
