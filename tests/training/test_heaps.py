"""Heaps of solids: what is said to be the truth must be what was drawn."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from training.heaps import (
    DETECTORS,
    Heap,
    _in_transmission,
    _is_detected,
    _random_scene,
    _record,
    draw_heap,
    seam_pixels,
)
from training.heaps.detectors import (
    BrightField,
    DarkField,
    bright_field,
    dark_field,
    quieten,
    slopes,
)
from training.heaps.piles import Habit, Pile, drop_bodies, monolayer, scatter_bodies, spots_on
from training.heaps.solids import KINDS, Solid, draw_solid
from training.heaps.supports import SUPPORTS

SHAPE = (160, 176)


def flat_disc(half_height: float) -> Solid:
    """A disc of radius 1 with flat ends, in a box from -1.2 to 1.2."""
    side = np.linspace(-1.2, 1.2, 81, dtype=np.float32)
    radius = np.hypot(side[:, None], side[None])
    return Solid(
        np.full((81, 81), half_height, np.float32),
        np.full((81, 81), -half_height, np.float32),
        (1 - radius).astype(np.float32),
        1.2,
    )


def drawn(seed: int, **options) -> Heap:
    return draw_heap(np.random.default_rng(seed), SHAPE, **options)


# ---------------------------------------------------------------- bodies


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_has_a_mean_radius_of_one_and_a_top_above_its_bottom(kind):
    solid = draw_solid(np.random.default_rng(3), kind)
    body = solid.placed(20, 0.7, False, (0.0, 0.0))
    assert body.inside.sum() == pytest.approx(np.pi * 20**2, rel=0.03)
    assert (body.top >= body.bottom).all()
    assert ndimage.label(body.inside)[1] == 1


def test_a_ball_is_as_high_as_it_is_broad():
    solid = draw_solid(np.random.default_rng(8), "ellipsoid")
    turned = solid.placed(30, 1.1, True, (0.3, -0.2))
    straight = solid.placed(30, 0.0, False, (0.0, 0.0))
    assert turned.inside.sum() == pytest.approx(straight.inside.sum(), rel=0.02)
    assert turned.top.max() == pytest.approx(straight.top.max(), rel=0.03)


# ---------------------------------------------------------------- piles


def test_bodies_rest_on_each_other():
    """Discs 10 px high dropped on one spot stand on each other: 10, 20, 30 px."""
    habit = Habit((flat_disc(0.5),), 10, 0.0, 3, 1e9, 1, closeness=(0.0, 1e-9), sink=0.0)
    pile = drop_bodies(np.random.default_rng(5), habit, (60, 60))
    assert pile.height.max() == pytest.approx(30, abs=0.1)
    assert pile.path.max() == pytest.approx(30, abs=0.1)
    assert pile.thickness.max() == pytest.approx(10, abs=0.1)


def test_what_is_covered_has_no_label():
    """Three like discs on one spot: only the last is seen but for crumbs at the outline."""
    habit = Habit((flat_disc(0.5),), 10, 0.0, 3, 1e9, 1, closeness=(0.0, 1e-9), sink=0.0)
    pile = drop_bodies(np.random.default_rng(5), habit, (60, 60))
    areas = np.bincount(pile.labels.ravel(), minlength=4)
    assert areas[3] > 10 * (areas[1] + areas[2])
    assert (pile.height[pile.labels == 0] == 0).all()


def test_a_step_between_bodies_is_no_slope():
    height = np.repeat(np.array([[0, 0, 5, 6, 7]], np.float32), 3, 0)
    labels = np.repeat(np.array([[0, 0, 1, 1, 1]], np.int32), 3, 0)
    down, right = slopes(height, labels)
    np.testing.assert_array_equal(down, 0)
    np.testing.assert_array_equal(right[1], [0, 0, 1, 1, 1])


# ---------------------------------------------------------------- pictures


def test_the_same_seed_draws_the_same_picture():
    first, again, other = drawn(1), drawn(1), drawn(2)
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert not np.array_equal(first.image, other.image)


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("seed", range(4))
def test_labels_are_numbered_and_each_is_one_piece(seed, detector):
    heap = drawn(seed, detector=detector)
    assert heap.image.shape == heap.labels.shape == SHAPE
    assert heap.image.dtype == np.float32
    assert heap.labels.dtype == np.int32
    assert heap.image.min() >= 0
    assert heap.image.max() <= 1
    present = np.unique(heap.labels[heap.labels > 0])
    np.testing.assert_array_equal(present, np.arange(1, heap.labels.max() + 1))
    for label in present:
        assert ndimage.label(heap.labels == label)[1] == 1


def test_quiet_outlines_have_less_contrast():
    seeds = [seed for seed in range(6) if np.isfinite(drawn(seed).seam_contrast)]
    assert len(seeds) >= 3
    for seed in seeds:
        quiet, loud = drawn(seed, loudness=0.08), drawn(seed, loudness=1.0)
        np.testing.assert_array_equal(quiet.labels, loud.labels)
        assert quiet.seam_contrast <= loud.seam_contrast
    ratios = [
        drawn(seed, loudness=0.08).seam_contrast / drawn(seed, loudness=1.0).seam_contrast
        for seed in seeds
    ]
    assert np.median(ratios) < 0.6


def test_quieting_leaves_the_outer_contour():
    """Two squares of 0.5 and 0.7 that touch, on 0.1: only the step between them shrinks."""
    picture = np.full((60, 100), 0.1, np.float32)
    picture[10:50, 10:50], picture[10:50, 50:90] = 0.5, 0.7
    inside = picture > 0.2
    quiet = quieten(picture, inside, np.full(picture.shape, 0.2, np.float32), 20.0)
    assert quiet[30, 51] - quiet[30, 48] == pytest.approx(0.2 * 0.2, abs=0.015)
    assert quiet[30, 10] == pytest.approx(0.5, abs=0.02)
    np.testing.assert_array_equal(quiet[~inside], picture[~inside])


def test_seams_lie_between_bodies_only():
    labels = np.array([[0, 1, 1, 2, 0, 3]], np.int32)
    np.testing.assert_array_equal(seam_pixels(labels), [[False, False, True, False, False, False]])


def test_bodies_are_brighter_than_the_ground_by_secondary_electrons():
    brighter = [
        heap.image[heap.labels > 0].mean() > heap.image[heap.labels == 0].mean()
        for heap in map(drawn, range(12))
        if (heap.labels == 0).mean() > 0.1
    ]
    assert np.mean(brighter) > 0.8  # now and then a picture is inverted


def test_an_unknown_detector_is_named():
    with pytest.raises(ValueError, match="No detector is called 'tongue'"):
        drawn(0, detector="tongue")


# ---------------------------------------------------------------- transmission

DISCS = Habit((flat_disc(0.5),), 10, 0.0, 2, 1, 1)  # 10 px thick: half a median diameter
BARE = np.zeros((60, 60), np.float32)


def two_discs() -> Pile:
    spots = np.array([[30.0, 24.0], [30.0, 36.0]])
    return scatter_bodies(np.random.default_rng(0), DISCS, (60, 60), spots)


def test_a_beam_is_weakened_by_every_body_on_its_way():
    """Half a diameter takes exp(-0.5 a), two on each other exp(-a); the front one has the label."""
    pile = two_discs()
    plain = BrightField(light=0.8, absorption=0.4, grain=0, unevenness=0)
    picture = bright_field(np.random.default_rng(0), pile, BARE, plain)
    assert picture[5, 5] == pytest.approx(0.8)
    assert picture[30, 17] == pytest.approx(0.8 * np.exp(-0.2), rel=0.01)
    assert picture[30, 30] == pytest.approx(0.8 * np.exp(-0.4), rel=0.01)
    assert pile.labels[30, 30] == 2


def test_dark_field_adds_thickness_and_support():
    plain = DarkField(dark=0.1, gain=0.4, of_support=0.3, grain=0, unevenness=0)
    support = BARE.copy()
    support[:, :40] = 0.5
    picture = dark_field(np.random.default_rng(0), two_discs(), support, plain)
    assert picture[5, 50] == pytest.approx(0.1)
    assert picture[5, 5] == pytest.approx(0.1 + 0.15)
    assert picture[30, 17] == pytest.approx(0.1 + 0.15 + 0.2, rel=0.01)
    assert picture[30, 30] == pytest.approx(0.1 + 0.15 + 0.4, rel=0.01)


def test_a_hollow_body_is_thinnest_in_its_middle():
    """A ball of 10 px with a wall of 2: 4 px of matter in the middle, sqrt(100 - 64) * 2 beside."""
    side = np.linspace(-1.2, 1.2, 81, dtype=np.float32)
    radius = np.hypot(side[:, None], side[None])
    top = np.sqrt(np.maximum(1 - radius**2, 0)).astype(np.float32)
    ball = Solid(top, -top, (1 - radius).astype(np.float32), 1.2)
    habit = replace(DISCS, solids=(ball,), wall=0.2)
    pile = scatter_bodies(np.random.default_rng(0), habit, (60, 60), np.array([[30.0, 30.0]]))
    assert pile.path[30, 30] == pytest.approx(4, abs=0.2)
    assert pile.path.max() == pytest.approx(12, abs=0.7)


def test_bodies_keep_apart_where_they_may_not_overlap():
    spots = np.array([[30.0, 24.0], [30.0, 28.0], [30.0, 50.0]])
    pile = scatter_bodies(np.random.default_rng(0), DISCS, (60, 60), spots, overlap=0.2)
    assert set(np.unique(pile.labels)) == {0, 1, 3}


def test_a_monolayer_is_hexagonal():
    """Each spot inside has its nearest neighbour about a gap away, of at least a diameter."""
    spots = monolayer(np.random.default_rng(4), (300, 300), 10)
    distance = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
    nearest = np.sort(distance, 1)[:, 1]
    assert 14 < np.median(nearest) < 28


def test_spots_lie_where_they_may():
    where = np.zeros((20, 30), bool)
    where[3:6, 7:9] = True
    spots = spots_on(np.random.default_rng(0), where, 50).astype(int)
    assert where[spots[:, 0], spots[:, 1]].all()
    assert len(spots_on(np.random.default_rng(0), ~where & where, 4)) == 4


@pytest.mark.parametrize("kind", SUPPORTS)
def test_a_support_is_thickness_and_nothing_else(kind):
    for seed in range(3):
        support = SUPPORTS[kind](np.random.default_rng(seed), SHAPE)
        assert support.shape == SHAPE
        assert support.dtype == np.float32
        assert np.isfinite(support).all()
        assert support.min() >= 0


@pytest.mark.parametrize(("detector", "sign"), [("bright field", -1), ("dark field", 1)])
def test_bodies_are_darker_in_bright_field_and_brighter_in_dark_field(detector, sign):
    """Against what is around them: a support may be darker than a particle beside it."""
    steps = []
    for seed in range(10):
        heap = drawn(seed, detector=detector)
        body = heap.labels > 0
        around = ndimage.binary_dilation(body, iterations=4) & ~ndimage.binary_dilation(body)
        if body.any() and around.any():
            steps.append(sign * (heap.image[body].mean() - heap.image[around].mean()))
    assert len(steps) >= 7
    assert np.mean(np.array(steps) > 0) >= 0.9


def test_what_nobody_can_tell_from_its_surroundings_is_not_detected():
    """A square's mean over 100 px has a noise of sqrt(0.6 / 100) / 10 = 0.008: 0.04 is seen."""
    sharp = np.full((40, 60), 0.5, np.float32)
    labels = np.zeros((40, 60), np.int32)
    labels[10:20, 10:20], labels[10:20, 40:50] = 1, 2
    sharp[labels == 1], sharp[labels == 2] = 0.53, 0.55
    np.testing.assert_array_equal(_is_detected(sharp, labels, 4, 100.0)[1:], [False, True, False])


def test_noise_is_as_wide_as_the_picture_is_enlarged():
    rng = np.random.default_rng(0)
    scene = replace(_in_transmission(rng, _random_scene(rng, SHAPE), scanned=False), captions=0)
    grey, none = np.full(SHAPE, 0.5, np.float32), np.zeros(SHAPE, np.int32)

    def likeness(enlarged: float) -> float:
        noise = _record(rng, grey, none, scene, enlarged, hide=True).image
        assert noise.shape == SHAPE
        return float(np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1])

    assert likeness(1.0) < 0.1
    assert likeness(3.0) > 0.7
