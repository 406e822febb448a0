"""Intervals against hand-computed cases, what they must not depend on, and a little coverage."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from semseg.statistics import resampling
from semseg.statistics.distribution import moment_mean
from semseg.statistics.intervals import (
    Interval,
    bootstrap_intervals,
    bootstrap_median,
    bootstrap_statistic,
)
from semseg.statistics.sample_size import advice_sentence, advise, particles_needed
from semseg.statistics.summary import summarise

FEW = settings(max_examples=25)
BY_NUMBER = ("mean", "standard_deviation", "d10", "d50", "d90", "geometric_mean", "d32", "d43")
FIGURES = (
    *BY_NUMBER,
    "geometric_standard_deviation",
    "volume_d10",
    "volume_d50",
    "volume_d90",
)


def lognormal(count, seed=0, spread=0.3):
    return np.random.default_rng(seed).lognormal(4, spread, count)


def limits(found, names=FIGURES):
    return np.array([[getattr(found, name).low, getattr(found, name).high] for name in names])


# -- the parts, by hand ----------------------------------------------------------------------


def test_the_standard_error_of_a_mean_is_that_of_the_textbook():
    values = np.array([3.0, 5.0, 8.0, 9.0, 15.0, 20.0])
    columns = [values, np.ones(6)]
    found = bootstrap_statistic(columns, lambda sums: sums[0] / sums[1], resamples=40_000)
    assert found.value == pytest.approx(10)
    # squares 49 + 25 + 4 + 1 + 25 + 100 = 204 over 5: a standard deviation of 6.3875
    assert found.error == pytest.approx(6.3875 / math.sqrt(6), rel=0.02)
    assert (found.units, found.resampled) == (6, "particles")


def test_images_are_resampled_as_wholes():
    # The images' sums are those of the case above, whatever their particles are.
    values = np.repeat([3.0, 5.0, 8.0, 9.0, 15.0, 20.0], 2) + np.tile([-2.0, 2.0], 6)
    images = np.repeat([4, 1, 2, 9, 7, 5], 2)
    found = bootstrap_statistic(
        [values, np.ones(12)], lambda sums: sums[0] / sums[1], images, resamples=40_000
    )
    assert (found.units, found.resampled) == (6, "images")
    assert found.error == pytest.approx(6.3875 / math.sqrt(6), rel=0.02)


def test_percentile_limits_of_a_case_computed_by_hand():
    # The k-th of 99 stands at k / 100; +- 0.25 logit(0.6) around 1/2 are the shares 0.4 and 0.6.
    step = 0.25 * math.log(0.6 / 0.4)
    found = resampling.sizes_at(np.arange(1.0, 100), np.ones(99), 0.5, np.array([-step, step]))
    assert found.tolist() == pytest.approx([40, 60])
    beyond = resampling.sizes_at(np.arange(1.0, 5), np.ones(4), 0.5, np.array([-0.5, 0.5]))
    assert np.isnan(beyond).all()


def test_errors_of_the_tail_computed_by_hand():
    # d = 1, 2, 3; sums of powers 3, 6, 14, 36, 98; mean 2, variance (n) 2/3.
    sizes = np.array([1.0, 2.0, 3.0])
    logs, errors = resampling.tail(np.stack([sizes**p for p in range(5)]))
    assert np.exp(logs).tolist() == pytest.approx([math.sqrt(2 / 3), 36 / 14, 98 / 36])
    # Parts of the SD ((d - 2)^2 / (2/3) - 1) / 6: 1/12, -1/6, 1/12; 3/2 times their squares: 1/16.
    assert errors[0] == pytest.approx(0.25)
    # Parts of D[3,2] d^3 / 36 - d^2 / 14, of D[4,3] d^4 / 98 - d^3 / 36.
    sauter = [1 / 36 - 1 / 14, 8 / 36 - 4 / 14, 27 / 36 - 9 / 14]
    volume = [1 / 98 - 1 / 36, 16 / 98 - 8 / 36, 81 / 98 - 27 / 36]
    assert errors[1] == pytest.approx(math.sqrt(1.5 * sum(part**2 for part in sauter)))
    assert errors[2] == pytest.approx(math.sqrt(1.5 * sum(part**2 for part in volume)))


def test_the_variance_between_images_of_a_case_computed_by_hand():
    # ln d of five images of two: means 0, 0, 0, 0, 5, each +- 1. Between: 2 x 20 / 4 = 10;
    # within: 10 / 5 = 2; (10 - 2) / 2 = 4.
    logs = np.repeat([0.0, 0.0, 0.0, 0.0, 5.0], 2) + np.tile([-1.0, 1.0], 5)
    sample = resampling.take(np.exp(logs), groups=np.repeat(np.arange(5), 2))
    assert resampling.between_images(sample, 9.0) == pytest.approx(4)
    assert resampling.between_images(sample, 3.0) == 3
    alike = resampling.take(np.exp(np.tile([-1.0, 1.0], 5)), groups=np.repeat(np.arange(5), 2))
    assert resampling.between_images(alike, 9.0) == 0


def test_effective_counts():
    assert resampling.effective_count(np.full(7, 3.0)) == pytest.approx(7)
    assert resampling.effective_count(np.array([1.0, 1.0, 1.0, 3.0])) == pytest.approx(3)


def test_simulated_ratios_of_many_are_normal():
    sample = resampling.take(lognormal(4000, spread=0.1))
    ratios = resampling.simulated_ratios(sample, 0.01, 2000, np.random.default_rng(0))
    for part in ratios:
        assert np.quantile(part, [0.025, 0.975]).tolist() == pytest.approx([-1.96, 1.96], abs=0.25)


# -- the whole -------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [None, np.linspace(1, 3, 200)])
def test_values_are_those_of_the_summaries(weights):
    sizes = lognormal(200)
    found = bootstrap_intervals(sizes, weights, resamples=100)
    summary = summarise(sizes, weights)
    by_volume = summarise(sizes, (1 if weights is None else weights) * sizes**3)
    logs = summarise(np.log(sizes), weights)
    for name in ("mean", "standard_deviation", "d10", "d50", "d90"):
        assert getattr(found, name).value == pytest.approx(getattr(summary, name), rel=1e-12)
    for name in ("d10", "d50", "d90"):
        assert getattr(found, f"volume_{name}").value == pytest.approx(getattr(by_volume, name))
    assert found.median == found.d50
    assert found.geometric_mean.value == pytest.approx(math.exp(logs.mean))
    assert found.d32.value == moment_mean(sizes, 3, 2, weights)
    assert found.d43.value == moment_mean(sizes, 4, 3, weights)


def test_the_interval_of_a_mean_is_near_that_of_student():
    sizes = lognormal(400, spread=0.1)
    found = bootstrap_intervals(sizes, resamples=4000)
    half = stats.t.ppf(0.975, 399) * sizes.std(ddof=1) / 20
    assert found.mean.high - found.mean.low == pytest.approx(2 * half, rel=0.05)
    assert found.geometric_mean.low * found.geometric_mean.high == pytest.approx(
        found.geometric_mean.value**2
    )


@pytest.mark.parametrize("images", [1, 4, 5, 12])
def test_what_is_resampled_and_how_many(images):
    found = bootstrap_intervals(lognormal(120), groups=np.arange(120) % images, resamples=100)
    assert found.resampled == ("images" if images >= 5 else "particles")
    assert (found.particles, found.images, found.resamples) == (120, images, 100)


@pytest.mark.parametrize("images", [1, 6])
def test_neither_order_nor_unit_nor_a_second_run_changes_anything(images):
    sizes, groups = lognormal(150), np.arange(150) % images
    weights = np.linspace(1, 2, 150)
    found = bootstrap_intervals(sizes, weights, groups, resamples=200)
    order = np.random.default_rng(1).permutation(150)
    assert bootstrap_intervals(sizes, weights, groups, resamples=200) == found
    shuffled = bootstrap_intervals(sizes[order], weights[order], groups[order], resamples=200)
    assert shuffled == found
    nanometres = bootstrap_intervals(sizes * 7.3, weights * 5, groups, resamples=200)
    np.testing.assert_allclose(
        limits(nanometres, BY_NUMBER), 7.3 * limits(found, BY_NUMBER), rtol=1e-6
    )
    assert bootstrap_intervals(sizes, weights, groups, resamples=200, seed=1) != found


@pytest.mark.parametrize("images", [1, 6])
@pytest.mark.parametrize("weights", [None, np.linspace(1, 2, 150)])
def test_the_median_alone_has_the_same_limits(images, weights):
    sizes, groups = lognormal(150), np.arange(150) % images
    alone = bootstrap_median(sizes, weights, groups, resamples=200)
    among = bootstrap_intervals(sizes, weights, groups, resamples=200).d50
    assert alone.level == among.level
    np.testing.assert_allclose(
        [alone.value, alone.low, alone.high], [among.value, among.low, among.high], rtol=1e-9
    )


@pytest.mark.parametrize("sizes", [[], [5.0], lognormal(19), np.full(50, 7.0)])
def test_the_median_of_too_few_or_equal_sizes_has_no_limits(sizes):
    found = bootstrap_median(sizes)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_equal_weights_weigh_nothing():
    sizes = lognormal(150)
    plain, weighted = (
        bootstrap_intervals(sizes, w, resamples=200) for w in (None, np.full(150, 3))
    )
    np.testing.assert_allclose(limits(plain), limits(weighted), rtol=1e-6)


def test_images_that_differ_widen_what_is_known():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(8), 50)
    sizes = rng.lognormal(4, 0.2, 400) * np.exp(rng.normal(0, 0.2, 8))[groups]
    alone, together = bootstrap_intervals(sizes), bootstrap_intervals(sizes, groups=groups)
    for name in ("mean", "d50", "geometric_mean", "d32"):
        first, second = getattr(alone, name), getattr(together, name)
        assert second.high - second.low > 1.5 * (first.high - first.low)


def test_a_higher_level_is_wider_and_more_particles_are_nearer():
    sizes = lognormal(100)
    fewer = bootstrap_intervals(sizes)
    usual, sure = (bootstrap_intervals(np.tile(sizes, 4), level=level) for level in (0.95, 0.99))
    for name in (*BY_NUMBER, "geometric_standard_deviation"):
        one, other, few = (getattr(found, name) for found in (usual, sure, fewer))
        assert other.low < one.low < one.value < one.high < other.high
        assert math.log(few.high / few.low) > 1.5 * math.log(one.high / one.low)


@pytest.mark.parametrize("sizes", [[], [5.0], lognormal(19), np.full(50, 7.0)])
def test_too_few_or_equal_sizes_have_no_limits(sizes):
    found = bootstrap_intervals(sizes)
    assert np.isnan(limits(found)).all()
    assert found.particles == len(sizes)
    if len(sizes):
        assert found.mean.value == pytest.approx(np.mean(sizes))


def test_the_tails_of_a_small_sample_have_no_limits():
    few, more = bootstrap_intervals(lognormal(25)), bootstrap_intervals(lognormal(50))
    assert math.isnan(few.d10.low)
    assert math.isnan(few.d90.high)
    assert few.d50.low < few.d50.value < few.d50.high
    assert more.d10.low < more.d10.value < more.d90.value < more.d90.high


def test_limits_by_volume_need_enough_large_particles():
    # n exp(-9 ln^2 GSD), about: 300 x 0.91, 300 x 0.11, 3000 x 0.91.
    narrow, broad = (bootstrap_intervals(lognormal(300, spread=s)) for s in (0.1, 0.5))
    many = bootstrap_intervals(lognormal(3000, spread=0.1), resamples=200)
    assert narrow.volume_d50.low < narrow.volume_d50.value < narrow.volume_d50.high
    assert math.isnan(narrow.volume_d90.low)
    assert math.isnan(broad.volume_d10.low)
    assert math.isfinite(many.volume_d90.low)


def test_images_leave_only_the_lowest_limits_by_volume():
    found = bootstrap_intervals(lognormal(300, spread=0.1), groups=np.arange(300) % 6)
    assert found.volume_d10.low < found.volume_d10.value < found.volume_d10.high
    assert math.isnan(found.volume_d50.low)


def test_nearly_equal_sizes_have_limits():
    found = bootstrap_intervals(lognormal(100, spread=1e-5))
    deviation = found.standard_deviation
    # Of a normal sample of 100: sqrt(99 / chi2), 0.88 and 1.16.
    assert deviation.low / deviation.value == pytest.approx(0.88, abs=0.05)
    assert deviation.high / deviation.value == pytest.approx(1.16, abs=0.07)


def test_a_single_giant_leaves_no_limits_by_volume():
    assert math.isnan(bootstrap_intervals([*lognormal(300, spread=0.1), 1e5]).volume_d50.low)


@FEW
@given(
    st.lists(st.floats(1e-3, 1e6), min_size=20, max_size=60),
    st.sampled_from([1, 5]),
)
@example([1e-3] * 19 + [np.nextafter(1e-3, 1)], 1)  # equal but for rounding
def test_any_sizes_have_limits_around_the_value_or_none(sizes, images):
    found = bootstrap_intervals(sizes, groups=np.arange(len(sizes)) % images, resamples=100)
    for name in FIGURES:
        figure = getattr(found, name)
        assert math.isnan(figure.low) == math.isnan(figure.high)
        assert math.isnan(figure.low) or figure.low <= figure.value <= figure.high


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"level": 0}, "level"),
        ({"level": 1}, "level"),
        ({"resamples": 99}, "resamples"),
        ({"weights": [1.0]}, "weights"),
        ({"groups": [1]}, "groups"),
    ],
)
def test_what_makes_no_sense_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        bootstrap_intervals(lognormal(30), **options)


def test_intervals_hold_the_truth_as_often_as_they_say():
    # 300 samples of 50, GSD 1.5; 285 expected, standard deviation 3.8. benchmarks/metrology.py
    # says it exactly.
    rng = np.random.default_rng(3)
    truth = {"mean": math.exp(0.08), "d50": 1, "d90": math.exp(1.2815515655 * 0.4)}
    truth |= {"geometric_standard_deviation": math.exp(0.4), "d43": math.exp(3.5 * 0.16)}
    hits = dict.fromkeys(truth, 0)
    for seed in range(300):
        found = bootstrap_intervals(rng.lognormal(0, 0.4, 50), resamples=500, seed=seed)
        for name, value in truth.items():
            hits[name] += getattr(found, name).low <= value <= getattr(found, name).high
    assert all(273 <= count <= 297 for count in hits.values()), hits


def test_intervals_of_five_images_hold_the_truth_too():
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(5), 30)
    hits = dict.fromkeys(("d50", "geometric_mean"), 0)
    for seed in range(300):
        sizes = np.exp(rng.normal(0, 0.3, 150) + rng.normal(0, 0.2, 5)[groups])
        found = bootstrap_intervals(sizes, groups=groups, resamples=200, seed=seed)
        for name in hits:
            hits[name] += getattr(found, name).low <= 1 <= getattr(found, name).high
    assert all(273 <= count <= 297 for count in hits.values()), hits


# -- advice ----------------------------------------------------------------------------------


def known(low, high, **changes):
    """Intervals whose median 100 has these limits."""
    found = bootstrap_intervals(lognormal(40), resamples=100)
    return dataclasses.replace(found, d50=Interval(100.0, low, high, 0.95), **changes)


def test_advice_on_particles_computed_by_hand():
    # +-10 % from 100; t falls from 1.984 (99) to 1.966 (392): 400 x (1.966 / 1.984)^2 = 392.7.
    advice = advise(known(90, 110, particles=100))
    assert advice.half_width == pytest.approx(0.1)
    assert (advice.unit, advice.more, advice.needed) == ("particles", 300, 400)
    assert advice.more_particles == 300
    assert advice_sentence(advice) == (
        "The median is known to ±10 % (95 %); about 300 more particles would bring that to ±5 %."
    )


def test_advice_on_images_computed_by_hand():
    # 24 (t(k-1) / 2.571)^2 with t(16) = 2.120 is 16.3, with t(15) = 2.131 16.5: k = 17.
    advice = advise(known(90, 110, particles=300, images=6, resampled="images"))
    assert (advice.unit, advice.more, advice.needed) == ("images", 11, 17)
    assert advice.more_particles == 550
    assert advice_sentence(advice) == (
        "The median is known to ±10 % (95 %); about 11 more images like these (some 550 particles) "
        "would bring that to ±5 %."
    )


def test_enough_is_enough():
    advice = advise(known(97, 103))
    assert (advice.more, advice.more_particles, advice.needed) == (0, 0, 40)
    assert advice_sentence(advice) == "The median is known to ±3 % (95 %): enough for ±5 %."


def test_one_more():
    advice = advise(known(95.01, 104.99, particles=100), target=0.0498)
    assert advice.more == 1
    assert "about 1 more particle would" in advice_sentence(advice)


def test_no_advice_without_an_interval():
    assert particles_needed(lognormal(10)) is None
    with pytest.raises(ValueError, match="target"):
        particles_needed(lognormal(40), target=0)


@FEW
@given(st.floats(0.01, 1), st.floats(0.001, 0.5), st.sampled_from(["images", "particles"]))
def test_more_is_asked_for_a_nearer_target(half, target, unit):
    found = known(100 - 50 * half, 100 + 50 * half, particles=200, images=7, resampled=unit)
    near, far = advise(found, target / 2), advise(found, target)
    assert near.more >= far.more >= 0
    assert (far.more == 0) == (far.half_width <= target)
    # Two significant digits at the most.
    assert int(f"{near.more:.1e}".split("e")[0].replace(".", "")) * 10 ** max(
        0, len(str(near.more)) - 2
    ) in (near.more, 10 * near.more)


def test_the_advice_comes_true():
    sizes = lognormal(300, seed=5, spread=0.5)
    advice = particles_needed(sizes, target=0.03)
    reached = bootstrap_intervals(lognormal(advice.needed, seed=6, spread=0.5)).d50
    assert (reached.high - reached.low) / 2 / reached.value == pytest.approx(0.03, rel=0.2)


def test_no_limits_are_given_where_they_would_not_hold():
    sizes = np.random.default_rng(4).lognormal(4, 0.4, 200)
    even = bootstrap_intervals(sizes, np.full(200, 2.0), resamples=100)
    uneven = bootstrap_intervals(sizes, np.linspace(1, 2, 200), resamples=100)
    for name in ("d32", "d43"):
        assert np.isfinite(getattr(even, name).low)
        assert np.isnan(getattr(uneven, name).low)
        assert np.isfinite(getattr(uneven, name).value)
