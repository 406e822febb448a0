"""Training pictures: labelled micrographs of others and drawn ones.

EMPS-train is 366 labelled micrographs (Yildirim and Cole 2021, MIT licence). A fixed
fifth, chosen by the hash of the name, never enters training and is for validation; so are
every fifth picture of silica spheres and one of metal powder. Drawn pictures come from
`training.synthesize` and `training.heaps` and are cached as files. The TiO2 pictures are not
read here: their licence allows looking and validating only.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from training import heaps, synthesize
from training.heaps import draw_heap

__all__ = [
    "HEAPS",
    "POWDER_VALIDATION",
    "SPHERES_VALIDATION",
    "UNKNOWN",
    "Sample",
    "drawn_samples",
    "emps_samples",
    "heap_samples",
    "is_validation",
    "nuclei_samples",
    "pebble_samples",
    "powder_samples",
    "sphere_samples",
]

SHARED = Path(__file__).resolve().parents[2] / "shared"
WORK = Path(__file__).resolve().parent / "cache"
POWDER_VALIDATION = "Sc2_010-006"  # the source's own
SPHERES_VALIDATION = 5  # every so many-th of them, in the order of their names
UNKNOWN = -1  # label of pixels of which nobody knows what they show
DRAWN_STREAM, HEAPS_STREAM = 2026, 2027  # of random numbers: nothing else is drawn from them
HEAPS = {"secondary": 0.5, "bright field": 0.25, "dark field": 0.25}  # share of each detector

Drawing = tuple[NDArray[np.float32], NDArray[np.int32]]


@dataclass(frozen=True, eq=False)
class Sample:
    """One labelled picture: image (0..1, H x W float32), labels (int32), median ECD in px.

    Labels are 1..n, 0 for the ground and `UNKNOWN` where nobody knows.
    """

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


def powder_samples(folder: Path) -> list[Sample]:
    """Dense metal powder (AMPIS, MIT), satellites apart, without the picture for validation."""
    paths = sorted((folder / "images").glob("*.png"))
    return _labelled(folder, [each for each in paths if not each.stem.endswith(POWDER_VALIDATION)])


def sphere_samples(folder: Path) -> list[Sample]:
    """Silica spheres in layers and heaps (DLSilicaSpheres, MIT) without those for validation."""
    paths = sorted((folder / "images").glob("*.png"))
    return _labelled(folder, [e for i, e in enumerate(paths) if i % SPHERES_VALIDATION])


def pebble_samples(folder: Path) -> list[Sample]:
    """Photographs of packed stones (segmenteverygrain, Apache-2.0)."""
    return _labelled(folder, sorted((folder / "images").glob("*.png")))


def nuclei_samples(folder: Path) -> list[Sample]:
    """Touching nuclei under a light microscope (Data Science Bowl 2018, CC0)."""
    return _labelled(folder, sorted((folder / "images").glob("*.png")))


def _labelled(folder: Path, paths: Iterable[Path]) -> list[Sample]:
    """Pictures of a set with their labels; where `ignore` is not 0 they are `UNKNOWN`."""
    samples = []
    for path in paths:
        image = np.asarray(Image.open(path).convert("L")).astype(np.float32)
        labels = np.asarray(Image.open(folder / "labels" / path.name)).astype(np.int32)
        typical = median_ecd(labels)
        unknown = folder / "ignore" / path.name
        if unknown.exists():
            labels[(np.asarray(Image.open(unknown)) > 0) & (labels == 0)] = UNKNOWN
        samples.append(Sample(path.stem, stretch_contrast(image), labels, typical))
    return samples


def drawn_samples(count: int) -> list[Sample]:
    """Flat drawn micrographs with seeds 0..count-1."""
    return _drawn("drawn", [Path(synthesize.__file__)], _draw_flat, range(count))


def heap_samples(count: int, detector: str) -> list[Sample]:
    """Drawn heaps, with seeds 0..count-1, as the detector sees them."""
    sources = [Path(synthesize.__file__), *sorted(Path(heaps.__file__).parent.glob("*.py"))]
    name = f"heaps-{detector.replace(' ', '-')}"
    return _drawn(name, sources, partial(_draw_heap, detector), range(count))


def _draw_flat(seed: int) -> Drawing:
    return synthesize.draw_micrograph(np.random.default_rng([DRAWN_STREAM, seed]))


def _draw_heap(detector: str, seed: int) -> Drawing:
    chance = np.random.default_rng([HEAPS_STREAM, heaps.DETECTORS.index(detector), seed])
    heap = draw_heap(chance, detector=detector)
    return heap.image, heap.labels


def _drawn(
    name: str, sources: Sequence[Path], draw: Callable[[int], Drawing], seeds: range
) -> list[Sample]:
    """Pictures drawn once and kept as files; those without particles are left out.

    Another renderer draws other pictures, so each edition of its `sources` has a folder of its own.
    """
    edition = zlib.crc32(b"".join(path.read_bytes() for path in sources))
    folder = WORK / f"{name}-{edition:08x}"
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        paths = list(pool.map(partial(_kept, draw, folder), seeds, chunksize=16))
    samples = []
    for path in paths:
        with np.load(path) as stored:
            labels = stored["labels"].astype(np.int32)
            image = stretch_contrast(stored["image"].astype(np.float32))
        if labels.any():
            samples.append(Sample(path.stem, image, labels, median_ecd(labels)))
    return samples


def _kept(draw: Callable[[int], Drawing], folder: Path, seed: int) -> Path:
    """The file of a drawing, drawn unless it is there."""
    path = folder / f"{seed:05d}.npz"
    if not path.exists():
        image, labels = draw(seed)
        part = path.with_suffix(".part.npz")
        np.savez_compressed(
            part, image=(image * 255).astype(np.uint8), labels=labels.astype(np.uint16)
        )
        part.replace(path)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw the synthetic training pictures.")
    parser.add_argument("--count", type=int, default=1200, help="flat ones")
    parser.add_argument("--heaps", type=int, default=1000, help="of all detectors together")
    options = parser.parse_args()
    print(len(drawn_samples(options.count)), "flat pictures drawn in", WORK)
    for detector, share in HEAPS.items():
        print(len(heap_samples(round(share * options.heaps), detector)), "heaps,", detector)
