"""A label image that can be changed here and there without a copy of all of it.

>>> before = LabelImage(np.zeros((600, 800), np.int32))
>>> window = slice(10, 12), slice(20, 23)
>>> after = before.painted(window, np.ones((2, 3), np.int32))
>>> int(after[window].sum()), int(after.whole().sum()), int(before.whole().sum())
(6, 6, 0)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["LabelImage", "Window"]

Labels = NDArray[np.int32]
Window = tuple[slice, slice]
Tile = tuple[int, int]

SIDE_PX = 256  # of a tile


@dataclass(frozen=True, eq=False)
class LabelImage:
    """Labels as they were found, and the tiles that have become others; both are shared with other
    images, so they are never written to.

    Attributes
    ----------
    found : int32, r x c
    tiles : mapping of (row, column) to int32
        Of tiles `SIDE_PX` wide and high, those at the last row and column may be less.
    """

    found: Labels
    tiles: Mapping[Tile, Labels] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.found.shape
        return rows, columns

    @property
    def size(self) -> int:
        """Pixels."""
        return self.found.size

    def __getitem__(self, window: Window) -> Labels:
        """The labels in a window within the image; not to be written to."""
        other = [tile for tile in _over(window) if tile in self.tiles]
        if not other:
            return self.found[window]
        seen = self.found[window].copy()
        for tile in other:
            here, there = _common(window, tile)
            seen[here] = self.tiles[tile][there]
        return seen

    def painted(self, window: Window, labels: Labels) -> LabelImage:
        """The image with these labels in a window within it."""
        tiles = dict(self.tiles)
        for tile in _over(window):
            here, there = _common(window, tile)
            tiles[tile] = self[_place(tile)].copy()
            tiles[tile][there] = labels[here]
        return LabelImage(self.found, tiles)

    def whole(self) -> Labels:
        """All of it; not to be written to."""
        rows, columns = self.shape
        return self[:rows, :columns] if self.tiles else self.found


def _over(window: Window) -> Iterator[Tile]:
    """The tiles that a window reaches into."""
    rows, columns = (
        range((side.start or 0) // SIDE_PX, -(-side.stop // SIDE_PX)) for side in window
    )
    return ((row, column) for row in rows for column in columns)


def _place(tile: Tile) -> Window:
    row, column = (slice(k * SIDE_PX, (k + 1) * SIDE_PX) for k in tile)
    return row, column


def _common(window: Window, tile: Tile) -> tuple[Window, Window]:
    """What a window and a tile share: as an index into what the window shows, and into the tile."""
    here, there = [], []
    for side, k in zip(window, tile, strict=True):
        start = max(side.start or 0, k * SIDE_PX)
        stop = min(side.stop, (k + 1) * SIDE_PX)
        here.append(slice(start - (side.start or 0), stop - (side.start or 0)))
        there.append(slice(start - k * SIDE_PX, stop - k * SIDE_PX))
    return (here[0], here[1]), (there[0], there[1])
