"""Boosted trees say what asking their questions one by one says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semseg.instances import boosted as module
from semseg.instances.boosted import log_odds

SEEDS = st.integers(0, 2**32 - 1)
NAMES = ["a", "b", "c", "d"]


def random_model(rng, trees, levels):
    """Trees on some of the features, in another order than they come."""
    features = rng.permutation(NAMES)[: int(rng.integers(1, 5))].tolist()
    return {
        "features": features,
        "columns": rng.integers(0, len(features), (trees, levels)).tolist(),
        "borders": rng.normal(0, 1, (trees, levels)).round(3).tolist(),
        "leaves": rng.normal(0, 1, (trees, 2**levels)).tolist(),
        "intercept": float(rng.normal()),
    }


def asked(row, model):
    """The log odds of one row, question by question."""
    odds = model["intercept"]
    for columns, borders, leaves in zip(
        model["columns"], model["borders"], model["leaves"], strict=True
    ):
        leaf = 0
        for level, (column, border) in enumerate(zip(columns, borders, strict=True)):
            if row[NAMES.index(model["features"][column])] > border:
                leaf += 2**level
        odds += leaves[leaf]
    return odds


@given(SEEDS, st.integers(1, 6), st.integers(1, 5))
@settings(max_examples=40)
def test_log_odds_are_those_of_asking_row_by_row(seed, trees, levels):
    rng = np.random.default_rng(seed)
    model = random_model(rng, trees, levels)
    values = rng.normal(0, 1, (9, len(NAMES)))
    expected = [asked(row, model) for row in values]
    np.testing.assert_allclose(log_odds(values, NAMES, model), expected, atol=1e-12)


def test_one_tree_by_hand():
    model = {
        "features": ["b", "a"],
        "columns": [[0, 1]],
        "borders": [[1.0, 0.5]],
        "leaves": [[1.0, 2.0, 4.0, 8.0]],
        "intercept": -0.5,
    }
    values = np.array([[0, 0], [0, 3], [1, 0], [1, 3], [0.5, 1.0]])
    # b > 1 gives the lowest bit, a > 0.5 the next; on the border the answer is no
    assert log_odds(values, ["a", "b"], model).tolist() == [0.5, 1.5, 3.5, 7.5, 0.5]


def test_a_border_is_compared_in_the_precision_of_the_fit():
    model = {
        "features": ["a"],
        "columns": [[0]],
        "borders": [[0.1]],
        "leaves": [[0.0, 1.0]],
        "intercept": 0.0,
    }
    near = np.array([[0.1], [0.1 + 1e-12], [0.1001]])
    assert log_odds(near, ["a"], model).tolist() == [0, 0, 1]


def test_a_question_that_is_never_true_fills_up_a_tree():
    model = {
        "features": ["a"],
        "columns": [[0, 0]],
        "borders": [[0.0, 1e30]],
        "leaves": [[-1.0, 1.0, 9.0, 9.0]],
        "intercept": 0.0,
    }
    assert log_odds(np.array([[-1.0], [1.0], [1e9]]), ["a"], model).tolist() == [-1, 1, 1]


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 15])
def test_parts_of_many_rows_do_not_show(count, monkeypatch):
    rng = np.random.default_rng(count)
    model = random_model(rng, 5, 3)
    values = rng.normal(0, 1, (count, len(NAMES)))
    whole = log_odds(values, NAMES, model)
    assert whole.shape == (count,)
    monkeypatch.setattr(module, "CHUNK_ROWS", 7)
    np.testing.assert_array_equal(log_odds(values, NAMES, model), whole)


def test_features_are_taken_by_name():
    rng = np.random.default_rng(1)
    model, values = random_model(rng, 5, 3), rng.normal(0, 1, (20, len(NAMES)))
    there = log_odds(values, NAMES, model)
    more = np.column_stack([values[:, ::-1], np.full(20, 99.0)])
    np.testing.assert_array_equal(log_odds(more, [*NAMES[::-1], "e"], model), there)
    with pytest.raises(KeyError):
        log_odds(values[:, :0], [], model)
