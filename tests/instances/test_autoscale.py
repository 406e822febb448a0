"""The rescale factor that is found, by the network and by a perfect stand-in for it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from semseg.instances.autoscale import (
    MAX_FACTOR,
    MAX_VIEW_PX,
    SCALE_FEATURES,
    RescaleEstimate,
    ScaleCandidate,
    _window,
    all_scales,
    estimate_rescale,
    instance_quality,
    scale_candidates,
    scale_features,
)
from semseg.instances.quick import find_particles_by_seams
from semseg.instances.thresholds import Thresholds
from semseg.preprocessing.preparation import resize, stretch_contrast


def sharp_eye(image):
    """Ideal maps of bright, separate particles, whatever their size."""
    inside = image > 0.5
    depth = ndimage.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
    pieces, count = ndimage.label(inside)
    peak = np.maximum(ndimage.maximum(depth, pieces, np.arange(count + 1)), 1)
    return np.stack([inside, depth / peak[pieces], np.zeros_like(inside)]).astype(np.float32)


def discs(diameter, shape=(600, 700)):
    """White discs on black, one and a half diameters apart."""
    pitch = 1.5 * diameter
    y, x = np.ogrid[: shape[0], : shape[1]]
    inside = ((y % pitch) - pitch / 2) ** 2 + ((x % pitch) - pitch / 2) ** 2 < diameter**2 / 4
    # no half discs at the lower and right edge
    inside[int(shape[0] // pitch * pitch) :] = False
    inside[:, int(shape[1] // pitch * pitch) :] = False
    return inside.astype(np.float32)


def crisp(picture):
    return stretch_contrast(picture.grey.astype(np.float32))


def by_network(image, segmenter):
    return estimate_rescale(
        image,
        segmenter.predict,
        Thresholds(**segmenter.info.thresholds),
        segmenter.info.target_particle_px,
    )


# With the network


@pytest.fixture(scope="module")
def of_80_px(draw):
    return draw((700, 850), 80.0, seed=0)


@pytest.fixture(scope="module")
def estimate_of_80_px(segmenter, of_80_px):
    return by_network(crisp(of_80_px), segmenter)


def test_particles_of_80_px_are_halved(segmenter, of_80_px, estimate_of_80_px):
    assert of_80_px.median_px == pytest.approx(80, rel=0.03)
    wanted = segmenter.info.target_particle_px / of_80_px.median_px
    assert estimate_of_80_px.decided
    assert estimate_of_80_px.factor == pytest.approx(wanted, rel=0.25)
    assert estimate_of_80_px.particle_px == pytest.approx(of_80_px.median_px, rel=0.25)


@pytest.mark.parametrize("factor", [0.5, 2])
def test_a_picture_scaled_before_ends_at_the_same_size(
    segmenter, of_80_px, estimate_of_80_px, factor
):
    scaled = by_network(resize(crisp(of_80_px), factor), segmenter)
    assert scaled.decided
    assert scaled.particle_px / factor == pytest.approx(estimate_of_80_px.particle_px, rel=0.15)
    assert scaled.factor * factor == pytest.approx(estimate_of_80_px.factor, rel=0.15)


@pytest.mark.parametrize("diameter", [14.0, 36.0, 120.0])
def test_small_and_large_particles_are_brought_to_the_target(segmenter, draw, diameter):
    picture = draw((360, 420), diameter, seed=4)
    estimate = by_network(crisp(picture), segmenter)
    assert estimate.decided
    assert estimate.particle_px == pytest.approx(picture.median_px, rel=0.25)


@pytest.mark.parametrize("seed", [0, 1])
def test_noise_is_not_taken_for_particles(segmenter, seed):
    noise = np.random.default_rng(seed).standard_normal((300, 360)).astype(np.float32)
    estimate = by_network(stretch_contrast(noise), segmenter)
    assert not estimate.decided
    # what was never looked at is no better; the network must not be run on a huge picture
    assert estimate.factor <= MAX_FACTOR


# With a perfect stand-in


@pytest.mark.parametrize("diameter", [10, 20, 45, 90, 150])
def test_the_size_of_discs_is_found(diameter):
    estimate = estimate_rescale(discs(diameter), sharp_eye, Thresholds(), 40)
    assert estimate.decided
    assert estimate.particle_px == pytest.approx(diameter, rel=0.06)
    assert estimate.factor * estimate.particle_px == pytest.approx(40)


@pytest.mark.parametrize("target", [20, 80])
def test_the_factor_follows_the_target(target):
    image = discs(40)
    plain = estimate_rescale(image, sharp_eye, Thresholds(), 40)
    other = estimate_rescale(image, sharp_eye, Thresholds(), target)
    assert other.particle_px == pytest.approx(plain.particle_px, rel=0.01)
    assert other.factor == pytest.approx(plain.factor * target / 40, rel=0.01)


def cluster(across_px=480, side=640):
    """Squares of 10 px, 2 px apart, within a disc: from far away it is all that is seen."""
    y, x = np.ogrid[:side, :side]
    squares = (y % 12 < 10) & (x % 12 < 10)
    disc = (y - side / 2) ** 2 + (x - side / 2) ** 2 < across_px**2 / 4
    return (squares & disc).astype(np.float32)


@pytest.mark.parametrize(("size_weight", "chosen", "other"), [(3.0, 480, 11), (-3.0, 11, 480)])
def test_what_is_seen_at_another_scale_is_kept(size_weight, chosen, other):
    """Whichever of a cluster and its members is taken, also where the search ended before."""
    model = {"features": ["size"], "mean": [0.0], "scale": [1.0], "weights": [size_weight]}
    model |= {"intercept": 0.0}
    estimate = estimate_rescale(cluster(), sharp_eye, Thresholds(scale_model=model), 40)
    assert estimate.particle_px == pytest.approx(chosen, rel=0.3)
    nearest = min(estimate.others, key=lambda each: abs(np.log(each.particle_px / other)))
    assert nearest.particle_px == pytest.approx(other, rel=0.3)
    assert nearest.factor == pytest.approx(40 / nearest.particle_px)
    assert 0 <= nearest.probability <= 1
    crowd = max(estimate.others, key=lambda each: each.count)
    assert (crowd.count > 100) is (other == 11)
    assert all(each.factor / estimate.factor > 2 or each.factor / estimate.factor < 0.5
               for each in estimate.others)  # fmt: skip


def test_all_octaves_are_seen_where_a_person_asks():
    sizes = [each.particle_px for each in all_scales(cluster(), sharp_eye, Thresholds(), 40)]
    for wanted in (11, 480):
        assert min(abs(np.log(size / wanted)) for size in sizes) < 0.3
    nothing = np.zeros((200, 300), np.float32)
    assert all_scales(nothing, sharp_eye, Thresholds(), 40) == []


def test_where_nothing_is_seen_the_picture_is_left_as_it_is():
    def blind(image):
        return np.zeros((3, *image.shape), np.float16)

    estimate = estimate_rescale(discs(40), blind, Thresholds(), 40)
    assert estimate == RescaleEstimate(1.0, None, False)


def test_each_candidate_costs_little_however_large_the_image():
    seen = []

    def watched(image):
        seen.append(image.size)
        return sharp_eye(image)

    estimate_rescale(discs(60, (1500, 1800)), watched, Thresholds(), 40)
    assert len(seen) >= 5
    assert max(seen) <= 1.05 * MAX_VIEW_PX


def test_the_search_ends_when_the_best_has_been_passed():
    def candidates(diameter):
        seen = []
        estimate_rescale(discs(diameter), lambda image: seen.append(1) or sharp_eye(image),
                         Thresholds(), 40)  # fmt: skip
        return len(seen)

    assert candidates(150) < candidates(40) <= candidates(10)


def test_the_estimate_is_repeatable(segmenter, drawn):
    assert by_network(crisp(drawn), segmenter) == by_network(crisp(drawn), segmenter)


# Its parts


def test_a_small_view_is_the_whole_picture():
    image = np.zeros((200, 300), np.float32)
    assert _window(image, 1.0, np.ones((1, 1), np.float32)) is image


@pytest.mark.parametrize("rows", [slice(0, 12), slice(24, 36), slice(-12, None)])
@pytest.mark.parametrize("columns", [slice(0, 16), slice(-16, None)])
def test_the_window_lies_where_particles_were_seen(rows, columns):
    interest = np.zeros((60, 80), np.float32)
    interest[rows, columns] = 1
    image = interest.repeat(20, 0).repeat(20, 1)
    factor = np.sqrt(8)
    part = _window(image, factor, interest)
    assert 0.9 * MAX_VIEW_PX < part.size * factor**2 <= MAX_VIEW_PX
    assert part.shape[1] / part.shape[0] == pytest.approx(1600 / 1200, rel=0.02)
    assert part.mean() > 0.9


def test_the_features_of_a_candidate_compare_it_to_its_neighbours():
    candidates = [
        ScaleCandidate(0.5, median_px=20.0, spread=0.3, crispness=-0.2, count=9.0),
        ScaleCandidate(1.0, median_px=40.0, spread=0.2, crispness=-0.1, count=9.0),
        ScaleCandidate(2.0, median_px=60.0, spread=0.4, crispness=-0.5, count=9.0),
    ]
    table = scale_features(candidates, target_px=40)
    assert tuple(table) == SCALE_FEATURES
    assert table["size"].to_numpy() == pytest.approx(np.log([0.5, 1, 1.5]))
    assert table["size_squared"].to_numpy() == pytest.approx(np.log([0.5, 1, 1.5]) ** 2)
    shrunk = np.log(30 / 40)  # 60 px of twice the size
    assert table["below"].to_numpy() == pytest.approx([0, 0, -shrunk])
    assert table["above"].to_numpy() == pytest.approx([0, shrunk, 0])
    assert table["apart_above"].to_numpy() == pytest.approx([0, -shrunk, 0])
    assert table["duller_below"].to_numpy() == pytest.approx([0, 0.1, -0.4])
    assert table["duller_above"].to_numpy() == pytest.approx([-0.1, 0.4, 0])
    assert table["lowest"].tolist() == [1, 0, 0]
    assert table["highest"].tolist() == [0, 0, 1]


def test_a_candidate_two_octaves_away_is_no_neighbour():
    candidates = [
        ScaleCandidate(0.25, 10.0, 0.3, -0.2, 9.0),
        ScaleCandidate(1.0, 40.0, 0.3, -0.2, 9.0),
    ]
    table = scale_features(candidates, target_px=40)
    assert table["lowest"].tolist() == table["highest"].tolist() == [1, 1]
    assert not table[["below", "above", "duller_below", "duller_above"]].any(axis=None)


def test_the_model_decides_among_candidates():
    """One that favours small particles takes the candidate at which they are smallest."""
    model = {"features": ["size"], "mean": [0.0], "scale": [1.0], "weights": [-2.0]}
    image = discs(40)
    candidates = list(scale_candidates(image, sharp_eye, Thresholds()))
    for intercept, decided in ((0.0, True), (-30.0, False)):
        thresholds = Thresholds(scale_model=model | {"intercept": intercept})
        estimate = estimate_rescale(image, sharp_eye, thresholds, 40)
        smallest = min(candidates, key=lambda each: each.median_px)
        assert estimate.particle_px == smallest.particle_px
        assert estimate.decided is decided


def test_quality_is_high_for_ideal_maps_and_low_for_contradicting_ones():
    maps = sharp_eye(discs(40))
    labels = find_particles_by_seams(maps, Thresholds())
    ideal = instance_quality(labels, maps)
    assert ideal.shape == (labels.max(),)
    assert ideal.min() > 0.95
    flat = maps.copy()
    flat[1] = 0
    faint = maps * np.float32(0.6)
    for worse in (flat, faint):
        assert instance_quality(labels, worse).max() < ideal.min() - 0.2
    assert instance_quality(np.zeros_like(labels), maps).shape == (0,)
