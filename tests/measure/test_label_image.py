"""A label image that shares with others what did not change."""

from __future__ import annotations

import numpy as np
import pytest

from semseg.measure.label_image import SIDE_PX, LabelImage

HEIGHT, WIDTH = 2 * SIDE_PX + 40, SIDE_PX + 300  # the last tiles are smaller


@pytest.fixture
def found():
    return np.random.default_rng(0).integers(0, 99, (HEIGHT, WIDTH), dtype=np.int32)


def test_what_is_painted_window_by_window_is_what_an_array_would_be(found):
    rng = np.random.default_rng(1)
    image, array = LabelImage(found), found.copy()
    for _ in range(40):
        top, left = int(rng.integers(0, HEIGHT - 1)), int(rng.integers(0, WIDTH - 1))
        bottom, right = (
            int(rng.integers(top + 1, HEIGHT + 1)),
            int(rng.integers(left + 1, WIDTH + 1)),
        )
        window = slice(top, bottom), slice(left, right)
        labels = rng.integers(0, 99, (bottom - top, right - left), dtype=np.int32)
        np.testing.assert_array_equal(image[window], array[window])
        image, array[window] = image.painted(window, labels), labels
        np.testing.assert_array_equal(image[window], labels)
    np.testing.assert_array_equal(image.whole(), array)


def test_the_image_before_stays_as_it_was(found):
    before, was = LabelImage(found), found.copy()
    window = slice(SIDE_PX - 2, SIDE_PX + 3), slice(4, 9)
    once = before.painted(window, np.full((5, 5), 100, np.int32))
    twice = once.painted(window, np.full((5, 5), 101, np.int32))
    assert (once[window] == 100).all()
    assert (twice[window] == 101).all()
    np.testing.assert_array_equal(before.whole(), was)


def test_only_the_tiles_that_changed_are_new(found):
    before = LabelImage(found)
    once = before.painted((slice(0, 2), slice(0, 2)), np.zeros((2, 2), np.int32))
    corner = slice(HEIGHT - 1, HEIGHT), slice(WIDTH - 1, WIDTH)
    twice = once.painted(corner, np.zeros((1, 1), np.int32))
    assert set(once.tiles) == {(0, 0)}
    assert set(twice.tiles) == {(0, 0), (2, 2)}
    assert twice.tiles[0, 0] is once.tiles[0, 0]
    assert twice.found is found
    assert before.whole() is found
    assert (before.shape, before.size) == ((HEIGHT, WIDTH), HEIGHT * WIDTH)
