"""How many more particles, or images, would make the median known well enough.

>>> import numpy as np
>>> from semseg.statistics.intervals import bootstrap_intervals
>>> sizes = np.random.default_rng(0).lognormal(np.log(50), 0.3, 400)
>>> advice_sentence(advise(bootstrap_intervals(sizes), target=0.02))
'The median is known to ±4.3 % (95 %); about 1500 more particles would bring that to ±2 %.'
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike
from scipy.special import stdtrit

from semseg.statistics.intervals import Intervals, bootstrap_intervals
from semseg.statistics.resampling import Unit

__all__ = ["Advice", "advice_sentence", "advise", "particles_needed"]


@dataclass(frozen=True)
class Advice:
    """How many more particles, or images, would make the median known well enough.

    Attributes
    ----------
    more
        How many more are needed: `unit`, rounded up to two significant digits; 0 is enough.
    needed
        How many that is in all.
    more_particles
        The same as `more`, or with images the particles in so many more images like these.
    half_width
        Half of the median's interval now, as a share of the median.
    target
        What it is to be.
    unit
        ``images`` where there are 5 or more, else ``particles``.
    level
        Probability that the interval holds the truth.
    """

    more: int
    needed: int
    more_particles: int
    half_width: float
    target: float
    unit: Unit
    level: float


def particles_needed(
    sizes: ArrayLike,
    weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    *,
    target: float = 0.05,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Advice | None:
    """`advise` on a sample; parameters and errors are those of `bootstrap_intervals`."""
    found = bootstrap_intervals(sizes, weights, groups, level=level, resamples=resamples, seed=seed)
    return advise(found, target)


def advise(found: Intervals, target: float = 0.05) -> Advice | None:
    """How many more particles or images of the same kind bring the median to +- `target`.

    The half width of the median's interval falls as t / sqrt(k) with the number k of resampled
    units, and goes through what was found for this sample. More particles in the same images do not
    help where images are resampled, so the answer is in images.

    Parameters
    ----------
    target
        Half width asked for, as a share of the median, above zero.

    Returns
    -------
    None where the median has no interval.

    Raises
    ------
    ValueError
        The target is not above zero.
    """
    if not target > 0:
        raise ValueError(f"The target must be above zero, but is {target}.")
    half = (found.d50.high - found.d50.low) / 2 / found.d50.value
    if not math.isfinite(half):
        return None
    now = found.images if found.resampled == "images" else found.particles
    upper = (1 + found.d50.level) / 2
    needed = now
    if half > target:
        # Falls to its fixed point from above, because Student's t falls with the count.
        needed, before = math.ceil(now * (half / target) ** 2), math.inf
        while needed < before:
            ratio = stdtrit(needed - 1, upper) / stdtrit(now - 1, upper)
            needed, before = math.ceil(now * (half / target * ratio) ** 2), needed
    more = _two_digits(needed - now)
    return Advice(
        more=more,
        needed=now + more,
        more_particles=_two_digits(more * found.particles / now),
        half_width=half,
        target=target,
        unit=found.resampled,
        level=found.d50.level,
    )


def advice_sentence(advice: Advice) -> str:
    """The advice in one sentence."""
    known = f"The median is known to ±{100 * advice.half_width:.2g} % ({100 * advice.level:g} %)"
    target = f"±{100 * advice.target:g} %"
    if advice.more == 0:
        return f"{known}: enough for {target}."
    if advice.unit == "particles":
        particles = "particle" if advice.more == 1 else "particles"
        return f"{known}; about {advice.more} more {particles} would bring that to {target}."
    images = "image like these" if advice.more == 1 else "images like these"
    return (
        f"{known}; about {advice.more} more {images} (some {advice.more_particles} particles) "
        f"would bring that to {target}."
    )


def _two_digits(count: float) -> int:
    """Rounded up to two significant digits."""
    step: int = 10 ** max(0, len(str(math.ceil(count))) - 2)
    return math.ceil(count / step) * step
