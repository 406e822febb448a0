"""What is compared when a picture is seen by another factor."""

from __future__ import annotations

from semseg.display import Display
from semseg.page.compare import Change, Seen, noted, sentence
from tests.support.fake_analysis import draw, redrawn

FOUND = Seen(("a", 1), 2.1, None)
GIVEN = Seen(("a", 1), 2.1, 2.1)
OTHER = Seen(("a", 1), 1.0, 1.0)
THIRD = Seen(("a", 1), 0.5, 0.5)


def test_the_result_before_is_compared_with():
    change = noted(None, FOUND)
    assert change == Change(FOUND)
    change = noted(change, GIVEN)  # the same factor
    assert change == Change(GIVEN)
    change = noted(change, OTHER)
    assert change == Change(OTHER, GIVEN)
    assert noted(change, OTHER) == change
    assert noted(change, THIRD) == Change(THIRD, OTHER)
    assert noted(change, GIVEN) == Change(GIVEN, OTHER)  # taken back


def test_another_look_leaves_nothing_to_compare_with():
    change = noted(noted(None, FOUND), OTHER)
    assert noted(change, Seen(("b", 1), 1.0, 1.0)).before is None
    assert noted(change, Seen(("b", 1), 2.0, 2.0)).before is None


def test_the_sentence_has_both_counts_and_medians():
    then, now = draw(), redrawn(draw(rows=2), rescale=0.064)
    said = sentence(then, now, Display())
    counts = [int(each.particles["counted"].sum()) for each in (then, now)]
    assert f"**{counts[0]} → {counts[1]} particles, D50 " in said
    assert said.endswith(" nm**: rescale factor 1 → 0.064")
    empty = redrawn(draw(rows=0), rescale=3.0)
    assert sentence(then, empty, Display()) == (
        f"**{counts[0]} → 0 particles**: rescale factor 1 → 3"
    )
