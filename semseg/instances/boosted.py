"""Log odds from boosted trees: small enough for a few lines of numpy, and for the model's file.

The trees are oblivious (symmetric): all nodes of one level ask the same question, whether one
feature exceeds one border, so the answers of a row are the bits of the number of its leaf. They are
fitted by CatBoost (Prokhorenkova et al., NeurIPS 2018) in `training.boosting`.

>>> model = {"features": ["size"], "columns": [[0, 0]], "borders": [[1.0, 2.0]],
...          "leaves": [[-1.0, 0.5, 0.0, 2.0]], "intercept": 0.25}
>>> log_odds(np.array([[0.0], [1.5], [3.0]]), ["size"], model).tolist()
[-0.75, 0.75, 2.25]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["log_odds"]

CHUNK_ROWS = 8192  # answers of so many rows are held at a time


def log_odds(
    values: NDArray[np.float64], names: Sequence[str], model: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Natural logarithm of the odds: (n,).

    Parameters
    ----------
    values : (n, f)
        The features, one row each.
    names : sequence of str
        Names of the columns.
    model : mapping
        ``features``: the names that ``columns`` counts; ``columns`` and ``borders``: (trees,
        levels), level 0 asks for the lowest bit; ``leaves``: (trees, 2 ** levels); ``intercept``.
    """
    place = {name: column for column, name in enumerate(names)}
    chosen = np.array([place[name] for name in model["features"]], int)
    columns = chosen[np.asarray(model["columns"], int)]
    borders = np.asarray(model["borders"], np.float32)
    leaves = np.asarray(model["leaves"], float)
    bits = 1 << np.arange(columns.shape[1])
    trees = np.arange(len(columns))
    odds = np.full(len(values), float(model["intercept"]))
    for start in range(0, len(values), CHUNK_ROWS):
        rows = np.s_[start : start + CHUNK_ROWS]
        above = values[rows].astype(np.float32)[:, columns] > borders
        odds[rows] += leaves[trees, above @ bits].sum(axis=1)
    return odds
