"""What bounds the figures: how many of the true particles each step still holds.

    python -m training.bounds tio2
    python -m training.bounds emps powder drawn heaps
    python -m training.bounds tio2 --model training/cache/lean.onnx

Three rows, recall at IoU 0.5 on the grid of the maps: any joining of the superpixels could give so
many, so many are among the candidates, so many are chosen (before the filter). Where the first is
low, nothing that follows can help; where the last is far below the second, it is the choice that
bounds. TiO2 pictures are seen at the factor that is found, all others at the one that the truth
asks for. Sets that the model was fitted to are marked.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from semseg.analysis import prepare
from semseg.inference.segmenter import Segmenter
from semseg.instances.autoscale import estimate_rescale
from semseg.instances.coefficients import thresholds_of
from semseg.instances.merge_tree import best_cut
from semseg.instances.thresholds import Thresholds
from semseg.io.micrograph import read_micrograph
from semseg.preprocessing.preparation import resize
from semseg.settings import Settings
from training.choosing import graph_of, pooled_rows, proposed, score_of, three_rows
from training.fit import DRAWN, seen_at_target, validation_pictures
from training.pictures import Picture, Seen, powder, tio2_dev

__all__ = ["SETS", "bounds", "of_sets"]


def tio2() -> list[Picture]:
    """The TiO2 pictures as far as their truth goes."""
    pictures = []
    for each in tio2_dev():
        image = prepare(read_micrograph(each.path), Settings()).image[: each.labels.shape[0]]
        pictures.append(Picture(each.path.stem, "TiO2", image, each.labels))
    return pictures


def _fitted(kind: str) -> list[Picture]:
    return [each for each in validation_pictures(DRAWN) if each.kind == kind]


SETS: dict[str, Callable[[], list[Picture]]] = {
    "tio2": tio2,
    "powder": lambda: powder(validation=True),
    "emps": lambda: _fitted("EMPS"),
    "drawn": lambda: _fitted("drawn"),
    "heaps": lambda: _fitted("heaps"),
}
FITTED = ("EMPS", "drawn", "heaps")


def bounds(seen: Sequence[Seen], thresholds: Thresholds) -> pd.DataFrame:
    """The three rows and what goes with them, one column for each kind of picture."""
    rows = []
    for each in seen:
        of_picture = proposed(graph_of(each, thresholds), thresholds.seam_model)
        score = score_of(of_picture, thresholds.score_model)
        rows.append(three_rows(of_picture, best_cut(of_picture.tree, score - thresholds.penalty)))
    table = pooled_rows(rows).T
    return table.rename(columns=lambda kind: f"{kind} (fitted to)" if kind in FITTED else kind)


def seen_as_found(pictures: Sequence[Picture], segmenter: Segmenter) -> list[Seen]:
    """The maps of each picture at the factor that is found automatically."""
    seen = []
    thresholds, target = thresholds_of(segmenter.info), segmenter.info.target_particle_px
    for picture in pictures:
        factor = estimate_rescale(picture.image, segmenter.predict, thresholds, target).factor
        view = resize(picture.image, factor, segmenter.info.reduction)
        seen.append(Seen(picture, view, segmenter.predict(view).astype(np.float32)))
    return seen


def of_sets(names: Iterable[str], segmenter: Segmenter) -> pd.DataFrame:
    """`bounds` of some of `SETS`."""
    seen: list[Seen] = []
    for name in names:
        see = seen_as_found if name == "tio2" else seen_at_target
        seen += see(SETS[name](), segmenter)
    return bounds(seen, thresholds_of(segmenter.info))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=SETS, nargs="+")
    parser.add_argument("--model", type=Path, help="another model in place of the shipped one")
    options = parser.parse_args()
    if options.model:
        segmenter = Segmenter(options.model, sha256=None, provider="cpu")
    else:
        segmenter = Segmenter(provider="cpu")
    print(of_sets(options.set, segmenter).round(3).to_string())


if __name__ == "__main__":
    main()
