"""Lines and polygons on a grid, against shapes whose pixels are known."""

import numpy as np
import pytest

from semseg.editing.rasters import extended, largest_piece, parted
from semseg.measure.area import inside
from semseg.measure.shape import outlines


def box(height=20, width=30, top=4, left=5, bottom=14, right=25):
    mask = np.zeros((height, width), bool)
    mask[top:bottom, left:right] = True
    return mask


@pytest.mark.parametrize("seed", range(5))
def test_an_outline_holds_the_pixels_that_it_was_traced_from(seed):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:40, :50]
    radius = rng.uniform(5, 15)
    blob = np.hypot(y - rng.uniform(16, 24), x - rng.uniform(18, 30)) < radius
    blob = largest_piece(blob & (rng.random(blob.shape) > 0.1))
    traced = outlines(blob.astype(np.int32))[1] + 0.5
    assert np.array_equal(inside(traced, blob.shape), blob)


@pytest.mark.parametrize(("column", "sizes"), [(15.0, (100, 100)), (11.0, (140, 60))])
def test_a_line_parts_where_it_runs(column, sizes):
    mask = box()
    parts = parted(mask, [np.array([[column, 0.0], [column, 20.0]])])
    assert np.array_equal(parts > 0, mask)
    assert tuple(np.bincount(parts.ravel())[1:]) == sizes
    larger = parts[8, 20]  # the right one, or the first of two alike
    assert larger == (1 if sizes[0] > sizes[1] else 2)


def test_a_slanted_line_parts_within_half_a_pixel_of_itself():
    mask = box(60, 60, 5, 5, 55, 55)
    start, end = np.array([10.3, 0.0]), np.array([47.9, 60.0])
    parts = parted(mask, [np.array([start, end])])
    assert parts.max() == 2
    y, x = np.nonzero(mask)
    along = end - start
    across = along[0] * (y + 0.5 - start[1]) - along[1] * (x + 0.5 - start[0])
    distance = across / np.hypot(*along)
    sides = [distance[parts[y, x] == part] for part in (1, 2)]
    apart = sorted(sides, key=np.mean)
    assert apart[0].max() <= 0.01
    assert apart[1].min() >= -0.01


def test_several_lines_make_several_parts():
    lines = [np.array([[column, 0.0], [column, 20.0]]) for column in (10.0, 16.0)]
    parts = parted(box(), lines)
    assert np.bincount(parts.ravel())[1:].tolist() == [90, 60, 50]


def test_a_line_that_ends_inside_parts_nothing_unless_it_is_led_on():
    mask = box()
    short = np.array([[15.0, 6.0], [15.0, 9.0]])
    assert parted(mask, [short]).max() == 1
    assert parted(mask, [extended(short, mask)]).max() == 2


def test_a_line_led_on_ends_where_the_particle_does():
    mask = box()
    mask[4:14, 13] = False  # two bodies; a line within one must not part the other
    line = extended(np.array([[8.0, 9.0], [10.0, 9.0]]), mask)
    assert line[:, 0].min() == pytest.approx(5.0, abs=0.5)
    assert line[:, 0].max() == pytest.approx(13.0, abs=0.5)
    outside = np.array([[1.0, 1.0], [2.0, 1.0]])
    assert np.array_equal(extended(outside, mask), outside)
    dot = np.array([[8.0, 9.0], [8.0, 9.0]])
    assert np.array_equal(extended(dot, mask), dot[:1])
    rested = np.array([[8.0, 9.0], [8.0, 9.0], [10.0, 9.0], [10.0, 9.0]])
    assert np.array_equal(extended(rested, mask), line)


def test_slivers_stay_with_the_part_beside_them():
    mask = box(40, 40, 0, 0, 40, 40)
    jagged = np.array([[20.0, 0.0], [20.0, 39.4], [21.4, 39.4], [21.4, 40.0]])
    parts = parted(mask, [jagged, np.array([[20.0, 39.4], [20.0, 40.0]])])
    assert np.bincount(parts.ravel())[1:].tolist() == [800, 800]


def test_the_largest_piece_is_whole():
    mask = box()
    mask[8, 10] = False
    mask[18, 2] = True
    assert np.array_equal(largest_piece(mask), box())
    assert not largest_piece(np.zeros((4, 4), bool)).any()
