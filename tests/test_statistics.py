"""Summaries and bins: hand-computed cases, and whatever Hypothesis can think of."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semseg.statistics import MAX_BINS, histogram_edges, summarise

# A busy machine is no failure.
unhurried = settings(deadline=None)

sizes = st.lists(st.floats(0, 1e6), min_size=1, max_size=200)


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
    assert all(
        math.isnan(getattr(summary, name))
        for name in ("mean", "median", "standard_deviation", "d10", "d50", "d90")
    )


def test_one_value_has_no_standard_deviation():
    summary = summarise([7.0])
    assert (summary.count, summary.mean, summary.d10, summary.d90) == (1, 7, 7, 7)
    assert math.isnan(summary.standard_deviation)


def test_values_that_are_not_finite_are_left_out():
    assert summarise([1.0, math.nan, 3.0, math.inf]) == summarise([1.0, 3.0])


@pytest.mark.parametrize("make", [list, tuple, np.array, pd.Series, iter])
def test_any_kind_of_sequence(make):
    assert summarise(make([3.0, 1.0, 2.0])).median == 2


@unhurried
@given(sizes, st.randoms())
def test_order_changes_nothing(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    assert repr(summarise(shuffled)) == repr(summarise(values))


@unhurried
@given(sizes)
def test_summary_lies_between_the_extremes_and_agrees_with_pandas(values):
    summary, series = summarise(values), pd.Series(values)
    slack = 1e-9 * max(values)
    assert min(values) <= summary.d10 <= summary.d50 <= summary.d90 <= max(values)
    assert min(values) - slack <= summary.mean <= max(values) + slack
    assert summary.d10 == pytest.approx(series.quantile(0.1), rel=1e-9, abs=1e-9)


def test_freedman_diaconis_on_a_case_computed_by_hand():
    # 0 ... 7: IQR 3.5, n^(1/3) = 2, so a bin of 3.5 over a range of 7.
    assert histogram_edges(range(8)).tolist() == [0, 3.5, 7]


def test_sturges_where_the_interquartile_range_is_zero():
    values = [1.0] * 30 + [0.0, 2.0]
    assert len(histogram_edges(values)) - 1 == 6


def test_bins_are_capped():
    values = np.concatenate((np.linspace(0, 1, 1000), [1e6]))
    assert len(histogram_edges(values)) - 1 == MAX_BINS
    assert len(histogram_edges(values, max_bins=7)) - 1 == 7


@pytest.mark.parametrize("values", [[], [math.nan], [5.0], [5.0] * 9, [0.0], [5.0, 5.0 + 1e-15]])
def test_edges_of_degenerate_input_still_make_one_bin(values):
    edges = histogram_edges(values)
    assert len(edges) == 2
    assert edges[0] < edges[1]


@unhurried
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=100))
def test_edges_rise_and_hold_every_finite_value(values):
    edges = histogram_edges(values)
    finite = [v for v in values if math.isfinite(v)]
    assert (np.diff(edges) > 0).all()
    assert 2 <= len(edges) <= MAX_BINS + 1
    assert np.histogram(finite, edges)[0].sum() == len(finite)
