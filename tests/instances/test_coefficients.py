"""The coefficients that come with the model are checked before they are used."""

from __future__ import annotations

from dataclasses import replace

import pytest

from semseg.errors import ModelError
from semseg.instances.coefficients import thresholds_of
from semseg.instances.particles import Thresholds
from tests.support.nested import altered


def with_altered(model, path, value=None):
    """The model with one coefficient, by its path, replaced, or left out without a value."""
    kind, _, rest = path.partition("/")
    return replace(model, **{kind: altered(dict(getattr(model, kind)), rest, value)})


def test_those_of_the_shipped_model_fit(segmenter):
    assert thresholds_of(segmenter.info) == Thresholds(**segmenter.info.thresholds)


def test_regressions_of_the_instance_step_may_be_empty(segmenter):
    model = segmenter.info
    for name in ("merge_classifier", "score_model", "scale_model"):
        assert getattr(thresholds_of(with_altered(model, f"thresholds/{name}", {})), name) == {}
    thresholds_of(with_altered(model, "confidence/in_domain"))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("thresholds/hill", 0.1, "the threshold 'hill' is unknown"),
        ("thresholds/min_peak", None, "the threshold 'min_peak' is missing"),
        ("thresholds/foreground", "0.6", "the threshold 'foreground' is '0.6'"),
        ("thresholds/penalty", True, "the threshold 'penalty' is True"),
        ("thresholds/min_area_px", float("nan"), "the threshold 'min_area_px' is nan"),
        ("thresholds/merge_classifier", 1, "'merge_classifier' is 1"),
        ("thresholds/score_model/mean", None, "'mean' of 'score_model' is missing"),
        ("thresholds/scale_model/bias", 0, "'bias' of 'scale_model' is unknown"),
        ("thresholds/scale_model/features", ["colour"], "'scale_model' has no feature 'colour'"),
        ("confidence/weights", [1.0], "'weights' of 'confidence' is not a number for each"),
        ("confidence/features", "size", "'features' of 'confidence' is 'size'"),
        ("confidence/intercept", "2", "'intercept' of 'confidence' is '2'"),
        ("confidence/in_domain", [], "'in_domain' is []"),
        ("confidence/in_domain/weights", ["a", "b"], "'weights' of 'in_domain' is not a number"),
    ],
)
def test_a_coefficient_that_does_not_fit_is_named(segmenter, path, value, said):
    with pytest.raises(ModelError) as caught:
        thresholds_of(with_altered(segmenter.info, path, value))
    sentence = str(caught.value)
    assert said in sentence
    assert sentence.endswith("; please use the model that came with it.")
