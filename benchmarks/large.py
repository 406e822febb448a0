"""Time and memory of one very large picture.

    python -m benchmarks.large                 # 8192 x 8192, 16 bit, at rescale 1
    python -m benchmarks.large --rows 4096 --columns 4096 --crowded
    python -m benchmarks.large --rows 4000 --columns 6000 --automatic

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


def large_picture(rows: int, columns: int, *, crowded: bool = False) -> np.ndarray:
    """uint16, rows x columns: the sample's specimen, or its densest corner, repeated."""
    frame = tifffile.imread(sample_path())[:FRAME_ROWS]
    if crowded:
        frame = frame[440:700, 860:1010]
    height, width = frame.shape
    pair = np.block([[frame, frame[:, ::-1]], [frame[::-1], frame[::-1, ::-1]]])
    copies = (-(-rows // (2 * height)), -(-columns // (2 * width)))
    return np.tile(pair, copies)[:rows, :columns].astype(np.uint16) * 257


def measure(path: Path, rescale: float | None) -> None:
    """Analyse one file, write its four files, and print what it took (in this process)."""
    began = time.perf_counter()
    analysis = analyze(path, Settings(rescale=rescale))
    write_outputs(analysis, path.parent)
    wall = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in analysis.seconds.items())
    print(f"{len(analysis.particles)} particles, {wall:.1f} s ({stages}), peak {peak:.2f} GB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=8192)
    parser.add_argument("--columns", type=int, default=8192)
    parser.add_argument("--automatic", action="store_true", help="find the rescale factor")
    parser.add_argument("--crowded", action="store_true")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure, None if options.automatic else 1.0)
        return
    picture = large_picture(options.rows, options.columns, crowded=options.crowded)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.tif"
        tifffile.imwrite(path, picture)
        command = [sys.executable, "-m", "benchmarks.large", "--measure", str(path)]
        command += ["--automatic"] * options.automatic
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
