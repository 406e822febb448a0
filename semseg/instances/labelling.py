"""Label images: flooding, pieces, areas, numbers. Bounded in memory: large ones go by parts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from semseg.measure.recorded import Labels
from semseg.measure.runs import runs_of

__all__ = [
    "areas_of",
    "drop_small",
    "grow",
    "make_whole",
    "numbered",
    "pieces_of",
    "root_of",
]

BAND_ROWS = 512  # looked at together where whole pictures would take too much memory
Window = tuple[slice, slice]  # rows and columns
PART_PX, HALO_PX = 2048, 256  # of a crowded piece that is flooded at a time


def grow(depth: NDArray[np.float32], markers: Labels, foreground: NDArray[np.bool_]) -> Labels:
    """Grow the markers over the foreground, the deepest places first: int32, H x W.

    A piece of foreground with one marker, or none, is one particle. Only pieces with several
    need a watershed, each in its own window: the flood of one never reaches another, so
    the result is that of one watershed over everything, in less time and memory.
    """
    pieces, count = pieces_of(foreground)
    windows = ndimage.find_objects(pieces)
    crowded = _crowded(pieces, markers, count)
    labels = pieces.copy()
    for piece in crowded:
        for halo, core in _parts(*windows[piece - 1]):
            inside = pieces[halo] == piece
            grown = watershed(depth[halo], markers[halo] * inside, mask=inside)
            # pieces keep their own numbers; those of markers follow behind
            grown[grown > 0] += count
            part = inside[core]
            labels[halo][core][part] = grown[core][part]
    return labels


def pieces_of(
    mask: NDArray[np.bool_], structure: NDArray[np.bool_] | None = None
) -> tuple[Labels, int]:
    """The connected pieces of a mask, 1..n, int32, H x W; and n."""
    pieces, count = ndimage.label(mask, structure)
    return pieces.astype(np.int32, copy=False), count


def _crowded(pieces: Labels, markers: Labels, count: int) -> list[int]:
    """The pieces that hold more than one marker."""
    one_of_them = np.zeros(count + 1, np.int32)
    several = np.zeros(count + 1, bool)
    for top in range(0, pieces.shape[0], BAND_ROWS):
        band = np.s_[top : top + BAND_ROWS]
        at_markers = markers[band] > 0
        piece_of, marker_of = pieces[band][at_markers], markers[band][at_markers]
        unknown = one_of_them[piece_of] == 0
        one_of_them[piece_of[unknown]] = marker_of[unknown]
        several[piece_of[marker_of != one_of_them[piece_of]]] = True
    return np.flatnonzero(several).tolist()


def _parts(rows: slice, columns: slice) -> Iterator[tuple[Window, Window]]:
    """The window itself, or where it is too large for the memory, parts of it with a halo.

    Yields (part with its halo in the picture, the part within that). Markers have their
    numbers already, so parts agree wherever a particle is smaller than the halo.
    """
    for top in range(rows.start, rows.stop, PART_PX):
        for left in range(columns.start, columns.stop, PART_PX):
            (own_rows, in_rows), (own_columns, in_columns) = (
                _with_halo(first, whole) for first, whole in ((top, rows), (left, columns))
            )
            yield (own_rows, own_columns), (in_rows, in_columns)


def _with_halo(first: int, whole: slice) -> tuple[slice, slice]:
    """Along one axis, the part that begins at `first` with its halo, and that part within it."""
    stop = min(first + PART_PX, whole.stop)
    start, end = max(first - HALO_PX, whole.start), min(stop + HALO_PX, whole.stop)
    return slice(start, end), slice(first - start, stop - start)


def areas_of(labels: Labels) -> NDArray[np.int64]:
    """Pixels of each label, 0 included; by bands, as numpy counts in 64 bits per pixel."""
    count = int(labels.max(initial=0)) + 1
    areas = np.zeros(count, np.int64)
    for top in range(0, labels.shape[0], BAND_ROWS):
        areas += np.bincount(labels[top : top + BAND_ROWS].ravel(), minlength=count)
    return areas


def drop_small(labels: Labels, min_area: float) -> Labels:
    """The labels, changed in place: those of fewer px are 0."""
    is_small = areas_of(labels) < min_area
    is_small[0] = True
    labels[is_small[labels]] = 0
    return labels


def make_whole(labels: Labels) -> Labels:
    """Keep the largest piece of every particle, and give it what it encloses."""
    runs = runs_of(labels)
    boxes = dict(zip(runs.labels.tolist(), runs.boxes().tolist(), strict=True))
    for label in runs.doubtful().tolist():
        top, left, bottom, right = boxes[label]
        window = labels[top:bottom, left:right]
        inside = window == label
        pieces, count = ndimage.label(inside)
        if count == 0:  # a host has swallowed it
            continue
        if count > 1:
            largest = np.bincount(pieces.ravel())[1:].argmax() + 1
            window[inside & (pieces != largest)] = 0
            inside = pieces == largest
        window[ndimage.binary_fill_holes(inside)] = label
    return labels


def numbered(labels: Labels) -> tuple[Labels, NDArray[np.int64]]:
    """Renumber 1..n without gaps, keeping the order; and the labels before."""
    present = areas_of(labels) > 0
    present[0] = False
    left = np.flatnonzero(present)
    if len(left) == len(present) - 1:
        return labels, left
    numbers = np.cumsum(present, dtype=np.int32) * present
    return numbers.astype(np.int32)[labels], left


def root_of(parent: list[int], label: int) -> int:
    """The label that names the set of this one; paths are halved on the way (union-find)."""
    while parent[label] != label:
        parent[label] = parent[parent[label]]
        label = parent[label]
    return label
