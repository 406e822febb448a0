"""Time and memory of one very large picture.

    python -m benchmarks.large                 # 8192 x 8192, 16 bit, at rescale 1
    python -m benchmarks.large --side 4096 --crowded

The picture is the sample's specimen repeated, each copy mirrored, so that particles go on
across the seams. `--crowded` leaves no background free of particles: everything touches,
which is the worst case for the instance step. Each run is a process of its own, so that
its peak memory is its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile

from semseg import Settings, analyze, write_outputs
from semseg.data import sample_path

FRAME_ROWS = 712


def large_picture(side: int, *, crowded: bool) -> np.ndarray:
    """uint16, side x side: the sample's specimen, or its densest corner, repeated."""
    frame = tifffile.imread(sample_path())[:FRAME_ROWS]
    if crowded:
        frame = frame[440:700, 860:1010]
    height, width = frame.shape
    pair = np.block([[frame, frame[:, ::-1]], [frame[::-1], frame[::-1, ::-1]]])
    copies = (-(-side // (2 * height)), -(-side // (2 * width)))
    return np.tile(pair, copies)[:side, :side].astype(np.uint16) * 257


def measure(path: Path) -> None:
    """Analyse one file, write its four files, and print what it took (in this process)."""
    began = time.perf_counter()
    analysis = analyze(path, Settings(rescale=1.0))
    write_outputs(analysis, path.parent)
    wall = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in analysis.seconds.items())
    print(f"{len(analysis.particles)} particles, {wall:.1f} s ({stages}), peak {peak:.2f} GB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=8192)
    parser.add_argument("--crowded", action="store_true")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.tif"
        tifffile.imwrite(path, large_picture(options.side, crowded=options.crowded))
        command = [sys.executable, "-m", "benchmarks.large", "--measure", str(path)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
