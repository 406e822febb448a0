"""Pixels of the network and pixels of the file."""

import numpy as np
import pytest

from semseg.measure.grid import Grid

# 3 x 5 px of the file, of which the last 2 x 4 are analysed, seen as 4 x 12
GRID = Grid(recorded=(3, 5), frame=(2, 4), network=(4, 12), top=1, left=1)


def test_the_frame_begins_behind_the_crop():
    assert np.arange(15).reshape(3, 5)[GRID.window].tolist() == [[6, 7, 8, 9], [11, 12, 13, 14]]


def test_corners_of_the_frame_are_corners_of_the_frame():
    assert GRID.corners([[0, 0], [12, 4], [3, 1]]).tolist() == [[1, 1], [5, 3], [2, 1.5]]


def test_a_centre_lies_between_its_corners():
    # the first pixel of the network covers a third of a column and half a row
    (x, y) = GRID.centres([[0, 0]])[0]
    assert (x, y) == pytest.approx((1 + 1 / 6 - 0.5, 1 + 1 / 4 - 0.5))


def test_a_pixel_of_the_network_covers_its_share_of_the_file():
    assert GRID.scale == (2.0, 3.0)
    assert GRID.pixel**2 == pytest.approx(1 / 6)


def test_nothing_moves_where_the_network_saw_the_file_itself():
    grid = Grid.whole((7, 9), (7, 9))
    assert grid.pixel == 1
    assert grid.centres([[2.5, 3.25]]).tolist() == [[2.5, 3.25]]
