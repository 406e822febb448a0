"""Features of any particle are finite, and the confidence behaves as a probability."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from semseg.candidates import Candidate
from semseg.confidence import (
    CANDIDATE_FEATURES,
    FEATURES,
    apply_filter,
    candidate_features,
    confidence,
    reasons,
)

FEW = settings(deadline=None, max_examples=40)
NUMBERS = st.floats(-20, 20)


def features_of(labels, maps=None, image=None):
    labels = np.asarray(labels, np.int32)
    if maps is None:
        depth = ndimage.distance_transform_edt(np.pad(labels > 0, 1))[1:-1, 1:-1]
        depth = depth / max(depth.max(), 1)
        maps = np.stack([labels > 0, depth, np.zeros(labels.shape)])
    if image is None:
        image = np.where(labels > 0, 0.8, 0.2)
    alone = [Candidate((label,), None, 6.0, -6.0) for label in np.unique(labels[labels > 0])]
    found = candidate_features(labels, maps.astype(np.float16), image.astype(np.float32), alone)
    return found.assign(company=found["agreement"].median())


def two_discs():
    """One alone, two that touch."""
    y, x = np.ogrid[:60, :120]
    labels = np.zeros((60, 120), np.int32)
    for label, centre in enumerate((20, 68, 91), start=1):
        labels[(y - 30) ** 2 + (x - centre) ** 2 < 12**2] = label
    return labels


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


# Features


def odd_labels():
    single, corner, line = (np.zeros((20, 24), np.int32) for _ in range(3))
    single[9, 11] = 1
    corner[:5, :6] = 1
    corner[-1, -1] = 2
    corner[10, 0] = 3
    line[7] = 1
    full = np.ones((20, 24), np.int32)
    tiles = np.arange(1, 21).reshape(4, 5).repeat(5, 0).repeat(5, 1)
    return {"1 px": single, "at the edge": corner, "line": line, "full": full, "crowded": tiles}


@pytest.mark.parametrize("labels", odd_labels().values(), ids=odd_labels().keys())
@pytest.mark.parametrize("value", [None, 0.0, 1.0])
def test_features_of_odd_particles_are_finite(labels, value):
    maps = None if value is None else np.full((3, *labels.shape), value)
    image = None if value is None else np.full(labels.shape, value)
    features = features_of(labels, maps, image)
    assert list(features) == list(FEATURES)
    assert len(features) == labels.max()
    assert np.isfinite(features.to_numpy()).all()


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=20)
def test_features_of_anything_are_finite_and_in_range(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 9, (6, 8)).repeat(3, 0).repeat(3, 1)
    features = features_of(labels, rng.random((3, 18, 24)), rng.random((18, 24)))
    assert np.isfinite(features.to_numpy()).all()
    shares = ["certainty", "agreement", "peak", "separation", "inner_boundary", "exposure"]
    assert features[[*shares, "solidity"]].to_numpy().min() >= 0
    assert features[[*shares, "solidity"]].to_numpy().max() <= 1
    assert features["edge_contrast"].between(-1, 1).all()


def test_a_lone_particle_is_exposed_and_touching_ones_less():
    features = features_of(two_discs())
    assert features["exposure"][0] == 1
    assert (features["exposure"][1:] < 1).all()
    assert (features["exposure"][1:] > 0.5).all()
    assert features["separation"][0] == 1  # it has nothing to be separated from
    assert (features["separation"][1:] == 0).all()  # the map says nothing between the two


def test_features_rise_with_what_they_mean():
    labels = two_discs()[:, :45]
    sound = features_of(labels).iloc[0]
    inside = labels > 0
    depth = ndimage.distance_transform_edt(inside) / 12
    faint = features_of(labels, np.stack([0.6 * inside, depth, 0 * depth])).iloc[0]
    merged = features_of(labels, np.stack([inside, 1 - depth, inside])).iloc[0]
    dim = features_of(labels, image=np.where(inside, 0.25, 0.2)).iloc[0]
    assert faint["certainty"] == pytest.approx(0.6, abs=1e-3)
    assert sound["certainty"] == 1
    assert faint["edge_contrast"] < sound["edge_contrast"]
    assert merged["agreement"] < sound["agreement"]
    assert sound["agreement"] > 0.95
    assert merged["inner_boundary"] == 1
    assert sound["inner_boundary"] == 0
    assert dim["contrast"] < sound["contrast"]
    assert np.exp(sound["size"]) == pytest.approx(24, rel=0.02)


def test_features_of_a_particle_know_nothing_of_what_lies_far_away():
    labels = two_discs()
    alone = np.where(labels == 1, labels, 0)
    own = list(CANDIDATE_FEATURES)  # its company is of the whole picture
    assert features_of(labels)[own].iloc[0].tolist() == pytest.approx(
        features_of(alone)[own].iloc[0].tolist(), abs=1e-3
    )


def test_fragments_together_look_like_the_particle_they_make():
    labels = two_discs()
    whole = features_of(labels).iloc[0]
    y, x = np.indices(labels.shape)
    quarters = np.where(labels == 1, 3 + 2 * (x > 20) + (y > 30), np.maximum(labels - 1, 0))
    maps = np.stack([labels > 0, *[np.zeros(labels.shape)] * 2])
    image = np.where(labels > 0, 0.8, 0.2).astype(np.float32)
    joined = Candidate((3, 4, 5, 6), (0, 1), 0.7, 0.2)
    together = candidate_features(quarters.astype(np.int32), maps, image, [joined]).iloc[0]
    differ = ["peak", "agreement"]  # of the distance map, which is another one here
    same = [name for name in CANDIDATE_FEATURES[:10] if name not in differ]
    assert together[same].tolist() == pytest.approx(whole[same].tolist(), abs=1e-6)
    assert together[["joined", "fragment", "further"]].tolist() == [0.7, 0.0, 0.2]


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
    regression["mean"][0], regression["scale"][0] = 0.5, 0.25
    regression["intercept"] = 0.5
    features = table(certainty=[0.75], peak=[1.0])
    # (0.75 - 0.5) / 0.25 * 2 - 1 + 0.5 = 1.5
    assert confidence(features, regression) == pytest.approx(1 / (1 + np.exp(-1.5)))


def test_far_outside_what_was_fitted_a_feature_counts_no_more():
    near, far, farther = confidence(table(size=[3.0, 4.0, 400.0]), model(size=1))
    assert near < far == farther


def test_features_are_taken_by_name_not_by_order():
    features = features_of(two_discs())
    regression = model(certainty=1, size=2, exposure=-3)
    turned = features[features.columns[::-1]]
    assert np.array_equal(confidence(features, regression), confidence(turned, regression))


def test_the_shipped_confidence_is_a_probability(segmenter):
    values = confidence(features_of(two_discs()), segmenter.info.confidence)
    assert ((values >= 0) & (values <= 1)).all()
    assert set(segmenter.info.confidence["features"]) <= set(FEATURES)
    assert 0 <= segmenter.info.filter_threshold <= 1


def test_the_reason_is_the_feature_that_lowers_the_confidence_most():
    features = table(certainty=[-3.0, 0.0, 0.0], contrast=[-1.0, -1.0, 0.0], solidity=[0, 0, -2.0])
    said = reasons(features, model(certainty=1, contrast=1, solidity=1))
    assert said == ["faint", "low contrast", "ragged"]


def test_small_particles_are_called_small():
    features = table(size=np.log([5.0, 200.0]))
    small, large = model(size=1), model(size=-1)
    small["mean"] = [10.0 if name == "size" else 0.0 for name in FEATURES]
    assert reasons(features, small)[0] == "small"
    assert reasons(features, large)[1] == "unusual size for the network"


def test_no_particles_have_no_features_confidences_or_reasons():
    features = features_of(np.zeros((20, 20), np.int32))
    assert list(features) == list(FEATURES)
    assert len(features) == 0
    assert confidence(features, model(size=1)).shape == (0,)
    assert reasons(features, model(size=1)) == []
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
