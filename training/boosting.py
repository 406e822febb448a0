"""Boosted trees for `semseg.instances.boosted`: fitted by CatBoost, stored as plain numbers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from catboost import CatBoostClassifier

__all__ = ["boosted_trees"]

DIGITS = 5
NEVER = 1e30  # a border that no feature exceeds


def boosted_trees(
    names: Sequence[str],
    values: np.ndarray,
    right: np.ndarray,
    weight: np.ndarray,
    *,
    trees: int = 300,
    levels: int = 5,
) -> dict:
    """Fit oblivious trees to the log odds of `right`.

    Parameters
    ----------
    names : sequence of str
        Of the columns.
    values : (n, f)
    right : (n,) bool
    weight : (n,)
    trees, levels : int
        How many, and how many questions each asks.
    """
    fitted = CatBoostClassifier(
        iterations=trees,
        depth=levels,
        learning_rate=0.1,
        l2_leaf_reg=5,
        rsm=0.5,
        bootstrap_type="Bernoulli",
        subsample=0.6,
        border_count=64,
        random_seed=0,
        thread_count=2,
        allow_writing_files=False,
        verbose=0,
    )
    fitted.fit(values.astype(np.float32), right.astype(int), sample_weight=weight)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trees.json"
        fitted.save_model(str(path), format="json")
        saved = json.loads(path.read_text())
    scale, (bias,) = saved["scale_and_bias"]
    grown = [tree for tree in saved["oblivious_trees"] if tree["splits"]]
    levels = max((len(tree["splits"]) for tree in grown), default=1)
    full = [_filled(tree, levels) for tree in grown]
    return {
        "features": list(names),
        "columns": [columns for columns, _, _ in full],
        "borders": [borders for _, borders, _ in full],
        "leaves": [[round(scale * leaf, DIGITS) for leaf in leaves] for _, _, leaves in full],
        "intercept": round(float(bias), DIGITS),
    }


def _filled(tree: dict, levels: int) -> tuple[list[int], list[float], list[float]]:
    """Columns, borders and leaves of a tree; one that stopped growing asks what is never true."""
    columns = [split["float_feature_index"] for split in tree["splits"]]
    borders = [round(split["border"], 7) for split in tree["splits"]]
    missing = levels - len(columns)
    leaves = tree["leaf_values"] + [0.0] * (2**levels - len(tree["leaf_values"]))
    return columns + [0] * missing, borders + [NEVER] * missing, leaves
