"""Find the rescale factor at which the median particle has the size the network likes.

The network looks at the picture in octaves, from a thumbnail upwards. Where particles are
of a size it knows, neighbouring octaves agree on how large they are in the recorded
picture, and its maps are crisp; where they are too large it sees texture, where too
small, blobs. The octave with the crispest maps and the best agreement decides, and the climb ends
when it has clearly been passed.

The octaves are powers of two of the recorded pixel, so a picture that was enlarged by two
is looked at in the same way, one octave further down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from semseg.particles import Thresholds, find_instances
from semseg.preparation import resize

__all__ = ["RescaleEstimate", "estimate_rescale", "instance_quality"]

Image = NDArray[np.float32]

LEAST_SIDE_PX = 64  # a smaller thumbnail shows nothing
MOST_PASS_PX = 400_000  # what one look may cost: larger views are cut down to a window
LARGEST_FACTOR = 6.0
# These were chosen on the EMPS validation fifth and drawn pictures.
CRISPNESS_POWER = 4
BEST_PX, TOLERANCE = 60.0, 0.65  # median at the network, and standard deviation of its ln
AGREEMENT_SCALE = 0.25  # of ln size between neighbouring octaves
DECIDED_SCORE = 0.3
PAST_THE_BEST = 0.5  # of the best worth so far: below it, larger views need not be looked at


@dataclass(frozen=True)
class RescaleEstimate:
    """A rescale factor and how it was found.

    Attributes
    ----------
    factor : float
        1 when undecided.
    particle_px : float or None
        Estimated median diameter in recorded pixels.
    decided : bool
        False when the looks were too faint or contradictory.
    """

    factor: float
    particle_px: float | None
    decided: bool


@dataclass(frozen=True)
class _Look:
    """What one pass saw: its factor, the median diameter in its own pixels, its worth."""

    factor: float
    median_px: float
    worth: float

    @property
    def particle_px(self) -> float:
        return self.median_px / self.factor


def estimate_rescale(
    image: Image,
    predict: Callable[[Image], NDArray[np.floating]],
    thresholds: Thresholds,
    target_px: float,
) -> RescaleEstimate:
    """Estimate the factor that brings the median particle to `target_px`.

    Parameters
    ----------
    image : float32, h x w, 0..1
        Prepared picture on the recorded grid.
    predict : callable
        Maps of a picture, (3, h, w) or as much smaller as the network makes them.
    thresholds : Thresholds
    target_px : float
        Wanted median diameter at the network.
    """
    looks = _look_around(image, predict, thresholds)
    if not looks:
        return RescaleEstimate(1.0, None, False)
    scores = [_support(look, looks) for look in looks]
    best = looks[int(np.argmax(scores))]
    allies = [look for look in _near(best, looks) if _distance(look, best) < 0.3]
    particle_px = float(
        np.exp(
            np.average(
                [np.log(look.particle_px) for look in allies],
                weights=[look.worth for look in allies],
            )
        )
    )
    if max(scores) < DECIDED_SCORE:
        return RescaleEstimate(1.0, particle_px, False)
    return RescaleEstimate(min(target_px / particle_px, LARGEST_FACTOR), particle_px, True)


def _look_around(
    image: Image, predict: Callable[[Image], NDArray[np.floating]], thresholds: Thresholds
) -> list[_Look]:
    lowest = int(np.ceil(np.log2(LEAST_SIDE_PX / min(image.shape))))
    looks = []
    interest = np.ones((1, 1), np.float32)  # where the last look saw particles
    for octave in range(min(lowest, 0), int(np.log2(LARGEST_FACTOR)) + 1):
        factor = 2.0**octave
        view = resize(_window(image, factor, interest), factor)
        maps = np.asarray(predict(view), np.float32)
        if view.size < MOST_PASS_PX / 4:  # still the whole picture in one view
            interest = maps[0]
        labels = find_instances(maps, thresholds)
        areas = np.bincount(labels.ravel())[1:]
        if areas.size:
            areas = areas * (view.size / labels.size)  # in px of the view
            looks.append(_judge(factor, areas, instance_quality(labels, maps)))
            best = max(look.worth for look in looks)
            if best >= DECIDED_SCORE and looks[-1].worth < PAST_THE_BEST * best:
                break
    return looks


def _window(image: Image, factor: float, interest: NDArray[np.float32]) -> Image:
    """The part of the picture with most foreground that, rescaled, is small enough."""
    sides = np.array(image.shape)
    share = np.sqrt(MOST_PASS_PX / (factor**2 * image.size))
    if share >= 1:
        return image
    sides_wanted = np.maximum((sides * share).astype(int), 1)
    reach = np.maximum((np.array(interest.shape) * share).astype(int), 1)
    crowd = ndimage.uniform_filter(interest, reach, mode="constant")
    centre = (np.array(np.unravel_index(crowd.argmax(), crowd.shape)) + 0.5) / interest.shape
    start = np.clip((centre * sides - sides_wanted / 2).astype(int), 0, sides - sides_wanted)
    stop = start + sides_wanted
    return image[start[0] : stop[0], start[1] : stop[1]]


def instance_quality(labels: NDArray[np.int32], maps: NDArray[np.floating]) -> NDArray[np.float64]:
    """How well each instance is borne out by the maps: (n,) in 0..1.

    The mean foreground inside it, times one minus the mean difference between the
    distance map and the distance that its own outline gives.
    """
    count = int(labels.max(initial=0))
    ids = np.arange(1, count + 1)
    split = np.zeros(labels.shape, bool)
    split[:-1] |= labels[:-1] != labels[1:]
    split[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    depth = ndimage.distance_transform_edt((labels > 0) & ~split)
    peak = np.concatenate([[1.0], np.maximum(ndimage.maximum(depth, labels, ids), 1)])
    difference = np.abs(maps[1] - depth / peak[labels])
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    certainty = np.bincount(labels.ravel(), maps[0].ravel(), count + 1)[1:] / areas
    agreement = 1 - np.bincount(labels.ravel(), difference.ravel(), count + 1)[1:] / areas
    return certainty * agreement


def _judge(factor: float, areas: NDArray[np.floating], quality: NDArray[np.float64]) -> _Look:
    """Median diameter, with faint instances counting little, and the worth of the look."""
    diameters = np.sqrt(4 * areas / np.pi)
    weights = quality**CRISPNESS_POWER
    order = np.argsort(diameters)
    cumulative = np.cumsum(weights[order])
    median = float(diameters[order][np.searchsorted(cumulative, cumulative[-1] / 2)])
    crispness = np.sqrt(quality.mean() * np.average(quality, weights=areas))
    fit = np.exp(-0.5 * (np.log(median / BEST_PX) / TOLERANCE) ** 2)
    return _Look(factor, median, float(crispness**CRISPNESS_POWER * fit))


def _distance(one: _Look, other: _Look) -> float:
    return abs(float(np.log(one.particle_px / other.particle_px)))


def _near(look: _Look, looks: list[_Look]) -> list[_Look]:
    """The look itself and its neighbours one octave up and down."""
    return [other for other in looks if 0.4 < other.factor / look.factor < 2.5]


def _support(look: _Look, looks: list[_Look]) -> float:
    """Worth of a look, raised by neighbours that agree with it."""
    agreeing = sum(
        other.worth * np.exp(-_distance(look, other) / AGREEMENT_SCALE)
        for other in _near(look, looks)
        if other is not look
    )
    return look.worth * (1 + agreeing)
