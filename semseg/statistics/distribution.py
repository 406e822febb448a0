"""The shape of a size distribution: moment means, span, the lognormal fit, weights for the edge.

>>> from semseg.statistics.summary import summarise
>>> moment_mean([1.0, 2.0, 3.0], 3, 2)
2.571428571428571
>>> span(summarise([10.0, 20.0, 30.0, 40.0]))
0.96
>>> edge_weights([50.0], [50.0], frame=(100.0, 200.0)).tolist()
[2.6666666666666665]
>>> fit_lognormal([10.0, 20.0]) is None
True
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from semseg.statistics.summary import SizeSummary, summarise

__all__ = [
    "MIN_INSIDE_PROBABILITY",
    "MIN_TO_FIT",
    "Lognormal",
    "edge_weights",
    "fit_lognormal",
    "goodness_sentence",
    "inside_probability",
    "moment_mean",
    "positive_sizes",
    "quantile_quantile",
    "span",
]

MIN_TO_FIT = 20  # below, no fit and no interval says anything
MIN_INSIDE_PROBABILITY = 0.25  # of being seen whole; below, a weight rests on too few particles
MAX_POINTS = 300
# Beyond it, the scaled distance no longer depends on the count.
MAX_SIMULATED = 1000


def positive_sizes(
    values: ArrayLike, weights: ArrayLike | None = None, groups: ArrayLike | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.generic]]:
    """The finite sizes (n,), their weights (n,) and groups (n,), in an order of their own.

    They come by group, size and weight, so that the given order cannot change a sum or a resample.

    Parameters
    ----------
    values
        Lengths in any unit. Those that are not finite are left out, with their weights.
    weights
        One for each value, finite and above zero; None counts every particle once and stays None.
    groups
        One for each value, such as the number of its image; None: all are in one group, 0.

    Raises
    ------
    ValueError
        A size is zero or below, or weights or groups do not fit.
    """
    sizes = np.asarray(values, np.float64).ravel()
    weight = None if weights is None else np.asarray(weights, np.float64).ravel()
    group = np.zeros(sizes.size, int) if groups is None else np.asarray(groups).ravel()
    for name, others in (("weights", weight), ("groups", group)):
        if others is not None and others.size != sizes.size:
            raise ValueError(f"There are {sizes.size} sizes, but {others.size} {name}.")
    finite = np.isfinite(sizes)
    sizes, group = sizes[finite], group[finite]
    if (sizes <= 0).any():
        raise ValueError("Every size must be above zero.")
    if weight is not None:
        weight = weight[finite]
        if not (np.isfinite(weight) & (weight > 0)).all():
            raise ValueError("Every weight must be finite and above zero.")
    order = np.lexsort((sizes if weight is None else weight, sizes, group))
    return sizes[order], None if weight is None else weight[order], group[order]


def moment_mean(values: ArrayLike, p: float, q: float, weights: ArrayLike | None = None) -> float:
    """The mean diameter D[p,q] = (sum(w d^p) / sum(w d^q))^(1 / (p - q)), in the unit of `values`.

    D[1,0] is the arithmetic mean, D[3,2] the Sauter mean (volume over surface), D[4,3] the mean by
    volume (De Brouckere). Source: ISO 9276-2, moment-ratio notation.

    Parameters
    ----------
    values
        Sizes above zero; those that are not finite are left out. Without any, the mean is NaN.
    p, q
        Two different orders.
    weights
        By number: how many particles each one stands for (`edge_weights`), above zero.

    Raises
    ------
    ValueError
        The orders are equal, a size is not above zero, or the weights do not fit.
    """
    if p == q:
        raise ValueError(f"The orders of a moment mean must differ, but both are {p:g}.")
    sizes, weight, _ = positive_sizes(values, weights)
    if sizes.size == 0:
        return math.nan
    if weight is None:
        weight = np.ones_like(sizes)
    # Divided by the largest, so that no power overflows.
    ratio = sizes / sizes[-1]
    moments = (weight * ratio**p).sum() / (weight * ratio**q).sum()
    return float(sizes[-1] * moments ** (1 / (p - q)))


def span(summary: SizeSummary) -> float:
    """The relative width (D90 - D10) / D50 of a distribution; NaN without values.

    Source: the usual definition of laser diffraction, with the percentiles of ISO 9276-1.
    """
    return (summary.d90 - summary.d10) / summary.d50 if summary.count else math.nan


@dataclass(frozen=True)
class Lognormal:
    """A lognormal distribution fitted to sizes, and how well it fits.

    Attributes
    ----------
    count
        Number of sizes.
    geometric_mean
        exp(mean of ln d), in the unit of the sizes; the median of the fitted distribution.
    geometric_standard_deviation
        exp(standard deviation (n - 1) of ln d): a pure number, 1 where all sizes are equal.
    ks_distance
        Greatest distance between the sample's cumulative share and the fitted one, 0 ... 1.
    p_value
        Share of lognormal samples of the same count that fit worse. Below 0.05 the sizes are not
        lognormal, or not one population. NaN where all sizes are equal.
    resamples
        Number of simulated samples behind `p_value`.
    """

    count: int
    geometric_mean: float
    geometric_standard_deviation: float
    ks_distance: float
    p_value: float
    resamples: int


def fit_lognormal(
    values: ArrayLike, weights: ArrayLike | None = None, *, resamples: int = 1000, seed: int = 0
) -> Lognormal | None:
    """Fit a lognormal distribution by the mean and the standard deviation of ln d.

    The fit is tested by its Kolmogorov-Smirnov distance D. Tables of D hold for a distribution that
    was known beforehand; one fitted to the same sizes lies nearer, so they would hardly ever reject
    (Lilliefors, J. Am. Stat. Assoc. 62 (1967) 399). Therefore lognormal samples of the same count
    are drawn, each is fitted anew, and p = (1 + number with a D at least as great) / (1 +
    `resamples`). What they give does not depend on the parameters, so standard normal samples do.
    Above 1,000 sizes, samples of 1,000 are drawn, and what is compared is
    D (sqrt(n) - 0.01 + 0.85 / sqrt(n)), whose distribution no longer depends on n (Stephens, J. Am.
    Stat. Assoc. 69 (1974) 730).

    Parameters
    ----------
    values
        Sizes above zero; those that are not finite are left out.
    weights
        By number (`edge_weights`), above zero. They enter the two parameters, by the formulae of
        `summarise`, but not the test: `ks_distance` and `p_value` are those of the sizes as they
        were counted, with a fit of their own. The scatter of a weighted cumulative share depends on
        how weights and sizes go together, which no table and no simulation of n values gives.
    resamples
        Number of simulated samples, at least 1.
    seed
        The same seed gives the same p-value.

    Returns
    -------
    None for fewer than `MIN_TO_FIT` (20) sizes.

    Raises
    ------
    ValueError
        A size is zero or below, the weights do not fit, or there are no resamples.
    """
    if resamples < 1:
        raise ValueError(f"There must be at least one resample, but there are {resamples}.")
    sizes, weight, _ = positive_sizes(values, weights)
    if sizes.size < MIN_TO_FIT:
        return None
    if sizes[0] == sizes[-1]:
        return Lognormal(sizes.size, float(sizes[0]), 1.0, math.nan, math.nan, 0)
    logs = np.log(sizes)
    summary = summarise(logs, weight)
    distance = float(_ks_distances(logs[None])[0])
    simulated = min(sizes.size, MAX_SIMULATED)
    null = _null_distances(simulated, resamples, seed) * _stephens(simulated)
    worse = int((null >= distance * _stephens(sizes.size)).sum())
    return Lognormal(
        count=sizes.size,
        geometric_mean=math.exp(summary.mean),
        geometric_standard_deviation=math.exp(summary.standard_deviation),
        ks_distance=distance,
        p_value=(1 + worse) / (1 + resamples),
        resamples=resamples,
    )


def goodness_sentence(fit: Lognormal | None) -> str:
    """How well the fit describes the sizes, in one sentence."""
    if fit is None:
        return "Too few particles for a fit."
    if not math.isfinite(fit.p_value):
        return "All sizes are equal, so there is nothing to fit."
    numbers = f"(p = {fit.p_value:.3f}, largest distance of the shares {fit.ks_distance:.3f})"
    if fit.p_value < 0.05:
        return (
            "The sizes are not lognormal, or belong to several populations "
            f"{numbers}: interpret geometric mean and standard deviation with care."
        )
    return f"The sizes are consistent with a lognormal distribution {numbers}."


def quantile_quantile(values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a lognormal QQ plot shows: sizes a lognormal sample would have, and those it has.

    The k-th of n sizes (from 1) stands against GM GSD^z, with z the normal quantile of
    (k - 3/8) / (n + 1/4) (Blom, Statistical Estimates and Transformed Beta-Variables, 1958). On
    logarithmic axes a lognormal sample lies along the diagonal.

    Returns
    -------
    theoretical, observed
        float64 (m,), ascending, in the unit of `values`; m is n, but at most 300 (the least and the
        greatest always, others evenly by rank), and 0 for fewer than two sizes.

    Raises
    ------
    ValueError
        A size is zero or below.
    """
    sizes, _, _ = positive_sizes(values)
    if sizes.size < 2:
        return np.empty(0), np.empty(0)
    logs = np.log(sizes)
    picked = np.unique(np.linspace(0, sizes.size - 1, min(sizes.size, MAX_POINTS)).astype(int))
    normal = ndtri((picked + 1 - 0.375) / (sizes.size + 0.25))
    return np.exp(logs.mean() + logs.std(ddof=1) * normal), sizes[picked]


def inside_probability(
    width: ArrayLike, height: ArrayLike, frame: tuple[float, float]
) -> NDArray[np.float64]:
    """How probable it is that a particle that lies in the frame lies wholly inside.

    P = (Z1 - F1) (Z2 - F2) / (Z1 Z2), with Z the sides of the frame and F those of the particle's
    upright bounding box (Miles, in Stochastic Geometry, Wiley 1974; Lantuejoul, Microscope 28
    (1980) 27; ISO 13322-1). Where the least P is below `MIN_INSIDE_PROBABILITY` (0.25), warn: such
    particles are too large for the image.

    Parameters
    ----------
    width, height
        Sides of the bounding boxes (n,), above zero.
    frame
        (height, width) of the analysed frame in the same unit; what was cut off does not belong to
        it.

    Returns
    -------
    float64 (n,), above 0 and below 1.

    Raises
    ------
    ValueError
        A box is not smaller than the frame (such a particle cannot lie wholly inside), or a side is
        not above zero.
    """
    across = np.asarray(width, np.float64).ravel()
    down = np.asarray(height, np.float64).ravel()
    frame_height, frame_width = frame
    if across.size != down.size:
        raise ValueError(f"There are {across.size} widths, but {down.size} heights.")
    if not ((across > 0) & (across < frame_width) & (down > 0) & (down < frame_height)).all():
        raise ValueError("Every bounding box must be smaller than the frame, and above zero.")
    return (1 - across / frame_width) * (1 - down / frame_height)


def edge_weights(
    width: ArrayLike, height: ArrayLike, frame: tuple[float, float]
) -> NDArray[np.float64]:
    """How many particles each one that lies wholly inside stands for: 1 / `inside_probability`.

    Counting only whole particles loses more large ones than small ones; these weights, by number,
    undo it (ISO 13322-1). Parameters and errors are those of `inside_probability`.

    Returns
    -------
    float64 (n,), above 1.
    """
    return 1 / inside_probability(width, height, frame)


def _ks_distances(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """D of every row (rows, n), ascending, against the normal distribution fitted to that row."""
    count = samples.shape[1]
    centred = samples - samples.mean(axis=1, keepdims=True)
    share = ndtr(centred / samples.std(axis=1, ddof=1, keepdims=True))
    steps = np.arange(count) / count
    above, below = share - steps, steps + 1 / count - share
    distance: NDArray[np.float64] = np.maximum(above.max(axis=1), below.max(axis=1))
    return distance


@functools.lru_cache(maxsize=32)
def _null_distances(count: int, resamples: int, seed: int) -> NDArray[np.float64]:
    """D of `resamples` normal samples of this count."""
    samples = np.random.default_rng(seed).standard_normal((resamples, count))
    samples.sort(axis=1)
    return _ks_distances(samples)


def _stephens(count: int) -> float:
    """What makes D of a fitted normal distribution independent of the count."""
    return math.sqrt(count) - 0.01 + 0.85 / math.sqrt(count)
