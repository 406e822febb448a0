"""Maps and picture become the particles they were made from, chosen among all that may be one."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.transform import downscale_local_mean

from semseg.instances.confidence import FEATURES
from semseg.instances.features import CANDIDATE_FEATURES, SEAM_FEATURES
from semseg.instances.labelling import drop_small, make_whole, numbered
from semseg.instances.particles import adjacency, find_particles, propose, refine, seam_log_odds
from semseg.instances.thresholds import Thresholds
from tests.support.discs import crowd, disc
from tests.support.drawn_maps import ideal_maps, random_maps
from tests.support.paths import ROOT
from training.metrics import compare

FEW = settings(max_examples=20)
SEEDS = st.integers(0, 2**32 - 1)


def regression(intercept=0.0, **weights):
    """Log odds of seams."""
    count = len(weights)
    return {
        "features": list(weights),
        "mean": [0.0] * count,
        "scale": [1.0] * count,
        "weights": list(weights.values()),
        "intercept": intercept,
    }


def tree(leaves, **borders):
    """One tree that asks whether each of these features exceeds its border."""
    return {
        "features": list(borders),
        "columns": [list(range(len(borders)))],
        "borders": [list(borders.values())],
        "leaves": [leaves],
        "intercept": 0.0,
    }


# superpixels without a boundary between them are one particle, and what has such a neighbour, or
# such a boundary inside, is none
BY_BOUNDARY = Thresholds(
    seam_model=regression(2.0, boundary=-4.0),
    score_model=tree([3.0, -3.0, -3.0, -3.0], further=0.5, undone_boundary=0.4),
)
JOIN_ALL = Thresholds(seam_model=regression(1.0))
# what is joined to nothing further is a particle
WHOLE = replace(JOIN_ALL, score_model=tree([-3.0, 3.0], top=0.5))


def flat(labels, times=1):
    """A picture that shows no more than the maps do."""
    grey = np.where(labels > 0, 0.75, 0.25).astype(np.float32)
    return grey.repeat(times, 0).repeat(times, 1)


def scored(single, joined):
    """Everything is joined; superpixels and what is made of them have these log odds."""
    return replace(JOIN_ALL, score_model=tree([joined, single], single=0.5))


# From maps to labels


@given(SEEDS, st.floats(8, 22), st.sampled_from([np.float16, np.float32]))
@FEW
def test_touching_discs_come_back_one_by_one(seed, radius, dtype):
    truth = crowd(seed, radius)
    found = find_particles(ideal_maps(truth, dtype), flat(truth), BY_BOUNDARY)
    agreement = compare(truth, found.labels)
    assert found.labels.max() == truth.max() == 20
    assert agreement.best_of_true.min() > 0.8
    assert agreement.image_iou == 1


@given(SEEDS, st.floats(5, 25))
@FEW
def test_separate_discs_come_back_exactly(seed, radius):
    truth = crowd(seed, radius, pitch=2.6)
    found = find_particles(ideal_maps(truth), flat(truth), BY_BOUNDARY)
    assert compare(truth, found.labels).best_of_true.min() == 1


def test_a_disc_over_another_is_told_by_the_edge_in_the_picture():
    """One hill, no boundary: only the picture shows two, and only the picture is asked."""
    shape = (80, 110)
    under, over = disc(shape, 40, 45, 24), disc(shape, 40, 65, 24)
    truth = np.where(over, 2, under).astype(np.int32)
    y, x = np.indices(shape)
    hill = np.clip(1 - np.hypot((y - 40) / 24, (x - 55) / 34), 0, 1)
    maps = np.stack([truth > 0, hill * (truth > 0), np.zeros(shape)]).astype(np.float16)
    thresholds = Thresholds(
        seam_model=regression(1.0, edge=-4.0),
        score_model=tree([3.0, -3.0, -3.0, -3.0], further=0.5, undone_edge=0.3),
    )
    image = ndimage.gaussian_filter(np.where(over, 0.7, np.where(under, 0.6, 0.2)), 1)
    found = find_particles(maps, image.astype(np.float32), thresholds)
    assert found.labels.max() == 2
    assert compare(truth, found.labels).best_of_true.min() > 0.9
    alike = ndimage.gaussian_filter(np.where(truth > 0, 0.6, 0.2), 1)
    found = find_particles(maps, alike.astype(np.float32), thresholds)
    assert np.array_equal(found.labels, truth > 0)


@given(SEEDS, st.sampled_from([Thresholds(), JOIN_ALL, BY_BOUNDARY]), st.integers(1, 2))
@FEW
def test_each_particle_is_one_piece_without_holes(seed, thresholds, times):
    maps = random_maps(seed)
    image = np.random.default_rng(seed).random(np.array(maps.shape[1:]) * times, np.float32)
    found = find_particles(maps, image, thresholds)
    labels = found.labels
    assert labels.dtype == np.int32
    assert labels.shape == image.shape
    assert np.array_equal(np.unique(labels[labels > 0]), np.arange(1, labels.max() + 1))
    assert len(found.features) == len(found.chosen) == labels.max()
    for label, window in enumerate(ndimage.find_objects(labels), start=1):
        inside = np.pad(labels[window] == label, 1)
        assert ndimage.label(inside)[1] == 1
        assert np.array_equal(ndimage.binary_fill_holes(inside), inside)
        if times == 1:
            assert inside.sum() >= thresholds.min_area_px


@given(SEEDS)
@settings(max_examples=5)
def test_the_same_picture_gives_the_same_particles(seed):
    maps = random_maps(seed)
    image = np.random.default_rng(seed).random(maps[0].shape, np.float32)
    before = maps.copy(), image.copy()
    first, second = (find_particles(maps, image, BY_BOUNDARY) for _ in range(2))
    assert np.array_equal(first.labels, second.labels)
    assert first.features.equals(second.features)
    assert np.array_equal(first.chosen, second.chosen)
    assert np.array_equal(maps, before[0])
    assert np.array_equal(image, before[1])


@given(SEEDS)
@FEW
def test_a_turned_picture_has_the_same_particles(seed):
    maps = random_maps(seed)
    image = np.random.default_rng(seed).random(maps[0].shape, np.float32)
    one = find_particles(maps, image, BY_BOUNDARY).labels
    other = find_particles(maps.swapaxes(1, 2), image.T, BY_BOUNDARY).labels.T
    agreement = compare(one, other)
    # single pixels may go to the other side, where a flood comes from two sides at once
    assert agreement.f1(0.5) > 0.9
    assert agreement.image_iou > 0.98


@pytest.mark.parametrize("level", [0.0, 0.49])
@pytest.mark.parametrize("thresholds", [Thresholds(), BY_BOUNDARY])
def test_maps_without_foreground_hold_no_particles(level, thresholds):
    maps = np.full((3, 40, 50), level, np.float16)
    image = np.random.default_rng(0).random((80, 100), np.float32)
    found = find_particles(maps, image, thresholds)
    assert found.labels.shape == (80, 100)
    assert not found.labels.any()
    assert len(found.features) == len(found.chosen) == len(found.proposals.tree) == 0
    assert set(FEATURES) <= set(found.features)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (3, 2)])
def test_the_smallest_pictures_are_no_trouble(shape):
    maps = np.ones((3, *shape), np.float16)
    found = find_particles(maps, np.ones(shape, np.float32), replace(BY_BOUNDARY, min_area_px=1))
    assert (found.labels == 1).all()
    assert np.isfinite(found.features[list(FEATURES)].to_numpy()).all()


def test_a_hole_belongs_to_the_particle_around_it():
    shape = (60, 60)
    whole = disc(shape, 30, 30, 20)
    ring = (whole & ~disc(shape, 30, 30, 12)).astype(np.int32)
    found = find_particles(ideal_maps(ring), flat(ring), WHOLE)
    assert np.array_equal(found.labels, whole)


def test_a_particle_wholly_inside_another_belongs_to_it():
    shape = (60, 60)
    whole = disc(shape, 30, 30, 24)
    nested = np.where(disc(shape, 30, 30, 14), 0, whole).astype(np.int32)
    nested[disc(shape, 30, 30, 8)] = 2
    found = find_particles(ideal_maps(nested), flat(nested), WHOLE)
    assert np.array_equal(found.labels, whole)
    assert len(found.features) == 1


def test_small_particles_are_dropped_and_numbers_close_up():
    truth = np.zeros((40, 90), np.int32)
    truth[5:9, 5:9] = 1  # 16 px
    truth[5:10, 30:34] = 2  # 20 px
    truth[20:35, 60:75] = 3
    maps, image = ideal_maps(truth), flat(truth)
    found = find_particles(maps, image, replace(BY_BOUNDARY, min_area_px=20))
    assert not found.labels[truth == 1].any()
    assert set(np.unique(found.labels)) == {0, 1, 2}
    assert np.array_equal(found.labels > 0, truth > 1)
    assert np.exp(found.features["size"]).tolist() == pytest.approx(
        np.sqrt(4 / np.pi * np.array([20, 225])).tolist()
    )
    keep_all = find_particles(maps, image, replace(BY_BOUNDARY, min_area_px=1))
    assert np.array_equal(keep_all.labels > 0, truth > 0)


# What is chosen


@given(SEEDS)
@FEW
def test_without_models_superpixels_stay_as_they_are(seed):
    maps = random_maps(seed)
    image = np.random.default_rng(seed).random(maps[0].shape, np.float32)
    found = find_particles(maps, image, Thresholds())
    pieces = found.proposals.superpixels
    assert len(found.proposals.tree) == pieces.max()
    assert (found.proposals.score == 0.5).all()
    expected, _ = numbered(make_whole(drop_small(pieces.copy(), 10)))
    assert np.array_equal(found.labels, expected)
    assert (found.features["joined"] == 6).all()


def test_particles_are_the_cut_with_the_highest_score():
    truth = crowd(3, 12, grid=(1, 2))
    maps, image = ideal_maps(truth), flat(truth)
    apart = find_particles(maps, image, scored(1.0, -1.0))
    assert compare(truth, apart.labels).f1(0.8) == 1
    assert apart.features["single"].tolist() == [1, 1]
    assert apart.features["score"].tolist() == [1, 1]
    assert apart.chosen.tolist() == [0, 1]
    together = find_particles(maps, image, scored(-1.0, 1.0))
    assert np.array_equal(together.labels, truth > 0)
    assert together.features["single"].tolist() == [0]
    assert together.features["pieces"].tolist() == pytest.approx([np.log(2)])
    assert together.chosen.tolist() == [2]
    # 0.5 each: one of 0.1 or two of 0.1 each
    even = replace(scored(0.0, 0.0), penalty=0.4)
    assert find_particles(maps, image, even).labels.max() == 2
    assert find_particles(maps, image, replace(even, penalty=0.6)).labels.max() == 1


def test_proposals_are_what_was_chosen_from():
    truth = crowd(3, 12, grid=(1, 2))
    maps, image = ideal_maps(truth), flat(truth)
    proposals = find_particles(maps, image, scored(2.0, -1.0)).proposals
    alone = propose(maps, image, scored(2.0, -1.0))
    assert np.array_equal(alone.superpixels, proposals.superpixels)
    assert np.array_equal(alone.features, proposals.features)
    assert proposals.log_odds.tolist() == [2, 2, -1]
    assert proposals.score.tolist() == pytest.approx([0.880797, 0.880797, 0.268941], abs=1e-6)
    assert proposals.features.shape == (3, len(CANDIDATE_FEATURES))
    sizes = proposals.features[:, CANDIDATE_FEATURES.index("size")]
    pixels = np.bincount(proposals.superpixels.ravel())[1:].tolist()
    areas = [*pixels, sum(pixels)]
    assert (np.pi / 4 * np.exp(2 * sizes)).tolist() == pytest.approx(areas)


@given(SEEDS)
@FEW
def test_each_particle_keeps_its_own_features(seed):
    maps = random_maps(seed)
    image = np.random.default_rng(seed).random(maps[0].shape, np.float32)
    thresholds = replace(JOIN_ALL, score_model=tree([-1.0, 1.0], certainty=0.9))
    found = find_particles(maps, image, thresholds)
    features, proposals = found.features, found.proposals
    assert list(features)[: len(CANDIDATE_FEATURES)] == list(CANDIDATE_FEATURES)
    assert set(FEATURES) <= set(features)
    assert features["score"].tolist() == proposals.log_odds[found.chosen].tolist()
    np.testing.assert_array_equal(
        features[list(CANDIDATE_FEATURES)], proposals.features[found.chosen]
    )
    for name in ("agreement", "score"):
        assert (features[f"median_{name}"] == features[name].median()).all()
    areas = np.bincount(found.labels.ravel(), minlength=len(features) + 1)[1:]
    # but for the holes, which were filled, and what lay in them
    same = np.isclose(areas, np.pi / 4 * np.exp(2 * features["size"]))
    assert same.mean() > 0.5
    for label in np.flatnonzero(same) + 1:
        certainty = maps[0][found.labels == label].astype(np.float32).mean()
        assert features["certainty"][label - 1] == pytest.approx(certainty, abs=1e-3)
    held = proposals.tree.memberships()
    for label, candidate in enumerate(found.chosen.tolist(), start=1):
        within = proposals.superpixels[found.labels == label]
        assert set(held[[candidate]].indices + 1) <= set(within.tolist()), label


def test_features_are_those_before_holes_were_filled_on_any_grid():
    whole = disc((60, 60), 30, 30, 24)
    ring = (whole & ~disc(whole.shape, 30, 30, 14)).astype(np.int32)
    maps = ideal_maps(ring)
    coarse, fine = (find_particles(maps, flat(ring, times), WHOLE).features for times in (1, 2))
    assert len(coarse) == len(fine) == 1
    for name in FEATURES:
        assert coarse[name][0] == pytest.approx(fine[name][0], abs=0.02), name
    # 1793 px less 613 of them, over a hull that is hardly larger than the disc
    assert coarse["solidity"][0] == pytest.approx(ring.sum() / whole.sum(), abs=0.03)


# Seams


def test_log_odds_of_seams_by_hand():
    known = np.zeros((3, len(SEAM_FEATURES)))
    known[:, SEAM_FEATURES.index("edge")] = [0.5, 0.25, 9.0]
    known[:, SEAM_FEATURES.index("width")] = [1, 2, 0]
    model = {
        "features": ["width", "edge"],
        "mean": [1.0, 0.5],
        "scale": [0.5, 0.25],
        "weights": [-1.0, 2.0],
        "intercept": 0.25,
    }
    # the third edge is 34 standard deviations away, which count as 4
    assert seam_log_odds(known, model).tolist() == [0.25, -2 - 2 + 0.25, 2 + 8 + 0.25]
    assert seam_log_odds(known[:0], model).tolist() == []


def test_without_a_model_nothing_is_joined():
    assert seam_log_odds(np.zeros((2, len(SEAM_FEATURES))), {}).tolist() == [-np.inf] * 2


# Grids


@pytest.mark.parametrize("times", [1, 2, 3])
def test_outlines_are_as_fine_as_the_picture(times):
    y, x = np.indices((72, 144))
    labels = np.zeros(y.shape, np.int32)
    for label, centre in enumerate((36.3, 105.8), start=1):
        labels[(y - 35.6) ** 2 + (x - centre) ** 2 < 25**2] = label
    maps = ideal_maps(labels)
    coarse = np.stack([downscale_local_mean(each, (times, times)) for each in maps])
    image = np.zeros(labels.shape, np.float32)
    found = find_particles(coarse, image, WHOLE)
    assert found.labels.shape == labels.shape
    assert len(found.features) == 2
    agreement = compare(labels, found.labels)
    assert agreement.best_of_true.min() > 0.985
    repeated = find_particles(coarse, np.zeros(coarse.shape[1:], np.float32), WHOLE)
    repeated = repeated.labels.repeat(times, 0).repeat(times, 1)
    assert agreement.best_of_true.mean() >= compare(labels, repeated).best_of_true.mean()


def test_outlines_are_refined_band_by_band(monkeypatch):
    maps = random_maps(5)
    labels = ndimage.label(maps[0] > 0.5)[0].astype(np.int32)
    image = np.zeros(np.array(labels.shape) * 2, np.float32)
    whole = refine(labels, maps, image, Thresholds())
    monkeypatch.setattr("semseg.bands.BAND_PX", 7 * 60)
    assert np.array_equal(refine(labels, maps, image, Thresholds()), whole)
    same = refine(labels, maps, np.zeros(labels.shape, np.float32), Thresholds())
    assert np.array_equal(same, labels)


def test_the_picture_is_looked_at_on_the_grid_of_the_maps():
    """Grey of a superpixel: the mean of the four pixels on each of its own."""
    labels = np.zeros((20, 20), np.int32)
    labels[5:15, 5:15] = 1
    fine = np.random.default_rng(1).random((40, 40), np.float32)
    pieces, graph = adjacency(ideal_maps(labels), fine, JOIN_ALL)
    reduced = (fine[::2, ::2] + fine[1::2, ::2] + fine[::2, 1::2] + fine[1::2, 1::2]) / 4
    grey = np.bincount(pieces.ravel(), reduced.ravel())[1:]
    np.testing.assert_allclose(graph.regions["grey"], grey, rtol=1e-5)


# Noise


def noise(side, kind):
    """White noise, and maps of it at half its size: what they say is noise as well, or nothing."""
    rng = np.random.default_rng(0)
    image = rng.random((2 * side, 2 * side), np.float32)
    if kind == "noise":
        maps = rng.random((3, side, side), np.float32).astype(np.float16)
    else:
        maps = np.zeros((3, side, side), np.float16)
        maps[0] = 1
    return maps, image


@pytest.mark.parametrize("kind", ["noise", "all foreground"])
def test_noise_has_a_bounded_number_of_candidates(kind):
    maps, image = noise(160, kind)
    proposals = propose(maps, image, replace(JOIN_ALL, seam_model=regression(1.0, width=-1.0)))
    pieces, tree = proposals.superpixels, proposals.tree
    foreground = np.count_nonzero(pieces)
    assert tree.leaves == pieces.max()
    assert tree.leaves <= len(tree) < 2 * tree.leaves
    # no basin is smaller than the 3 x 3 px that its bottom is the lowest of, but where the
    # foreground itself is in crumbs
    crumbs = ndimage.label(maps[0] > 0.5)[1]
    assert tree.leaves <= crumbs + foreground / 4


LARGE_NOISE = """
import json, resource, sys
sys.path.insert(0, ".")
from dataclasses import replace
from tests.instances.test_particles import JOIN_ALL, find_particles, noise, regression

maps, image = noise(int(sys.argv[1]), sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
thresholds = replace(JOIN_ALL, seam_model=regression(1.0, width=-1.0, boundary=-2.0))
found = find_particles(maps, image, thresholds)
used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
tree = found.proposals.tree
print(json.dumps({
    "superpixels": tree.leaves,
    "candidates": len(tree),
    "held": int(tree.memberships().nnz),
    "found": int(found.labels.max()),
    "bytes": used * 1024,
}))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("side", "kind"), [(1414, "noise"), (707, "all foreground")])
def test_white_noise_takes_bounded_memory(side, kind):
    """8 and 2 megapixels; in a process of its own, whose memory is nobody else's."""
    done = subprocess.run(
        [sys.executable, "-c", LARGE_NOISE, str(side), kind],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert 0 < told["superpixels"] < side * side / 10
    assert told["candidates"] < 2 * told["superpixels"]
    # the square of the number of superpixels would be far more
    assert told["held"] < 60 * told["superpixels"]
    assert told["bytes"] < 120 * (2 * side) ** 2
