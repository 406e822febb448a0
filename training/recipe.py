"""Train a model of the shipped kind from scratch, or from the shipped one, with one command.

    python -m training.recipe --name anew --minutes 300
    python -m training.recipe --name anew --minutes 300 --resume      # after an interruption
    python -m training.recipe --name further --minutes 85 --start-from models/model.onnx --rate 1e-3

Draws the pictures, trains, exports, fits thresholds, confidence, filter and in-domain probability
(ten minutes more), and writes the described model to training/cache/NAME.model.onnx. Nothing of the
repository changes; `python -m training.export describe NAME` makes it the model that is shipped.

Wants EMPS-train and the other sets of `training.mixture` in `../shared/data`. The shipped model
cost 494 minutes of two cores, in six runs on each other; one run of 187 minutes on two cores with
AVX-512, on EMPS and flat drawings alone, came within 0.005 of its F1 on TiO2 (*anew* in
training/README.md).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.dataset import WORK
from training.export import describe, description, export_network
from training.fit import DRAWN, fit, validation_pictures
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
    parser.add_argument(
        "--drawn", type=int, default=2400, help="flat pictures to draw and train on"
    )
    parser.add_argument("--heaps", type=int, default=1000, help="drawn in heaps, likewise")
    parser.add_argument("--start-from", help="another run, or an exported model (.onnx)")
    parser.add_argument("--rate", type=float, default=Plan.rate)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--resume", action="store_true")
    options = vars(parser.parse_args())
    resumed = options.pop("resume")
    plan = Plan(**options)
    network = trained(plan, resume=resumed)
    target = network.with_suffix(".model.onnx")
    fitted = fit(plan.name, validation_pictures(DRAWN))
    print(target, describe(network, target, description(plan.name, fitted)))


if __name__ == "__main__":
    main()
