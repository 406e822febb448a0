"""One assessment of several pictures, from analyses drawn by hand."""

from dataclasses import replace

import numpy as np
import pytest

from semseg.measure.area import Area
from semseg.measure.quantities import SHAPES
from semseg.metrology.assessment import assess
from semseg.statistics.counting import apply_rule
from tests.support.fake_analysis import draw


def pictures(count=2, **values):
    """Analyses whose particles differ in size from picture to picture."""
    return [
        draw(height=192, width=256, columns=8, rows=6, radius=9 + number, **values)
        for number in range(count)
    ]


def test_pictures_count_together():
    """Of 48 particles each, every fourth rejected: 36 of 30 nm, and 36 of 50 nm."""
    both = [
        replace(each, particles=each.particles.assign(ecd_nm=size))
        for each, size in zip(pictures(2), (30.0, 50.0), strict=True)
    ]
    found = assess(both, "ecd")
    assert (found.summary.mean, found.summary.median) == (40, 40)
    # squares 72 x 10^2 over 71
    assert found.summary.standard_deviation == pytest.approx(10.0701763, abs=1e-7)
    counts = found.counts
    assert (counts.found, counts.kept, counts.possibly_wrong, counts.counted) == (96, 72, 24, 72)
    assert found.particles["picture"].value_counts().to_dict() == {0: 36, 1: 36}
    assert found.area == pytest.approx(2 * 192 * 256 * 7.34375**2)
    assert found.intervals.d50.value == pytest.approx(found.summary.d50)
    assert found.intervals.resampled == "particles"


def test_from_five_pictures_on_pictures_are_resampled():
    assert assess(pictures(5)).intervals.resampled == "images"


@pytest.mark.parametrize("edges", ["count", "exclude", "weight"])
def test_raw_and_corrected_stand_side_by_side_under_every_rule(edges):
    """Six of 40 px, one of 160 px and one of 10 px, which the frame of 256 x 192 px cuts."""
    (one,) = pictures(1, edges=edges, pixel_size_nm=1.0)
    sizes = [40.0] * 6 + [160.0, 10.0]
    particles = one.particles[: len(sizes)].assign(
        kept=True, ecd_nm=sizes, box_width_px=sizes, box_height_px=sizes, visibility=1.0
    )
    particles["touches_edge"] = [False] * 7 + [True]
    particles = apply_rule(particles, Area.of((192, 256)), edges=edges, visible_only=False)
    found = assess([replace(one, particles=particles)], "ecd")
    assert found.raw.mean == pytest.approx((240 + 160 + 10) / 8)
    # P of 160 px: 96 / 256 x 32 / 192 = 1/16; of 40 px: 216 / 256 x 152 / 192 = 0.66797. So the
    # large one counts 16 times, the others 1.49708 times each, 8.98246 together
    assert found.min_inside_probability == pytest.approx(1 / 16)
    assert found.corrected.mean == pytest.approx((8.98246 * 40 + 16 * 160) / 24.98246)
    shown = {"count": found.raw.mean, "exclude": 400 / 7, "weight": found.corrected.mean}
    assert found.summary.mean == pytest.approx(shown[edges])


def test_pictures_without_a_scale_are_left_out_of_nanometres():
    with_scale, (without,) = pictures(1), pictures(1, pixel_size_nm=None)
    found = assess([*with_scale, without])
    assert (found.unit, found.pictures) == ("nm", 1)
    assert found.left_out == (("TiO2 µ.tif", "it has no scale"),)
    alone = assess([without])
    assert (alone.unit, alone.left_out, alone.screening) == ("px", (), None)


def test_an_assumed_scale_gives_no_verdict():
    found = assess(pictures(1, assumed=True))
    assert found.scale_doubt == "assumed"
    assert found.screening.outcome.startswith("inconclusive")
    assert not any(part.name == "scale" for part in found.budget.components)


def test_the_same_pictures_give_the_same_figures():
    one, other = (assess(pictures(2), seed=3) for _ in range(2))
    assert one.intervals == other.intervals
    assert one.lognormal == other.lognormal
    assert one.screening == other.screening


def test_shapes_have_their_distribution():
    """Solidities 0.65, 0.66 ... 1.00 of the 36 that are kept."""
    (one,) = pictures(1)
    particles = one.particles.copy()
    particles.loc[particles["kept"], "solidity"] = np.linspace(0.65, 1, 36)
    found = assess([replace(one, particles=particles)])
    assert list(found.shapes.index) == list(SHAPES)
    assert found.shapes.loc["solidity", "mean"] == pytest.approx(0.825)
    # position 0.9 x 35 = 31.5, between 0.96 and 0.97
    assert found.shapes.loc["solidity", "d90"] == pytest.approx(0.965)


def test_without_particles_nothing_is_claimed():
    nothing = draw(rows=0)
    found = assess([nothing])
    assert found.counts.counted == 0
    assert np.isnan(found.summary.mean)
    assert (found.lognormal, found.advice, found.budget) == (None, None, None)
    assert np.isnan(found.min_inside_probability)
