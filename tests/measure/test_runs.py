"""Runs against the pixels that they stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from semseg.measure.runs import runs_of

pictures = arrays(
    np.int32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 3)
)


def painted(runs, shape):
    picture = np.zeros(shape, np.int32)
    for label, row, start, stop in zip(runs.label, runs.row, runs.start, runs.stop, strict=True):
        assert start < stop
        assert (picture[row, start:stop] == 0).all()
        picture[row, start:stop] = label
    return picture


@given(pictures)
def test_runs_are_the_picture(labels):
    runs = runs_of(labels)
    np.testing.assert_array_equal(painted(runs, labels.shape), labels)
    keys = list(zip(runs.label, runs.row, runs.start, strict=True))
    assert keys == sorted(keys)


@given(pictures)
def test_areas_and_boxes_are_those_of_the_pixels(labels):
    runs = runs_of(labels)
    areas = np.bincount(labels.ravel())
    present = np.flatnonzero(areas[1:]) + 1
    assert runs.labels.tolist() == present.tolist()
    assert runs.areas().tolist() == areas[present].tolist()
    boxes = [
        [box[0].start, box[1].start, box[0].stop, box[1].stop]
        for box in ndimage.find_objects(labels)
        if box is not None
    ]
    assert runs.boxes().tolist() == boxes


@given(pictures)
def test_what_is_not_doubtful_is_whole(labels):
    runs = runs_of(labels)
    for label in set(runs.labels.tolist()) - set(runs.doubtful().tolist()):
        inside = labels == label
        assert ndimage.label(inside)[1] == 1
        assert (ndimage.binary_fill_holes(inside) == inside).all()


def test_discs_are_not_doubtful_but_rings_and_pairs_are():
    y, x = np.mgrid[:40, :120]
    labels = np.zeros((40, 120), np.int32)
    for label, centre in enumerate((20, 60, 100), start=1):
        labels[np.hypot(y - 20, x - centre) < 15] = label
    labels[18:22, 58:62] = 0
    labels[:, 100:101] = 0
    assert runs_of(labels).doubtful().tolist() == [2, 3]


def test_places_far_beyond_the_runs():
    labels = np.zeros((2, 12), np.int32)
    labels[:, 0] = 1
    label, row, column = np.array([[1, 1, 1, 2], [0, 1, 7, 0], [13, 13, 0, 0]])
    assert runs_of(labels).before(label, row, column).tolist() == [1, 2, 2, 2]


@given(pictures, st.data())
def test_pixels_before_a_place(labels, data):
    runs = runs_of(labels)
    height, width = labels.shape
    label = data.draw(st.integers(1, 4))
    row, column = data.draw(st.integers(0, height)), data.draw(st.integers(-1, width + 1))
    rows, columns = np.indices(labels.shape)
    precedes = (rows < row) | ((rows == row) & (columns < column))
    expected = ((labels > 0) & (labels < label)).sum() + ((labels == label) & precedes).sum()
    assert runs.before(*np.array([[label], [row], [column]])).tolist() == [expected]


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5, 0), (3, 4)])
def test_an_empty_picture_has_no_runs(shape):
    runs = runs_of(np.zeros(shape, np.int32))
    for nothing in (runs.label, runs.labels, runs.areas(), runs.doubtful()):
        assert nothing.size == 0
    assert runs.boxes().shape == (0, 4)
    assert runs.before(np.array([1]), np.array([0]), np.array([2])).tolist() == [0]


def test_bands_do_not_show(monkeypatch):
    labels = np.random.default_rng(3).integers(0, 4, (50, 30)).astype(np.int32)
    whole = runs_of(labels)
    monkeypatch.setattr("semseg.bands.BAND_PX", 7 * 30)
    banded = runs_of(labels)
    for name in ("label", "row", "start", "stop"):
        assert getattr(whole, name).tolist() == getattr(banded, name).tolist()
