"""Fragments to particles: which lines between the basins of a watershed are real.

The watershed from every peak of the distance map over-segments. Its basins are called *fragments*
here (superpixels); the line between two that touch is a *seam* (an edge of their region adjacency
graph). For each seam a classifier, the merge classifier, gives the odds that both sides are one
particle: from what the network says along it (is there a boundary, how deep is the saddle) and from
the sizes of the two fragments. It is a logistic regression, fitted on validation images
(`training.fit`) and stored with the model. The odds of single seams are reconciled: of three
fragments that touch each other, two are not joined to the third along seams that look false when
the seam between them looks real.

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

from semseg.instances.labelling import root_of

__all__ = ["FEATURES", "join", "join_by_prominence", "merge_log_odds", "merge_order", "seams"]

Labels = NDArray[np.int32]
BAND_ROWS = 512

# what is known of a seam; see `seams`
FEATURES = (
    *("boundary", "boundary_low", "width", "saddle"),
    *("lower_peak", "size", "ratio", "foreground"),
)


def seams(
    labels: Labels, elevation: NDArray[np.floating], maps: NDArray[np.floating]
) -> pd.DataFrame:
    """The region adjacency graph: one row per pair of fragments that touch by sides of pixels.

    Parameters
    ----------
    labels : (H, W) int32
        Fragments 1..n, 0 background.
    elevation : (H, W)
        What the watershed flooded, peaks first: the smoothed distance map.
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
        Highest point of the seam over the lower of both fragments' peaks.
    ``lower_peak, size, ratio``
        That peak; ln of the smaller diameter in px; ln of the ratio of both diameters.
    """
    count = int(labels.max(initial=0))
    pair, values = _along_seams(labels, elevation, maps, count)
    keys, seam, lengths = np.unique(pair, return_inverse=True, return_counts=True)
    boundary, height, foreground = values
    first, second = keys // (count + 1), keys % (count + 1)
    peaks = _peaks(labels, elevation, count)
    diameters = np.sqrt(4 * np.bincount(labels.ravel(), minlength=count + 1) / np.pi)
    small = np.minimum(diameters[first], diameters[second])
    large = np.maximum(diameters[first], diameters[second])
    lower_peak = np.minimum(peaks[first], peaks[second])
    saddle = np.zeros(len(keys))
    np.maximum.at(saddle, seam, height)
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
            "saddle": saddle / np.maximum(lower_peak, 1e-6),
            "lower_peak": lower_peak,
            "size": np.log(small),
            "ratio": np.log(large / small),
            "foreground": np.bincount(seam, foreground, len(keys)) / lengths,
        }
    )


def merge_log_odds(found: pd.DataFrame, classifier: Mapping[str, Any]) -> NDArray[np.float64]:
    """Natural logarithm of the odds that both sides of each seam are one particle: (n,).

    Parameters
    ----------
    found : DataFrame, n rows
        The seams, as `seams` gives them.
    classifier : mapping
        ``features`` (names), ``mean``, ``scale``, ``weights`` (one each) and ``intercept``.
    """
    mean, scale = np.asarray(classifier["mean"]), np.asarray(classifier["scale"])
    standard = (found[list(classifier["features"])].to_numpy(float) - mean) / scale
    weights, intercept = np.asarray(classifier["weights"]), float(classifier["intercept"])
    odds: NDArray[np.float64] = np.clip(standard, -4, 4) @ weights + intercept
    return odds


def merge_order(
    found: pd.DataFrame, odds: NDArray[np.floating], min_log_odds: float = 0.0
) -> tuple[list[tuple[int, int, float]], dict[int, float]]:
    """Which fragments are merged, and in which order, as far as all the seams agree.

    Greedy additive edge contraction (Keuper et al., ICCV 2015): the two with the greatest odds
    are merged under the lesser label; where both had a seam with a third, its log odds add up; and
    so on until none exceed `min_log_odds`.

    Parameters
    ----------
    found : DataFrame
        The seams, as `seams` gives them.
    odds : (n,)
        Log odds of one particle on both sides of each seam. Infinite ones cannot be outweighed.
    min_log_odds : float

    Returns
    -------
    list of (int, int, float)
        The label that stays, the one that goes into it, and the log odds then.
    dict of int to float
        Of those that still have neighbours, by label, the greatest log odds left.
    """
    beside: dict[int, dict[int, float]] = {}
    queue = []
    seams_of_all = zip(
        found["first"].tolist(), found["second"].tolist(), odds.tolist(), strict=True
    )
    for one, other, value in seams_of_all:
        beside.setdefault(one, {})[other] = value
        beside.setdefault(other, {})[one] = value
        if value > min_log_odds:
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
            if total > min_log_odds:
                heapq.heappush(queue, (-total, min(one, third), max(one, third)))
    return merges, {label: max(left.values()) for label, left in beside.items() if left}


def join(labels: Labels, found: pd.DataFrame, odds: NDArray[np.floating]) -> Labels:
    """Labels after fragments were joined along seams with positive log odds, by `merge_order`."""
    parent = list(range(int(labels.max(initial=0)) + 1))
    for one, other, _ in merge_order(found, odds)[0]:
        parent[other] = one
    return _renamed(labels, parent)


def join_by_prominence(
    labels: Labels, elevation: NDArray[np.floating], found: pd.DataFrame, min_prominence: float
) -> Labels:
    """Labels after fragments whose peaks hardly stand out were joined to their neighbours.

    From the highest saddle down, two fragments become one when the lower peak stands less than
    `min_prominence` above the saddle between them; the higher peak is then that of both.
    """
    height = (found["saddle"] * found["lower_peak"]).to_numpy()
    first, second = found["first"].tolist(), found["second"].tolist()
    peak = _peaks(labels, elevation, int(labels.max(initial=0))).tolist()
    parent = list(range(len(peak)))
    for index in np.argsort(-height, kind="stable").tolist():
        one, other = root_of(parent, first[index]), root_of(parent, second[index])
        if one != other and min(peak[one], peak[other]) - height[index] < min_prominence:
            root = _unite(parent, one, other)
            peak[root] = max(peak[one], peak[other])
    return _renamed(labels, parent)


def _along_seams(
    labels: Labels, elevation: NDArray[np.floating], maps: NDArray[np.floating], count: int
) -> tuple[NDArray[np.int64], tuple[NDArray[np.float64], ...]]:
    """For every two neighbouring pixels of different fragments: the pair as one number, and of
    both pixels the greater boundary, the lower elevation, the lower foreground; band by band."""
    pairs: list[NDArray[np.int64]] = []
    columns: tuple[list[NDArray[np.float64]], ...] = ([], [], [])
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
            sources = ((maps[2], np.maximum), (elevation, np.minimum), (maps[0], np.minimum))
            for column, (source, choose) in zip(columns, sources, strict=True):
                part = source[band]
                column.append(choose(part[one][at], part[other][at]).astype(np.float64))
    return np.concatenate(pairs), tuple(np.concatenate(column) for column in columns)


def _peaks(labels: Labels, elevation: NDArray[np.floating], count: int) -> NDArray[np.float64]:
    """The highest elevation in each fragment, by label: (count + 1,), 0 for the background."""
    peaks = np.zeros(count + 1, elevation.dtype)
    for top in range(0, labels.shape[0], BAND_ROWS):
        band = np.s_[top : top + BAND_ROWS]
        inside = labels[band] > 0
        np.maximum.at(peaks, labels[band][inside], elevation[band][inside])
    return peaks.astype(np.float64)


def _unite(parent: list[int], one: int, other: int) -> int:
    """Make both one set, named by the lesser; its name."""
    one, other = root_of(parent, one), root_of(parent, other)
    low, high = min(one, other), max(one, other)
    parent[high] = low
    return low


def _renamed(labels: Labels, parent: list[int]) -> Labels:
    """Labels, each replaced by the one that names its set."""
    roots = np.array([root_of(parent, label) for label in range(len(parent))], np.int32)
    return roots[labels]
