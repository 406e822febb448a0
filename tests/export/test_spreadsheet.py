"""The workbook, read back with openpyxl and, where there is one, with LibreOffice."""

import csv
import io
import math
import shutil
import subprocess
import zipfile
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest

from semseg.details import Details
from semseg.export import spreadsheet
from semseg.export.summary_json import summary_dict
from semseg.export.tables import particles_csv
from tests.support.fake_analysis import draw, read_table

HOSTILE = ["=HYPERLINK(1)", "+1", "-1+1", "@x", "=cmd|' /C calc'!A0", "http://a.b", "12"]
FIGURES = ["mean", "median", "standard deviation", "D10", "D50", "D90"]
SUMMARY_NAMES = ["mean", "median", "standard_deviation", "d10", "d50", "d90"]


@pytest.fixture(scope="module")
def analyses():
    """With a scale, without, assumed and edited, and without particles."""
    return [
        draw(),
        draw(pixel_size_nm=None, rows=2, name="b.tif"),
        draw(assumed=True, manual={1: False, 4: True}, name="c.tif"),
        draw(rows=0, name="d.tif"),
    ]


@pytest.fixture(scope="module")
def book(analyses):
    return opened(spreadsheet.workbook_xlsx(analyses))


def opened(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def rows_of(sheet):
    """Each row as a dict; empty cells are None."""
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def width_of(sheet, column):
    """Width of a column, which the file may give for several at once."""
    (width,) = (d.width for d in sheet.column_dimensions.values() if d.min <= column <= d.max)
    return width


def cells_of(book):
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row]


# -- summary ---------------------------------------------------------------------------------


def test_summary_has_a_row_per_picture(book, analyses):
    assert book.sheetnames == ["Summary", "Particles", "Settings"]
    rows = rows_of(book["Summary"])
    assert [row["file"] for row in rows] == ["TiO2 µ.tif", "b.tif", "c.tif", "d.tif"]
    assert [row["pixel size (nm)"] for row in rows] == [7.34375, None, 7.34375, 7.34375]
    assert [row["scale from"] for row in rows] == [
        *("typed width", "unknown", "assumed width, check", "typed width"),
    ]
    assert [row["scale assumed"] for row in rows] == [False, False, True, False]
    assert [row["found"] for row in rows] == [20, 10, 20, 0]
    assert [row["kept"] for row in rows] == [15, 8, 15, 0]
    assert [row["counted"] for row in rows] == [15, 8, 15, 0]
    assert all("edge of the frame" in row["counting rule"] for row in rows)


@pytest.mark.parametrize("rule", [{}, {"edges": "exclude"}, {"visible_only": True}])
def test_figures_are_those_of_the_summary(rule):
    analysis = draw(**rule)
    (row,) = rows_of(opened(spreadsheet.workbook_xlsx([analysis]))["Summary"])
    for size in ("ecd", "min_feret", "max_feret"):
        expected = summary_dict(analysis)["sizes"][f"{size}_nm"]
        assert [row[f"{size} {name} (nm)"] for name in FIGURES] == [
            pytest.approx(expected[name], rel=1e-14) for name in SUMMARY_NAMES
        ]
    assert not [name for name in row if "px" in name]


def test_units_are_those_there_are(book):
    scaled, plain, *_, nothing = rows_of(book["Summary"])
    assert scaled["min_feret median (px)"] == pytest.approx(
        scaled["min_feret median (nm)"] / 7.34375
    )
    assert plain["min_feret median (nm)"] is None
    assert plain["min_feret median (px)"] > 0
    assert nothing["min_feret median (px)"] is None
    only = opened(spreadsheet.workbook_xlsx([draw(pixel_size_nm=None)]))["Summary"]
    sizes = [cell.value for cell in only[1] if "ecd" in cell.value]
    assert sizes == [f"ecd {name} (px)" for name in FIGURES]


# -- particles -------------------------------------------------------------------------------


def test_particles_are_those_of_the_table(analyses):
    analysis = analyses[0]
    content = spreadsheet.workbook_xlsx([analysis])
    table = pd.read_excel(io.BytesIO(content), sheet_name="Particles")
    header = read_table(particles_csv(analysis))[0]
    assert table.columns.tolist() == ["file", *header]
    assert set(table["file"]) == {"TiO2 µ.tif"}
    for name in header:
        expected = analysis.particles[name]
        if expected.dtype.kind in "biuf":
            # 17 digits of a float are stored, all of them but for the last bit.
            np.testing.assert_allclose(table[name], expected, rtol=1e-14)
        else:
            assert table[name].astype(object).fillna("").tolist() == expected.tolist()


def test_particles_of_all_pictures_are_on_one_sheet(book):
    rows = rows_of(book["Particles"])
    assert [row["file"] for row in rows] == ["TiO2 µ.tif"] * 20 + ["b.tif"] * 10 + ["c.tif"] * 20
    assert [row["label"] for row in rows[:30]] == [*range(1, 21), *range(1, 11)]
    assert {row["ecd_nm"] for row in rows[20:30]} == {None}
    assert {row["scale"] for row in rows[:30]} == {None}
    assert {row["scale"] for row in rows[30:]} == {"assumed, check"}
    assert rows[30]["reason"] == "manual"
    assert "doubt" not in rows[0]


def test_cells_have_types_of_their_own(book):
    header = [cell.value for cell in book["Particles"][1]]
    kinds = {cell.value: type(of.value) for cell, of in zip(*book["Particles"]["1:2"], strict=True)}
    assert kinds["label"] is int
    assert kinds["ecd_nm"] is float
    assert kinds["kept"] is kinds["touches_edge"] is bool
    assert kinds["file"] is str
    shown = {name: book["Particles"].cell(2, i).number_format for i, name in enumerate(header, 1)}
    assert (shown["ecd_nm"], shown["confidence"]) == ("0.00", "0.000")
    (size,) = (cell for cell in book["Summary"][1] if cell.value == "pixel size (nm)")
    assert book["Summary"].cell(2, size.column).number_format == "General"


def test_what_is_not_a_number_is_an_empty_cell():
    analysis = draw(rows=1)
    odd = analysis.particles.assign(
        confidence=[math.nan, math.inf, -math.inf, 0.5, np.float32(0.25)], circularity=None
    )
    analysis = replace(analysis, particles=odd)
    rows = rows_of(opened(spreadsheet.workbook_xlsx([analysis]))["Particles"])
    assert [row["confidence"] for row in rows] == [None, None, None, 0.5, 0.25]
    assert {row["circularity"] for row in rows} == {None}


def test_more_particles_than_a_sheet_can_hold_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr(spreadsheet, "MAX_ROWS", 8)
    book = opened(spreadsheet.workbook_xlsx([draw()]))
    names = ["Particles", "Particles 2", "Particles 3"]
    assert book.sheetnames == ["Summary", *names, "Settings"]
    labels = [row["label"] for name in names for row in rows_of(book[name])]
    assert labels == list(range(1, 21))


# -- settings --------------------------------------------------------------------------------


def test_settings_say_what_was_done(book, analyses):
    rows = {row["file"]: list(row.values())[1:] for row in rows_of(book["Settings"])}
    header = [cell.value for cell in book["Settings"][1]]
    assert header == ["file", *(analysis.micrograph.name for analysis in analyses)]
    assert rows["file sha256"] == ["0" * 64] * 4
    assert rows["model sha256"] == ["f" * 64] * 4
    assert rows["setting width_nm"] == ["automatic"] * 4
    assert rows["setting crop"][0] == "top 0, bottom 16, left 0, right 0"
    assert rows["setting repair"] == [True] * 4
    assert rows["bottom cut off (px)"] == [16] * 4
    assert rows["rescale factor"] == [1] * 4
    assert rows["excluded by hand"] == [None, None, "1", None]
    assert rows["kept by hand"] == [None, None, "4", None]
    assert rows["notes"] == ["A note."] * 4
    assert {f"setting {name}" for name in analyses[0].settings.to_dict()} <= set(rows)


# -- the file --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_formula_a_link_or_a_number(text):
    analysis = draw(rows=1, name=text)
    analysis.particles["reason"] = text
    book = opened(spreadsheet.workbook_xlsx([analysis]))
    assert not [cell for cell in cells_of(book) if cell.data_type == "f" or cell.hyperlink]
    for cell in (book["Summary"]["A2"], book["Particles"]["A2"], book["Settings"]["B1"]):
        assert (cell.value, cell.data_type) == (text, "s")
    reasons = [row["reason"] for row in rows_of(book["Particles"])]
    assert reasons == [text] * 5
    # so that a spreadsheet does not make one of it when somebody edits the cell
    assert book["Summary"]["A2"].quotePrefix == text.startswith(tuple("=+-@"))


@pytest.mark.parametrize("text", ["a\x00b\x1f", "a\ud800b", "a\r\n b", "µ" * 40_000])
def test_odd_texts_are_written(text):
    content = spreadsheet.workbook_xlsx([draw(rows=1, name=text)])
    value = opened(content)["Summary"]["A2"].value
    assert value.startswith(text[0])
    assert "\n" not in value
    assert len(value) <= 32_767


def test_headers_are_bold_and_stay_and_filter(book):
    for sheet in book:
        assert all(cell.font.bold for cell in sheet[1])
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref == sheet.dimensions
        for cell in sheet[1]:
            longest = max(map(len, cell.value.split()))
            assert longest < width_of(sheet, cell.column) < 42
    assert width_of(book["Settings"], 4) > 30  # of a hash


def test_no_picture_makes_a_workbook_too():
    assert opened(spreadsheet.workbook_xlsx([])).sheetnames == ["Summary", "Particles", "Settings"]
    book = opened(spreadsheet.workbook_xlsx([draw(rows=0)]))
    assert book["Particles"].max_row == 1
    assert book["Particles"]["B1"].value == "label"


def test_same_analyses_same_bytes_and_no_clock():
    content = spreadsheet.workbook_xlsx([draw()])
    assert content == spreadsheet.workbook_xlsx([draw()])
    properties = opened(content).properties
    assert properties.created == properties.modified == spreadsheet.CREATED
    with zipfile.ZipFile(io.BytesIO(content)) as container:
        assert container.testzip() is None
        assert {entry.date_time for entry in container.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_libreoffice_opens_it(tmp_path):
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("LibreOffice is not installed")
    analysis = draw(name="=HYPERLINK(1)")
    (tmp_path / "a.xlsx").write_bytes(spreadsheet.workbook_xlsx([analysis]))
    # token 12 of the filter: every sheet into a file of its own
    every_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    subprocess.run(
        [program, "--headless", profile, "--convert-to", every_sheet, "a.xlsx"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=300,
    )
    with (tmp_path / "a-Particles.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["=HYPERLINK(1)"] * 20
    sizes = [float(row["min_feret_nm"]) for row in rows]
    np.testing.assert_allclose(sizes, analysis.particles["min_feret_nm"], rtol=1e-12)
    assert {row["kept"] for row in rows} == {"TRUE", "FALSE"}


def test_what_was_said_of_the_sample_stands_first_among_the_settings():
    said = Details("Batch 7", "=1+1", notes="Washed.\nDried.")
    book = opened(spreadsheet.workbook_xlsx([draw(), draw(name="b.tif")], said))
    assert book.properties.title == "Batch 7"
    rows = [[cell.value for cell in row] for row in book["Settings"].iter_rows(max_row=4)]
    assert rows[1:] == [
        ["details title", "Batch 7", "Batch 7"],
        ["details sample", "=1+1", "=1+1"],
        ["details notes", "Washed. Dried.", "Washed. Dried."],
    ]
    assert book["Settings"]["B3"].data_type == "s"
