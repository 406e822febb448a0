"""Training pictures: EMPS-train and drawn micrographs.

EMPS-train is 366 labelled micrographs (Yildirim and Cole 2021, MIT licence). A fixed
fifth, chosen by the hash of the name, never enters training and is for validation.
Drawn pictures come from `training.synthesize` and are cached as files. The TiO2
pictures are not read here: their licence allows looking and validating only.
"""

from __future__ import annotations

import argparse
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from training import synthesize

__all__ = ["Sample", "drawn_samples", "emps_samples", "is_validation"]

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


def stretch_contrast(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Contrast between the 0.5 and 99.5 percentiles, as in `semseg.preprocessing`."""
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
            Sample(row.name, stretch_contrast(image.astype(np.float32)), labels, row.median_ecd_px)
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
            image = stretch_contrast(stored["image"].astype(np.float32))
        if labels.any():
            samples.append(Sample(path.stem, image, labels, median_ecd(labels)))
    return samples


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw the synthetic training pictures.")
    parser.add_argument("--count", type=int, default=1200)
    options = parser.parse_args()
    print(len(drawn_samples(options.count)), "pictures drawn in", WORK)
