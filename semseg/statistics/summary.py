"""The size distribution of many particles: summaries by number or volume, and histogram bins.

>>> summary = summarise([10.0, 20.0, 30.0, 40.0])
>>> summary.count, summary.mean, summary.d10, summary.d50
(4, 25.0, 13.0, 25.0)
>>> summarise([10.0, 20.0], weights=[1.0, 3.0]).mean
17.5
>>> summarise([]).mean
nan

The view in the browser computes the same by the same formulae (``statistics.js``).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "FIGURES",
    "IN_SHORT",
    "MAX_BINS",
    "ONCE",
    "Figure",
    "SizeSummary",
    "histogram_edges",
    "summarise",
    "volume_weights",
]

MAX_BINS = 100  # the most that are chosen automatically
SHARES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class SizeSummary:
    """Summary of one size, in the unit of the values it was made from.

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
        Sizes that 10, 50 and 90 % of the particles do not exceed, by number or, where they were
        weighted by volume, by volume; NaN without values.
    """

    count: int
    mean: float
    median: float
    standard_deviation: float
    d10: float
    d50: float
    d90: float


@dataclass(frozen=True)
class Figure:
    """A figure of a `SizeSummary`: its attribute there, in words, and in short."""

    key: str
    name: str
    symbol: str

    @property
    def title(self) -> str:
        """In short, as the head of a column."""
        return self.symbol[:1].upper() + self.symbol[1:]

    def of(self, summary: SizeSummary) -> float:
        """Its value in `summary`."""
        return float(getattr(summary, self.key))


FIGURES = (
    Figure("mean", "mean", "mean"),
    Figure("median", "median", "median"),
    Figure("standard_deviation", "standard deviation", "SD"),
    Figure("d10", "D10", "D10"),
    Figure("d50", "D50", "D50"),
    Figure("d90", "D90", "D90"),
)
# Those that stand where there is little room.
IN_SHORT = FIGURES[:3]
# Each number once, since the median is D50.
ONCE = (FIGURES[0], FIGURES[2], FIGURES[3], Figure("d50", *2 * ("D50 (median)",)), FIGURES[5])


def summarise(values: Iterable[float], weights: Iterable[float] | None = None) -> SizeSummary:
    """Summarise sizes, every particle counting once or by its weight.

    Without weights, percentiles interpolate linearly between order statistics: of n sorted values
    x_0 ... x_(n-1), the share p lies at position p (n - 1) (type 7 of Hyndman and Fan, The American
    Statistician 50 (1996) 361; the default of numpy, R and Excel's PERCENTILE.INC).

    With weights w_k of the values x_1 ... x_n, sorted by value and then by weight, and their sum W,

    * mean = sum(w x) / W;
    * variance = sum(w (x - mean)^2) / (W - sum(w^2) / W), which is unbiased for weights that say
      how much each value matters, and not how often it was seen ("reliability weights": Galassi
      et al., GNU Scientific Library Reference Manual, Weighted Samples);
    * the value x_k lies at the share p_k = ((k - 1) w_k + (n - 1) sum_{i<k} w_i) / ((n - 1) W), and
      the sizes between are interpolated linearly (Henry's generalisation of type 7,
      https://stats.stackexchange.com/q/13169).

    Equal weights give the unweighted figures, up to rounding.

    Parameters
    ----------
    values
        Those that are not finite are left out, with their weights, and not counted.
    weights
        One for each value, finite and above zero; only their ratios matter.

    Raises
    ------
    ValueError
        The weights do not fit the values, or one of them is not finite or not above zero.
    """
    if weights is None:
        sizes = _finite(values)
        if sizes.size == 0:
            return SizeSummary(0, *[math.nan] * 6)
        d10, d50, d90 = np.percentile(sizes, [10, 50, 90], method="linear").tolist()
        spread = float(sizes.std(ddof=1)) if sizes.size > 1 else math.nan
        return SizeSummary(sizes.size, float(sizes.mean()), d50, spread, d10, d50, d90)

    sizes, weight = _weighted(values, weights)
    if sizes.size == 0:
        return SizeSummary(0, *[math.nan] * 6)
    if sizes.size == 1:
        return SizeSummary(1, sizes[0].item(), sizes[0].item(), math.nan, *[sizes[0].item()] * 3)
    total = float(weight.sum())
    mean = float((weight * sizes).sum()) / total
    # Zero by rounding only, where one weight dwarfs all others: then nothing is known of a spread.
    freedom = total - float((weight**2).sum()) / total
    squares = float((weight * (sizes - mean) ** 2).sum())
    spread = math.sqrt(squares / freedom) if freedom > 0 else math.nan
    last = sizes.size - 1
    before = np.concatenate(([0.0], np.cumsum(weight)[:-1]))
    positions = (np.arange(sizes.size) * weight + last * before) / (last * total)
    d10, d50, d90 = np.interp(SHARES, positions, sizes).tolist()
    return SizeSummary(sizes.size, mean, d50, spread, d10, d50, d90)


def volume_weights(particles: pd.DataFrame) -> NDArray[np.float64]:
    """The volume of every particle as a sphere of its ECD, up to a factor: ``ecd_px`` cubed.

    The volume of a sphere is pi/6 d^3; the factor and the unit cancel in every weighted figure.
    """
    ecd: NDArray[np.float64] = particles["ecd_px"].to_numpy(np.float64)
    # Multiplied, because powers are rounded differently by different languages.
    return ecd * ecd * ecd


def histogram_edges(
    values: Iterable[float], *, bins: int | None = None, log: bool = False
) -> NDArray[np.float64]:
    """Edges of equal bins from the least to the greatest value (float64, at least two, rising).

    By default the bin is about 2 IQR n^(-1/3) wide (Freedman and Diaconis, Z.
    Wahrscheinlichkeitstheorie verw. Gebiete 57 (1981) 453), made a little narrower so that a whole
    number of bins fills the range. Where the interquartile range is zero, Sturges' 1 + log2 n bins
    are used. There are never more than `MAX_BINS` automatic bins. Equal values get one bin around
    them; without finite values the edges are 0 and 1.

    Parameters
    ----------
    values
        Those that are not finite are left out.
    bins
        Number of bins; None or 0 finds it.
    log
        Do all this on the base-10 logarithms of the values above zero; the edges returned are
        sizes again (10 to the power of an edge). The first and the last edge are exactly the least
        and the greatest value all the same, so that every value falls into a bin. Equal values get
        one bin from a third of them (10^-0.5) to three times them, at least; without any value the
        edges are 1 and 10.

    Raises
    ------
    ValueError
        A negative number of bins.
    TypeError
        A number of bins that is not whole.
    """
    bins = operator.index(bins or 0)
    if bins < 0:
        raise ValueError(f"The number of bins must not be negative, but is {bins}.")
    sizes = _finite(values)
    if log:
        sizes = sizes[sizes > 0]
    if sizes.size == 0:
        return np.array([1.0, 10.0] if log else [0.0, 1.0])
    least, greatest = float(sizes[0]), float(sizes[-1])
    # Values that differ by rounding only are one value, for which no bin could be told apart.
    equal = greatest - least <= 1e-9 * max(abs(least), abs(greatest))
    if log:
        sizes = np.log10(sizes)
    low, high = float(sizes[0]), float(sizes[-1])
    if equal:
        half = max(0.05 * abs(low), 0.5)
        edges = np.array([low - half, high + half])
        return 10**edges if log else edges
    edges = np.linspace(low, high, (bins or _automatic_bins(sizes)) + 1)
    if log:
        edges = 10**edges
        edges[[0, -1]] = least, greatest
    return edges


def _automatic_bins(sizes: NDArray[np.float64]) -> int:
    """How many bins suit these ascending values, 1 ... `MAX_BINS`."""
    low, high = float(sizes[0]), float(sizes[-1])
    first, third = np.percentile(sizes, [25, 75])
    width = 2 * (third - first) / np.cbrt(sizes.size)
    # Compared by multiplication: a tiny width must not overflow the quotient.
    if width <= 0:
        bins = math.ceil(1 + math.log2(sizes.size))
    elif width * MAX_BINS <= high - low:
        bins = MAX_BINS
    else:
        bins = math.ceil((high - low) / width)
    return max(1, min(bins, MAX_BINS))


def _floats(values: Iterable[float]) -> NDArray[np.float64]:
    """Any iterable as a flat array."""
    if not isinstance(values, np.ndarray):
        values = list(values)
    return np.asarray(values, dtype=np.float64).ravel()


def _finite(values: Iterable[float]) -> NDArray[np.float64]:
    """The finite values as float64, ascending, so that their order cannot change a sum."""
    sizes = _floats(values)
    return np.sort(sizes[np.isfinite(sizes)])


def _weighted(
    values: Iterable[float], weights: Iterable[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The finite values and their weights, ascending by value and then by weight."""
    sizes, weight = _floats(values), _floats(weights)
    if sizes.size != weight.size:
        raise ValueError(f"There are {sizes.size} values, but {weight.size} weights.")
    finite = np.isfinite(sizes)
    sizes, weight = sizes[finite], weight[finite]
    if not (np.isfinite(weight) & (weight > 0)).all():
        raise ValueError("Every weight must be finite and above zero.")
    order = np.lexsort((weight, sizes))
    return sizes[order], weight[order]
