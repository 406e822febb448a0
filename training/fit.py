"""Choose thresholds and fit the confidence on validation pictures.

    python -m training.fit first      # reads training/cache/first.onnx, writes first.fit.json

Seven steps, in this order, through the exported network itself. All of them see the EMPS validation
fifth and drawn pictures that training never saw, both kinds with the same weight: the first has
few agglomerates, the second hardly anything else.

1. the merge classifier (`semseg.instances.seams`): a logistic regression on the seams between
   fragments, at the rescale factor that the truth asks for; a seam is false where most of both
   fragments lies in the same true particle;
2. the level of the foreground: greatest mean of F1 at IoU 0.5 and 0.75, each kind pooled;
3. the score of a candidate (`semseg.instances.merge_tree`): a logistic regression on
   `semseg.instances.features.CANDIDATE_FEATURES`, whether its IoU with a true particle exceeds
   0.65, between the two levels;
4. the choice among candidate rescale factors (`training.autoscale`);
5. the confidence: a logistic regression on `semseg.instances.confidence.FEATURES`, at the factor
   that is found automatically; its figures are from pictures left out of each fit;
6. the default filter threshold: greatest mean of F1 at IoU 0.5, each kind pooled;
7. what is out of domain (`training.out_of_domain`): the same pictures against drawn ones without
   particles.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from semseg.analysis import prepare
from semseg.inference.segmenter import Segmenter
from semseg.instances.autoscale import estimate_rescale
from semseg.instances.confidence import FEATURES, confidence
from semseg.instances.features import CANDIDATE_FEATURES, memberships
from semseg.instances.merge_tree import Candidate
from semseg.instances.particles import (
    Thresholds,
    candidates_with_features,
    find_particles,
    find_particles_by_seams,
    fragments,
)
from semseg.instances.seams import FEATURES as SEAM_FEATURES
from semseg.instances.seams import seams
from semseg.io.micrograph import read_micrograph
from semseg.measure.recorded import on_recorded_grid
from semseg.preprocessing.preparation import resize
from semseg.settings import Settings
from training.autoscale import fit_scale_model
from training.dataset import WORK, median_ecd
from training.export import describe, description
from training.metrics import Agreement, compare, pool
from training.network import REDUCTION
from training.out_of_domain import fit_in_domain
from training.pictures import Picture, emps_validation, without_gaps
from training.regression import even, print_reliability, regression, stored
from training.synthesize import draw_micrograph

# Smaller is quicker, larger finds more of the small and covered ones and is finer for sizes: the
# figures for 20 to 40 px are in training/README.md.
TARGET_PX = 64.0
TRAINED_PX = (16.0, 140.0)
DRAWN = 48  # pictures of the second kind
DRAWN_SEED = 1_000_000  # far from the seeds of training
FOREGROUND = (0.5, 0.6)  # levels to try
SCORE_IOU = 0.65
NOT_FITTED = {
    "features": list(FEATURES),
    "mean": [0.0] * len(FEATURES),
    "scale": [1.0] * len(FEATURES),
    "weights": [0.0] * len(FEATURES),
    "intercept": 0.0,
}


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture, the view of it that the network saw (r H, r W), and its maps (3, H, W)."""

    picture: Picture
    view: np.ndarray
    maps: np.ndarray


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


def validation_pictures(drawn: int) -> list[Picture]:
    """The EMPS fifth, then drawn ones."""
    pictures = []
    for labelled in emps_validation():
        prepared = prepare(read_micrograph(labelled.path), Settings())
        # the truth of what was cropped as a label bar does not count here
        labels = without_gaps(prepared.crop.apply(labelled.labels))
        pictures.append(Picture(labelled.path.stem, "EMPS", prepared.image, labels))
    for seed in range(drawn):
        image, labels = draw_micrograph(np.random.default_rng(DRAWN_SEED + seed))
        pictures.append(Picture(f"drawn {seed}", "drawn", image, without_gaps(labels)))
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
        owner = owners(labels, on_grid(each.picture.labels, labels.shape))
        first, second = owner[found["first"]], owner[found["second"]]
        known = (first > 0) | (second > 0)
        kind = each.picture.kind
        frames.append(found.assign(false=(first == second) & known, kind=kind)[known])
    return pd.concat(frames, ignore_index=True)


def on_grid(labels: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Labels at another size, nearest neighbour."""
    rows, columns = (
        ((np.arange(size) + 0.5) * old / size).astype(int)
        for size, old in zip(shape, labels.shape, strict=True)
    )
    return labels[rows[:, None], columns]


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


def true_candidates(seen: Sequence[Seen], thresholds: Thresholds) -> pd.DataFrame:
    """The candidates of all pictures: features, kind, whether each is ``right`` (`SCORE_IOU`)."""
    frames = []
    for each in seen:
        labels, elevation = fragments(each.maps, thresholds)
        tree, features = candidates_with_features(
            labels, elevation, each.maps, each.view, thresholds
        )
        overlap = overlaps(tree, labels, on_grid(each.picture.labels, labels.shape))
        frames.append(features.assign(right=overlap > SCORE_IOU, kind=each.picture.kind))
    return pd.concat(frames, ignore_index=True)


def overlaps(tree: Sequence[Candidate], labels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Greatest IoU of each candidate with a true particle."""
    count = int(labels.max(initial=0)) + 1
    shared = shared_pixels(labels, truth)
    common = (memberships(tree, count) @ shared).toarray()
    area = common.sum(axis=1, keepdims=True)
    of_truth = np.asarray(shared.sum(axis=0)).ravel()
    return (common / np.maximum(area + of_truth - common, 1))[:, 1:].max(axis=1, initial=0.0)


def fit_score_model(table: pd.DataFrame) -> dict:
    """Logistic regression on the candidates, each kind of picture with the same weight."""
    return regression(CANDIDATE_FEATURES, table, table["right"])


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
    return lambda each: find_particles(each.maps, each.view, thresholds)[0]


def fit_thresholds(source: Path, pictures: Sequence[Picture]) -> Thresholds:
    """The level of the foreground, each with its own merge classifier; then the score model."""
    seen = seen_at_target(pictures, provisional(source, Thresholds()))
    choices = {}
    for level in FOREGROUND:
        bare = Thresholds(foreground=level)
        classifier = fit_merge_classifier(true_seams(seen, bare))
        choices[level] = replace(bare, merge_classifier=classifier)
    rated = {level: f1_by_seams(seen, choice) for level, choice in choices.items()}
    print(f"foreground:\n{pd.DataFrame(rated).round(4)}", flush=True)
    best = choices[max(rated, key=lambda level: sum(rated[level].values()))]
    best = replace(best, score_model=fit_score_model(true_candidates(seen, best)))
    print(best, pd.DataFrame(f1_by_kind(seen, by_score(best))).round(4), sep="\n", flush=True)
    return best


def collect(
    source: Path, thresholds: Thresholds, pictures: Sequence[Picture]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Features of every particle found as users find it, whether it is right; of each kind of
    picture the true count."""
    segmenter = provisional(source, thresholds)
    frames, ratios = [], []
    true_count: dict[str, int] = {}
    for picture in pictures:
        image, truth = picture.image, picture.labels
        estimate = estimate_rescale(image, segmenter.predict, thresholds, TARGET_PX)
        factor = float(np.clip(estimate.factor, 32 / min(image.shape), 8))
        if truth.any() and estimate.particle_px:
            error = abs(np.log(estimate.particle_px / median_ecd(truth)))
            ratios.append((picture.kind, error < np.log(1.25), estimate.decided))
        view = resize(image, factor, REDUCTION)
        maps = segmenter.predict(view)
        labels, features = find_particles(maps, view, thresholds)
        found = on_recorded_grid(labels, image.shape)
        right = compare(truth, found).best_of_found >= 0.5
        frames.append(features.assign(right=right, name=picture.name, kind=picture.kind))
        kind = picture.kind
        true_count[kind] = true_count.get(kind, 0) + int(truth.max(initial=0))
    table = pd.DataFrame(ratios, columns=["kind", "within 25 %", "decided"])
    print(f"automatic rescale:\n{table.groupby('kind').mean().round(3)}", flush=True)
    return pd.concat(frames, ignore_index=True), true_count


def fit_confidence(table: pd.DataFrame) -> dict:
    """Logistic regression, standardised on the right particles; prints held-out figures."""
    features = table[list(FEATURES)]
    right = table["right"].to_numpy()
    mean, scale = features[right].mean(), features[right].std() + 1e-6
    standard = np.clip((features - mean) / scale, -4, 4).to_numpy()
    weight = even(table["kind"])
    held_out = np.zeros(len(table))
    folds = GroupKFold(min(8, table["name"].nunique()))
    for train, test in folds.split(standard, right, table["name"]):
        of_fold = LogisticRegression(C=1.0, max_iter=2000)
        of_fold.fit(standard[train], right[train], sample_weight=weight[train])
        held_out[test] = of_fold.predict_proba(standard[test])[:, 1]
    for kind in table["kind"].unique():
        chosen = (table["kind"] == kind).to_numpy()
        print(f"--- {kind}, pictures left out of each fit")
        print_reliability(held_out[chosen], right[chosen])
    fitted = LogisticRegression(C=1.0, max_iter=2000).fit(standard, right, weight)
    model = stored(FEATURES, mean, scale, fitted)
    print({name: round(w, 2) for name, w in zip(FEATURES, model["weights"], strict=True)})
    return model


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
    print(f"F1 by filter:\n{pd.DataFrame(rated).round(3).to_string()}", flush=True)
    return max(rated, key=lambda level: sum(rated[level].values()))


def fit(name: str, pictures: Sequence[Picture]) -> dict:
    """Everything that `training.export.description` wants to know of training/cache/NAME.onnx.

    Written to NAME.fit.json there, with the particles that the confidence was fitted to beside it.
    """
    source = WORK / f"{name}.onnx"
    thresholds = fit_thresholds(source, pictures)
    scale_model = fit_scale_model(provisional(source, thresholds), pictures)
    thresholds = replace(thresholds, scale_model=scale_model)
    table, true_count = collect(source, thresholds, pictures)
    table.to_pickle(WORK / f"{name}.particles.pkl")
    model = fit_confidence(table)
    level = best_filter(table, model, true_count)
    model["in_domain"] = fit_in_domain(provisional(source, thresholds), thresholds, model, pictures)
    fitted = _fitted(thresholds, model, level)
    (WORK / f"{name}.fit.json").write_text(json.dumps(fitted, indent=1))
    return fitted


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--drawn", type=int, default=DRAWN)
    options = parser.parse_args()
    fit(options.name, validation_pictures(options.drawn))
    print(WORK / f"{options.name}.fit.json")
