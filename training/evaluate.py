"""Score a model on labelled pictures, through the `analyze` that users call.

    python -m training.evaluate tio2 --overlays training/cache/worst
    python -m training.evaluate emps --json training/cache/emps.json

Default settings; every figure twice: of all particles found, and of those kept by the
default filter. Pooled figures treat all pictures as one. Sizes are of particles off the
edge of the frame, measured by the same code on the truth and on what was found.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from semseg.analysis import Analysis, analyze
from semseg.inference.segmenter import Segmenter
from semseg.measure.shape import measure_shapes
from semseg.settings import Settings
from training.metrics import Agreement, compare, pool
from training.pictures import VISIBILITY, Labelled, emps_validation, tio2_dev, without_gaps
from training.regression import print_reliability

SETS = {"tio2": tio2_dev, "emps": emps_validation}
SIZES = ("min_feret", "ecd")
INKS = TRUE, REJECTED, ACCEPTED = (60, 120, 255), (255, 40, 40), (30, 230, 90)  # of overlays


def found_labels(analysis: Analysis, rows: int, *, accepted: bool) -> np.ndarray:
    """Labels on the recorded grid, 1..n, of the first `rows` rows: all, or those accepted."""
    labels = analysis.labels[:rows]
    if accepted:
        keep = np.zeros(int(analysis.labels.max(initial=0)) + 1, bool)
        keep[analysis.particles.loc[analysis.particles["kept"], "label"]] = True
        labels = np.where(keep[labels], labels, 0)
    return without_gaps(labels)


def sizes_off_edge(labels: np.ndarray) -> pd.DataFrame:
    """Sizes in recorded px of the particles that do not touch the frame."""
    shapes = measure_shapes(labels)
    return shapes.loc[~shapes["touches_edge"], list(SIZES)]


def figures(agreement: Agreement) -> dict[str, float]:
    """The figures of one picture, or of a pool."""
    return {
        "F1@0.5": agreement.f1(0.5),
        "F1@0.75": agreement.f1(0.75),
        "PQ": agreement.panoptic_quality,
        "image IoU": agreement.image_iou,
        "best IoU of found": float(np.mean(agreement.best_of_found))
        if agreement.best_of_found.size
        else 0.0,
        "best IoU of true": float(np.mean(agreement.best_of_true)),
        "precision": agreement.precision(),
        "recall": agreement.recall(),
        "Youden": agreement.youden,
    }


def size_errors(truth: pd.DataFrame, found: pd.DataFrame) -> dict[str, float]:
    """Relative errors of mean and median of each size."""
    errors = {}
    for size in SIZES:
        for name in ("mean", "median"):
            true = getattr(truth[size], name)()
            errors[f"{name} {size}"] = getattr(found[size], name)() / true - 1
    return errors


def recalls(pictures: list[Labelled], agreements: list[Agreement]) -> dict[str, float]:
    """Recall at IoU 0.5 of each class of visibility; empty where the classes are not known."""
    if any(picture.visibility is None for picture in pictures):
        return {}
    classes = np.concatenate([picture.visibility for picture in pictures])
    right = np.concatenate([agreement.best_of_true for agreement in agreements]) > 0.5
    return {
        f"recall {name}": float(right[classes == index].mean())
        for index, name in enumerate(VISIBILITY)
    }


def evaluate(
    pictures: list[Labelled], segmenter: Segmenter, settings: Settings
) -> tuple[dict, pd.DataFrame, list[Analysis]]:
    """Pooled figures, figures per picture, and the analyses."""
    analyses = [analyze(p.path, settings, segmenter=segmenter) for p in pictures]
    pooled, rows = {}, []
    for accepted in (False, True):
        key = "kept" if accepted else "found"
        agreements, true_sizes, found_sizes = [], [], []
        for picture, analysis in zip(pictures, analyses, strict=True):
            labels = found_labels(analysis, picture.labels.shape[0], accepted=accepted)
            agreements.append(compare(picture.labels, labels))
            true_sizes.append(sizes_off_edge(picture.labels))
            found_sizes.append(sizes_off_edge(labels))
            row = {"picture": picture.path.stem, "of": key, "rescale": analysis.rescale,
                   "rescale from": analysis.rescale_source}  # fmt: skip
            row |= {"true": int(picture.labels.max(initial=0)), "n": int(labels.max(initial=0))}
            row |= {"true px": true_sizes[-1]["min_feret"].median(),
                    "found px": found_sizes[-1]["min_feret"].median()}  # fmt: skip
            row |= figures(agreements[-1]) | size_errors(true_sizes[-1], found_sizes[-1])
            rows.append(row)
        pooled[key] = figures(pool(agreements))
        pooled[key] |= size_errors(pd.concat(true_sizes), pd.concat(found_sizes))
        pooled[key] |= recalls(pictures, agreements)
    return pooled, pd.DataFrame(rows), analyses


def believed(pictures: list[Labelled], analyses: list[Analysis]) -> tuple[np.ndarray, np.ndarray]:
    """Confidence of each particle found, and whether it is right; all pictures in a row.

    Particles that do not reach into the rows of the truth are left out.
    """
    confidences, right = [], []
    for picture, analysis in zip(pictures, analyses, strict=True):
        rows = picture.labels.shape[0]
        present = np.unique(analysis.labels[:rows])
        table = analysis.particles.set_index("label")["confidence"]
        confidences.append(table.loc[present[present > 0]].to_numpy())
        found = found_labels(analysis, rows, accepted=False)
        right.append(compare(picture.labels, found).best_of_found >= 0.5)
    return np.concatenate(confidences), np.concatenate(right)


def overlay(picture: Labelled, analysis: Analysis) -> Image.Image:
    """The picture with truth in blue, accepted in green, rejected (possibly wrong) in red."""
    height = picture.labels.shape[0]
    grey = analysis.micrograph.grey[:height]
    low, high = np.percentile(grey, (0.5, 99.5))
    grey = np.clip((grey - low) / max(high - low, 1e-6), 0, 1) * 255
    scale = max(1, round(900 / max(grey.shape)))
    colour = np.repeat(np.repeat(np.stack([grey] * 3, -1), scale, 0), scale, 1).astype(np.uint8)
    accepted = found_labels(analysis, height, accepted=True)
    everything = found_labels(analysis, height, accepted=False)
    for labels, ink in (
        (picture.labels, TRUE),
        (everything, REJECTED),
        (accepted, ACCEPTED),
    ):
        large = np.repeat(np.repeat(labels, scale, 0), scale, 1)
        edge = np.zeros(large.shape, bool)
        edge[:-1] |= large[:-1] != large[1:]
        edge[:, :-1] |= large[:, :-1] != large[:, 1:]
        colour[edge] = ink
    return Image.fromarray(colour)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--model", type=Path, help="another model file, of any hash")
    parser.add_argument("--rescale", type=float, help="a fixed factor instead of automatic")
    parser.add_argument("--overlays", type=Path, help="folder for pictures of the worst cases")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    segmenter = Segmenter(options.model, sha256=None) if options.model else Segmenter()
    pictures = SETS[options.set]()
    pooled, table, analyses = evaluate(pictures, segmenter, Settings(rescale=options.rescale))
    print("confidence:")
    print_reliability(*believed(pictures, analyses))
    with pd.option_context("display.width", 250, "display.max_columns", 40, "display.max_rows", 99):
        print(table[table["of"] == "kept"].round(3).to_string(index=False))
        print(pd.DataFrame(pooled).round(4).to_string())
        kept = table[table["of"] == "kept"]
        for size in SIZES:
            error = kept[f"median {size}"].abs().fillna(1.0).median()
            print(f"median over pictures of the error of the median {size}: {error:.3f}")
    if options.json:
        options.json.write_text(json.dumps(pooled, indent=1))
    if options.overlays:
        options.overlays.mkdir(parents=True, exist_ok=True)
        worst = table[table["of"] == "kept"].sort_values("F1@0.5").head(8).index
        for rank, index in enumerate(worst % len(pictures)):
            name = f"{options.set}-{rank}-{pictures[index].path.stem}.png"
            overlay(pictures[index], analyses[index]).save(options.overlays / name)


if __name__ == "__main__":
    main()
