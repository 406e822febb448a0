"""Export a trained network to ONNX, and write into it what semseg must know of it.

    python -m training.export network first         # checkpoint -> training/cache/first.onnx
    python -m training.export describe first        # + thresholds, confidence -> models/model.onnx

Between the two, `training.fit` chooses thresholds and fits the confidence on the
validation fifth, through the exported network itself.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from semseg.inference.description import to_stored
from training.dataset import WORK
from training.network import DIVISOR, MAPS, REDUCTION, Layout, MultiResUNet

ROOT = Path(__file__).resolve().parents[1]
OPSET = 18


class _Maps(torch.nn.Module):
    """The network as it is exported: all maps in 0..1."""

    def __init__(self, network: MultiResUNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.network.maps(image)


def export_network(checkpoint: Path, target: Path) -> float:
    """Write the averaged weights as ONNX; returns the largest difference to PyTorch.

    The plan of the run lies beside its checkpoint.

    Raises
    ------
    AssertionError
        The two differ by more than 1e-4 on a random picture of another size.
    """
    plan = json.loads((checkpoint.parent / "plan.json").read_text())
    network = MultiResUNet(Layout().scaled(plan.get("width", 1.0)))
    stored = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network.load_state_dict(stored["average"])
    model = _Maps(network).eval()
    example = torch.rand(1, 1, 8 * DIVISOR, 10 * DIVISOR)
    dynamic = {2: DIVISOR * torch.export.Dim("h", min=2, max=4096),
               3: DIVISOR * torch.export.Dim("w", min=2, max=4096)}  # fmt: skip
    torch.onnx.export(
        model,
        (example,),
        target,
        input_names=["image"],
        output_names=["maps"],
        opset_version=OPSET,
        dynamo=True,
        dynamic_shapes=(dynamic,),
        external_data=False,
    )
    image = torch.rand(1, 1, 5 * DIVISOR, 7 * DIVISOR)
    with torch.no_grad():
        expected = model(image).numpy()
    session = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"image": image.numpy()})
    difference = float(np.abs(found - expected).max())
    assert difference < 1e-4, f"ONNX Runtime differs from PyTorch by {difference:g}"
    assert found.shape[1] == len(MAPS)
    return difference


def describe(source: Path, target: Path, description: dict) -> str:
    """Copy the model with its description in the metadata; returns the sha256 of the file.

    The description has the names of the code; the file keeps those of all model files.
    """
    model = onnx.load(source)
    onnx.helper.set_model_props(
        model, {"semseg": json.dumps(to_stored(description), sort_keys=True)}
    )
    onnx.checker.check_model(model)
    content = model.SerializeToString(deterministic=True)
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def pin(sha256: str) -> None:
    """Write the hash where `semseg.inference.segmenter` checks it."""
    module = ROOT / "semseg" / "inference" / "segmenter.py"
    text = re.sub(r'MODEL_SHA256 = "\w*"', f'MODEL_SHA256 = "{sha256}"', module.read_text())
    module.write_text(text)


def description(name: str, fitted: dict) -> dict:
    """What the model says about itself; see `semseg.inference.description.ModelInfo`."""
    commit = subprocess.run(
        ["git", "log", "-1", "--format=%H", "--", "training"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    return {
        "name": "MultiRes U-Net, quarter-resolution body",
        "version": name,
        "licence": "MIT",
        "data": "EMPS-train (MIT) four fifths, and micrographs drawn by training/synthesize.py",
        "commit": commit,
        "divisor": DIVISOR,
        "reduction": REDUCTION,
        "normalisation": "grey between the 0.5 and 99.5 percentiles to 0..1",
        **fitted,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=["network", "describe"])
    parser.add_argument("name")
    parser.add_argument("--version", default="1.0.0")
    options = parser.parse_args()
    plain = WORK / f"{options.name}.onnx"
    if options.step == "network":
        checkpoint = WORK / "runs" / options.name / "checkpoint.pt"
        print(f"largest difference to PyTorch {export_network(checkpoint, plain):.2g}")
    else:
        fitted = json.loads((WORK / f"{options.name}.fit.json").read_text())
        sha256 = describe(plain, ROOT / "models/model.onnx", description(options.version, fitted))
        pin(sha256)
        print("models/model.onnx", sha256)
