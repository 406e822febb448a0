"""The coefficients that come with the model are checked before they are used."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from semseg.errors import ModelError
from semseg.instances import autoscale, boosted, confidence, out_of_domain, seams
from semseg.instances.coefficients import MAX_LEVELS, thresholds_of
from semseg.instances.features import CANDIDATE_FEATURES, SEAM_FEATURES
from semseg.instances.thresholds import Thresholds
from tests.support.fake_analysis import MODEL
from tests.support.nested import altered


def regression(features):
    return {
        "features": list(features),
        "mean": [0.0] * len(features),
        "scale": [1.0] * len(features),
        "weights": [0.5] * len(features),
        "intercept": 0.25,
    }


def trees():
    """Two trees of three levels on three features."""
    return {
        "features": ["size", "made:boundary", "next:edge"],
        "columns": [[0, 1, 2], [2, 0, 0]],
        "borders": [[0.5, 0.25, 0.125], [1, 2, 1e30]],
        "leaves": [[0.0] * 8, [1.0] * 8],
        "intercept": -1,
    }


def fitting():
    """A model all of whose coefficients fit."""
    numbers = {
        each.name: each.default for each in fields(Thresholds) if isinstance(each.default, float)
    }
    models = {
        "merge_classifier": regression(seams.FEATURES),
        "seam_model": regression(SEAM_FEATURES),
        "scale_model": regression(autoscale.SCALE_FEATURES),
        "score_model": trees(),
    }
    in_domain = regression(out_of_domain.FEATURES)
    del in_domain["mean"], in_domain["scale"]
    own = regression(confidence.FEATURES)
    parts = {"in_domain": in_domain, "doubt": regression(confidence.PLAIN_FEATURES)}
    return replace(MODEL, thresholds=numbers | models, confidence=own | parts)


def with_altered(model, path, value=None):
    """The model with one coefficient, by its path, replaced, or left out without a value."""
    kind, _, rest = path.partition("/")
    return replace(model, **{kind: altered(dict(getattr(model, kind)), rest, value)})


def refusal(model):
    with pytest.raises(ModelError) as caught:
        thresholds_of(model)
    sentence = str(caught.value)
    assert sentence.endswith("; please use the model that came with it.")
    assert "\n" not in sentence
    return sentence


def test_those_of_the_shipped_model_fit(segmenter):
    assert thresholds_of(segmenter.info) == Thresholds(**segmenter.info.thresholds)


def test_coefficients_that_fit_are_taken_as_they_are():
    model = fitting()
    assert thresholds_of(model) == Thresholds(**model.thresholds)
    taken = thresholds_of(model)
    assert taken.score_model == trees()
    values = np.zeros((2, len(CANDIDATE_FEATURES)))
    # the second tree's leaves are 1, the intercept is -1
    assert boosted.log_odds(values, CANDIDATE_FEATURES, taken.score_model).tolist() == [0, 0]


@pytest.mark.parametrize("name", ["merge_classifier", "seam_model", "score_model", "scale_model"])
def test_models_of_the_instance_step_may_be_empty(name):
    assert getattr(thresholds_of(with_altered(fitting(), f"thresholds/{name}", {})), name) == {}


@pytest.mark.parametrize("name", ["in_domain", "doubt"])
def test_what_only_adds_to_the_confidence_may_be_missing(name):
    thresholds_of(with_altered(fitting(), f"confidence/{name}"))


def test_regressions_may_go_by_fewer_features():
    few = {**regression(["edge"]), "features": ("edge",)}
    model = with_altered(fitting(), "thresholds/seam_model", few)
    assert thresholds_of(model).seam_model == few
    few = regression(["score"])
    model = replace(model, confidence=few)
    thresholds_of(model)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("thresholds/hill", 0.1, "the threshold 'hill' is unknown"),
        ("thresholds/min_peak", None, "the threshold 'min_peak' is missing"),
        ("thresholds/seam_model", None, "the threshold 'seam_model' is missing"),
        ("thresholds/foreground", "0.6", "the threshold 'foreground' is '0.6'"),
        ("thresholds/penalty", True, "the threshold 'penalty' is True"),
        ("thresholds/min_area_px", float("nan"), "the threshold 'min_area_px' is nan"),
        ("thresholds/merge_classifier", 1, "'merge_classifier' is 1"),
        ("thresholds/seam_model", [], "'seam_model' is []"),
        ("thresholds/seam_model/scale", [1.0], "'scale' of 'seam_model' is not a number for each"),
        ("thresholds/seam_model/features", ["boundary_low"], "'seam_model' has no feature"),
        ("thresholds/scale_model/bias", 0, "'bias' of 'scale_model' is unknown"),
        ("thresholds/scale_model/mean", None, "'mean' of 'scale_model' is missing"),
        ("thresholds/scale_model/features", ["colour"], "'scale_model' has no feature 'colour'"),
        ("confidence/weights", [1.0], "'weights' of 'confidence' is not a number for each"),
        ("confidence/features", "size", "'features' of 'confidence' is 'size'"),
        ("confidence/intercept", "2", "'intercept' of 'confidence' is '2'"),
        ("confidence/shape", {}, "'shape' of 'confidence' is unknown"),
        ("confidence/in_domain", [], "'in_domain' is []"),
        ("confidence/in_domain/weights", ["a", "b"], "'weights' of 'in_domain' is not a number"),
        ("confidence/doubt", 3, "'doubt' is 3"),
        ("confidence/doubt/weights", None, "'weights' of 'doubt' is missing"),
        # what has no words cannot be told as a reason
        ("confidence/doubt/features", ["score"], "'doubt' has no feature 'score'"),
    ],
)
def test_a_coefficient_that_does_not_fit_is_named(path, value, said):
    assert said in refusal(with_altered(fitting(), path, value))


ROWS_DO_NOT_FIT = "has rows that do not fit its trees"
NOT_A_ROW_EACH = "has not a row for each tree"


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("mean", [0.0] * 3, "'mean' of 'score_model' is unknown"),
        ("columns", None, "'columns' of 'score_model' is missing"),
        ("intercept", [], "'intercept' of 'score_model' is []"),
        ("features", ["size", "made:boundary", "joint"], "'score_model' has no feature 'joint'"),
        ("features", ["size", "made:boundary"], "'columns' of 'score_model' counts a feature 2"),
        ("columns", [], f"'columns' of 'score_model' {NOT_A_ROW_EACH}"),
        ("columns", {}, f"'columns' of 'score_model' {NOT_A_ROW_EACH}"),
        ("columns", [[0, 1, 2]], f"'borders' of 'score_model' {NOT_A_ROW_EACH}"),
        ("leaves", [[0.0] * 8] * 3, f"'leaves' of 'score_model' {NOT_A_ROW_EACH}"),
        ("columns", [0, 1], f"'columns' of 'score_model' {ROWS_DO_NOT_FIT}"),
        ("columns", [[], []], f"'columns' of 'score_model' {ROWS_DO_NOT_FIT}"),
        ("columns", [[0, 1, 2], [0, 1]], f"'columns' of 'score_model' {ROWS_DO_NOT_FIT}"),
        ("borders", [[0.5, 1, 2], [1, 2]], f"'borders' of 'score_model' {ROWS_DO_NOT_FIT}"),
        ("borders", [[0, 1, 2], [0, 1, "2"]], f"'borders' of 'score_model' {ROWS_DO_NOT_FIT}"),
        ("borders", [[0, 1, 2], [0, 1, np.inf]], f"'borders' of 'score_model' {ROWS_DO_NOT_FIT}"),
        ("leaves", [[0.0] * 8, [0.0] * 7], f"'leaves' of 'score_model' {ROWS_DO_NOT_FIT}"),
        ("leaves", [[0.0] * 8, [np.nan] * 8], f"'leaves' of 'score_model' {ROWS_DO_NOT_FIT}"),
        ("columns", [[0, 1, 2], [0, 1, 3]], "'columns' of 'score_model' counts a feature 3"),
        ("columns", [[0, 1, 2], [0, 1, -1]], "'columns' of 'score_model' counts a feature -1"),
        ("columns", [[0, 1, 2], [0, 1, 1.0]], "'columns' of 'score_model' counts a feature 1.0"),
        ("columns", [[0, 1, 2], [0, 1, True]], f"'columns' of 'score_model' {ROWS_DO_NOT_FIT}"),
    ],
)
def test_trees_that_do_not_fit_are_named(part, value, said):
    assert said in refusal(with_altered(fitting(), f"thresholds/score_model/{part}", value))


@pytest.mark.parametrize("value", [1, [], "trees"])
def test_what_are_no_trees_is_named(value):
    model = with_altered(fitting(), "thresholds/score_model", value)
    assert f"'score_model' is {value!r}" in refusal(model)


def test_trees_may_be_so_deep_and_no_deeper():
    for levels in (MAX_LEVELS, MAX_LEVELS + 1):
        deep = {
            "features": ["size"],
            "columns": [[0] * levels],
            "borders": [[0.5] * levels],
            "leaves": [[0.0] * 2**levels],
            "intercept": 0,
        }
        model = with_altered(fitting(), "thresholds/score_model", deep)
        if levels == MAX_LEVELS:
            assert thresholds_of(model).score_model == deep
        else:
            assert ROWS_DO_NOT_FIT in refusal(model)
