"""Train a model of the shipped kind from scratch, with one command.

    python -m training.recipe --name anew --minutes 300
    python -m training.recipe --name anew --minutes 300 --resume      # after an interruption

Draws the pictures, trains, exports, fits thresholds, confidence, filter and abstention (some ten
minutes more), and writes the described model to training/cache/NAME.model.onnx. Nothing of the
repository changes; `python -m training.export describe NAME` makes it the model that is shipped.

Wants EMPS-train in `../shared/data/emps-train`. The shipped model cost 494 minutes of
two cores, in six runs on each other (training/README.md).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.dataset import WORK
from training.export import describe, description, export_network
from training.fit import fit, validation_pictures
from training.train import Plan, train

__all__ = ["trained"]


def trained(plan: Plan, *, resume: bool) -> Path:
    """Train by the plan and export to training/cache; the path of the bare network."""
    folder = WORK / "runs" / plan.name
    train(plan, folder, resume=resume)
    target = WORK / f"{plan.name}.onnx"
    export_network(folder / "checkpoint.pt", target)
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", default="anew")
    parser.add_argument("--minutes", type=float, default=300, help="of training; two CPU cores")
    parser.add_argument("--drawn", type=int, default=1600, help="pictures to draw and train on")
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    plan = Plan(options.name, options.minutes, drawn=options.drawn)
    network = trained(plan, resume=options.resume)
    target = network.with_suffix(".model.onnx")
    fitted = fit(options.name, validation_pictures(drawn=48))
    print(target, describe(network, target, description(options.name, fitted)))


if __name__ == "__main__":
    main()
