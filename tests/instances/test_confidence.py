"""The confidence behaves as a probability, and the filter accepts what has enough of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semseg.instances.confidence import (
    FEATURES,
    PLAIN_FEATURES,
    apply_filter,
    confidence,
    reasons,
)

FEW = settings(max_examples=40)
NUMBERS = st.floats(-20, 20)


def model(**weights):
    """A regression with these weights, no others, and nothing to standardise."""
    return {
        "features": list(FEATURES),
        "mean": [0.0] * len(FEATURES),
        "scale": [1.0] * len(FEATURES),
        "weights": [float(weights.get(name, 0)) for name in FEATURES],
        "intercept": 0.0,
    }


def table(**columns):
    """Features, 0 unless given."""
    count = len(next(iter(columns.values())))
    return pd.DataFrame({name: columns.get(name, [0.0] * count) for name in FEATURES})


def anything(count):
    """Features of so many particles, at random."""
    values = np.random.default_rng(0).normal(0, 3, (count, len(FEATURES)))
    return pd.DataFrame(values, columns=list(FEATURES))


# Confidence


@given(
    st.lists(st.tuples(*[NUMBERS] * len(FEATURES)), min_size=1, max_size=5),
    st.tuples(*[st.floats(-8, 8)] * len(FEATURES)),
)
@FEW
def test_confidence_is_a_probability(rows, weights):
    features = pd.DataFrame(rows, columns=list(FEATURES))
    values = confidence(features, {**model(), "weights": weights})
    assert values.shape == (len(rows),)
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert (values <= 1).all()


@given(st.sampled_from(FEATURES), st.floats(0.01, 5), st.lists(NUMBERS, min_size=2, max_size=20))
@FEW
def test_confidence_rises_with_a_feature_of_positive_weight(name, weight, values):
    features = table(**{name: sorted(values)})
    assert (np.diff(confidence(features, model(**{name: weight}))) >= 0).all()
    assert (np.diff(confidence(features, model(**{name: -weight}))) <= 0).all()
    low, high = confidence(table(**{name: [-1.0, 1.0]}), model(**{name: weight}))
    assert low < 0.5 < high


def test_confidence_by_hand():
    regression = model(certainty=2, peak=-1)
    certainty = FEATURES.index("certainty")
    regression["mean"][certainty], regression["scale"][certainty] = 0.5, 0.25
    regression["intercept"] = 0.5
    features = table(certainty=[0.75], peak=[1.0])
    # (0.75 - 0.5) / 0.25 * 2 - 1 + 0.5 = 1.5: odds of 4.4817 to 1
    assert confidence(features, regression) == pytest.approx(0.8175745, abs=1e-7)


def test_the_score_counts_as_any_feature_does():
    sure, unsure = confidence(table(score=[2.0, -2.0]), model(score=1))
    assert sure == pytest.approx(0.8807971, abs=1e-7)  # odds of e^2 to 1
    assert unsure == pytest.approx(1 - sure)
    # the other particles of a picture speak for each of them
    assert confidence(table(median_score=[1.0]), model(median_score=1)) > 0.5


def test_far_outside_what_was_fitted_a_feature_counts_no_more():
    near, far, farther = confidence(table(size=[3.0, 4.0, 400.0]), model(size=1))
    assert near < far == farther


def test_features_are_taken_by_name_not_by_order():
    features = anything(9)
    regression = model(certainty=1, size=2, exposure=-3)
    turned = features[features.columns[::-1]]
    assert np.array_equal(confidence(features, regression), confidence(turned, regression))


def test_the_shipped_confidence_is_a_probability(segmenter):
    values = confidence(anything(99), segmenter.info.confidence)
    assert ((values >= 0) & (values <= 1)).all()
    assert set(segmenter.info.confidence["features"]) <= set(FEATURES)
    assert set(segmenter.info.confidence["doubt"]["features"]) <= set(PLAIN_FEATURES)
    assert all(reasons(anything(99), segmenter.info.confidence["doubt"]))
    assert 0 <= segmenter.info.filter_threshold <= 1


# Reasons


def doubt(**weights):
    """A regression on what has words."""
    whole = model(**weights)
    count = len(PLAIN_FEATURES)
    named = [whole["weights"][FEATURES.index(name)] for name in PLAIN_FEATURES]
    return {
        "features": list(PLAIN_FEATURES),
        "mean": [0.0] * count,
        "scale": [1.0] * count,
        "weights": named,
        "intercept": 0.0,
    }


def test_the_reason_is_the_feature_that_lowers_the_confidence_most():
    features = table(certainty=[-3.0, 0.0, 0.0], contrast=[-1.0, -1.0, 0.0], solidity=[0, 0, -2.0])
    said = reasons(features, doubt(certainty=1, contrast=1, solidity=1))
    assert said == ["faint", "low contrast", "ragged outline"]


@pytest.mark.parametrize("name", PLAIN_FEATURES)
def test_whatever_speaks_against_a_particle_has_words(name):
    (said,) = reasons(table(**{name: [3.0]}), doubt(**{name: -1}))
    assert said
    assert name not in ("score", "median_score")


def test_the_score_has_no_words_and_is_no_reason():
    assert set(FEATURES) - set(PLAIN_FEATURES) == {"score", "median_score"}
    features = table(score=[-9.0], median_score=[-9.0], contrast=[-1.0])
    assert reasons(features, doubt(contrast=1)) == ["low contrast"]


def test_what_was_cut_or_joined_wrongly_is_told():
    # joined along a doubtful seam; beside a neighbour that looks like the same particle
    assert reasons(table(joined=[-2.0]), doubt(joined=1)) == ["perhaps several particles"]
    assert reasons(table(further=[4.0]), doubt(further=-1)) == ["perhaps part of a particle"]


def test_without_what_tells_reasons_there_are_none():
    assert reasons(anything(3), {}) == ["", "", ""]


def test_small_particles_are_called_small():
    features = table(size=np.log([5.0, 200.0]))
    small, large = doubt(size=1), doubt(size=-1)
    small["mean"] = [10.0 if name == "size" else 0.0 for name in PLAIN_FEATURES]
    assert reasons(features, small)[0] == "small"
    assert reasons(features, large)[1] == "unusual size for the network"


def test_no_particles_have_no_features_confidences_or_reasons():
    features = anything(0)
    assert confidence(features, model(size=1)).shape == (0,)
    assert reasons(features, doubt(size=1)) == []
    filtered = apply_filter(pd.DataFrame({"confidence": np.zeros(0), "doubt": []}), 0.5)
    assert len(filtered) == 0
    assert filtered["kept"].dtype == bool


# Filter


def scored(confidences):
    return pd.DataFrame({"confidence": confidences, "doubt": ["faint"] * len(confidences)})


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.floats(0, 1))
@FEW
def test_a_reason_is_given_for_exactly_what_is_not_kept(confidences, threshold):
    before = scored(confidences)
    after = apply_filter(before, threshold)
    assert after["kept"].tolist() == [value >= threshold for value in confidences]
    assert (after["reason"] == "").tolist() == after["kept"].tolist()
    assert (after["reason"][~after["kept"]] == "faint").all()
    assert "kept" not in before  # what came in is left as it was


def test_the_ends_of_the_filter():
    particles = scored([0.0, 0.5, 1.0])
    assert apply_filter(particles, 0.0)["kept"].tolist() == [True, True, True]
    assert apply_filter(particles, 1.0)["kept"].tolist() == [False, False, True]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.floats(0, 1), st.floats(0, 1))
@FEW
def test_a_stricter_filter_keeps_nothing_more(confidences, one, other):
    lax, strict = sorted((one, other))
    kept_lax = apply_filter(scored(confidences), lax)["kept"]
    kept_strict = apply_filter(scored(confidences), strict)["kept"]
    assert not (kept_strict & ~kept_lax).any()
