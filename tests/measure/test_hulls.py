"""Convex hulls: whole, strictly convex, and made of corners of pixels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from semseg.measure import hulls as module
from semseg.measure.runs import runs_of

pictures = arrays(
    np.int32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 3)
)


def corners_of_pixels(labels, label):
    """(n, 2), x and y of the corners of all its pixels."""
    row, column = np.nonzero(labels == label)
    each = np.add.outer(np.column_stack([column, row]), [0, 1])  # (k, 2, 2): x or y, low or high
    return np.concatenate(
        [np.column_stack([each[:, 0, i], each[:, 1, j]]) for i, j in np.ndindex(2, 2)]
    )


def turns(polygon, points):
    """(M, n): twice the area of the triangle that each side makes with each point; positive to the
    right of it, for whoever walks along."""
    ahead = np.roll(polygon, -1, axis=0) - polygon
    away = points[None] - polygon[:, None]
    return ahead[:, :1] * away[..., 1] - ahead[:, 1:] * away[..., 0]


def check(labels):
    runs = runs_of(labels)
    assert len(runs.hulls) == len(runs.labels)
    for label, hull in zip(runs.labels.tolist(), runs.hulls, strict=True):
        points = corners_of_pixels(labels, label)
        assert {tuple(corner) for corner in hull.tolist()} <= set(map(tuple, points.tolist()))
        assert (turns(hull, points) >= 0).all()  # nothing outside, and clockwise
        sides = turns(hull, np.roll(hull, -2, axis=0)).diagonal()
        assert (sides > 0).all()  # no three on a line


@given(pictures)
def test_a_hull_holds_its_particle_and_nothing_more(labels):
    check(labels)


def test_shapes_that_bulge_late():
    """A ball on a wide plate, a star, a long thin bow: much of the outline is no corner."""
    y, x = np.mgrid[:200, :320]
    labels = np.zeros(y.shape, np.int32)
    labels[np.hypot(y - 60, x - 80) < 50] = labels[150:160, 2:170] = 1
    labels[np.hypot(y - 60, x - 250) < 20 + 30 * np.cos(5 * np.arctan2(y - 60, x - 250))] = 2
    labels[(np.abs(np.hypot(y - 300, x - 200) - 170) < 2)] = 3
    check(labels)


def test_areas_are_those_of_the_polygons():
    labels = np.zeros((9, 9), np.int32)
    labels[1:4, 1:8], labels[6, 6] = 2, 5
    assert runs_of(labels).hulls.areas().tolist() == [21.0, 1.0]


@given(pictures)
def test_stacks_are_all_polygons_once(labels):
    hulls = runs_of(labels).hulls
    each = list(hulls)
    met = []
    for which, corners in hulls.stacks():
        for index, polygon in zip(which.tolist(), corners.tolist(), strict=True):
            assert polygon == each[index].tolist()
            met.append(index)
    assert sorted(met) == list(range(len(hulls)))


def test_stacks_are_bounded(monkeypatch):
    labels = np.arange(1, 26, dtype=np.int32).reshape(5, 5)
    monkeypatch.setattr(module, "MAX_STACKED", 50)
    assert [len(which) for which, _ in runs_of(labels).hulls.stacks()] == [3] * 8 + [1]


def test_nothing_has_no_hulls():
    hulls = runs_of(np.zeros((4, 5), np.int32)).hulls
    assert len(hulls) == 0
    assert list(hulls) == []
    assert list(hulls.stacks()) == []
    assert hulls.areas().size == 0
