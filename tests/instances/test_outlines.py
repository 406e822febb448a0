"""Features of outlines say how well they fit the distance map, and how ragged they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semseg.instances.outlines import OUTLINE_FEATURES, of_outlines
from tests.support.discs import disc
from tests.support.drawn_maps import depth_of


def maps_of(labels, depth):
    return np.stack([labels > 0, depth, np.zeros(labels.shape)]).astype(np.float16)


def two_discs():
    labels = np.zeros((60, 110), np.int32)
    labels[disc(labels.shape, 30, 28, 20)] = 3
    labels[disc(labels.shape, 30, 80, 16)] = 5
    return labels


def test_an_outline_agrees_with_its_own_distances():
    labels = two_discs()
    depth = depth_of(labels > 0)
    scaled = np.where(labels == 3, depth / depth[labels == 3].max(), depth / 16)
    table = of_outlines(labels, maps_of(labels, scaled))
    assert table.index.tolist() == [3, 5]
    assert list(table) == list(OUTLINE_FEATURES)
    assert (table["agreement"] > 0.99).all()
    turned = of_outlines(labels, maps_of(labels, 1 - scaled))
    assert (turned["agreement"] < 0.6).all()


def test_half_of_a_particle_and_two_as_one_agree_less():
    one, other = disc((60, 110), 30, 35, 20), disc((60, 110), 30, 68, 20)
    depth = depth_of(one) / 20
    whole = of_outlines(one.astype(np.int32), maps_of(one, depth))["agreement"][1]
    half = np.where(np.arange(110) < 35, one, 0).astype(np.int32)
    apart = of_outlines(half, maps_of(one, depth))["agreement"][1]
    assert apart < 0.8 < 0.98 < whole
    both = np.maximum(depth, depth_of(other & ~one) / 20)
    together = of_outlines((one | other).astype(np.int32), maps_of(one | other, both))
    assert together["agreement"][1] < whole - 0.03


def test_agreement_by_hand():
    labels = np.zeros((5, 7), np.int32)
    labels[1:4, 1:6] = 1
    # distances of 1 at the rim and 2 along the middle: 0.5 and 1 of the greatest
    flat = np.full(labels.shape, 0.5)
    table = of_outlines(labels, maps_of(labels, flat))
    assert table["agreement"][1] == pytest.approx(1 - 3 * 0.5 / 15)
    assert table["solidity"][1] == 1


def test_solidity_of_a_bent_particle():
    labels = np.zeros((30, 30), np.int32)
    labels[5:25, 5:25] = 1
    labels[5:15, 15:25] = 0  # an L: 300 px, and the triangle between its ends is 50
    table = of_outlines(labels, maps_of(labels, np.zeros(labels.shape)))
    assert table["solidity"][1] == pytest.approx(300 / 350)


def test_the_edge_of_the_picture_is_no_outline():
    strip = np.ones((6, 20), np.int32)
    strip[:, 10:] = 0
    # beyond the picture nothing is known: distances are those to the one side that is seen
    depth = np.where(strip, 10.0 - np.arange(20), 0) / 10
    assert of_outlines(strip, maps_of(strip, depth))["agreement"][1] > 0.99


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_outlines_of_anything_are_finite_and_in_range(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 9, (6, 8)).repeat(3, 0).repeat(3, 1).astype(np.int32)
    table = of_outlines(labels, rng.random((3, *labels.shape)))
    assert table.index.tolist() == np.unique(labels[labels > 0]).tolist()
    assert np.isfinite(table.to_numpy()).all()
    assert (table.to_numpy() >= 0).all()
    assert (table.to_numpy() <= 1).all()


def test_nothing_has_no_outlines():
    table = of_outlines(np.zeros((4, 5), np.int32), np.zeros((3, 4, 5)))
    assert table.shape == (0, 2)
    assert list(table) == list(OUTLINE_FEATURES)
    assert [str(each) for each in table.dtypes] == ["float64"] * 2
