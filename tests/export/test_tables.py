"""Tables keep their columns, their numbers and their distance from formulas."""

import io
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from semseg.display import Display
from semseg.export import files as export
from semseg.export import tables
from tests.support.fake_analysis import CONTRACT, draw, read_table


@pytest.fixture(scope="module")
def analysis():
    return draw()


@pytest.fixture(scope="module")
def nothing():
    return draw(rows=0)


SIZE_NAMES = (
    "Equivalent circular diameter",
    "Minimum Feret diameter",
    "Maximum Feret diameter",
)

# -- table -----------------------------------------------------------------------------------


def test_table_has_the_contract_first_and_loses_nothing(analysis):
    content = tables.particles_csv(analysis)
    assert content.startswith(b"\xef\xbb\xbf")
    header, *rows = read_table(content)
    assert header[: len(CONTRACT)] == CONTRACT
    # what speaks most against a particle that was kept would read like a verdict
    assert sorted(header) == sorted(set(analysis.particles.columns) - {"doubt"})
    assert len(rows) == 20
    table = pd.read_csv(io.BytesIO(content))
    assert table["label"].tolist() == list(range(1, 21))
    assert table["kept"].dtype == bool
    for name in ("x_px", "min_feret_nm", "area_nm2", "circularity"):
        np.testing.assert_allclose(table[name], analysis.particles[name], rtol=1e-5)


def test_table_without_calibration_has_no_nanometres():
    header = read_table(tables.particles_csv(draw(pixel_size_nm=None)))[0]
    assert not [name for name in header if "_nm" in name]
    assert header[:5] == CONTRACT[:5]


def test_table_of_nothing_is_a_header(analysis, nothing):
    assert (
        read_table(tables.particles_csv(nothing)) == read_table(tables.particles_csv(analysis))[:1]
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1"])
def test_no_cell_is_a_formula(analysis, text):
    particles = analysis.particles.assign(reason=text)
    content = tables.particles_csv(SimpleNamespace(particles=particles, scale_doubt=""))
    assert read_table(content)[1][CONTRACT.index("reason")] == f"'{text.strip()}"


def test_cells_are_written_plainly():
    particles = pd.DataFrame(
        {
            "label": [7, 8],
            "x_px": [-0.5, 1 / 3],
            "confidence": [math.nan, math.inf],
            "kept": [True, False],
            "reason": [None, 'a "b", c'],
        }
    )
    bare = SimpleNamespace(particles=particles, scale_doubt="")
    text = tables.particles_csv(bare).decode("utf-8-sig")
    assert text == (
        'label,x_px,confidence,kept,reason\n7,-0.5,,True,\n8,0.333333,,False,"a ""b"", c"\n'
    )


def test_an_assumed_scale_is_said_in_every_row(analysis):
    header, *rows = read_table(tables.particles_csv(draw(assumed=True)))
    assert header[-1] == "scale"
    assert [row[-1] for row in rows] == ["assumed, check"] * 20
    assert [row[:-1] for row in rows] == read_table(tables.particles_csv(analysis))[1:]
    assert read_table(tables.particles_csv(draw(rows=0, assumed=True))) == [header]


# -- sizes only ------------------------------------------------------------------------------


def blocks_of(content):
    """The blocks of a sheet, which empty lines separate."""
    blocks = [[]]
    for row in read_table(content):
        if row:
            blocks[-1].append(row)
        else:
            blocks.append([])
    return blocks


def test_the_sheet_of_sizes_has_three_even_blocks(analysis):
    content = tables.sizes_csv(analysis, Display(size="ecd", bins=20, log=True))
    assert content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    facts, summaries, particles = blocks_of(content)
    assert facts == [
        ["file", "TiO2 µ.tif"],
        ["scale", "7.344 nm per pixel (typed width)"],
        ["counting rule", export.summary_dict(analysis)["counting_rule"]],
        ["particles found", "20"],
        ["particles kept", "15"],
        ["particles counted", "15"],
        ["histogram", "Equivalent circular diameter, number-weighted, 20 bins, logarithmic axis"],
        # 6 of the 15
        [
            "EU nanomaterial screening",
            "40 % are nano (95 %: 20 to 64 %): the 50 % line is between these limits, so measure "
            "more particles (screening only)",
        ],
    ]
    assert summaries[0] == [
        *("size", "weighting", "n", "mean (nm)", "median (nm)", "standard deviation (nm)"),
        *("D10 (nm)", "D50 (nm)", "D90 (nm)"),
    ]
    assert [row[:3] for row in summaries[1:]] == [
        [f"{name} diameter", weighting, "15"]
        for name in ("Equivalent circular", "Minimum Feret", "Maximum Feret")
        for weighting in ("number", "volume")
    ]
    assert particles[0] == [
        *("label", "Equivalent circular diameter (nm)"),
        *("Minimum Feret diameter (nm)", "Maximum Feret diameter (nm)"),
    ]
    kept = analysis.particles[analysis.particles["kept"]]
    table = np.array(particles[1:], float)
    names = ["label", "ecd_nm", "min_feret_nm", "max_feret_nm"]
    np.testing.assert_allclose(table, kept[names], rtol=1e-5)
    for block in (facts, summaries, particles):
        assert len({len(row) for row in block}) == 1


def test_figures_of_the_sheet_are_those_of_a_case_computed_by_hand(analysis):
    """Three of 1, 2 and 3 px, which measure 10, 20 and 30 nm."""
    three = analysis.particles[analysis.particles["kept"]][:3].assign(
        ecd_px=[1.0, 2.0, 3.0], min_feret_nm=[10.0, 20.0, 30.0]
    )
    _, summaries, _ = blocks_of(tables.sizes_csv(replace(analysis, particles=three)))
    number, volume = summaries[3:5]
    assert number[:3] == ["Minimum Feret diameter", "number", "3"]
    # D10 at the position 0.2, D90 at 1.8
    assert number[3:] == ["20", "20", "10", "12", "20", "28"]
    # Weights 1, 8, 27: mean 980 / 36; squares 296.605 + 417.284 + 208.333 over 36 - 794 / 36.
    # Positions 0, (8 + 2) / 72, 1: D10 is 0.72 of the way from 10 to 20, D50 and D90 0.419355 and
    # 0.883871 of that from 20 to 30.
    assert volume[3:] == ["27.2222", "24.1935", "8.13237", "17.2", "24.1935", "28.8387"]


def test_the_sheet_without_calibration_or_particles():
    content = tables.sizes_csv(draw(rows=0, pixel_size_nm=None))
    facts, summaries, particles = blocks_of(content)
    assert ["scale", "unknown: sizes are in pixels"] in facts
    assert b"(nm)" not in content
    assert [row[2:] for row in summaries[1:]] == [["0", *[""] * 6]] * 6
    assert particles == [["label", *(f"{name} (px)" for name in SIZE_NAMES)]]


def test_figures_of_a_weighted_rule_can_be_worked_out_from_the_sheet():
    weighted = draw(edges="weight", width=100)
    _, summaries, particles = blocks_of(tables.sizes_csv(weighted))
    header, *rows = particles
    sizes, weights = (
        np.array([float(row[header.index(name)]) for row in rows])
        for name in ("Minimum Feret diameter (nm)", "weight")
    )
    assert weights.min() > 1
    told = next(row for row in summaries if row[:2] == ["Minimum Feret diameter", "number"])
    mean = float(told[summaries[0].index("mean (nm)")])
    assert mean == pytest.approx(np.average(sizes, weights=weights), rel=1e-5)
    plain = blocks_of(tables.sizes_csv(draw()))[2][0]
    assert "weight" not in plain


def test_the_sheet_says_that_a_scale_was_assumed():
    assumed = draw(assumed=True)
    facts = dict(blocks_of(tables.sizes_csv(assumed))[0])
    assert facts["scale"] == "7.344 nm per pixel (assumed width, check)"
    assumed = replace(assumed, calibration=replace(assumed.calibration, source="guess"))
    facts = dict(blocks_of(tables.sizes_csv(assumed))[0])
    assert facts["scale"] == "7.344 nm per pixel (guess: assumed, check)"


def test_a_file_name_is_no_formula():
    named = draw(name="=1+1.tif")
    assert blocks_of(tables.sizes_csv(named))[0][0] == ["file", "'=1+1.tif"]
    assert {row[0] for row in read_table(tables.pooled_csv([named]))} == {"file", "'=1+1.tif"}


# -- several pictures ------------------------------------------------------------------------


def test_pooled_particles_are_the_kept_of_every_picture(analysis):
    plain = draw(columns=2, rows=2, pixel_size_nm=None, name="b.png")
    content = tables.pooled_csv([analysis, plain])
    header, *rows = read_table(content)
    assert header == [
        *("file", "label", "ecd_nm", "min_feret_nm", "max_feret_nm"),
        *("ecd_px", "min_feret_px", "max_feret_px", "confidence"),
    ]
    assert [row[0] for row in rows] == ["TiO2 µ.tif"] * 15 + ["b.png"] * 3
    assert [row[1] for row in rows[15:]] == ["1", "2", "3"]
    assert [row[2:5] for row in rows[15:]] == [["", "", ""]] * 3
    kept = analysis.particles[analysis.particles["kept"]]
    table = np.array([row[1:] for row in rows[:15]], float)
    np.testing.assert_allclose(table, kept[header[1:]], rtol=1e-5)


def test_pooled_particles_name_what_was_assumed(analysis):
    header, *rows = read_table(tables.pooled_csv([analysis, draw(assumed=True, rows=1)]))
    assert header[-1] == "scale"
    assert [row[-1] for row in rows] == [""] * 15 + ["assumed, check"] * 4
    # they cannot be pooled by mistake
    assert [row[2:5] for row in rows[15:]] == [["", "", ""]] * 4
    header, *rows = read_table(tables.pooled_csv([draw(assumed=True, rows=1)]))
    assert float(rows[0][header.index("ecd_nm")]) > 0


def test_a_proposed_scale_is_said_wherever_sizes_are():
    proposed = draw(proposed=True)
    header, *rows = read_table(tables.particles_csv(proposed))
    assert (header[-1], {row[-1] for row in rows}) == ("scale", {"proposed, check"})
    facts = dict(blocks_of(tables.sizes_csv(proposed))[0])
    assert facts["scale"] == "7.344 nm per pixel (typed width: proposed, check)"
    (row,) = tables.per_image_table([proposed]).to_dict("records")
    assert (row["assumed"], row["proposed"]) == (False, True)
    assert row["scale_source"] == "typed width: proposed, check"


def test_pooled_particles_of_nothing_are_a_header(nothing):
    header = ["file", "label", "ecd_px", "min_feret_px", "max_feret_px", "confidence"]
    assert read_table(tables.pooled_csv([])) == [header]
    assert len(read_table(tables.pooled_csv([nothing, nothing]))) == 1
    rows = read_table(tables.pooled_csv([nothing, draw(rows=1)]))
    assert [row[1] for row in rows[1:]] == ["1", "2", "3", "5"]
    plain = draw(pixel_size_nm=None)
    assert read_table(tables.pooled_csv([plain]))[0] == header


def test_one_row_per_picture(analysis, nothing):
    plain = draw(columns=2, rows=2, pixel_size_nm=None, name="b.png")
    assumed = draw(assumed=True, name="c.png")
    table = tables.per_image_table([analysis, plain, assumed, nothing])
    assert table.columns.tolist() == tables.per_image_table([]).columns.tolist()
    assert table["file"].tolist() == ["TiO2 µ.tif", "b.png", "c.png", "TiO2 µ.tif"]
    assert table["width_nm"].iloc[0] == pytest.approx(128 * 7.34375)
    assert math.isnan(table["width_nm"].iloc[1])
    assert table["scale_source"].tolist() == [
        *("typed width", "", "assumed width, check", "typed width"),
    ]
    assert table["assumed"].tolist() == [False, False, True, False]
    assert table["proposed"].tolist() == [False] * 4
    assert table["rescale"].tolist() == [1.0] * 4
    assert table["found"].tolist() == [20, 4, 20, 0]
    assert table["kept"].tolist() == [15, 3, 15, 0]
    kept = analysis.particles[analysis.particles["kept"]]
    assert table["mean_nm"].iloc[0] == pytest.approx(kept["min_feret_nm"].mean())
    assert table["median_px"].iloc[0] == pytest.approx(kept["min_feret_px"].median())
    assert table["standard_deviation_nm"].iloc[0] == pytest.approx(kept["min_feret_nm"].std())
    assert table["mean_nm"].isna().tolist() == [False, True, False, True]
    assert table["mean_px"].isna().tolist() == [False, False, False, True]


def test_a_picture_s_figures_by_volume(analysis):
    three = analysis.particles[analysis.particles["kept"]][:3].assign(ecd_px=[1.0, 2.0, 3.0])
    one = replace(analysis, particles=three)
    row = tables.per_image_table([one], Display(size="ecd", weighting="volume")).iloc[0]
    # D[4,3]: (1 + 16 + 81) / (1 + 8 + 27)
    assert row["mean_px"] == pytest.approx(98 / 36)
