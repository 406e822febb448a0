"""What is told of a hand's work, on drawn particles."""

import pytest

from semseg.analysis import conclude, without_images
from semseg.editing.replay import replay
from semseg.export.report import report_html
from semseg.export.summary_json import summary_dict
from semseg.metrology.assessment import assess
from semseg.metrology.by_hand import by_hand, sentences
from semseg.operations import Add, Decide, Mask, Merge, Split
from tests.support.fake_analysis import draw


def corrected(*operations, **options):
    drawn = draw(**options)
    replayed = replay(drawn.segmentation, operations)
    assert not replayed.segmentation.corrections or not replayed.segmentation.corrections.refused
    return conclude(
        drawn.micrograph,
        drawn.prepared,
        replayed.segmentation,
        drawn.settings,
        replayed.decisions,
    )


def across(analysis, label):
    row = analysis.particles.set_index("label").loc[label]
    return Split(label, (((row.x_px, row.y_px - 30), (row.x_px, row.y_px + 30)),))


def test_nothing_by_hand_says_nothing():
    found = by_hand([draw()], "min_feret")
    assert not found.anything
    assert sentences(found) == []
    assert summary_dict(draw())["by_hand"] is None
    assert 'id="by-hand"' not in report_html([draw()], assess([draw()], "ecd")).decode()
    assert found.result == found.without


def test_each_kind_is_counted_and_both_results_are_told():
    plain = draw()
    ground = Add(((60.0, 0.0), (66.0, 0.0), (66.0, 3.0), (60.0, 3.0)))
    mask = Mask(((0.0, 72.0), (25.0, 72.0), (25.0, 95.5), (0.0, 95.5)))
    analysis = corrected(across(plain, 2), ground, Decide((5,), False), mask)
    found = by_hand([analysis], "ecd")
    assert found.outlines == {"split": 2, "hand": 1}
    assert found.removed == 1  # the one that lay in the mask
    assert found.decided == 1
    assert found.masked == pytest.approx(25.5 * 24 / (96 * 128), rel=0.05)
    assert found.without.count == int(plain.particles["counted"].sum())
    assert found.without.mean == pytest.approx(
        plain.particles.loc[plain.particles["counted"], "ecd_nm"].mean()
    )
    assert found.result.mean < found.without.mean
    assert summary_dict(analysis)["by_hand"]["outlines"] == found.outlines
    report = report_html([analysis], assess([analysis], "ecd")).decode()
    assert "3 outlines are by hand" in report
    said = " ".join(sentences(found))
    assert "3 outlines are by hand (2 made by splitting, 1 drawn)." in said
    assert f"without the hand: mean {found.without.mean:.4g} nm" in said


def test_it_can_be_told_when_images_are_gone():
    analysis = corrected(across(draw(), 2))
    light = without_images(analysis)
    assert by_hand([light], "ecd") == by_hand([analysis], "ecd")


def test_merging_takes_outlines_away():
    drawn = draw(radius=12, spread=0.0)
    table = drawn.particles
    assert len(table) == 20
    analysis = corrected(Merge((1, 2)), radius=14, spread=0.0)
    assert by_hand([analysis], "ecd").removed == 1
