"""The foreground is divided where the picture shows an edge, and noise is not taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from semseg.instances.particles import FLOORS
from semseg.instances.superpixels import edge_strengths, noise_level, superpixels
from tests.support.discs import crowd, disc
from tests.support.drawn_maps import depth_of, random_maps

FEW = settings(max_examples=20)
SEEDS = st.integers(0, 2**32 - 1)
SHAPE = (80, 110)


def divided(maps, image, foreground=None):
    """Superpixels as the instance step makes them."""
    foreground = maps[0] > 0.5 if foreground is None else foreground
    (edges,) = edge_strengths(image.astype(np.float32), foreground, FLOORS[:1])
    return superpixels(maps, edges, foreground)


@pytest.fixture
def lying_over():
    """A disc that lies over another, as masks, and maps that show one hill for both."""
    under, over = disc(SHAPE, 40, 45, 24), disc(SHAPE, 40, 65, 24)
    y, x = np.indices(SHAPE)
    hill = np.clip(1 - np.hypot((y - 40) / 24, (x - 55) / 34), 0, 1)
    both = under | over
    return under, over, np.stack([both, hill * both, np.zeros(SHAPE)]).astype(np.float16)


def pictured(under, over, step, noise=0.0):
    """Grey 0.6 on 0.2; the disc above differs by `step`."""
    sharp = np.where(under | over, 0.6, 0.2) + step * over
    grain = np.random.default_rng(0).normal(0, noise, SHAPE) if noise else 0
    return ndimage.gaussian_filter(sharp, 1) + grain


# What divides


@pytest.mark.parametrize(("step", "noise"), [(0.05, 0), (-0.05, 0), (0.1, 0.02), (0.2, 0.05)])
def test_a_faint_edge_divides_what_has_one_hill(lying_over, step, noise):
    under, over, maps = lying_over
    labels = divided(maps, pictured(under, over, step, noise))
    assert labels.max() >= 2
    assert np.array_equal(labels > 0, under | over)
    # each superpixel belongs to one of the discs, but for a seam some pixels wide
    shares = [over[labels == label].mean() for label in range(1, labels.max() + 1)]
    assert all(share < 0.12 or share > 0.88 for share in shares)
    assert min(shares) < 0.12
    assert max(shares) > 0.88


@pytest.mark.parametrize("noise", [0, 0.02, 0.05])
def test_without_an_edge_one_hill_is_one_superpixel(lying_over, noise):
    under, over, maps = lying_over
    assert divided(maps, pictured(under, over, 0, noise)).max() == 1


def test_a_boundary_in_the_map_divides_what_the_picture_does_not():
    maps = np.zeros((3, 30, 61), np.float32)
    maps[:2, 5:25, 5:56] = 1
    flat = np.full((30, 61), 0.5)
    assert divided(maps, flat).max() == 1
    maps[2, :, 30] = 1
    labels = divided(maps, flat)
    assert labels.max() == 2
    assert (labels[5:25, 5:29] == 1).all()
    assert (labels[5:25, 32:56] == 2).all()


def test_two_hills_divide_what_nothing_else_does():
    both = disc(SHAPE, 40, 35, 20) | disc(SHAPE, 40, 72, 20)
    depth = depth_of(both)
    maps = np.stack([both, depth / depth.max(), np.zeros(SHAPE)])
    labels = divided(maps, np.full(SHAPE, 0.5))
    assert labels.max() == 2
    assert labels[40, 35] != labels[40, 72]


def test_a_dent_in_the_hill_divides_only_where_it_is_deep():
    # 0.3 of the distance map count; less than 0.01 of the sum is no basin of its own
    long = np.zeros((20, 80), bool)
    long[4:16, 4:76] = True
    for dent, parts in ((0.02, 1), (0.1, 2)):
        hill = np.full(long.shape, 0.9)
        hill[:, 30:50] -= dent * np.hanning(20)
        maps = np.stack([long, hill * long, np.zeros(long.shape)])
        assert divided(maps, np.full(long.shape, 0.5)).max() == parts


# What does not


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("contrast", [0.4, 0.0])
def test_noise_gives_about_as_few_as_a_clean_picture(seed, contrast):
    inside = crowd(3, 14) > 0
    depth = depth_of(inside)
    maps = np.stack([inside, depth / depth.max(), np.zeros(inside.shape)])
    clean = 0.5 + contrast * (inside - 0.5)
    noisy = clean + np.random.default_rng(seed).normal(0, 0.1, inside.shape)
    few, many = divided(maps, clean).max(), divided(maps, noisy).max()
    assert few == 20  # as many as discs
    assert few <= many < 2 * few
    # as edges without a floor, the same noise would give many times as many
    (unlevelled,) = edge_strengths(noisy.astype(np.float32), inside, (0.0,))
    assert superpixels(maps, unlevelled, inside).max() > 4 * few


def test_the_floor_goes_with_the_noise():
    inside = crowd(3, 14) > 0
    grain = np.random.default_rng(5).normal(0, 1, inside.shape).astype(np.float32)
    weak, strong = (
        edge_strengths(np.float32(0.5 + sigma * grain), inside, (2.0,))[0] for sigma in (0.01, 0.04)
    )
    at = strong < 1.5  # the most that there is
    np.testing.assert_allclose(4 * weak[at], strong[at], atol=1e-3)


# Edges and noise


def test_the_strength_of_a_step_by_hand():
    # half the pixels lie on no edge, so the floor is 0; the gradient of a step of height h at
    # sd s is h / (s sqrt(2 pi)), times sqrt(s) / 0.08: greatest at s = 1, where pixels blur it
    picture = np.zeros((40, 60), np.float32)
    picture[:, 30:] = 0.05
    (edges,) = edge_strengths(picture, np.ones(picture.shape, bool), (2.0,))
    assert edges.shape == picture.shape
    assert edges.dtype == np.float32
    assert edges[20, 29] == pytest.approx(0.05 / np.sqrt(2 * np.pi) / 0.08, rel=0.12)
    assert edges[20, 30] == pytest.approx(edges[20, 29], rel=1e-4)
    assert (edges[:, :15] == 0).all()
    assert (edges[:, 45:] == 0).all()


def test_the_strongest_edge_has_an_end():
    picture = np.zeros((40, 60), np.float32)
    picture[:, 30:] = 1
    (edges,) = edge_strengths(picture, np.ones(picture.shape, bool), (2.0,))
    assert edges.max() == 1.5
    assert edges.min() == 0


def test_each_floor_has_its_own_strengths():
    image = np.random.default_rng(1).random((40, 50), np.float32)
    inside = np.ones(image.shape, bool)
    none, low, high = edge_strengths(image, inside, (0.0, 1.0, 2.0))
    assert (none >= low).all()
    assert (low >= high).all()
    assert none.mean() > low.mean() > high.mean()
    np.testing.assert_array_equal(edge_strengths(image, inside, (1.0,))[0], low)
    assert edge_strengths(image, inside, ()) == ()


@pytest.mark.parametrize("sigma", [0.005, 0.02, 0.1])
def test_noise_is_measured_beside_shading(sigma):
    y, x = np.indices((200, 200)) / 200
    shaded = 0.3 + 0.4 * x + 0.2 * y
    image = shaded + np.random.default_rng(2).normal(0, sigma, shaded.shape)
    inside = disc(shaded.shape, 100, 100, 80)
    assert noise_level(image.astype(np.float32), inside) == pytest.approx(sigma, rel=0.05)
    assert noise_level(shaded.astype(np.float32), inside) == pytest.approx(1e-4, rel=0.05)


def test_noise_outside_the_foreground_is_not_that_inside():
    image = np.random.default_rng(2).normal(0.5, 0.1, (100, 100)).astype(np.float32)
    inside = disc(image.shape, 50, 50, 30)
    image[disc(image.shape, 50, 50, 34)] = 0.5
    assert noise_level(image, inside) == pytest.approx(1e-4)


# Any maps


@given(SEEDS, st.floats(0.5, 4), st.floats(0, 0.2))
@FEW
def test_all_of_the_foreground_is_divided_and_nothing_else(seed, smoothness_px, noise):
    maps = random_maps(seed, (60, 70), smoothness_px)
    grain = np.random.default_rng(seed).normal(0, noise, maps[0].shape)
    labels = divided(maps, maps[0].astype(np.float32) + grain)
    assert labels.dtype == np.int32
    assert np.array_equal(labels > 0, maps[0] > 0.5)
    assert np.array_equal(np.unique(labels[labels > 0]), np.arange(1, labels.max() + 1))
    for label, window in enumerate(ndimage.find_objects(labels), start=1):
        assert ndimage.label(labels[window] == label)[1] == 1


@given(SEEDS)
@settings(max_examples=5)
def test_the_same_maps_give_the_same_superpixels(seed):
    maps = random_maps(seed, (60, 70))
    image = np.random.default_rng(seed).random(maps[0].shape, np.float32)
    before = maps.copy(), image.copy()
    first = divided(maps, image)
    assert np.array_equal(first, divided(maps, image))
    assert np.array_equal(maps, before[0])
    assert np.array_equal(image, before[1])


@given(SEEDS)
@FEW
def test_a_turned_picture_is_divided_alike(seed):
    maps = random_maps(seed, (60, 70))
    image = np.random.default_rng(seed).random(maps[0].shape, np.float32)
    one, other = divided(maps, image), divided(maps.swapaxes(1, 2), image.T).T
    # numbers and single pixels may differ, where a flood comes from two sides at once
    assert abs(int(one.max()) - int(other.max())) <= 0.05 * one.max() + 1
    pairs, pixels = np.unique(np.stack([one[one > 0], other[one > 0]]), axis=1, return_counts=True)
    shared = np.zeros(one.max() + 1)
    np.maximum.at(shared, pairs[0], pixels)
    assert shared.sum() > 0.97 * (one > 0).sum()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (40, 50)])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_uniform_foreground_is_one_superpixel(shape, level):
    maps = np.full((3, *shape), level, np.float16)
    everywhere = np.ones(shape, bool)
    assert (divided(maps, np.full(shape, 0.5), everywhere) == 1).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (40, 50)])
def test_no_foreground_has_no_superpixels(shape):
    maps = np.zeros((3, *shape), np.float16)
    image = np.random.default_rng(0).random(shape, np.float32)
    labels = divided(maps, image)
    assert labels.shape == shape
    assert not labels.any()
    assert noise_level(image, np.zeros(shape, bool)) == pytest.approx(1e-4)
    (edges,) = edge_strengths(image, np.zeros(shape, bool), (1.0,))
    assert not edges.any()


def test_single_pixels_are_superpixels():
    inside = np.zeros((9, 12), bool)
    inside[[0, 4, 8], [0, 5, 11]] = True
    maps = np.stack([inside, inside, np.zeros(inside.shape)])
    labels = divided(maps, np.full(inside.shape, 0.5))
    assert labels[inside].tolist() == [1, 2, 3]
    assert np.array_equal(labels > 0, inside)
