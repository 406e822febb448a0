"""Shares, limits and outcomes of the screening, and that it never says more than it can."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semseg.statistics.nanomaterial import (
    INCONCLUSIVE,
    MEETS,
    NOT_DEMONSTRATED,
    screen,
    vssa,
    wilson,
)

FEW = settings(max_examples=50)
RULE = "every kept particle"


def sizes(inside, outside):
    return [50.0] * inside + [200.0] * outside


def test_wilson_on_cases_computed_by_hand():
    # p = 5/10, z = 2: (0.5 + 0.2 +- 2 sqrt(0.025 + 0.01)) / 1.4.
    half = 2 * math.sqrt(0.035) / 1.4
    assert wilson(0.5, 10, 2) == pytest.approx((0.5 - half, 0.5 + half))
    # p = 1: the lower limit is n / (n + z^2).
    assert wilson(1, 96, 2) == pytest.approx((0.96, 1))
    assert wilson(0, 96, 2) == pytest.approx((0, 0.04))


def test_share_and_limits_of_independent_particles():
    found = screen(sizes(90, 10), rule=RULE)
    assert (found.count, found.in_range, found.share) == (100, 90, 0.9)
    # p = 0.9, z^2 = 3.84146: (0.9192073 -+ 1.959964 sqrt(0.0009 + 0.00009604)) / 1.0384146
    assert (found.low, found.high) == pytest.approx((0.825634, 0.944771), abs=1e-6)
    assert found.method == "Wilson score interval"


@pytest.mark.parametrize(
    ("inside", "outside", "outcome"),
    [(90, 10, MEETS), (10, 90, NOT_DEMONSTRATED), (52, 48, INCONCLUSIVE), (48, 52, INCONCLUSIVE)],
)
def test_outcomes(inside, outside, outcome):
    found = screen(sizes(inside, outside), rule=RULE)
    assert found.outcome == outcome


@pytest.mark.parametrize(
    ("inside", "outside", "said"),
    [
        (90, 10, "90 % are nano (95 %: 83 to 94 %): at or above the 50 % line, so the size crit"),
        (10, 90, "10 % are nano (95 %: 6 to 17 %): below the 50 % line; that does not show that"),
        (52, 48, "52 % are nano (95 %: 42 to 62 %): the 50 % line is between these limits, so m"),
        # to whole percent the upper limit would be on the line
        (4860, 5140, "48.6 % are nano (95 %: 47.6 to 49.6 %): below the 50 % line;"),
    ],
)
def test_the_verdict_holds_the_figure_and_cannot_be_misread(inside, outside, said):
    verdict = screen(sizes(inside, outside), rule=RULE).verdict
    assert verdict.startswith(said)
    assert verdict.endswith("no nanomaterial") == (inside < outside)
    doubted = screen(sizes(inside, outside), rule=RULE, scale_doubt="proposed").verdict
    assert doubted.endswith("but the scale is only proposed, so check that first")
    assert "line" not in doubted


def test_the_range_holds_both_of_its_ends():
    found = screen([0.99, 1.0, 100.0, 100.01], rule=RULE)
    assert (found.in_range, found.share) == (2, 0.5)


def test_weights_count_and_lessen_the_count():
    # Share 3 / (3 + 3); (3 + 3)^2 / (1 + 1 + 1 + 9) = 3 particles' worth.
    found = screen([50, 50, 50, 200], weights=[1, 1, 1, 3], rule=RULE)
    assert found.share == 0.5
    # p = 0.5, n = 3: (0.5 -+ 1.959964 sqrt(1 / 12 + 3.84146 / 36) / 2.2804863)
    assert (found.low, found.high) == pytest.approx((0.125334, 0.874666), abs=1e-6)
    assert "effective count of 3" in found.method


def test_five_images_that_differ_say_less_than_their_particles():
    least = np.array(sizes(200, 50) * 4 + sizes(0, 250))
    images = np.repeat(np.arange(5), 250)
    alone = screen(least, rule=RULE)
    found = screen(least, groups=images, rule=RULE)
    assert found.share == alone.share == pytest.approx(0.64)
    assert alone.outcome == MEETS
    assert found.outcome == INCONCLUSIVE
    assert found.method == "bootstrap over 5 images"
    assert screen(least, groups=images, rule=RULE) == found


def test_images_that_are_alike_give_no_nearer_limits_than_their_particles():
    images = np.repeat(np.arange(5), 40)
    for inside in (40, 28):
        least = sizes(inside, 40 - inside) * 5
        alone, found = screen(least, rule=RULE), screen(least, groups=images, rule=RULE)
        assert found.low <= alone.low + 1e-12
        assert found.high - found.low >= alone.high - alone.low - 1e-12


def test_four_images_are_taken_as_one():
    least = sizes(30, 50)
    assert screen(least, groups=np.arange(80) % 4, rule=RULE) == screen(least, rule=RULE)


@pytest.mark.parametrize(("inside", "outside"), [(100, 0), (0, 100)])
def test_an_assumed_scale_decides_nothing(inside, outside):
    found = screen(sizes(inside, outside), rule=RULE, scale_doubt="assumed")
    assert found.outcome == INCONCLUSIVE
    assert "scale is only assumed" in found.verdict


def test_the_statement_holds_what_a_reader_needs():
    statement = screen(sizes(90, 10), rule="whole particles, weighted by 1/P.").statement
    assert statement.startswith("Screening only")
    assert "90.0 % of 100 constituent particles" in statement
    assert "95 % interval 82.6 to 94.5 %" in statement
    assert "counting rule: whole particles, weighted by 1/P. " in statement
    assert "thickness" in statement


@FEW
@given(st.lists(st.floats(0.1, 1e4), max_size=60), st.sampled_from(["", "assumed"]), st.booleans())
def test_it_never_gives_the_opposite_verdict(least, doubt, by_image):
    groups = np.arange(len(least)) % 6 if by_image else None
    found = screen(least, groups=groups, rule=RULE, scale_doubt=doubt, resamples=100)
    text = f"{found.outcome} {found.verdict} {found.statement}".lower()
    assert "not a nanomaterial" not in text
    assert found.outcome in {MEETS, NOT_DEMONSTRATED, INCONCLUSIVE}
    assert 0 <= found.low <= found.high <= 1
    if least:
        assert found.low - 1e-9 <= found.share <= found.high + 1e-9


def test_no_particles():
    found = screen([], rule=RULE)
    assert (found.count, found.low, found.high, found.outcome) == (0, 0, 1, INCONCLUSIVE)
    assert math.isnan(found.share)
    assert "no particle was counted" in found.statement
    assert "no particle was counted" in found.verdict


def test_sizes_that_are_no_lengths_are_refused():
    with pytest.raises(ValueError, match="above zero"):
        screen([0.0], rule=RULE)


def test_specific_surface_area_of_cases_computed_by_hand():
    assert vssa([100.0]) == pytest.approx(60)
    assert vssa([1000.0] * 3) == pytest.approx(6)
    # D[3,2] = (50^3 + 100^3) / (50^2 + 100^2) = 90 nm.
    assert vssa([50, 100]) == pytest.approx(6000 / 90)
    # Four of 50: (4 x 50^3 + 100^3) / (4 x 50^2 + 100^2) = 75 nm.
    assert vssa([50, 100], weights=[4, 1]) == pytest.approx(80)
    assert math.isnan(vssa([]))
