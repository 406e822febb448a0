"""What the merge tree knows and did not choose: seams inside particles, particles on bare ground;
and which neighbour a particle may belong to.

A particle was chosen among candidates that hold each other (`semseg.instances.merge_tree`). Where
two were taken for one, the seam between them is mostly in the tree still; where one was missed, it
often was a candidate that did not score enough.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from semseg.editing.places import outline_of, pixel_at, recorded_line, seam_lines
from semseg.instances.merge_tree import MIN_LOG_ODDS, MergeTree
from semseg.instances.particles import Proposals
from semseg.measure.grid import Grid
from semseg.measure.label_image import Window
from semseg.operations import Add, Line, Split
from semseg.stages import Segmentation

__all__ = ["Seam", "candidate_at", "neighbour", "seams", "window_of"]

MIN_SHARE = 0.5  # of a superpixel that lies in a particle which it belongs to
MAX_TAKEN = 0.3  # share of a candidate that other particles have
MIN_PART = 0.05  # share of a particle: what is smaller is a corner of it
SMOOTHING = 0.7  # pixels of the maps
REACH_PX = 3  # of the network: gaps between neighbours are no wider


@dataclass(frozen=True)
class Seam:
    """Where a particle may be parted.

    Attributes
    ----------
    split : Split
    log_odds : float
        That both sides are one particle, by the merge classifier.
    """

    split: Split
    log_odds: float


def seams(segmentation: Segmentation, label: int, most: int = 5) -> list[Seam]:
    """Where the merge tree would part a particle, the likeliest seam first; at most `most`.

    Works on any particle that superpixels lie in, whoever drew it.
    """
    proposals = segmentation.proposals
    window = window_of(segmentation, label)
    if proposals is None or window is None:
        return []
    mask = segmentation.label_image[window] == label
    pieces = _fine(proposals, window, segmentation.grid)
    members = _members(pieces, mask)
    if len(members) < 2:
        return []
    tree = proposals.tree
    above = {leaf: _ancestors(tree, leaf) for leaf in members}
    holds: dict[int, set[int]] = {}
    for leaf, chain in above.items():
        for node in chain:
            holds.setdefault(node, set()).add(leaf)
    # a superpixel's own gap to its neighbours is nobody's: it goes with the nearest
    near = ndimage.distance_transform_edt(
        ~np.isin(pieces, [leaf + 1 for leaf in members]), return_distances=False,
        return_indices=True,
    )  # fmt: skip
    filled = pieces[tuple(near)]
    smoothing = SMOOTHING * _reduction(proposals, segmentation.grid)
    found: list[Seam] = []
    for part, log_odds in _divisions(tree, holds, len(members)):
        side = np.isin(filled, [leaf + 1 for leaf in part])
        if not MIN_PART <= side[mask].mean() <= 1 - MIN_PART:
            continue
        lines = seam_lines(mask, side, smoothing)
        if lines:
            drawn = tuple(recorded_line(line, window, segmentation.grid) for line in lines)
            found.append(Seam(Split(label, drawn), log_odds))
        if len(found) == most:
            break
    return found


def _divisions(
    tree: MergeTree, holds: Mapping[int, set[int]], count: int
) -> list[tuple[set[int], float]]:
    """The ways in which the tree divides some leaves, the likeliest seam first: one of two sides,
    and the log odds that both are one particle.

    `holds` has the leaves that each candidate shares with them; those that never came together are
    divided by that.
    """
    ways = [
        (min(one, other, key=len), float(tree.joined[node]))
        for node, (first, second) in ((node, tree.parts[node].tolist()) for node in holds)
        if node >= tree.leaves and (one := holds.get(first)) and (other := holds.get(second))
    ]
    tops = [held for node, held in holds.items() if tree.whole[node] < 0 and len(held) < count]
    ways += [(held, MIN_LOG_ODDS) for held in tops]
    return sorted(ways, key=lambda way: (way[1], -len(way[0]), min(way[0])))


def neighbour(segmentation: Segmentation, label: int, among: Collection[int]) -> int | None:
    """The one that has the longest side in common with a particle, so that it is the likeliest to
    be the rest of it; of equals that with the smallest label. None where it touches none.

    Parameters
    ----------
    among : collection of int
        Labels that may be it.
    """
    window = window_of(segmentation, label)
    if window is None:
        return None
    wide = tuple(slice(max(0, side.start - REACH_PX), side.stop + REACH_PX) for side in window)
    there = segmentation.label_image[wide[0], wide[1]]
    mask = there == label
    near = ndimage.binary_dilation(mask, iterations=REACH_PX) & ~mask
    labels, sides = np.unique(there[near], return_counts=True)
    longest = [
        (-side, other)
        for other, side in zip(labels.tolist(), sides.tolist(), strict=True)
        if other in among
    ]
    return min(longest)[1] if longest else None


def candidate_at(
    segmentation: Segmentation, place: tuple[float, float], excluded: Collection[int] = ()
) -> Add | None:
    """The best candidate at a place that no particle has; None where there is none.

    Parameters
    ----------
    place : (x, y)
        In px of the recorded image from the centre of its first pixel.
    excluded : collection of int
        Labels that would give way.
    """
    proposals, grid = segmentation.proposals, segmentation.grid
    pixel = pixel_at(grid, place)
    if proposals is None or pixel is None:
        return None
    times = _reduction(proposals, grid)
    leaf = int(proposals.superpixels[pixel[0] // times, pixel[1] // times]) - 1
    if leaf < 0:
        return None
    tree = proposals.tree
    best: tuple[float, Line] | None = None
    for candidate in [*_ancestors(tree, leaf)]:
        score = float(proposals.log_odds[candidate])
        if best is not None and score <= best[0]:
            continue
        line = _free_outline(segmentation, proposals, candidate, excluded)
        if line is not None:
            best = score, line
    return None if best is None else Add(best[1])


def _free_outline(
    segmentation: Segmentation, proposals: Proposals, candidate: int, excluded: Collection[int]
) -> Line | None:
    """The outline of what no particle has of a candidate; None where they have too much of it."""
    times = _reduction(proposals, segmentation.grid)
    held = [leaf + 1 for leaf in _leaves(proposals.tree, candidate)]
    coarse = np.isin(proposals.superpixels, held)
    rows, columns = (np.flatnonzero(coarse.any(axis=axis)) for axis in (1, 0))
    window = (
        slice(int(rows[0]) * times, (int(rows[-1]) + 1) * times),
        slice(int(columns[0]) * times, (int(columns[-1]) + 1) * times),
    )
    there = segmentation.label_image[window]
    small = coarse[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    mask = small.repeat(times, 0).repeat(times, 1)[: there.shape[0], : there.shape[1]]
    free = mask & np.isin(there, [0, *excluded])
    if free.sum() < (1 - MAX_TAKEN) * mask.sum():
        return None
    outline = outline_of(free, SMOOTHING * times)
    return None if outline is None else recorded_line(outline, window, segmentation.grid)


def window_of(segmentation: Segmentation, label: int) -> Window | None:
    """Where on the network's grid a particle lies; None where there is none of this label."""
    outline = segmentation.outlines.get(label)
    if outline is None:
        return None
    places = np.rint(segmentation.grid.to_network(outline + 0.5)).astype(int)
    (left, top), (right, bottom) = places.min(axis=0).tolist(), places.max(axis=0).tolist()
    return slice(top, bottom), slice(left, right)


def _reduction(proposals: Proposals, grid: Grid) -> int:
    """Pixels of the network along a pixel of the maps."""
    rows: int = proposals.superpixels.shape[0]
    return -(-grid.network[0] // rows)


def _fine(proposals: Proposals, window: Window, grid: Grid) -> NDArray[np.int32]:
    """The superpixels in a window of the network's grid."""
    times = _reduction(proposals, grid)
    rows, columns = (np.arange(side.start, side.stop) // times for side in window)
    fine: NDArray[np.int32] = proposals.superpixels[rows[:, None], columns]
    return fine


def _members(pieces: NDArray[np.int32], mask: NDArray[np.bool_]) -> list[int]:
    """The leaves that lie in a mask by more than half of what is seen of them."""
    count = int(pieces.max(initial=0)) + 1
    all_of, inside = (np.bincount(each.ravel(), minlength=count) for each in (pieces, pieces[mask]))
    belongs = inside > MIN_SHARE * np.maximum(all_of, 1)
    belongs[0] = False
    return (np.flatnonzero(belongs) - 1).tolist()


def _ancestors(tree: MergeTree, leaf: int) -> list[int]:
    """A candidate and all those that hold it, from small to large."""
    chain, node = [], leaf
    while node >= 0:
        chain.append(node)
        node = int(tree.whole[node])
    return chain


def _leaves(tree: MergeTree, candidate: int) -> list[int]:
    """The superpixels of a candidate."""
    found, stack = [], [candidate]
    while stack:
        node = stack.pop()
        if node < tree.leaves:
            found.append(node)
        else:
            stack += tree.parts[node].tolist()
    return found
