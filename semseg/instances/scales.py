"""Other rescale factors that fit a picture, besides the one that is used.

A picture may hold things of several sizes that all look like particles: grains and the
agglomerates that they make, metal on its support, soot and its primary particles. The search for
the rescale factor (`semseg.instances.autoscale`) has to take one of them. What it saw of the
others is kept, so that a person can look at them and choose.

Another scale *fits* where one of these holds; on pictures of one scale they are rare
(docs/preparation.md has the figures):

doubtful, and another is probable
    What is accepted most is doubtful, and the search takes particles `FAR` times larger or smaller
    for probable, too (`FITTING`).
a crowd beside a few
    The same of smaller particles, of which there are `TIMES` as many as were found: so it is
    where the support was taken for the particle and the network is sure of it.
few and doubtful
    Next to nothing is accepted, all of it doubtful, and among particles `FAR` times smaller there
    is a crowd: the most probable one.
half
    Many outlines, even the best of them doubtful, in a picture that was enlarged: half the factor
    does not enlarge the noise as much, and more may be found (bright-field TEM).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from semseg.instances.out_of_domain import mean_weighted_with_itself

__all__ = ["Scale", "distinct", "fits_half", "judged", "scales_note", "with_half"]

APART = 2.0  # times: scales nearer to each other than this are one
NEAR = 1.4  # times: and these are hardly told apart
FAR = 4.0
FITTING = 0.3  # probability from which a scale far away fits as well
FEW, CROWD = 3, 20  # particles
TIMES = 30
DOUBTFUL = 0.75  # mean confidence, each weighted with itself, below which particles are doubtful
HALF = 0.5
MANY = 20  # outlines


@dataclass(frozen=True)
class Scale:
    """A rescale factor at which a picture can be looked at.

    Attributes
    ----------
    factor : float
    particle_px : float
        Median diameter of the particles that are seen there, in recorded px.
    probability : float or None
        That this is the scale of the particles, as the search for the factor says; None where it
        says nothing: of half the factor.
    count : float or None
        About how many particles are seen there, faint ones counting little; likewise.
    fits : bool
        Whether it may be better than the factor used.
    """

    factor: float
    particle_px: float
    probability: float | None = None
    count: float | None = None
    fits: bool = False


def distinct(scales: Sequence[Scale], apart_from: float | None = None) -> tuple[Scale, ...]:
    """The most probable of those that are nearly the same, from the smallest factor upwards.

    `apart_from` is a factor that none of them may be near to.
    """
    kept: list[Scale] = []
    taken = [] if apart_from is None else [apart_from]
    for scale in sorted(scales, key=lambda each: -(each.probability or 0.0)):
        if all(_ratio(scale.factor, other) > APART for other in taken):
            kept.append(scale)
            taken.append(scale.factor)
    return _upwards(kept)


def judged(
    others: Sequence[Scale], factor: float, confidences: NDArray[np.floating], threshold: float
) -> tuple[Scale, ...]:
    """These scales, each saying whether it fits a picture in which `factor` found this.

    Parameters
    ----------
    others : sequence of Scale
        As `distinct` gives them.
    factor : float
        The one used.
    confidences : (n,) in 0..1
        Of the particles found with it, whether or not the picture is out of domain.
    threshold : float
        The usual filter.
    """
    doubtful = _are_doubtful(confidences)
    far = [each for each in others if _ratio(each.factor, factor) >= FAR]
    crowds = [each for each in far if each.factor > factor and (each.count or 0.0) >= CROWD]
    fitting = {
        each.factor
        for each in far
        if (each.probability or 0.0) >= FITTING
        and (doubtful or (each in crowds and (each.count or 0.0) >= TIMES * len(confidences)))
    }
    few = int(np.count_nonzero(confidences >= threshold)) <= FEW
    if few and doubtful and crowds:
        fitting.add(max(crowds, key=lambda each: each.probability or 0.0).factor)
    return tuple(replace(each, fits=each.factor in fitting) for each in others)


def with_half(
    others: Sequence[Scale],
    factor: float,
    particle_px: float | None,
    confidences: NDArray[np.floating],
) -> tuple[Scale, ...]:
    """The same and half the factor used, where that is worth a look: many particles of median
    diameter `particle_px` were found with it, and none of the others is nearly the same."""
    half = HALF * factor
    if particle_px is None or len(confidences) < MANY:
        return tuple(others)
    fits = fits_half(factor, confidences)
    if not fits and any(_ratio(each.factor, half) < NEAR for each in others):
        return tuple(others)
    return _upwards([*others, Scale(half, particle_px, fits=fits)])


def scales_note(scales: Sequence[Scale], factor: float, particle_px: float | None) -> list[str]:
    """What to say of scales that fit besides `factor`, which found particles of median diameter
    `particle_px` (None: none); one sentence, or none."""
    fitting = [each for each in scales if each.fits]
    if far := [each for each in fitting if each.probability is not None]:
        best = max(far, key=lambda each: each.probability or 0.0)
        here = "nothing is" if particle_px is None else f"things {_about(particle_px)} px wide are"
        return [
            f"More than one scale fits this picture: {here} outlined; at a rescale factor of "
            f"{best.factor:.3g} particles some {_about(best.particle_px)} px wide can be seen."
        ]
    if half := [each for each in fitting if each.probability is None]:
        return [
            f"Most outlines are doubtful, in a picture enlarged {factor:.3g} times with its noise; "
            f"half of that, a rescale factor of {half[0].factor:.3g}, may find more particles."
        ]
    return []


def fits_half(factor: float, confidences: NDArray[np.floating]) -> bool:
    """Whether half the factor may find more than the one that found particles so sure."""
    return factor > 1 and len(confidences) >= MANY and _are_doubtful(confidences)


def _are_doubtful(confidences: NDArray[np.floating]) -> bool:
    """Whether even those particles are not clear that are believed most."""
    return mean_weighted_with_itself([confidences]) < DOUBTFUL


def _upwards(scales: Sequence[Scale]) -> tuple[Scale, ...]:
    return tuple(sorted(scales, key=lambda each: each.factor))


def _about(px: float) -> str:
    """With two digits: ``1,000``, ``32``."""
    return f"{float(f'{px:.2g}'):,g}"


def _ratio(one: float, other: float) -> float:
    """How many times the greater of both is the lesser."""
    return max(one, other) / min(one, other)
