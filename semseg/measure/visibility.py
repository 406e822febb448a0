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

from semseg.measure.hulls import Hulls
from semseg.measure.runs import Indices, Runs, runs_of

__all__ = ["FULLY_VISIBLE", "visibility"]

# From here on a particle counts as fully visible; chosen on drawn pictures, whose truth is known
# (training/visibility.py).
FULLY_VISIBLE = 0.9


def visibility(labels: NDArray[np.integer], runs: Runs | None = None) -> NDArray[np.float64]:
    """The visibility of every particle, in the order of the labels that occur.

    Parameters
    ----------
    labels : (H, W) int
        0 = background.
    runs : Runs, optional
        Those of `labels`, where they are known already.

    Returns
    -------
    (n,) float64, above 0 and at most 1.
    """
    runs = runs_of(labels) if runs is None else runs
    by_row = np.lexsort((runs.start, runs.row))
    ones = np.ones_like(runs.label)
    together = Runs(ones, *(each[by_row] for each in (runs.row, runs.start, runs.stop)))
    hull, row, start, stop = _rows_of(runs.hulls)
    one = np.ones_like(row)
    filled = together.before(one, row, stop) - together.before(one, row, start)
    return runs.areas() / np.bincount(hull, filled, len(runs.labels))


def _rows_of(hulls: Hulls) -> tuple[Indices, Indices, Indices, Indices]:
    """The pixels with their centre in convex hulls, row by row: the index of the hull, the row, the
    columns start <= c < stop."""
    corners, following = hulls.corners, hulls.following
    hull = np.repeat(np.arange(len(hulls)), hulls.counts)
    sides = []
    for downwards in (False, True):  # clockwise: up along the left, down along the right
        rising = following[:, 1] > corners[:, 1] if downwards else following[:, 1] < corners[:, 1]
        (x, y), (x_end, y_end) = (
            (corners if downwards else following)[rising].T,
            (following if downwards else corners)[rising].T,
        )
        rows = y_end - y
        edge = np.repeat(np.arange(len(y)), rows)
        down = np.arange(len(edge)) - np.repeat(np.cumsum(rows) - rows, rows)
        row = y[edge] + down
        # where the edge crosses the line of centres, y + 1/2, in halves of a row, exactly
        across = (x_end - x)[edge] * (2 * down + 1) - rows[edge]
        reach = x[edge] + (
            across // (2 * rows[edge]) + 1 if downwards else -(-across // (2 * rows[edge]))
        )
        order = np.lexsort((row, hull[rising][edge]))
        sides.append((hull[rising][edge][order], row[order], reach[order]))
    (of_hull, row, start), (_, _, stop) = sides
    return of_hull, row, start, stop
