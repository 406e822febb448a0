"""The counting rule: who counts, with what weight, and how it is said."""

import io

import numpy as np
import pandas as pd
import pytest

from semseg.cli.printed import result_line
from semseg.errors import SettingsError
from semseg.export.report import report_html
from semseg.export.session import read_session, session_json
from semseg.export.spreadsheet import workbook_xlsx
from semseg.export.summary_json import summary_dict
from semseg.export.tables import per_image_table, sizes_csv
from semseg.measure.area import Area
from semseg.metrology.assessment import assess
from semseg.settings import Settings
from semseg.statistics import counting
from semseg.statistics.summary import summarise
from tests.support.fake_analysis import draw, read_table

TABLE = pd.DataFrame(
    {
        "label": [1, 2, 3, 4],
        "kept": [True, True, True, False],
        "touches_edge": [False, True, False, False],
        "visibility": [1.0, 1.0, 0.5, 1.0],
        "box_width_px": [20.0, 10.0, 50.0, 10.0],
        "box_height_px": [10.0, 10.0, 40.0, 10.0],
        "ecd_px": [14.0, 9.0, 44.0, 9.0],
    }
)
FRAME = Area.of((80, 100))  # height, width


def rule(edges="count", visible_only=False):
    return counting.apply_rule(TABLE, FRAME, edges=edges, visible_only=visible_only)


def test_by_default_every_kept_particle_counts_once():
    table = rule()
    assert table["counted"].tolist() == [True, True, True, False]
    assert table["weight"].tolist() == [1.0] * 4
    assert table["not_counted"].tolist() == [""] * 4


def test_particles_at_the_edge_can_be_left_out():
    table = rule("exclude")
    assert table["counted"].tolist() == [True, False, True, False]
    assert table["not_counted"].tolist() == ["", "cut by the edge", "", ""]
    assert table["weight"].tolist() == [1.0] * 4


def test_whole_particles_are_weighted_by_how_rarely_they_lie_inside():
    table = rule("weight")
    # P = (100 - 20) (80 - 10) / (100 * 80) = 0.7 and (100 - 50) (80 - 40) / 8000 = 0.25
    assert table["weight"].tolist() == pytest.approx([1 / 0.7, 1, 4, 1 / (90 * 70 / 8000)])
    assert table["counted"].tolist() == [True, False, True, False]


def test_covered_particles_can_be_left_out():
    table = rule(visible_only=True)
    assert table["counted"].tolist() == [True, True, False, False]
    assert table["not_counted"].tolist() == ["", "", "partly covered", ""]


def test_weights_are_given_only_where_they_differ():
    assert counting.size_weights(rule()) is None
    assert counting.size_weights(rule("weight"))[0] == pytest.approx(1 / 0.7)
    volume = counting.size_weights(rule("weight"), by_volume=True)
    assert volume[0] == pytest.approx(14.0**3 / 0.7)


@pytest.mark.parametrize("edges", counting.EDGES)
@pytest.mark.parametrize("visible_only", [False, True])
def test_every_rule_has_a_sentence_of_its_own(edges, visible_only):
    said = counting.describe(edges, visible_only)
    assert said.endswith(".")
    assert ("fully visible" in said) == visible_only
    others = {counting.describe(e, v) for e in counting.EDGES for v in (False, True)}
    assert len(others) == 2 * len(counting.EDGES)


def test_an_empty_table_stays_empty():
    table = counting.apply_rule(TABLE.iloc[:0], FRAME, edges="weight", visible_only=True)
    assert counting.counted(table).empty


@pytest.mark.parametrize("wrong", [{"edges": "some"}, {"edges": 1}, {"visible_only": 1}])
def test_settings_refuse_an_unknown_rule(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Settings(**wrong)


def test_the_correction_brings_back_what_the_frame_took():
    """Discs on a field larger than the frame: whole ones alone read small, weighted ones do not."""
    rng = np.random.default_rng(5)
    diameters = np.exp(rng.normal(np.log(60), 0.5, 60_000))
    x, y = rng.uniform(-400, 1424, diameters.size), rng.uniform(-400, 1100, diameters.size)
    r = diameters / 2
    seen = (x + r > 0) & (x - r < 1024) & (y + r > 0) & (y - r < 700)
    whole = (x - r >= 0) & (x + r <= 1024) & (y - r >= 0) & (y + r <= 700)
    table = pd.DataFrame(
        {
            "kept": True,
            "touches_edge": ~whole[seen],
            "visibility": 1.0,
            "box_width_px": diameters[seen],
            "box_height_px": diameters[seen],
            "ecd_px": diameters[seen],
        }
    )
    means = {}
    for edges in ("exclude", "weight"):
        counts = counting.counted(
            counting.apply_rule(table, Area.of((700, 1024)), edges=edges, visible_only=False)
        )
        means[edges] = summarise(counts["ecd_px"], counting.size_weights(counts)).mean
    truth = 60 * np.exp(0.5**2 / 2)
    assert means["exclude"] / truth - 1 < -0.03
    assert abs(means["weight"] / truth - 1) < 0.01


def test_the_files_follow_the_rule():
    from semseg.export.summary_json import summary_dict

    everything, visible = draw(), draw(visible_only=True)
    one, other = summary_dict(everything), summary_dict(visible)
    assert one["counts"]["counted"] == one["counts"]["kept"] == other["counts"]["kept"]
    assert other["counts"]["counted"] < other["counts"]["kept"]
    assert other["sizes"]["ecd_nm"]["count"] == other["counts"]["counted"]
    assert "fully visible" in other["counting_rule"]


def test_every_particle_is_counted_as_what_it_is():
    table = pd.DataFrame(
        [
            # kept, reason, cut by the edge, counted
            (True, "", False, True),
            (True, "", True, False),
            (True, "manual", True, True),
            (False, "blurred", True, False),
            (False, "blurred", False, False),
            (False, "manual", False, False),
        ],
        columns=["kept", "reason", "touches_edge", "counted"],
    )
    found = counting.Counts.of(table)
    assert found == counting.Counts(
        found=6,
        kept=3,
        counted=2,
        possibly_wrong=2,
        excluded_by_hand=1,
        kept_by_hand=1,
        at_edge=3,
        kept_at_edge=2,
    )
    assert (found.not_counted, found.rejected) == (1, 3)
    assert set(vars(counting.Counts.of(table.iloc[:0])).values()) == {0}


def test_every_output_has_the_same_counts():
    manual = {1: False, 4: True}
    analysis = draw(radius=9, edges="exclude", visible_only=True, manual=manual)
    counts = counting.Counts.of(analysis.particles)
    assert 0 < counts.counted < counts.kept < counts.found
    three = {"found": counts.found, "kept": counts.kept, "counted": counts.counted}

    assert summary_dict(analysis)["counts"] == vars(counts)
    assert assess([analysis, analysis]).counts.found == 2 * counts.found
    assert per_image_table([analysis])[list(three)].to_dict("records") == [three]
    workbook = pd.read_excel(io.BytesIO(workbook_xlsx([analysis])), "Summary")
    assert workbook[list(three)].to_dict("records") == [three]
    session = read_session(session_json([analysis]))
    assert {name: session.pictures[0].result[name] for name in three} == three
    facts = read_table(sizes_csv(analysis))[:7]
    assert [value for name, value in facts if name.startswith("particles")] == [
        str(value) for value in three.values()
    ]
    assert f"{counts.kept} of {counts.found} particles kept" in result_line(analysis)
    assert f"{counts.kept} kept" in report_html([analysis], assess([analysis])).decode()
