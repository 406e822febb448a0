"""The command line's contract: files, names, columns, one line per picture, exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from semseg.__main__ import main
from semseg.cli import analyze
from semseg.errors import ModelError
from semseg.inference.segmenter import Segmenter
from semseg.settings import Settings
from tests.support.command import FIXED, SHAPE, one_sentence, rows_of, summary_of
from tests.support.model_files import described_model
from tests.support.network import shipped
from tests.support.paths import ROOT
from tests.support.tem_files import ser_file

CONTRACT = [
    *("label", "x_px", "y_px", "area_px", "ecd_px", "ecd_nm", "min_feret_nm", "max_feret_nm"),
    *("perimeter_nm", "circularity", "solidity", "aspect_ratio", "confidence", "touches_edge"),
    *("kept", "reason"),
]
ENDINGS = (
    *(".particles.csv", ".summary.json", ".labels.tif"),
    *(".figure.png", ".sizes.csv", ".rois.zip"),
)


@pytest.fixture(scope="module")
def plain(run, folder, tmp_path_factory):
    """Both pictures, analysed once: (status, stdout, stderr) and the output folder."""
    output = tmp_path_factory.mktemp("outer") / "made" / "on demand"
    return run(folder / "a.png", folder / "b.tif", "--output", output, *FIXED), output


# What is written


def test_all_well_is_one_line_per_picture_and_nothing_else(plain):
    (status, out, err), _ = plain
    assert status == 0
    assert [line.split(":")[0] for line in out.splitlines()] == ["a.png", "b.tif"]
    # no progress bar where nobody watches
    assert [line.split(":")[0] for line in err.splitlines()] == ["a.png"]  # it has no scale


def test_every_note_is_on_stderr_after_the_name_of_its_file(plain):
    (_, _, err), output = plain
    notes = [
        f"{stem}: {note}"
        for stem, name in (("a.png", "a"), ("b.tif", "b"))
        for note in summary_of(output, name)["notes"]
    ]
    assert "does not say how large its pixels are" in notes[0]
    assert err.splitlines() == notes


def test_what_a_file_says_about_itself_cannot_speak_to_the_terminal(run, picture, tmp_path):
    """A note may quote a file; here a unit of length with an escape sequence in it."""
    tifffile.imwrite(
        tmp_path / "c.tif",
        picture.grey,
        description="ImageJ=1.54f\nunit=\x1b[2J\n",
        resolution=(2, 2),
        metadata=None,
    )
    status, _, err = run(tmp_path / "c.tif", "--output", tmp_path / "out", *FIXED)
    assert status == 0
    assert len(err.splitlines()) == len(summary_of(tmp_path / "out", "c")["notes"]) > 0
    assert all(line.startswith("c.tif: ") for line in err.splitlines())
    assert "\x1b" not in err


def test_six_files_per_picture_and_nothing_else(plain):
    written = {path.name for path in plain[1].iterdir()}
    assert written == {stem + ending for stem in ("a", "b") for ending in ENDINGS}


def test_the_table_keeps_the_contract(plain, picture):
    rows = rows_of(plain[1], "b")
    assert list(rows[0])[: len(CONTRACT)] == CONTRACT
    assert len(rows) == picture.labels.max()
    assert {row["kept"] for row in rows} <= {"True", "False"}
    for row in rows:
        assert float(row["ecd_nm"]) == pytest.approx(2 * float(row["ecd_px"]), rel=1e-4)
        assert 0 <= float(row["confidence"]) <= 1
        assert (row["reason"] == "") == (row["kept"] == "True")


def test_without_a_scale_there_are_no_nanometres(plain):
    rows = rows_of(plain[1], "a")
    assert not [name for name in rows[0] if "_nm" in name]
    summary = summary_of(plain[1], "a")
    assert summary["calibration"] is None
    assert not [name for name in summary["sizes"] if "_nm" in name]
    line = plain[0][1].splitlines()[0]
    assert " px" in line
    assert " nm" not in line


def test_the_summary_keeps_the_contract(plain, segmenter):
    summary, rows = summary_of(plain[1], "b"), rows_of(plain[1], "b")
    kept = [row for row in rows if row["kept"] == "True"]
    assert summary["settings"]["rescale"] == 1
    assert summary["model"]["sha256"] == segmenter.info.sha256
    assert summary["calibration"]["pixel_size_nm"] == pytest.approx(2, rel=1e-4)
    assert "ImageJ" in summary["calibration"]["source"]
    assert summary["counts"] == {
        "found": len(rows),
        "kept": len(kept),
        "counted": len(kept),
        "possibly_wrong": len(rows) - len(kept),
        "excluded_by_hand": 0,
        "kept_by_hand": 0,
        "at_edge": sum(row["touches_edge"] == "True" for row in rows),
        "kept_at_edge": sum(row["kept"] == row["touches_edge"] == "True" for row in rows),
    }
    for name in ("ecd_nm", "min_feret_nm", "max_feret_nm"):
        sizes = summary["sizes"][name]
        assert {"mean", "median", "standard_deviation", "d10", "d50", "d90"} <= set(sizes)
        values = [float(row[name]) for row in kept]
        assert sizes["mean"] == pytest.approx(np.mean(values), rel=1e-4)
        assert sizes["d90"] == pytest.approx(np.percentile(values, 90), rel=1e-4)
    assert summary["seconds"]["network"] > 0


def test_the_label_image_has_the_size_and_ids_of_picture_and_table(plain):
    labels = tifffile.imread(plain[1] / "b.labels.tif")
    assert labels.shape == SHAPE
    assert labels.dtype in (np.uint16, np.uint32)
    ids = [int(row["label"]) for row in rows_of(plain[1], "b")]
    assert np.unique(labels[labels > 0]).tolist() == sorted(ids)


def test_the_figure_is_a_picture(plain):
    with Image.open(plain[1] / "b.figure.png") as figure:
        assert figure.format == "PNG"
        assert min(figure.size) > 200


def test_the_line_tells_count_size_and_width(plain, picture):
    line = plain[0][1].splitlines()[1]
    found = summary_of(plain[1], "b")
    assert f"{found['counts']['kept']} of {found['counts']['found']} particles" in line
    assert f"median {found['sizes']['min_feret_nm']['median']:.4g} nm" in line
    assert "0.4 µm" in line


# The same again


def test_one_length_for_several_pictures_is_said():
    given = Settings(width_nm=290.0, scale_bar_nm=5000.0)
    assert analyze._used_for_all(given, 1) == []
    assert analyze._used_for_all(given, 3) == [
        "The width of 290 nm is used for all 3 pictures.",
        "The length of the scale bar of 5 µm is used for all 3 pictures.",
    ]


def test_two_runs_write_the_same_bytes(run, folder, plain, tmp_path):
    assert run(folder / "b.tif", "--output", tmp_path, *FIXED)[0] == 0
    for ending in (".particles.csv", ".labels.tif", ".figure.png", ".sizes.csv", ".rois.zip"):
        name = "b" + ending
        assert (tmp_path / name).read_bytes() == (plain[1] / name).read_bytes()
    assert summary_of(tmp_path, "b", timed=False) == summary_of(plain[1], "b", timed=False)


def test_a_summary_replays_to_the_same_numbers(run, folder, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    chosen = ("--rescale", "1.1", "--crop", "20", "--width-nm", "5000", "--filter", "0.4")
    assert run(folder / "a.png", "--output", first, *chosen)[0] == 0
    replay = ("--settings", first / "a.summary.json")
    assert run(folder / "a.png", "--output", second, *replay)[0] == 0
    assert summary_of(second, "a", timed=False) == summary_of(first, "a", timed=False)
    for ending in (".particles.csv", ".labels.tif"):
        assert (first / f"a{ending}").read_bytes() == (second / f"a{ending}").read_bytes()


# What goes wrong


def test_bad_files_among_good_ones_cost_only_themselves(run, folder, plain, tmp_path):
    names = ("empty.tif", "a.png", "text.png", "half.png", "missing.png", "b.tif")
    status, out, err = run(*(folder / name for name in names), "--output", tmp_path, *FIXED)
    assert status == 1
    assert [line.split(":")[0] for line in out.splitlines()] == ["a.png", "b.tif"]
    failed = ["empty.tif", "text.png", "half.png", "missing.png"]
    said = [line for line in err.splitlines() if "pixels are" not in line]
    assert [line.split(":")[0] for line in said] == failed
    assert "Traceback" not in err
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in plain[1].iterdir()}
    name = "b.particles.csv"
    assert (tmp_path / name).read_bytes() == (plain[1] / name).read_bytes()


def test_a_second_picture_of_the_same_name_does_not_overwrite_the_first(run, folder, tmp_path):
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / "a.tif"
    twin.write_bytes((folder / "b.tif").read_bytes())
    status, out, err = run(folder / "a.png", twin, "--output", tmp_path, *FIXED)
    assert status == 1
    assert len(out.splitlines()) == 1
    said = err.splitlines()[-1]
    assert said.startswith("a.tif: Another picture of this run has the same name (")
    assert str(folder / "a.png") in said
    assert summary_of(tmp_path, "a")["file"]["name"] == "a.png"


def test_a_text_file_among_the_pictures_is_read_with_its_picture(run, picture, tmp_path):
    """As a pattern of the shell gives it."""
    picture.write(tmp_path / "c.png")
    text = "$CM_FULL_SIZE 200 150\n$$SM_MICRON_BAR 50\n$$SM_MICRON_MARKER 100nm\n"
    (tmp_path / "c.txt").write_text(text)
    out = tmp_path / "out"
    status, said, err = run(tmp_path / "c.png", tmp_path / "c.txt", "--output", out, *FIXED)
    assert (status, err) == (0, "")
    assert "JEOL sidecar" in said
    assert summary_of(out, "c")["file"]["name"] == "c.png"


def test_the_description_of_tia_is_left_out_beside_its_images(run, folder, tmp_path):
    grey = np.asarray(Image.open(folder / "a.png"))
    (tmp_path / "c_1.ser").write_bytes(ser_file(grey))
    for name in ("C.emi", "alone.emi"):
        (tmp_path / name).write_bytes(b"JK\x00\x02" + bytes(500))
    out = tmp_path / "out"
    given = (tmp_path / "C.emi", tmp_path / "c_1.ser")
    status, said, err = run(*given, "--output", out, *FIXED)
    assert (status, err) == (0, "")
    assert "TIA metadata" in said
    status, said, err = run(tmp_path / "alone.emi", *given, "--output", out, *FIXED)
    assert status == 1
    assert "give that in its place" in one_sentence(err)
    assert len(said.splitlines()) == 1


def test_a_text_file_of_no_picture_is_told_to_be_one(run, folder, tmp_path):
    (tmp_path / "c.txt").write_text("$CM_FULL_SIZE 200 150\n")
    status, _, err = run(folder / "b.tif", tmp_path / "c.txt", "--output", tmp_path, *FIXED)
    assert status == 1
    assert one_sentence(err).startswith("c.txt: is a text file, not a picture")


@pytest.mark.parametrize(
    "options",
    [("--crop", "120"), ("--crop", "none", "--rescale", "100")],
    ids=["nothing left", "absurd factor"],
)
def test_settings_that_do_not_suit_a_picture_fail_it(run, folder, tmp_path, options):
    status, out, err = run(folder / "a.png", "--output", tmp_path, *options)
    assert (status, out) == (1, "")
    assert err.startswith("a.png: ")
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_an_output_folder_that_cannot_be_made_fails_the_picture(run, folder, tmp_path):
    (tmp_path / "file").write_text("in the way")
    status, out, err = run(folder / "a.png", "--output", tmp_path / "file" / "out", *FIXED)
    assert (status, out) == (1, "")
    assert "a file is in its place; choose another" in err


def test_the_line_says_on_how_many_particles_its_figures_rest(run, folder, tmp_path):
    _, everything, _ = run(folder / "a.png", "--output", tmp_path, *FIXED)
    assert "counted (" not in everything
    _, whole, _ = run(folder / "a.png", "--output", tmp_path, "--edges", "exclude", *FIXED)
    table = pd.read_csv(tmp_path / "a.particles.csv")
    assert f"kept, {table['counted'].sum()} counted (whole particles only)" in whole


@pytest.mark.parametrize(
    "options",
    [
        ("--rescale", "large"),
        ("--rescale", "0"),
        ("--rescale", "nan"),
        ("--crop", "-5"),
        ("--crop", "some"),
        ("--crop", "1.5"),
        ("--filter", "1.1"),
        ("--filter", "x"),
        ("--width-nm", "-1"),
        ("--width-nm", "inf"),
        ("--provider", "tpu"),
        ("--settings", "nowhere.json"),
        ("--colour", "red"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_two_and_nothing_is_written(run, folder, tmp_path, options):
    status, out, err = run(folder / "a.png", "--output", tmp_path / "out", *options)
    assert (status, out) == (2, "")
    assert "usage:" in err
    assert options[0].lstrip("-").split("-")[0] in err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["", "[]", '{"colour": 1}', '{"filter": 7}', '{"provider": "x"}'])
def test_a_bad_settings_file_is_wrong_usage(run, folder, tmp_path, text):
    (tmp_path / "bad.json").write_text(text)
    options = ("--output", tmp_path / "out", "--settings", tmp_path / "bad.json")
    status, out, err = run(folder / "a.png", *options)
    assert (status, out) == (2, "")
    assert "error:" in err


@pytest.mark.parametrize("arguments", [(), ("a.png",), ("--output", "out")])
def test_a_picture_and_an_output_folder_are_needed(run, arguments):
    status, _, err = run(*arguments)
    assert status == 2
    assert "required" in err


def test_a_missing_model_is_said_without_a_traceback(folder, tmp_path, monkeypatch, capsys):
    def missing(**options):
        raise ModelError("The model file is missing.")

    monkeypatch.setattr(analyze, "Segmenter", missing)
    with pytest.raises(SystemExit) as stop:
        main(["analyze", str(folder / "a.png"), "--output", str(tmp_path)])
    assert stop.value.code == 2
    assert "model file is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("part", "value"), [("thresholds", {"colour": 1}), ("thresholds", 3), ("divisor", "32")]
)
def test_a_model_whose_description_does_not_fit_is_one_sentence(
    part, value, folder, segmenter, tmp_path, monkeypatch, capsys
):
    description = json.loads(segmenter._engine.metadata["semseg"])
    model = tmp_path / "model.onnx"
    model.write_bytes(described_model(description | {part: value}))
    monkeypatch.setattr(
        analyze, "Segmenter", lambda **options: Segmenter(model, sha256=None, **options)
    )
    pictures = [str(folder / "a.png"), str(folder / "b.tif")]
    with pytest.raises(SystemExit) as stop:
        main(["analyze", *pictures, "--output", str(tmp_path / "out"), *FIXED])
    assert stop.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "description does not fit this version of semseg" in one_sentence(said.err)


# As a program


def python_m_semseg(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "semseg", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_help_shows_examples_and_every_option():
    done = python_m_semseg("analyze", "--help")
    assert done.returncode == 0
    assert "python -m semseg analyze" in done.stdout.split("examples:")[1]
    for option in ("output", "width-nm", "rescale", "crop", "filter", "provider", "settings"):
        assert f"--{option}" in done.stdout
    assert "auto|none|ROWS" in done.stdout


@shipped
@pytest.mark.slow
def test_as_a_program_it_writes_the_same(folder, plain, tmp_path):
    done = python_m_semseg("analyze", folder / "b.tif", "--output", tmp_path, *FIXED)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [plain[0][1].splitlines()[1]]
    assert done.stderr == ""  # it has a scale, so there is nothing to note
    for ending in (".particles.csv", ".labels.tif"):
        name = "b" + ending
        assert (tmp_path / name).read_bytes() == (plain[1] / name).read_bytes()
