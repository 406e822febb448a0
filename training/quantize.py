"""Make the 8-bit network for the CPU out of the float32 one.

    python -m training.quantize heaps      # training/cache/heaps.onnx -> heaps.int8.onnx

Static quantization of ONNX Runtime in QDQ form: unsigned activations (signed ones run slower than
float32 there), signed weights per channel. The ranges of the activations are calibrated on crops
of training pictures, EMPS and drawn, as the network sees them in training; nothing of the
validation fifth and nothing of TiO2 is used. The last convolution and what follows stay float32:
its maps are read at thresholds.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from training.crops import Crops
from training.dataset import WORK
from training.mixture import mixture

__all__ = ["quantize"]

CROPS = 64


class _Crops(CalibrationDataReader):
    """Training crops, one by one."""

    def __init__(self, count: int) -> None:
        mixes = mixture(real=True, touching=True, drawn=200, heaps=200)
        stream = iter(Crops(mixes, seed=7))
        self._rest = iter([next(stream)[0].numpy()[None] for _ in range(count)])

    def get_next(self) -> dict[str, np.ndarray] | None:
        image = next(self._rest, None)
        return None if image is None else {"image": image}


def quantize(source: Path, target: Path, crops: int = CROPS) -> None:
    """Write the 8-bit edition of `source` to `target`."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        graph = onnx.load(prepared).graph
        last = [node.name for node in graph.node if node.op_type == "Conv"][-1]
        quantize_static(
            prepared,
            target,
            _Crops(crops),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=[last],
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    options = parser.parse_args()
    quantize(WORK / f"{options.name}.onnx", WORK / f"{options.name}.int8.onnx")
    print(WORK / f"{options.name}.int8.onnx")
