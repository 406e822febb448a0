"""Crops to train on: a random window of a picture, warped, pasted over and seen by another
microscope.

There are 302 pictures of EMPS to train on, few enough to be learnt by heart. No two crops hold the
same shapes, neighbours, light or noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from skimage.measure import label
from torch.utils.data import IterableDataset

from training.dataset import UNKNOWN, Sample
from training.mixture import STRETCH, Mix, enlargement
from training.network import REDUCTION
from training.targets import targets

__all__ = ["Crops", "Window", "augment", "crop", "paste", "random_mix", "window"]

CROP = 320
MIN_PIECE_PX = 4  # of the maps; what is left of a covered particle must be more


class Crops(IterableDataset):
    """An endless, seeded stream of augmented crops: image (1, s, s), targets (4, s / r, s / r),
    with s `CROP` and r the network's `REDUCTION`. Each is of one of the mixes, by their shares.
    """

    def __init__(self, mixes: Sequence[Mix], seed: int) -> None:
        self.mixes, self.seed = mixes, seed

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        cv2.setNumThreads(0)
        worker = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, worker.id if worker else 0])
        while True:
            image, labels = _of_mix(random_mix(self.mixes, rng), rng)
            image = augment(image, rng)
            yield torch.from_numpy(image[None]), torch.from_numpy(targets(labels))


def random_mix(mixes: Sequence[Mix], rng: np.random.Generator) -> Mix:
    """One of the mixes, each as often as its share says."""
    shares = np.array([mix.share for mix in mixes])
    return mixes[int(rng.choice(len(mixes), p=shares / shares.sum()))]


def _of_mix(mix: Mix, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """A crop of one of its samples, perhaps pasted over: the picture, and labels of the maps."""
    sample = _any(mix.samples, rng)
    scale = mix.random_enlargement(sample, rng)
    image, labels = crop(sample, scale, rng, mix.stretch)
    if rng.random() < mix.pasted:
        other = _any(mix.samples, rng)
        near = scale * sample.median_ecd * float(np.exp(rng.normal(0, 0.25)))
        image, labels = paste(image, labels, other, enlargement(other, near), rng)
    return image, labels


def _any(samples: Sequence[Sample], rng: np.random.Generator) -> Sample:
    return samples[int(rng.integers(len(samples)))]


@dataclass(frozen=True, eq=False)
class Window:
    """Where in a sample each pixel of a crop lies: x and y, (CROP, CROP) float32, px."""

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    scale: float  # px of the crop per px of the sample

    def on_maps(self) -> Window:
        """The same on the grid of the maps, whose pixels are the means of the picture's."""
        side = (CROP // REDUCTION, CROP // REDUCTION)
        x, y = (cv2.resize(each, side, interpolation=cv2.INTER_AREA) for each in (self.x, self.y))
        return Window(x, y, self.scale / REDUCTION)

    def labels(self, sample: Sample) -> NDArray[np.int32]:
        """Labels of the sample as the window shows them; what lies outside is mirrored in."""
        return cv2.remap(
            sample.labels.astype(np.float32), self.x, self.y,
            interpolation=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT,
        ).astype(np.int32)  # fmt: skip

    def image(self, sample: Sample) -> NDArray[np.float32]:
        """The picture likewise, blurred against aliasing where it shrinks."""
        image = sample.image
        if self.scale < 0.9:
            sigma = 0.45 * float(np.sqrt(1 / self.scale**2 - 0.8))
            image = cv2.GaussianBlur(image, (0, 0), sigma)
        return cv2.remap(
            image, self.x, self.y, interpolation=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )


def crop(
    sample: Sample, scale: float, rng: np.random.Generator, stretch: float = STRETCH
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """A random `window` of the sample: the picture, and the labels on the grid of the maps."""
    chosen = window(sample, scale, rng, stretch)
    return chosen.image(sample), chosen.on_maps().labels(sample)


def window(
    sample: Sample, scale: float, rng: np.random.Generator, stretch: float = STRETCH
) -> Window:
    """A turned, mirrored, scaled, sheared and gently warped square that holds a particle if it
    can; `stretch` as `training.mixture.Mix` has it."""
    height, width = sample.labels.shape
    turn = rng.uniform(0, 2 * np.pi) if rng.random() < 0.5 else np.pi / 2 * rng.integers(4)
    stretch_x = scale * np.exp(rng.normal(0, stretch))
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    mirror = np.diag([rng.choice([-1, 1]), 1])
    sheared = np.array([[1, rng.normal(0, stretch)], [0, 1]])
    linear = turned @ mirror @ sheared @ np.diag([1 / stretch_x, 1 / scale])
    across, down = np.mgrid[:CROP, :CROP][::-1] - CROP / 2 + _warps(rng)
    half = np.array([CROP / stretch_x, CROP / scale]) / 2
    low = np.minimum(half, [width / 2, height / 2])
    high = np.maximum([width, height] - half, [width / 2, height / 2])
    for _ in range(4):  # a crop without particles teaches little: look elsewhere
        centre = rng.uniform(low, high)
        x = linear[0, 0] * across + linear[0, 1] * down + centre[0]
        y = linear[1, 0] * across + linear[1, 1] * down + centre[1]
        chosen = Window(x.astype(np.float32), y.astype(np.float32), scale)
        if (chosen.on_maps().labels(sample) > 0).any():
            break
    return chosen


def _warps(rng: np.random.Generator) -> NDArray[np.float32]:
    """Two smooth fields, (2, CROP, CROP), of a few px: shapes that no sample has."""
    knots = int(rng.integers(4, 10))
    strength = rng.exponential(0.02) * CROP / knots
    coarse = (strength * rng.standard_normal((2, knots, knots))).astype(np.float32)
    return np.stack([_smooth(field, (CROP, CROP)) for field in coarse])


def _smooth(knots: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """A field through evenly spaced knots."""
    return cv2.resize(knots, shape[::-1], interpolation=cv2.INTER_CUBIC)


def paste(
    image: NDArray[np.float32],
    labels: NDArray[np.int32],
    other: Sample,
    scale: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Particles of another sample laid over a crop, so that real surfaces make heaps whose truth
    is known (copy-paste, Ghiasi et al. 2021). What is cut off counts as a particle of its own.
    """
    chosen = window(other, scale, rng)
    found, coarse = chosen.labels(other), chosen.on_maps().labels(other)
    present = np.unique(coarse[coarse > 0])
    taken = present[rng.random(present.size) < rng.uniform(0.2, 1)]
    over, body = np.isin(coarse, taken), np.isin(found, taken)
    if not over.any():
        return image, labels
    surface = chosen.image(other)
    if (labels > 0).any() and rng.random() < 0.7:  # as bright as what lies there, or else as it was
        here = image[cv2.resize((labels > 0).astype(np.uint8), image.shape[::-1]) > 0]
        surface = surface + (here.mean() - surface[body].mean())
    cover = cv2.GaussianBlur(body.astype(np.float32), (0, 0), rng.uniform(0.5, 1.0))
    shadow = cv2.GaussianBlur(body.astype(np.float32), (0, 0), rng.uniform(1.5, 4))
    image = image * (1 - rng.uniform(0, 0.5) * shadow)
    image = np.clip(image + cover * (surface - image), 0, 1).astype(np.float32)
    labels = np.where(over, coarse + labels.max(initial=0), labels)
    return image, _pieces(labels)


def _pieces(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Labels anew, one for each piece that hangs together; slivers go."""
    pieces = label(np.maximum(labels, 0), connectivity=1).astype(np.int32)
    small = np.bincount(pieces.ravel()) < MIN_PIECE_PX
    pieces[small[pieces]] = 0
    return np.where(labels == UNKNOWN, UNKNOWN, pieces)


def augment(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Polarity, contrast, light, gamma, blur and noise as other instruments would have them."""
    chance = rng.random
    if chance() < 0.12:
        image = 1 - image
    if chance() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.4))
    low, high = rng.normal(0, 0.06), 1 + rng.normal(0, 0.12)
    image = np.clip((image - low) / max(high - low, 0.3), 0, 1)
    if chance() < 0.7:
        image = image ** np.float32(np.exp(rng.normal(0, 0.35)))
    if chance() < 0.3:  # uneven light
        coarse = rng.normal(0, 0.2, (3, 3)).astype(np.float32)
        image = image * np.exp(_smooth(coarse, image.shape))
    if chance() < 0.4:
        sigma = rng.exponential(0.05)
        image = image + sigma * rng.standard_normal(image.shape).astype(np.float32)
    return np.clip(image, 0, 1).astype(np.float32)
