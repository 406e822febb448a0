"""The size distribution of many particles: number-weighted summary and histogram bins.

>>> summary = summarise([10.0, 20.0, 30.0, 40.0])
>>> summary.count, summary.mean, summary.d10, summary.d50
(4, 25.0, 13.0, 25.0)
>>> summarise([]).mean
nan
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

__all__ = ["SizeSummary", "histogram_edges", "summarise"]

MAX_BINS = 100


@dataclass(frozen=True)
class SizeSummary:
    """Number-weighted summary of one size, in the unit of the values it was made from.

    Attributes
    ----------
    count
        Number of values.
    mean
        Arithmetic mean; NaN without values.
    median
        The same as `d50`; NaN without values.
    standard_deviation
        Of the sample (n - 1); NaN with fewer than two values.
    d10, d50, d90
        Sizes that 10, 50 and 90 % of the particles, by number, do not exceed; NaN without values.
    """

    count: int
    mean: float
    median: float
    standard_deviation: float
    d10: float
    d50: float
    d90: float


def summarise(values: Iterable[float]) -> SizeSummary:
    """Summarise sizes, every particle counting once.

    Percentiles interpolate linearly between order statistics: of n sorted values x_0 ... x_(n-1),
    the share p lies at position p (n - 1) (type 7 of Hyndman and Fan, The American Statistician
    50 (1996) 361; the default of numpy, R and Excel's PERCENTILE.INC). Values that are not finite
    are left out and not counted.
    """
    sizes = _finite(values)
    if sizes.size == 0:
        return SizeSummary(0, *[math.nan] * 6)
    d10, d50, d90 = np.percentile(sizes, [10, 50, 90], method="linear").tolist()
    spread = float(sizes.std(ddof=1)) if sizes.size > 1 else math.nan
    return SizeSummary(sizes.size, float(sizes.mean()), d50, spread, d10, d50, d90)


def histogram_edges(values: Iterable[float], max_bins: int = MAX_BINS) -> np.ndarray:
    """Edges of equal bins from the least to the greatest value (float64, at least two, rising).

    The bin is about 2 IQR n^(-1/3) wide (Freedman and Diaconis, Z. Wahrscheinlichkeitstheorie
    verw. Gebiete 57 (1981) 453), made a little narrower so that a whole number of bins fills the
    range. Where the interquartile range is zero, Sturges' 1 + log2 n bins are used. There are never
    more than `max_bins`. Equal values get one bin around them; without finite values the edges are
    0 and 1.
    """
    sizes = _finite(values)
    if sizes.size == 0:
        return np.array([0.0, 1.0])
    low, high = float(sizes.min()), float(sizes.max())
    # Values that differ by rounding only are one value, for which no bin could be told apart.
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        half = max(0.05 * abs(low), 0.5)
        return np.array([low - half, high + half])
    first, third = np.percentile(sizes, [25, 75])
    width = 2 * (third - first) / np.cbrt(sizes.size)
    # Compared by multiplication: a tiny width must not overflow the quotient.
    if width <= 0:
        bins = math.ceil(1 + math.log2(sizes.size))
    elif width * max_bins <= high - low:
        bins = max_bins
    else:
        bins = math.ceil((high - low) / width)
    return np.linspace(low, high, max(1, min(bins, max_bins)) + 1)


def _finite(values: Iterable[float]) -> np.ndarray:
    """The finite values as float64, ascending, so that their order cannot change a sum."""
    if not isinstance(values, np.ndarray):
        values = list(values)
    sizes = np.asarray(values, dtype=np.float64).ravel()
    return np.sort(sizes[np.isfinite(sizes)])
