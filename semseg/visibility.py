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
from skimage.draw import polygon2mask

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
        others = (window > 0) & ~own
        area, hidden = int(own.sum()), 0
        if others.any():
            # corners are counted from the corner of the first pixel, the mask from its centre
            hull = polygon2mask(window.shape, corner_hull(own)[:, ::-1] - 0.5)
            hidden = int((hull & others).sum())
        found.append(area / (area + hidden))
    return np.array(found, np.float64)
