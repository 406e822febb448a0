"""What must be said beside a mean, on drawn particles whose truth is known."""

import re
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from semseg import Settings, analyze
from semseg.cli.printed import result_line
from semseg.export.summary_json import summary_dict
from semseg.measure.shape import measure_shapes
from semseg.metrology.cautions import cautions, compare_rules
from tests.support.drawn_discs import RADIUS, covered_discs, cut_discs
from tests.support.fake_analysis import draw

FRAME = (300, 400)


def picture(particles, edges="count", visible_only=False, pixel_size_nm=None):
    """An analysis of these particles in a frame of `FRAME`."""
    analysis = draw(
        *FRAME,
        bar=0,
        rows=1,
        columns=1,
        pixel_size_nm=pixel_size_nm,
        edges=edges,
        visible_only=visible_only,
    )
    if pixel_size_nm:
        sizes = ("min_feret", "ecd")
        particles = particles.assign(
            **{f"{size}_nm": particles[f"{size}_px"] * pixel_size_nm for size in sizes}
        )
    return replace(analysis, particles=particles)


def table(sizes, cut=(), covered=(), rejected=()):
    """Particles of these sizes; those with these numbers are cut, covered or rejected."""
    numbers = np.arange(len(sizes))
    sizes = np.array(sizes, float)
    return pd.DataFrame(
        {
            "kept": ~np.isin(numbers, list(rejected)),
            "touches_edge": np.isin(numbers, list(cut)),
            "visibility": np.where(np.isin(numbers, list(covered)), 0.7, 1.0),
            "box_width_px": sizes,
            "box_height_px": sizes,
            "min_feret_px": sizes,
            "ecd_px": sizes,
        }
    )


def said(analyses, **options):
    """Kind and figures of each caution."""
    found = cautions(compare_rules(analyses, **options))
    return {caution.kind: caution.better for caution in found}


# -- truth -----------------------------------------------------------------------------------


def frames(**rule):
    """Discs of 20 and 60 px in turn on a lattice, of which each frame shows another part."""
    y, x = np.mgrid[: FRAME[0] + 160, : FRAME[1] + 160]
    lattice = np.zeros(x.shape, np.int32)
    for number, (row, column) in enumerate(product(range(7), range(8)), start=1):
        radius = 30 if (row + column) % 2 else 10
        lattice[np.hypot(x - 80 * column, y - 80 * row) <= radius] = number
    for left, top in product(range(13, 160, 32), range(17, 160, 40)):
        labels = lattice[top : top + FRAME[0], left : left + FRAME[1]]
        shapes = measure_shapes(labels)
        box = {
            "box_width_px": shapes["bbox_right"] - shapes["bbox_left"],
            "box_height_px": shapes["bbox_bottom"] - shapes["bbox_top"],
        }
        yield picture(
            shapes.assign(**box, kept=True, visibility=1.0).rename(
                columns={"min_feret": "min_feret_px", "ecd": "ecd_px"}
            ),
            **rule,
        )


@pytest.mark.parametrize("edges", ["count", "exclude"])
def test_the_corrected_mean_is_that_of_all_particles_there_are(edges):
    comparison = compare_rules(list(frames(edges=edges)))
    assert comparison.shown.mean < 0.96 * 40
    (caution,) = cautions(comparison)
    assert (caution.kind, caution.better) == ("edge", comparison.corrected)
    assert caution.better.mean == pytest.approx(40, rel=0.01)


def test_the_line_of_a_picture_gives_the_true_size_of_discs_that_the_frame_cuts():
    found = analyze(cut_discs(), Settings(rescale=1.0), name="cut.png")
    line = result_line(found)
    plain, corrected = map(float, re.findall(r"mean ([\d.]+) px", line))
    assert plain < 0.8 * 2 * RADIUS
    assert corrected == pytest.approx(2 * RADIUS, rel=0.02)
    assert "; caution: 18 of 30 cut by the edge, corrected mean" in line
    assert line.endswith("px (--edges weight)")
    summary = summary_dict(found)["cautions"]
    assert summary["edge_corrected"]["mean"] == pytest.approx(corrected, rel=1e-3)
    assert [each["kind"] for each in summary["said"]] == ["edge"]
    as_told = analyze(cut_discs(), Settings(rescale=1.0, edges="weight"), name="cut.png")
    assert f"min Feret mean {corrected:.4g} px" in result_line(as_told)
    assert "caution" not in result_line(as_told)


def test_the_line_of_a_picture_gives_the_true_size_of_discs_that_others_cover():
    found = analyze(covered_discs(), Settings(rescale=1.0), name="covered.png")
    line = result_line(found)
    plain, visible = map(float, re.findall(r"mean ([\d.]+) px", line))
    assert plain < 0.9 * 2 * RADIUS
    assert visible == pytest.approx(2 * RADIUS, rel=0.04)
    assert "; caution: 12 of 24 partly covered, fully visible mean" in line
    assert line.endswith("px (--visible-only)")
    as_told = analyze(covered_discs(), Settings(rescale=1.0, visible_only=True), name="covered.png")
    assert f"min Feret mean {visible:.4g} px" in result_line(as_told)
    assert "caution" not in result_line(as_told)


# -- which rule is in force ------------------------------------------------------------------


SIZES = [30, 30, *[60] * 20, 10, 10, 10]  # the first are covered, the last cut
MIXED = {"cut": (22, 23, 24), "covered": (0, 1, 2)}


@pytest.mark.parametrize(
    ("edges", "visible_only", "kinds"),
    [
        ("count", False, {"edge", "covered", "both"}),
        ("count", True, {"edge"}),
        ("exclude", False, {"covered"}),
        ("exclude", True, set()),
        ("weight", False, {"covered"}),
        ("weight", True, set()),
    ],
)
def test_nothing_is_said_of_what_the_rule_in_force_answers_for(edges, visible_only, kinds):
    found = said([picture(table(SIZES, **MIXED), edges, visible_only)])
    assert set(found) == kinds
    for kind, better in found.items():
        assert better.edges == ("weight" if kind in ("edge", "both") else edges)
        assert better.visible_only == (visible_only or kind in ("covered", "both"))


def test_figures_are_those_of_the_rule_that_they_name():
    found = said([picture(table(SIZES, **MIXED))])
    assert (found["edge"].count, found["covered"].count, found["both"].count) == (22, 22, 19)
    assert found["covered"].mean == pytest.approx((19 * 60 + 3 * 10) / 22)
    assert found["both"].mean == pytest.approx(60)
    assert found["both"].median == pytest.approx(60)


def test_excluding_cut_particles_is_spoken_of_when_large_ones_are_missed():
    large = [20] * 12 + [200] * 12 + [100]
    assert set(said([picture(table(large, cut=(24,)), "exclude")])) == {"edge"}
    (caution,) = cautions(compare_rules([picture(table(large, cut=(24,)), "exclude")]))
    assert caution.words.startswith("1 left out as cut by the edge, corrected mean")
    assert "1 particle cut by the edge of the frame is left out" in caution.sentence
    assert said([picture(table(large), "exclude")]) == {}, "the frame cuts none"


def test_rejected_particles_do_not_matter():
    sizes = [60] * 20 + [10] * 10
    bad = range(20, 30)
    assert said([picture(table(sizes, cut=bad, covered=bad, rejected=bad))]) == {}
    assert said([picture(table(sizes, rejected=range(30)))]) == {}


# -- thresholds ------------------------------------------------------------------------------


@pytest.mark.parametrize(("least", "speaks"), [(44, False), (20, True)])
def test_the_edge_is_spoken_of_when_the_mean_moves_by_more_than_two_percent(least, speaks):
    # nearly 1.3 and 3.3 %
    sizes = [50] * 19 + [least]
    found = said([picture(table(sizes, cut=(19,)))])
    assert set(found) == ({"edge"} if speaks else set())


@pytest.mark.parametrize(("covered", "speaks"), [(2, False), (3, True)])
def test_covered_particles_are_spoken_of_when_they_are_more_than_a_tenth(covered, speaks):
    found = said([picture(table([50] * 20, covered=range(covered)))])
    assert set(found) == ({"covered"} if speaks else set())


@pytest.mark.parametrize(("left", "enough"), [(9, False), (10, True)])
def test_figures_of_fewer_than_ten_particles_are_not_given(left, enough):
    for kind, where in (("edge", "cut"), ("covered", "covered")):
        particles = table([60] * left + [20] * 5, **{where: range(left, left + 5)})
        (caution,) = cautions(compare_rules([picture(particles)]))
        assert caution.kind == kind
        assert (caution.better is not None) == enough
        for text in (caution.words, caution.sentence):
            assert ("mean" in text) == enough
            assert ("too few" in text.lower()) != enough


def test_both_together_are_given_only_where_enough_is_left_of_each():
    particles = table([60] * 21, cut=range(7), covered=range(7, 14)).assign(
        min_feret_px=[20] * 7 + [60] * 14
    )
    found = said([picture(particles)])
    assert set(found) == {"edge", "covered"}, "seven remain"
    assert all(found.values())


def test_a_weight_of_one_particle_does_not_stand_for_many():
    sizes = [10] * 14 + [280]  # fills the frame: P is some 0.02
    found = said([picture(table([*sizes, 10], cut=(15,)))])
    assert found == {"edge": None}


def test_a_frame_of_cut_particles_only_says_so():
    (caution,) = cautions(compare_rules([picture(table([60, 40, 30], cut=(0, 1, 2)))]))
    assert caution.words == "3 of 3 cut by the edge, too few whole ones to correct for it"
    assert "lower the magnification" in caution.sentence


# -- several pictures, volume, words ---------------------------------------------------------


def test_pictures_count_together_in_nanometres_without_those_that_have_no_scale():
    fine = picture(table([60] * 20), pixel_size_nm=2.0)
    cut = picture(table([60] * 15 + [10] * 5, cut=range(15, 20)), pixel_size_nm=2.0)
    bare = picture(table([10] * 40, cut=range(40)))
    comparison = compare_rules([fine, cut, bare])
    assert (comparison.unit, comparison.cut, comparison.shown.count) == ("nm", 5, 40)
    (caution,) = cautions(comparison)
    assert caution.better.mean == pytest.approx(120)
    assert caution.words == ("5 of 40 cut by the edge, corrected mean 120.0 nm, median 120.0 nm")


def test_by_volume_the_large_ones_decide():
    particles = table([60] * 12 + [10] * 4, cut=range(12, 16))
    assert set(said([picture(particles)])) == {"edge"}
    assert said([picture(particles)], by_volume=True) == {}
    particles = table([60] * 12 + [30] * 12, cut=range(12, 24))
    (caution,) = cautions(compare_rules([picture(particles)], by_volume=True))
    assert "corrected mean by volume 60.00 px" in caution.words
    assert "the mean by volume is 60.00 px in place of" in caution.sentence


def test_the_size_is_the_one_asked_for():
    particles = table([60] * 12 + [10] * 4, cut=range(12, 16)).assign(ecd_px=50.0)
    assert said([picture(particles)], size="ecd") == {}


def test_sentences_say_what_is_wrong_and_by_how_much():
    edge, covered, both = cautions(compare_rules([picture(table(SIZES, **MIXED))]))
    assert edge.sentence == (
        "3 of 25 particles are cut by the edge of the frame and counted as far as seen. Corrected "
        "for that, by whole particles weighted by 1/P (ISO 13322-1), the mean is 57.73 px in place "
        "of 51.60 px (+11.9 %) and the median 60.00 px in place of 60.00 px (+0.0 %)."
    )
    assert covered.sentence.startswith(
        "3 of 25 particles are partly covered by others and measured as far as seen. Of the fully "
        "visible ones alone, the mean is 53.18 px in place of 51.60 px (+3.1 %)"
    )
    assert both.sentence.startswith("Corrected for both, the mean is 60.00 px in place of 51.60 px")
    assert both.words == "corrected for both: mean 60.00 px, median 60.00 px"


def test_lengths_have_four_digits_and_no_exponent():
    particles = table([60] * 12 + [10] * 4, cut=range(12, 16))
    (caution,) = cautions(compare_rules([picture(particles, pixel_size_nm=1000.0)]))
    assert "mean 60,000 nm" in caution.words
