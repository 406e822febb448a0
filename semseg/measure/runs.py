"""A label image as runs: unbroken pieces of one label along the rows (run-length encoding).

A picture has a hundred times fewer runs than pixels, and much of what is asked of a particle is in
them: its area, where it lies, how far it reaches in each row, whether it is whole.

>>> labels = np.array([[0, 1, 1, 2], [1, 1, 0, 2]], np.int32)
>>> runs = runs_of(labels)
>>> np.column_stack((runs.label, runs.row, runs.start, runs.stop)).tolist()
[[1, 0, 1, 3], [1, 1, 0, 2], [2, 0, 3, 4], [2, 1, 3, 4]]
>>> runs.firsts.tolist()
[0, 2]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["Hull", "Runs", "runs_of"]

BAND_ROWS = 512
Indices = NDArray[np.int64]
Hull = NDArray[np.int64]  # M x 2, (x, y): corners of a convex polygon


@dataclass(frozen=True, eq=False)
class Runs:
    """The runs of all labels but 0, by label, then row, then column.

    Attributes
    ----------
    label, row, start, stop : (n,) int64
        Columns start <= c < stop.
    """

    label: Indices
    row: Indices
    start: Indices
    stop: Indices

    @cached_property
    def firsts(self) -> Indices:
        """Index of the first run of every label."""
        return np.flatnonzero(np.diff(self.label, prepend=0))

    @property
    def labels(self) -> Indices:
        """The labels that occur, ascending."""
        return self.label[self.firsts]

    def areas(self) -> Indices:
        """Pixels of every label that occurs."""
        return self.summed(self.stop - self.start)

    def summed(self, values: Indices) -> Indices:
        """Sums over the runs of every label that occurs."""
        sums: Indices = np.add.reduceat(values, self.firsts) if self.firsts.size else values[:0]
        return sums

    def before(self, label: Indices, row: Indices, column: Indices) -> Indices:
        """How many pixels come before each place, by label, then row, then column; rows and columns
        may lie beyond the picture, but rows not above it."""
        # places as numbers, in order; further out than next to the runs there is nothing to count
        width, height = int(self.stop.max(initial=0)) + 2, int(self.row.max(initial=0)) + 2
        row, column = np.minimum(row, height - 1), np.clip(column, -1, width - 1)
        line, place = self.label * height + self.row, (label * height + row) * width + column
        start, stop = line * width + self.start, line * width + self.stop
        passed = np.concatenate([[0], np.cumsum(stop - start)])
        index = np.searchsorted(stop, place)  # the first run that is not over by then
        into = place - np.append(start, place.max(initial=0))[index]
        counted: Indices = passed[index] + np.maximum(into, 0)
        return counted

    def boxes(self) -> NDArray[np.int64]:
        """Of every label that occurs, the rows top <= r < bottom and columns left <= c < right
        that it lies in: n x 4, top, left, bottom, right."""
        if not self.firsts.size:
            return np.zeros((0, 4), np.int64)
        lasts = np.append(self.firsts, len(self.row))[1:] - 1
        left = np.minimum.reduceat(self.start, self.firsts)
        right = np.maximum.reduceat(self.stop, self.firsts)
        return np.column_stack((self.row[self.firsts], left, self.row[lasts] + 1, right))

    @cached_property
    def hulls(self) -> list[Hull]:
        """Convex hull of the corners of the pixels of every label that occurs, in order.

        Each is M x 2 int64, (x, y), clockwise on the screen, no three on a line; corners are
        numbered from the picture's top left, so all arithmetic on them is exact.
        """
        label, row = self.label, self.row
        # how far each particle reaches in each of its rows, ...
        begins = np.flatnonzero((np.diff(label, prepend=0) != 0) | (np.diff(row, prepend=-1) != 0))
        ends = np.append(begins, len(row))[1:] - 1
        label, row, left, right = label[begins], row[begins], self.start[begins], self.stop[ends]
        # ... and so on the lines of corners above and below it
        owner, y = np.repeat(label, 2), np.column_stack((row, row + 1)).ravel()
        left, right = np.repeat(left, 2), np.repeat(right, 2)
        shared = np.flatnonzero((np.diff(owner) == 0) & (np.diff(y) == 0))
        left[shared] = np.minimum(left[shared], left[shared + 1])
        right[shared] = np.maximum(right[shared], right[shared + 1])
        owner, y, left, right = (np.delete(each, shared + 1) for each in (owner, y, left, right))
        cuts = [*np.flatnonzero(np.diff(owner, prepend=0)).tolist(), len(owner)]
        rights, lefts, ys = right.tolist(), (-left).tolist(), y.tolist()
        return [_closed(rights[a:b], lefts[a:b], ys[a:b]) for a, b in pairwise(cuts)]

    def doubtful(self) -> Indices:
        """Labels that may have holes or several pieces: all others have one run in each row that
        they reach, beside that of the row before."""
        follows = (
            (np.diff(self.row) == 1)
            & (self.start[1:] < self.stop[:-1])
            & (self.stop[1:] > self.start[:-1])
        )
        same = self.label[1:] == self.label[:-1]
        return np.unique(self.label[1:][same & ~follows])


def runs_of(labels: NDArray[np.integer | np.bool_]) -> Runs:
    """The runs of a label image, H x W, 0 = background."""
    width = labels.shape[1]
    columns: list[list[Indices]] = [[], [], [], []]
    for top in range(0, labels.shape[0], BAND_ROWS):  # whole pictures would take more memory
        band = labels[top : top + BAND_ROWS]
        changes = np.ones((band.shape[0], width + 1), bool)
        np.not_equal(band[:, 1:], band[:, :-1], out=changes[:, 1:-1])
        row, column = np.divmod(np.flatnonzero(changes), width + 1)
        # every change begins a run, but for that at the end of a row
        begins = np.flatnonzero(column < width)
        label = band[row[begins], column[begins]]
        begins, label = begins[label > 0], label[label > 0]
        parts = (label, row[begins] + top, column[begins], column[begins + 1])
        for own, part in zip(columns, parts, strict=True):
            own.append(part.astype(np.int64, copy=False))
    none: Indices = np.zeros(0, np.int64)
    label, *rest = (np.concatenate(own or [none]) for own in columns)
    order = np.argsort(label, kind="stable")
    return Runs(label[order], *(own[order] for own in rest))


def _closed(rights: list[int], lefts: list[int], ys: list[int]) -> Hull:
    """The hull from how far points reach to the right, and to the left (negative); ys ascend."""
    left_side = [(-x, y) for x, y in reversed(_bulging(lefts, ys))]
    return np.array(_bulging(rights, ys) + left_side, dtype=np.int64)


def _bulging(xs: list[int], ys: list[int]) -> list[tuple[int, int]]:
    """The right-hand half of a convex hull, downwards (Andrew's monotone chain); ys ascend."""
    chain: list[tuple[int, int]] = []
    for x, y in zip(xs, ys, strict=True):
        if chain and chain[-1][1] == y:
            if chain[-1][0] >= x:
                continue
            chain.pop()
        while len(chain) > 1:
            (x0, y0), (x1, y1) = chain[-2:]
            if (x1 - x0) * (y - y0) > (x - x0) * (y1 - y0):
                break
            chain.pop()
        chain.append((x, y))
    return chain
