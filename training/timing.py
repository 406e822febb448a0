"""How well does a network use the machine?

    python -m training.timing                    the shipped model
    python -m training.timing --threads 2
    python -m training.timing --model FILE.onnx  a model in the making

Milliseconds mean little on another machine, so the network is held against what this machine can
do: the best rate, in the same run, through ONNX Runtime with as many threads, of a chain of large
convolutions (3 x 3, 64 to 64 channels, 256 x 256 px). The network's time includes what
`Segmenter.predict` does around the runtime. The machine should have nothing else to do meanwhile.

A multiplication and an addition are two operations (FLOP); only those of convolutions are
counted, from the network's own graph. "GFLOP-equivalents" are seconds times the machine's rate:
the convolutions that it could have done in that time, which compares between machines. Prints
Markdown; needs `onnx` (requirements-dev.txt).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from semseg.errors import ModelError
from semseg.inference.segmenter import MODEL_PATH, MODEL_SHA256, PROVIDERS, Segmenter

__all__ = ["NETWORK_SHAPE", "conv_gflop", "network_seconds", "sustained_gflops"]

NETWORK_SHAPE = (704, 1024)  # rows and columns of the picture that the network is timed on
CHAIN_LAYERS, CHAIN_CHANNELS, CHAIN_SIDE_PX = 8, 64, 256


def conv_gflop(model: onnx.ModelProto, shape: tuple[int, int]) -> float:
    """GFLOP of all convolutions for one picture of `shape` (H, W): 2 k k Cin Cout H W of each.

    The sizes are told by the runtime, which is asked for the shape of each convolution's weights
    and output: where a graph computes its sizes, ONNX's own shape inference gives up.
    """
    asking = onnx.ModelProto()
    asking.CopyFrom(model)
    graph = asking.graph
    if any(node.op_type == "ConvTranspose" for node in graph.node):
        raise ValueError("transposed convolutions are not counted")
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    wanted = []
    for index, node in enumerate(convolutions):
        for of, tensor in (("weights", node.input[1]), ("output", node.output[0])):
            wanted.append(f"{of}_of_{index}")
            graph.node.append(helper.make_node("Shape", [tensor], [wanted[-1]]))
            graph.output.append(helper.make_tensor_value_info(wanted[-1], TensorProto.INT64, [4]))
    session = onnxruntime.InferenceSession(
        asking.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    channels = session.get_inputs()[0].shape[1]
    picture = np.zeros((1, channels, *shape), np.float32)
    sizes = session.run(wanted, {session.get_inputs()[0].name: picture})
    # weights are Cout x (Cin / groups) x k x k, outputs 1 x Cout x H x W
    pairs = zip(sizes[::2], sizes[1::2], strict=True)
    return sum(2 * int(weights.prod()) * int(output[2:].prod()) for weights, output in pairs) / 1e9


def convolution_chain() -> onnx.ModelProto:
    """A model of equal large convolutions, one after the other, and nothing else."""
    rng = np.random.default_rng(0)
    shape = [1, CHAIN_CHANNELS, CHAIN_SIDE_PX, CHAIN_SIDE_PX]
    # variance is kept from layer to layer: neither infinities nor denormal numbers slow it down
    scale = 1 / np.sqrt(9 * CHAIN_CHANNELS)
    size = (CHAIN_CHANNELS, CHAIN_CHANNELS, 3, 3)
    nodes, weights = [], []
    for layer in range(CHAIN_LAYERS):
        values = (scale * rng.standard_normal(size)).astype(np.float32)
        weights.append(numpy_helper.from_array(values, f"w{layer}"))
        names = [f"x{layer}", f"w{layer}"]
        nodes.append(helper.make_node("Conv", names, [f"x{layer + 1}"], pads=[1, 1, 1, 1]))
    first, last = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name in ("x0", f"x{CHAIN_LAYERS}")
    )
    graph = helper.make_graph(nodes, "chain", [first], [last], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def sustained_gflops(provider: str, threads: int, runs: int) -> float:
    """The machine's best rate of convolution, GFLOP/s."""
    model = convolution_chain()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    providers = list(dict.fromkeys([PROVIDERS[provider], PROVIDERS["cpu"]]))
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=providers)
    shape = (1, CHAIN_CHANNELS, CHAIN_SIDE_PX, CHAIN_SIDE_PX)
    picture = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    gflop = conv_gflop(model, shape[2:])
    return gflop / min(_times(lambda: session.run(None, {"x0": picture}), runs))


def network_seconds(segmenter: Segmenter, runs: int) -> float:
    """Median seconds of the network alone, on a picture of `NETWORK_SHAPE`."""
    picture = np.random.default_rng(2).random(NETWORK_SHAPE, np.float32)
    return median(_times(lambda: segmenter.predict(picture), runs))


def _times(work: Callable[[], object], runs: int) -> list[float]:
    """Seconds of each run, after one that does not count."""
    seconds = []
    for _ in range(runs + 1):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return seconds[1:]


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def report(network: float, gflop: float, sustained: float) -> str:
    """The figures as a Markdown table; `network` in s, `sustained` in GFLOP/s."""
    height, width = NETWORK_SHAPE
    return "\n".join(
        [
            f"| network alone, {width} x {height} px | |",
            "| --- | ---: |",
            f"| time | {1000 * network:.0f} ms |",
            f"| convolutions | {gflop:.1f} GFLOP |",
            f"| achieved | {gflop / network:.0f} GFLOP/s |",
            f"| the machine's best sustained rate | {sustained:.0f} GFLOP/s |",
            f"| share of that rate | {gflop / network / sustained:.0%} |",
            f"| GFLOP-equivalents | {network * sustained:.1f} |",
        ]
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="another model file; not verified")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--threads", type=int, default=_usable_cores())
    parser.add_argument("--provider", default="cpu", choices=list(PROVIDERS))
    chosen = parser.parse_args()
    if min(chosen.runs, chosen.threads) < 1:
        parser.error("--runs and --threads must be at least 1")

    path = chosen.model or MODEL_PATH
    sha256 = None if chosen.model else MODEL_SHA256
    try:
        segmenter = Segmenter(path, sha256=sha256, provider=chosen.provider, threads=chosen.threads)
    except ModelError as error:
        parser.error(str(error))
    # before and after, since other work on the machine may begin or end meanwhile
    before = sustained_gflops(segmenter.provider, chosen.threads, chosen.runs)
    network = network_seconds(segmenter, chosen.runs)
    after = sustained_gflops(segmenter.provider, chosen.threads, chosen.runs)
    print(report(network, conv_gflop(onnx.load(path), NETWORK_SHAPE), max(before, after)))
    print(
        f"\nMedian of {chosen.runs} runs, {chosen.threads} threads, provider {segmenter.provider}, "
        f"ONNX Runtime {onnxruntime.__version__}, model {segmenter.info.sha256[:12]}."
    )


if __name__ == "__main__":
    main()
