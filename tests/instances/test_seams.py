"""Seams: what is known of them, and what becomes of the fragments on both sides."""

import numpy as np
import pytest

from semseg.instances.seams import FEATURES, join, join_by_prominence, merge_log_odds, seams


@pytest.fixture
def three():
    """Three fragments in a row, 4 rows high and 6, 6 and 3 columns wide; a lone fourth."""
    labels = np.zeros((12, 20), np.int32)
    labels[2:6, 1:7], labels[2:6, 7:13], labels[2:6, 13:16] = 1, 2, 3
    labels[8:11, 2:5] = 4
    maps = np.zeros((3, 12, 20), np.float32)
    maps[0] = labels > 0
    elevation = np.where(labels > 0, 0.5, 0).astype(np.float32)
    elevation[3, 3], elevation[3, 9], elevation[3, 14], elevation[9, 3] = 0.9, 0.8, 0.55, 0.7
    return labels, elevation, maps


def test_each_touching_pair_has_one_seam(three):
    found = seams(*three)
    assert found[["first", "second"]].values.tolist() == [[1, 2], [2, 3]]
    assert list(found.columns) == ["first", "second", "length", *FEATURES]


def test_what_is_known_of_a_seam(three):
    labels, elevation, maps = three
    maps[2, 2:6, 6] = [1.0, 0.8, 0.2, 0.0]
    maps[0, 2, 7] = 0.6
    found = seams(labels, elevation, maps).iloc[0]
    assert found["boundary"] == pytest.approx(0.5)
    assert found["boundary_low"] == pytest.approx(0.2)  # second lowest of four
    assert found["foreground"] == pytest.approx((0.6 + 3) / 4)
    diameter = np.sqrt(4 * 24 / np.pi)
    assert found["width"] == pytest.approx(4 / diameter)
    assert found["saddle"] == pytest.approx(0.5 / 0.8)
    assert found["lower_peak"] == pytest.approx(0.8)
    assert found["size"] == pytest.approx(np.log(diameter))
    assert found["ratio"] == pytest.approx(0)
    other = seams(labels, elevation, maps).iloc[1]
    assert other["ratio"] == pytest.approx(np.log(np.sqrt(24 / 12)))


def test_corners_do_not_touch():
    labels = np.array([[1, 0], [0, 2]], np.int32)
    assert seams(labels, labels / 2, np.ones((3, 2, 2))).empty


def test_bands_change_nothing(three, monkeypatch):
    whole = seams(*three)
    for rows in (1, 3, 5):
        monkeypatch.setattr("semseg.instances.seams.BAND_ROWS", rows)
        assert seams(*three).equals(whole)


def test_joined_sides_become_one(three):
    labels, elevation, maps = three
    found = seams(labels, elevation, maps)
    assert np.array_equal(join(labels, found, np.array([-1.0, 0.0])), labels)
    both = join(labels, found, np.array([1.0, 0.5]))
    assert np.array_equal(both > 0, labels > 0)
    assert np.unique(both).tolist() == [0, 1, 4]


@pytest.mark.parametrize(
    ("odds", "parts"),
    [
        # 1-2, 1-3, 2-3 of three fragments that all touch
        ((2.0, 1.5, -1.0), [1, 1, 1]),  # 1.5 - 1.0 still speaks for one
        ((2.0, 1.5, -1.6), [1, 1, 3]),  # joined along 1-3 alone, 2 and 3 would be one as well
        ((2.0, -1.5, 1.0), [1, 1, 3]),
        ((-3.0, 1.0, 2.0), [1, 2, 2]),
        ((-1.0, -1.0, -1.0), [1, 2, 3]),
        ((2.0, -np.inf, 9.0), [1, 2, 2]),
        ((np.inf, np.inf, 0.0), [1, 1, 1]),
        ((np.inf, 0.0, np.inf), [1, 1, 1]),
        ((0.0, 0.0, np.inf), [1, 2, 2]),
    ],
)
def test_a_seam_that_looks_real_stands_against_two_that_do_not(odds, parts):
    labels = np.array([[1, 1, 2, 2], [1, 3, 3, 2], [3, 3, 3, 3]], np.int32)
    found = seams(labels, np.ones(labels.shape), np.ones((3, *labels.shape)))
    assert found[["first", "second"]].to_numpy().tolist() == [[1, 2], [1, 3], [2, 3]]
    expected = np.array([0, *parts], np.int32)[labels]
    np.testing.assert_array_equal(join(labels, found, np.array(odds)), expected)


def test_basins_whose_peaks_hardly_stand_out_are_joined(three):
    labels, elevation, maps = three
    found = seams(labels, elevation, maps)
    # peaks 0.9, 0.8, 0.55 over saddles of 0.5
    assert np.unique(join_by_prominence(labels, elevation, found, 0.04)).tolist() == [0, 1, 2, 3, 4]
    assert np.unique(join_by_prominence(labels, elevation, found, 0.1)).tolist() == [0, 1, 2, 4]
    assert np.unique(join_by_prominence(labels, elevation, found, 0.35)).tolist() == [0, 1, 4]


def test_the_merge_classifier_weighs_the_features(three):
    found = seams(*three)
    classifier = {
        "features": ["saddle", "ratio"],
        "mean": [0.5, 0.0],
        "scale": [0.5, 1.0],
        "weights": [2.0, -1.0],
        "intercept": 0.25,
    }
    odds = 2 * (0.5 / 0.8 - 0.5) / 0.5 - 0 + 0.25
    assert merge_log_odds(found, classifier)[0] == pytest.approx(odds)


def test_nothing_has_no_seams():
    empty = np.zeros((4, 5), np.int32)
    found = seams(empty, empty.astype(float), np.zeros((3, 4, 5)))
    assert found.empty
    assert np.array_equal(join_by_prominence(empty, empty.astype(float), found, 0.1), empty)
