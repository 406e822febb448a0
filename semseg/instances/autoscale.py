"""Find the rescale factor at which the median particle has the size that the network is made for.

The network is run on the image at candidate factors an octave apart, from a thumbnail upwards.
Where particles are of a size it knows, its maps are crisp, and neighbouring octaves agree on how
large the particles are in the recorded image; where they are too large it sees texture, where too
small, blobs. The probability that a candidate comes nearest to the true size is given by a
regression on its features and those of its neighbours (`SCALE_FEATURES`), fitted on validation
images and stored with the model. The most probable candidate decides, and the search ends when a
likely one has clearly been passed. Where that shows next to nothing, larger factors are looked at
all the same, which changes nothing of what was decided: what was found may be the support of many
small particles. What was seen at other scales is kept (`semseg.instances.scales`).

The factors are powers of two of the recorded pixel, so an image that was enlarged by two has the
same candidates, one octave further down.

===========================  ========================================================
feature                      meaning
===========================  ========================================================
`crispness`                  ln of how well the maps bear out what they show
`size, size_squared`         ln of the median diameter over the one aimed at
`spread`                     ln of the upper over the lower quartile of diameters
`below, above`               ln of the size that the candidate an octave down, or up, shows
                             over that of this one, -1 to 1
`apart_below, apart_above`   the same without sign
`duller_below, _above`       crispness of this candidate less that of its neighbour
`lowest, highest`            1 if there is no neighbour, whose features are 0 then
===========================  ========================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from semseg.bands import Progress
from semseg.halves import from_half
from semseg.instances.confidence import confidence
from semseg.instances.quick import find_particles_by_seams
from semseg.instances.scales import FEW, Scale, distinct
from semseg.instances.thresholds import Thresholds
from semseg.preprocessing.preparation import resize

__all__ = [
    "SCALE_FEATURES",
    "RescaleEstimate",
    "ScaleCandidate",
    "all_scales",
    "estimate_rescale",
    "instance_quality",
    "scale_candidates",
    "scale_features",
]

Image = NDArray[np.float32]
Predict = Callable[[Image], NDArray[np.floating]]

SCALE_FEATURES = (
    *("crispness", "size", "size_squared", "spread"),
    *("below", "apart_below", "duller_below", "lowest"),
    *("above", "apart_above", "duller_above", "highest"),
)
MIN_SIDE_PX = 64  # a smaller thumbnail shows nothing
MAX_VIEW_PX = 400_000  # that one candidate may cost: larger views are cut down to a window
MAX_FACTOR = 6.0
FAINT_POWER = 4  # of the quality of an instance: its weight in the median
MIN_PROBABILITY = 0.3  # of the candidate that decides
LIKELY = 0.8  # a candidate of this probability may end the search, ...
MAX_SHARE_AFTER = 0.5  # ... when the one that follows has less than this share of it


@dataclass(frozen=True)
class RescaleEstimate:
    """A rescale factor and how it was found.

    Attributes
    ----------
    factor : float
        1 when undecided.
    particle_px : float or None
        Estimated median diameter in pixels of the recorded image.
    decided : bool
        False when no candidate was probable enough.
    others : tuple of Scale
        The other scales that were looked at, from the smallest factor upwards.
    """

    factor: float
    particle_px: float | None
    decided: bool
    others: tuple[Scale, ...] = ()


@dataclass(frozen=True)
class ScaleCandidate:
    """A candidate rescale factor, and what the network shows at it.

    Attributes
    ----------
    factor : float
        Pixels of the view per pixel of the recorded image.
    median_px, spread : float
        Median diameter in pixels of the view, ln of the ratio of the quartiles; faint instances
        count little.
    crispness : float
        ln of the quality of the instances, at most 0.
    count : float
        About how many such instances the whole picture has; faint ones count little.
    """

    factor: float
    median_px: float
    spread: float
    crispness: float
    count: float

    @property
    def particle_px(self) -> float:
        """Median diameter in recorded pixels."""
        return self.median_px / self.factor


def estimate_rescale(
    image: Image,
    predict: Predict,
    thresholds: Thresholds,
    target_px: float,
    progress: Progress | None = None,
) -> RescaleEstimate:
    """Estimate the factor that brings the median particle to `target_px`.

    Parameters
    ----------
    image : float32, h x w, 0..1
        Prepared image on the recorded grid.
    predict : callable
        Maps of an image, (3, h, w) or as much smaller as the network makes them.
    thresholds : Thresholds
    target_px : float
        Wanted median diameter at the network.
    progress : callable, optional
        Called with the share of all octaves that was looked at, 0..1; the search may end before.
    """
    candidates: list[ScaleCandidate] = []
    probable = deciding = np.zeros(0)
    ended = False
    for candidate in scale_candidates(image, predict, thresholds, progress):
        candidates.append(candidate)
        probable = _probabilities(scale_features(candidates, target_px), thresholds)
        if ended:
            continue
        deciding = probable
        ended = probable.max() >= LIKELY and probable[-1] < MAX_SHARE_AFTER * probable.max()
        if ended and candidates[int(probable.argmax())].count > FEW:
            break
    if not candidates:
        return RescaleEstimate(1.0, None, False)
    chosen = candidates[int(deciding.argmax())]
    decided = bool(deciding.max() >= MIN_PROBABILITY)
    factor = _factor(chosen, target_px) if decided else 1.0
    others = distinct(_scales(candidates, probable, target_px), apart_from=factor)
    return RescaleEstimate(factor, chosen.particle_px, decided, others)


def all_scales(
    image: Image, predict: Predict, thresholds: Thresholds, target_px: float
) -> list[Scale]:
    """The scale of every candidate, many nearly the same; arguments as `estimate_rescale`."""
    candidates = list(scale_candidates(image, predict, thresholds))
    if not candidates:
        return []
    probable = _probabilities(scale_features(candidates, target_px), thresholds)
    return _scales(candidates, probable, target_px)


def _scales(
    candidates: Sequence[ScaleCandidate], probable: NDArray[np.float64], target_px: float
) -> list[Scale]:
    return [
        Scale(_factor(each, target_px), each.particle_px, float(share), each.count)
        for each, share in zip(candidates, probable, strict=True)
    ]


def _factor(candidate: ScaleCandidate, target_px: float) -> float:
    """The factor that brings the particles which this candidate shows to `target_px`."""
    return min(target_px / candidate.particle_px, MAX_FACTOR)


def _probabilities(features: pd.DataFrame, thresholds: Thresholds) -> NDArray[np.float64]:
    """Of each candidate, the probability that it comes nearest to the true size: (n,), 0..1."""
    if thresholds.scale_model:
        return confidence(features, thresholds.scale_model)
    # without a model a crisp candidate near the size aimed at is the best
    logs: NDArray[np.float64] = (features["crispness"] - features["size_squared"]).to_numpy(float)
    return np.exp(logs)


def scale_candidates(
    image: Image, predict: Predict, thresholds: Thresholds, progress: Progress | None = None
) -> Iterator[ScaleCandidate]:
    """Yield a candidate for each octave, upwards, where the network finds anything.

    Arguments as `estimate_rescale` takes them.
    """
    lowest = int(np.ceil(np.log2(MIN_SIDE_PX / min(image.shape))))
    interest = np.ones((1, 1), np.float32)  # where the last view shows particles
    octaves = range(min(lowest, 0), int(np.log2(MAX_FACTOR)) + 1)
    for number, octave in enumerate(octaves):
        factor = 2.0**octave
        window = _window(image, factor, interest)
        view = resize(window, factor)
        maps = from_half(predict(view))
        if view.size < MAX_VIEW_PX / 4:  # still the whole image in one view
            interest = maps[0]
        labels = find_particles_by_seams(maps, thresholds)
        if progress:
            progress((number + 1) / len(octaves))
        areas = np.bincount(labels.ravel())[1:]
        if areas.size:
            in_view = areas * (view.size / labels.size)  # in px of the view
            seen = window.size / image.size
            yield _candidate(factor, in_view, instance_quality(labels, maps), seen)


def _candidate(
    factor: float, areas: NDArray[np.floating], quality: NDArray[np.float64], seen: float
) -> ScaleCandidate:
    """The candidate of instances with these areas, px of the view, and qualities, both (n,), in a
    view that shows this share of the picture."""
    diameters = np.sqrt(4 * areas / np.pi)
    order = np.argsort(diameters)
    weights = np.cumsum(quality[order] ** FAINT_POWER)
    places = np.searchsorted(weights, weights[-1] * np.array([0.25, 0.5, 0.75]))
    low, median, high = diameters[order][places]
    # of the instances, and of the area they cover
    crispness = np.sqrt(quality.mean() * np.average(quality, weights=areas))
    spread = float(np.log(high / low))
    count = float((quality**FAINT_POWER).sum() / seen)
    return ScaleCandidate(factor, float(median), spread, float(np.log(crispness + 0.02)), count)


def scale_features(candidates: Sequence[ScaleCandidate], target_px: float) -> pd.DataFrame:
    """One row per candidate, in the order of `scale_candidates`, with `SCALE_FEATURES`."""
    table = pd.DataFrame(candidates)
    size = np.log(table["median_px"] / target_px)
    recorded = pd.Series(np.log(table["median_px"] / table["factor"]))
    octave = pd.Series(np.log2(table["factor"]))
    columns = {
        "crispness": table["crispness"],
        "size": size,
        "size_squared": size**2,
        "spread": table["spread"],
    }
    for name, ahead, missing in (("below", 1, "lowest"), ("above", -1, "highest")):
        # a neighbour that was passed over is none
        there = (octave - octave.shift(ahead)).abs().round() == 1
        step = (recorded.shift(ahead) - recorded).where(there, 0.0).clip(-1, 1)
        columns[name] = step
        columns[f"apart_{name}"] = step.abs()
        duller = table["crispness"] - table["crispness"].shift(ahead)
        columns[f"duller_{name}"] = duller.where(there, 0.0)
        columns[missing] = (~there).astype(float)
    return pd.DataFrame(columns)[list(SCALE_FEATURES)]


def _window(image: Image, factor: float, interest: NDArray[np.float32]) -> Image:
    """The part of the image with most foreground that, rescaled, is small enough."""
    sides = np.array(image.shape)
    share = np.sqrt(MAX_VIEW_PX / (factor**2 * image.size))
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
