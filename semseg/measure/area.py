"""The analysed area: the frame, without what a hand left out of it.

>>> area = Area.of((100, 200), [np.array([[0, 0], [50, 0], [50, 100], [0, 100]]) - 0.5])
>>> area.pixels
15000
>>> area.room([20.0], [20.0]).round(3).tolist()  # of a box of 20 x 20 px, against the whole frame
[0.965]
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from skimage.draw import polygon2mask

__all__ = ["Area", "inside", "rings"]

COARSE_PX = 512  # cells along the longer side: where a box has room is looked up among them


@dataclass(frozen=True, eq=False)
class Area:
    """What of an image is analysed.

    Attributes
    ----------
    frame : (height, width)
        What the crop leaves, recorded px.
    pixels : int
        Of the frame, less those masked.
    masked : bool, h x w, or None
        In equal cells of the frame, `COARSE_PX` along the longer side at most, which of them a mask
        covers; None without masks.
    """

    frame: tuple[int, int]
    pixels: int
    masked: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, frame: tuple[int, int], masks: Sequence[NDArray[np.float64]] = ()) -> Area:
        """The frame without polygons (n, 2): (x, y) px from the centre of its first pixel."""
        height, width = frame
        if not masks:
            return cls(frame, height * width)
        covered = np.zeros(frame, bool)
        for polygon in masks:
            covered |= inside(polygon + 0.5, frame)
        step = -(-max(frame) // COARSE_PX)
        rows, columns = np.arange(0, height, step), np.arange(0, width, step)
        sums = np.add.reduceat(np.add.reduceat(covered, rows, axis=0, dtype=int), columns, axis=1)
        cells = np.outer(np.diff(rows, append=height), np.diff(columns, append=width))
        return cls(frame, height * width - int(covered.sum()), 2 * sums > cells)

    def room(self, width: ArrayLike, height: ArrayLike) -> NDArray[np.float64]:
        """By how much masks change the probability that a particle lies wholly inside, given that
        it lies in the area: (n,), 1 without masks.

        The positions of its bounding box that no mask touches, over all in the frame; divided by
        the share of the frame that is left. Times (Z1 - F1) (Z2 - F2) / (Z1 Z2) it is the area of
        positions over the analysed area, which Miles and Lantuejoul's correction asks for in a
        window of any shape.

        Parameters
        ----------
        width, height : (n,)
            Sides of upright bounding boxes, px.
        """
        across, down = np.atleast_1d(width).astype(float), np.atleast_1d(height).astype(float)
        if self.masked is None:
            return np.ones(len(across))
        cells = self.masked.shape
        sides = np.column_stack(
            [
                np.clip(np.rint(side * count / whole), 1, count).astype(int)
                for side, count, whole in zip((down, across), cells, self.frame, strict=True)
            ]
        )
        sums = np.pad(self.masked, ((1, 0), (1, 0))).cumsum(0, int).cumsum(1)
        kinds, which = np.unique(sides, axis=0, return_inverse=True)
        shares = np.array([_free(sums, tall, wide) for tall, wide in kinds.tolist()])
        analysed = self.pixels / (self.frame[0] * self.frame[1])
        room: NDArray[np.float64] = shares[which.ravel()] / analysed
        return room


def inside(polygon: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels of a grid of this shape whose centres lie in a closed polygon (n, 2): (x, y) px
    from the corner of the first pixel. An outline along pixel edges gives the pixels it encloses.
    """
    # skimage counts rows and columns from centres
    mask: NDArray[np.bool_] = polygon2mask(shape, polygon[:, ::-1] - 0.5)
    return mask


def rings(polygon: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The closed lines of a polygon (n, 2); those joined by a gap without width
    are taken apart."""
    points = [tuple(point) for point in polygon.tolist()]
    edges = {edge: k for k, edge in enumerate(itertools.pairwise([*points, points[0]]))}
    for (start, end), first in edges.items():
        back = edges.get((end, start), -1)
        if back > first and start != end:
            parts = (
                polygon[first + 1 : back],
                np.concatenate([polygon[: first + 1], polygon[back + 2 :]]),
            )
            return [part for part in parts if len(part) > 2]
    return [polygon]


def _free(sums: NDArray[np.int64], height: int, width: int) -> float:
    """Of all positions of a box of so many cells, the share that no masked cell is in; one at
    least, since the box that is asked for lies somewhere."""
    boxes = (
        sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width]
        + sums[:-height, :-width]
    )  # fmt: skip
    free = int(np.count_nonzero(boxes == 0))
    return max(1, free) / boxes.size
