"""Which pictures are put together, and who is left out, named."""

import pytest

from semseg.metrology.assessment import assess
from semseg.metrology.pooling import (
    left_out,
    left_out_sentences,
    poolable,
    pooled,
    pooled_unit,
)
from tests.support.fake_analysis import draw

DOUBTFUL = [{"assumed": True}, {"proposed": True}]


@pytest.mark.parametrize("doubt", DOUBTFUL)
def test_a_scale_that_is_not_certain_moves_no_figure_of_several_pictures(doubt):
    """A picture of ten times as large particles, by a scale that nobody checked."""
    certain, doubtful = draw(), draw(pixel_size_nm=73.4375, name="b.tif", **doubt)
    both = [certain, doubtful, certain]
    assert pooled_unit(both) == "nm"
    assert poolable(both, "nm") == [certain, certain]
    assert pooled(both, "nm")["picture"].unique().tolist() == [0, 2]
    (kind,) = doubt
    assert left_out(both) == (("b.tif", f"its scale is only {kind}, check it"),)
    assert str(left_out(both)[0]) == f"b.tif (its scale is only {kind}, check it)"
    together, alone = assess(both), assess([certain, certain])
    assert together.summary == alone.summary
    assert together.scale_doubt == ""
    assert together.budget == alone.budget


@pytest.mark.parametrize("doubt", DOUBTFUL)
def test_one_picture_alone_is_measured_with_the_scale_it_has(doubt):
    one = draw(**doubt)
    assert pooled_unit([one]) == "nm"
    assert left_out([one]) == ()
    assert left_out_sentences([one]) == []
    found = assess([one])
    (kind,) = doubt
    assert (found.unit, found.scale_doubt) == ("nm", kind)
    assert found.screening.outcome.startswith("inconclusive")
    assert f"scale: it is only {kind}" in found.budget.missing


def test_without_a_certain_scale_several_pictures_are_put_together_in_pixels():
    both = [draw(assumed=True), draw(proposed=True)]
    assert pooled_unit(both) == "px"
    assert left_out(both) == ()
    (said,) = left_out_sentences(both)
    assert said.startswith("No picture has a certain scale")
    assert assess(both).unit == "px"
    bare = [draw(pixel_size_nm=None)] * 2
    assert pooled_unit(bare) == "px"
    assert left_out_sentences(bare) == []


def test_who_is_left_out_is_named():
    pictures = [draw(), draw(pixel_size_nm=None, name="b.png"), draw(assumed=True, name="c.png")]
    assert left_out_sentences(pictures) == [
        "b.png is left out of the sizes of all pictures together: it has no scale.",
        "c.png is left out of the sizes of all pictures together: its scale is only assumed, check "
        "it.",
    ]
