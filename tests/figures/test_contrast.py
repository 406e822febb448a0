"""The contrast in which pictures are shown."""

import numpy as np
import pytest

from semseg.figures.contrast import display_range


def test_the_darkest_and_brightest_thousandth_are_left_out():
    grey = np.arange(1001, dtype=np.float32).reshape(77, 13)
    assert display_range(grey) == pytest.approx((1, 999))


@pytest.mark.parametrize("level", [0.0, 0.25, 65535.0, -3.0])
def test_an_even_picture_has_a_range_too(level):
    low, high = display_range(np.full((9, 9), level, np.float32))
    assert low == level
    assert np.isfinite(np.float32(255 / (high - low)))


def test_a_large_picture_is_sampled():
    grey = np.zeros((3000, 3000), np.float32)
    grey[::3, ::3] = 7  # the pixels that are looked at
    assert display_range(grey)[0] == 7
