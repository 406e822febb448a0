"""The mean of the weights of several runs on each other: a run of its own, without training.

    python -m training.average quarter longer warped --name mean    # -> runs/mean/checkpoint.pt

Runs that start from each other's weights stay in one valley, whose middle is often lower than
where any of them ended (Wortsman et al. 2022, "Model soups"). The means and variances of the
normalisations are averaged alike.
"""

from __future__ import annotations

import argparse
import json

import torch
from torch import Tensor

from training.dataset import WORK

__all__ = ["mean"]


def mean(weights: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each tensor; of whole numbers, which only count batches, the first.

    ValueError when the networks are not laid out alike.
    """
    shapes = [{name: value.shape for name, value in each.items()} for each in weights]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError("These runs trained networks of different layouts.")
    return {
        name: torch.stack([each[name] for each in weights]).mean(0)
        if value.is_floating_point()
        else value
        for name, value in weights[0].items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--name", default="mean")
    options = parser.parse_args()
    stored = [
        torch.load(WORK / "runs" / run / "checkpoint.pt", weights_only=True)["average"]
        for run in options.runs
    ]
    folder = WORK / "runs" / options.name
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({"average": mean(stored)}, folder / "checkpoint.pt")
    # the plan tells how wide the layers are
    plan = json.loads((WORK / "runs" / options.runs[0] / "plan.json").read_text())
    plan |= {"name": options.name, "minutes": 0, "start_from": ", ".join(options.runs)}
    (folder / "plan.json").write_text(json.dumps(plan, indent=1))
    print(folder)


if __name__ == "__main__":
    main()
