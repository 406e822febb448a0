"""Tiles cover the picture, their weights sum to one, and blending changes nothing."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import downscale_local_mean

from semseg.inference.tiling import Cut, Span, cut, pad_to_multiple, predict_in_tiles, ramps, spans

FEW = settings(max_examples=60)
# What the float16 maps may be off by: half a step of each of four weighted tiles, and of the sum.
FLOAT16_ERROR = 0.0015


@st.composite
def asked(draw):
    """A side, how often it is cut, an overlap and a step, px."""
    side, count = draw(st.integers(1, 400)), draw(st.integers(1, 12))
    return side, count, draw(st.integers(0, 40)), draw(st.sampled_from([1, 4, 16]))


@given(asked())
@settings(max_examples=300)
def test_weights_sum_to_one_at_every_pixel(what):
    parts = spans(*what)
    total = np.zeros(what[0])
    for (start, stop), weight in zip(parts, ramps(parts), strict=True):
        assert weight.min() >= 0
        total[start:stop] += weight
    assert np.allclose(total, 1, atol=1e-6)


@given(asked())
@settings(max_examples=300)
def test_parts_cover_the_side_and_begin_where_they_may(what):
    side, count, overlap, step = what
    parts = spans(*what)
    assert (parts[0].start, parts[-1].stop) == (0, side)
    assert len(parts) <= count
    for before, after in pairwise(parts):
        assert after.start % step == 0
        assert before.stop - after.start == overlap
        assert after.stop > before.stop


def test_parts_are_of_one_length_but_for_the_last():
    assert spans(100, 1, 20, 4) == [(0, 100)]
    assert spans(100, 2, 20, 4) == [(0, 60), (40, 100)]
    assert spans(100, 3, 20, 4) == [(0, 48), (28, 76), (56, 100)]
    assert len(spans(100, 9, 20, 4)) == 4  # of two overlaps each


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 9000), st.integers(0, 30))
@FEW
def test_tiles_are_as_large_as_they_may_be(height, width, most, overlap):
    tiles = cut((height, width), most, overlap, 8)
    smallest = cut((height, width), 1, overlap, 8)
    assert tiles.largest <= max(most, smallest.largest)
    # larger tiles share less, so none that fits leaves less to do
    for rows, columns in product(range(1, 6), repeat=2):
        other = Cut(spans(height, rows, overlap, 8), spans(width, columns, overlap, 8))
        assert other.largest > most or other.area >= tiles.area


def test_what_may_be_seen_at_once_is_not_cut():
    assert cut((300, 400), 120_000, 64, 16) == ([(0, 300)], [(0, 400)])


def test_a_large_picture_is_looked_at_little_more_than_once():
    tiles = cut((4282, 6423), 1_375_000, 112, 16)
    assert tiles.area < 1.2 * 4282 * 6423
    assert tiles.largest <= 1_375_000


def in_tiles(image, predict, most, overlap, *, step=1, reduction=1, **further):
    """`predict_in_tiles` with tiles of so many pixels of the maps."""
    height, width = (-(-side // reduction) for side in image.shape)
    tiles = cut((height, width), most, overlap, step)
    return predict_in_tiles(image, predict, tiles, reduction=reduction, **further)


@given(st.integers(1, 90), st.integers(1, 90), st.integers(12, 40), st.integers(0, 2**32 - 1))
@FEW
def test_identity_gives_the_picture_back(height, width, side, seed):
    image = np.random.default_rng(seed).random((height, width), np.float32)
    sizes = []

    def identity(part):
        sizes.append(part.size)
        return np.stack([part, 1 - part])

    maps = in_tiles(image, identity, side**2, side // 4, maps=2)
    assert maps.shape == (2, height, width)
    assert maps.dtype == np.float16
    assert np.abs(maps[0] - image).max() < FLOAT16_ERROR
    assert np.abs(maps[1] - (1 - image)).max() < FLOAT16_ERROR
    assert max(sizes) <= side**2


def test_blending_adds_no_more_than_rounding():
    image = np.ones((200, 230), np.float32)
    maps = in_tiles(image, lambda part: part[None], 64**2, 20, maps=1)
    assert np.abs(maps - 1).max() <= FLOAT16_ERROR


def test_one_tile_is_the_prediction_itself():
    image = np.random.default_rng(0).random((30, 50), np.float32)
    seen = []

    def identity(part):
        seen.append(part)
        return part[None]

    maps = in_tiles(image, identity, 64**2, 16, maps=1)
    assert len(seen) == 1
    assert np.array_equal(seen[0], image)
    assert np.array_equal(maps[0], image.astype(np.float16))


def test_a_tile_sees_too_little_at_its_edge_so_its_neighbour_decides_there():
    """A quarter of the overlap at either end belongs to one tile alone."""
    image = np.zeros((1, 112), np.float32)
    calls = []

    def numbered(part):
        calls.append(part)
        return np.full((1, *part.shape), float(len(calls)), np.float32)

    tiles = Cut([Span(0, 1)], [Span(0, 64), Span(48, 112)])
    maps = predict_in_tiles(image, numbered, tiles, maps=1)[0, 0]
    assert (maps[:52] == 1).all()
    assert (maps[60:] == 2).all()
    assert (np.diff(maps[51:61]) > 0).all()


def test_tiles_that_begin_where_pooled_pixels_do_show_what_the_whole_shows():
    """A network that pools, as drawn: what it says of a place depends on where its blocks begin."""
    image = np.random.default_rng(0).random((96, 160), np.float32)

    def pooled(part):
        blocks = downscale_local_mean(part, (8, 8)).repeat(8, 0).repeat(8, 1)
        return blocks[None, : part.shape[0], : part.shape[1]]

    whole = pooled(image)
    apart = in_tiles(image, pooled, 48 * 64, 16, step=8, maps=1)
    assert np.abs(apart - whole).max() < FLOAT16_ERROR
    shifted = Cut([Span(0, 96)], [Span(0, 84), Span(68, 160)])
    assert np.abs(predict_in_tiles(image, pooled, shifted, maps=1) - whole).max() > 0.1


@given(st.integers(1, 45), st.integers(1, 45), st.integers(6, 20), st.integers(2, 4))
@FEW
def test_maps_may_be_coarser_than_the_picture(height, width, side, reduction):
    image = np.random.default_rng(0).random((reduction * height, reduction * width), np.float32)

    def coarse(part):
        assert all(side % reduction == 0 for side in part.shape)
        return downscale_local_mean(part, (reduction, reduction))[None]

    maps = in_tiles(image, coarse, side**2, side // 3, reduction=reduction, maps=1)
    assert maps.shape == (1, height, width)
    assert np.abs(maps - coarse(image)).max() < FLOAT16_ERROR


def test_progress_rises_to_one():
    told = []
    image = np.zeros((100, 150), np.float32)
    in_tiles(image, lambda part: part[None], 64**2, 16, maps=1, progress=told.append)
    assert len(told) > 3
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
