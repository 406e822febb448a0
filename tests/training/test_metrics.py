"""The agreement of labels with the truth, against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.metrics import compare, pool


@pytest.fixture
def by_hand():
    """Two true ones of 6 and 4 px.

    Found: the first with 4 of its 6 px and 1 px too many, the second missed, one invented.
    """
    truth = np.array(
        [
            [1, 1, 1, 0, 0, 0],
            [1, 1, 1, 0, 0, 0],
            [0, 0, 0, 0, 2, 2],
            [0, 0, 0, 0, 2, 2],
        ]
    )
    found = np.array(
        [
            [0, 1, 1, 1, 0, 0],
            [0, 1, 1, 0, 0, 0],
            [2, 2, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0],
        ]
    )
    return compare(truth, found)


def test_best_iou_of_each_instance(by_hand):
    assert by_hand.best_of_true.tolist() == pytest.approx([4 / 7, 0])
    assert by_hand.best_of_found.tolist() == pytest.approx([4 / 7, 0])


def test_scores_of_instances(by_hand):
    assert by_hand.f1(0.5) == pytest.approx(2 * 1 / (2 * 1 + 1 + 1))
    assert by_hand.f1(0.6) == 0
    assert by_hand.precision() == 0.5
    assert by_hand.recall() == 0.5
    assert by_hand.panoptic_quality == pytest.approx((4 / 7) / (1 + 0.5 + 0.5))


def test_scores_of_pixels(by_hand):
    # 4 px right, 3 invented, 6 missed, 11 rightly left alone
    assert by_hand.pixels.tolist() == [4, 3, 6, 11]
    assert by_hand.image_iou == pytest.approx(4 / 13)
    assert by_hand.youden == pytest.approx(4 / 10 + 11 / 14 - 1)


def test_the_example_of_the_docstring():
    counts = compare(np.array([[1, 1, 0, 2]]), np.array([[1, 1, 0, 0]]))
    assert counts.f1(0.5) == pytest.approx(2 / 3)
    assert counts.precision() == 1
    assert counts.recall() == 0.5


def test_an_iou_at_the_threshold_is_no_match():
    half = compare(np.array([[1, 1]]), np.array([[1, 0]]))
    assert half.best_of_true.tolist() == [0.5]
    assert half.f1(0.5) == 0
    assert half.f1(0.49) == 1


def test_merged_and_split_particles_are_wrong():
    two, one = np.array([[1, 1, 2, 2]]), np.array([[1, 1, 1, 1]])
    merged, split = compare(two, one), compare(one, two)
    assert merged.f1(0.5) == split.f1(0.5) == 0
    assert merged.image_iou == split.image_iou == 1


def test_a_true_one_that_is_nowhere_visible_is_missed():
    agreement = compare(np.array([[2, 2, 0]]), np.array([[1, 1, 0]]))
    assert agreement.best_of_true.tolist() == [0, 1]


@pytest.mark.parametrize("empty", ["truth", "found"])
def test_nothing_on_one_side(empty):
    blank, labels = np.zeros((4, 4), int), np.eye(4, dtype=int)
    agreement = compare(blank, labels) if empty == "truth" else compare(labels, blank)
    assert agreement.f1(0.5) == 0
    assert agreement.image_iou == 0
    assert agreement.panoptic_quality == 0
    assert agreement.precision() == (0 if empty == "truth" else 1)
    assert agreement.recall() == (1 if empty == "truth" else 0)


def random_labels(seed, count):
    """Labels 1..count, each on at least one pixel."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, count + 1, (12, 12))
    labels.flat[:count] = np.arange(1, count + 1)
    return labels


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 6))
@settings(max_examples=40)
def test_exchanging_truth_and_found_exchanges_precision_and_recall(seed, count, other):
    a, b = random_labels(seed, count), random_labels(seed + 1, other)
    there, back = compare(a, b), compare(b, a)
    for threshold in (0.5, 0.7):
        assert there.f1(threshold) == back.f1(threshold)
        assert there.precision(threshold) == back.recall(threshold)
    assert there.image_iou == back.image_iou
    assert int(there.pixels.sum()) == a.size


@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
@settings(max_examples=20)
def test_a_picture_agrees_with_itself_whatever_its_numbering(seed, count):
    labels = random_labels(seed, count)
    order = np.random.default_rng(seed).permutation(count) + 1
    agreement = compare(labels, np.concatenate([[0], order])[labels])
    assert agreement.f1(0.9) == agreement.panoptic_quality == agreement.image_iou == 1


def test_pooling_counts_all_pictures_as_one(by_hand):
    perfect = compare(np.array([[1, 0]]), np.array([[1, 0]]))
    both = pool([by_hand, perfect])
    assert both.f1(0.5) == pytest.approx(2 * 2 / (3 + 3))
    assert both.pixels.tolist() == [5, 3, 6, 12]
