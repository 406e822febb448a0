"""Logistic regressions as they are stored with the model, and how reliable they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

__all__ = ["even", "kind_weight", "mean_of_kinds", "print_reliability", "regression", "stored"]

# Those of EMPS are of many materials and instruments, all others of one, or drawn.
KIND_WEIGHTS = {"EMPS": 3.0}


def regression(names: Sequence[str], table: pd.DataFrame, answer: pd.Series) -> dict:
    """Logistic regression on standardised features; each ``kind`` of row weighs the same."""
    features = table[list(names)]
    mean, scale = features.mean(), features.std() + 1e-6
    standard = np.clip((features - mean) / scale, -4, 4).to_numpy()
    fitted = LogisticRegression(C=1.0, solver="newton-cholesky")
    fitted.fit(standard, answer, sample_weight=even(table["kind"]))
    return stored(names, mean, scale, fitted)


def even(kind: pd.Series) -> np.ndarray:
    """Weights with which every kind of picture counts as `KIND_WEIGHTS` says; 1 on average."""
    weights = kind.map(kind_weight) / kind.map(kind.value_counts())
    return (weights * len(kind) / weights.sum()).to_numpy(float)


def kind_weight(kind: str) -> float:
    """How much a kind of picture counts."""
    return KIND_WEIGHTS.get(kind, 1.0)


def mean_of_kinds(by_kind: pd.DataFrame) -> pd.Series:
    """Of figures with a row for each kind, the mean, each kind counted as it should."""
    weights = [kind_weight(kind) for kind in by_kind.index]
    return pd.Series(np.average(by_kind, axis=0, weights=weights), by_kind.columns)


def stored(
    names: Sequence[str], mean: pd.Series, scale: pd.Series, fitted: LogisticRegression
) -> dict:
    """As `instances.confidence.confidence` and `instances.seams.merge_log_odds` take it."""
    return {
        "features": list(names),
        "mean": mean.round(6).tolist(),
        "scale": scale.round(6).tolist(),
        "weights": fitted.coef_[0].round(6).tolist(),
        "intercept": round(float(fitted.intercept_[0]), 6),
    }


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
