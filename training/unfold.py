"""Train on from an exported model: its weights as a state of the network that can be trained.

Checkpoints are large and stay where they were made; the exported model is all that travels.
On export each normalisation is folded into its convolution. Here it is put back so that the
network says what it said, yet may learn: on a few pictures, scale and shift of each
normalisation are set to undo what it does to their statistics.
"""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

__all__ = ["unfold"]


@torch.no_grad()
def unfold(network: nn.Module, exported: Path, pictures: Tensor) -> None:
    """Give `network` the weights of an exported model.

    Parameters
    ----------
    network : MultiResUNet
        Changed in place.
    exported : path
        Model as `training.export` writes it, its layers named as here.
    pictures : (n, 1, H, W) float32, 0..1
        A few dozen training crops, whose statistics the normalisation is to undo.

    Raises
    ------
    KeyError
        The exported model lacks a layer of the network.
    """
    stored = {
        tensor.name.removeprefix("network."): torch.from_numpy(numpy_helper.to_array(tensor).copy())
        for tensor in onnx.load(exported).graph.initializer
    }

    def undo(norm: nn.BatchNorm2d, inputs: tuple[Tensor]) -> None:
        (x,) = inputs
        variance, mean = torch.var_mean(x, (0, 2, 3), correction=0)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_(torch.sqrt(variance + norm.eps))
        norm.bias.copy_(shifts[norm] + mean)

    shifts: dict[nn.BatchNorm2d, Tensor] = {}
    hooks = []
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d):
            layer.weight.copy_(stored[f"{name}.weight"])
            if layer.bias is not None:
                layer.bias.copy_(stored[f"{name}.bias"])
            last = name
        elif isinstance(layer, nn.BatchNorm2d):
            shifts[layer] = stored[f"{last}.weight_bias"]
            hooks.append(layer.register_forward_pre_hook(undo))
    network.eval()(pictures)
    for hook in hooks:
        hook.remove()
