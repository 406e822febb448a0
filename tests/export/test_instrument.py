"""What the files say of the microscope; who sat there only where it was asked for."""

import io
import json

import openpyxl
import pandas as pd
import pytest

from semseg.export.files import output_files, run_files
from semseg.export.summary_json import summary_dict
from semseg.export.tables import per_image_table
from semseg.metrology.assessment import assess
from semseg.scale.instrument import Instrument
from tests.support.fake_analysis import draw

JEOL = Instrument(
    *("JEOL", "JSM-7800F", 5.0, "LED", 9.07, 50000.0, "2025-11-20 13:42:14", "A. Person")
)


def test_the_summary_has_the_instrument():
    found = summary_dict(draw(instrument=JEOL))["instrument"]
    assert found == {
        "maker": "JEOL",
        "model": "JSM-7800F",
        "accelerating_voltage_kv": 5.0,
        "detector": "LED",
        "working_distance_mm": 9.07,
        "magnification": 50000.0,
        "date": "2025-11-20 13:42:14",
    }
    assert summary_dict(draw())["instrument"] is None
    partly = summary_dict(draw(instrument=Instrument("JEOL", magnification=5.0)))["instrument"]
    assert (partly["model"], partly["detector"], partly["magnification"]) == (None, None, 5.0)


def test_the_table_of_pictures_has_it():
    first, second = per_image_table([draw(instrument=JEOL), draw()]).to_dict("records")
    assert first["microscope"] == "JEOL JSM-7800F"
    assert (first["accelerating_voltage_kv"], first["working_distance_mm"]) == (5.0, 9.07)
    assert (first["detector"], first["recorded"]) == ("LED", "2025-11-20 13:42:14")
    assert pd.isna(first["operator"])
    assert pd.isna(second["microscope"])


def test_the_workbook_has_columns_for_what_is_known():
    analyses = [draw(instrument=Instrument("JEOL", "JSM", 5.0)), draw(name="b.tif")]
    book = run_files(analyses, assess(analyses))["particles.xlsx"]
    sheet = openpyxl.load_workbook(io.BytesIO(book))["Summary"]
    header, first, second = ([cell.value for cell in row] for row in sheet.rows)
    first, second = (dict(zip(header, row, strict=True)) for row in (first, second))
    assert (first["microscope"], first["accelerating voltage (kV)"]) == ("JEOL JSM", 5)
    assert second["microscope"] is None
    assert "detector" not in header


def test_the_report_has_it():
    analyses = [draw(instrument=JEOL), draw(name="b.tif")]
    report = run_files(analyses, assess(analyses))["report.html"].decode()
    assert report.count("<dt>Microscope</dt>") == 1
    assert "JEOL JSM-7800F, accelerating voltage 5 kV, detector LED, working distance" in report


@pytest.mark.parametrize("asked", [False, True])
def test_who_sat_there_is_told_only_where_it_was_asked_for(asked):
    analysis = draw(instrument=JEOL, operator=asked)
    files = output_files(analysis, figures=()) | run_files([analysis], assess([analysis]))
    book = openpyxl.load_workbook(io.BytesIO(files.pop("particles.xlsx")))
    cells = [str(cell.value) for sheet in book for row in sheet.rows for cell in row]
    telling = {name.split(".", 1)[1] for name, content in files.items() if b"A. Person" in content}
    expected = {"summary.json"} if asked else set()
    assert {name for name in telling if not name.startswith("html")} == expected
    assert (b"A. Person" in files["report.html"]) == asked
    assert any("A. Person" in cell for cell in cells) == asked
    summary = next(content for name, content in files.items() if name.endswith("summary.json"))
    assert json.loads(summary)["instrument"].get("operator") == ("A. Person" if asked else None)
