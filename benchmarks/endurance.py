"""Many analyses in one server: does it keep what it should let go?

    python -m benchmarks.endurance                     needs requirements-dev.txt, and Linux
    python -m benchmarks.endurance --analyses 100

Visitors come one after another, each with a picture that nobody else has, take their sizes along
and vanish without a word. After each one the server's resident memory, open files and threads are
read from ``/proc``. ONNX Runtime keeps the memory of the largest picture that it has seen (those
above 5.5 megapixels are cut into tiles), so the first visitor's is larger than all that follow:
growth after it would be a leak. Streamlit keeps the session of a person who vanished for two
minutes, should they come back; so warm-up is at least that long, and memory after it must be flat.

Prints Markdown: after warm-up, the slope per 100 analyses (least squares) with twice its standard
error, and the medians of the first and the last fifth. `--csv` writes every sample.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.load import SHAPE, picture_of
from benchmarks.protocol import Server, Visitor, served

KEPT = 120.0  # seconds that Streamlit keeps the session of a person who vanished
LARGEST = (480, 640)  # rows and columns of the first visitor's picture
COLUMNS = ("analysis", "seconds", "memory_mb", "open_files", "threads", "errors")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--analyses", type=int, default=500)
    parser.add_argument("--warm-up", type=float, default=1.25 * KEPT, help="seconds")
    parser.add_argument("--max-seconds", type=float, default=float("inf"), help="stop after these")
    parser.add_argument("--csv", type=Path, help="every sample, to look at")
    options = parser.parse_args()
    with served() as server:
        rows = np.array(list(samples(server, options.analyses, options.max_seconds)))
    if options.csv:
        with options.csv.open("w", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *rows.tolist()])
    late = rows[rows[:, 1] >= options.warm_up]
    print(f"{len(rows)} analyses in {rows[-1, 1]:.0f} s, {int(rows[:, 5].sum())} errors; ", end="")
    print(f"{len(late)} of them after a warm-up of {options.warm_up:.0f} s.\n")
    if len(late) < 10:
        print("Too few for a slope.")
        return
    print("| after warm-up | per 100 analyses | first fifth | last fifth | highest |")
    print("|---|---:|---:|---:|---:|")
    for column, name in ((2, "memory, MB"), (3, "open files"), (4, "threads")):
        slope, error = slope_per_100(late[:, 0], late[:, column])
        fifth = max(len(late) // 5, 1)
        first, last = np.median(late[:fifth, column]), np.median(late[-fifth:, column])
        print(
            f"| {name} | {slope:+.1f} ± {2 * error:.1f} | {first:.0f} | {last:.0f} | "
            f"{late[:, column].max():.0f} |"
        )


def samples(server: Server, count: int, max_seconds: float) -> Iterator[tuple[float, ...]]:
    """A row of `COLUMNS` after each visitor, until `max_seconds` are over."""
    began = time.perf_counter()
    analyse(server, 0, LARGEST)
    for number in range(1, count + 1):
        errors = analyse(server, number)
        seconds = time.perf_counter() - began
        yield number, seconds, server.memory(), server.files(), server.threads(), errors
        if seconds > max_seconds:
            return


def analyse(server: Server, seed: int, shape: tuple[int, int] = SHAPE) -> int:
    """Come, upload, take the sizes along, vanish; returns how many things went wrong."""
    visitor = Visitor(server.url)
    try:
        visitor.upload(*picture_of(seed, shape))
        visitor.download("Sizes")
        return len(visitor.problems)
    finally:
        visitor.vanish()


def slope_per_100(number: np.ndarray, value: np.ndarray) -> tuple[float, float]:
    """Least-squares slope of `value` per 100 analyses, and its standard error."""
    x = (number - number.mean()) / 100
    slope = (x @ value) / (x @ x)
    rest = value - value.mean() - slope * x
    return float(slope), float(np.sqrt(rest @ rest / max(len(x) - 2, 1) / (x @ x)))


if __name__ == "__main__":
    main()
