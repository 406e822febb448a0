"""Start a larger network from a smaller one: at first it says the same, then it may say more.

    python -m training.grow lean grown      # training/cache/lean.onnx -> runs/grown/checkpoint.pt

After Net2Net (Chen, Goodfellow, Shlens 2016, "Net2Net: Accelerating Learning via Knowledge
Transfer"). Channels that are new begin at random and nobody listens to them yet; where the larger
network folds larger squares of pixels into channels, it starts as the smaller one on a picture
reduced by that ratio. Once, this made the network of the third edition out of that of the second.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from training.crops import Crops
from training.dataset import WORK
from training.mixture import emps
from training.network import Convolution, Layout, MultiResBlock, MultiResUNet
from training.unfold import unfold

__all__ = ["SECOND", "grow"]

SECOND = Layout(
    fold=2,
    unfold=2,
    widths=((16, 16, 32), (16, 32, 64), (32, 64, 112), (64, 128, 192)),
    paths=(32, 64, 96),
)


@torch.no_grad()
def grow(small: MultiResUNet, large: MultiResUNet) -> None:
    """Give `large` the weights of `small`, changed in place; as many levels, none narrower, maps
    as many pixels to one of the body.

    The maps of `large` are then those that `small` gives of a picture reduced (by averaging) by
    the ratio of their folds.
    """
    before, after = small.layout, large.layout
    grey = torch.arange(after.fold**2)
    entrance = _repeated(before.fold, after.fold)
    inputs = grey
    for index, (old, new) in enumerate(zip(small.down, large.down, strict=True)):
        if index == 0:
            share = (before.fold / after.fold) ** 2
            for convolution in (old.steps[0][0], old.shortcut[0]):
                convolution.weight = nn.Parameter(convolution.weight[:, entrance] * share)
        inputs = _block(old, new, inputs)
        if index < len(small.paths):
            _convolution(small.paths[index], large.paths[index], inputs)
    inputs = _block(small.deepest, large.deepest, inputs)
    for level, (old, new) in enumerate(zip(small.up, large.up, strict=True)):
        path = _convolution(small.raise_[level], large.raise_[level], inputs)
        wide = large.raise_[level][0].out_channels
        inputs = _block(old, new, torch.cat([path, wide + path]))
    large.head.weight.zero_()
    large.head.weight[:, inputs] = small.head.weight
    large.head.bias.copy_(small.head.bias)


def _repeated(before: int, after: int) -> Tensor:
    """For each pixel of a square of side `after`, its pixel in one of side `before`, row by row."""
    place = torch.arange(after) * before // after
    return (place[:, None] * before + place).ravel()


def _kept(old: Sequence[int], new: Sequence[int]) -> Tensor:
    """Where channels joined from parts of `old` widths lie among parts of `new` widths."""
    starts = itertools.accumulate(new, initial=0)
    return torch.cat(
        [torch.arange(start, start + width) for start, width in zip(starts, old, strict=False)]
    )


def _block(old: MultiResBlock, new: MultiResBlock, inputs: Tensor) -> Tensor:
    """Where the channels that leave the old block leave the new one."""
    outputs = _kept(
        [step[0].out_channels for step in old.steps], [step[0].out_channels for step in new.steps]
    )
    _convolution(old.shortcut, new.shortcut, inputs, outputs)
    for before, after in zip(old.steps, new.steps, strict=True):
        inputs = _convolution(before, after, inputs)
    return outputs


def _convolution(
    old: Convolution, new: Convolution, inputs: Tensor, outputs: Tensor | None = None
) -> Tensor:
    """Old weights at their places; returns where the old outputs now are."""
    outputs = torch.arange(old[0].out_channels) if outputs is None else outputs
    new[0].weight[outputs] = 0  # they do not listen to what is new
    new[0].weight[outputs[:, None], inputs] = old[0].weight
    for name in ("weight", "bias", "running_mean", "running_var"):
        getattr(new[1], name)[outputs] = getattr(old[1], name)
    return outputs


def grown(exported: Path) -> MultiResUNet:
    """The network of today's layout, saying what the exported one of the second edition says."""
    crops = Crops([emps(validation=False)], seed=1)
    pictures = torch.stack([image for image, _ in itertools.islice(crops, 48)])
    small, large = MultiResUNet(SECOND), MultiResUNet()
    unfold(small, exported, pictures)
    grow(small, large)
    return large


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exported")
    parser.add_argument("name")
    options = parser.parse_args()
    folder = WORK / "runs" / options.name
    folder.mkdir(parents=True, exist_ok=True)
    network = grown(WORK / f"{options.exported}.onnx")
    torch.save({"average": network.state_dict()}, folder / "checkpoint.pt")
