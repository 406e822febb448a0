"""The sizes and the outline of every particle in a label image.

Coordinates are in pixels of the label grid, x to the right and y downwards, with pixel centres at
integers: pixel (0, 0) covers [-0.5, 0.5] x [-0.5, 0.5]. A label image is H x W and integer, 0 for
the background and 1, 2, ... for the particles, each of them one connected piece without holes.

>>> import numpy as np
>>> labels = np.zeros((6, 8), np.int32)
>>> labels[1:4, 2:7] = 1
>>> measure_shapes(labels)[["area", "min_feret", "aspect_ratio"]].values.tolist()
[[15.0, 3.0, 0.5144957554275265]]
>>> outlines(labels)[1].tolist()
[[1.5, 0.5], [6.5, 0.5], [6.5, 3.5], [1.5, 3.5]]

How far each size is off, for shapes of known truth, is in ``docs/measurement.md``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.measure.hulls import Hulls
from semseg.measure.runs import Indices, Runs, runs_of
from semseg.measure.tracing import trace

__all__ = ["measure_shapes", "outlines"]

Sizes = NDArray[np.float64]  # one for every label that occurs

SLANT = np.sqrt(0.5)  # of a pixel between diagonals


def measure_shapes(labels: NDArray[np.integer], runs: Runs | None = None) -> pd.DataFrame:
    """Measure every particle of a label image.

    Parameters
    ----------
    labels
        H x W, integer, 0 = background.
    runs
        Those of `labels`, where they are known already.

    Returns
    -------
    One row per particle, sorted by ``label``; lengths in pixels of the label grid:

    ``x, y``
        Centroid of the pixels.
    ``area``
        Pixel count A.
    ``ecd``
        Equivalent circular diameter, sqrt(4 A / pi) (ISO 9276-6).
    ``min_feret, max_feret``
        Least and greatest distance between parallel tangents, by rotating calipers on the convex
        hull of the pixel corners (ISO 13322-1). The width of a convex polygon is least along the
        normal of one of its edges, and its diameter joins two of its vertices.
    ``perimeter``
        P by the Cauchy-Crofton formula in 4 directions, as in
        ``skimage.measure.perimeter_crofton``. The picture's border counts where it cuts a particle.
    ``circularity``
        sqrt(4 pi A / P^2) (ISO 9276-6), at most 1.
    ``form_factor``
        4 pi A / P^2 (what ImageJ calls circularity), at most 1.
    ``solidity``
        A / A_c, with A_c the area of the convex hull.
    ``convexity``
        P_c / P, with P_c the perimeter of the convex hull; at most 1.
    ``aspect_ratio``
        min_feret / max_feret (ISO 9276-6).
    ``ellipse_ratio``
        Minor / major axis of the ellipse that has the same second moments of area, the Legendre
        ellipse of inertia (ISO 9276-6).
    ``bbox_top, bbox_left, bbox_bottom, bbox_right``
        Rows top <= r < bottom, columns left <= c < right.
    ``touches_edge``
        Whether a pixel lies in the first or last row or column.

    Raises
    ------
    TypeError, ValueError
        When `labels` is not a two-dimensional array of integers >= 0.

    Notes
    -----
    Circularity, form factor and convexity are capped at 1. No plane figure exceeds it (the
    isoperimetric inequality; a convex hull is never longer than what it encloses), so a reading
    above 1 is the perimeter estimate's error at few pixels, and 1 is always nearer to the truth.
    """
    labels = _checked(labels)
    runs = runs_of(labels) if runs is None else runs
    ids, area = runs.labels, runs.areas()
    x, y = _centroids(runs, area)
    perimeter = _crofton_perimeters(runs, area)
    hull_area = runs.hulls.areas()
    hull_perimeter, min_feret, max_feret = _hull_lengths(runs.hulls)
    top, left, bottom, right = runs.boxes().T
    height, width = labels.shape
    form_factor = np.minimum(4 * np.pi * area / perimeter**2, 1.0)

    return pd.DataFrame(
        {
            "label": ids,
            "x": x,
            "y": y,
            "area": area,
            "ecd": np.sqrt(4 * area / np.pi),
            "min_feret": min_feret,
            "max_feret": max_feret,
            "perimeter": perimeter,
            "circularity": np.sqrt(form_factor),
            "form_factor": form_factor,
            "solidity": area / hull_area,
            "convexity": np.minimum(hull_perimeter / perimeter, 1.0),
            "aspect_ratio": min_feret / max_feret,
            "ellipse_ratio": _ellipse_ratios(runs, area, x, y),
            "bbox_top": top,
            "bbox_left": left,
            "bbox_bottom": bottom,
            "bbox_right": right,
            "touches_edge": (top == 0) | (left == 0) | (bottom == height) | (right == width),
        }
    )


def outlines(labels: NDArray[np.integer]) -> dict[int, NDArray[np.float32]]:
    """Trace the outer boundary of every particle along the edges of its pixels.

    Parameters
    ----------
    labels
        H x W, integer, 0 = background.

    Returns
    -------
    For each label, in ascending order, its outline: N x 2 float32, (x, y), clockwise on the
    screen, beginning at the top left corner of the particle's first pixel; the first vertex is not
    repeated at the end, and no three vertices in a row lie on a line. The area it encloses equals
    the pixel count exactly (pixels and their sides are whole, so nothing is rounded). Where two
    pixels meet in a corner only, the outline passes through that corner twice and stays whole.
    Holes are not drawn; of a label in several pieces only the first in reading order is.

    Raises
    ------
    TypeError, ValueError
        When `labels` is not a two-dimensional array of integers >= 0.
    """
    traced = trace(_checked(labels))
    pieces = np.split(traced.points, traced.ends[:-1]) if len(traced.ends) else []
    return dict(zip(traced.labels.tolist(), pieces, strict=True))


def _checked(labels: NDArray[np.integer]) -> NDArray[np.int32]:
    """`labels` as a contiguous int32 array, or an error that says why not."""
    labels = np.asarray(labels)
    if labels.ndim != 2:
        raise ValueError(f"labels must be two-dimensional, not {labels.ndim}-dimensional")
    if not np.issubdtype(labels.dtype, np.integer):
        raise TypeError(f"labels must be integers, not {labels.dtype}")
    if labels.size and (labels.min() < 0 or labels.max() > np.iinfo(np.int32).max):
        raise ValueError("labels must lie between 0 and 2^31 - 1")
    return np.ascontiguousarray(labels, dtype=np.int32)


def _centroids(runs: Runs, area: Indices) -> tuple[Sizes, Sizes]:
    """Mean column and mean row of every label that occurs."""
    length = runs.stop - runs.start
    # whole numbers: twice the sum of the columns of a run
    twice_x = runs.summed(length * (runs.start + runs.stop - 1))
    return twice_x / (2 * area), runs.summed(length * runs.row) / area


def _ellipse_ratios(runs: Runs, area: Indices, x: Sizes, y: Sizes) -> Sizes:
    """Minor over major axis of the ellipse of inertia of every label that occurs.

    Its axes go with the roots of the second moments about the centroid (x, y), along the directions
    in which these are least and greatest. A run is a rectangle, so that pixels have their extent.
    """
    length = runs.stop - runs.start
    owner = np.repeat(np.arange(len(area)), np.diff(runs.firsts, append=len(runs.row)))
    right, down = (runs.start + runs.stop - 1) / 2 - x[owner], runs.row - y[owner]

    def mean(values: Sizes) -> Sizes:
        return np.bincount(owner, length * values, len(area)) / area

    xx, yy = mean(right**2 + length**2 / 12), mean(down**2) + 1 / 12
    apart = np.hypot(xx - yy, 2 * mean(right * down))
    ratio: Sizes = np.sqrt((xx + yy - apart) / (xx + yy + apart))
    return ratio


def _crofton_perimeters(runs: Runs, area: Indices) -> Sizes:
    """Perimeter of every label that occurs, from intercepts in four directions.

    Cauchy-Crofton: P is pi/2 times the mean, over directions, of the number of boundary crossings
    per unit length across parallel lines. Lines of pixels lie 1 apart along rows and columns and
    1/sqrt(2) apart along diagonals.
    """
    total = np.zeros(len(runs.labels))
    for down, right, spacing in ((0, 1, 1.0), (1, 0, 1.0), (1, 1, SLANT), (1, -1, SLANT)):
        # pixels whose neighbour in this direction belongs to the same particle
        row, start, stop = runs.row + down, runs.start + right, runs.stop + right
        paired = runs.before(runs.label, row, stop) - runs.before(runs.label, row, start)
        total += 2 * spacing * (area - runs.summed(paired))
    return np.pi / 8 * total


def _hull_lengths(hulls: Hulls) -> tuple[Sizes, Sizes, Sizes]:
    """Perimeter, least width and diameter of each convex polygon.

    The products below stay whole numbers until the last root or division, so that turning or
    mirroring a particle cannot change its Feret diameters by as much as a rounding error.
    """
    perimeter, width, diameter = np.zeros((3, len(hulls)))
    for which, corners in hulls.stacks():
        x, y = corners[..., 0], corners[..., 1]
        dx, dy = np.roll(x, -1, axis=1) - x, np.roll(y, -1, axis=1) - y
        length = np.sqrt(dx**2 + dy**2)
        across, down = x[:, None] - x[..., None], y[:, None] - y[..., None]
        height = np.abs(dx[..., None] * down - dy[..., None] * across).max(axis=2)
        perimeter[which] = length.sum(axis=1)
        width[which] = (height / length).min(axis=1)
        diameter[which] = np.sqrt((across**2 + down**2).max(axis=(1, 2)))
    return perimeter, width, diameter
