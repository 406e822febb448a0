"""How often does another rescale factor fit, and what do other scales and the band cost?

    python -m benchmarks.other_scales              the sets in ../shared/data, and the costs
    python -m benchmarks.other_scales --costs      the costs alone, on the sample
    python -m benchmarks.other_scales FOLDER ...   pictures of your own

The costs are ratios to an analysis of the sample (median of the runs, by turns), so that they mean
something on another machine: looking for other scales, outlining each of them for its thumbnail,
and the two runs at 0.9 and 1.1 of the factor, from which the uncertainty is found. Prints Markdown.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from semseg.analysis import analyze, conclude, prepare, rescaled, scales_to_try, segment
from semseg.data import sample_path
from semseg.errors import SemsegError
from semseg.inference.segmenter import Segmenter
from semseg.io.micrograph import read_micrograph
from semseg.metrology.uncertainty import RATIOS
from semseg.settings import Settings

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
SETS = ("emps-train/images", "tio2-dev/images", "silica-spheres/images", "field")
SETTINGS = Settings(read_scale="never")


def how_often(folder: Path, segmenter: Segmenter) -> tuple[int, list[str]]:
    """How many pictures of a folder could be analysed, and of which another scale fits."""
    count, fitting = 0, []
    for path in sorted(folder.iterdir()):
        try:
            found = segment(prepare(read_micrograph(path), SETTINGS), SETTINGS, segmenter)
        except SemsegError:
            continue  # a table or a licence beside the pictures
        count += 1
        if any(each.fits for each in found.other_scales):
            fitting.append(path.name)
    return count, fitting


def costs(segmenter: Segmenter, runs: int) -> dict[str, float]:
    """Median seconds on the sample: of the analysis, and of what is done besides it."""
    first = analyze(sample_path(), segmenter=segmenter)
    tried = scales_to_try(first.prepared, first.segmentation, segmenter)

    def thumbnails() -> None:
        for scale in tried:
            given = Settings(rescale=scale.factor)
            other = segment(first.prepared, given, segmenter)
            conclude(first.micrograph, first.prepared, other, given)

    what: dict[str, Callable[[], object]] = {
        "the analysis": lambda: analyze(sample_path(), segmenter=segmenter),
        "looking for other scales": lambda: scales_to_try(
            first.prepared, first.segmentation, segmenter
        ),
        f"outlining {len(tried)} of them": thumbnails,
        "both factors of the uncertainty": lambda: [
            rescaled(first, segmenter, ratio) for ratio in RATIOS
        ],
    }
    seconds: dict[str, list[float]] = {name: [] for name in what}
    for _ in range(runs):
        for name, make in what.items():
            began = time.perf_counter()
            make()
            seconds[name].append(time.perf_counter() - began)
    return {name: median(each) for name, each in seconds.items()}


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--costs", action="store_true", help="the costs alone")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    segmenter = Segmenter(provider="cpu")
    if not options.costs:
        folders = options.folders or [SHARED / each for each in SETS]
        print("| pictures | analysed | another scale fits | which |\n|---|---:|---:|---|")
        for folder in folders:
            if folder.is_dir():
                count, fitting = how_often(folder, segmenter)
                print(f"| {folder} | {count} | {len(fitting)} | {', '.join(fitting)} |", flush=True)
    if not options.folders:
        seconds = costs(segmenter, options.runs)
        whole = seconds["the analysis"]
        print("\n| on the sample | s | of the analysis |\n|---|---:|---:|")
        for name, each in seconds.items():
            print(f"| {name} | {each:.2f} | {each / whole:.2f} |")


if __name__ == "__main__":
    main()
