"""Memory of the command line over many pictures: does it grow with their number?

    python -m benchmarks.memory [--pictures 20 200] [--report]

Draws as many pictures of discs, each another, and analyses them in one run of ``semseg analyze``,
in a process of its own. Its peak of memory is compared between the numbers of pictures: 1.00 means
that nothing of a picture stays. What one more picture adds is told as a share of its recorded grey
values (float32), which an analysis holds some ten times.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import tifffile

SHAPE = (480, 640)
RADIUS, PITCH = 22, 60  # px
FIXED = ("--rescale", "1", "--crop", "none")


def draw(seed: int) -> np.ndarray:
    """Bright discs on a shaken grid, with noise: uint8, `SHAPE`."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    grey = np.full(SHAPE, 60.0)
    for row in range(PITCH // 2, SHAPE[0], PITCH):
        for column in range(PITCH // 2, SHAPE[1], PITCH):
            middle = np.add((row, column), rng.uniform(-4, 4, 2))
            radius = RADIUS * rng.uniform(0.8, 1.15)
            distance = np.hypot(y - middle[0], x - middle[1])
            grey += 130 * np.clip(radius - distance, 0, 1)
    return np.clip(grey + rng.normal(0, 6, SHAPE), 0, 255).astype(np.uint8)


def peak_bytes(pictures: int, *, report: bool) -> int:
    """Peak of the resident memory of one run over so many pictures."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number:04d}.tif") for number in range(pictures)]
        for number, path in enumerate(paths):
            nm = {"unit": "nm"}
            tifffile.imwrite(path, draw(number), imagej=True, resolution=(0.5, 0.5), metadata=nm)
        command = [sys.executable, "-m", "semseg", "analyze", *map(str, paths), *FIXED]
        command += ["--output", str(Path(folder, "out")), *(["--report"] if report else [])]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(running.pid, 0)
        assert status == 0, status
    return used.ru_maxrss * 1024  # KiB on Linux


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, nargs=2, default=(20, 200), metavar="COUNT")
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    few, many = options.pictures
    peaks = [peak_bytes(count, report=options.report) for count in (few, many)]
    more = (peaks[1] - peaks[0]) / (many - few) / (4 * SHAPE[0] * SHAPE[1])
    for count, peak in zip((few, many), peaks, strict=True):
        print(f"{count:4d} pictures: peak {peak / 1e6:.0f} MB")
    print(f"{peaks[1] / peaks[0]:.2f} times; each picture adds {more:.3f} of its grey values")


if __name__ == "__main__":
    main()
