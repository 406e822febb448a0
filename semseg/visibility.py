"""How much of each particle is seen: an estimate from outlines alone.

What hides a particle is another particle that reaches into its convex hull. The visibility is
the particle's own area over the area that it and its neighbours fill within that hull,

    visibility = A / (A + A_others within the hull),

1 where nothing reaches in. It is an estimate for convex particles: a straight cut hides what lay
behind it, and a concave particle around a neighbour looks covered. How well it tells the fully
visible from the partly covered is in ``docs/measurement.md``.

>>> labels = np.zeros((8, 12), np.int32)
>>> labels[1:7, 1:11] = 1
>>> labels[3:5, 5:11] = 2  # bites 12 of 60 pixels out of the first
>>> visibility(labels).round(2).tolist()
[0.8, 1.0]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from semseg.shape import corner_hull

__all__ = ["FULLY_VISIBLE", "visibility"]

# From here on a particle counts as fully visible; chosen on drawn pictures, whose truth is known
# (benchmarks/visibility.py).
FULLY_VISIBLE = 0.9


def visibility(labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """The visibility of every particle, in the order of the labels that occur.

    Parameters
    ----------
    labels : (H, W) int
        0 = background.

    Returns
    -------
    (n,) float64, above 0 and at most 1.
    """
    found = []
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        window = labels[box]
        own = window == label
        others = np.argwhere((window > 0) & ~own)
        area = int(np.count_nonzero(own))
        hidden = _count_inside(others, corner_hull(own)) if len(others) else 0
        found.append(area / (area + hidden))
    return np.array(found, np.float64)


def _count_inside(pixels: NDArray[np.integer], hull: NDArray[np.integer]) -> int:
    """How many pixels (row, column) have their centre in a convex hull of corners (x, y)."""
    # twice as fine, centres are whole numbers and the products exact
    y, x = 2 * pixels.T + 1
    corners = 2 * hull
    along = np.roll(corners, -1, axis=0) - corners
    left, top = corners[:, :1], corners[:, 1:]
    side = along[:, :1] * (y - top) - along[:, 1:] * (x - left)
    return int(((side >= 0).all(axis=0) | (side <= 0).all(axis=0)).sum())
