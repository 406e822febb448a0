"""The convex hulls of all particles of an image at once (Barber et al., ACM Trans. Math. Softw. 22,
469, 1996: quickhull).

A particle is given by how far it reaches to the left and to the right on each line of corners of
its pixels; all coordinates are whole, so all that follows is exact.

>>> hulls = hulls_of(np.array([7, 7, 7]), np.array([2, 3, 4]), np.array([0, 0, 0]),
...                  np.array([1, 3, 3]))
>>> [hull.tolist() for hull in hulls]
[[[1, 2], [3, 3], [3, 4], [0, 4], [0, 2]]]
>>> hulls.areas().tolist()
[5.0]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Hulls", "hulls_of"]

Indices = NDArray[np.int64]
MAX_STACKED = 1 << 20  # pairs of corners that `Hulls.stacks` lets one look at together


@dataclass(frozen=True, eq=False)
class Hulls:
    """Convex polygons, one behind the other.

    Attributes
    ----------
    corners : (m, 2) int64
        (x, y) from the picture's top left; each polygon clockwise on the screen from its top right,
        no three corners on a line.
    counts : (n,) int64
        Corners of each polygon, at least 3.
    """

    corners: Indices
    counts: Indices

    def __len__(self) -> int:
        return len(self.counts)

    def __iter__(self) -> Iterator[Indices]:
        """One polygon after the other, M x 2."""
        return iter(np.split(self.corners, np.cumsum(self.counts)[:-1])) if len(self) else iter(())

    @property
    def firsts(self) -> Indices:
        """Index of the first corner of each polygon."""
        firsts: Indices = np.cumsum(self.counts) - self.counts
        return firsts

    @property
    def following(self) -> Indices:
        """The corner that follows each: (m, 2)."""
        following = np.roll(self.corners, -1, axis=0)
        following[self.firsts + self.counts - 1] = self.corners[self.firsts]
        return following

    def areas(self) -> NDArray[np.float64]:
        """Area of each polygon: (n,), exact."""
        if not len(self):
            return np.zeros(0)
        (x, y), (x_next, y_next) = self.corners.T, self.following.T
        return np.abs(np.add.reduceat(x * y_next - x_next * y, self.firsts)) / 2

    def stacks(self) -> Iterator[tuple[Indices, Indices]]:
        """The polygons by their number of corners: which these are, (k,), and their corners,
        (k, M, 2); k is so small that (k, M, M) is, too."""
        firsts = self.firsts
        for count in np.unique(self.counts).tolist():
            alike = np.flatnonzero(self.counts == count)
            together = max(1, MAX_STACKED // count**2)
            for start in range(0, len(alike), together):
                some = alike[start : start + together]
                yield some, self.corners[firsts[some][:, None] + np.arange(count)]


def hulls_of(owner: Indices, y: Indices, left: Indices, right: Indices) -> Hulls:
    """The hulls of things that reach from `left` to `right` on line `y`.

    Parameters
    ----------
    owner, y, left, right : (k,) int64
        By owner, then y; each of both at most once, and of each owner at least two lines.

    Returns
    -------
    In order of the owners.
    """
    if not len(owner):
        return Hulls(np.zeros((0, 2), np.int64), np.zeros(0, np.int64))
    # both sides of each as lines that bulge towards greater numbers, from the top downwards
    side = np.repeat([0, 1], len(owner))
    lines, ys = np.tile(owner, 2), np.tile(y, 2)
    reach = np.concatenate([right, -left])
    at = _bulging(lines * 2 + side, reach, ys)
    # down along the right, up along the left
    order = np.lexsort((np.where(side[at] == 0, ys[at], -ys[at]), side[at], lines[at]))
    at = at[order]
    corners = np.column_stack([np.where(side[at] == 0, reach[at], -reach[at]), ys[at]])
    return Hulls(corners, np.unique(lines[at], return_counts=True)[1])


def _bulging(line: Indices, x: Indices, y: Indices) -> Indices:
    """Which points stand out to the right from all others of their line, ends included: indices,
    ascending. Points of a line follow each other, and their y ascend."""
    last = np.flatnonzero(np.diff(line, append=-1))
    first = np.concatenate([[0], last[:-1] + 1])
    stays = np.zeros(len(line), bool)
    stays[first] = stays[last] = True
    # the points that are still asked about, between the corners before and behind them
    above, below = (np.repeat(each, last - first + 1) for each in (first, last))
    point = np.flatnonzero(~stays)
    above, below = above[point], below[point]
    while point.size:
        beyond = (x[point] - x[above]) * (y[below] - y[above])
        beyond -= (x[below] - x[above]) * (y[point] - y[above])
        outside = beyond > 0
        point, above, below, beyond = (each[outside] for each in (point, above, below, beyond))
        if not point.size:
            break
        begins = np.flatnonzero(np.diff(above, prepend=-1))
        piece = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(above)))
        farthest = np.flatnonzero(beyond == np.maximum.reduceat(beyond, begins)[piece])
        # where several are as far, the first is a corner; those on a line with it fall out later
        corner = point[farthest[np.diff(piece[farthest], prepend=-1) > 0]]
        stays[corner] = True
        corner = corner[piece]
        above, below = (
            np.where(point > corner, corner, above),
            np.where(point < corner, corner, below),
        )
        left = point != corner
        point, above, below = point[left], above[left], below[left]
    return np.flatnonzero(stays)
