"""The files of an analysis, made from a drawn one whose content is known."""

import csv
import errno
import io
import json
import math
import os
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import tifffile

from semseg import export
from semseg.errors import SemsegError
from tests.fake_analysis import draw

CONTRACT = [
    *("label", "x_px", "y_px", "area_px", "ecd_px", "ecd_nm", "min_feret_nm", "max_feret_nm"),
    *("perimeter_nm", "circularity", "solidity", "aspect_ratio", "confidence", "touches_edge"),
    *("kept", "reason"),
]
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def analysis():
    return draw()


@pytest.fixture(scope="module")
def nothing():
    return draw(rows=0)


def read_table(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


# -- table -----------------------------------------------------------------------------------


def test_table_has_the_contract_first_and_loses_nothing(analysis):
    content = export.particles_csv(analysis)
    assert content.startswith(b"\xef\xbb\xbf")
    header, *rows = read_table(content)
    assert header[: len(CONTRACT)] == CONTRACT
    assert sorted(header) == sorted(analysis.particles.columns)
    assert len(rows) == 20
    table = pd.read_csv(io.BytesIO(content))
    assert table["label"].tolist() == list(range(1, 21))
    assert table["kept"].dtype == bool
    for name in ("x_px", "min_feret_nm", "area_nm2", "circularity"):
        np.testing.assert_allclose(table[name], analysis.particles[name], rtol=1e-5)


def test_table_without_calibration_has_no_nanometres():
    header = read_table(export.particles_csv(draw(pixel_size_nm=None)))[0]
    assert not [name for name in header if "_nm" in name]
    assert header[:5] == CONTRACT[:5]


def test_table_of_nothing_is_a_header(analysis, nothing):
    assert (
        read_table(export.particles_csv(nothing)) == read_table(export.particles_csv(analysis))[:1]
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1"])
def test_no_cell_is_a_formula(analysis, text):
    particles = analysis.particles.assign(reason=text)
    content = export.particles_csv(SimpleNamespace(particles=particles))
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
    text = export.particles_csv(SimpleNamespace(particles=particles)).decode("utf-8-sig")
    assert text == (
        'label,x_px,confidence,kept,reason\n7,-0.5,,True,\n8,0.333333,,False,"a ""b"", c"\n'
    )


# -- summary ---------------------------------------------------------------------------------


def test_summary_says_what_was_done_and_found(analysis):
    summary = json.loads(export.summary_json(analysis))
    assert summary == export.summary_dict(analysis)
    assert summary["file"]["name"] == "TiO2 µ.tif"
    assert summary["model"]["sha256"] == "f" * 64
    assert summary["settings"]["crop"] == {"bottom": 16}
    assert summary["calibration"] == {"pixel_size_nm": 7.34375, "source": "typed width"}
    assert summary["rescale"] == {
        "factor": 0.5,
        "source": "automatic",
        "median_particle_at_network_px": 16.0,
    }
    assert summary["counts"] == {"found": 20, "kept": 15, "possibly_wrong": 5, "at_edge": 0}
    assert "edge" in summary["counting_rule"]
    assert list(summary)[-1] == "seconds"
    kept = analysis.particles[analysis.particles["kept"]]
    assert set(summary["sizes"]) == {
        f"{size}_{unit}" for size in ("ecd", "min_feret", "max_feret") for unit in ("nm", "px")
    }
    sizes = summary["sizes"]["min_feret_nm"]
    assert sizes["count"] == 15
    assert sizes["mean"] == pytest.approx(kept["min_feret_nm"].mean())
    assert sizes["standard_deviation"] == pytest.approx(kept["min_feret_nm"].std())
    assert sizes["d90"] == pytest.approx(kept["min_feret_nm"].quantile(0.9))


def test_summary_without_particles_or_calibration_has_nulls_and_no_nan():
    content = export.summary_json(draw(rows=0, pixel_size_nm=None))
    summary = json.loads(content, parse_constant=pytest.fail)
    assert summary["calibration"] is None
    assert summary["counts"]["found"] == 0
    assert set(summary["sizes"]) == {"ecd_px", "min_feret_px", "max_feret_px"}
    assert summary["sizes"]["ecd_px"]["mean"] is None


def test_same_analysis_same_bytes_but_for_the_seconds():
    one, other = draw(), draw()
    other.seconds = {"read": 9.0}
    for write in (export.particles_csv, export.labels_tiff, export.figure_png):
        assert write(one) == write(other)
    first, second = export.summary_json(one), export.summary_json(other)
    assert first.split(b'"seconds"')[0] == second.split(b'"seconds"')[0]


# -- label image -----------------------------------------------------------------------------


@pytest.mark.parametrize("pixel_size_nm", [7.34375, 0.0123, 1234.5, math.pi])
def test_label_image_reads_back_with_its_scale(pixel_size_nm):
    analysis = draw(pixel_size_nm=pixel_size_nm)
    with tifffile.TiffFile(io.BytesIO(export.labels_tiff(analysis))) as file:
        page = file.pages[0]
        assert page.dtype == np.uint16
        assert page.compression == tifffile.COMPRESSION.ADOBE_DEFLATE
        assert file.imagej_metadata["unit"] == "nm"
        over, under = page.tags["XResolution"].value
        assert under / over == pytest.approx(pixel_size_nm, rel=1e-8)
        np.testing.assert_array_equal(page.asarray(), analysis.labels)


def test_label_image_without_calibration_has_no_unit(nothing):
    nothing = SimpleNamespace(**{**vars(nothing), "calibration": None})
    with tifffile.TiffFile(io.BytesIO(export.labels_tiff(nothing))) as file:
        assert "unit" not in file.imagej_metadata
        assert file.asarray().shape == (112, 128)


def test_label_image_grows_to_32_bits_when_it_must():
    labels = np.array([[0, 65536], [1, 2]], np.int32)
    content = export.labels_tiff(SimpleNamespace(labels=labels, calibration=None))
    read = tifffile.imread(io.BytesIO(content))
    assert read.dtype == np.uint32
    np.testing.assert_array_equal(read, labels)


# -- files -----------------------------------------------------------------------------------


def test_four_files_are_written(analysis, tmp_path):
    written = export.write_outputs(analysis, tmp_path / "new" / "folder")
    assert [path.name for path in written] == [
        "TiO2 µ.particles.csv",
        "TiO2 µ.summary.json",
        "TiO2 µ.labels.tif",
        "TiO2 µ.figure.png",
    ]
    assert sorted(written) == sorted((tmp_path / "new" / "folder").iterdir())
    assert written[3].read_bytes().startswith(PNG_HEAD)
    assert export.write_outputs(analysis, tmp_path / "new" / "folder") == written


def test_files_get_the_usual_permissions(analysis, tmp_path):
    (tmp_path / "plain").write_text("")
    written = export.write_outputs(analysis, tmp_path)
    assert {path.stat().st_mode for path in written} == {(tmp_path / "plain").stat().st_mode}


def test_a_name_cannot_lead_out_of_the_folder(analysis, tmp_path):
    micrograph = SimpleNamespace(**{**vars(analysis.micrograph), "stem": r"..\../up"})
    analysis = SimpleNamespace(**{**vars(analysis), "micrograph": micrograph})
    written = export.write_outputs(analysis, tmp_path / "in")
    assert {path.parent for path in written} == {tmp_path / "in"}
    assert written[0].name == "up.particles.csv"


def test_a_full_disk_leaves_the_old_file_and_no_part(analysis, tmp_path, monkeypatch):
    old = tmp_path / "TiO2 µ.particles.csv"
    old.write_text("old")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(export.os, "fsync", full)
    with pytest.raises(SemsegError, match="No space left"):
        export.write_outputs(analysis, tmp_path)
    assert list(tmp_path.iterdir()) == [old]
    assert old.read_text() == "old"


def test_a_file_in_place_of_the_folder_is_an_error_in_one_sentence(analysis, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(SemsegError, match="could not be written") as caught:
        export.write_outputs(analysis, tmp_path / "taken")
    assert isinstance(caught.value.__cause__, OSError)
    assert "\n" not in str(caught.value)
