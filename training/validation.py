"""Write docs/validation.md: how good the model is, through the `analyze` that users call.

    python -m training.validation                               # a few minutes, two cores
    python -m training.validation --compare wide=wide.onnx      # other models beside it
    python -m training.validation --to /tmp/v/validation.md     # elsewhere, to look at first

Default settings; particles kept by the default filter. Every number on the page comes from the
run, and the sentences around them are chosen by it. Labelled micrographs lie in `../shared`; where
they are missing the page says so and shows drawn pictures only. Overlays of real pictures go to
`training/cache/validation/`, which git ignores.
"""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from semseg.analysis import analyze
from semseg.errors import UnsuitableImageError
from semseg.inference.segmenter import Segmenter
from semseg.instances.out_of_domain import REASON
from semseg.settings import Settings
from training import bounds
from training.dataset import SHARED, WORK
from training.evaluate import believed, evaluate, overlay
from training.metrics import reliability
from training.particle_free import KINDS, draw
from training.pictures import Labelled, emps_validation, tio2_dev, without_gaps
from training.synthesize import draw_micrograph
from training.timing import network_seconds, sustained_gflops
from training.validation_figures import draw_overlays, draw_reliability, draw_sizes
from training.validation_page import FREE_SEEDS, NAMES, THREADS, TURNS, document, scale_chapter
from training.validation_result import Result

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "validation.md"
# seeds of their own: training draws from [2026, seed], training.fit from 1,000,000 on
DRAWN_SEEDS = range(9_000_000, 9_000_024)


def labelled_sets(folder: Path) -> dict[str, list[Labelled]]:
    """The sets that are at hand; drawn pictures are written to `folder`."""
    sets = {}
    if (SHARED / "data/tio2-dev").is_dir():
        sets["tio2"] = tio2_dev()
    if (SHARED / "data/emps-train").is_dir():
        sets["emps"] = emps_validation()
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for seed in DRAWN_SEEDS:
        image, labels = draw_micrograph(np.random.default_rng(seed))
        path = folder / f"drawn {seed}.png"
        Image.fromarray(np.round(255 * image).astype(np.uint8)).save(path)
        drawn.append(Labelled(path, without_gaps(labels)))
    return {**sets, "drawn": [each for each in drawn if each.labels.any()]}


def measure(pictures: list[Labelled], segmenter: Segmenter) -> Result:
    pooled, table, analyses = evaluate(pictures, segmenter, Settings())
    return Result(pictures, pooled, table, analyses, reliability(*believed(pictures, analyses)))


def measure_free(segmenter: Segmenter) -> pd.DataFrame:
    """Each kind of picture without particles: megapixels analysed, and what became of it."""
    rows = []
    for kind in KINDS:
        for seed in FREE_SEEDS:
            grey = draw(kind, seed)
            row = {"kind": kind, "megapixels": grey.size / 1e6, "found": 0, "kept": 0,
                   "out_of_domain": 0, "refused": 0}  # fmt: skip
            out = io.BytesIO()
            Image.fromarray(grey).save(out, "png")
            try:
                analysis = analyze(out.getvalue(), name=f"{kind}.png", segmenter=segmenter)
                table = analysis.particles
                row |= {"found": len(table), "kept": int(table["kept"].sum())}
                row["out_of_domain"] = int((table["reason"] == REASON).any())
            except UnsuitableImageError:
                row |= {"refused": 1, "megapixels": 0.0}
            rows.append(row)
    return pd.DataFrame(rows).groupby("kind", sort=False).sum()


def run_time(model: Path | None) -> tuple[float, float]:
    """Seconds of the network, and the sustained convolution rate of the same run, GFLOP/s.

    Both by turns and the best of each, so that other work on the machine counts for neither.
    """
    segmenter = _load(model, threads=THREADS)
    turns = [
        (network_seconds(segmenter, 2), sustained_gflops("cpu", THREADS, 2)) for _ in range(TURNS)
    ]
    return min(seconds for seconds, _ in turns), max(rate for _, rate in turns)


def _load(model: Path | None, **options) -> Segmenter:
    if model:
        return Segmenter(model, sha256=None, provider="cpu", **options)
    return Segmenter(provider="cpu", **options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="another model in place of the shipped one")
    parser.add_argument("--compare", action="append", default=[], metavar="NAME=FILE.onnx")
    parser.add_argument("--to", type=Path, default=DOCUMENT)
    options = parser.parse_args()
    models: dict[str, Path | None] = {
        options.model.stem if options.model else "shipped": options.model
    }
    for each in options.compare:
        name, _, path = each.partition("=")
        if not Path(path).is_file():
            parser.error(f"--compare wants NAME=FILE.onnx; there is no file '{path}'")
        models[name] = Path(path)

    began = time.monotonic()
    private = WORK / "validation"
    sets = labelled_sets(private)
    results, times = {}, {}
    for name, path in models.items():
        segmenter = _load(path)
        results[name] = {of: measure(pictures, segmenter) for of, pictures in sets.items()}
        times[name] = run_time(path)
        print(f"{name}: measured after {time.monotonic() - began:.0f} s", flush=True)
    first = _load(next(iter(models.values())))
    free = measure_free(first)
    bounding = bounds.of_sets(bounds.SETS, first) if "tio2" in sets else None

    folder = options.to.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    own = next(iter(results.values()))
    draw_reliability({NAMES[of]: r.confidence for of, r in own.items()}, folder / "reliability.png")
    draw_sizes({NAMES[of]: r.kept for of, r in own.items()}, folder / "sizes.png")
    for of, result in own.items():
        draw_overlays(result, (folder if of == "drawn" else private) / f"{of}.png", overlay)
    short = folder / "ablation.csv"
    ablation = pd.read_csv(short, index_col=0) if short.exists() else None
    before = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    scale = scale_chapter(before)
    page = document(first.info, results, times, free, bounding, ablation, folder.name, scale)
    options.to.write_text(page, encoding="utf-8")
    print(f"{options.to} after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
