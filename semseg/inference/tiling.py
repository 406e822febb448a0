"""Maps of a picture of any size: cut into overlapping tiles, predict, blend.

The maps are blended, never labels, so that no particle is cut at a tile's edge. The
weights of all tiles sum to one at every pixel (they are linear ramps across the
overlap), which makes the blend a plain weighted sum.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["pad_to_multiple", "predict_in_tiles", "ramps", "tile_starts"]

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def pad_to_multiple(image: NDArray[np.float32], divisor: int) -> NDArray[np.float32]:
    """Mirror the picture beyond its lower and right edge up to multiples of `divisor`."""
    height, width = image.shape
    down, right = -height % divisor, -width % divisor
    if not down and not right:
        return image
    # a picture narrower than its padding cannot be mirrored in one step
    mirrored = down < height and right < width
    return np.pad(image, ((0, down), (0, right)), mode="reflect" if mirrored else "edge")


def tile_starts(side: int, tile: int, overlap: int) -> list[int]:
    """First pixels of tiles along one side: they cover it, the last one ends with it.

    Parameters
    ----------
    side, tile, overlap : int
        Lengths in px; `overlap` (< tile) is the least that neighbours share.
    """
    if side <= tile:
        return [0]
    count = int(np.ceil((side - overlap) / (tile - overlap)))
    starts: list[int] = np.round(np.linspace(0, side - tile, count)).astype(int).tolist()
    return starts


def ramps(side: int, tile: int, overlap: int) -> list[NDArray[np.float32]]:
    """Weight of each tile along one side: linear over the overlap, summing to one."""
    starts = tile_starts(side, tile, overlap)
    ends = [min(start + tile, side) for start in starts]
    weights = []
    for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
        weight = np.ones(end - start, np.float32)
        if index > 0:
            shared = ends[index - 1] - start
            weight[:shared] = _rise(shared)
        if index + 1 < len(starts):
            shared = end - starts[index + 1]
            falling = weight[weight.size - shared :]
            np.minimum(falling, 1 - _rise(shared), out=falling)
        weights.append(weight)
    return weights


def _rise(count: int) -> NDArray[np.float32]:
    """From 0 to 1, flat for a quarter at both ends: there a tile sees too little."""
    middle = (np.arange(count, dtype=np.float32) + 0.5) / count
    return np.clip((middle - 0.25) * 2, 0, 1)


def predict_in_tiles(
    image: NDArray[np.float32],
    predict: Predict,
    *,
    maps: int,
    tile: int,
    overlap: int,
    reduction: int = 1,
    progress: Callable[[float], None] | None = None,
) -> NDArray[np.float16]:
    """Maps of the whole picture, (maps, ceil(H / reduction), ceil(W / reduction)) float16.

    Parameters
    ----------
    image : float32, H x W
    predict : callable
        Gives float32 maps of a picture, reduced likewise.
    tile, overlap : int
        Side of a tile and what neighbours share at least, px; at most a third of it.
    reduction : int
        Pixels of the picture along a pixel of the maps.
    progress : callable, optional
        Called with the share done, 0..1, after each tile.

    Notes
    -----
    float16 holds values in 0..1 to within 0.0005; with float32 the maps alone of an
    8192 x 8192 picture would take 0.8 GB.
    """
    height, width, tile, overlap = (
        -(-length // reduction) for length in (*image.shape, tile, overlap)
    )
    result = np.zeros((maps, height, width), np.float16)
    rows = list(zip(tile_starts(height, tile, overlap), ramps(height, tile, overlap), strict=True))
    columns = list(zip(tile_starts(width, tile, overlap), ramps(width, tile, overlap), strict=True))
    done = 0
    for top, row_weight in rows:
        for left, column_weight in columns:
            bottom, right = top + row_weight.size, left + column_weight.size
            part = image[top * reduction : bottom * reduction, left * reduction : right * reduction]
            weight = row_weight[:, None] * column_weight
            result[:, top:bottom, left:right] += (predict(part) * weight).astype(np.float16)
            done += 1
            if progress:
                progress(done / (len(rows) * len(columns)))
    return result
