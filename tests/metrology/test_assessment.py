"""One assessment of several pictures, from analyses drawn by hand."""

import numpy as np
import pytest

from semseg.measure.quantities import SHAPES
from semseg.metrology.assessment import assess
from semseg.statistics.counting import apply_rule
from semseg.statistics.summary import summarise
from tests.support.fake_analysis import draw


def pictures(count=2, **values):
    """Analyses whose particles differ in size from picture to picture."""
    return [
        draw(height=192, width=256, columns=8, rows=6, radius=9 + number, **values)
        for number in range(count)
    ]


def test_pictures_count_together():
    both = pictures(2)
    found = assess(both, "ecd")
    counts = [each.particles[each.particles["counted"]] for each in both]
    sizes = np.concatenate([each["ecd_nm"] for each in counts])
    assert found.summary == summarise(sizes)
    assert found.counts.counted == sizes.size == len(found.particles)
    assert found.counts.found == sum(len(each.particles) for each in both)
    assert found.counts.kept + found.counts.possibly_wrong == found.counts.found
    assert found.particles["picture"].value_counts().to_dict() == {
        0: len(counts[0]),
        1: len(counts[1]),
    }
    assert found.area == pytest.approx(2 * 192 * 256 * 7.34375**2)
    assert found.intervals.d50.value == pytest.approx(found.summary.d50)
    assert found.intervals.resampled == "particles"


def test_from_five_pictures_on_pictures_are_resampled():
    assert assess(pictures(5)).intervals.resampled == "images"


def test_raw_and_corrected_stand_side_by_side_under_every_rule():
    for edges in ("count", "exclude", "weight"):
        (one,) = pictures(1, edges=edges)
        found = assess([one], "ecd")
        table = apply_rule(one.particles, one.grid.frame, edges="weight", visible_only=False)
        whole = table[table["counted"]]
        assert found.raw == summarise(one.particles.loc[one.particles["kept"], "ecd_nm"])
        assert found.corrected == summarise(whole["ecd_nm"], whole["weight"])
        assert found.min_inside_probability == pytest.approx(1 / whole["weight"].max())
    assert found.summary == found.corrected  # the last rule is the correction itself


def test_pictures_without_a_scale_are_left_out_of_nanometres():
    with_scale, (without,) = pictures(1), pictures(1, pixel_size_nm=None)
    found = assess([*with_scale, without])
    assert (found.unit, found.pictures, found.left_out) == ("nm", 1, 1)
    alone = assess([without])
    assert (alone.unit, alone.left_out, alone.screening) == ("px", 0, None)


def test_an_assumed_scale_gives_no_verdict():
    found = assess(pictures(1, assumed=True))
    assert found.assumed
    assert found.screening.outcome.startswith("inconclusive")
    assert not any(part.name == "scale" for part in found.budget.components)


def test_the_same_pictures_give_the_same_figures():
    one, other = (assess(pictures(2), seed=3) for _ in range(2))
    assert one.intervals == other.intervals
    assert one.lognormal == other.lognormal
    assert one.screening == other.screening


def test_shapes_have_their_distribution():
    found = assess(pictures(1))
    assert list(found.shapes.index) == list(SHAPES)
    expected = summarise(found.particles["solidity"])
    assert found.shapes.loc["solidity", "mean"] == pytest.approx(expected.mean)
    assert found.shapes.loc["solidity", "d90"] == pytest.approx(expected.d90)


def test_without_particles_nothing_is_claimed():
    nothing = draw(rows=0)
    found = assess([nothing])
    assert found.counts.counted == 0
    assert np.isnan(found.summary.mean)
    assert (found.lognormal, found.advice, found.budget) == (None, None, None)
    assert np.isnan(found.min_inside_probability)
