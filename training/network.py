"""A MultiRes U-Net made for the CPU, in PyTorch.

The network of Ibtehaz and Rahman, "MultiResUNet", Neural Networks 121 (2020) 74: U-Net
blocks whose three successive 3 x 3 convolutions are concatenated, so that one block sees
three sizes at once. What differs
from the paper was chosen for speed in ONNX Runtime:

* the body works at half resolution between a pixel-unshuffle and a pixel-shuffle;
* widths are multiples of 16, which run in the blocked layout of the CPU kernels;
* what skips across is narrowed by 1 x 1 convolutions: the residual paths of the paper would
  be two fifths of all arithmetic;
* normalisation follows each convolution directly and folds into it on export;
* up-sampling is nearest neighbour and a 1 x 1 convolution.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["DIVISOR", "MAPS", "MultiResUNet"]

MAPS = ("foreground", "distance", "boundary")
WIDTHS = ((16, 16, 32), (16, 32, 64), (32, 64, 112), (64, 128, 192))
PATHS = (32, 64, 96)  # of what skips across, each level
DIVISOR = 2 * 2 ** (len(WIDTHS) - 1)  # sides of the input must be multiples of this


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
    """Grey picture (n, 1, H, W) in 0..1 to three maps (n, 3, H, W), see `MAPS`.

    H and W must be multiples of `DIVISOR`. `forward` gives logits for training;
    `maps` gives what is exported: all three maps in 0..1.

    Parameters
    ----------
    width : float
        Of every layer, as a share of what is shipped; in steps of 8 channels.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        levels = [tuple(_share(channels, width) for channels in level) for level in WIDTHS]
        across = [_share(channels, width) for channels in PATHS]
        self.down = nn.ModuleList()
        channels = 4  # one grey channel, unshuffled
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
        self.head = nn.Conv2d(channels, 4 * len(MAPS), 1)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.pixel_unshuffle(x, 2)
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
        return functional.pixel_shuffle(self.head(x), 2)

    def maps(self, x: Tensor) -> Tensor:
        """The three maps in 0..1, as the exported network gives them."""
        return torch.sigmoid(self(x))


def _share(channels: int, width: float) -> int:
    return max(8, 8 * round(channels * width / 8))
