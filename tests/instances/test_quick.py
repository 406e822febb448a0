"""The quick look finds the particles that the maps were made from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from semseg.instances.quick import find_particles_by_seams, fragments
from semseg.instances.thresholds import Thresholds
from tests.support.discs import crowd, disc
from tests.support.drawn_maps import ideal_maps, random_maps
from training.metrics import compare

FEW = settings(max_examples=25)
SEEDS = st.integers(0, 2**32 - 1)

# the crest of a ring on pixels goes up and down; without a merge classifier only this joins it
FLAT = Thresholds(min_prominence=0.5)


@given(SEEDS, st.floats(7, 22), st.sampled_from([np.float16, np.float32]))
@FEW
def test_touching_discs_come_back_one_by_one(seed, radius, dtype):
    truth = crowd(seed, radius)
    found = find_particles_by_seams(ideal_maps(truth, dtype), Thresholds())
    agreement = compare(truth, found)
    assert found.max() == truth.max() == 20
    assert agreement.best_of_true.min() > 0.8
    assert agreement.image_iou == 1


@given(SEEDS, st.floats(4, 25))
@FEW
def test_separate_discs_come_back_exactly(seed, radius):
    truth = crowd(seed, radius, pitch=2.6)
    found = find_particles_by_seams(ideal_maps(truth), Thresholds())
    assert compare(truth, found).best_of_true.min() == 1


def test_the_thresholds_of_the_model_suit_ideal_maps(segmenter):
    thresholds = Thresholds(**segmenter.info.thresholds)
    truth = crowd(seed=3, radius=18)
    assert compare(truth, find_particles_by_seams(ideal_maps(truth), thresholds)).f1(0.8) == 1


@given(SEEDS, st.floats(0.1, 0.9))
@FEW
def test_each_particle_is_one_piece_without_holes(seed, min_peak):
    thresholds = Thresholds(min_peak=min_peak)
    maps = random_maps(seed)
    labels = find_particles_by_seams(maps, thresholds)
    assert labels.dtype == np.int32
    assert labels.shape == maps.shape[1:]
    assert np.array_equal(np.unique(labels[labels > 0]), np.arange(1, labels.max() + 1))
    for label, window in enumerate(ndimage.find_objects(labels), start=1):
        inside = np.pad(labels[window] == label, 1)
        assert ndimage.label(inside)[1] == 1
        assert np.array_equal(ndimage.binary_fill_holes(inside), inside)
        assert inside.sum() >= thresholds.min_area_px


@given(SEEDS)
@settings(max_examples=5)
def test_the_same_maps_give_the_same_labels(seed):
    maps = random_maps(seed)
    before = maps.copy()
    first = find_particles_by_seams(maps, Thresholds())
    assert np.array_equal(first, find_particles_by_seams(maps, Thresholds()))
    assert np.array_equal(maps, before)


@pytest.mark.parametrize("level", [0.0, 0.49])
def test_maps_without_foreground_hold_no_particles(level):
    maps = np.full((3, 40, 50), level, np.float16)
    labels = find_particles_by_seams(maps, Thresholds())
    assert labels.shape == (40, 50)
    assert not labels.any()


def test_a_hole_belongs_to_the_particle_around_it():
    shape = (60, 60)
    whole = disc(shape, 30, 30, 20)
    ring = (whole & ~disc(shape, 30, 30, 12)).astype(np.int32)
    found = find_particles_by_seams(ideal_maps(ring), FLAT)
    assert np.array_equal(found, whole)


def test_a_particle_wholly_inside_another_belongs_to_it():
    shape = (60, 60)
    whole = disc(shape, 30, 30, 24)
    nested = np.where(disc(shape, 30, 30, 14), 0, whole).astype(np.int32)
    nested[disc(shape, 30, 30, 8)] = 2
    assert find_particles_by_seams(ideal_maps(nested), FLAT).max() == 1


def test_a_foreground_piece_without_a_marker_is_kept():
    truth = np.zeros((50, 90), np.int32)
    truth[disc(truth.shape, 25, 25, 12)] = 1
    truth[disc(truth.shape, 25, 65, 12)] = 2
    maps = ideal_maps(truth)
    maps[1, truth == 2] = 0.1
    found = find_particles_by_seams(maps, Thresholds())
    assert compare(truth, found).best_of_true.tolist() == [1, 1]


def test_small_particles_are_dropped_and_numbers_close_up():
    truth = np.zeros((40, 90), np.int32)
    truth[5:9, 5:9] = 1  # 16 px
    truth[5:10, 30:34] = 2  # 20 px
    truth[20:35, 60:75] = 3
    found = find_particles_by_seams(ideal_maps(truth), Thresholds(min_area_px=20))
    assert not found[truth == 1].any()
    assert set(np.unique(found)) == {0, 1, 2}
    assert np.array_equal(found > 0, truth > 1)
    keep_all = find_particles_by_seams(ideal_maps(truth), Thresholds(min_area_px=1))
    assert np.array_equal(keep_all > 0, truth > 0)


def test_the_boundary_map_alone_parts_two_particles():
    maps = np.zeros((3, 30, 61), np.float32)
    maps[0, 5:25, 5:56] = 1
    maps[1] = maps[0]
    assert find_particles_by_seams(maps, Thresholds()).max() == 1
    maps[2, :, 28:33] = 1
    found = find_particles_by_seams(maps, Thresholds())
    assert found.max() == 2
    assert np.array_equal(found > 0, maps[0] > 0)


def test_the_merge_classifier_joins_fragments():
    truth = crowd(3, 12, grid=(1, 2))
    maps = ideal_maps(truth)
    model = {"features": ["width"], "mean": [0], "scale": [1], "weights": [0]}
    for intercept, count in ((-0.5, 2), (0.5, 1)):
        thresholds = Thresholds(merge_classifier=model | {"intercept": intercept})
        assert find_particles_by_seams(maps, thresholds).max() == count
    # 0.5 of log odds are a probability of 0.62
    classifier = model | {"intercept": 0.5}
    for probability, count in ((0.6, 1), (0.65, 2)):
        thresholds = Thresholds(merge_classifier=classifier, min_merge_probability=probability)
        assert find_particles_by_seams(maps, thresholds).max() == count


@given(SEEDS)
@FEW
def test_fragments_divide_all_of_the_foreground(seed):
    maps = random_maps(seed)
    labels, elevation = fragments(maps, Thresholds())
    assert np.array_equal(labels > 0, maps[0] > 0.5)
    assert elevation.dtype == np.float32
    assert elevation.shape == labels.shape
    assert elevation.max() <= 1
