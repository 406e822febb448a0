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

import numpy as np
from numpy.typing import NDArray

from semseg.bands import Band, by_bands
from semseg.measure.hulls import Hulls, Indices, hulls_of

__all__ = ["Indices", "Runs", "runs_of"]


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
    def hulls(self) -> Hulls:
        """Convex hull of the corners of the pixels of every label that occurs, in order."""
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
        return hulls_of(*(np.delete(each, shared + 1) for each in (owner, y, left, right)))

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

    def look(band: Band) -> tuple[Indices, Indices, Indices, Indices]:
        part = labels[band.own]
        changes = np.ones((part.shape[0], width + 1), bool)
        np.not_equal(part[:, 1:], part[:, :-1], out=changes[:, 1:-1])
        row, column = np.divmod(np.flatnonzero(changes), width + 1)
        # every change begins a run, but for that at the end of a row
        begins = np.flatnonzero(column < width)
        label = part[row[begins], column[begins]].astype(np.int64)
        begins, label = begins[label > 0], label[label > 0]
        return label, row[begins] + band.own.start, column[begins], column[begins + 1]

    none: Indices = np.zeros(0, np.int64)
    parts = by_bands(look, labels.shape)
    label, *rest = (np.concatenate(each) for each in zip((none,) * 4, *parts, strict=True))
    order = np.argsort(label, kind="stable")
    return Runs(label[order], *(own[order] for own in rest))
