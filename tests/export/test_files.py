"""The files of an analysis, made from a drawn one whose content is known."""

import errno
import io
import json
import math
import os
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile

from semseg.display import Display
from semseg.errors import SemsegError
from semseg.export import files as export
from semseg.settings import Settings
from semseg.version import NUMBERS, __version__
from tests.support.fake_analysis import CONTRACT, draw, read_table

PNG_HEAD = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def analysis():
    return draw()


@pytest.fixture(scope="module")
def nothing():
    return draw(rows=0)


# -- summary ---------------------------------------------------------------------------------


def test_summary_says_what_was_done_and_found(analysis):
    summary = json.loads(export.summary_json(analysis))
    assert summary == export.summary_dict(analysis)
    assert summary["file"]["name"] == "TiO2 µ.tif"
    assert summary["software"] == {"name": "semseg", "version": __version__, "numbers": NUMBERS}
    assert summary["model"]["sha256"] == "f" * 64
    assert summary["settings"]["crop"]["bottom"] == 16
    assert summary["calibration"] == {
        "pixel_size_nm": 7.34375,
        "pixel_height_nm": None,
        "source": "typed width",
        "assumed": False,
        "proposed": False,
    }
    assert summary["rescale"] == {
        "factor": 1.0,
        "source": "automatic",
        "median_particle_at_network_px": 16.0,
        "other_scales": [],
    }
    assert summary["counts"] == {
        "found": 20,
        "kept": 15,
        "counted": 15,
        "possibly_wrong": 5,
        "excluded_by_hand": 0,
        "kept_by_hand": 0,
        "at_edge": 0,
        "kept_at_edge": 0,
    }
    assert summary["manual"] == {"excluded": [], "kept": []}
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


def test_summary_has_the_better_figures_and_says_when_they_are_needed(analysis):
    """Those by another rule are what a summary made by that rule has."""
    found = export.summary_dict(analysis)["cautions"]
    assert found["size"] == "min_feret_nm"
    assert (found["cut_by_edge"], found["partly_covered"]) == (0, 5)
    for name, rule in (
        ("as_counted", {}),
        ("edge_corrected", {"edges": "weight"}),
        ("fully_visible", {"visible_only": True}),
        ("both", {"edges": "weight", "visible_only": True}),
    ):
        sizes = export.summary_dict(draw(**rule))["sizes"]["min_feret_nm"]
        assert {key: found[name][key] for key in ("count", "mean", "median")} == {
            key: sizes[key] for key in ("count", "mean", "median")
        }
    plain, visible = found["as_counted"], found["fully_visible"]
    assert visible["mean"] / plain["mean"] == pytest.approx(1 + visible["mean_moves_by"])
    (covered,) = found["said"]
    assert covered["kind"] == "covered"
    assert covered["sentence"].startswith("5 of 15 particles are partly covered")
    best = export.summary_dict(draw(edges="weight", visible_only=True))["cautions"]
    assert best["said"] == []
    assert best["edge_corrected"] is best["fully_visible"] is best["both"] is None
    few = export.summary_dict(draw(rows=2, height=48))["cautions"]
    assert (few["as_counted"]["count"], few["fully_visible"]) == (8, None)


def test_summary_without_particles_or_calibration_has_nulls_and_no_nan():
    content = export.summary_json(draw(rows=0, pixel_size_nm=None))
    summary = json.loads(content, parse_constant=pytest.fail)
    assert summary["calibration"] is None
    assert summary["counts"]["found"] == 0
    assert set(summary["sizes"]) == {"ecd_px", "min_feret_px", "max_feret_px"}
    assert summary["sizes"]["ecd_px"]["mean"] is None
    assert summary["cautions"]["as_counted"]["mean"] is None
    assert summary["cautions"]["said"] == []


def test_summary_tells_what_a_person_decided():
    # 1 and 2 out, 4 in; 8 was out anyway, 5 in anyway; 99 is no particle.
    manual = {5: True, 2: False, 1: False, 4: True, 8: False, 99: True}
    edited = draw(manual=manual)
    summary = export.summary_dict(edited)
    assert summary["manual"] == {"excluded": [1, 2, 8], "kept": [4, 5]}
    assert summary["counts"] == {
        "found": 20,
        "kept": 14,
        "counted": 14,
        "possibly_wrong": 3,
        "excluded_by_hand": 3,
        "kept_by_hand": 2,
        "at_edge": 0,
        "kept_at_edge": 0,
    }
    rows = read_table(export.particles_csv(edited))[1:]
    reasons = [row[CONTRACT.index("reason")] for row in rows]
    assert [i + 1 for i, reason in enumerate(reasons) if reason == "manual"] == [1, 2, 4, 5, 8]
    sizes = read_table(export.sizes_csv(edited))
    assert [row[0] for row in sizes[sizes.index([], sizes.index([]) + 1) + 2 :][:3]] == [
        "3",
        "4",
        "5",
    ]


def test_summary_says_that_a_scale_was_assumed():
    calibration = export.summary_dict(draw(assumed=True))["calibration"]
    assert calibration["assumed"] is True
    assert calibration["source"] == "assumed width, check"


def test_same_analysis_same_bytes_but_for_the_seconds():
    one, other = draw(), replace(draw(), seconds={"read": 9.0})
    for write in (export.particles_csv, export.sizes_csv, export.labels_tiff):
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
    nothing = replace(nothing, calibration=None)
    with tifffile.TiffFile(io.BytesIO(export.labels_tiff(nothing))) as file:
        assert "unit" not in file.imagej_metadata
        assert file.asarray().shape == (112, 128)


def test_label_image_says_that_its_scale_was_assumed(analysis):
    with tifffile.TiffFile(io.BytesIO(export.labels_tiff(draw(assumed=True)))) as file:
        assert file.imagej_metadata["unit"] == "nm"
        assert file.imagej_metadata["scale"] == "assumed"
        np.testing.assert_array_equal(file.asarray(), analysis.labels)
    assert b"assumed" not in export.labels_tiff(analysis)


def test_label_image_grows_to_32_bits_when_it_must():
    labels = np.array([[0, 65536], [1, 2]], np.int32)
    content = export.labels_tiff(SimpleNamespace(labels=labels, calibration=None))
    read = tifffile.imread(io.BytesIO(content))
    assert read.dtype == np.uint32
    np.testing.assert_array_equal(read, labels)


# -- files -----------------------------------------------------------------------------------


def test_output_files_are_all_files_of_a_picture(analysis):
    display = Display(size="ecd", log=True)
    files = export.output_files(analysis, display, ("png", "svg", "pdf"))
    assert list(files) == [
        "TiO2 µ.particles.csv",
        "TiO2 µ.summary.json",
        "TiO2 µ.labels.tif",
        "TiO2 µ.figure.png",
        "TiO2 µ.figure.svg",
        "TiO2 µ.figure.pdf",
        "TiO2 µ.sizes.csv",
        "TiO2 µ.rois.zip",
        "TiO2 µ.settings.json",
    ]
    assert files["TiO2 µ.sizes.csv"] == export.sizes_csv(analysis, display)
    assert files["TiO2 µ.figure.png"].startswith(PNG_HEAD)
    assert files["TiO2 µ.figure.png"] != export.output_files(analysis)["TiO2 µ.figure.png"]
    assert "TiO2 µ.figure.png" not in export.output_files(analysis, figures=())


def test_settings_can_be_used_again(analysis):
    assert Settings.from_json(export.settings_json(analysis)) == analysis.settings


def test_an_archive_holds_the_files_and_no_clock():
    files = {"TiO2 µ.csv": b"a" * 10_000, "empty.txt": b""}
    content = export.archive(files)
    assert content == export.archive(dict(files))
    assert len(content) < 1000
    with zipfile.ZipFile(io.BytesIO(content)) as container:
        assert container.testzip() is None
        assert {name: container.read(name) for name in container.namelist()} == files
        assert {entry.date_time for entry in container.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert zipfile.ZipFile(io.BytesIO(export.archive({}))).namelist() == []


def test_six_files_are_written(analysis, tmp_path):
    written = export.write_outputs(analysis, tmp_path / "new" / "folder")
    assert [path.name for path in written] == [
        "TiO2 µ.particles.csv",
        "TiO2 µ.summary.json",
        "TiO2 µ.labels.tif",
        "TiO2 µ.figure.png",
        "TiO2 µ.sizes.csv",
        "TiO2 µ.rois.zip",
    ]
    assert sorted(written) == sorted((tmp_path / "new" / "folder").iterdir())
    assert written[3].read_bytes().startswith(PNG_HEAD)
    assert export.write_outputs(analysis, tmp_path / "new" / "folder") == written


def test_files_get_the_usual_permissions(analysis, tmp_path):
    (tmp_path / "plain").write_text("")
    written = export.write_outputs(analysis, tmp_path)
    assert {path.stat().st_mode for path in written} == {(tmp_path / "plain").stat().st_mode}


def test_a_name_cannot_lead_out_of_the_folder(analysis, tmp_path):
    micrograph = replace(analysis.micrograph, name=r"..\../up.tif")
    analysis = replace(analysis, micrograph=micrograph)
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
    with pytest.raises(SemsegError, match="a file is in its place") as caught:
        export.write_outputs(analysis, tmp_path / "taken")
    assert isinstance(caught.value.__cause__, OSError)
    assert "\n" not in str(caught.value)
