"""Heaps of solids: what is said to be the truth must be what was drawn."""

import numpy as np
import pytest
from scipy import ndimage

from training.heaps import Heap, draw_heap, seam_pixels
from training.heaps.detectors import quieten, slopes
from training.heaps.piles import Habit, drop_bodies
from training.heaps.solids import KINDS, Solid, draw_solid

SHAPE = (160, 176)


def flat_disc(half_height: float) -> Solid:
    """A disc of radius 1 with flat ends, in a box from -1.2 to 1.2."""
    side = np.linspace(-1.2, 1.2, 53, dtype=np.float32)
    radius = np.hypot(side[:, None], side[None])
    return Solid(
        np.full((53, 53), half_height, np.float32),
        np.full((53, 53), -half_height, np.float32),
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


@pytest.mark.parametrize("seed", range(8))
def test_labels_are_numbered_and_each_is_one_piece(seed):
    heap = drawn(seed)
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
