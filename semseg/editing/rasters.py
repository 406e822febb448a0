"""Lines on a grid of pixels, and what they part.

Coordinates are (x, y) px from the corner of the first pixel; pixel (row r, column c) has its centre
at (c + 0.5, r + 0.5), and where that lies decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

__all__ = ["extended", "largest_piece", "parted", "united"]

Mask = NDArray[np.bool_]
Parts = NDArray[np.int32]
Points = NDArray[np.float64]

DISC = ndimage.generate_binary_structure(2, 2)
SLIVER = 0.02  # of the particle: parts smaller than this stay with a neighbour
MIN_PART_PX = 4
STEP_PX = 0.5
MAX_GAP_PX = 4  # between particles that may be merged


def largest_piece(mask: Mask) -> Mask:
    """The largest 4-connected piece of a mask, its holes filled; nothing where there is none."""
    pieces, count = ndimage.label(mask)
    if count > 1:
        mask = pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()
    filled: Mask = ndimage.binary_fill_holes(mask)
    return filled


def united(mask: Mask, free: Mask) -> Mask | None:
    """The pieces of a mask as one, over gaps of free pixels no wider than `MAX_GAP_PX`, its holes
    filled with what is free; None where they lie apart."""
    padded = np.pad(mask, MAX_GAP_PX)
    for reach in range(MAX_GAP_PX // 2 + 1):
        closed = ndimage.binary_closing(padded, DISC, reach) if reach else padded
        closed = closed[MAX_GAP_PX:-MAX_GAP_PX, MAX_GAP_PX:-MAX_GAP_PX]
        joined = mask | (closed & free)
        whole = largest_piece(joined) & (mask | free)
        if whole[mask].all():
            return whole
    return None


def extended(line: Points, mask: Mask) -> Points:
    """The line (n, 2) with each end that lies in the mask led straight on until it is outside."""
    # a hand that rests before it lets go gives the same place twice
    line = np.concatenate([line[:1], line[1:][(np.diff(line, axis=0) != 0).any(axis=1)]])
    if len(line) < 2:
        return line
    start, end = line[0] - line[1], line[-1] - line[-2]
    before, after = _way_out(line[0], start, mask), _way_out(line[-1], end, mask)
    return np.concatenate([before[::-1], line, after])


def _way_out(place: Points, direction: Points, mask: Mask) -> Points:
    """Where the line leaves the mask, (1, 2); (0, 2) where it is outside already."""
    height, width = mask.shape
    length = float(np.hypot(*direction))
    if not length:
        return np.empty((0, 2))
    steps = np.arange(0, height + width + 2, STEP_PX)[:, None] * direction / length
    places = place + steps
    column, row = np.floor(places).astype(int).T
    there = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    there[there] = mask[row[there], column[there]]
    if not there[0]:
        return np.empty((0, 2))
    out = int(np.argmin(there))
    return places[out : out + 1]


def parted(mask: Mask, lines: Sequence[Points]) -> Parts:
    """The parts into which lines cut a mask: 1..n by size, int32, 0 outside.

    Neighbouring pixels belong together unless a line runs between their centres. Slivers stay with
    the part that they share the longest side with.
    """
    height, width = mask.shape
    right, down = np.zeros((height, width), bool), np.zeros((height, width), bool)
    for line in lines:
        for (x0, y0), (x1, y1) in pairwise(line.tolist()):
            _cut(right, x0, y0, x1, y1)
            _cut(down.T, y0, x0, y1, x1)
    number = np.full(mask.shape, -1)
    number[mask] = np.arange(mask.sum())
    pairs, cut = [], []
    for here, there, crossed in (
        (number[:, :-1], number[:, 1:], right[:, :-1]),
        (number[:-1], number[1:], down[:-1]),
    ):
        both = (here >= 0) & (there >= 0)
        pairs.append(np.column_stack([here[both], there[both]]))
        cut.append(crossed[both])
    links, crossed = np.concatenate(pairs), np.concatenate(cut)
    count = int(mask.sum())
    open_links = links[~crossed]
    graph = sparse.coo_array(
        (np.ones(len(open_links), bool), (open_links[:, 0], open_links[:, 1])), (count, count)
    )
    _, part = sparse.csgraph.connected_components(graph, directed=False)
    part = _without_slivers(part, links[crossed])
    areas = np.bincount(part)
    # by size, ties in reading order, so that the same line always gives the same labels
    order = np.argsort(-areas, kind="stable")[: np.count_nonzero(areas)]
    names = np.zeros(len(areas), np.int32)
    names[order] = np.arange(1, len(order) + 1)
    parts = np.zeros(mask.shape, np.int32)
    parts[mask] = names[part]
    return parts


def _cut(links: Mask, x0: float, y0: float, x1: float, y1: float) -> None:
    """Mark the links from a pixel to the next in its row that a piece of a line crosses.

    The line of centres of row r lies at y = r + 0.5. Half-open, so that a corner of the line counts
    for one of its two pieces.
    """
    height, width = links.shape
    low, high = min(y0, y1), max(y0, y1)
    rows = np.arange(max(int(np.ceil(low - 0.5)), 0), min(int(np.ceil(high - 0.5)), height))
    if not rows.size:
        return
    x = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
    columns = np.ceil(x - 0.5).astype(int) - 1
    there = (columns >= 0) & (columns < width)
    links[rows[there], columns[there]] = True


def _without_slivers(part: NDArray[np.int32], crossed: NDArray[np.int64]) -> NDArray[np.int32]:
    """Parts after each that is too small went to the neighbour with the longest common side."""
    part = part.copy()
    least = max(MIN_PART_PX, SLIVER * len(part))
    while True:
        areas = np.bincount(part)
        small = np.flatnonzero((areas > 0) & (areas < least))
        between = part[crossed]
        between = between[between[:, 0] != between[:, 1]]
        for sliver in small[np.argsort(areas[small], kind="stable")].tolist():
            beside = between[(between == sliver).any(axis=1)]
            if len(beside):
                part[part == sliver] = np.bincount(beside.sum(axis=1) - sliver).argmax()
                break
        else:
            return part
