"""Training pictures: EMPS-train and drawn micrographs, cropped and augmented.

EMPS-train is 366 labelled micrographs (Yildirim and Cole 2021, MIT licence). A fixed
fifth, chosen by the hash of the name, never enters training and is for validation.
Drawn pictures come from `training.synthesize` and are cached as files. The TiO2
pictures are not read here: their licence allows looking and validating only.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from torch.utils.data import IterableDataset

from training import synthesize
from training.network import REDUCTION

__all__ = ["Crops", "Sample", "drawn_samples", "emps_samples", "is_validation", "targets"]

CROP = 320
SIZES = (16.0, 140.0)  # median particle that EMPS pictures are brought to, px of the picture
SMALL = 14.0  # particles below count more, px of the maps
SHARED = Path(__file__).resolve().parents[2] / "shared"
WORK = Path(__file__).resolve().parent / "cache"


@dataclass(frozen=True, eq=False)
class Sample:
    """One labelled picture: image (0..1, H x W float32), labels (int32), median ECD in px."""

    name: str
    image: NDArray[np.float32]
    labels: NDArray[np.int32]
    median_ecd: float


def is_validation(name: str) -> bool:
    """Whether a picture of EMPS-train belongs to the fixed validation fifth."""
    return zlib.crc32(name.encode()) % 5 == 0


def median_ecd(labels: NDArray[np.integer]) -> float:
    """Median equivalent circular diameter of the labelled instances, px."""
    areas = np.bincount(labels.ravel())[1:]
    return float(np.median(np.sqrt(4 * areas[areas > 0] / np.pi)))


def stretch(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Contrast between the 0.5 and 99.5 percentiles, as `semseg.preparation` does it."""
    low, high = np.percentile(image, (0.5, 99.5))
    return np.clip((image - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)


def emps_samples(folder: Path, *, validation: bool) -> list[Sample]:
    """The training four fifths, or the validation fifth, of EMPS-train."""
    index = pd.read_csv(folder / "index.csv")
    samples = []
    for row in index.itertuples():
        if is_validation(row.name) != validation:
            continue
        image = np.asarray(Image.open(folder / "images" / f"{row.name}.png").convert("L"))
        labels = np.asarray(Image.open(folder / "labels" / f"{row.name}.png")).astype(np.int32)
        samples.append(
            Sample(row.name, stretch(image.astype(np.float32)), labels, row.median_ecd_px)
        )
    return samples


def _draw(seed: int, folder: Path) -> Path:
    path = folder / f"{seed:05d}.npz"
    if not path.exists():
        image, labels = synthesize.draw_micrograph(np.random.default_rng([2026, seed]))
        partial = path.with_suffix(".part.npz")
        np.savez_compressed(
            partial, image=(image * 255).astype(np.uint8), labels=labels.astype(np.uint16)
        )
        partial.replace(path)
    return path


def drawn_samples(count: int) -> list[Sample]:
    """Drawn micrographs with seeds 0..count-1, drawn once and kept as files.

    Another renderer draws other pictures, so each edition of it has a folder of its own.
    """
    folder = WORK / f"drawn-{zlib.crc32(Path(synthesize.__file__).read_bytes()):08x}"
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        paths = list(pool.map(_draw, range(count), [folder] * count, chunksize=16))
    samples = []
    for path in paths:
        with np.load(path) as stored:
            labels = stored["labels"].astype(np.int32)
            image = stretch(stored["image"].astype(np.float32))
        if labels.any():
            samples.append(Sample(path.stem, image, labels, median_ecd(labels)))
    return samples


def targets(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """What the network is to say, and how much each pixel counts: (4, H, W) float32.

    0 foreground; 1 distance from the instance's own edge, scaled to 1 at its middle;
    2 boundary between touching instances, two pixels wide; 3 weight, up to 3 in
    instances smaller than `SMALL`, which are otherwise drowned by the large ones.
    """
    count = int(labels.max(initial=0))
    foreground = labels > 0
    differs = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        ahead = np.diff(labels, axis=axis) != 0
        first = np.s_[:-1, :] if axis == 0 else np.s_[:, :-1]
        second = np.s_[1:, :] if axis == 0 else np.s_[:, 1:]
        touching = ahead & foreground[first] & foreground[second]
        differs[first] |= touching
        differs[second] |= touching
    interior = (foreground & ~differs).astype(np.uint8)
    distance = cv2.distanceTransform(interior, cv2.DIST_L2, 5)
    weight = np.ones(labels.shape, np.float32)
    if count:
        ids = np.arange(count + 1)
        peak = np.ones(count + 1, np.float32)
        peak[1:] = np.maximum(ndimage.maximum(distance, labels, ids[1:]), 1)
        distance = distance / peak[labels]
        areas = np.bincount(labels.ravel(), minlength=count + 1)
        ecd = np.sqrt(4 * np.maximum(areas, 1) / np.pi)
        per_instance = np.clip(SMALL / ecd, 1, 3).astype(np.float32)
        per_instance[0] = 1
        weight = per_instance[labels]
    weight[differs] *= 1.5
    return np.stack([foreground, distance, differs, weight]).astype(np.float32)


class Crops(IterableDataset):
    """An endless, seeded stream of augmented crops: image (1, s, s), targets (4, s / r, s / r),
    with s `CROP` and r the network's `REDUCTION`.

    Half come from each of the two lists. EMPS pictures are brought to a random median
    particle of `SIZES`; drawn ones, which are drawn from 12 to 100 px, are enlarged by
    0.9 to 2.
    """

    def __init__(self, emps: list[Sample], drawn: list[Sample], seed: int) -> None:
        self.emps, self.drawn, self.seed = emps, drawn, seed

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        cv2.setNumThreads(0)
        worker = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, worker.id if worker else 0])
        while True:
            real = bool(self.emps) and (not self.drawn or rng.random() < 0.5)
            source = self.emps if real else self.drawn
            sample = source[int(rng.integers(len(source)))]
            if real:
                scale = np.exp(rng.uniform(*np.log(SIZES))) / sample.median_ecd
            else:
                scale = np.exp(rng.uniform(-0.1, 0.7))
            image, labels = crop(sample, float(np.clip(scale, 0.12, 3)), rng)
            image = augment(image, rng)
            yield torch.from_numpy(image[None]), torch.from_numpy(targets(labels))


def crop(
    sample: Sample, scale: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """A rotated, mirrored, scaled square of CROP px; what lies outside is mirrored in. The labels
    are on the grid of the maps."""
    height, width = sample.labels.shape
    turn = rng.uniform(0, 2 * np.pi) if rng.random() < 0.5 else np.pi / 2 * rng.integers(4)
    stretch_x = scale * np.exp(rng.normal(0, 0.06))
    for _ in range(4):  # a crop without particles teaches little: look elsewhere
        half = np.array([CROP / stretch_x, CROP / scale]) / 2
        low = np.minimum(half, [width / 2, height / 2])
        high = np.maximum([width, height] - half, [width / 2, height / 2])
        centre = rng.uniform(low, high)
        # output pixel -> source pixel
        turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        mirror = np.diag([rng.choice([-1, 1]), 1])
        linear = turned @ mirror @ np.diag([1 / stretch_x, 1 / scale])
        offset = centre - linear @ np.array([CROP / 2, CROP / 2])
        matrix = np.column_stack([linear, offset])
        flags = cv2.WARP_INVERSE_MAP
        side = CROP // REDUCTION
        # pixel of the maps -> the middle of its pixels of the picture -> source pixel
        middle = np.array(
            [[REDUCTION, 0, (REDUCTION - 1) / 2], [0, REDUCTION, (REDUCTION - 1) / 2], [0, 0, 1]]
        )
        labels = cv2.warpAffine(
            sample.labels.astype(np.float32), matrix @ middle, (side, side),
            flags=flags | cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT,
        ).astype(np.int32)  # fmt: skip
        if labels.any():
            break
    image = sample.image
    if scale < 0.9:  # against aliasing, as a proper resize does
        image = cv2.GaussianBlur(image, (0, 0), 0.45 * float(np.sqrt(1 / scale**2 - 0.8)))
    image = cv2.warpAffine(
        image, matrix, (CROP, CROP), flags=flags | cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return image, labels


def augment(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Polarity, contrast, gamma, blur and noise as other instruments would have them."""
    chance = rng.random
    if chance() < 0.12:
        image = 1 - image
    if chance() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.4))
    low, high = rng.normal(0, 0.06), 1 + rng.normal(0, 0.12)
    image = np.clip((image - low) / max(high - low, 0.3), 0, 1)
    if chance() < 0.7:
        image = image ** np.float32(np.exp(rng.normal(0, 0.35)))
    if chance() < 0.4:
        sigma = rng.exponential(0.05)
        image = image + sigma * rng.standard_normal(image.shape).astype(np.float32)
    return np.clip(image, 0, 1).astype(np.float32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw the synthetic training pictures.")
    parser.add_argument("--count", type=int, default=1200)
    options = parser.parse_args()
    print(len(drawn_samples(options.count)), "pictures drawn in", WORK)
