"""Screening for nanomaterials of the European Union, by the sizes of particles in images.

**The definition.** Commission Recommendation of 10 June 2022 on the definition of nanomaterial
(2022/C 229/01, Official Journal C 229, 14.6.2022, p. 1; CELEX 32022H0614(01)), point 1: a
nanomaterial is

    "a natural, incidental or manufactured material consisting of solid particles that are present,
    either on their own or as identifiable constituent particles in aggregates or agglomerates, and
    where 50 % or more of these particles in the number-based size distribution fulfil at least one
    of the following conditions:
    (a) one or more external dimensions of the particle are in the size range 1 nm to 100 nm;
    (b) the particle has an elongated shape, such as a rod, fibre or tube, where two external
    dimensions are smaller than 1 nm and the other dimension is larger than 100 nm;
    (c) the particle has a plate-like shape, where one external dimension is smaller than 1 nm and
    the other dimensions are larger than 100 nm."

Particles with at least two orthogonal external dimensions larger than 100 micrometres need not be
considered, and "a material with a specific surface area by volume of < 6 m2/cm3 shall not be
considered a nanomaterial".

**What an image can say.** Condition (a), for the two dimensions it shows: a particle whose least
Feret diameter is 1 nm to 100 nm fulfils it. A particle that looks larger may still be thin, and (b)
and (c) are below what an image resolves. So a share of 50 % or more supports the criterion; a
smaller share shows nothing, and no outcome here says that a material is outside the definition. It
is a screening: the constituent particles must have been separated, and the sample must represent
the material.

**Specific surface area by volume** (VSSA). By the recommendation of 2011 (2011/696/EU, point 5) a
material could also be shown to be a nanomaterial by a VSSA above 60 m2/cm3, that of spheres of
100 nm, where this was technically feasible and specific legislation asked for it; a nanomaterial by
its number-based distribution stayed one below 60 m2/cm3. The recommendation of 2022 has no such
criterion any more. It has the one quoted above, which takes materials below 6 m2/cm3 out.

>>> found = screen([40.0] * 90 + [150.0] * 10, rule="every particle")
>>> found.outcome, found.share, round(found.low, 3), round(found.high, 3)
('meets the size criterion', 0.9, 0.826, 0.945)
>>> found.verdict
'90 % are nano (95 %: 83 to 94 %): at or above the 50 % line, so the size criterion is met'
>>> vssa([100.0, 100.0])
60.0
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

from semseg.statistics.distribution import moment_mean, positive_sizes
from semseg.statistics.intervals import MIN_IMAGES, bootstrap_statistic
from semseg.statistics.resampling import effective_count

__all__ = [
    "INCONCLUSIVE",
    "MAX_NM",
    "MEETS",
    "MIN_NM",
    "NOT_DEMONSTRATED",
    "VSSA_2011",
    "VSSA_2022",
    "Screening",
    "screen",
    "vssa",
    "wilson",
]

MIN_NM, MAX_NM = 1.0, 100.0
HALF = 0.5
LEVEL = 0.95
MEETS = "meets the size criterion"
NOT_DEMONSTRATED = "size criterion not demonstrated"
INCONCLUSIVE = "inconclusive: measure more"
# m2/cm3: above the first, the text of 2011 counted in; below the second, that of 2022 counts out
VSSA_2011, VSSA_2022 = 60.0, 6.0


@dataclass(frozen=True)
class Screening:
    """The share of particles from 1 nm to 100 nm, and what follows from it.

    Attributes
    ----------
    count
        Number of particles.
    in_range
        How many of them have a least Feret diameter of 1 nm to 100 nm, both ends included.
    share
        Their share by number, 0 ... 1, each counting by its weight; NaN without particles.
    low, high
        95 % limits of the share; 0 and 1 without particles.
    method
        Where the limits are from.
    outcome
        ``meets the size criterion`` (the lower limit is at least 0.5),
        ``size criterion not demonstrated`` (the upper limit is below 0.5) or
        ``inconclusive: measure more``.
    verdict
        The outcome in words that hold the figure, for wherever it is shown; no full stop.
    statement
        Sentences to stand beside the verdict: the criterion, the figures, the counting rule, and
        what an image does not show.
    """

    count: int
    in_range: int
    share: float
    low: float
    high: float
    method: str
    outcome: str
    verdict: str
    statement: str


def screen(
    min_feret_nm: ArrayLike,
    weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    *,
    rule: str,
    scale_doubt: str = "",
    resamples: int = 1000,
    seed: int = 0,
) -> Screening:
    """Screen constituent particles by their least Feret diameter.

    The limits are Wilson's (`wilson`). One of fewer than 5 images is taken as n independent
    particles; with weights w, as (sum w)^2 / sum(w^2) of them (Kish, Survey Sampling, Wiley 1965).
    From 5 images on, the standard error SE of the share p is that of resampled images; the
    effective count is p (1 - p) / SE^2 and the quantile is Student's, of as many degrees of freedom
    as images less one. These limits are never nearer than those of independent particles.

    Parameters
    ----------
    min_feret_nm
        (n,) nm, above zero; those that are not finite are left out.
    weights
        (n,) by number, above zero (`semseg.statistics.distribution.edge_weights`); None counts each
        once.
    groups
        (n,) whole numbers: the image each particle is in. None: all in one.
    rule
        Which particles were counted, for the statement, such as "every kept particle, those cut by
        the edge included".
    scale_doubt
        ``assumed`` or ``proposed`` where sizes rest on such a scale. Then the outcome is never
        positive or negative but inconclusive, whatever the share, and the statement says why.
    resamples, seed
        Of the bootstrap over images.

    Raises
    ------
    ValueError
        A size is not above zero, or weights or groups do not fit.
    """
    sizes, weight, group = positive_sizes(min_feret_nm, weights, groups)
    inside = (sizes >= MIN_NM) & (sizes <= MAX_NM)
    if sizes.size == 0:
        share, low, high, method = math.nan, 0.0, 1.0, "no particles"
    else:
        counts = np.ones_like(sizes) if weight is None else weight
        share, low, high, method = _limits(inside, counts, group, resamples, seed)
    outcome = INCONCLUSIVE
    if not scale_doubt and (low >= HALF or high < HALF):
        outcome = MEETS if low >= HALF else NOT_DEMONSTRATED
    verdict = _verdict(outcome, scale_doubt, share, low, high)
    statement = (
        "Screening only, by the size criterion of Commission Recommendation 2022/C 229/01: "
        f"{_share_in_words(sizes.size, share, low, high)}; counting rule: "
        f"{rule.strip().rstrip('.')}. "
        "An image does not show the thickness of a particle, so a share below 50 % does not show "
        "that a material is outside the definition."
    )
    return Screening(
        sizes.size, int(inside.sum()), share, low, high, method, outcome, verdict, statement
    )


def _verdict(outcome: str, scale_doubt: str, share: float, low: float, high: float) -> str:
    if math.isnan(share):
        return "Nothing can be said: no particle was counted"
    number, least, most = _percents((share, low, high))
    said = f"{number} % are nano (95 %: {least} to {most} %)"
    if scale_doubt:
        return f"{said}, but the scale is only {scale_doubt}, so check that first"
    return f"{said}: {_AGAINST_HALF[outcome]}"


_AGAINST_HALF = {
    MEETS: "at or above the 50 % line, so the size criterion is met",
    NOT_DEMONSTRATED: "below the 50 % line; that does not show that it is no nanomaterial",
    INCONCLUSIVE: "the 50 % line is between these limits, so measure more particles",
}


def _percents(shares: Sequence[float]) -> list[str]:
    """Shares in percent with as few decimals as leave each on its side of 50 %.

    >>> _percents([0.12, 0.08, 0.17]), _percents([0.45, 0.41, 0.4996])
    (['12', '8', '17'], ['45.00', '41.00', '49.96'])
    """
    for decimals in (0, 1, 2):
        texts = [f"{100 * share:.{decimals}f}" for share in shares]
        if all(
            (float(text) > 100 * HALF, float(text) < 100 * HALF) == (share > HALF, share < HALF)
            for text, share in zip(texts, shares, strict=True)
        ):
            break
    return texts


def _share_in_words(count: int, share: float, low: float, high: float) -> str:
    if count == 0:
        return "no particle was counted"
    return (
        f"{100 * share:.1f} % of {count} constituent particles by number (95 % interval "
        f"{100 * low:.1f} to {100 * high:.1f} %) have a least Feret diameter from 1 nm to 100 nm"
    )


def wilson(share: float, count: float, critical: float) -> tuple[float, float]:
    """Limits of a share by Wilson's score interval (J. Am. Stat. Assoc. 22 (1927) 209), 0 ... 1.

    (p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)

    Parameters
    ----------
    share
        p, 0 ... 1.
    count
        n, above zero; it may be an effective one that is not whole.
    critical
        z, such as 1.96 for 95 %.
    """
    square = critical**2 / count
    middle = (share + square / 2) / (1 + square)
    half = math.sqrt(square * (share * (1 - share) + square / 4)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def vssa(sizes_nm: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Specific surface area by volume of spheres of these diameters, m2/cm3; NaN without sizes.

    6 sum(w d^2) / sum(w d^3) = 6 / D[3,2], the surface of all particles over their volume
    (Kreyling, Semmler-Behnke and Chaudhry, Nano Today 5 (2010) 165; many sizes: Gibson, Rauscher
    and Roebben, J. Nanopart. Res. 18 (2016) 250). A rough, porous or flat particle has more than
    the sphere of its image, so this is an estimate for compact ones and decides nothing.
    `VSSA_2011` (60) and `VSSA_2022` (6) are the limits that the head of this module explains.

    Raises
    ------
    ValueError
        A size is not above zero, or the weights do not fit.
    """
    # 1 / nm is 1000 m2/cm3
    return 6000.0 / moment_mean(sizes_nm, 3, 2, weights)


def _limits(
    inside: NDArray[np.bool_],
    weights: NDArray[np.float64],
    groups: NDArray[np.generic],
    resamples: int,
    seed: int,
) -> tuple[float, float, float, str]:
    """The share, its limits, and the method."""
    share = float((weights * inside).sum() / weights.sum())
    count = effective_count(weights)
    normal = float(ndtri((1 + LEVEL) / 2))
    images = np.unique(groups).size
    if images < MIN_IMAGES:
        method = "Wilson score interval"
        if count < 0.999 * weights.size:
            method += f" for an effective count of {count:.0f}"
        return share, *wilson(share, count, normal), method
    error = bootstrap_statistic(
        np.stack([weights * inside, weights]),
        lambda sums: sums[0] / sums[1],
        groups,
        resamples=resamples,
        seed=seed,
    ).error
    student = float(stdtrit(images - 1, (1 + LEVEL) / 2))
    most = count * (student / normal) ** 2
    count = min(most, share * (1 - share) / error**2) if error > 0 else most
    return share, *wilson(share, count, student), f"bootstrap over {images} images"
