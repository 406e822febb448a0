"""How long does each stage of `analyze` take?

    python -m benchmarks.analyze                     the shipped model, 7 runs
    python -m benchmarks.analyze --runs 15 --threads 2
    python -m benchmarks.analyze --model FILE.onnx   a model in the making
    python -m benchmarks.analyze --copies 6          a picture of 1,000 particles

The picture is the sample that comes with semseg (1024 x 768), or several copies of it side by side,
without the label bar and at a fixed rescale factor. After one run to warm up, each figure is the
median of the runs. The machine should have nothing else to do meanwhile. Prints Markdown.
Milliseconds mean little on another machine; how well the network uses this one says
`python -m training.timing`.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime
import tifffile

from semseg.analysis import analyze
from semseg.data import sample_path
from semseg.errors import ModelError
from semseg.inference.segmenter import MODEL_PATH, MODEL_SHA256, PROVIDERS, Segmenter
from semseg.preprocessing.preparation import Crop
from semseg.settings import Settings

STAGES = {
    "read": "read the file",
    "prepare": "crop, repair, contrast",
    "rescale": "find the rescale factor",
    "network": "network",
    "measure": "particles, sizes, confidence",
    "conclude": "nanometres, filter, counting rule",
}
SAMPLE_ROWS = 712  # above its label bar
COPIES_FACTOR = 2.0  # about what is found for the sample


def stage_seconds(
    segmenter: Segmenter, provider: str, runs: int, copies: int = 1
) -> tuple[dict[str, float], int]:
    """Median seconds of each stage of `analyze` on the sample, and how many particles it found."""
    picture: Path | bytes = sample_path()
    settings = Settings(provider=provider)
    if copies > 1:
        picture = side_by_side(copies)
        settings = Settings(provider=provider, crop=Crop(), rescale=COPIES_FACTOR)
    found = len(analyze(picture, settings, segmenter=segmenter).particles)
    seconds = [analyze(picture, settings, segmenter=segmenter).seconds for _ in range(runs)]
    return {stage: median(run[stage] for run in seconds) for stage in seconds[0]}, found


def side_by_side(copies: int) -> bytes:
    """A TIFF of so many copies of the sample's picture, in two rows where that is even."""
    grey = tifffile.imread(sample_path())[:SAMPLE_ROWS]
    down = 2 if copies % 2 == 0 else 1
    file = io.BytesIO()
    tifffile.imwrite(file, np.tile(grey, (down, copies // down)))
    return file.getvalue()


def report(stages: dict[str, float], machine: str) -> str:
    """The stages and their seconds as a Markdown table."""
    total = sum(stages.values())
    rows = [(STAGES.get(stage, stage), seconds) for stage, seconds in stages.items()]
    lines = ["| stage | ms | share |", "| --- | ---: | ---: |"]
    for name, seconds in [*rows, ("**together**", total)]:
        lines.append(f"| {name} | {1000 * seconds:.0f} | {seconds / total:.0%} |")
    return "\n".join([*lines, "", machine])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="another model file; not verified")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--copies", type=int, default=1, help="of the sample, side by side")
    parser.add_argument("--threads", type=int, help="by default one a core")
    parser.add_argument("--provider", default="cpu", choices=list(PROVIDERS))
    chosen = parser.parse_args()
    if min(chosen.runs, chosen.threads or 1, chosen.copies) < 1:
        parser.error("--runs, --threads and --copies must be at least 1")

    path = chosen.model or MODEL_PATH
    sha256 = None if chosen.model else MODEL_SHA256
    try:
        segmenter = Segmenter(path, sha256=sha256, provider=chosen.provider, threads=chosen.threads)
    except ModelError as error:
        parser.error(str(error))
    stages, found = stage_seconds(segmenter, chosen.provider, chosen.runs, chosen.copies)
    machine = (
        f"Median of {chosen.runs} runs, {chosen.threads or 'all'} threads, "
        f"provider {segmenter.provider}, ONNX Runtime {onnxruntime.__version__}, "
        f"model {segmenter.info.sha256[:12]}; {found:,} particles."
    )
    print(report(stages, machine))


if __name__ == "__main__":
    main()
