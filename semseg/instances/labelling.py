"""Label images: flooding, pieces, areas, numbers. Bounded in memory: large ones go by parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from semseg.bands import Band, Progress, bands, by_bands, each, in_order
from semseg.measure.recorded import Labels
from semseg.measure.runs import runs_of

__all__ = [
    "areas_of",
    "around",
    "drop_small",
    "flood",
    "make_whole",
    "numbered",
    "pieces_of",
    "replaced",
    "root_of",
]

Number = TypeVar("Number", np.int32, np.float32)
Window = tuple[slice, slice]  # rows and columns
PART_PX, HALO_PX = 2048, 256  # of a crowded piece that is flooded at a time


def around(image: NDArray[Number], extreme: np.ufunc) -> NDArray[Number]:
    """Of each pixel and its eight neighbours the greatest or the least value (``np.maximum``,
    ``np.minimum``): H x W."""
    beside = image.copy()
    extreme(beside[:, 1:], image[:, :-1], out=beside[:, 1:])
    extreme(beside[:, :-1], image[:, 1:], out=beside[:, :-1])
    found = beside.copy()
    extreme(found[1:], beside[:-1], out=found[1:])
    extreme(found[:-1], beside[1:], out=found[:-1])
    return found


def flood(
    depth: NDArray[np.float32],
    seeds: NDArray[np.bool_],
    foreground: NDArray[np.bool_],
    progress: Progress | None = None,
) -> Labels:
    """Flood the foreground from seeds, of which those that touch are one, the deepest places first:
    labels 1..n, int32, H x W.

    A piece of foreground with one marker, or none, is one particle. Only pieces with several
    need a watershed, each in its own window: the flood of one never reaches another, so
    the result is that of one watershed over everything, in less time and memory.
    """
    masks = [(seeds, np.ones((3, 3), bool)), (foreground, None)]
    (markers, _), (pieces, count) = each(lambda mask: pieces_of(*mask), masks)
    windows = ndimage.find_objects(pieces)
    crowded = _crowded(pieces, markers, count)
    labels = pieces.copy()

    def divide(piece: int) -> None:
        for halo, core in _parts(*windows[piece - 1]):
            inside = pieces[halo] == piece
            grown = watershed(depth[halo], markers[halo] * inside, mask=inside)
            # pieces keep their own numbers; those of markers follow behind
            grown[grown > 0] += count
            part = inside[core]
            labels[halo][core][part] = grown[core][part]

    each(divide, crowded, progress)
    return numbered(labels)[0]


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
    for band in bands(pieces.shape):
        at_markers = markers[band.own] > 0
        piece_of, marker_of = pieces[band.own][at_markers], markers[band.own][at_markers]
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
    for counts in in_order(
        lambda band: np.bincount(labels[band.own].ravel(), minlength=count), bands(labels.shape)
    ):
        areas += counts
    return areas


def replaced(labels: Labels, by: NDArray[np.int32]) -> Labels:
    """The labels, changed in place: each is what stands in its place in `by`."""

    def change(band: Band) -> None:
        labels[band.own] = by[labels[band.own]]

    by_bands(change, labels.shape)
    return labels


def drop_small(labels: Labels, min_area: float) -> Labels:
    """The labels, changed in place: those of fewer px are 0."""
    areas = areas_of(labels)
    return replaced(labels, np.arange(len(areas), dtype=np.int32) * (areas >= min_area))


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
        # what does not hang together with the outside is inside
        beyond, _ = ndimage.label(np.pad(~inside, 1, constant_values=True))
        window[beyond[1:-1, 1:-1] != beyond[0, 0]] = label
    return labels


def numbered(labels: Labels) -> tuple[Labels, NDArray[np.int64]]:
    """The labels, changed in place: 1..n without gaps, in the same order; and those before."""
    present = areas_of(labels) > 0
    present[0] = False
    left = np.flatnonzero(present)
    if len(left) < len(present) - 1:
        replaced(labels, np.cumsum(present, dtype=np.int32) * present)
    return labels, left


def root_of(parent: list[int], label: int) -> int:
    """The label that names the set of this one; paths are halved on the way (union-find)."""
    while parent[label] != label:
        parent[label] = parent[parent[label]]
        label = parent[label]
    return label
