"""Pictures that are unlike the others, and why."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from semseg.instances import out_of_domain
from semseg.metrology.unlike import Facts, facts_of, unlike
from tests.support.fake_analysis import draw

USUAL = Facts(100, 50.0, 0.3, found=110, kept=105, pixel_size_nm=2.0, rescale=1.0)


def sample(*odd, count=8, seed=0):
    """Pictures whose medians differ by chance, and odd ones after them."""
    chance = np.random.default_rng(seed)
    return [replace(USUAL, median=50 * math.exp(chance.normal(0, 0.03))) for _ in range(count)] + [
        replace(USUAL, **values) for values in odd
    ]


def kinds(facts):
    return [[reason.kind for reason in each.reasons] for each in unlike(facts)]


def words(*odd):
    return [reason.words for reason in unlike(sample(*odd))[-1].reasons]


@pytest.mark.parametrize("seed", range(20))
def test_pictures_that_differ_by_chance_are_like_each_other(seed):
    assert not any(kinds(sample(seed=seed)))


@pytest.mark.parametrize(
    ("median", "said"),
    [
        (103.0, r"its median is 2(\.1)? times that of the others"),
        (75.0, r"its median is (49|50|51) % larger than that of the others"),
        (25.0, r"its median is (49|50|51) % smaller than that of the others"),
    ],
)
def test_one_median_far_from_the_others_is_told_and_moves_none_of_them(median, said):
    facts = sample({"median": median})
    assert kinds(facts) == [[]] * 8 + [["size"]]
    (found,) = words({"median": median})
    assert re.fullmatch(said, found)


def test_a_median_of_few_particles_may_be_anywhere():
    assert kinds(sample({"median": 90.0, "counted": 30})) == [[]] * 8 + [["size"]]
    assert kinds(sample({"median": 90.0, "counted": 30, "log_spread": 3.0}))[-1] == []
    assert kinds(sample({"median": 90.0, "counted": 1, "log_spread": math.nan}))[-1] == ["count"]


def test_a_difference_below_a_tenth_is_no_matter_however_sure():
    exact = [replace(USUAL, median=50.0 + k / 1000, counted=10**6) for k in range(8)]
    assert not any(kinds([*exact, replace(exact[0], median=54.0)]))
    assert kinds([*exact, replace(exact[0], median=56.0)])[-1] == ["size"]


def test_of_two_nobody_knows_and_of_three_one_is_seen():
    pair = [USUAL, replace(USUAL, median=500.0, counted=3)]
    assert kinds(pair) == [[], []]
    assert kinds([USUAL, replace(USUAL, median=51.0), replace(USUAL, median=120.0)]) == [
        [],
        [],
        ["size"],
    ]


def test_sizes_that_cannot_be_compared_are_not():
    facts = sample({"median": math.nan}, {"median": math.nan})
    assert not any(kinds(facts))
    assert [each.score for each in unlike(facts)[-2:]] == [0.0, 0.0]
    assert not any(kinds([replace(USUAL, median=math.nan) for _ in range(5)]))


def test_few_particles():
    assert words({"counted": 0, "median": math.nan}) == ["no particle counts"]
    assert words({"counted": 1, "log_spread": math.nan}) == [
        "only 1 particle counts, of the others 100"
    ]
    assert words({"counted": 19}) == ["only 19 particles count, of the others 100"]
    assert words({"counted": 20}) == []
    nobody = [replace(USUAL, counted=0, median=math.nan) for _ in range(4)]
    assert not any(kinds(nobody))


def test_what_the_filter_rejects():
    assert words({"kept": 11}) == ["the filter keeps 10 % of what was found, of the others 95 %"]
    assert words({"kept": 0, "found": 4}) == []
    assert words({"kept": 60}) == []
    assert words({"known": False, "kept": 0}) == [
        "it is not like the pictures that the model knows"
    ]


def test_another_scale_is_told_where_most_have_one():
    assert words({"pixel_size_nm": 4.0, "rescale": 2.0}) == [
        "its scale is 4 nm per pixel, that of most 2"
    ]
    assert words({"pixel_size_nm": 2.03}) == []
    assert words({"pixel_size_nm": None}) == []
    mixed = [replace(USUAL, pixel_size_nm=size, rescale=size / 2) for size in (1.0, 2.0, 4.0, 8.0)]
    assert not any(kinds(mixed))


def test_another_rescale_factor_is_told_by_how_large_particles_are_for_the_network():
    assert words({"rescale": 0.06}) == [
        "its rescale factor is 0.06, where 1 would be as the others"
    ]
    assert words({"rescale": 1.9}) == []
    # half the magnification, and twice the factor: the same for the network
    assert "rescale" not in kinds(sample({"pixel_size_nm": 8.0, "rescale": 4.0}))[-1]
    assert words({"rescale": 1.0, "decided": False}) == ["its rescale factor could not be found"]
    without = [replace(USUAL, pixel_size_nm=None) for _ in range(4)]
    assert kinds([*without, replace(without[0], rescale=5.0)])[-1] == ["rescale"]


def test_those_with_most_reasons_come_first():
    found = unlike(sample({"median": 100.0}, {"median": 100.0, "rescale": 9.0}, {"median": 60.0}))
    order = sorted(range(len(found)), key=lambda k: found[k].order, reverse=True)
    assert order[:3] == [9, 8, 10]


def test_facts_of_analyses():
    usual = draw()
    large, assumed = draw(radius=9), draw(assumed=True)
    facts = facts_of([usual, large, assumed])
    counts = usual.particles["counted"]
    assert facts[0].counted == counts.sum()
    assert facts[0].median == pytest.approx(usual.particles["min_feret_nm"][counts].median())
    assert facts[1].median > facts[0].median
    assert math.isnan(facts[2].median)  # no part of the sizes of all
    assert facts[2].pixel_size_nm is None
    assert facts[0].pixel_size_nm == usual.calibration.pixel_size_nm
    assert (facts[0].kept, facts[0].found) == (usual.particles["kept"].sum(), len(usual.particles))
    assert facts[0].known
    strange = replace(usual, particles=usual.particles.assign(doubt=out_of_domain.REASON))
    assert not facts_of([usual, strange])[1].known
    assert not any(each.reasons for each in unlike(facts_of([usual] * 4)))
