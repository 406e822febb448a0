"""Where the pixels of the network lie in the recorded image: the one place that knows both.

The network sees the analysed frame (what the crop leaves) on a grid of its own, finer or coarser
than the recorded one and rounded to whole pixels on either side. Places are (x, y). They count
either from the corner of the first pixel, as outlines do, or from its centre, as centroids do.

>>> grid = Grid(recorded=(768, 1024), frame=(704, 1024), network=(1408, 2048), top=0, left=0)
>>> grid.scale
(2.0, 2.0)
>>> grid.corners(np.array([[0, 0], [2048, 1408]])).tolist()
[[0.0, 0.0], [1024.0, 704.0]]
>>> grid.pixel
0.5
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Grid"]


@dataclass(frozen=True)
class Grid:
    """The analysed frame on the network's grid and on the recorded one.

    Attributes
    ----------
    recorded : (int, int)
        Height and width of the whole recorded image, px.
    frame : (int, int)
        Height and width of the analysed frame, recorded px.
    network : (int, int)
        Height and width of the frame as the network saw it, px of its grid.
    top, left : int
        Rows and columns that were cropped before the frame, recorded px.
    """

    recorded: tuple[int, int]
    frame: tuple[int, int]
    network: tuple[int, int]
    top: int = 0
    left: int = 0

    @classmethod
    def whole(cls, recorded: tuple[int, int], network: tuple[int, int]) -> Grid:
        """Of an image of which nothing was cropped."""
        return cls(recorded, recorded, network)

    @property
    def scale(self) -> tuple[float, float]:
        """Network pixels per recorded pixel, (vertical, horizontal)."""
        return self.network[0] / self.frame[0], self.network[1] / self.frame[1]

    @property
    def mean_scale(self) -> float:
        """Network pixels per recorded pixel: the geometric mean, which keeps areas exact.

        Sides are rounded to whole pixels, so the two scales differ by a few parts in ten thousand;
        where recorded pixels are not square, by the ratio of their sides. Lengths that are divided
        by it are in the side of the square that covers as much as a recorded pixel.
        """
        vertical, horizontal = self.scale
        return float(np.sqrt(vertical * horizontal))

    @property
    def pixel(self) -> float:
        """Side of a pixel of the network, recorded px."""
        return 1 / self.mean_scale

    @property
    def window(self) -> tuple[slice, slice]:
        """The analysed frame in the recorded image, as an index."""
        height, width = self.frame
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    def corners(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Corners of network pixels (n, 2) as places in the recorded image, (x, y) px, both
        counted from the corner of the first pixel."""
        frame, network = (np.array(side[::-1], np.float64) for side in (self.frame, self.network))
        # multiplied first, so that what is a whole or half pixel comes out as one
        places = np.asarray(xy, np.float64) * frame / network
        return places + np.array([self.left, self.top], np.float64)

    def to_network(self, xy: ArrayLike) -> NDArray[np.float64]:
        """The inverse of `corners`: places (n, 2) in the recorded image on the network's grid, both
        counted from the corner of the first pixel."""
        frame, network = (np.array(side[::-1], np.float64) for side in (self.frame, self.network))
        places = np.asarray(xy, np.float64) - np.array([self.left, self.top], np.float64)
        return places * network / frame

    def centres(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Places (n, 2) on the network's grid as places in the recorded image, (x, y) px, both
        counted from the centre of the first pixel."""
        vertical, horizontal = self.scale
        places: NDArray[np.float64] = np.asarray(xy, np.float64) + 0.5
        places = places / np.array([horizontal, vertical]) - 0.5
        return places + np.array([self.left, self.top], np.float64)
