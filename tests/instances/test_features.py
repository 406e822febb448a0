"""Features of any candidate are finite, and fragments together look like what they make."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from semseg.instances import features as module
from semseg.instances.features import CANDIDATE_FEATURES, candidate_features
from semseg.instances.merge_tree import Candidate
from semseg.instances.seams import seams


def features_of(labels, maps=None, image=None):
    labels = np.asarray(labels, np.int32)
    if maps is None:
        depth = ndimage.distance_transform_edt(np.pad(labels > 0, 1))[1:-1, 1:-1]
        depth = depth / max(depth.max(), 1)
        maps = np.stack([labels > 0, depth, np.zeros(labels.shape)])
    if image is None:
        image = np.where(labels > 0, 0.8, 0.2)
    alone = [Candidate((label,), None, 6.0, -6.0) for label in np.unique(labels[labels > 0])]
    maps, image = maps.astype(np.float16), image.astype(np.float32)
    return candidate_features(labels, seams(labels, maps[1], maps), maps, image, alone)


def two_discs():
    """One alone, two that touch."""
    y, x = np.ogrid[:60, :120]
    labels = np.zeros((60, 120), np.int32)
    for label, centre in enumerate((20, 68, 91), start=1):
        labels[(y - 30) ** 2 + (x - centre) ** 2 < 12**2] = label
    return labels


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
    assert list(features) == list(CANDIDATE_FEATURES)
    assert len(features) == labels.max()
    assert np.isfinite(features.to_numpy()).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
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
    assert features_of(labels).iloc[0].tolist() == pytest.approx(
        features_of(alone).iloc[0].tolist(), abs=1e-3
    )


def test_fragments_together_look_like_the_particle_they_make():
    labels = two_discs()
    whole = features_of(labels).iloc[0]
    y, x = np.indices(labels.shape)
    quarters = np.where(labels == 1, 3 + 2 * (x > 20) + (y > 30), np.maximum(labels - 1, 0))
    maps = np.stack([labels > 0, *[np.zeros(labels.shape)] * 2])
    image = np.where(labels > 0, 0.8, 0.2).astype(np.float32)
    joined = Candidate((3, 4, 5, 6), (0, 1), 0.7, 0.2)
    quarters = quarters.astype(np.int32)
    found = seams(quarters, maps[1], maps)
    together = candidate_features(quarters, found, maps, image, [joined]).iloc[0]
    differ = ["peak", "agreement"]  # of the distance map, which is another one here
    same = [name for name in CANDIDATE_FEATURES[:10] if name not in differ]
    assert together[same].tolist() == pytest.approx(whole[same].tolist(), abs=1e-6)
    assert together[["joined", "fragment", "further"]].tolist() == [0.7, 0.0, 0.2]


def test_without_candidates_there_are_no_features():
    features = features_of(np.zeros((20, 20), np.int32))
    assert list(features) == list(CANDIDATE_FEATURES)
    assert len(features) == 0


def test_the_background_of_the_picture_serves_where_none_is_near():
    labels = np.zeros((60, 60), np.int32)
    labels[10:50, 10:50] = 1
    labels[20:40, 20:40] = 2  # inside the other
    image = np.where(labels == 2, 0.9, np.where(labels == 1, 0.5, 0.1))
    outer, inner = features_of(labels, image=image).itertuples()
    assert inner.contrast > outer.contrast > 0
    assert inner.exposure == 0
    assert inner.edge_contrast == inner.certainty - 0.5


def test_bands_do_not_show(monkeypatch):
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 9, (8, 9)).repeat(5, 0).repeat(5, 1).astype(np.int32)
    maps, image = rng.random((3, *labels.shape)), rng.random(labels.shape)
    whole = features_of(labels, maps, image)
    monkeypatch.setattr(module, "BAND_ROWS", 7)
    pd.testing.assert_frame_equal(features_of(labels, maps, image), whole)
