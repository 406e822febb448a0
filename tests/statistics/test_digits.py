"""Figures are written to the place that their uncertainty leaves."""

import math

import pytest

from semseg.statistics.digits import places, with_limits, with_uncertainty, written


@pytest.mark.parametrize(
    ("value", "uncertainty", "said"),
    [
        (173.24, 17.3, "173 ± 17 nm"),
        (173.24, 5.46, "173.2 ± 5.5 nm"),
        (1732.4, 171.3, "1,730 ± 170 nm"),
        (98765.0, 12345.0, "99,000 ± 12,000 nm"),
        (1.23456, 0.0996, "1.23 ± 0.10 nm"),  # not 1.235 ± 0.100
        (99.96, 9.96, "100 ± 10 nm"),
        (0.0, 0.5, "0.00 ± 0.50 nm"),
        # not known: four significant digits
        (173.24, math.nan, "173.2 nm"),
        (173.24, 0.0, "173.2 nm"),
        (98765.0, math.inf, "98,765 nm"),
        (0.123456, math.nan, "0.1235 nm"),
    ],
)
def test_two_digits_of_the_uncertainty(value, uncertainty, said):
    assert with_uncertainty(value, uncertainty, "nm") == said


def test_limits_have_the_place_of_half_their_distance():
    assert with_limits(173.24, 168.07, 178.91) == ("173.2", "168.1", "178.9")
    assert with_limits(1500.0, 900.0, 2600.0) == ("1,500", "900", "2,600")
    # limits that are not known leave the figure its four digits
    assert with_limits(173.24, math.nan, math.nan)[0] == "173.2"


@pytest.mark.parametrize("uncertainty", [10.0**k * m for k in range(-5, 6) for m in (1, 1.5, 9.94)])
def test_rounding_moves_a_figure_by_a_twentieth_of_its_uncertainty_at_most(uncertainty):
    value = 123.456789 * uncertainty
    shown = float(written(value, places(uncertainty)).replace(",", ""))
    assert abs(shown - value) <= 0.05 * uncertainty * (1 + 1e-9)


def test_no_negative_zero():
    assert written(-0.2, 0) == "0"
