"""Label images: floods, pieces, areas and numbers, by parts or at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.segmentation import watershed

from semseg.instances import labelling as module
from semseg.instances.labelling import (
    areas_of,
    around,
    drop_small,
    flood,
    make_whole,
    numbered,
    pieces_of,
    root_of,
)
from tests.support.discs import disc
from tests.support.drawn_maps import ideal_maps

FEW = settings(max_examples=25)
SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def crowded():
    """Foreground of many touching discs, depths, and seeds in it."""
    rng = np.random.default_rng(3)
    truth = np.zeros((220, 300), np.int32)
    for label in range(1, 90):
        at = disc(truth.shape, rng.uniform(0, 220), rng.uniform(0, 300), rng.uniform(6, 16))
        truth[at] = label
    noise = ndimage.gaussian_filter(rng.normal(0, 0.5, (3, *truth.shape)), (0, 2, 2))
    maps = np.clip(ideal_maps(truth) + noise, 0, 1)
    elevation = ndimage.gaussian_filter((maps[1] * (1 - 0.5 * maps[2])).astype(np.float32), 2)
    foreground = maps[0] > 0.5
    seeds = (elevation > 0.4) & foreground
    assert ndimage.label(seeds, np.ones((3, 3)))[1] > 20
    return foreground, -elevation, seeds


def same_parts(one, other):
    """Whether two label images divide alike, whatever the numbers."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return len(pairs[0]) == np.unique(pairs[0]).size == np.unique(pairs[1]).size


def test_a_flood_piece_by_piece_is_one_watershed(crowded):
    foreground, depth, seeds = crowded
    grown = flood(depth, seeds, foreground)
    assert np.unique(grown).tolist() == list(range(grown.max() + 1))
    at_once = watershed(depth, ndimage.label(seeds, np.ones((3, 3)))[0], mask=foreground)
    reached = at_once > 0  # the rest are pieces without a marker
    assert same_parts(grown[reached], at_once[reached])
    rest = np.where(reached, 0, grown)
    assert same_parts(rest, np.where(reached, 0, pieces_of(foreground)[0]))
    assert np.array_equal(grown > 0, foreground)


def test_parts_of_a_large_crowd_agree_with_the_whole(crowded, monkeypatch):
    foreground, depth, seeds = crowded
    whole = flood(depth, seeds, foreground)
    monkeypatch.setattr(module, "PART_PX", 80)
    monkeypatch.setattr(module, "HALO_PX", 40)
    parts = flood(depth, seeds, foreground)
    assert np.array_equal(parts > 0, foreground)
    assert (parts == whole).mean() > 0.995
    monkeypatch.setattr("semseg.bands.BAND_PX", 7 * 60)
    assert np.array_equal(flood(depth, seeds, foreground), parts)


@given(SEEDS, st.integers(1, 9))
@FEW
def test_bands_do_not_show(seed, rows):
    labels = np.random.default_rng(seed).integers(0, 7, (20, 12)).astype(np.int32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semseg.bands.BAND_PX", 12 * rows)
        areas = areas_of(labels)
    assert areas.tolist() == [(labels == label).sum() for label in range(labels.max() + 1)]


def test_numbers_close_up_in_order():
    labels = np.array([[0, 5, 5], [2, 0, 9]], np.int32)
    closed, before = numbered(labels)
    assert closed.tolist() == [[0, 2, 2], [1, 0, 3]]
    assert closed.dtype == np.int32
    assert before.tolist() == [2, 5, 9]
    same, before = numbered(closed)
    assert np.array_equal(same, closed)
    assert before.tolist() == [1, 2, 3]
    nothing, before = numbered(np.zeros((2, 3), np.int32))
    assert not nothing.any()
    assert before.size == 0


@given(SEEDS, st.integers(1, 9), st.integers(1, 9))
@FEW
def test_what_lies_around_a_pixel(seed, height, width):
    image = np.random.default_rng(seed).random((height, width), np.float32)
    assert np.array_equal(around(image, np.maximum), ndimage.maximum_filter(image, 3))
    assert np.array_equal(around(image, np.minimum), ndimage.minimum_filter(image, 3))


def test_small_ones_are_dropped():
    labels = np.array([[1, 1, 2, 0], [1, 3, 3, 0]], np.int32)
    assert drop_small(labels.copy(), 2).tolist() == [[1, 1, 0, 0], [1, 3, 3, 0]]
    assert drop_small(labels.copy(), 2.5).tolist() == [[1, 1, 0, 0], [1, 0, 0, 0]]
    assert not drop_small(np.zeros((2, 2), np.int32), 1).any()


def test_a_particle_keeps_its_largest_piece_and_what_that_encloses():
    labels = np.zeros((9, 12), np.int32)
    labels[1:8, 1:8] = 4
    labels[3:6, 3:6] = 0
    labels[4, 4] = 7  # lies wholly inside
    labels[1:3, 10] = 4  # a piece far off
    whole = make_whole(labels)
    assert (whole[1:8, 1:8] == 4).all()
    assert (whole > 0).sum() == 49


def test_corners_hold_no_pieces_together():
    labels = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], np.int32)
    assert make_whole(labels.copy()).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert pieces_of(labels > 0)[1] == 2
    assert pieces_of(labels > 0, np.ones((3, 3), bool))[1] == 1


def test_the_root_of_a_set_is_found_over_any_way():
    parent = [0, 0, 1, 2, 3, 5]
    assert [root_of(parent, label) for label in range(6)] == [0, 0, 0, 0, 0, 5]
