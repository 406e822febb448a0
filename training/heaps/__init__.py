"""Draw micrographs of solids in heaps whose truth is known.

Bodies (`solids`) fall on each other or on a support (`piles`, `supports`) and a detector
sees them (`detectors`); ground, charging, defocus, noise and captions are those of
`training.synthesize`. Outlines inside a heap run from loud to just visible: in real
pictures a particle that lies on another of its tone is what is missed.

    >>> heap = draw_heap(np.random.default_rng(7), shape=(96, 96))
    >>> heap.image.shape, heap.image.dtype.name, heap.labels.dtype.name
    ((96, 96), 'float32', 'int32')
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from semseg.preprocessing.preparation import resize
from training.heaps.detectors import (
    bright_field,
    dark_field,
    random_bright_field,
    random_dark_field,
    random_secondary,
    secondary,
)
from training.heaps.piles import (
    Pile,
    drop_bodies,
    monolayer,
    random_habit,
    random_nanocrystals,
    scatter_bodies,
    spots_on,
)
from training.heaps.supports import SUPPORTS
from training.synthesize import (
    Scene,
    burn_captions,
    random_scene,
    single_pieces,
    substrate,
    take_picture,
)

__all__ = ["DETECTORS", "Heap", "draw_heap", "seam_pixels"]

Array = NDArray[np.float32]
Labels = NDArray[np.int32]

DETECTORS = ("secondary", "bright field", "dark field")
# how bodies lie in transmission, and how often: dark field is what catalysts are looked at by
LYING = ("monolayer", "scattered", "heap", "on support")
WAYS = {"bright field": (0.3, 0.15, 0.15, 0.4), "dark field": (0.2, 0.1, 0.15, 0.55)}
WHITE = 0.95  # grey that few pixels exceed before the noise
MAX_TEXTURE = 0.03  # of the ground, which is mostly a smooth wafer
MAX_ENLARGED = 4.0  # times; small particles are looked at so
MIN_RECORDED_RADIUS_PX = 3.5
# step of grey across the median seam over the noise of a recorded pixel: less is seen by nobody
MIN_SEAM_CONTRAST = 0.6
MIN_CONTOUR_CONTRAST = 0.8  # the same from body to ground, where it is the grain that blurs it
MAX_BLUR = 0.22  # radii of the recorded particles
MIN_DETECTED = 5.0  # step of grey of a whole body over the noise of its mean
RING_PX = 3  # how far off that step is taken
MAX_ELECTRONS = 20_000.0


@dataclass(frozen=True, eq=False)
class Heap:
    """A drawn picture and its truth.

    Attributes
    ----------
    image : float32 array, H x W
        0 to 1.
    labels : int32 array, H x W
        0 for the ground, 1 to n for what is seen of the bodies: each one connected piece.
    seam_contrast : float
        How loud the outlines are where two bodies meet: the range of grey within 2 px of a seam,
        median of all, over the noise of a recorded pixel. NaN where no two meet.
    """

    image: Array
    labels: Labels
    seam_contrast: float


def draw_heap(
    rng: np.random.Generator,
    shape: tuple[int, int] = (448, 448),
    detector: str = "secondary",
    *,
    loudness: float | None = None,
) -> Heap:
    """A random heap, drawn; the same for the same state of `rng`.

    In transmission the truth is what lies in front; supports are never labelled, nor bodies that
    nobody could tell from what is around them.

    Parameters
    ----------
    rng
        Where chance comes from.
    shape
        Height and width of the picture, px.
    detector
        One of `DETECTORS`.
    loudness
        For secondary electrons: contrast inside a silhouette over what shading alone would give,
        above 0 and up to 1; at random, as many quiet as loud ones, when None.

    Raises
    ------
    ValueError
        There is no such detector.
    """
    if detector not in DETECTORS:
        raise ValueError(f"No detector is called {detector!r}; there are {', '.join(DETECTORS)}.")
    scene = _random_scene(rng, shape)
    if detector == "secondary":
        pile, canvas = _by_secondary_electrons(rng, scene, loudness)
    else:
        scene = _in_transmission(rng, scene, scanned=detector == "dark field")
        pile, canvas = _by_transmission(rng, shape, detector)
    canvas = _expose(rng, canvas, WHITE - scene.halo)
    enlarged = _random_enlarging(rng, pile.radius)
    haziest = max(0.4, MAX_BLUR * pile.radius / enlarged)  # nobody records particles as mere haze
    scene = replace(scene, blur=min(scene.blur, haziest))
    return _record(rng, canvas, pile.labels, scene, enlarged, hide=detector != "secondary")


def _by_secondary_electrons(
    rng: np.random.Generator, scene: Scene, loudness: float | None
) -> tuple[Pile, Array]:
    """A heap on the ground of `scene`, and what secondary electrons show of it."""
    pile = drop_bodies(rng, random_habit(rng, scene.shape), scene.shape)
    ground = substrate(scene, rng)
    seen = random_secondary(rng, pile.radius, scene.background)
    if loudness is not None:
        seen = replace(seen, loudness=loudness)
    return pile, secondary(rng, pile, ground, seen)


def _by_transmission(
    rng: np.random.Generator, shape: tuple[int, int], detector: str
) -> tuple[Pile, Array]:
    """Bodies on a film or a support, and what a beam that goes through shows of them."""
    habit = random_nanocrystals(rng, shape)
    lying = str(rng.choice(LYING, p=WAYS[detector]))
    support = np.zeros(shape, np.float32)
    if lying == "monolayer":
        pile = scatter_bodies(rng, habit, shape, monolayer(rng, shape, habit.radius))
    elif lying == "heap":
        pile = drop_bodies(rng, habit, shape)
    else:
        if lying == "on support":
            support = SUPPORTS[str(rng.choice(list(SUPPORTS)))](rng, shape)
        spots = spots_on(rng, support > 0.05, habit.count)
        overlap = float(rng.choice([0.1, 1.0]))
        pile = scatter_bodies(rng, habit, shape, spots, overlap)
    if detector == "bright field":
        return pile, bright_field(rng, pile, support, random_bright_field(rng))
    return pile, dark_field(rng, pile, support, random_dark_field(rng))


def _in_transmission(rng: np.random.Generator, scene: Scene, *, scanned: bool) -> Scene:
    """The same microscope with a beam that goes through: fewer electrons, no charge, no scan
    lines unless the beam is `scanned`."""
    return replace(
        scene,
        inverted=False,
        halo=0.0,
        streaks=scene.streaks if scanned else 0,
        line_jitter=scene.line_jitter if scanned else 0.0,
        blur=float(rng.uniform(0.4, 1.6)),
        electrons=float(np.exp(rng.uniform(np.log(12), np.log(1000)))),
    )


def _random_scene(rng: np.random.Generator, shape: tuple[int, int]) -> Scene:
    """Ground and microscope of the flat renderer, without its particles."""
    scene = random_scene(rng, shape)
    dark = rng.random() < 0.5
    return replace(
        scene,
        particles=(),
        inverted=bool(rng.random() < 0.05),
        background=float(rng.uniform(0.02, 0.25)) if dark else scene.background,
        texture=min(scene.texture * (0.4 if dark else 1.0), MAX_TEXTURE),
        blur=max(scene.blur, 0.5),
    )


def _expose(rng: np.random.Generator, canvas: Array, white: float) -> Array:
    """The greys so that few are above `white`; now and then the brightest are nearly saturated."""
    brightest = float(np.percentile(canvas, 99.5))
    if rng.random() < 0.12:
        gain = rng.uniform(1.2, 3) / max(brightest, 1e-3)
        return white * (1 - np.exp(-np.float32(gain) * np.maximum(canvas, 0)))
    return canvas * np.float32(min(1.0, white / max(brightest, 1e-3)))


def _random_enlarging(rng: np.random.Generator, radius: float) -> float:
    """By how much the recorded picture is enlarged: not at all, or a particle recorded small."""
    largest = min(MAX_ENLARGED, radius / MIN_RECORDED_RADIUS_PX)
    wanted = float(np.exp(rng.uniform(0, np.log(largest))))
    return wanted if rng.random() < 0.45 and wanted > 1.1 else 1.0


def _record(
    rng: np.random.Generator,
    canvas: Array,
    labels: Labels,
    scene: Scene,
    enlarged: float,
    *,
    hide: bool,
) -> Heap:
    """Take the picture at its recorded scale, then enlarge it with its noise; captions last.

    With `hide` bodies that nobody can tell from what is around them are no longer labelled.
    """
    labels = single_pieces(labels)
    height, width = canvas.shape
    small = resize(canvas, 1 / enlarged)
    rows = np.linspace(0, height - 1, small.shape[0]).round().astype(int)
    columns = np.linspace(0, width - 1, small.shape[1]).round().astype(int)
    labels_small = labels[np.ix_(rows, columns)]
    sharp = np.clip(ndimage.gaussian_filter(small, scene.blur), 0, 1)
    step, grey = _step(sharp, seam_pixels(labels_small))
    outer_step, outer_grey = _step(sharp, _contour_pixels(labels_small))
    electrons = max(
        scene.electrons,
        _electrons_for(step, grey, MIN_SEAM_CONTRAST),
        _electrons_for(outer_step, outer_grey, MIN_CONTOUR_CONTRAST),
    )
    if hide:
        count = int(labels.max(initial=0)) + 1
        labels = np.where(_is_detected(sharp, labels_small, count, electrons)[labels], labels, 0)
    taken = replace(scene, shape=small.shape, electrons=electrons, captions=0)
    image = take_picture(small, labels_small, taken, rng)
    if enlarged > 1:
        # one pixel more, then cut: sides were rounded
        image = resize(image, max(height / small.shape[0], width / small.shape[1]) + 1e-6)
        image = np.pad(
            image[:height, :width],
            [(0, max(0, height - image.shape[0])), (0, max(0, width - image.shape[1]))],
            mode="edge",
        )
    if scene.captions:
        image = burn_captions(image, labels, scene.captions, rng)
    contrast = step / np.sqrt((grey + 0.05) / electrons)
    return Heap(
        np.clip(image, 0, 1).astype(np.float32), _numbered(single_pieces(labels)), float(contrast)
    )


def seam_pixels(labels: Labels) -> NDArray[np.bool_]:
    """Pixels where one body meets another: the right or lower neighbour has another label."""
    seam = np.zeros(labels.shape, bool)
    for here, there, at in (
        (labels[:, :-1], labels[:, 1:], np.s_[:, :-1]),
        (labels[:-1], labels[1:], np.s_[:-1]),
    ):
        seam[at] |= (here != there) & (here > 0) & (there > 0)
    return seam


def _contour_pixels(labels: Labels) -> NDArray[np.bool_]:
    """Pixels of bodies beside the ground."""
    body = labels > 0
    return body & ~ndimage.binary_erosion(body, border_value=1)


def _step(sharp: Array, where: NDArray[np.bool_]) -> tuple[float, float]:
    """Median range of grey within 2 px of the pixels, and their median grey; NaN without any."""
    if not where.any():
        return float("nan"), float("nan")
    span = ndimage.maximum_filter(sharp, 5) - ndimage.minimum_filter(sharp, 5)
    return float(np.median(span[where])), float(np.median(sharp[where]))


def _is_detected(sharp: Array, labels: Labels, count: int, electrons: float) -> NDArray[np.bool_]:
    """For each label below `count`, whether its mean step of grey over its noise reaches Rose's 5.

    The step is that to the pixels `RING_PX` away which belong to others. Rose 1948, J. Opt. Soc.
    Am. 38, 196.
    """
    total, pairs = np.zeros(count), np.zeros(count)
    for axis in (0, 1):
        ahead = [slice(None), slice(None)]
        behind = [slice(None), slice(None)]
        ahead[axis], behind[axis] = slice(RING_PX, None), slice(None, -RING_PX)
        for one, two in ((tuple(ahead), tuple(behind)), (tuple(behind), tuple(ahead))):
            edge = (labels[one] != labels[two]) & (labels[one] > 0)
            own = labels[one][edge]
            total += np.bincount(own, (sharp[one] - sharp[two])[edge], count)
            pairs += np.bincount(own, minlength=count)
    areas = np.bincount(labels.ravel(), minlength=count)
    greys = np.bincount(labels.ravel(), sharp.ravel(), count) / np.maximum(areas, 1)
    noise = np.sqrt((greys + 0.05) / electrons / np.maximum(areas, 1))
    return np.abs(total) / np.maximum(pairs, 1) >= MIN_DETECTED * noise


def _electrons_for(step: float, grey: float, contrast: float) -> float:
    """Electrons per pixel by which a step of grey stands `contrast` times above the noise."""
    if not step > 0:  # nor NaN
        return 0.0
    return min((contrast / step) ** 2 * (grey + 0.05), MAX_ELECTRONS)


def _numbered(labels: Labels) -> Labels:
    """The same labels without gaps: 1 to n."""
    present, numbers = np.unique(labels, return_inverse=True)
    shift = 0 if present[0] == 0 else 1
    return (numbers.reshape(labels.shape) + shift).astype(np.int32)
