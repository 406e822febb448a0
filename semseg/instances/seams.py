"""Fragments to particles: which of the lines along which a flood parted its foreground are real.

A flood from every hill of the distance map cuts too much rather than too little. Along each cut,
the seam, it is then judged whether two particles touch there or one was cut in two: by what the
network says along it (is there a boundary, how deep is the saddle) and by the two fragments' sizes.
The judge is a logistic regression, fitted on validation pictures (`training.fit`) and stored with
the model. What it says of single seams is reconciled: of three fragments that touch each other, two
are not joined to the third along seams that look false when the seam between them looks real.

>>> labels = np.repeat([[1, 1, 1, 2, 2, 2]], 4, axis=0).astype(np.int32)
>>> flat = np.ones((3, 4, 6), np.float32)
>>> seams(labels, flat[1], flat)[["first", "second"]].values.tolist()
[[1, 2]]
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["FEATURES", "join", "join_flat", "merge_order", "odds_of_one", "seams"]

Labels = NDArray[np.int32]
BAND_ROWS = 512

# what is known of a seam; see `seams`
FEATURES = (
    *("boundary", "boundary_low", "width", "saddle"),
    *("hill", "size", "ratio", "foreground"),
)


def seams(labels: Labels, hills: NDArray[np.floating], maps: NDArray[np.floating]) -> pd.DataFrame:
    """One row per pair of fragments that touch (side by side, not by corners).

    Parameters
    ----------
    labels : (H, W) int32
        Fragments 1..n, 0 background.
    hills : (H, W)
        What the flood came down from.
    maps : (3, H, W) in 0..1
        Foreground, distance, boundary.

    Returns
    -------
    DataFrame with ``first`` < ``second`` (labels), ``length`` (sides of pixels) and `FEATURES`:

    ``boundary, boundary_low, foreground``
        Mean and lower quartile of the boundary map, mean of the foreground map along the seam.
    ``width``
        Length of the seam over the smaller fragment's equivalent circular diameter.
    ``saddle``
        Highest point of the seam over the lower of both hilltops.
    ``hill, size, ratio``
        That hilltop; ln of the smaller diameter in px; ln of the ratio of both diameters.
    """
    count = int(labels.max(initial=0))
    pair, values = _along_seams(labels, hills, maps, count)
    keys, seam, lengths = np.unique(pair, return_inverse=True, return_counts=True)
    boundary, hill, foreground = values
    first, second = keys // (count + 1), keys % (count + 1)
    tops = _tops(labels, hills, count)
    diameters = np.sqrt(4 * np.bincount(labels.ravel(), minlength=count + 1) / np.pi)
    small = np.minimum(diameters[first], diameters[second])
    large = np.maximum(diameters[first], diameters[second])
    low_top = np.minimum(tops[first], tops[second])
    saddle = np.zeros(len(keys))
    np.maximum.at(saddle, seam, hill)
    order = np.lexsort((boundary, seam))
    starts = np.cumsum(lengths) - lengths
    return pd.DataFrame(
        {
            "first": first,
            "second": second,
            "length": lengths,
            "boundary": np.bincount(seam, boundary, len(keys)) / lengths,
            "boundary_low": boundary[order][starts + lengths // 4],
            "width": lengths / small,
            "saddle": saddle / np.maximum(low_top, 1e-6),
            "hill": low_top,
            "size": np.log(small),
            "ratio": np.log(large / small),
            "foreground": np.bincount(seam, foreground, len(keys)) / lengths,
        }
    )


def odds_of_one(found: pd.DataFrame, judge: Mapping[str, Any]) -> NDArray[np.float64]:
    """Natural logarithm of the odds that both sides of each seam are one particle.

    ``judge`` holds ``features`` (names), ``mean``, ``scale``, ``weights`` and ``intercept``.
    """
    mean, scale = np.asarray(judge["mean"]), np.asarray(judge["scale"])
    standard = (found[list(judge["features"])].to_numpy(float) - mean) / scale
    return np.clip(standard, -4, 4) @ np.asarray(judge["weights"]) + float(judge["intercept"])


def merge_order(
    found: pd.DataFrame, odds: NDArray[np.floating], least: float = 0.0
) -> tuple[list[tuple[int, int, float]], dict[int, float]]:
    """Which fragments become one, and in which order, as far as all the seams agree.

    Greedy additive edge contraction (Keuper et al., ICCV 2015): the two with the greatest odds
    become one, with the lesser label; where both had a seam with a third, its odds add up; and
    so on until no odds exceed `least`.

    Parameters
    ----------
    found : DataFrame
        The seams, as `seams` gives them.
    odds : (n,)
        In favour of one particle on both sides of each seam; as logarithms they add up. Infinite
        ones cannot be outweighed.
    least : float

    Returns
    -------
    list of (int, int, float)
        The label that stays, the one that goes into it, and the odds then.
    dict of int to float
        Of those that still have neighbours, by label, the greatest odds left.
    """
    beside: dict[int, dict[int, float]] = {}
    queue = []
    seams_of_all = zip(
        found["first"].tolist(), found["second"].tolist(), odds.tolist(), strict=True
    )
    for one, other, value in seams_of_all:
        beside.setdefault(one, {})[other] = value
        beside.setdefault(other, {})[one] = value
        if value > least:
            queue.append((-value, one, other))
    heapq.heapify(queue)
    merges = []
    while queue:
        value, one, other = heapq.heappop(queue)
        # what was queued before one side was joined or the odds were added up is out of date
        if beside.get(one, {}).get(other) != -value:
            continue
        merges.append((one, other, -value))
        del beside[one][other], beside[other][one]
        for third, more in beside.pop(other).items():
            del beside[third][other]
            total = beside[one].get(third, 0.0) + more
            beside[one][third] = beside[third][one] = total
            if total > least:
                heapq.heappush(queue, (-total, min(one, third), max(one, third)))
    return merges, {label: max(left.values()) for label, left in beside.items() if left}


def join(labels: Labels, found: pd.DataFrame, odds: NDArray[np.floating]) -> Labels:
    """Join fragments along seams with positive odds, in the order of `merge_order`."""
    parent = list(range(int(labels.max(initial=0)) + 1))
    for one, other, _ in merge_order(found, odds)[0]:
        parent[other] = one
    return _renamed(labels, parent)


def join_flat(
    labels: Labels, hills: NDArray[np.floating], found: pd.DataFrame, prominence: float
) -> Labels:
    """Join fragments whose hills are hardly told apart.

    From the highest saddle down, two hills become one when the lower top stands less than
    `prominence` above the saddle between them; the higher top is then that of both.
    """
    height = (found["saddle"] * found["hill"]).to_numpy()
    first, second = found["first"].tolist(), found["second"].tolist()
    top = _tops(labels, hills, int(labels.max(initial=0))).tolist()
    parent = list(range(len(top)))
    for index in np.argsort(-height, kind="stable").tolist():
        one, other = _root(parent, first[index]), _root(parent, second[index])
        if one != other and min(top[one], top[other]) - height[index] < prominence:
            root = _unite(parent, one, other)
            top[root] = max(top[one], top[other])
    return _renamed(labels, parent)


def _along_seams(
    labels: Labels, hills: NDArray[np.floating], maps: NDArray[np.floating], count: int
) -> tuple[NDArray[np.int64], tuple[NDArray[np.float64], ...]]:
    """For every two neighbouring pixels of different fragments: the pair as one number, and of
    both pixels the greater boundary, the lower hill, the lower foreground; band by band."""
    pairs, columns = [], ([], [], [])
    for top in range(0, labels.shape[0], BAND_ROWS):
        # one row more, for pairs across the end of the band
        band = np.s_[top : top + BAND_ROWS + 1]
        rows = min(BAND_ROWS, labels.shape[0] - top)
        for one, other in (
            (np.s_[:-1], np.s_[1:]),
            (np.s_[:rows, :-1], np.s_[:rows, 1:]),
        ):
            a, b = labels[band][one], labels[band][other]
            at = np.nonzero((a != b) & (a > 0) & (b > 0))
            low, high = np.minimum(a[at], b[at]), np.maximum(a[at], b[at])
            pairs.append(low.astype(np.int64) * (count + 1) + high)
            sources = ((maps[2], np.maximum), (hills, np.minimum), (maps[0], np.minimum))
            for column, (source, choose) in zip(columns, sources, strict=True):
                part = source[band]
                column.append(choose(part[one][at], part[other][at]).astype(np.float64))
    return np.concatenate(pairs), tuple(np.concatenate(column) for column in columns)


def _tops(labels: Labels, hills: NDArray[np.floating], count: int) -> NDArray[np.float64]:
    """The highest point of each fragment, by label; 0 for the background."""
    tops = np.zeros(count + 1, hills.dtype)
    for top in range(0, labels.shape[0], BAND_ROWS):
        band = np.s_[top : top + BAND_ROWS]
        inside = labels[band] > 0
        np.maximum.at(tops, labels[band][inside], hills[band][inside])
    return tops.astype(np.float64)


def _root(parent: list[int], label: int) -> int:
    while parent[label] != label:
        parent[label] = parent[parent[label]]
        label = parent[label]
    return label


def _unite(parent: list[int], one: int, other: int) -> int:
    """Make both one set, named by the lesser; its name."""
    one, other = _root(parent, one), _root(parent, other)
    low, high = min(one, other), max(one, other)
    parent[high] = low
    return low


def _renamed(labels: Labels, parent: list[int]) -> Labels:
    roots = np.array([_root(parent, label) for label in range(len(parent))], np.int32)
    return roots[labels]
