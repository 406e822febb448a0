"""The outlines of all particles of a label image at once, along the edges of their pixels.

What an outline is stands in `semseg.measure.shape.outlines`. Each side of a pixel on the boundary
knows the one that follows; all of them put in a row, one outline behind the other, are a graph that
is a single path, and SciPy walks it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from semseg.bands import Band, Progress, by_bands

__all__ = ["Outlines", "trace"]

Indices = NDArray[np.int64]

# The sides of a pixel in clockwise order on the screen: top, right, bottom, left. Walking along
# side s with the particle to the right hand, the next pixel lies at _AHEAD[s] (row, column) and
# the pixel across the side at _ACROSS[s].
_AHEAD = ((0, 1), (1, 0), (0, -1), (-1, 0))
_ACROSS = ((-1, 0), (0, 1), (1, 0), (0, -1))

# Where side s starts, as (x, y) from the pixel's centre.
_START = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])


class Outlines(NamedTuple):
    """Outlines, one behind the other.

    Attributes
    ----------
    labels : (n,) int64
        Whose they are, ascending.
    points : (m, 2) float32
        Vertices, (x, y).
    ends : (n,) int64
        Where those of each stop.
    """

    labels: Indices
    points: NDArray[np.float32]
    ends: Indices


def trace(labels: NDArray[np.int32], progress: Progress | None = None) -> Outlines:
    """The outline of every particle.

    Parameters
    ----------
    labels : int32, H x W
        0 = background.
    progress : callable, optional
        Called with the share done, 0..1.
    """
    height, width = labels.shape
    width += 2  # so that no side lies at an end of a row

    def look(band: Band) -> tuple[Indices, Indices, NDArray[np.int32]]:
        beyond = int(band.own.start == 0), int(band.own.stop == height)
        padded = np.pad(labels[band.seen], (beyond, (1, 1)))
        keys, next_keys = _linked_sides(padded.ravel(), width)
        owners = padded.ravel()[keys >> 2]
        first = 4 * width * band.own.start
        return keys + first, next_keys + first, owners

    parts = by_bands(look, labels.shape, halo=1, progress=progress)
    none = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int32)
    keys, next_keys, owners = (np.concatenate(each) for each in zip(none, *parts, strict=True))
    if not keys.size:
        return Outlines(none[0], np.zeros((0, 2), np.float32), none[0])
    order, before, starts = _walk(np.searchsorted(keys, next_keys), owners)
    pixel, side = keys >> 2, keys & 3
    corner = side[order] != side[before]
    at = order[corner]
    row, column = np.divmod(pixel[at], width)
    points = np.column_stack((column - 1, row - 1)) + _START[side[at]]
    ends = np.cumsum(corner)[np.append(starts[1:], len(order)) - 1]
    return Outlines(owners[order[starts]].astype(np.int64), points.astype(np.float32), ends)


def _linked_sides(flat: NDArray[np.int32], width: int) -> tuple[Indices, Indices]:
    """The pixel sides on particle boundaries, and for each the one that follows.

    `flat` is a label image with a border, flattened; sides of the first and the last row are not
    told, and its first and last column are zero. A side is known by its key, ``4 * pixel + side``,
    in ascending order. At a corner the walk turns left when the particle goes on diagonally, so
    that pieces joined at a corner stay joined.
    """
    ahead = np.array([r * width + c for r, c in _AHEAD])
    across = np.array([r * width + c for r, c in _ACROSS])
    own = flat[width:-width]
    covered = own > 0
    by_side = []
    for number, step in enumerate(across.tolist()):
        beyond = flat[width + step : len(flat) - width + step]
        by_side.append(4 * (np.flatnonzero((own != beyond) & covered) + width) + number)
    keys = np.sort(np.concatenate(by_side))
    pixel, side = keys >> 2, keys & 3
    straight = pixel + ahead[side]
    diagonal = straight + across[side]
    goes_on = flat[straight] == flat[pixel]
    turns_left = flat[diagonal] == flat[pixel]
    next_keys = np.where(goes_on, 4 * straight + side, 4 * pixel + (side + 1) % 4)
    return keys, np.where(turns_left, 4 * diagonal + (side - 1) % 4, next_keys)


def _walk(following: Indices, owners: NDArray[np.int32]) -> tuple[Indices, Indices, Indices]:
    """Walk around every particle from its first side, when side i is always followed by
    following[i].

    Returns
    -------
    order : (k,) int64
        The sides of the first outline, of the second, ..., by label; those of holes and of further
        pieces are left out.
    before : (k,) int64
        The side that each follows.
    starts : (n,) int64
        Where the walk around each particle begins in `order`.
    """
    count = len(following)
    # sides stand in reading order, and a particle's first pixel has its top side on the boundary
    first = np.full(int(owners.max()) + 1, -1)
    first[owners[::-1]] = np.arange(count)[::-1]
    first = first[first >= 0]
    before = np.empty(count, np.int64)
    before[following] = np.arange(count)
    path = following.copy()
    path[before[first]] = np.append(first[1:], first[-1])  # on to the next particle
    graph = sparse.csr_matrix((np.ones(count), path, np.arange(count + 1)), (count, count))
    order = sparse.csgraph.breadth_first_order(graph, int(first[0]), True, False).astype(np.int64)
    begins = np.zeros(count, bool)
    begins[first] = True
    return order, before[order], np.flatnonzero(begins[order])
