"""Draw micrographs of solids in heaps whose truth is known.

Bodies (`solids`) fall on each other (`piles`) and a detector sees them (`detectors`);
ground, charging, defocus, noise and captions are those of `training.synthesize`. Outlines
inside a heap run from loud to just visible: in real pictures a particle that lies on
another of its tone is what is missed.

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
from training.heaps.detectors import random_secondary, secondary
from training.heaps.piles import drop_bodies, random_habit
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

DETECTORS = ("secondary",)
WHITE = 0.95  # grey that few pixels exceed before the noise
MAX_ENLARGED = 4.0  # times; small particles are looked at so
MIN_RECORDED_RADIUS_PX = 3.5
# step of grey across the median seam over the noise of a recorded pixel: less is seen by nobody
MIN_SEAM_CONTRAST = 0.6
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

    Parameters
    ----------
    rng
        Where chance comes from.
    shape
        Height and width of the picture, px.
    detector
        One of `DETECTORS`.
    loudness
        Contrast inside a silhouette over what shading alone would give, above 0 and up to 1; at
        random, as many quiet as loud ones, when None.

    Raises
    ------
    ValueError
        There is no such detector.
    """
    if detector not in DETECTORS:
        raise ValueError(f"No detector is called {detector!r}; there are {', '.join(DETECTORS)}.")
    scene = _random_scene(rng, shape)
    habit = random_habit(rng, shape)
    pile = drop_bodies(rng, habit, shape)
    ground = substrate(scene, rng)
    seen = random_secondary(rng, habit.radius, scene.background)
    if loudness is not None:
        seen = replace(seen, loudness=loudness)
    canvas = secondary(rng, pile, ground, seen)
    canvas = _expose(rng, canvas, WHITE - scene.halo)
    enlarged = _random_enlarging(rng, habit.radius)
    return _record(rng, canvas, pile.labels, scene, enlarged)


def _random_scene(rng: np.random.Generator, shape: tuple[int, int]) -> Scene:
    """Ground and microscope of the flat renderer, without its particles."""
    scene = random_scene(rng, shape)
    dark = rng.random() < 0.5
    return replace(
        scene,
        particles=(),
        inverted=bool(rng.random() < 0.05),
        background=float(rng.uniform(0.02, 0.25)) if dark else scene.background,
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
    rng: np.random.Generator, canvas: Array, labels: Labels, scene: Scene, enlarged: float
) -> Heap:
    """Take the picture at its recorded scale, then enlarge it with its noise; captions last."""
    labels = single_pieces(labels)
    height, width = canvas.shape
    small = resize(canvas, 1 / enlarged)
    rows = np.linspace(0, height - 1, small.shape[0]).round().astype(int)
    columns = np.linspace(0, width - 1, small.shape[1]).round().astype(int)
    labels_small = labels[np.ix_(rows, columns)]
    step, grey = _seam_step(small, labels_small, scene.blur)
    electrons = scene.electrons
    if step > 0:
        wanted = (MIN_SEAM_CONTRAST / step) ** 2 * (grey + 0.05)
        electrons = float(np.clip(wanted, electrons, MAX_ELECTRONS))
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
    contrast = step / np.sqrt((grey + 0.05) / electrons) if step > 0 else step
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


def _seam_step(canvas: Array, labels: Labels, blur: float) -> tuple[float, float]:
    """Median range of grey within 2 px of a seam, and the median grey there; NaN without seams."""
    seam = seam_pixels(labels)
    if not seam.any():
        return float("nan"), float("nan")
    sharp = np.clip(ndimage.gaussian_filter(canvas, blur), 0, 1)
    span = ndimage.maximum_filter(sharp, 5) - ndimage.minimum_filter(sharp, 5)
    return float(np.median(span[seam])), float(np.median(sharp[seam]))


def _numbered(labels: Labels) -> Labels:
    """The same labels without gaps: 1 to n."""
    present, numbers = np.unique(labels, return_inverse=True)
    shift = 0 if present[0] == 0 else 1
    return (numbers.reshape(labels.shape) + shift).astype(np.int32)
