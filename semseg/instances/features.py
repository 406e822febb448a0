"""Features of every candidate: of its maps, shape, image, and the seams around it.

Most of it adds up: how much foreground there is in a candidate, how long its outline is and how
steep, what grey lies around it, are sums over its fragments, less what lies between them. They are
counted once, for the fragments; only what depends on a candidate's own outline (how deep inside a
pixel lies, the convex hull) is looked at for each.

===================  ================================================================
feature              meaning
===================  ================================================================
`certainty`          mean foreground map inside
`edge_contrast`      step of the foreground map across the outline, where background is beyond
`agreement`          1 - mean difference between the distance map and the distance
                     that its own outline would give: low for a wrong split or merge
`peak`               highest value of the distance map inside
`separation`         mean boundary map where it touches others (1 if it touches none)
`inner_boundary`     mean boundary map well inside: high where two were merged
`size`               ln of the equivalent circular diameter, px of the network's maps
`solidity`           area over that of the convex hull
`contrast`           grey difference to the background around it over the noise there, as ln(1 + x);
                     to that of the whole picture where none is near
`exposure`           share of its outline that touches no other particle
`joined`             log odds of one particle along the last seam undone inside, -2 to 6
`fragment`           1 if no seam was undone inside, 0 otherwise
`further`            log odds that it is one particle with a neighbour, -6 to 6
===================  ================================================================
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage, sparse

from semseg.instances.merge_tree import Candidate
from semseg.measure.runs import runs_of
from semseg.measure.shape import corner_hulls, hull_area, hull_of

__all__ = ["CANDIDATE_FEATURES", "candidate_features", "memberships"]

CANDIDATE_FEATURES = (
    *("certainty", "edge_contrast", "agreement", "peak", "separation", "inner_boundary"),
    *("size", "solidity", "contrast", "exposure", "joined", "fragment", "further"),
)
CORE_PX = 2.0  # deeper than this is well inside
RING_PX = (1.5, 3.5)  # from the outline, where the grey around a particle is read
MIN_NOISE = 0.02
BAND_ROWS = 512


def candidate_features(
    labels: NDArray[np.int32],
    found: pd.DataFrame,
    maps: NDArray[np.floating],
    image: NDArray[np.float32],
    candidates: Sequence[Candidate],
) -> pd.DataFrame:
    """One row per candidate, in order, with `CANDIDATE_FEATURES`.

    Parameters
    ----------
    labels : int32, h x w
        Fragments on the grid of the maps.
    found : DataFrame
        The seams between them, as `semseg.instances.seams.seams` gives them.
    maps : (3, h, w) in 0..1
    image : float32, h x w, 0..1
        What the network saw, on the grid of the maps.
    candidates : sequence of Candidate
        Each of one or several fragments.
    """
    if not candidates:
        return pd.DataFrame(columns=list(CANDIDATE_FEATURES), dtype=float)
    of_fragments = _tally(labels, maps[0], image)
    holds = memberships(candidates, len(of_fragments))
    area, foreground, grey, rim, step, ring, around, squares = (holds @ of_fragments).T
    touching, boundary = _touching(holds, found)
    agreement, peak, inner, hull = _of_outlines(labels, maps, candidates)
    outline = rim + touching
    certainty = foreground / area
    return pd.DataFrame(
        {
            "certainty": certainty,
            "edge_contrast": np.where(rim > 0, step / np.maximum(rim, 1), certainty - 0.5),
            "agreement": agreement,
            "peak": peak,
            "separation": np.where(touching > 0, boundary / np.maximum(touching, 1), 1.0),
            "inner_boundary": inner,
            "size": np.log(np.sqrt(4 * area / np.pi)),
            "solidity": area / hull,
            "contrast": _contrast(grey / area, ring, around, squares, of_fragments[:, -3:].sum(0)),
            "exposure": np.where(outline > 0, rim / np.maximum(outline, 1), 1.0),
            "joined": [each.joined for each in candidates],
            "fragment": [float(len(each.members) == 1) for each in candidates],
            "further": [each.further for each in candidates],
        }
    )


def memberships(candidates: Sequence[Candidate], count: int) -> sparse.csr_array:
    """Which of the labels 0..`count` - 1 each candidate (rows) holds: 1 or nothing."""
    sizes = [len(each.members) for each in candidates]
    members = np.array([label for each in candidates for label in each.members], int)
    starts = np.concatenate([[0], np.cumsum(sizes, dtype=int)])
    return sparse.csr_array((np.ones(members.size), members, starts), (len(sizes), count))


def _tally(
    labels: NDArray[np.int32], foreground: NDArray[np.floating], image: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Of each label: pixels, their foreground and grey; sides on the background and the steps of
    foreground across them; background pixels around it, their grey and its squares."""
    sums = np.zeros((int(labels.max(initial=0)) + 1, 8))

    def add(column: int, label: NDArray[np.int32], values: NDArray[np.floating] | None) -> None:
        sums[:, column] += np.bincount(label, values, len(sums))

    reach = int(np.ceil(RING_PX[1])) + 1
    for top in range(0, labels.shape[0], BAND_ROWS):
        last = top + BAND_ROWS
        own, lit = labels[top:last].ravel(), image[top:last].ravel()
        add(0, own, None)
        add(1, own, foreground[top:last].ravel())
        add(2, own, lit)
        # one row more, for sides across the end of the band
        wide, level = labels[top : last + 1], foreground[top : last + 1].astype(np.float32)
        rows = own.size // labels.shape[1]
        for one, other in ((np.s_[:-1], np.s_[1:]), (np.s_[:rows, :-1], np.s_[:rows, 1:])):
            a, b = wide[one], wide[other]
            at = np.nonzero((a > 0) != (b > 0))
            step = level[one][at] - level[other][at]
            add(3, a[at] + b[at], None)  # one of both is 0
            add(4, a[at] + b[at], np.where(a[at] > 0, step, -step))
        # the background within reach belongs to the nearest
        start = max(top - reach, 0)
        near = labels[start : last + reach]
        if not near.any():
            continue
        away, nearest = ndimage.distance_transform_edt(near == 0, return_indices=True)
        inside = np.s_[top - start : top - start + rows]
        ring = np.nonzero((away[inside] > RING_PX[0]) & (away[inside] <= RING_PX[1]))
        owner = near[tuple(axis[inside][ring] for axis in nearest)]
        seen = image[top:last][ring].astype(np.float64)
        add(5, owner, None)
        add(6, owner, seen)
        add(7, owner, seen**2)
    sums[0] = 0
    return sums


def _touching(holds: sparse.csr_array, found: pd.DataFrame) -> tuple[NDArray[np.float64], ...]:
    """Of each candidate, the sides on other particles and the sum of the boundary map there."""
    length = found["length"].to_numpy(float)
    values = np.column_stack([length, length * found["boundary"].to_numpy(float)])
    one, other = holds[:, found["first"].to_numpy()], holds[:, found["second"].to_numpy()]
    inside = one.multiply(other)
    return tuple((np.asarray((one + other - 2 * inside) @ values)).T)


def _of_outlines(
    labels: NDArray[np.int32], maps: NDArray[np.floating], candidates: Sequence[Candidate]
) -> tuple[NDArray[np.float64], ...]:
    """Agreement, peak, inner boundary and area of the convex hull of each candidate."""
    runs = runs_of(labels)
    boxes = dict(zip(runs.labels.tolist(), runs.boxes().tolist(), strict=True))
    hulls = dict(zip(runs.labels.tolist(), corner_hulls(runs), strict=True))
    belongs = np.zeros(int(labels.max(initial=0)) + 1, bool)
    rows = []
    for each in candidates:
        members = list(each.members)
        belongs[members] = True
        window = _around([boxes[label] for label in members], labels.shape)
        inside = belongs[labels[window]]
        belongs[members] = False
        # beyond the picture nothing is known, so the picture's own edge is no outline
        depth = ndimage.distance_transform_edt(inside)[inside]
        distance = maps[1][window][inside].astype(np.float32)
        core = maps[2][window][inside][depth > CORE_PX]
        difference = np.abs(distance - depth / max(float(depth.max()), 1.0))
        hull = hull_of([hulls[label] for label in members])
        rows.append(
            (
                1 - float(difference.mean()),
                float(distance.max()),
                float(core.mean(dtype=np.float32)) if core.size else 0.0,
                hull_area(hull),
            )
        )
    return tuple(np.array(rows, float).T)


def _around(boxes: Sequence[Sequence[int]], shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The window that holds all the boxes (top, left, bottom, right) and a pixel around them."""
    top, left, bottom, right = zip(*boxes, strict=True)
    return (
        slice(max(0, min(top) - 1), min(shape[0], max(bottom) + 1)),
        slice(max(0, min(left) - 1), min(shape[1], max(right) + 1)),
    )


def _contrast(
    grey: NDArray[np.float64],
    ring: NDArray[np.float64],
    around: NDArray[np.float64],
    squares: NDArray[np.float64],
    everywhere: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Difference to the grey around over its noise, as ln(1 + x); from sums over pixels."""
    lonely = ring == 0  # crowded on all sides
    if not everywhere[0]:
        return np.zeros(len(grey))
    ring, around, squares = (
        np.where(lonely, total, own)
        for own, total in zip((ring, around, squares), everywhere, strict=True)
    )
    mean = around / ring
    noise = np.sqrt(np.maximum(squares / ring - mean**2, 0)) + MIN_NOISE
    return np.log1p(np.abs(grey - mean) / noise)
