"""The size distribution of many particles as curves: a smooth density, and the cumulative share.

>>> sizes = np.random.default_rng(0).lognormal(4, 0.3, 4000)
>>> at = np.linspace(1, 300, 300)
>>> round(float(np.trapezoid(density(sizes, at), at)), 2)
1.0
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gaussian_kde

__all__ = ["MIN_SIZES", "cumulative", "density"]

MIN_SIZES = 5  # fewer have no density worth a curve


def density(
    sizes: Iterable[float],
    at: NDArray[np.float64],
    *,
    weights: Iterable[float] | None = None,
    log: bool = False,
) -> NDArray[np.float64] | None:
    """Share of the particles per unit of length at the sizes `at`; None for fewer than `MIN_SIZES`.

    A kernel estimate with Silverman's bandwidth 0.9 min(SD, IQR / 1.34) n^(-1/5) (Density
    Estimation, 1986, eq. 3.31), n being the effective number of weighted particles. What would lie
    below zero is reflected there (section 2.10).

    Parameters
    ----------
    sizes : above zero; others are left out
    at : (m,) float64, above zero
    weights : one for each size, above zero
    log : bool
        Per unit of the natural logarithm instead, estimated there: the area under it on a
        logarithmic axis is 1.

    Returns
    -------
    (m,) float64
    """
    values, weight = _sorted(sizes, weights)
    if values.size < MIN_SIZES or values[0] == values[-1]:
        return None
    places = np.log(values) if log else values
    shares = weight / weight.sum()
    effective = float(1 / (shares**2).sum())
    spread = float(np.sqrt(shares @ (places - shares @ places) ** 2 / (1 - 1 / effective)))
    low, high = np.interp([0.25, 0.75], np.cumsum(shares) - shares / 2, places)
    narrow = min(spread, float(high - low) / 1.34) or spread
    kernel = gaussian_kde(places, bw_method=0.9 * narrow / spread * effective**-0.2, weights=shares)
    found: NDArray[np.float64] = kernel(np.log(at)) if log else kernel(at) + kernel(-at)
    return found


def cumulative(
    sizes: Iterable[float], *, weights: Iterable[float] | None = None, points: int = 200
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sizes, rising, and the share of particles up to each, in so many steps at most.

    Returns
    -------
    sizes, shares : (m,) float64, m at most `points` + 1; empty without sizes
        The first share is 0, at the least size; between two the share is drawn as a line.
    """
    values, weight = _sorted(sizes, weights)
    if not values.size:
        return values, values
    x = np.concatenate([values[:1], values])
    y = np.concatenate([[0.0], np.cumsum(weight) / weight.sum()])
    if x.size > points + 1:
        kept = np.unique(np.searchsorted(y, np.linspace(0, y[-1], points + 1)))
        x, y = x[kept], y[kept]
    return x, y


def _sorted(
    sizes: Iterable[float], weights: Iterable[float] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values = np.asarray(list(sizes), np.float64)
    weight = np.ones(values.size) if weights is None else np.asarray(list(weights), np.float64)
    good = np.isfinite(values) & (values > 0)
    values, weight = values[good], weight[good]
    order = np.argsort(values, kind="stable")
    return values[order], weight[order]
