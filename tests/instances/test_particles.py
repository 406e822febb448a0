"""Maps become the particles they were made from, and sizes come back to recorded pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.segmentation import watershed
from skimage.transform import downscale_local_mean

from semseg.instances import particles as module
from semseg.instances.particles import (
    Thresholds,
    find_particles,
    find_particles_by_seams,
)
from tests.support.discs import crowd, disc
from training.metrics import compare

FEW = settings(max_examples=25)
SEEDS = st.integers(0, 2**32 - 1)


# the crest of a ring on pixels goes up and down; without a merge classifier only this joins it
FLAT = Thresholds(min_prominence=0.5)


def ideal_maps(labels, dtype=np.float32):
    """What a perfect network says: foreground, depth (1 in the middle), touching boundary."""
    foreground = labels > 0
    boundary = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        first, second = (
            (slice(None, -1), slice(1, None)) if axis == 0 else (np.s_[:, :-1], np.s_[:, 1:])
        )
        touching = (labels[first] != labels[second]) & foreground[first] & foreground[second]
        boundary[first] |= touching
        boundary[second] |= touching
    depth = ndimage.distance_transform_edt(np.pad(foreground & ~boundary, 1))[1:-1, 1:-1]
    ids = np.arange(labels.max(initial=0) + 1)
    peak = np.maximum(ndimage.maximum(depth, labels, ids), 1)
    return np.stack([foreground, depth / peak[labels], boundary]).astype(dtype)


def random_maps(seed, shape=(90, 110)):
    """Smooth nonsense in 0..1, full of pieces, holes and necks."""
    noise = np.random.default_rng(seed).standard_normal((3, *shape))
    smooth = ndimage.gaussian_filter(noise, (0, 3, 3))
    return (1 / (1 + np.exp(-40 * smooth))).astype(np.float16)


# From maps to labels


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


@given(SEEDS)
@FEW
def test_without_a_score_fragments_stay_as_they_are(seed):
    maps = random_maps(seed)
    image = maps[0].astype(np.float32)
    labels, features = find_particles(maps, image, Thresholds())
    assert np.array_equal(labels, find_particles_by_seams(maps, Thresholds()))
    assert len(features) == labels.max()


@given(SEEDS)
@FEW
def test_each_particle_keeps_its_own_features(seed):
    maps = random_maps(seed)
    labels, features = find_particles(maps, maps[0].astype(np.float32), scored_by(peak=3.0))
    areas = np.bincount(labels.ravel())[1:]
    before = np.pi / 4 * np.exp(features["size"]) ** 2
    # but for the holes, which were filled, and pieces that hung on by a corner
    same = np.isclose(areas, before)
    assert same.mean() > 0.5
    assert (features["median_agreement"] == features["agreement"].median()).all()
    for label in np.flatnonzero(same) + 1:
        certainty = maps[0][labels == label].astype(np.float32).mean()
        assert features["certainty"][label - 1] == pytest.approx(certainty, abs=1e-3)


def scored_by(**weights):
    """Thresholds with a merge classifier that is never sure; these weights score candidates."""
    classifier = {
        "features": ["width"],
        "mean": [0],
        "scale": [1],
        "weights": [0],
        "intercept": 0.0,
    }
    names = list(weights)
    model = {"features": names, "mean": [0.0] * len(names), "scale": [1.0] * len(names)}
    model |= {"weights": list(weights.values()), "intercept": 0.0}
    return Thresholds(merge_classifier=classifier, score_model=model)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_outlines_are_as_fine_as_the_picture(times):
    y, x = np.indices((72, 144))
    labels = np.zeros(y.shape, np.int32)
    for label, centre in enumerate((36.3, 105.8), start=1):
        labels[(y - 35.6) ** 2 + (x - centre) ** 2 < 25**2] = label
    maps = ideal_maps(labels)
    coarse = np.stack([downscale_local_mean(each, (times, times)) for each in maps])
    thresholds = Thresholds(foreground=0.5, min_prominence=0.5)
    found, features = find_particles(coarse, np.zeros(labels.shape, np.float32), thresholds)
    assert found.shape == labels.shape
    assert len(features) == 2
    agreement = compare(labels, found)
    assert agreement.best_of_true.min() > 0.985
    repeated, _ = find_particles(coarse, np.zeros(coarse.shape[1:], np.float32), thresholds)
    repeated = repeated.repeat(times, 0).repeat(times, 1)
    assert agreement.best_of_true.mean() >= compare(labels, repeated).best_of_true.mean()


def test_particles_are_the_cut_with_the_highest_score():
    truth = crowd(3, 12, grid=(1, 2))
    maps = ideal_maps(truth)
    image = (truth > 0).astype(np.float32)
    apart, of_apart = find_particles(maps, image, scored_by(fragment=4.0))
    together, of_together = find_particles(maps, image, scored_by(fragment=-4.0))
    assert compare(truth, apart).f1(0.8) == 1
    assert of_apart["fragment"].tolist() == [1, 1]
    assert np.array_equal(together, (truth > 0).astype(np.int32))
    assert of_together["fragment"].tolist() == [0]
    even = replace(scored_by(fragment=0.0), penalty=0.4)
    # 0.5 each: one of 0.1 or two of 0.1 each
    assert find_particles(maps, image, even)[0].max() == 2
    assert find_particles(maps, image, replace(even, penalty=0.6))[0].max() == 1


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


def crowd_maps():
    """Maps of many touching discs, blurred so that the flood has to decide."""
    rng = np.random.default_rng(3)
    truth = np.zeros((220, 300), np.int32)
    for label in range(1, 90):
        truth[disc(truth.shape, rng.uniform(0, 220), rng.uniform(0, 300), rng.uniform(6, 16))] = (
            label
        )
    noise = ndimage.gaussian_filter(rng.normal(0, 0.5, (3, *truth.shape)), (0, 2, 2))
    return np.clip(ideal_maps(truth) + noise, 0, 1)


def test_growing_piece_by_piece_is_one_watershed():
    maps = crowd_maps()
    foreground = maps[0] > 0.5
    elevation = ndimage.gaussian_filter((maps[1] * (1 - 0.5 * maps[2])).astype(np.float32), 2)
    markers, count = ndimage.label((elevation > 0.4) & foreground)
    assert count > 20
    grown = module._grow(elevation, markers, foreground)
    at_once = watershed(-elevation, markers, mask=foreground)
    reached = at_once > 0  # the rest are pieces without a marker
    assert np.unique(grown[reached]).size == np.unique(at_once[reached]).size
    pairs = np.unique(np.stack([grown[reached], at_once[reached]]), axis=1)
    assert pairs.shape[1] == np.unique(at_once[reached]).size


def test_parts_of_a_large_crowd_agree_with_the_whole(monkeypatch):
    maps = crowd_maps()
    whole = find_particles_by_seams(maps, Thresholds())
    monkeypatch.setattr(module, "PART_PX", 80)
    monkeypatch.setattr(module, "HALO_PX", 40)
    parts = find_particles_by_seams(maps, Thresholds())
    assert compare(whole, parts).f1(0.9) == 1
