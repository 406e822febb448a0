"""Tiles cover the picture, their weights sum to one, and blending changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import downscale_local_mean

from semseg.inference.tiling import pad_to_multiple, predict_in_tiles, ramps, tile_starts

FEW = settings(max_examples=60)
# What the float16 maps may be off by: half a step of each of four weighted tiles, and of the sum.
FLOAT16_ERROR = 0.0015


@st.composite
def cuts(draw):
    """A side, a tile and an overlap of at most a third of it, px."""
    tile = draw(st.integers(3, 96))
    overlap = draw(st.integers(1, tile // 3))
    return draw(st.integers(1, 6 * tile)), tile, overlap


@given(cuts())
@settings(max_examples=300)
def test_weights_sum_to_one_at_every_pixel(cut):
    side = cut[0]
    total = np.zeros(side)
    for start, weight in zip(tile_starts(*cut), ramps(*cut), strict=True):
        assert weight.min() >= 0
        total[start : start + weight.size] += weight
    assert np.allclose(total, 1, atol=1e-6)


@pytest.mark.parametrize("side", [40, 41, 45, 79, 80])
def test_tiles_may_abut_without_overlap(side):
    total = np.zeros(side)
    for start, weight in zip(tile_starts(side, 20, 0), ramps(side, 20, 0), strict=True):
        total[start : start + weight.size] += weight
    assert np.allclose(total, 1, atol=1e-6)


@given(cuts())
@settings(max_examples=300)
def test_tiles_cover_the_side_and_overlap_enough(cut):
    side, tile, overlap = cut
    starts = tile_starts(side, tile, overlap)
    assert starts[0] == 0
    assert starts[-1] == max(side - tile, 0)
    steps = np.diff(starts)
    assert (steps > 0).all()
    # the steps are rounded to whole pixels
    assert (steps <= tile - overlap + 0.5).all()


def test_no_more_tiles_than_needed():
    assert tile_starts(100, 100, 20) == [0]
    assert tile_starts(101, 100, 20) == [0, 1]
    assert tile_starts(180, 100, 20) == [0, 80]
    assert len(tile_starts(181, 100, 20)) == 3


@given(st.integers(1, 90), st.integers(1, 90), st.integers(12, 40), st.integers(0, 2**32 - 1))
@FEW
def test_identity_gives_the_picture_back(height, width, tile, seed):
    image = np.random.default_rng(seed).random((height, width), np.float32)
    sizes = []

    def identity(part):
        sizes.append(part.shape)
        return np.stack([part, 1 - part])

    maps = predict_in_tiles(image, identity, maps=2, tile=tile, overlap=tile // 4)
    assert maps.shape == (2, height, width)
    assert maps.dtype == np.float16
    assert np.abs(maps[0] - image).max() < FLOAT16_ERROR
    assert np.abs(maps[1] - (1 - image)).max() < FLOAT16_ERROR
    assert max(max(size) for size in sizes) <= tile


def test_blending_adds_no_more_than_rounding():
    image = np.ones((200, 230), np.float32)
    maps = predict_in_tiles(image, lambda part: part[None], maps=1, tile=64, overlap=20)
    assert np.abs(maps - 1).max() <= FLOAT16_ERROR


def test_a_picture_smaller_than_the_tile_is_predicted_whole():
    image = np.random.default_rng(0).random((30, 50), np.float32)
    seen = []

    def identity(part):
        seen.append(part)
        return part[None]

    maps = predict_in_tiles(image, identity, maps=1, tile=64, overlap=16)
    assert len(seen) == 1
    assert np.array_equal(seen[0], image)
    assert np.array_equal(maps[0], image.astype(np.float16))


def test_a_tile_sees_too_little_at_its_edge_so_its_neighbour_decides_there():
    """A quarter of the overlap at either end belongs to one tile alone."""
    image = np.zeros((1, 112), np.float32)  # tiles 0..63 and 48..111
    calls = []

    def numbered(part):
        calls.append(part)
        return np.full((1, *part.shape), float(len(calls)), np.float32)

    maps = predict_in_tiles(image, numbered, maps=1, tile=64, overlap=16)[0, 0]
    assert (maps[:52] == 1).all()
    assert (maps[60:] == 2).all()
    assert (np.diff(maps[51:61]) > 0).all()


@given(st.integers(1, 45), st.integers(1, 45), st.integers(6, 20), st.integers(2, 4))
@FEW
def test_maps_may_be_coarser_than_the_picture(height, width, tile, reduction):
    image = np.random.default_rng(0).random((reduction * height, reduction * width), np.float32)

    def coarse(part):
        assert all(side % reduction == 0 for side in part.shape)
        return downscale_local_mean(part, (reduction, reduction))[None]

    cut = {"tile": reduction * tile, "overlap": reduction * (tile // 3), "reduction": reduction}
    maps = predict_in_tiles(image, coarse, maps=1, **cut)
    assert maps.shape == (1, height, width)
    assert np.abs(maps - coarse(image)).max() < FLOAT16_ERROR


def test_progress_rises_to_one():
    told = []
    image = np.zeros((100, 150), np.float32)
    predict_in_tiles(
        image, lambda part: part[None], maps=1, tile=64, overlap=16, progress=told.append
    )
    assert len(told) == 2 * 3
    assert told == sorted(set(told))
    assert told[-1] == 1


@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from([1, 8, 16, 32]))
@FEW
def test_padding_reaches_the_next_multiple_and_keeps_the_picture(height, width, divisor):
    image = np.random.default_rng(height * 71 + width).random((height, width), np.float32)
    padded = pad_to_multiple(image, divisor)
    for before, after in zip(image.shape, padded.shape, strict=True):
        assert after % divisor == 0
        assert before <= after < before + divisor
    assert np.array_equal(padded[:height, :width], image)


def test_padding_mirrors_at_the_lower_and_right_edge():
    image = np.arange(5 * 7, dtype=np.float32).reshape(5, 7)
    padded = pad_to_multiple(image, 8)
    assert np.array_equal(padded[5:8, :7], image[[3, 2, 1]])
    assert np.array_equal(padded[:5, 7], image[:, 5])


def test_nothing_is_padded_where_nothing_is_missing():
    image = np.zeros((32, 48), np.float32)
    assert pad_to_multiple(image, 16) is image
