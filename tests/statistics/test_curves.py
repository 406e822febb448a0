"""Size distributions as curves, against distributions whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import lognorm

from semseg.statistics.curves import MIN_SIZES, cumulative, density

SIGMA, MEDIAN = 0.3, 80.0
SIZES = np.random.default_rng(2).lognormal(np.log(MEDIAN), SIGMA, 20_000)
AT = np.linspace(1, 400, 800)


def test_the_density_is_that_of_the_distribution():
    truth = lognorm.pdf(AT, SIGMA, scale=MEDIAN)
    found = density(SIZES, AT)
    assert np.abs(found - truth).max() < 0.05 * truth.max()
    assert np.trapezoid(found, AT) == pytest.approx(1, abs=0.005)


def test_on_a_logarithmic_axis_the_area_is_one_there():
    at = np.geomspace(10, 640, 400)
    found = density(SIZES, at, log=True)
    assert np.trapezoid(found, np.log(at)) == pytest.approx(1, abs=0.005)
    assert at[found.argmax()] == pytest.approx(MEDIAN, rel=0.05)  # the mode of the logarithms


def test_a_weight_is_as_good_as_so_many_particles():
    sizes = SIZES[:300]
    doubled = density(np.concatenate([sizes, sizes[:100]]), AT)
    weighted = density(sizes, AT, weights=np.where(np.arange(300) < 100, 2.0, 1.0))
    assert np.abs(weighted - doubled).max() < 0.03 * doubled.max()  # the width differs a little
    assert density(sizes, AT, weights=np.full(300, 7.0)) == pytest.approx(density(sizes, AT))


def test_two_populations_are_two_peaks():
    both = np.concatenate([SIZES[:500] / 4, SIZES[500:1000]])
    found = density(both, AT)
    is_peak = (
        (found[1:-1] > found[:-2]) & (found[1:-1] > found[2:]) & (found[1:-1] > found.max() / 10)
    )
    assert AT[1:-1][is_peak] == pytest.approx([20, 80], rel=0.1)


@pytest.mark.parametrize("sizes", [[], [5.0] * (MIN_SIZES - 1), [5.0] * 50, [np.nan, -1.0, 0.0]])
def test_without_enough_sizes_there_is_no_density(sizes):
    assert density(sizes, AT) is None


def test_the_cumulative_share_rises_from_none_to_all():
    x, y = cumulative([30.0, 10.0, 20.0, np.nan], weights=[1.0, 1.0, 2.0, 5.0])
    assert x.tolist() == [10, 10, 20, 30]
    assert y.tolist() == [0, 0.25, 0.75, 1]
    assert [len(each) for each in cumulative([])] == [0, 0]


def test_many_sizes_make_few_points_and_the_same_curve():
    x, y = cumulative(SIZES, points=200)
    assert len(x) <= 201
    assert (np.diff(x) >= 0).all()
    assert (y[0], y[-1]) == (0, 1)
    assert np.interp(0.5, y, x) == pytest.approx(np.median(SIZES), rel=0.005)
    assert x[-1] == SIZES.max()
