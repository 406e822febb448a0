"""Simulated samples of many particles whose true figures are known, for `benchmarks.metrology`.

A `Draw` makes one sample from a random generator: sizes, their weights or None, the image that each
was seen in or None. Beside it stands its `Truth`, every figure of `FIGURES`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from semseg.statistics.distribution import edge_weights
from semseg.statistics.intervals import bootstrap_intervals

# Attribute of Intervals and its heading.
FIGURES = {
    "mean": "mean",
    "standard_deviation": "SD",
    "geometric_mean": "GM",
    "geometric_standard_deviation": "GSD",
    "d10": "D10",
    "d50": "D50",
    "d90": "D90",
    "d32": "D[3,2]",
    "d43": "D[4,3]",
    "volume_d10": "D10 vol.",
    "volume_d50": "D50 vol.",
    "volume_d90": "D90 vol.",
}

FRAME, MEDIAN, SIGMA = (700.0, 1024.0), 60.0, 0.5
MARGIN = 400.0  # the radius of a disc 5 standard deviations above the median

Draw = Callable[[np.random.Generator], tuple[NDArray, NDArray | None, NDArray | None]]
Truth = dict[str, float]


def lognormal_truth(sigma: float, median: float = 1.0) -> Truth:
    """Every figure of a lognormal distribution; sigma is ln GSD (Hatch and Choate)."""
    z = float(ndtri(0.9)) * sigma
    square = sigma**2
    ratios = {
        "mean": math.exp(square / 2),
        "standard_deviation": math.exp(square / 2) * math.sqrt(math.expm1(square)),
        "geometric_mean": 1.0,
        "d10": math.exp(-z),
        "d50": 1.0,
        "d90": math.exp(z),
        "d32": math.exp(2.5 * square),
        "d43": math.exp(3.5 * square),
        "volume_d10": math.exp(3 * square - z),
        "volume_d50": math.exp(3 * square),
        "volume_d90": math.exp(3 * square + z),
    }
    truth = {name: median * ratio for name, ratio in ratios.items()}
    return truth | {"geometric_standard_deviation": math.exp(sigma)}


def sampled_truth(draw: Draw) -> Truth:
    """Every figure of a distribution without formulae, from very many sizes of it."""
    rng = np.random.default_rng(99)
    found = bootstrap_intervals(np.concatenate([draw(rng)[0] for _ in range(3000)]), resamples=100)
    return {name: getattr(found, name).value for name in FIGURES}


def particles(count: int, gsd: float) -> tuple[Draw, Truth]:
    """One image of independent lognormal particles."""
    sigma = math.log(gsd)
    return lambda rng: (rng.lognormal(0, sigma, count), None, None), lognormal_truth(sigma)


def images(
    count: int, held: int, gsd: float, between: float, *, uneven: bool = False
) -> tuple[Draw, Truth]:
    """Images whose particles share a factor, lognormal with standard deviation `between` of ln d.

    Uneven ones hold lognormal numbers of particles, with a standard deviation of 0.6.
    """
    sigma = math.log(gsd)

    def draw(rng: np.random.Generator) -> tuple[NDArray, None, NDArray]:
        numbers = np.full(count, held)
        if uneven:
            numbers = np.ceil(held * rng.lognormal(-0.18, 0.6, count)).astype(int)
        image = np.repeat(np.arange(count), numbers)
        shift = rng.normal(0, between, count)[image]
        return np.exp(rng.normal(0, sigma, image.size) + shift), None, image

    return draw, lognormal_truth(math.hypot(sigma, between))


def normal_sizes(rng: np.random.Generator, count: int) -> NDArray:
    return np.maximum(rng.normal(1, 0.25, count), 0.02)


def mixed_sizes(rng: np.random.Generator, count: int) -> NDArray:
    return rng.lognormal(0, math.log(1.2), count) * np.where(rng.random(count) < 0.1, 3, 1)


def frame(count: float) -> tuple[Draw, Truth]:
    """Discs wholly inside one frame, weighted by 1/P: `discs` with some `count` centres in it."""

    def draw(rng: np.random.Generator) -> tuple[NDArray, NDArray, None]:
        x, y, diameter = discs(rng, count)
        whole = diameter[inside(x, y, diameter)]
        return whole, edge_weights(whole, whole, FRAME), None

    return draw, lognormal_truth(SIGMA, MEDIAN)


def discs(rng: np.random.Generator, count: float) -> tuple[NDArray, NDArray, NDArray]:
    """x, y and diameter, px, of discs at random in and around the frame, `count` of them in it."""
    height, width = FRAME
    area = (height + 2 * MARGIN) * (width + 2 * MARGIN)
    number = rng.poisson(count * area / (height * width))
    x = rng.uniform(-MARGIN, width + MARGIN, number)
    y = rng.uniform(-MARGIN, height + MARGIN, number)
    return x, y, rng.lognormal(math.log(MEDIAN), SIGMA, number)


def inside(x: NDArray, y: NDArray, diameter: NDArray) -> NDArray[np.bool_]:
    """Which discs lie wholly in the frame."""
    height, width = FRAME
    r = diameter / 2
    return (x > r) & (x < width - r) & (y > r) & (y < height - r)


def visible_area(x: NDArray, y: NDArray, diameter: NDArray, lines: int = 200) -> NDArray:
    """Area of each disc within the frame, from vertical chords."""
    height, width = FRAME
    r = diameter[:, None] / 2
    across = (np.arange(lines) + 0.5) / lines * 2 - 1
    half = r * np.sqrt(1 - across**2)
    at = x[:, None] + r * across
    top, bottom = y[:, None] + half, y[:, None] - half
    chord = np.clip(np.minimum(top, height) - np.maximum(bottom, 0), 0, None)
    return (chord * ((at >= 0) & (at <= width))).sum(axis=1) * diameter / lines
