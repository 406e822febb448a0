"""Resamples of particles or images, and what is worked out from them; for
`semseg.statistics.intervals`.

>>> sample = take([10.0, 20.0, 30.0], groups=[1, 1, 2])
>>> sample.unit, sample.starts.tolist()
('particles', [0, 2])
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from semseg.statistics.distribution import positive_sizes

__all__ = [
    "MIN_IMAGES",
    "Sample",
    "Unit",
    "between_images",
    "effective_count",
    "resampled_sums",
    "simulated_ratios",
    "sizes_at",
    "standard_error",
    "tail",
    "take",
]

MIN_IMAGES = 5  # below, particles are resampled
# Elements of one block of resamples: few enough for the processor's cache.
BLOCK = 1 << 16

Unit = Literal["images", "particles"]
Float = TypeVar("Float", np.float32, np.float64)


@dataclass(frozen=True)
class Sample:
    """Sizes (n,) and weights (n,), image after image; `starts` is where each image begins.

    `relative` are the sizes divided by their geometric mean, so that no power overflows.
    """

    sizes: NDArray[np.float64]
    weights: NDArray[np.float64] | None
    relative: NDArray[np.float64]
    starts: NDArray[np.intp]

    @property
    def unit(self) -> Unit:
        return "images" if self.starts.size >= MIN_IMAGES else "particles"

    @property
    def weight(self) -> NDArray[np.float64]:
        return np.ones_like(self.sizes) if self.weights is None else self.weights

    def by_unit(self, columns: NDArray[Float]) -> NDArray[Float]:
        """Sums over each unit: (..., n) to (..., k)."""
        if self.unit == "particles":
            return columns
        sums: NDArray[Float] = np.add.reduceat(columns, self.starts, axis=-1)
        return sums


def take(
    sizes: ArrayLike, weights: ArrayLike | None = None, groups: ArrayLike | None = None
) -> Sample:
    """A checked sample; parameters and errors as `distribution.positive_sizes` has them."""
    size, weight, group = positive_sizes(sizes, weights, groups)
    if size.size == 0:
        return Sample(size, weight, size, np.empty(0, np.intp))
    starts = np.concatenate(([0], np.flatnonzero(group[1:] != group[:-1]) + 1))
    return Sample(size, weight, size / np.exp(np.log(size).mean()), starts)


def _blocks(resamples: int, count: int) -> Iterator[slice]:
    """Resamples of `count` elements each, in parts that fit the cache."""
    step = max(1, BLOCK // count)
    for first in range(0, resamples, step):
        yield slice(first, min(first + step, resamples))


def resampled_sums(
    units: NDArray[np.float64], resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Sums of m columns over k units (m, k), each resample k units with return: (m, resamples)."""
    if resamples < 100:
        raise ValueError(f"There must be at least 100 resamples, but there are {resamples}.")
    count = units.shape[1]
    sums = np.empty((units.shape[0], resamples))
    for block in _blocks(resamples, count):
        rows = block.stop - block.start
        picked = rng.integers(0, count, (rows, count), dtype=np.int32)
        picked += np.arange(rows, dtype=np.int32)[:, None] * np.int32(count)
        times = np.bincount(picked.ravel(), minlength=rows * count).reshape(rows, count)
        # Not a matrix product: its threads cost more than so few rows gain.
        sums[:, block] = np.einsum("mk,rk->mr", units, times)
    return sums


def standard_error(estimates: NDArray[np.float64], units: int) -> NDArray[np.float64]:
    """Standard error from the estimates of resamples (..., resamples) of so many units."""
    scatter: NDArray[np.float64] = estimates.std(axis=-1, ddof=1)
    return scatter * math.sqrt(units / (units - 1))


def effective_count(weights: NDArray[np.float64]) -> float:
    """How many equal weights would scatter as much (Kish, Survey Sampling, Wiley 1965)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def sizes_at(
    sizes: NDArray[np.float64],
    weights: NDArray[np.float64],
    share: float,
    errors: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sizes where the share is `share` plus each of `errors`, on the logit scale; NaN beyond all.

    The k-th of n equal weights stands at the share k / (n + 1), its expectation; with others, of
    which m are effective, at ((W_k - w_k / 2) m / W + 1/2) / (m + 1), W_k the sum of the first k.
    """
    if not errors[1] > 0:
        return np.full(2, math.nan)
    order = np.argsort(sizes, kind="stable")
    sizes, weights = sizes[order], weights[order]
    effective = effective_count(weights)
    middles = (np.cumsum(weights) - weights / 2) / weights.sum()
    positions = (middles * effective + 0.5) / (effective + 1)
    ends = expit(logit(share) + errors / (share * (1 - share)))
    return np.interp(ends, positions, sizes, left=math.nan, right=math.nan)


def tail(powers: NDArray[Float]) -> tuple[NDArray[Float], NDArray[Float]]:
    """Logarithms of the SD, D[3,2] and D[4,3], and their standard errors: (3, ...) each.

    `powers` (5, ..., k) are the sums of w, w d, ... w d^4 over each of k units. The error is that
    of the linear approximation, sqrt(k / (k - 1) sum(u^2)) with u what each unit adds (Wolter,
    Introduction to Variance Estimation, 2007, chapter 6).
    """
    units = powers.shape[-1]
    sums = powers.sum(axis=-1, keepdims=True)
    mean = sums[1] / sums[0]
    variance = np.maximum(sums[2] / sums[0] - mean**2, np.finfo(powers.dtype).tiny)
    squares = powers[2] - 2 * mean * powers[1] + mean**2 * powers[0]
    added = (
        (squares / variance - powers[0]) / (2 * sums[0]),
        powers[3] / sums[3] - powers[2] / sums[2],
        powers[4] / sums[4] - powers[3] / sums[3],
    )
    scatter = np.stack([np.einsum("...k,...k->...", each, each) for each in added])
    logs = np.stack([np.log(variance) / 2, np.log(sums[3] / sums[2]), np.log(sums[4] / sums[3])])
    return logs[..., 0], np.sqrt(scatter * (units / (units - 1)))


def simulated_ratios(
    sample: Sample, variance: float, resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(estimate - truth) / SE of lognormal samples like this one: (3, resamples).

    They have as many images with as many particles, and this variance of ln d, of which as large a
    part lies between images. The truth is that of a lognormal distribution of geometric mean 1 and
    variance v of ln d: SD^2 = exp(v) (exp(v) - 1), D[p,q] = exp((p + q) v / 2) (Hatch and Choate,
    J. Franklin Inst. 207 (1929) 369).
    """
    count = sample.sizes.size
    held = np.diff(sample.starts, append=count)
    between = between_images(sample, variance) if sample.unit == "images" else 0.0
    truth = [variance / 2 + math.log(math.expm1(variance)) / 2, 2.5 * variance, 3.5 * variance]
    # Single precision is twice as quick, but loses the variance of nearly equal sizes.
    kind = np.float32 if variance > 1e-3 else np.float64
    ratios = np.empty((3, resamples))
    for block in _blocks(resamples, count):
        rows = block.stop - block.start
        logs = rng.standard_normal((rows, count), kind)
        logs *= math.sqrt(variance - between)
        if between > 0:
            shifts = rng.standard_normal((rows, held.size), kind)
            shifts *= math.sqrt(between)
            logs += np.repeat(shifts, held, axis=1)
        powers = np.empty((5, rows, count), kind)
        powers[0] = 1
        np.exp(logs, out=powers[1])
        for p in (2, 3, 4):
            np.multiply(powers[p - 1], powers[1], out=powers[p])
        estimates, errors = tail(sample.by_unit(powers))
        ratios[:, block] = (estimates - np.array(truth)[:, None]) / errors
    return ratios


def between_images(sample: Sample, variance: float) -> float:
    """The part of the variance of ln d that lies between images, 0 ... `variance`.

    From the mean squares between and within images of unequal counts (Searle, Casella and
    McCulloch, Variance Components, 1992, chapter 3.6).
    """
    logs = np.log(sample.relative)
    held = np.diff(sample.starts, append=logs.size)
    means = np.add.reduceat(logs, sample.starts) / held
    within = ((logs - np.repeat(means, held)) ** 2).sum() / max(1, logs.size - held.size)
    among = (held * (means - logs.mean()) ** 2).sum() / (held.size - 1)
    typical = (logs.size - (held**2).sum() / logs.size) / (held.size - 1)
    return float(np.clip((among - within) / typical, 0, variance))
