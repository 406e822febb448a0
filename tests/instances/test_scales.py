"""Which other scales fit a picture: far ones that are probable, crowds, and half the factor."""

from __future__ import annotations

import numpy as np
import pytest

from semseg.instances.scales import Scale, distinct, fits_half, judged, scales_note, with_half

SURE = np.full(50, 0.95)
DOUBTFUL = np.full(50, 0.4)


def fitting(scales):
    return [each.factor for each in scales if each.fits]


def test_of_scales_that_are_nearly_the_same_the_most_probable_stays():
    seen = [
        Scale(0.06, 1000, 0.9, 1),
        Scale(0.07, 900, 0.3, 2),
        Scale(2.0, 32, 0.6, 270),
        Scale(1.7, 37, 0.4, 400),
        Scale(0.35, 180, 0.01, 3),
    ]
    assert [each.factor for each in distinct(seen)] == [0.06, 0.35, 2.0]
    assert [each.factor for each in distinct(seen, apart_from=1.8)] == [0.06, 0.35]
    assert distinct([]) == ()


@pytest.mark.parametrize(
    ("factor", "probability", "fits"),
    [(4.1, 0.3, True), (0.24, 0.3, True), (4.1, 0.29, False), (3.9, 0.9, False)],
)
def test_a_scale_two_octaves_away_fits_where_it_is_probable_and_what_was_found_doubtful(
    factor, probability, fits
):
    others = [Scale(factor, 64 / factor, probability, count=5.0)]
    assert bool(fitting(judged(others, 1.0, DOUBTFUL, 0.3))) is fits
    assert not fitting(judged(others, 1.0, SURE, 0.3))


def test_a_probable_crowd_fits_beside_a_few_of_which_the_network_is_sure():
    crowd = [Scale(2.0, 32.0, 0.6, 276.0)]
    assert fitting(judged(crowd, 0.064, SURE[:1], 0.3)) == [2.0]
    assert fitting(judged(crowd, 0.064, SURE[:9], 0.3)) == [2.0]
    assert not fitting(judged(crowd, 0.064, SURE[:10], 0.3))  # not so many times as many
    assert not fitting(judged(crowd, 9.0, SURE[:1], 0.3))  # larger ones are none
    assert not fitting(judged([Scale(2.0, 32.0, 0.2, 276.0)], 0.064, SURE[:1], 0.3))


def test_a_crowd_fits_where_next_to_nothing_is_accepted_and_that_is_doubtful():
    others = [
        Scale(0.02, 3000, 0.1, 30.0),  # a crowd of larger things would be none
        Scale(0.5, 130, 0.04, 42.0),
        Scale(1.2, 54, 0.02, 32.0),
    ]
    few_and_doubtful, few = np.array([0.5, 0.4, 0.1]), np.array([0.95, 0.9])
    assert fitting(judged(others, 0.1, few_and_doubtful, 0.3)) == [0.5]
    assert fitting(judged(others, 0.1, np.zeros(0), 0.3)) == [0.5]
    assert fitting(judged(others, 0.1, few, 0.3)) == []
    assert fitting(judged(others, 0.1, DOUBTFUL, 0.3)) == []
    sparse = [Scale(0.5, 130, 0.04, 12.0)]
    assert fitting(judged(sparse, 0.1, few_and_doubtful, 0.3)) == []


def test_half_fits_where_many_are_doubtful_in_an_enlarged_picture():
    assert fits_half(2.2, DOUBTFUL)
    assert not fits_half(0.9, DOUBTFUL)
    assert not fits_half(2.2, SURE)
    assert not fits_half(2.2, DOUBTFUL[:10])
    # those that are hardly believed say nothing about the others
    assert not fits_half(2.2, np.append(SURE, np.full(50, 0.05)))


def test_half_is_offered_among_the_others_unless_one_is_nearly_the_same():
    other = Scale(0.3, 200, 0.1, 4.0)
    half = Scale(1.0, 32.0, fits=True)
    assert with_half([other], 2.0, 32.0, DOUBTFUL) == (other, half)
    assert with_half([other], 2.0, 32.0, SURE) == (other, Scale(1.0, 32.0))
    near = Scale(0.8, 40, 0.1, 4.0)
    assert with_half([near], 2.0, 32.0, SURE) == (near,)
    assert with_half([near], 2.0, 32.0, DOUBTFUL) == (near, half)
    assert with_half([other], 2.0, None, SURE[:0]) == (other,)
    assert with_half([other], 2.0, 32.0, SURE[:5]) == (other,)


def test_the_notes_say_what_is_outlined_and_what_could_be():
    support = [Scale(0.35, 183, 0.01, 3), Scale(2.0, 32.1, 0.6, 276, fits=True)]
    assert scales_note(support, 0.064, 1009.7) == [
        "More than one scale fits this picture: things 1,000 px wide are outlined; at a rescale "
        "factor of 2 particles some 32 px wide can be seen."
    ]
    assert "nothing is outlined" in scales_note(support, 0.064, None)[0]
    (said,) = scales_note([Scale(1.1, 19.3, fits=True)], 2.2, 19.3)
    assert "enlarged 2.2 times" in said
    assert "a rescale factor of 1.1" in said
    assert scales_note(support[:1], 0.064, 1009.7) == []
    # what is said of another size comes before half the factor, which may fit as well
    both = [Scale(2.0, 14.3, fits=True), Scale(0.8, 82.2, 0.4, 3, fits=True)]
    (said,) = scales_note(both, 4.0, 14.3)
    assert said.startswith("More than one scale")
