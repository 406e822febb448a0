"""Which of several pictures of a sample are unlike the others, and why, in words.

A picture of another place of the sample differs a little; one at the wrong scale, out of focus, or
of something else differs a lot, and moves the figures of all. `unlike` compares each with the
others:

* its median size, by a robust score: the distance of its logarithm from the median of all, over
  their spread (1.4826 times the median absolute deviation) or over what chance does to the median
  of so few particles, whichever is larger. Above 3.5 a picture is unlike the others (Iglewicz and
  Hoaglin, How to Detect and Handle Outliers, 1993), where it is by a tenth at least;
* how many particles count in it; how many the filter rejects; its scale; its rescale factor.

>>> facts = [Facts(100, median, log_spread=0.3) for median in (50.0, 52.0, 49.0, 99.0)]
>>> [each.words for each in unlike(facts)[3].reasons]
['its median is 98 % larger than that of the others']
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from semseg.analysis import Analysis
from semseg.instances import out_of_domain
from semseg.measure.quantities import SIZES
from semseg.metrology.pooling import poolable, pooled_unit
from semseg.statistics.counting import Counts, counted, size_weights
from semseg.statistics.summary import summarise

__all__ = ["Facts", "Reason", "Unlike", "facts_of", "unlike"]

MIN_PICTURES = 3  # of two that differ nobody knows which one is unlike
MAX_OTHERS = 200  # that stand for all others of very many, evenly taken: medians hardly move
MAX_SCORE = 3.5
MIN_DIFFERENCE = 0.1  # of a median: less is no matter, however sure it is
MIN_SHARE = 0.2  # of the particles of the others, and of the share that the filter keeps
MIN_FOUND = 5  # particles whose share kept says something
SAME_SCALE = 0.02  # relative: as much as scales of one magnification differ
MAX_FACTOR = 2.0  # between rescale factors for the same particles
# standard error of a median over that of a mean, for a normal distribution: sqrt(pi / 2)
MEDIAN_ERROR = 1.2533
MAD_TO_SD = 1.4826


@dataclass(frozen=True)
class Facts:
    """What one picture is compared by.

    Attributes
    ----------
    counted : int
        Particles that count.
    median : float
        Of their sizes; NaN where they cannot be compared with those of the others.
    log_spread : float
        Standard deviation of the logarithms of their sizes; NaN below two.
    found, kept : int
        Particles, and those that the filter accepts.
    pixel_size_nm : float or None
        Where the scale is certain.
    rescale : float
        The factor that was used.
    decided : bool
        Whether that was given, or could be found.
    known : bool
        Whether the picture is like those that the model knows.
    """

    counted: int
    median: float
    log_spread: float
    found: int = 0
    kept: int = 0
    pixel_size_nm: float | None = None
    rescale: float = 1.0
    decided: bool = True
    known: bool = True


@dataclass(frozen=True)
class Reason:
    """Why a picture is unlike the others: ``size``, ``count``, ``confidence``, ``scale`` or
    ``rescale``; and in words that go on after its name and a colon."""

    kind: str
    words: str


@dataclass(frozen=True)
class Unlike:
    """How unlike the others a picture is.

    Attributes
    ----------
    score : float
        Of its median; 0 where that cannot be compared.
    reasons : tuple of Reason
        Empty for a picture like the others.
    """

    score: float
    reasons: tuple[Reason, ...]

    @cached_property
    def order(self) -> tuple[int, float]:
        """Greater for a picture that is more unlike the others."""
        return len(self.reasons), self.score


def facts_of(analyses: Sequence[Analysis], size: str = "min_feret") -> list[Facts]:
    """What pictures are compared by: one size, a key of `semseg.measure.quantities.SIZES`, by
    number. Sizes of a picture that is no part of those of all are not compared."""
    unit = pooled_unit(analyses)
    used = {id(each) for each in poolable(analyses, unit)}
    return [_facts(each, SIZES[size].column(unit), id(each) in used) for each in analyses]


def unlike(facts: Sequence[Facts]) -> list[Unlike]:
    """How unlike the others each picture is; of fewer than three none is."""
    if len(facts) < MIN_PICTURES:
        return [Unlike(0.0, ()) for _ in facts]
    scores = _scores(facts)
    found = []
    step = -(-len(facts) // MAX_OTHERS)
    for number, (each, score) in enumerate(zip(facts, scores, strict=True)):
        others = [*facts[:number:step], *facts[number + 1 :: step]]
        said = [ask(each, others) for ask in (_count, _confidence, _scale, _rescale)]
        reasons = [_size(each, others, score), *said]
        found.append(Unlike(score, tuple(reason for reason in reasons if reason)))
    return found


def _facts(analysis: Analysis, column: str, comparable: bool) -> Facts:
    particles = analysis.particles
    rows, counts = counted(particles), Counts.of(particles)
    median = spread = math.nan
    if comparable and len(rows):
        sizes = rows[column].to_numpy(np.float64)
        median = summarise(sizes, size_weights(rows)).median
        spread = float(np.log(sizes).std(ddof=1)) if len(rows) > 1 else math.nan
    scale = analysis.calibration
    return Facts(
        counted=len(rows),
        median=median,
        log_spread=spread,
        found=counts.found,
        kept=counts.kept,
        pixel_size_nm=scale.pixel_size_nm if scale is not None and scale.certain else None,
        rescale=analysis.rescale,
        decided=analysis.rescale_source != "could not decide",
        known=not (len(particles) and (particles["doubt"] == out_of_domain.REASON).all()),
    )


def _scores(facts: Sequence[Facts]) -> list[float]:
    """Distance of each median from those of all, in robust standard deviations."""
    logs = np.log([each.median for each in facts])
    if np.isfinite(logs).sum() < MIN_PICTURES:
        return [0.0] * len(facts)
    off = np.abs(logs - np.nanmedian(logs))
    spread = MAD_TO_SD * float(np.nanmedian(off))
    scores = []
    for each, distance in zip(facts, off, strict=True):
        chance = MEDIAN_ERROR * each.log_spread / math.sqrt(max(each.counted, 1))
        # one particle alone tells nothing of chance, so it is never sure to be unlike
        least = chance if math.isfinite(chance) else math.inf
        scale = max(spread, least)
        scores.append(float(distance / scale) if scale > 0 and math.isfinite(distance) else 0.0)
    return scores


def _size(each: Facts, others: Sequence[Facts], score: float) -> Reason | None:
    if score <= MAX_SCORE:
        return None
    ratio = each.median / _median(others, lambda other: other.median)
    if abs(math.log(ratio)) < math.log1p(MIN_DIFFERENCE):
        return None
    if ratio >= 2:
        far = f"{ratio:.2g} times that"
    else:
        far = f"{100 * abs(ratio - 1):.0f} % {'larger' if ratio > 1 else 'smaller'} than that"
    return Reason("size", f"its median is {far} of the others")


def _count(each: Facts, others: Sequence[Facts]) -> Reason | None:
    usual = _median(others, lambda other: other.counted)
    if not each.counted:
        return Reason("count", "no particle counts") if usual else None
    if each.counted >= MIN_SHARE * usual:
        return None
    only = f"only {each.counted:,} particle{'s count' if each.counted > 1 else ' counts'}"
    return Reason("count", f"{only}, of the others {usual:,.0f}")


def _confidence(each: Facts, others: Sequence[Facts]) -> Reason | None:
    if not each.known:
        return Reason("confidence", "it is not like the pictures that the model knows")
    if each.found < MIN_FOUND:
        return None
    share = each.kept / each.found
    usual = _median(others, lambda other: other.kept / other.found if other.found else math.nan)
    if not share < MIN_SHARE * usual:
        return None
    said = f"{100 * share:.0f} % of what was found, of the others {100 * usual:.0f} %"
    return Reason("confidence", f"the filter keeps {said}")


def _scale(each: Facts, others: Sequence[Facts]) -> Reason | None:
    known = [other.pixel_size_nm for other in others if other.pixel_size_nm is not None]
    if each.pixel_size_nm is None or len(known) < MIN_PICTURES - 1:
        return None
    usual = float(np.median(known))

    def is_usual(size: float) -> bool:
        return abs(math.log(size / usual)) <= SAME_SCALE

    most = sum(map(is_usual, known)) > len(known) / 2
    if is_usual(each.pixel_size_nm) or not most:
        return None
    return Reason(
        "scale", f"its scale is {each.pixel_size_nm:.4g} nm per pixel, that of most {usual:.4g}"
    )


def _rescale(each: Facts, others: Sequence[Facts]) -> Reason | None:
    """The factor against the one that shows its particles as large as those of the others."""
    if not each.decided:
        return Reason("rescale", "its rescale factor could not be found")
    scaled = all(other.pixel_size_nm is not None for other in (each, *others))

    def pixel(one: Facts) -> float:
        return one.pixel_size_nm if scaled and one.pixel_size_nm is not None else 1.0

    usual = pixel(each) * _median(others, lambda other: other.rescale / pixel(other))
    if abs(math.log(each.rescale / usual)) <= math.log(MAX_FACTOR):
        return None
    said = f"its rescale factor is {each.rescale:.2g}, where {usual:.2g} would be as the others"
    return Reason("rescale", said)


def _median(facts: Sequence[Facts], of: Callable[[Facts], float]) -> float:
    """Of what is known; NaN where nothing is."""
    values = np.array([of(each) for each in facts], np.float64)
    return float(np.median(values[np.isfinite(values)])) if np.isfinite(values).any() else math.nan
