"""Choose thresholds and fit what proposes, chooses and judges particles, on validation pictures.

    python -m training.fit first      # reads training/cache/first.onnx, writes first.fit.json

Steps, in this order, through the exported network itself. All of them see pictures that training
never saw, but for powder, of which there are three (`training.mixture`): the EMPS validation fifth,
which counts as much as three other kinds (`training.regression.KIND_WEIGHTS`), flat drawings and
heaps, AMPIS powder and silica spheres. The EMPS pictures have few agglomerates, drawn ones hardly
anything else, heaps have seams from loud to just visible.

1. what finds the scale: the merge classifier of the quick look (`semseg.instances.seams`), with
   the level of the foreground (greatest mean of F1 at IoU 0.5 and 0.75, each kind pooled), and the
   choice among candidate rescale factors (`training.autoscale`); taken from another model where
   one is given;
2. the seam model (`semseg.instances.features.SEAM_FEATURES`): a logistic regression whether both
   sides of a seam lie in the same true particle, on the seams of superpixels and then, twice, on
   those that trees grown with it meet;
3. the score of a candidate (`semseg.instances.boosted`): boosted trees, whether its IoU with a true
   particle exceeds 0.5; the penalty is `training.choosing.PENALTY`;
4. the confidence and what speaks against a particle: logistic regressions, at the factor that is
   found automatically, of particles chosen with the scores of pictures left out;
5. the default filter threshold: greatest mean of F1 at IoU 0.5, each kind pooled;
6. what is out of domain (`training.out_of_domain`): the same pictures against drawn ones without
   particles.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from semseg.analysis import prepare
from semseg.inference.segmenter import Segmenter
from semseg.instances.autoscale import estimate_rescale
from semseg.instances.confidence import FEATURES, PLAIN_FEATURES, confidence
from semseg.instances.particles import find_particles
from semseg.instances.quick import find_particles_by_seams, fragments
from semseg.instances.seams import FEATURES as SEAM_FEATURES
from semseg.instances.seams import seams
from semseg.instances.thresholds import Thresholds
from semseg.io.micrograph import read_micrograph
from semseg.measure.recorded import on_recorded_grid
from semseg.preprocessing.preparation import resize
from semseg.settings import Settings
from training.autoscale import fit_scale_model
from training.choosing import PENALTY, fit_score_model, fit_seam_model, fold_of, graph_of, proposed
from training.dataset import WORK, median_ecd
from training.export import describe, description
from training.heaps import draw_heap
from training.metrics import Agreement, compare, pool
from training.network import REDUCTION
from training.out_of_domain import fit_in_domain
from training.pictures import Picture, Seen, emps_validation, powder, spheres, without_gaps
from training.regression import even, mean_of_kinds, print_reliability, regression, stored
from training.synthesize import draw_micrograph

# Smaller is quicker, larger finds more of the small and covered ones and is finer for sizes: the
# figures for 20 to 40 px are in training/README.md.
TARGET_PX = 64.0
TRAINED_PX = (16.0, 140.0)
DRAWN = 48  # flat drawings
HEAPS_PER_DRAWN = 1.5
DRAWN_SEED, HEAPS_SEED = 1_000_000, 2_000_000  # far from the seeds of training
FOREGROUND = (0.5, 0.6)  # levels to try
QUICK = (
    *("min_peak", "boundary_weight", "smoothing_px", "min_prominence", "min_merge_probability"),
    *("merge_classifier", "scale_model", "foreground"),
)
NOT_FITTED = {
    "features": list(FEATURES),
    "mean": [0.0] * len(FEATURES),
    "scale": [1.0] * len(FEATURES),
    "weights": [0.0] * len(FEATURES),
    "intercept": 0.0,
}


def provisional(source: Path, thresholds: Thresholds) -> Segmenter:
    """The bare network with these thresholds and no confidence yet."""
    target = source.with_suffix(".provisional.onnx")
    describe(source, target, description("provisional", _fitted(thresholds, NOT_FITTED, 0.0)))
    return Segmenter(target, sha256=None, provider="cpu")


def _fitted(thresholds: Thresholds, model: dict, level: float) -> dict:
    return {
        "thresholds": asdict(thresholds),
        "confidence": model,
        "filter_threshold": level,
        "target_particle_px": TARGET_PX,
        "trained_particle_px": TRAINED_PX,
    }


def validation_pictures(drawn: int, *, real: bool = True) -> list[Picture]:
    """The EMPS fifth, powder and spheres (unless not `real`), flat drawings and heaps."""
    pictures = []
    for labelled in emps_validation() if real else []:
        prepared = prepare(read_micrograph(labelled.path), Settings())
        # the truth of what was cropped as a label bar does not count here
        labels = without_gaps(prepared.crop.apply(labelled.labels))
        pictures.append(Picture(labelled.path.stem, "EMPS", prepared.image, labels))
    if real:
        pictures += powder(validation=False) + spheres()
    for seed in range(drawn):
        image, labels = draw_micrograph(np.random.default_rng(DRAWN_SEED + seed))
        pictures.append(Picture(f"drawn {seed}", "drawn", image, without_gaps(labels)))
    for seed in range(round(HEAPS_PER_DRAWN * drawn)):
        heap = draw_heap(np.random.default_rng(HEAPS_SEED + seed))
        pictures.append(Picture(f"heap {seed}", "heaps", heap.image, without_gaps(heap.labels)))
    return pictures


def _wanted_factor(picture: Picture) -> float:
    """The factor that brings the median particle to the target size."""
    return float(np.clip(TARGET_PX / median_ecd(picture.labels), 0.1, 6))


def seen_at_target(pictures: Sequence[Picture], segmenter: Segmenter) -> list[Seen]:
    """The maps of each picture with particles, at the factor that the truth asks for."""
    seen = []
    for picture in pictures:
        if picture.labels.any():
            view = resize(picture.image, _wanted_factor(picture), REDUCTION)
            seen.append(Seen(picture, view, segmenter.predict(view).astype(np.float32)))
    return seen


def true_seams(seen: Sequence[Seen], thresholds: Thresholds) -> pd.DataFrame:
    """The seams of all pictures, whether each is ``false`` (one true particle on both sides)."""
    frames = []
    for each in seen:
        labels, elevation = fragments(each.maps, thresholds)
        found = seams(labels, elevation, each.maps)
        owner = owners(labels, each.truth)
        first, second = owner[found["first"]], owner[found["second"]]
        known = (first > 0) | (second > 0)
        kind = each.picture.kind
        frames.append(found.assign(false=(first == second) & known, kind=kind)[known])
    return pd.concat(frames, ignore_index=True)


def shared_pixels(labels: np.ndarray, truth: np.ndarray) -> sparse.csr_matrix:
    """How many pixels each label (rows, 0 included) shares with each true one (columns)."""
    return sparse.coo_matrix(
        (np.ones(labels.size, np.int64), (labels.ravel(), truth.ravel())),
        shape=(int(labels.max(initial=0)) + 1, int(truth.max(initial=0)) + 1),
    ).tocsr()


def owners(labels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """For each fragment, by label, the true particle (or 0) that most of it lies in."""
    return np.asarray(shared_pixels(labels, truth).argmax(axis=1)).ravel()


def fit_merge_classifier(table: pd.DataFrame) -> dict:
    """Logistic regression on the seams, each kind of picture with the same weight."""
    return regression(SEAM_FEATURES, table, table["false"])


def f1_by_kind(
    seen: Sequence[Seen], find: Callable[[Seen], np.ndarray]
) -> dict[str, dict[float, float]]:
    """F1 at IoU 0.5 and 0.75 of each kind of what `find` labels, all its pictures pooled.

    Pooled, as it is reported: a picture with one particle must not weigh as much as a crowd.
    """
    agreements: dict[str, list[Agreement]] = {}
    for each in seen:
        found = without_gaps(on_recorded_grid(find(each), each.picture.image.shape))
        agreements.setdefault(each.picture.kind, []).append(compare(each.picture.labels, found))
    pooled = {kind: pool(of_kind) for kind, of_kind in agreements.items()}
    return {kind: {iou: each.f1(iou) for iou in (0.5, 0.75)} for kind, each in pooled.items()}


def f1_by_seams(seen: Sequence[Seen], thresholds: Thresholds) -> dict[str, float]:
    """The mean of F1 at both IoUs of each kind, of what is found by seams alone."""
    rated = f1_by_kind(seen, lambda each: find_particles_by_seams(each.maps, thresholds))
    return {kind: sum(f1.values()) / 2 for kind, f1 in rated.items()}


def by_score(thresholds: Thresholds) -> Callable[[Seen], np.ndarray]:
    """What is found as users find it."""
    return lambda each: find_particles(each.maps, each.view, thresholds).labels


def fit_quick(source: Path, seen: Sequence[Seen], pictures: Sequence[Picture]) -> Thresholds:
    """What finds the scale: the level of the foreground, each with its own merge classifier; then
    the choice among factors."""
    choices = {}
    for level in FOREGROUND:
        bare = Thresholds(foreground=level)
        classifier = fit_merge_classifier(true_seams(seen, bare))
        choices[level] = replace(bare, merge_classifier=classifier)
    rated = {level: f1_by_seams(seen, choice) for level, choice in choices.items()}
    print(f"foreground:\n{pd.DataFrame(rated).round(4)}", flush=True)
    best = choices[max(rated, key=lambda level: sum(rated[level].values()))]
    return replace(best, scale_model=fit_scale_model(provisional(source, best), pictures))


def fit_choice(seen: Sequence[Seen], thresholds: Thresholds) -> tuple[Thresholds, list[Thresholds]]:
    """Thresholds that join and choose; and for each fold of pictures those fitted without it."""
    graphs = [graph_of(each, thresholds) for each in seen]
    seam_model = fit_seam_model(graphs)
    score_model, folds = fit_score_model([proposed(each, seam_model) for each in graphs])
    thresholds = replace(
        thresholds, seam_model=seam_model, score_model=score_model, penalty=PENALTY
    )
    return thresholds, [replace(thresholds, score_model=each) for each in folds]


def collect(
    segmenter: Segmenter, folds: Sequence[Thresholds], pictures: Sequence[Picture]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Features of every particle found as users find it, by thresholds that were fitted without the
    picture, whether it is right; of each kind of picture the true count."""
    frames, ratios = [], []
    true_count: dict[str, int] = {}
    for picture in pictures:
        image, truth = picture.image, picture.labels
        thresholds = folds[fold_of(picture.name)]
        estimate = estimate_rescale(image, segmenter.predict, thresholds, TARGET_PX)
        factor = float(np.clip(estimate.factor, 32 / min(image.shape), 8))
        if truth.any() and estimate.particle_px:
            error = abs(np.log(estimate.particle_px / median_ecd(truth)))
            ratios.append((picture.kind, error < np.log(1.25), estimate.decided))
        view = resize(image, factor, REDUCTION)
        instances = find_particles(segmenter.predict(view), view, thresholds)
        found = on_recorded_grid(instances.labels, image.shape)
        right = compare(truth, found).best_of_found >= 0.5
        table = instances.features.assign(right=right, name=picture.name, kind=picture.kind)
        if picture.ignore is not None:
            areas = np.bincount(found.ravel())[1:]
            unknown = np.bincount(found.ravel(), picture.ignore.ravel().astype(float))[1:]
            table = table[unknown < 0.5 * areas]
        frames.append(table)
        kind = picture.kind
        true_count[kind] = true_count.get(kind, 0) + int(truth.max(initial=0))
    table = pd.DataFrame(ratios, columns=["kind", "within 25 %", "decided"])
    print(f"automatic rescale:\n{table.groupby('kind').mean().round(3)}", flush=True)
    return pd.concat(frames, ignore_index=True), true_count


def fit_confidence(table: pd.DataFrame) -> dict:
    """Logistic regression, standardised on the right particles; prints held-out figures."""
    right = table["right"].to_numpy()
    held_out = np.zeros(len(table))
    folds = GroupKFold(min(8, table["name"].nunique()))
    for train, test in folds.split(table, right, table["name"]):
        of_fold = _on_right_ones(FEATURES, table.iloc[train])
        held_out[test] = confidence(table.iloc[test], of_fold)
    for kind in table["kind"].unique():
        chosen = (table["kind"] == kind).to_numpy()
        print(f"--- {kind}, pictures left out of each fit")
        print_reliability(held_out[chosen], right[chosen])
    model = _on_right_ones(FEATURES, table)
    print({name: round(w, 2) for name, w in zip(FEATURES, model["weights"], strict=True)})
    return model | {"doubt": _on_right_ones(PLAIN_FEATURES, table)}


def _on_right_ones(names: Sequence[str], table: pd.DataFrame) -> dict:
    """Logistic regression on features standardised on the right particles."""
    features = table[list(names)]
    right = table["right"].to_numpy()
    mean, scale = features[right].mean(), features[right].std() + 1e-6
    standard = np.clip((features - mean) / scale, -4, 4).to_numpy()
    fitted = LogisticRegression(C=1.0, solver="newton-cholesky").fit(
        standard, right, even(table["kind"])
    )
    return stored(names, mean, scale, fitted)


def best_filter(table: pd.DataFrame, model: dict, true_count: Mapping[str, int]) -> float:
    """The threshold with the greatest mean over the kinds of F1 at IoU 0.5, each pooled."""
    table = table.assign(confidence=confidence(table[list(FEATURES)], model))
    rated = {}
    for level in np.round(np.arange(0, 0.91, 0.05), 2).tolist():
        kept = table[table["confidence"] >= level]
        rated[level] = {
            kind: 2 * (of_kind := kept[kept["kind"] == kind])["right"].sum() / (len(of_kind) + true)
            for kind, true in true_count.items()
        }
    by_level = pd.DataFrame(rated)
    print(f"F1 by filter:\n{by_level.round(3).to_string()}", flush=True)
    return float(mean_of_kinds(by_level).idxmax())


def fit(name: str, pictures: Sequence[Picture], quick: Thresholds | None = None) -> dict:
    """Everything that `training.export.description` wants to know of training/cache/NAME.onnx.

    Written to NAME.fit.json there, with the particles that the confidence was fitted to beside it.
    What finds the scale is taken from `quick`, where that is given.
    """
    source = WORK / f"{name}.onnx"
    seen = seen_at_target(pictures, provisional(source, Thresholds()))
    thresholds = quick or fit_quick(source, seen, pictures)
    thresholds, folds = fit_choice(seen, thresholds)
    segmenter = provisional(source, thresholds)
    table, true_count = collect(segmenter, folds, pictures)
    table.to_pickle(WORK / f"{name}.particles.pkl")
    model = fit_confidence(table)
    level = best_filter(table, model, true_count)
    model["in_domain"] = fit_in_domain(segmenter, thresholds, model, pictures)
    fitted = _fitted(thresholds, model, level)
    (WORK / f"{name}.fit.json").write_text(json.dumps(fitted, indent=1))
    return fitted


def quick_of(model: Path) -> Thresholds:
    """What finds the scale, as a described model has it."""
    stored = Segmenter(model, sha256=None, provider="cpu").info.thresholds
    return Thresholds(**{name: stored[name] for name in QUICK})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--drawn", type=int, default=DRAWN)
    parser.add_argument("--quick-of", type=Path, help="a model whose search for the scale is kept")
    options = parser.parse_args()
    kept = quick_of(options.quick_of) if options.quick_of else None
    fit(options.name, validation_pictures(options.drawn), kept)
    print(WORK / f"{options.name}.fit.json")
