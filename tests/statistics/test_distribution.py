"""Moment means, the lognormal fit, quantiles and edge weights against cases computed by hand."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from semseg.statistics import distribution
from semseg.statistics.distribution import (
    MIN_INSIDE_PROBABILITY,
    MIN_TO_FIT,
    edge_weights,
    fit_lognormal,
    goodness_sentence,
    inside_probability,
    moment_mean,
    positive_sizes,
    quantile_quantile,
    span,
)
from semseg.statistics.summary import summarise

lengths = st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=50)


# -- moment means and span -------------------------------------------------------------------


def test_moment_means_of_a_case_computed_by_hand():
    # Sums of d, d^2, d^3, d^4 of 1, 2, 3: 6, 14, 36, 98.
    sizes = [3.0, 1.0, 2.0]
    assert moment_mean(sizes, 1, 0) == pytest.approx(6 / 3)
    assert moment_mean(sizes, 2, 0) == pytest.approx(math.sqrt(14 / 3))
    assert moment_mean(sizes, 3, 2) == pytest.approx(36 / 14)
    assert moment_mean(sizes, 4, 3) == pytest.approx(98 / 36)
    assert moment_mean(sizes, 3, 1) == pytest.approx(math.sqrt(36 / 6))


def test_weighted_moment_mean_of_a_case_computed_by_hand():
    # Two of 1, one of 2, one of 3: (2 + 8 + 27) / (2 + 4 + 9).
    assert moment_mean([1, 2, 3], 3, 2, weights=[2, 1, 1]) == pytest.approx(37 / 15)
    assert moment_mean([1, 2, 3], 3, 2, weights=[2, 1, 1]) == pytest.approx(
        moment_mean([1, 1, 2, 3], 3, 2)
    )


def test_moment_mean_of_nothing_and_of_what_is_not_finite():
    assert math.isnan(moment_mean([], 3, 2))
    assert math.isnan(moment_mean([math.nan], 3, 2))
    assert moment_mean([2.0, math.inf], 4, 3) == 2


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_no_moment_overflows(scale):
    assert moment_mean([scale, 2 * scale], 4, 3) == pytest.approx(17 / 9 * scale)


def test_orders_that_are_equal_are_refused():
    with pytest.raises(ValueError, match="differ"):
        moment_mean([1.0], 3, 3)


@given(lengths)
def test_moment_means_rise_with_their_orders(sizes):
    means = [moment_mean(sizes, p, q) for p, q in ((1, 0), (2, 0), (3, 2), (4, 3))]
    slack = 1e-9 * max(sizes)
    assert min(sizes) - slack <= means[0]
    assert all(low <= high + slack for low, high in pairwise(means))
    assert means[-1] <= max(sizes) + slack
    assert means[0] == pytest.approx(summarise(sizes).mean)


def test_span_of_a_case_computed_by_hand():
    # 10, 20, 30, 40: D10 13, D50 25, D90 37.
    assert span(summarise([10, 20, 30, 40])) == pytest.approx(24 / 25)
    assert math.isnan(span(summarise([])))


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_sizes_that_are_no_lengths_are_refused(value):
    for use in (
        lambda sizes: moment_mean(sizes, 3, 2),
        fit_lognormal,
        quantile_quantile,
        positive_sizes,
    ):
        with pytest.raises(ValueError, match="above zero"):
            use([1.0] * 30 + [value])


def test_sizes_keep_their_weights_and_groups():
    sizes, weights, groups = positive_sizes([3, math.nan, 2, 5], [1, 2, 3, 4], [7, 7, 7, 2])
    assert sizes.tolist() == [5, 2, 3]
    assert weights.tolist() == [4, 3, 1]
    assert groups.tolist() == [2, 7, 7]
    assert positive_sizes([1.0])[1] is None
    with pytest.raises(ValueError, match="2 sizes, but 1 groups"):
        positive_sizes([1, 2], None, [0])


# -- the lognormal fit -----------------------------------------------------------------------


def test_parameters_of_a_case_computed_by_hand():
    # ln d is 0 ten times and 2 ten times: mean 1, variance 20 / 19.
    fit = fit_lognormal([1.0] * 10 + [math.exp(2)] * 10, resamples=100)
    assert fit.count == 20
    assert fit.geometric_mean == pytest.approx(math.e)
    assert fit.geometric_standard_deviation == pytest.approx(math.exp(math.sqrt(20 / 19)))
    # At ln d = 0 half of the sample lies there or below, of the fit Phi(-1 / sqrt(20 / 19)).
    assert fit.ks_distance == pytest.approx(0.5 - stats.norm.cdf(-math.sqrt(19 / 20)))
    assert fit.resamples == 100


def test_the_distance_is_that_of_scipy():
    sizes = np.random.default_rng(1).lognormal(3, 0.4, 57)
    logs = np.log(sizes)
    expected = stats.kstest((logs - logs.mean()) / logs.std(ddof=1), "norm").statistic
    assert fit_lognormal(sizes, resamples=10).ks_distance == pytest.approx(expected)


@pytest.mark.parametrize(("count", "critical"), [(20, 0.192), (30, 0.159), (100, 0.0886)])
def test_simulated_distances_are_those_of_the_corrected_tables(count, critical):
    # Dallal and Wilkinson, Am. Stat. 40 (1986) 294: upper 5 % points; 0.886 / sqrt(n) for many.
    simulated = distribution._null_distances(count, 20_000, 5)
    assert np.quantile(simulated, 0.95) == pytest.approx(critical, rel=0.02)


def test_the_p_value_says_what_fits():
    rng = np.random.default_rng(2)
    assert fit_lognormal(rng.lognormal(4, 0.3, 500)).p_value > 0.05
    two = np.concatenate([rng.lognormal(4, 0.1, 250), rng.lognormal(5, 0.1, 250)])
    assert fit_lognormal(two).p_value == pytest.approx(1 / 1001)
    assert fit_lognormal(rng.normal(100, 25, 3000)).p_value < 0.05


def test_false_alarms_are_as_rare_as_they_should_be():
    rng = np.random.default_rng(3)
    alarms = [fit_lognormal(rng.lognormal(4, 0.5, 60)).p_value <= 0.05 for _ in range(400)]
    # 20 expected, standard deviation 4.4.
    assert 7 <= sum(alarms) <= 33


def test_more_sizes_than_are_simulated_give_a_distance_on_the_same_scale():
    normal = np.random.default_rng(4).standard_normal((300, 4000))
    large = distribution._ks_distances(np.sort(normal, axis=1)) * distribution._stephens(4000)
    small = distribution._null_distances(1000, 4000, 0) * distribution._stephens(1000)
    assert np.quantile(large, 0.9) == pytest.approx(np.quantile(small, 0.9), rel=0.06)


def test_a_fit_does_not_depend_on_the_unit_or_the_order():
    sizes = np.random.default_rng(5).lognormal(4, 0.3, 80)
    fit, same = fit_lognormal(sizes), fit_lognormal(sizes[::-1] * 1000)
    assert same.geometric_mean == pytest.approx(1000 * fit.geometric_mean)
    assert same.p_value == fit.p_value
    assert fit_lognormal(sizes) == fit


def test_weights_enter_the_parameters_but_not_the_test():
    # ln d is 0 ten times and 2 ten times, these with weight 3: mean 60 / 40 = 1.5; squares
    # 10 x 1.5^2 + 30 x 0.5^2 = 30 over 40 - 100 / 40 = 37.5: variance 0.8.
    sizes = [1.0] * 10 + [math.exp(2)] * 10
    plain, weighted = fit_lognormal(sizes), fit_lognormal(sizes, [1] * 10 + [3] * 10)
    assert weighted.geometric_mean == pytest.approx(math.exp(1.5))
    assert weighted.geometric_standard_deviation == pytest.approx(math.exp(math.sqrt(0.8)))
    assert (weighted.ks_distance, weighted.p_value) == (plain.ks_distance, plain.p_value)


def test_too_few_and_equal_sizes():
    assert fit_lognormal(np.arange(1, MIN_TO_FIT)) is None
    assert fit_lognormal(np.arange(1, MIN_TO_FIT + 1)) is not None
    equal = fit_lognormal([5.0] * 30)
    assert (equal.geometric_mean, equal.geometric_standard_deviation) == (5, 1)
    assert math.isnan(equal.p_value)
    with pytest.raises(ValueError, match="resample"):
        fit_lognormal([1.0], resamples=0)


# -- quantiles -------------------------------------------------------------------------------


def test_quantiles_of_two_sizes_computed_by_hand():
    # ln d 0 and 2: mean 1, standard deviation sqrt(2); positions 0.625 / 2.25 and 1.625 / 2.25.
    theoretical, observed = quantile_quantile([math.exp(2), 1.0])
    z = stats.norm.ppf(0.625 / 2.25)
    assert observed.tolist() == pytest.approx([1, math.exp(2)])
    assert np.log(theoretical).tolist() == pytest.approx(
        [1 + math.sqrt(2) * z, 1 - math.sqrt(2) * z]
    )


def test_lognormal_sizes_lie_along_the_diagonal():
    positions = (np.arange(1, 101) - 0.375) / 100.25
    theoretical, observed = quantile_quantile(np.exp(4 + 0.3 * stats.norm.ppf(positions)))
    np.testing.assert_allclose(theoretical, observed, rtol=0.02)


def test_many_sizes_are_thinned_but_keep_their_ends():
    sizes = np.random.default_rng(7).lognormal(4, 0.3, 5000)
    theoretical, observed = quantile_quantile(sizes)
    assert observed.size == theoretical.size == 300
    assert (observed[0], observed[-1]) == (sizes.min(), sizes.max())
    assert (np.diff(theoretical) > 0).all()


@pytest.mark.parametrize("sizes", [[], [1.0], [math.nan]])
def test_no_quantiles_without_two_sizes(sizes):
    assert [part.size for part in quantile_quantile(sizes)] == [0, 0]


# -- the edge --------------------------------------------------------------------------------


def test_edge_weights_of_a_case_computed_by_hand():
    # A frame 200 wide and 100 high: (200 - 40) (100 - 50) / 20000 = 0.4.
    assert inside_probability([40], [50], (100, 200)).tolist() == pytest.approx([0.4])
    assert edge_weights([40, 150], [50, 20], (100, 200)).tolist() == pytest.approx([2.5, 5.0])
    assert inside_probability([150], [20], (100, 200))[0] < MIN_INSIDE_PROBABILITY


@pytest.mark.parametrize(
    ("width", "height"),
    [([200], [10]), ([10], [100]), ([0], [10]), ([math.nan], [1]), ([1, 2], [1])],
)
def test_boxes_that_cannot_lie_inside_are_refused(width, height):
    with pytest.raises(ValueError, match=r"box|heights"):
        edge_weights(width, height, (100, 200))


def test_edge_weights_undo_the_loss_of_large_particles():
    # Squares of 10 and of 60 with equal chances, at random in a frame of 100 x 100.
    rng = np.random.default_rng(8)
    side = rng.choice([10.0, 60.0], 40_000)
    x, y = rng.uniform(0, 100, (2, side.size))
    inside = (abs(x - 50) + side / 2 < 50) & (abs(y - 50) + side / 2 < 50)
    weights = edge_weights(side[inside], side[inside], (100, 100))
    assert summarise(side[inside]).mean < 20
    assert summarise(side[inside], weights).mean == pytest.approx(35, rel=0.02)


def test_the_sentence_on_the_fit_says_how_well_it_fits():
    rng = np.random.default_rng(8)
    assert goodness_sentence(fit_lognormal(rng.lognormal(4, 0.3, 200))).startswith(
        "The sizes are consistent"
    )
    assert "not lognormal" in goodness_sentence(fit_lognormal(rng.uniform(1, 100, 1000)))
    assert "equal" in goodness_sentence(fit_lognormal([5.0] * 30))
    assert "few" in goodness_sentence(fit_lognormal([5.0, 6.0]))
