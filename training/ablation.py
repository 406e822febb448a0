"""What each part of the training contributes: short runs that differ in one thing.

    python -m training.ablation --steps 700      # an hour and a half of two cores

Each network starts from nothing, sees as many crops, and gets its own merge classifier and score
model; the other thresholds are the defaults. F1 is of all particles found, pictures pooled, at the
rescale factor that the truth asks for. Runs that are there already are not repeated. The table is
docs/validation/ablation.csv, which `training.validation` puts on its page.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd

from semseg.analysis import prepare
from semseg.instances.thresholds import Thresholds
from semseg.io.micrograph import read_micrograph
from semseg.settings import Settings
from training import fit
from training.dataset import WORK
from training.export import ROOT
from training.pictures import Picture, tio2_dev
from training.recipe import trained
from training.train import Plan

__all__ = ["TABLE", "VARIANTS", "rated"]

TABLE = ROOT / "docs/validation/ablation.csv"
VARIANTS = {
    "EMPS and drawn pictures": {},
    "EMPS only": {"drawn": 0},
    "drawn pictures only": {"emps": False},
    "half the width": {"width": 0.5},
}


def rated(network: Path, pictures: Sequence[Picture], shown: Sequence[Picture]) -> dict[str, float]:
    """F1 of each kind of picture; the regressions are fitted to `pictures`, not to `shown`."""
    segmenter = fit.provisional(network, Thresholds())
    seen = fit.seen_at_target(pictures, segmenter)
    thresholds, _ = fit.fit_choice(seen, Thresholds())
    seen += fit.seen_at_target(shown, segmenter)
    rated = fit.f1_by_kind(seen, fit.by_score(thresholds))
    return {f"{kind}, F1@{iou:g}": value for kind, f1 in rated.items() for iou, value in f1.items()}


def tio2_pictures() -> list[Picture]:
    """The TiO2 pictures as far as their truth goes."""
    pictures = []
    for each in tio2_dev():
        image = prepare(read_micrograph(each.path), Settings()).image[: each.labels.shape[0]]
        pictures.append(Picture(each.path.stem, "TiO2", image, each.labels))
    return pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--drawn", type=int, default=1000, help="pictures to draw and train on")
    options = parser.parse_args()
    networks = {}
    for index, (variant, differs) in enumerate(VARIANTS.items()):
        plan = Plan(
            *(f"ablation-{index}", 0, options.steps), touching=False, drawn=options.drawn, heaps=0
        )
        plan = replace(plan, **differs)
        networks[variant] = WORK / f"{plan.name}.onnx"
        if not networks[variant].exists():
            print(variant, asdict(plan), time.strftime("%H:%M"), flush=True)
            trained(plan, resume=True)
    pictures, shown = fit.validation_pictures(drawn=24), tio2_pictures()
    rows = {variant: rated(path, pictures, shown) for variant, path in networks.items()}
    table = pd.DataFrame(rows).T.rename_axis("trained on").round(3)
    table.insert(0, "steps", options.steps)
    print(table.to_string())
    table.to_csv(TABLE)


if __name__ == "__main__":
    main()
