"""The region adjacency graph: what is known of each superpixel, and of each seam between two.

Everything here is a sum over pixels or over sides of pixels (or a greatest value), so what is known
of two superpixels together is had by adding, without a look at the picture: any joining of them
costs next to nothing. `semseg.instances.features` makes features of the sums.

===========  ======================================================================
of a region  sum over its pixels of
===========  ======================================================================
`area`       1
`x` .. `yy`  coordinates, px, and their products
`foreground, distance, boundary`  the maps
`dx, dy, dr` distance map times x, y, x^2 + y^2
`grey, grey_squared, edge`  the picture, and how much of an edge it shows
`frame`      1 where the pixel lies at the edge of the picture
`rim`        its sides on the background
`step`       steps of the foreground map across those
`rim_edge`   edges of the picture there
`outer`      1 for those with background 3 px further out as well, and
`contrast`   for these the grey inside less that further out
===========  ======================================================================

===========  ======================================================================
of a seam    sum over the sides between both regions of
===========  ======================================================================
`length`     1
`boundary, boundary_squared, edge, foreground, distance`  what stands there
`open, plain`  1 where there is no boundary in the map, no edge in the picture
`difference` grey of the first less that of the second, read 2 px inside; and
`roughness`  the same without sign
`valley`     grey on the seam less the mean of those two
`x` .. `yy`  coordinates, px, and their products
===========  ======================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semseg.bands import Band, Progress, bands, in_order
from semseg.halves import from_half

__all__ = ["Adjacency", "Sums", "contracted", "tally"]

Labels = NDArray[np.int32]
Indices = NDArray[np.int64]
Values = NDArray[np.float64]
_Sides = tuple[Indices, Values, Values]

OF_PIXELS = (
    *("area", "x", "y", "xx", "yy", "xy", "foreground", "distance", "boundary"),
    *("dx", "dy", "dr", "grey", "grey_squared", "edge", "frame"),
)
OF_RIMS = ("rim", "step", "rim_edge", "outer", "contrast")
REGION_SUMS = (*OF_PIXELS, *OF_RIMS)
SEAM_SUMS = (
    *("length", "boundary", "boundary_squared", "edge", "foreground", "distance"),
    *("open", "plain", "difference", "roughness", "valley", "x", "y", "xx", "yy", "xy"),
)
SIGNED = SEAM_SUMS.index("difference")
OPEN, PLAIN = 0.25, 0.15  # below this there is no boundary, no edge
INSIDE_PX, OUTSIDE_PX = 2, 2  # from the side, where the grey next to it is read
BAND_ROWS = 512  # looked at together; the last digits of the sums depend on it
HALO = 4


@dataclass(frozen=True, eq=False)
class Sums:
    """A table of sums: rows of things, columns with names.

    Attributes
    ----------
    names : tuple of str
    values : (n, len(names)) float64
    """

    names: tuple[str, ...]
    values: Values

    def __getitem__(self, name: str) -> Values:
        column: Values = self.values[:, self.names.index(name)]
        return column

    def __len__(self) -> int:
        return len(self.values)

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.names, self.values + other.values)

    def rows(self, chosen: NDArray[np.integer] | NDArray[np.bool_] | slice) -> Sums:
        """Some of the rows, in the order given."""
        return Sums(self.names, self.values[chosen])

    def followed_by(self, other: Sums) -> Sums:
        return Sums(self.names, np.concatenate([self.values, other.values]))

    def mean(self, name: str, over: str = "area") -> Values:
        """One sum over another, which may be 0 where the first is."""
        quotient: Values = self[name] / np.maximum(self[over], 1)
        return quotient


@dataclass(frozen=True, eq=False)
class Adjacency:
    """Regions 0..n-1 (superpixel 1 is region 0) and the seams between those that touch.

    Attributes
    ----------
    regions : Sums, n rows
    peaks : (n,) float64
        The greatest value of the distance map in each.
    first, second : (m,) int64
        The regions at each seam, first < second.
    seams : Sums, m rows
    saddles : (m,) float64
        The greatest value of the distance map on each seam.
    noise : float
        Standard deviation of the noise of the picture, grey 0..1.
    """

    regions: Sums
    peaks: Values
    first: Indices
    second: Indices
    seams: Sums
    saddles: Values
    noise: float


def tally(
    labels: Labels,
    maps: NDArray[np.floating],
    image: NDArray[np.float32],
    edges: NDArray[np.float32],
    noise: float,
    progress: Progress | None = None,
) -> Adjacency:
    """Count what there is to know of the superpixels `labels` (1..n, int32, H x W).

    Parameters
    ----------
    labels : int32, H x W
    maps : (3, H, W) in 0..1
        Foreground, distance, boundary.
    image, edges : float32, H x W
        What the network saw, and how much of an edge it shows, both on the grid of the maps.
    noise : float
    progress : callable, optional
        Called with the share done, 0..1.
    """
    count = int(labels.max(initial=0)) + 1
    regions = np.zeros((count, len(REGION_SUMS)))
    peaks = np.zeros(count)
    sides: list[_Sides] = []

    def look(band: Band) -> tuple[Values, Values, list[tuple[Values, _Sides]]]:
        planes = (*from_half(maps[:, band.seen]), image[band.seen], edges[band.seen])
        seen, rows, start = labels[band.seen], band.inner, band.seen.start
        inside, highest = _of_pixels(seen, planes, rows, start, labels.shape, count)
        beside = [_of_sides(seen, planes, rows, start, down, count) for down in (True, False)]
        return inside, highest, beside

    # added in order, so that no digit depends on who is first
    parts = in_order(look, bands(labels.shape, rows=BAND_ROWS, halo=HALO), progress)
    for inside, highest, beside in parts:
        regions[:, : len(OF_PIXELS)] += inside
        np.maximum(peaks, highest, out=peaks)
        for rims, seams_there in beside:
            regions[:, len(OF_PIXELS) :] += rims
            sides.append(seams_there)
    keys, seams, saddles = (np.concatenate(column) for column in zip(*sides, strict=True))
    keys, seams, saddles = _grouped(keys, seams, saddles)
    first, second = keys // count, keys % count
    return Adjacency(
        Sums(REGION_SUMS, regions[1:]),
        peaks[1:],
        first - 1,
        second - 1,
        Sums(SEAM_SUMS, seams),
        saddles,
        noise,
    )


def contracted(
    graph: Adjacency, first: Indices, second: Indices, numbers: Indices
) -> tuple[Adjacency, Indices]:
    """The graph after pairs of regions were made one; and for every seam of the old graph its place
    in the new one, -1 where both its sides became one.

    Regions keep their numbers; those made of pairs are appended in order, as `numbers` says.

    Parameters
    ----------
    graph : Adjacency
    first, second : (k,) int64
        The pairs; no region is in two of them.
    numbers : (k,) int64
        len(graph.regions) + 0..k-1.
    """
    regions = graph.regions
    count = len(regions) + len(numbers)
    new = np.arange(count)
    new[first] = new[second] = numbers
    one, other = new[graph.first], new[graph.second]
    apart = one != other
    flipped = one > other
    sums = graph.seams.values.copy()
    sums[flipped, SIGNED] *= -1
    keys = np.minimum(one, other) * count + np.maximum(one, other)
    left, sums, saddles = _grouped(keys[apart], sums[apart], graph.saddles[apart])
    where = np.full(len(keys), -1)
    where[apart] = np.searchsorted(left, keys[apart])
    joined = Adjacency(
        regions.followed_by(regions.rows(first) + regions.rows(second)),
        np.concatenate([graph.peaks, np.maximum(graph.peaks[first], graph.peaks[second])]),
        left // count,
        left % count,
        Sums(graph.seams.names, sums),
        saddles,
        graph.noise,
    )
    return joined, where


def _grouped(keys: Indices, sums: Values, greatest: Values) -> tuple[Indices, Values, Values]:
    """Rows of the same key as one: sums added, of the other column the greatest; by key."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    if not starts.size:
        return keys, sums[:0], greatest[:0]
    return (
        keys[starts],
        np.add.reduceat(sums[order], starts, axis=0),
        np.maximum.reduceat(greatest[order], starts),
    )


def _of_pixels(
    labels: Labels,
    planes: Sequence[NDArray[np.float32]],
    rows: slice,
    start: int,
    shape: tuple[int, ...],
    count: int,
) -> tuple[Values, Values]:
    """What the pixels of some rows of a band give, which starts at row `start`: the sums
    `OF_PIXELS` of each label, (count, 16), and the greatest distance, (count,)."""
    row, x = np.nonzero(labels[rows])
    row += rows.start
    label = labels[row, x]
    foreground, distance, boundary, grey, edge = (plane[row, x].astype(float) for plane in planes)
    y = row + float(start)
    # one after the other, since each is as large as all that it is made of
    columns: dict[str, Callable[[], NDArray[Any]]] = {
        "x": lambda: x,
        "y": lambda: y,
        "xx": lambda: x * x.astype(float),
        "yy": lambda: y * y,
        "xy": lambda: x * y,
        "foreground": lambda: foreground,
        "distance": lambda: distance,
        "boundary": lambda: boundary,
        "dx": lambda: distance * x,
        "dy": lambda: distance * y,
        "dr": lambda: distance * (x * x + y * y),
        "grey": lambda: grey,
        "grey_squared": lambda: grey * grey,
        "edge": lambda: edge,
        "frame": lambda: (x == 0) | (x == shape[1] - 1) | (y == 0) | (y == shape[0] - 1),
    }
    sums = np.zeros((count, len(OF_PIXELS)))
    sums[:, OF_PIXELS.index("area")] = np.bincount(label, minlength=count)
    for name, values in columns.items():
        sums[:, OF_PIXELS.index(name)] = np.bincount(label, values(), count)
    greatest = np.zeros(count)
    np.maximum.at(greatest, label, distance)
    return sums, greatest


def _of_sides(
    labels: Labels,
    planes: Sequence[NDArray[np.float32]],
    rows: slice,
    start: int,
    down: bool,
    count: int,
) -> tuple[Values, _Sides]:
    """What the sides between pixels above each other (`down`) or beside each other give.

    The first pixel of each lies in `rows`. Returns the sums `OF_RIMS` of each label, (count, 5);
    and of sides between two regions, by pair: key, sums, greatest distance.
    """
    if not down:
        labels, planes = labels.T, [plane.T for plane in planes]
    foreground, distance, boundary, grey, edge = planes
    last = labels.shape[0] - 1
    first = np.s_[rows.start : min(rows.stop, last)] if down else np.s_[:-1, rows.start : rows.stop]
    second = (
        np.s_[rows.start + 1 : min(rows.stop, last) + 1]
        if down
        else np.s_[1:, rows.start : rows.stop]
    )
    one, other = labels[first], labels[second]
    shift = (rows.start, 0) if down else (0, rows.start)

    # sides on the background
    i, j = (at + by for at, by in zip(np.nonzero((one > 0) != (other > 0)), shift, strict=True))
    above = labels[i, j] > 0
    label = labels[i, j] + labels[i + 1, j]  # one of both is 0
    inside = np.where(above, np.maximum(i - 1, 0), np.minimum(i + 2, last))
    outside = np.where(above, np.minimum(i + 1 + OUTSIDE_PX, last), np.maximum(i - OUTSIDE_PX, 0))
    beyond = labels[outside, j] == 0
    step = foreground[i, j] - foreground[i + 1, j]
    columns = {
        "rim": np.ones(len(i)),
        "step": np.where(above, step, -step),
        "rim_edge": np.maximum(edge[i, j], edge[i + 1, j]),
        "outer": beyond.astype(float),
        "contrast": np.where(beyond, grey[inside, j] - grey[outside, j], 0),
    }
    rims: Values = np.zeros((count, len(OF_RIMS)))
    for name, values in columns.items():
        rims[:, OF_RIMS.index(name)] = np.bincount(label, values, count)

    # sides between two
    i, j = (
        at + by
        for at, by in zip(np.nonzero((one != other) & (one > 0) & (other > 0)), shift, strict=True)
    )
    a, b = labels[i, j], labels[i + 1, j]
    before = grey[np.maximum(i - INSIDE_PX, 0), j].astype(float)
    behind = grey[np.minimum(i + 1 + INSIDE_PX, last), j].astype(float)
    difference = np.where(a > b, behind - before, before - behind)
    wall = np.maximum(boundary[i, j], boundary[i + 1, j]).astype(float)
    seen = np.maximum(edge[i, j], edge[i + 1, j]).astype(float)
    deep = np.minimum(distance[i, j], distance[i + 1, j]).astype(float)
    y, x = (i + 0.5, j.astype(float)) if down else (j.astype(float), i + 0.5)
    y = y + start
    sums = np.column_stack(
        [
            np.ones(len(i)),
            wall,
            wall * wall,
            seen,
            np.minimum(foreground[i, j], foreground[i + 1, j]),
            deep,
            wall < OPEN,
            seen < PLAIN,
            difference,
            np.abs(difference),
            (grey[i, j].astype(float) + grey[i + 1, j] - before - behind) / 2,
            *(x, y, x * x, y * y, x * y),
        ]
    )
    keys = np.minimum(a, b).astype(np.int64) * count + np.maximum(a, b)
    return rims, _grouped(keys, sums, deep)
