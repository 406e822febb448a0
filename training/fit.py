"""Choose thresholds and fit the confidence on validation pictures.

    python -m training.fit first      # reads training/cache/first.onnx, writes first.fit.json

Five steps, in this order, through the exported network itself. All of them see the EMPS validation
fifth and drawn pictures that training never saw, both kinds with the same weight: the first has
few agglomerates, the second hardly anything else.

1. the judge of seams (`semseg.seams`): a logistic regression on the seams between fragments, at
   the rescale factor that the truth asks for; a seam is false where most of both fragments lies in
   the same true particle;
2. thresholds of the instance step: greatest mean over pictures of F1 at IoU 0.5 and 0.75;
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
from dataclasses import asdict, replace
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
from training.metrics import compare
from training.pictures import emps_validation, without_gaps
from training.synthesize import draw_micrograph

# Smaller is quicker, larger finds more of the small and covered ones and is finer for sizes: the
# figures for 20 to 40 px are in training/README.md.
TARGET_PX = 40.0
TRAINED_PX = (12.0, 100.0)
DRAWN_SEED = 1_000_000  # far from the seeds of training
# tried in turn; whatever changes the fragments has its own judge
CANDIDATES = {
    "foreground": (0.5, 0.6),
    "smoothing_px": (0.7, 1.0, 1.5),
    "join": (0.4, 0.5, 0.6, 0.7),
}
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


def validation_pictures(drawn: int) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Name, prepared picture and truth: the EMPS fifth, then drawn ones."""
    pictures = []
    for labelled in emps_validation():
        prepared = prepare(read_micrograph(labelled.path), Settings())
        # the truth of what was cropped as a label bar does not count here
        pictures.append(
            (labelled.path.stem, prepared.image, without_gaps(prepared.crop.apply(labelled.labels)))
        )
    for seed in range(drawn):
        image, labels = draw_micrograph(np.random.default_rng(DRAWN_SEED + seed))
        pictures.append((f"drawn {seed}", image, without_gaps(labels)))
    return pictures


def seen_at_target(pictures: list, segmenter: Segmenter) -> list:
    """(drawn, maps, shape, truth) of each picture, its median particle at the target size."""
    seen = []
    for name, image, truth in pictures:
        if truth.any():
            factor = float(np.clip(TARGET_PX / median_ecd(truth), 0.1, 4))
            maps = segmenter.predict(resize(image, factor))
            seen.append((name.startswith("drawn"), maps.astype(np.float32), image.shape, truth))
    return seen


def true_seams(seen: list, thresholds: Thresholds) -> pd.DataFrame:
    """The seams of all pictures, whether each is ``false`` (one true particle on both sides)."""
    frames = []
    for drawn, maps, _, truth in seen:
        labels, hills = fragments(maps, thresholds)
        found = seams(labels, hills, maps)
        owner = _owners(labels, on_grid(truth, labels.shape))
        first, second = owner[found["first"]], owner[found["second"]]
        known = (first > 0) | (second > 0)
        frames.append(found.assign(false=(first == second) & known, drawn=drawn)[known])
    return pd.concat(frames, ignore_index=True)


def on_grid(labels: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Labels at another size, nearest neighbour."""
    rows, columns = (
        ((np.arange(size) + 0.5) * old / size).astype(int)
        for size, old in zip(shape, labels.shape, strict=True)
    )
    return labels[rows[:, None], columns]


def _owners(labels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """For each fragment, by label, the true particle (or 0) that most of it lies in."""
    shared = sparse.coo_matrix(
        (np.ones(labels.size, np.int64), (labels.ravel(), truth.ravel())),
        shape=(int(labels.max(initial=0)) + 1, int(truth.max(initial=0)) + 1),
    ).tocsr()
    return np.asarray(shared.argmax(axis=1)).ravel()


def fit_judge(table: pd.DataFrame) -> dict:
    """Logistic regression on the seams, both kinds of picture with the same weight."""
    features = table[list(SEAM_FEATURES)]
    mean, scale = features.mean(), features.std() + 1e-6
    standard = np.clip((features - mean) / scale, -4, 4).to_numpy()
    regression = LogisticRegression(C=1.0, max_iter=4000)
    regression.fit(standard, table["false"], sample_weight=_even(table["drawn"]))
    return _stored(SEAM_FEATURES, mean, scale, regression)


def _even(drawn: pd.Series) -> np.ndarray:
    """Weights with which both kinds of picture count the same; 1 on average."""
    weight = np.where(drawn, 1 / max(drawn.sum(), 1), 1 / max((~drawn).sum(), 1))
    return weight * len(drawn) / 2


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


def score(seen: list, thresholds: Thresholds) -> tuple[float, float]:
    """Mean over pictures of F1 at IoU 0.5 and 0.75: of EMPS, and of drawn ones."""
    scores: tuple[list, list] = ([], [])
    for drawn, maps, shape, truth in seen:
        found = on_recorded_grid(find_instances(maps, thresholds), shape)
        agreement = compare(truth, without_gaps(found))
        scores[drawn].append((agreement.f1(0.5) + agreement.f1(0.75)) / 2)
    return float(np.mean(scores[0])), float(np.mean(scores[1]))


def fit_thresholds(source: Path, pictures: list) -> Thresholds:
    """Thresholds in turn, each time the best given the others, by the mean of both kinds."""
    best = Thresholds()
    seen = seen_at_target(pictures, provisional(source, best))

    @functools.cache
    def judge(bare: Thresholds) -> dict:
        return fit_judge(true_seams(seen, bare))

    def judged(thresholds: Thresholds) -> Thresholds:
        bare = replace(thresholds, judge={}, join=Thresholds.join)
        return replace(thresholds, judge=judge(bare))

    for name, values in CANDIDATES.items():
        choices = {value: judged(replace(best, **{name: value})) for value in values}
        rated = {value: score(seen, choice) for value, choice in choices.items()}
        best = choices[max(values, key=lambda value: sum(rated[value]))]
        shown = {value: np.round(both, 4).tolist() for value, both in rated.items()}
        print(f"{name}: {shown}", flush=True)
    print(best, flush=True)
    return best


def collect(source: Path, thresholds: Thresholds, pictures: list) -> tuple[pd.DataFrame, int]:
    """Features of every particle found as users find it, whether it is right; true count."""
    segmenter = provisional(source, thresholds)
    frames, true_count, ratios = [], 0, []
    for name, image, truth in pictures:
        estimate = estimate_rescale(image, segmenter.predict, thresholds, TARGET_PX)
        factor = float(np.clip(estimate.factor, 32 / min(image.shape), 8))
        if truth.any() and estimate.particle_px:
            ratios.append((name, estimate.particle_px / median_ecd(truth), estimate.decided))
        view = resize(image, factor)
        maps = segmenter.predict(view)
        labels = find_instances(maps, thresholds)
        features = particle_features(labels, maps, view, measure_shapes(labels))
        found = on_recorded_grid(labels, image.shape)
        right = compare(truth, found).best_of_found >= 0.5
        frames.append(features.assign(right=right, name=name, drawn=name.startswith("drawn")))
        true_count += int(truth.max(initial=0))
    _report_scale(ratios)
    return pd.concat(frames, ignore_index=True), true_count


def _report_scale(ratios: list) -> None:
    for kind in (False, True):
        chosen = [(r, d) for n, r, d in ratios if n.startswith("drawn") == kind]
        if chosen:
            error = np.abs(np.log([r for r, _ in chosen]))
            decided = np.array([d for _, d in chosen])
            good = error < np.log(1.25)
            print(
                f"automatic rescale, {'drawn' if kind else 'EMPS'}: within 25 % {good.mean():.2f} "
                f"of {good.size}; decided {decided.mean():.2f}, of those {good[decided].mean():.2f}"
            )


def fit_confidence(table: pd.DataFrame) -> dict:
    """Logistic regression, standardised on the right particles; prints held-out figures."""
    features = table[list(FEATURES)]
    right = table["right"].to_numpy()
    mean, scale = features[right].mean(), features[right].std() + 1e-6
    standard = np.clip((features - mean) / scale, -4, 4).to_numpy()
    weight = _even(table["drawn"])
    held_out = np.zeros(len(table))
    folds = GroupKFold(min(8, table["name"].nunique()))
    for train, test in folds.split(standard, right, table["name"]):
        regression = LogisticRegression(C=1.0, max_iter=2000)
        regression.fit(standard[train], right[train], sample_weight=weight[train])
        held_out[test] = regression.predict_proba(standard[test])[:, 1]
    for kind in (False, True):
        chosen = (table["drawn"] == kind).to_numpy()
        if chosen.any():
            print(f"--- {'drawn' if kind else 'EMPS validation'}, pictures left out of each fit")
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--drawn", type=int, default=40)
    options = parser.parse_args()
    source = WORK / f"{options.name}.onnx"
    pictures = validation_pictures(options.drawn)
    thresholds = fit_thresholds(source, pictures)
    table, true_count = collect(source, thresholds, pictures)
    table.to_pickle(WORK / f"{options.name}.particles.pkl")
    model = fit_confidence(table)
    level = best_filter(table, model, true_count)
    model["picture"] = fit_abstain(provisional(source, thresholds), thresholds, model, pictures)
    path = WORK / f"{options.name}.fit.json"
    path.write_text(json.dumps(_fitted(thresholds, model, level), indent=1))
    print(path)


if __name__ == "__main__":
    main()
