"""How much of a particle is seen, on shapes whose truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from semseg.measure.runs import runs_of
from semseg.measure.visibility import FULLY_VISIBLE, visibility


def disc(labels, label, x, y, radius):
    rows, columns = np.ogrid[: labels.shape[0], : labels.shape[1]]
    labels[(columns - x) ** 2 + (rows - y) ** 2 <= radius**2] = label


def test_a_bite_counts_as_what_it_takes():
    labels = np.zeros((8, 12), np.int32)
    labels[1:7, 1:11] = 1  # 60 pixels
    labels[3:5, 5:11] = 2  # 12 of them
    assert visibility(labels).tolist() == [48 / 60, 1.0]


def test_particles_that_only_touch_are_fully_visible():
    labels = np.zeros((40, 80), np.int32)
    disc(labels, 1, 20, 20, 12)
    disc(labels, 2, 45, 20, 12)
    assert visibility(labels).tolist() == [1.0, 1.0]


def test_the_covered_disc_is_told_from_the_one_on_top():
    labels = np.zeros((60, 80), np.int32)
    disc(labels, 1, 30, 30, 18)
    disc(labels, 2, 42, 30, 12)  # painted over it
    below, top = visibility(labels)
    assert below < 0.8 < FULLY_VISIBLE < top


def test_a_concave_particle_alone_is_fully_visible():
    labels = np.zeros((30, 30), np.int32)
    labels[5:25, 5:10] = labels[20:25, 5:25] = 1
    assert visibility(labels).tolist() == [1.0]


def test_rows_follow_the_labels_that_occur():
    labels = np.zeros((20, 20), np.int32)
    labels[2:5, 2:5], labels[10:14, 10:14] = 3, 7
    assert visibility(labels).tolist() == [1.0, 1.0]
    assert visibility(np.zeros((5, 5), np.int32)).size == 0


@pytest.mark.parametrize("turn", range(4))
def test_turning_the_picture_changes_nothing(turn):
    rng = np.random.default_rng(3)
    labels = np.zeros((90, 90), np.int32)
    for label in range(1, 20):
        disc(labels, label, *rng.uniform(10, 80, 2), rng.uniform(4, 14))
    present = np.unique(labels)[1:]
    seen = dict(zip(present, visibility(labels), strict=True))
    turned = dict(zip(present, visibility(np.rot90(labels, turn)), strict=True))
    for label in present:
        assert turned[label] == pytest.approx(seen[label], abs=0.03)  # edges of the mask


def inside(hull, y, x):
    """Whether the centre of pixel (y, x) lies in a convex polygon, or on its edge; exact."""
    sides = [
        (b[0] - a[0]) * (2 * y + 1 - 2 * a[1]) - (b[1] - a[1]) * (2 * x + 1 - 2 * a[0])
        for a, b in zip(hull, np.roll(hull, -1, axis=0), strict=True)
    ]
    return min(sides) >= 0 or max(sides) <= 0


@given(
    arrays(np.int32, array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.integers(0, 3))
)
def test_the_hull_is_looked_at_pixel_by_pixel(labels):
    runs = runs_of(labels)
    expected = []
    for label, hull in zip(runs.labels, runs.hulls, strict=True):
        filled = sum(inside(hull, y, x) for y, x in np.argwhere(labels > 0))
        expected.append((labels == label).sum() / filled)
    assert visibility(labels).tolist() == expected
