"""Crop, outliers, contrast and rescaling, on drawn pictures whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from semseg.errors import SettingsError, UnsuitableImageError
from semseg.preprocessing.preparation import (
    Crop,
    repair_outliers,
    resize,
    resized,
    stretch_contrast,
)


def draw_scene(height=384, width=512, seed=0):
    """Soft discs of all sizes, edges, lines and 3 x 3 particles; mean counts, 40..230."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    scene = np.full((height, width), 40.0)
    for _ in range(40):
        radius = rng.uniform(2, 25)
        cy, cx = rng.uniform(0, height), rng.uniform(0, width)
        scene[(y - cy) ** 2 + (x - cx) ** 2 < radius**2] = rng.uniform(90, 200)
    scene = ndimage.gaussian_filter(scene, 0.7)
    scene[height // 8, 30 : 3 * width // 4] = 230  # a line one pixel wide, with two ends
    scene[height // 4 : 3 * height // 4, 2 * width // 5] = 5
    for cx in range(20, width - 20, 30):
        scene[height - 34 : height - 31, cx : cx + 3] = 200
    rim = np.abs(np.hypot(y - height // 2, x - 2 * width // 3) - height // 6) < 0.5
    scene[rim] = 220
    return scene


# Crop


def test_crop_removes_from_each_side():
    grey = np.arange(100 * 120, dtype=np.float32).reshape(100, 120)
    cropped = Crop(top=1, bottom=20, left=3, right=4).apply(grey)
    assert np.array_equal(cropped, grey[1:80, 3:116])
    assert np.array_equal(Crop().apply(grey), grey)


def test_crop_leaves_at_least_64_pixels():
    assert Crop(bottom=36).apply(np.zeros((100, 64))).shape == (64, 64)
    with pytest.raises(SettingsError, match="64 x 63"):
        Crop(bottom=37).apply(np.zeros((100, 64)))
    with pytest.raises(SettingsError, match="64 x 0"):
        Crop(top=60, bottom=60).apply(np.zeros((100, 64)))


@pytest.mark.parametrize("value", [-1, 1.5, True, "2", None])
def test_crop_takes_whole_numbers_only(value):
    with pytest.raises(SettingsError, match="left"):
        Crop(left=value)


# Outliers


@pytest.mark.parametrize("gain", [0.25, 0.5, 2, 20])
def test_shot_noise_is_left_alone(gain):
    counts = np.random.default_rng(3).poisson(draw_scene(768, 1024) * gain).astype(np.float32)
    repaired, count = repair_outliers(counts)
    assert count <= 1e-5 * counts.size
    assert np.count_nonzero(repaired != counts) == count


def test_noise_free_structures_are_left_alone():
    scene = draw_scene().astype(np.float32)
    repaired, count = repair_outliers(scene)
    assert count == 0
    assert np.array_equal(repaired, scene)


@pytest.mark.parametrize("density", [1e-4, 1e-3, 0.01, 0.05])
def test_salt_and_pepper_are_found(density):
    rng = np.random.default_rng(4)
    scene = draw_scene(768, 1024)
    edges = ndimage.maximum_filter(scene, 5) - ndimage.minimum_filter(scene, 5)
    sound = np.clip(scene + rng.normal(0, 8, scene.shape), 0, 255).astype(np.float32)
    chance = rng.random(scene.shape)
    salt, pepper = chance < density / 2, chance > 1 - density / 2
    grey = np.where(salt, 255, np.where(pepper, 0, sound)).astype(np.float32)
    repaired, count = repair_outliers(grey)
    changed = repaired != grey
    clear = (salt | pepper) & (np.abs(grey - sound) > 90) & (edges < 40)
    assert changed[clear].mean() >= 0.99
    assert np.count_nonzero(changed & ~salt & ~pepper) <= 1e-5 * grey.size
    assert count == pytest.approx(np.count_nonzero(changed), abs=0.001 * grey.size)
    # The repair is about as good as the median of eight noisy pixels can be.
    assert np.sqrt(np.mean((repaired - sound)[clear & changed] ** 2)) < 25


def test_single_and_paired_defects_to_the_corners():
    grey = np.random.default_rng(5).normal(100, 3, (96, 96)).astype(np.float32)
    grey[40:60, 40:60] += 80
    places = [(0, 0), (0, 50), (95, 95), (30, 95), (20, 20), (20, 21), (70, 30), (71, 31)]
    expected = grey.copy()
    for i, place in enumerate(places):
        grey[place] = 400 if i % 4 < 2 else -200
    repaired, count = repair_outliers(grey)
    assert count == len(places)
    assert np.abs(repaired - expected).max() < 20


@pytest.mark.parametrize("size", [2, 3, 4])
def test_tiny_particles_stay(size):
    grey = np.random.default_rng(6).normal(20, 2, (200, 200)).astype(np.float32)
    for y in range(5, 190, 20):
        grey[y : y + size, 5 : 5 + size] = 200
        grey[y : y + size, 100 : 100 + size] = 200
    assert repair_outliers(grey)[1] == 0


def test_bands_do_not_show():
    grey = np.tile(draw_scene(96, 128), (20, 1)).astype(np.float32)
    grey += np.random.default_rng(7).normal(0, 4, grey.shape).astype(np.float32)
    grey[::37, 64] = 255
    wide = np.ascontiguousarray(grey)
    upside_down = repair_outliers(np.ascontiguousarray(wide[::-1]))[0][::-1]
    assert np.array_equal(repair_outliers(wide)[0], upside_down)


def test_constant_picture_and_hopeless_noise_are_returned():
    flat = np.full((64, 64), 3, dtype=np.float32)
    assert repair_outliers(flat)[1] == 0
    sparse = (np.random.default_rng(8).random((256, 256)) < 0.12).astype(np.float32)
    repaired, _ = repair_outliers(sparse)
    assert repaired.dtype == np.float32


SALTED = np.random.default_rng(9).poisson(draw_scene(128, 160)).astype(np.float32)
SALTED[5::17, 3::19] = 255
SALTED[9::23, 7::29] = 0


@settings(max_examples=40)
@given(exponent=st.integers(-10, 12), offset=st.integers(-1000, 1000))
def test_scale_of_grey_does_not_matter_to_outliers(exponent, offset):
    # Powers of two and whole offsets keep float32 exact, so that the law holds to the bit.
    scaled = (SALTED + np.float32(offset)) * np.float32(2.0**exponent)
    repaired, count = repair_outliers(scaled)
    expected, expected_count = repair_outliers(SALTED)
    assert count == expected_count > 0
    assert np.array_equal(repaired != scaled, expected != SALTED)


def test_input_is_not_changed():
    before = SALTED.copy()
    repair_outliers(SALTED)
    stretch_contrast(SALTED)
    resize(SALTED, 0.5)
    assert np.array_equal(SALTED, before)


# Contrast


def test_percentiles_become_0_and_1():
    grey = np.linspace(100, 1100, 101 * 101, dtype=np.float32).reshape(101, 101)
    stretched = stretch_contrast(grey)
    assert stretched.dtype == np.float32
    assert stretched.min() == 0
    assert stretched.max() == 1
    assert (stretched == 0).mean() == pytest.approx(0.005, abs=2e-4)
    assert (stretched == 1).mean() == pytest.approx(0.005, abs=2e-4)
    assert stretched[50, 50] == pytest.approx(0.5, abs=1e-4)


def test_nearly_black_picture_falls_back_to_its_extremes():
    grey = np.full((100, 100), 10, dtype=np.float32)
    grey[50, :30] = 60
    stretched = stretch_contrast(grey)
    assert set(np.unique(stretched)) == {0, 1}


def test_constant_picture_is_unsuitable():
    with pytest.raises(UnsuitableImageError, match="same grey"):
        stretch_contrast(np.full((64, 64), 5, dtype=np.float32))


@pytest.mark.parametrize(("low", "high"), [(-1, 99), (50, 50), (1, 101), (float("nan"), 99)])
def test_percentiles_must_be_in_order(low, high):
    with pytest.raises(SettingsError, match="percentiles"):
        stretch_contrast(SALTED, low, high)


@settings(max_examples=40)
@given(factor=st.floats(1e-3, 1e3), offset=st.floats(-1e3, 1e3))
def test_contrast_does_not_depend_on_the_scale_of_grey(factor, offset):
    scaled = ((SALTED.astype(np.float64) + offset) * factor).astype(np.float32)
    np.testing.assert_allclose(stretch_contrast(scaled), stretch_contrast(SALTED), atol=1e-4)


def test_large_pictures_are_sampled():
    """All greys from 0 to 1000 equally often: 5 becomes 0, 995 becomes 1."""
    grey = np.tile(np.arange(1001, dtype=np.float32), (5000, 1))
    assert grey.size > 4_000_000
    stretched = stretch_contrast(grey)[0]
    places = [0, 5, 104, 500, 896, 995, 1000]
    assert stretched[places] == pytest.approx([0, 0, 0.1, 0.5, 0.9, 1, 1], abs=0.02)


# Rescaling


def test_factor_1_is_the_identity():
    assert resize(SALTED, 1) is SALTED
    assert resize(SALTED, 1.0) is SALTED


@settings(max_examples=40)
@given(
    height=st.integers(1, 80),
    width=st.integers(1, 80),
    factor=st.floats(0.01, 4),
)
def test_shape_and_range(height, width, factor):
    image = np.random.default_rng(height * 97 + width).random((height, width), dtype=np.float32)
    resized = resize(image, factor)
    assert resized.shape == (max(1, round(height * factor)), max(1, round(width * factor)))
    assert resized.dtype == np.float32
    assert resized.min() >= image.min()
    assert resized.max() <= image.max()


def test_shrinking_averages():
    checkers = (np.indices((256, 256)).sum(axis=0) % 2).astype(np.float32)
    assert resize(checkers, 0.25)[8:-8, 8:-8] == pytest.approx(0.5, abs=0.02)


def test_a_disc_keeps_its_place_and_size():
    y, x = np.mgrid[:200, :200]
    disc = (np.hypot(y - 79.5, x - 119.5) < 40).astype(np.float32)
    for factor in (0.5, 1.7):
        resized = resize(disc, factor)
        assert resized.sum() == pytest.approx(disc.sum() * factor**2, rel=0.01)
        centre = np.array(ndimage.center_of_mass(resized)) + 0.5
        assert centre == pytest.approx(np.array([80, 120]) * factor, abs=0.1)


@pytest.mark.parametrize("factor", [0, -1, float("nan"), float("inf")])
def test_factor_must_be_above_0(factor):
    with pytest.raises(SettingsError, match="rescale"):
        resize(SALTED, factor)


@pytest.mark.parametrize(
    ("shape", "factor", "multiple"),
    [((400, 613), 2.1408, 2), ((400, 613), 0.37, 2), ((300, 200), 2, 1), ((700, 90), 0.064, 2)],
)
def test_parts_of_a_resized_picture_are_those_of_the_whole(monkeypatch, shape, factor, multiple):
    rng = np.random.default_rng(0)
    image = rng.random(shape, np.float32)
    whole = resize(image, factor, multiple)
    assert np.array_equal(resized(image, factor, multiple), whole)  # small: made at once
    monkeypatch.setattr("semseg.preprocessing.preparation.MAX_HELD_PX", 1)
    parts = resized(image, factor, multiple)
    assert parts.shape == whole.shape
    for _ in range(20):
        (top, bottom), (left, right) = (
            np.sort(rng.integers(0, side + 1, 2)) for side in whole.shape
        )
        part = parts[top:bottom, left:right]
        assert part.dtype == np.float32
        np.testing.assert_allclose(part, whole[top:bottom, left:right], rtol=0, atol=2e-5)
    np.testing.assert_allclose(parts[:, :], whole, rtol=0, atol=2e-5)


def test_a_large_picture_that_keeps_its_size_is_itself(monkeypatch):
    monkeypatch.setattr("semseg.preprocessing.preparation.MAX_HELD_PX", 1)
    image = np.zeros((30, 40), np.float32)
    assert resized(image, 1.0, 2) is image
