"""Summaries and bins: hand-computed cases, and whatever Hypothesis can think of."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semseg.statistics.summary import MAX_BINS, histogram_edges, summarise, volume_weights

# what is so small that halves of it round to nothing is no size
size = st.just(0.0) | st.floats(1e-9, 1e6)
sizes = st.lists(size, min_size=1, max_size=200)
weighted = st.lists(st.tuples(size, st.floats(1e-3, 1e9)), min_size=1, max_size=200)
FIGURES = ("mean", "median", "standard_deviation", "d10", "d50", "d90")


def test_summary_of_a_case_computed_by_hand():
    summary = summarise([2, 4, 4, 4, 5, 5, 7, 9])
    assert summary.count == 8
    assert summary.mean == 5
    assert summary.median == summary.d50 == 4.5
    assert summary.standard_deviation == pytest.approx(math.sqrt(32 / 7))
    # Positions 0.7 and 6.3 between the sorted values: 2 + 0.7 x 2 and 7 + 0.3 x 2.
    assert summary.d10 == pytest.approx(3.4)
    assert summary.d90 == pytest.approx(7.6)


def test_summary_of_nothing_is_nan():
    summary = summarise([])
    assert summary.count == 0
    assert all(math.isnan(getattr(summary, name)) for name in FIGURES)


def test_one_value_has_no_standard_deviation():
    summary = summarise([7.0])
    assert (summary.count, summary.mean, summary.d10, summary.d90) == (1, 7, 7, 7)
    assert math.isnan(summary.standard_deviation)


def test_values_that_are_not_finite_are_left_out():
    assert summarise([1.0, math.nan, 3.0, math.inf]) == summarise([1.0, 3.0])


@pytest.mark.parametrize("make", [list, tuple, np.array, pd.Series, iter])
def test_any_kind_of_sequence(make):
    assert summarise(make([3.0, 1.0, 2.0])).median == 2


@given(sizes, st.randoms())
def test_order_changes_nothing(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    assert repr(summarise(shuffled)) == repr(summarise(values))


@given(sizes)
def test_summary_lies_between_the_extremes_and_agrees_with_pandas(values):
    summary, series = summarise(values), pd.Series(values)
    slack = 1e-9 * max(values)
    assert min(values) <= summary.d10 <= summary.d50 <= summary.d90 <= max(values)
    assert min(values) - slack <= summary.mean <= max(values) + slack
    assert summary.d10 == pytest.approx(series.quantile(0.1), rel=1e-9, abs=1e-9)


# -- weights ---------------------------------------------------------------------------------


def test_weighted_summary_of_a_case_computed_by_hand():
    # W = 5; mean (2 x 2 + 2 x 4 + 1 x 9) / 5; squares 2 x 2.2^2 + 2 x 0.2^2 + 1 x 4.8^2 = 32.8
    # over 5 - 9 / 5. Positions 0, (2 + 2 x 2) / 10 = 0.6, 1: the median is 5/6 of the way from
    # 2 to 4, D90 3/4 of that from 4 to 9.
    summary = summarise([9, 2, 4], weights=[1, 2, 2])
    assert summary.count == 3
    assert summary.mean == pytest.approx(4.2)
    assert summary.standard_deviation == pytest.approx(math.sqrt(32.8 / 3.2))
    assert summary.d10 == pytest.approx(2 + 2 * 0.1 / 0.6)
    assert summary.median == summary.d50 == pytest.approx(2 + 2 * 0.5 / 0.6)
    assert summary.d90 == pytest.approx(4 + 5 * 0.3 / 0.4)


def test_weighted_summary_of_one_and_of_none():
    one = summarise([7.0], weights=[3.0])
    assert (one.count, one.mean, one.median, one.d10, one.d90) == (1, 7, 7, 7, 7)
    assert math.isnan(one.standard_deviation)
    assert repr(summarise([], [])) == repr(summarise([]))


def test_a_weight_that_dwarfs_all_others_leaves_no_spread():
    summary = summarise([1.0, 2.0], weights=[1.0, 1e30])
    assert summary.mean == 2
    assert math.isnan(summary.standard_deviation)


def test_values_that_are_not_finite_go_with_their_weights():
    whole = summarise([1.0, math.nan, 3.0, math.inf], weights=[1, math.nan, 2, 0])
    assert whole == summarise([1.0, 3.0], weights=[1, 2])


@pytest.mark.parametrize(
    "weights", [[1.0], [1.0, 0.0], [1.0, -1.0], [1.0, math.nan], [1.0, math.inf], [1, 1, 1]]
)
def test_weights_that_make_no_sense_are_refused(weights):
    with pytest.raises(ValueError, match="weight"):
        summarise([1.0, 2.0], weights)


@given(sizes, st.floats(1e-3, 1e9))
def test_equal_weights_weigh_nothing(values, weight):
    plain, same = summarise(values), summarise(values, [weight] * len(values))
    assert same.count == plain.count
    for name in FIGURES:
        expected = pytest.approx(getattr(plain, name), rel=1e-9, abs=1e-6, nan_ok=True)
        assert getattr(same, name) == expected


@given(weighted, st.randoms())
def test_order_of_weighted_values_changes_nothing(pairs, random):
    shuffled = list(pairs)
    random.shuffle(shuffled)
    one, other = (summarise(*zip(*given, strict=True)) for given in (pairs, shuffled))
    assert repr(one) == repr(other)
    values = [value for value, _ in pairs]
    slack = 1e-9 * max(values)
    assert min(values) <= one.d10 <= one.d50 <= one.d90 <= max(values)
    assert min(values) - slack <= one.mean <= max(values) + slack


def test_volume_weighted_mean_is_the_moment_mean_d43():
    particles = pd.DataFrame({"ecd_px": [1, 2, 3]})
    weights = volume_weights(particles)
    assert weights.dtype == np.float64
    assert weights.tolist() == [1, 8, 27]
    # D[4,3] = sum d^4 / sum d^3.
    assert summarise(particles["ecd_px"], weights).mean == pytest.approx((1 + 16 + 81) / 36)


# -- bins ------------------------------------------------------------------------------------


def test_freedman_diaconis_on_a_case_computed_by_hand():
    # 0 ... 7: IQR 3.5, n^(1/3) = 2, so a bin of 3.5 over a range of 7.
    assert histogram_edges(range(8)).tolist() == [0, 3.5, 7]


def test_sturges_where_the_interquartile_range_is_zero():
    values = [1.0] * 30 + [0.0, 2.0]
    assert len(histogram_edges(values)) - 1 == 6


def test_bins_are_capped():
    values = np.concatenate((np.linspace(0, 1, 1000), [1e6]))
    assert len(histogram_edges(values)) - 1 == MAX_BINS


@pytest.mark.parametrize(
    ("bins", "edges"),
    [(1, [1, 5]), (4, [1, 2, 3, 4, 5]), (8, [1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5])],
)
def test_bins_that_are_asked_for(bins, edges):
    assert histogram_edges([3.0, 1.0, 5.0], bins=bins).tolist() == edges
    assert len(histogram_edges([4.0, 4.0], bins=bins)) == 2


def test_more_bins_than_are_found_by_themselves_can_be_asked_for():
    assert len(histogram_edges([3.0, 1.0, 5.0], bins=2 * MAX_BINS)) == 2 * MAX_BINS + 1


def test_no_number_of_bins_is_automatic():
    values = np.random.default_rng(0).lognormal(size=300)
    np.testing.assert_array_equal(histogram_edges(values, bins=0), histogram_edges(values))


@pytest.mark.parametrize(("bins", "error"), [(-1, ValueError), (2.5, TypeError), ("7", TypeError)])
def test_numbers_of_bins_that_make_no_sense_are_refused(bins, error):
    with pytest.raises(error):
        histogram_edges([1.0, 2.0], bins=bins)


def test_logarithmic_bins_of_a_case_computed_by_hand():
    # log10: 0, 1, 2, 3, so an IQR of 1.5 and a bin of 3 / 4^(1/3) = 1.89 over a range of 3.
    edges = histogram_edges([-5, 0, 1, 10, 100, 1000], log=True)
    assert edges.tolist() == pytest.approx([1, 10**1.5, 1000])
    assert histogram_edges([1, 1000], bins=3, log=True).tolist() == pytest.approx([1, 10, 100, 1e3])


def test_logarithmic_bins_of_degenerate_input():
    assert histogram_edges([0.0, -1.0, math.nan], log=True).tolist() == [1, 10]
    root = math.sqrt(10)
    assert histogram_edges([50.0], log=True).tolist() == pytest.approx([50 / root, 50 * root])
    assert len(histogram_edges([1.0, 1.0 + 1e-15], bins=50, log=True)) == 2


@given(st.lists(st.floats(-1, 1e200), max_size=100), st.one_of(st.none(), st.integers(0, 100)))
def test_logarithmic_edges_rise_and_hold_every_value_above_zero(values, bins):
    edges = histogram_edges(values, bins=bins, log=True)
    above = [value for value in values if value > 0]
    assert (np.diff(edges) > 0).all()
    assert np.histogram(above, edges)[0].sum() == len(above)
    if len(edges) > 2:
        assert (edges[0], edges[-1]) == (min(above), max(above))


@pytest.mark.parametrize("values", [[], [math.nan], [5.0], [5.0] * 9, [0.0], [5.0, 5.0 + 1e-15]])
def test_edges_of_degenerate_input_still_make_one_bin(values):
    edges = histogram_edges(values)
    assert len(edges) == 2
    assert edges[0] < edges[1]


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=100))
def test_edges_rise_and_hold_every_finite_value(values):
    edges = histogram_edges(values)
    finite = [v for v in values if math.isfinite(v)]
    assert (np.diff(edges) > 0).all()
    assert 2 <= len(edges) <= MAX_BINS + 1
    assert np.histogram(finite, edges)[0].sum() == len(finite)
