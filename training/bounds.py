"""What bounds the figures: steps of the pipeline replaced, one after another, by the truth.

    python -m training.bounds tio2
    python -m training.bounds tio2 --model training/cache/lean.onnx

A ladder on the same pictures through the same code, of all particles found. Where a rung brings a
figure to what is wanted, the step that it replaces is what bounds that figure; where none does,
the maps are.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.analysis import prepare
from semseg.inference.segmenter import Segmenter
from semseg.instances.autoscale import estimate_rescale
from semseg.instances.particles import (
    Thresholds,
    find_particles,
    fragments,
    refine,
)
from semseg.instances.seams import join, seams
from semseg.io.micrograph import read_micrograph
from semseg.measure.recorded import on_recorded_grid
from semseg.preprocessing.preparation import resize
from semseg.settings import Settings
from training.evaluate import SETS, figures, recalls, size_errors, sizes_off_edge
from training.fit import on_grid, owners
from training.metrics import compare, pool
from training.pictures import VISIBILITY, Labelled, without_gaps

__all__ = ["ladder"]

Labels = NDArray[np.int32]
LARGER = 1.5


def ladder(pictures: list[Labelled], segmenter: Segmenter) -> pd.DataFrame:
    """One row per rung, pooled figures as `training.evaluate` names them.

    Parameters
    ----------
    pictures : list of Labelled
        Where the classes of visibility are known, one more rung leaves the true fragments out.
    segmenter : Segmenter
    """
    climbed: dict[str, list[Labels]] = {}
    for picture in pictures:
        for rung, found in _rungs(picture, segmenter):
            climbed.setdefault(rung, []).append(without_gaps(found))
    rows = {}
    for rung, found in climbed.items():
        pairs = list(zip(pictures, found, strict=True))
        agreements = [compare(picture.labels, labels) for picture, labels in pairs]
        true_sizes = pd.concat([sizes_off_edge(picture.labels) for picture in pictures])
        found_sizes = pd.concat([sizes_off_edge(labels) for labels in found])
        rows[rung] = figures(pool(agreements)) | size_errors(true_sizes, found_sizes)
        rows[rung] |= recalls(pictures, agreements)
    return pd.DataFrame(rows).T


def _rungs(picture: Labelled, segmenter: Segmenter) -> Iterator[tuple[str, Labels]]:
    """What each rung finds in one picture, on the grid of the truth."""
    thresholds = Thresholds(**segmenter.info.thresholds)
    truth = picture.labels
    # rows below those of the truth do not count
    image = prepare(read_micrograph(picture.path), Settings()).image[: truth.shape[0]]
    target = segmenter.info.target_particle_px
    factor = estimate_rescale(image, segmenter.predict, thresholds, target).factor
    for size, times in (("", 1.0), (f"{LARGER:g} times larger: ", LARGER)):
        view = resize(image, times * factor, segmenter.info.reduction)
        maps = segmenter.predict(view).astype(np.float32)
        labels, _ = find_particles(maps, view, thresholds)
        yield f"{size}as found", on_recorded_grid(labels, image.shape)
        joined = _seams_by_truth(maps, on_grid(truth, maps.shape[1:]), thresholds)
        joined = refine(joined, maps, view, thresholds)
        found = without_gaps(on_recorded_grid(joined, image.shape))
        yield f"{size}seams decided by the truth", found
        right = np.concatenate([[False], compare(truth, found).best_of_found > 0.5])
        yield f"{size}seams and filter decided by the truth", np.where(right[found], found, 0)
    if picture.visibility is not None:
        clear = np.concatenate([[False], picture.visibility != VISIBILITY.index("fragment")])
        yield "the truth itself, but for its fragments", np.where(clear[truth], truth, 0)


def _seams_by_truth(maps: NDArray[np.float32], truth: Labels, thresholds: Thresholds) -> Labels:
    """Instances where a seam is undone when the same true particle lies on both its sides."""
    labels, elevation = fragments(maps, thresholds)
    found = seams(labels, elevation, maps)
    owner = owners(labels, truth)
    first, second = owner[found["first"]], owner[found["second"]]
    joined = join(labels, found, np.where((first == second) & (first > 0), 1.0, -np.inf))
    large = np.bincount(joined.ravel()) >= thresholds.min_area_px
    return np.where(large[joined], joined, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--model", type=Path, help="another model in place of the shipped one")
    options = parser.parse_args()
    if options.model:
        segmenter = Segmenter(options.model, sha256=None, provider="cpu")
    else:
        segmenter = Segmenter(provider="cpu")
    print(ladder(SETS[options.set](), segmenter).round(3).T.to_string())


if __name__ == "__main__":
    main()
