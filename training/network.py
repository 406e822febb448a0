"""A MultiRes U-Net made for the CPU, in PyTorch.

The network of Ibtehaz and Rahman, "MultiResUNet", Neural Networks 121 (2020) 74: U-Net
blocks whose three successive 3 x 3 convolutions are concatenated, so that one block sees
three sizes at once. What differs
from the paper was chosen for speed in ONNX Runtime:

* the body works at a quarter of the resolution, between a pixel-unshuffle and a pixel-shuffle
  to the maps, which have half the resolution of the picture;
* widths are multiples of 16, which run in the blocked layout of the CPU kernels;
* what skips across is narrowed by 1 x 1 convolutions: the residual paths of the paper would
  be two fifths of all arithmetic;
* normalisation follows each convolution directly and folds into it on export;
* up-sampling is nearest neighbour and a 1 x 1 convolution.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["DIVISOR", "MAPS", "REDUCTION", "Layout", "MultiResUNet"]

MAPS = ("foreground", "distance", "boundary")


@dataclass(frozen=True)
class Layout:
    """How large the parts of a network are."""

    fold: int = 4  # side of the squares of pixels that become channels
    unfold: int = 2  # side of the squares of pixels of the maps that channels become
    widths: tuple[tuple[int, int, int], ...] = (
        (16, 32, 48),
        (16, 32, 64),
        (32, 64, 112),
        (64, 128, 192),
    )
    paths: tuple[int, ...] = (48, 64, 96)  # of what skips across, each level but the deepest

    @property
    def divisor(self) -> int:
        """Sides of the input must be multiples of this."""
        return self.fold * 2 ** len(self.paths)

    def scaled(self, width: float) -> Layout:
        """Every layer with this share of its channels, in steps of 8."""
        return replace(
            self,
            widths=tuple(tuple(_share(each, width) for each in level) for level in self.widths),
            paths=tuple(_share(each, width) for each in self.paths),
        )

    @property
    def reduction(self) -> int:
        """Pixels of the picture along a pixel of the maps."""
        return self.fold // self.unfold


DIVISOR, REDUCTION = Layout().divisor, Layout().reduction


class Convolution(nn.Sequential):
    """Convolution and batch normalisation, which fold into one on export."""

    def __init__(self, inputs: int, outputs: int, size: int = 3) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False),
            nn.BatchNorm2d(outputs),
        )


class MultiResBlock(nn.Module):
    """Three 3 x 3 convolutions in a row, all three kept, plus a 1 x 1 shortcut."""

    def __init__(self, inputs: int, widths: tuple[int, int, int]) -> None:
        super().__init__()
        self.outputs = sum(widths)
        chain = (inputs, *widths)
        self.steps = nn.ModuleList(Convolution(a, b) for a, b in zip(chain, widths, strict=False))
        self.shortcut = Convolution(inputs, self.outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        kept, step = [], x
        for convolution in self.steps:
            step = functional.relu(convolution(step))
            kept.append(step)
        return functional.relu(torch.cat(kept, 1) + self.shortcut(x))


class MultiResUNet(nn.Module):
    """Grey picture (n, 1, H, W) in 0..1 to three maps (n, 3, H / r, W / r), see `MAPS`.

    H and W must be multiples of the layout's divisor, r is its reduction. `forward` gives logits
    for training; `maps` gives what is exported: all three maps in 0..1.
    """

    def __init__(self, layout: Layout | None = None) -> None:
        super().__init__()
        self.layout = layout or Layout()
        levels, across = self.layout.widths, self.layout.paths
        self.down = nn.ModuleList()
        channels = self.layout.fold**2  # one grey channel, unshuffled
        for widths in levels:
            self.down.append(MultiResBlock(channels, widths))
            channels = self.down[-1].outputs
        skips = [block.outputs for block in self.down[:-1]]
        self.paths = nn.ModuleList(
            Convolution(inputs, outputs, 1) for inputs, outputs in zip(skips, across, strict=True)
        )
        self.deepest = MultiResBlock(channels, levels[-1])
        self.raise_ = nn.ModuleList()
        self.up = nn.ModuleList()
        for widths, path in zip(reversed(levels[:-1]), reversed(across), strict=True):
            self.raise_.append(Convolution(channels, path, 1))
            self.up.append(MultiResBlock(2 * path, widths))
            channels = self.up[-1].outputs
        self.head = nn.Conv2d(channels, self.layout.unfold**2 * len(MAPS), 1)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.pixel_unshuffle(x, self.layout.fold)
        skips = []
        for block, path in zip(self.down, self.paths, strict=False):
            x = block(x)
            skips.append(functional.relu(path(x)))
            x = functional.max_pool2d(x, 2)
        x = self.deepest(self.down[-1](x))
        for narrow, block, skip in zip(self.raise_, self.up, reversed(skips), strict=True):
            # the 1 x 1 convolution commutes with nearest up-sampling and is cheaper before it
            x = functional.interpolate(narrow(x), scale_factor=2.0, mode="nearest")
            x = block(torch.cat([functional.relu(x), skip], 1))
        return functional.pixel_shuffle(self.head(x), self.layout.unfold)

    def maps(self, x: Tensor) -> Tensor:
        """The three maps in 0..1, as the exported network gives them."""
        return torch.sigmoid(self(x))


def _share(channels: int, width: float) -> int:
    return max(8, 8 * round(channels * width / 8))
