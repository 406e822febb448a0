"""Choose thresholds and fit the confidence on validation pictures.

    python -m training.fit first      # reads training/cache/first.onnx, writes first.fit.json

Five steps, in this order, through the exported network itself. All of them see the EMPS validation
fifth and drawn pictures that training never saw, both kinds with the same weight: the first has
few agglomerates, the second hardly anything else.

1. the judge of seams (`semseg.seams`): a logistic regression on the seams between fragments, at
   the rescale factor that the truth asks for; a seam is false where most of both fragments lies in
   the same true particle;
2. thresholds of the instance step: greatest mean of F1 at IoU 0.5 and 0.75, each kind pooled;
3. the confidence: a logistic regression on `semseg.confidence.FEATURES`, at the factor that
   is found automatically; its figures are from pictures left out of each fit;
4. the default filter threshold: greatest F1 at IoU 0.5, pooled over the same pictures;
5. when to abstain (`training.abstain`): the same pictures against drawn ones without particles.
"""

from __future__ import annotations

import argparse
import functools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from semseg.analysis import prepare
from semseg.autoscale import estimate_rescale
from semseg.confidence import FEATURES, confidence, particle_features
from semseg.micrograph import read_micrograph
from semseg.particles import Thresholds, find_instances, fragments, on_recorded_grid
from semseg.preparation import resize
from semseg.seams import FEATURES as SEAM_FEATURES
from semseg.seams import seams
from semseg.segmenter import Segmenter
from semseg.settings import Settings
from semseg.shape import measure_shapes
from training.abstain import fit_abstain
from training.dataset import WORK, median_ecd
from training.export import describe, description
from training.metrics import Agreement, compare, pool
from training.pictures import Picture, emps_validation, without_gaps
from training.synthesize import draw_micrograph

# Smaller is quicker, larger finds more of the small and covered ones and is finer for sizes: the
# figures for 20 to 40 px are in training/README.md.
TARGET_PX = 40.0
TRAINED_PX = (12.0, 100.0)
DRAWN_SEED = 1_000_000  # far from the seeds of training
# tried in turn; whatever changes the fragments has its own judge
CANDIDATES = {
    "foreground": (0.5, 0.6),
    "smoothing_px": (1.0, 1.5),
    "reconciled": (False, True),
    "join": (0.3, 0.4, 0.5, 0.6),
}
NOT_FITTED = {
    "features": list(FEATURES),
    "mean": [0.0] * len(FEATURES),
    "scale": [1.0] * len(FEATURES),
    "weights": [0.0] * len(FEATURES),
    "intercept": 0.0,
}


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture and the network's maps of it, (3, H, W) on its own grid."""

    picture: Picture
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
    return float(np.clip(TARGET_PX / median_ecd(picture.labels), 0.1, 4))


def seen_at_target(pictures: Sequence[Picture], segmenter: Segmenter) -> list[Seen]:
    """The maps of each picture with particles, at the factor that the truth asks for."""
    seen = []
    for picture in pictures:
        if picture.labels.any():
            maps = segmenter.predict(resize(picture.image, _wanted_factor(picture)))
            seen.append(Seen(picture, maps.astype(np.float32)))
    return seen


def true_seams(seen: Sequence[Seen], thresholds: Thresholds) -> pd.DataFrame:
    """The seams of all pictures, whether each is ``false`` (one true particle on both sides)."""
    frames = []
    for each in seen:
        labels, hills = fragments(each.maps, thresholds)
        found = seams(labels, hills, each.maps)
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


def owners(labels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """For each fragment, by label, the true particle (or 0) that most of it lies in."""
    shared = sparse.coo_matrix(
        (np.ones(labels.size, np.int64), (labels.ravel(), truth.ravel())),
        shape=(int(labels.max(initial=0)) + 1, int(truth.max(initial=0)) + 1),
    ).tocsr()
    return np.asarray(shared.argmax(axis=1)).ravel()


def fit_judge(table: pd.DataFrame) -> dict:
    """Logistic regression on the seams, each kind of picture with the same weight."""
    features = table[list(SEAM_FEATURES)]
    mean, scale = features.mean(), features.std() + 1e-6
    standard = np.clip((features - mean) / scale, -4, 4).to_numpy()
    regression = LogisticRegression(C=1.0, max_iter=4000)
    regression.fit(standard, table["false"], sample_weight=_even(table["kind"]))
    return _stored(SEAM_FEATURES, mean, scale, regression)


def _even(kind: pd.Series) -> np.ndarray:
    """Weights with which every kind of picture counts the same; 1 on average."""
    return (len(kind) / kind.nunique() / kind.map(kind.value_counts())).to_numpy(float)


def _stored(
    names: Sequence[str], mean: pd.Series, scale: pd.Series, regression: LogisticRegression
) -> dict:
    return {
        "features": list(names),
        "mean": mean.round(6).tolist(),
        "scale": scale.round(6).tolist(),
        "weights": regression.coef_[0].round(6).tolist(),
        "intercept": round(float(regression.intercept_[0]), 6),
    }


def score(seen: Sequence[Seen], thresholds: Thresholds) -> dict[str, float]:
    """Mean of F1 at IoU 0.5 and 0.75 of each kind, all its pictures pooled.

    Pooled, as it is reported: a picture with one particle must not weigh as much as a crowd.
    """
    agreements: dict[str, list[Agreement]] = {}
    for each in seen:
        shape = each.picture.image.shape
        found = without_gaps(on_recorded_grid(find_instances(each.maps, thresholds), shape))
        agreement = compare(each.picture.labels, found)
        agreements.setdefault(each.picture.kind, []).append(agreement)
    pooled = {kind: pool(each) for kind, each in agreements.items()}
    return {kind: (each.f1(0.5) + each.f1(0.75)) / 2 for kind, each in pooled.items()}


def fit_thresholds(source: Path, pictures: Sequence[Picture]) -> Thresholds:
    """Thresholds in turn, each time the best given the others, by the mean over the kinds."""
    best = Thresholds()
    seen = seen_at_target(pictures, provisional(source, best))

    @functools.cache
    def judge(bare: Thresholds) -> dict:
        return fit_judge(true_seams(seen, bare))

    def judged(thresholds: Thresholds) -> Thresholds:
        bare = replace(thresholds, judge={}, join=Thresholds.join, reconciled=Thresholds.reconciled)
        return replace(thresholds, judge=judge(bare))

    for name, values in CANDIDATES.items():
        choices = {value: judged(replace(best, **{name: value})) for value in values}
        rated = {value: score(seen, choice) for value, choice in choices.items()}
        best = choices[max(values, key=lambda value: sum(rated[value].values()))]
        print(f"{name}:\n{pd.DataFrame(rated).round(4)}", flush=True)
    print(best, flush=True)
    return best


def collect(
    source: Path, thresholds: Thresholds, pictures: Sequence[Picture]
) -> tuple[pd.DataFrame, int]:
    """Features of every particle found as users find it, whether it is right; true count."""
    segmenter = provisional(source, thresholds)
    frames, true_count, ratios = [], 0, []
    for picture in pictures:
        image, truth = picture.image, picture.labels
        estimate = estimate_rescale(image, segmenter.predict, thresholds, TARGET_PX)
        factor = float(np.clip(estimate.factor, 32 / min(image.shape), 8))
        if truth.any() and estimate.particle_px:
            error = abs(np.log(estimate.particle_px / median_ecd(truth)))
            ratios.append((picture.kind, error < np.log(1.25), estimate.decided))
        view = resize(image, factor)
        maps = segmenter.predict(view)
        labels = find_instances(maps, thresholds)
        features = particle_features(labels, maps, view, measure_shapes(labels))
        found = on_recorded_grid(labels, image.shape)
        right = compare(truth, found).best_of_found >= 0.5
        frames.append(features.assign(right=right, name=picture.name, kind=picture.kind))
        true_count += int(truth.max(initial=0))
    table = pd.DataFrame(ratios, columns=["kind", "within 25 %", "decided"])
    print(f"automatic rescale:\n{table.groupby('kind').mean().round(3)}", flush=True)
    return pd.concat(frames, ignore_index=True), true_count


def fit_confidence(table: pd.DataFrame) -> dict:
    """Logistic regression, standardised on the right particles; prints held-out figures."""
    features = table[list(FEATURES)]
    right = table["right"].to_numpy()
    mean, scale = features[right].mean(), features[right].std() + 1e-6
    standard = np.clip((features - mean) / scale, -4, 4).to_numpy()
    weight = _even(table["kind"])
    held_out = np.zeros(len(table))
    folds = GroupKFold(min(8, table["name"].nunique()))
    for train, test in folds.split(standard, right, table["name"]):
        regression = LogisticRegression(C=1.0, max_iter=2000)
        regression.fit(standard[train], right[train], sample_weight=weight[train])
        held_out[test] = regression.predict_proba(standard[test])[:, 1]
    for kind in table["kind"].unique():
        chosen = (table["kind"] == kind).to_numpy()
        print(f"--- {kind}, pictures left out of each fit")
        print_reliability(held_out[chosen], right[chosen])
    regression = LogisticRegression(C=1.0, max_iter=2000).fit(standard, right, weight)
    model = _stored(FEATURES, mean, scale, regression)
    print({name: round(w, 2) for name, w in zip(FEATURES, model["weights"], strict=True)})
    return model


def print_reliability(probability: np.ndarray, right: np.ndarray) -> None:
    """AUROC, expected calibration error, and the reliability curve in tenths."""
    bins = np.minimum((probability * 10).astype(int), 9)
    error = 0.0
    rows = []
    for index in range(10):
        chosen = bins == index
        if chosen.any():
            said, was = probability[chosen].mean(), right[chosen].mean()
            error += chosen.mean() * abs(said - was)
            rows.append(f"  said {said:.2f} was {was:.2f} n {chosen.sum()}")
    auroc = roc_auc_score(right, probability) if 0 < right.mean() < 1 else float("nan")
    print(f"n {right.size} right {right.mean():.3f} AUROC {auroc:.3f} ECE {error:.3f}")
    print("\n".join(rows), flush=True)


def best_filter(table: pd.DataFrame, model: dict, true_count: int) -> float:
    """The threshold with the greatest pooled F1 at IoU 0.5."""
    probability = confidence(table[list(FEATURES)], model)
    right = table["right"].to_numpy()
    levels = np.round(np.arange(0, 0.91, 0.05), 2)
    scores = []
    for level in levels:
        kept = probability >= level
        scores.append(2 * (kept & right).sum() / max(kept.sum() + true_count, 1))
    print(
        "F1 by filter:", {float(a): round(float(b), 3) for a, b in zip(levels, scores, strict=True)}
    )
    return float(levels[int(np.argmax(scores))])


def fit(name: str, pictures: Sequence[Picture]) -> dict:
    """Everything that `training.export.description` wants to know of training/cache/NAME.onnx.

    Written to NAME.fit.json there, with the particles that the confidence was fitted to beside it.
    """
    source = WORK / f"{name}.onnx"
    thresholds = fit_thresholds(source, pictures)
    table, true_count = collect(source, thresholds, pictures)
    table.to_pickle(WORK / f"{name}.particles.pkl")
    model = fit_confidence(table)
    level = best_filter(table, model, true_count)
    model["picture"] = fit_abstain(provisional(source, thresholds), thresholds, model, pictures)
    fitted = _fitted(thresholds, model, level)
    (WORK / f"{name}.fit.json").write_text(json.dumps(fitted, indent=1))
    return fitted


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--drawn", type=int, default=24)
    options = parser.parse_args()
    fit(options.name, validation_pictures(options.drawn))
    print(WORK / f"{options.name}.fit.json")
