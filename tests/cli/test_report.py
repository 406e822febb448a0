"""The command line's report and replay, through ``main``."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from semseg.__main__ import main
from semseg.data import sample_path
from semseg.io.micrograph import read_micrograph
from semseg.scale import ocr
from tests.support.command import FIXED, rows_of, summary_of

pytestmark = pytest.mark.slow  # runs and replays of several pictures

SHAPE = (150, 200)


@pytest.fixture(scope="module")
def folder(draw, tmp_path_factory):
    """Two pictures, which differ."""
    folder = tmp_path_factory.mktemp("pictures")
    draw(SHAPE, 36.0, seed=8).write(folder / "a.tif", pixel_size_nm=2.0)
    draw(SHAPE, 30.0, seed=9).write(folder / "b.tif", pixel_size_nm=2.0)
    return folder


@pytest.fixture(scope="module")
def reported(folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("reported")
    pictures = [str(folder / "a.tif"), str(folder / "b.tif")]
    options = ["--output", str(output), "--report", "--edges", "weight", *FIXED]
    options += ["--sample", "TiO2, batch 7", "--operated-by", "M. Muster"]
    assert main(["analyze", *pictures, *options]) == 0
    return output


def test_a_run_makes_its_report(reported):
    names = {path.name for path in reported.iterdir()}
    assert {"report.html", "session.json", "particles.xlsx", "coco.json"} <= names
    text = (reported / "report.html").read_text(encoding="utf-8")
    assert "Screening only" in text
    assert "a.tif" in text
    session = json.loads((reported / "session.json").read_bytes())
    assert [picture["name"] for picture in session["pictures"]] == ["a.tif", "b.tif"]
    assert session["settings"]["edges"] == "weight"
    said = {"sample": "TiO2, batch 7", "operator": "M. Muster"}
    assert session["details"] == summary_of(reported, "a")["details"] == said
    assert "TiO2, batch 7" in text


def test_a_replay_takes_over_what_was_said_of_the_sample(reported, folder, tmp_path):
    arguments = ["report", str(reported / "session.json"), "--images", str(folder)]
    said = ["--operated-by", "", "--notes", "Again."]
    assert main([*arguments, *said, "--output", str(tmp_path)]) == 0
    found = {"sample": "TiO2, batch 7", "notes": "Again."}
    assert summary_of(tmp_path, "b")["details"] == found


def test_corrections_of_a_session_are_made_again(folder, reported, tmp_path, capsys):
    """A particle is split in the session's text, as the page would have; the replay has the parts,
    says that the session had others, and its own session replays identically."""
    values = json.loads((reported / "session.json").read_bytes())
    row = max(rows_of(reported, "a"), key=lambda each: float(each["area_px"]))
    label, x, y = int(row["label"]), float(row["x_px"]), float(row["y_px"])
    line = [[x, y - 40], [x, y + 40]]
    values["format"] = 3
    values["pictures"][0]["operations"] = [
        {"do": "split", "label": label, "lines": [line]},
        {"do": "merge", "labels": [label, 99_999]},
    ]
    session = tmp_path / "session.json"
    session.write_text(json.dumps(values))
    again = ["report", str(session), "--images", str(folder), "--output", str(tmp_path / "out")]
    assert main(again) == 1
    told = capsys.readouterr().err
    assert "Particle 99999 is not there any more" in told
    assert "a.tif: the corrections of outlines by hand are other ones" in told
    rows = rows_of(tmp_path / "out", "a")
    origins = {int(each["label"]): each["origin"] for each in rows}
    assert origins[label] == "split"
    assert sorted(origins.values()).count("split") == 2
    once_more = ["report", str(tmp_path / "out" / "session.json"), "--images", str(folder)]
    assert main([*once_more, "--output", str(tmp_path / "third")]) == 0


def test_a_scale_from_the_bar_reaches_the_report(tmp_path):
    """The sample without its metadata, and the length that is printed at its bar."""
    bare = bare_sample(tmp_path)
    options = ["--scale-bar-nm", "200", "--rescale", "0.9", "--report"]
    assert main(["analyze", bare, *options, "--output", str(tmp_path / "out")]) == 0
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "nm per pixel (scale bar)" in text
    assert "network at 0.9, 1, 1.1 of the factor" in text


def bare_sample(folder):
    """The sample without its metadata and its entries: 200 nm at the bar alone tells the scale."""
    grey = read_micrograph(sample_path()).grey.astype(np.uint8)
    grey[712:, :880] = 0
    Image.fromarray(grey).save(folder / "bare.png")
    return str(folder / "bare.png")


@pytest.mark.skipif(not ocr.is_installed(), reason="rapidocr is not installed")
def test_what_was_read_is_replayed_without_a_reader(tmp_path, capsys, monkeypatch):
    arguments = ["analyze", bare_sample(tmp_path), "--rescale", "0.9", "--report"]
    assert main([*arguments, "--output", str(tmp_path / "first")]) == 0
    told = capsys.readouterr()
    assert "scale bar (read from the picture: 200 nm): proposed, check" in told.out
    assert "bare.png: The scale rests on 200 nm at the scale bar alone" in told.err
    summary = summary_of(tmp_path / "first", "bare")
    assert (summary["calibration"]["proposed"], summary["printed"]["bar"]["text"]) == (
        True,
        "200 nm",
    )
    monkeypatch.setattr(ocr, "is_installed", lambda: False)
    arguments = ["report", str(tmp_path / "first" / "session.json"), "--images", str(tmp_path)]
    assert main([*arguments, "--output", str(tmp_path / "second")]) == 0
    again = capsys.readouterr()
    assert "Identical to the session" in again.out
    assert again.err == told.err


def test_a_missing_reader_is_said_once(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ocr, "is_installed", lambda: False)
    first = bare_sample(tmp_path)
    second = str(shutil.copy(first, tmp_path / "second.png"))
    options = ["--rescale", "0.9", "--output", str(tmp_path / "out")]
    assert main(["analyze", first, second, *options]) == 0
    assert capsys.readouterr().err.count("pip install 'semseg[ocr]'") == 1
    assert main(["analyze", first, *options, "--read-scale", "never"]) == 0
    assert main(["analyze", str(sample_path()), *options]) == 0  # its metadata suffice
    assert "pip install" not in capsys.readouterr().err


@pytest.mark.skipif(not ocr.is_installed(), reason="rapidocr is not installed")
def test_the_file_is_checked_with_what_the_picture_says(tmp_path, capsys):
    options = ["--rescale", "0.9", "--output", str(tmp_path), "--scale-bar-nm", "auto"]
    assert main(["analyze", str(sample_path()), *options]) == 0
    told = capsys.readouterr()
    assert "(Zeiss metadata and label bar (read from the picture: Width = 7.520 µm))" in told.out
    assert told.err == ""


def test_a_session_is_replayed_identically(reported, folder, tmp_path, capsys):
    arguments = ["report", str(reported / "session.json"), "--images", str(folder)]
    assert main([*arguments, "--output", str(tmp_path)]) == 0
    assert "Identical to the session" in capsys.readouterr().out
    for name in ("a.particles.csv", "b.sizes.csv", "session.json", "report.html", "coco.json"):
        assert (tmp_path / name).read_bytes() == (reported / name).read_bytes()


def test_notes_are_told_again_at_a_replay(folder, draw, tmp_path, capsys):
    draw(SHAPE, 36.0, seed=8).write(tmp_path / "bare.png")
    arguments = ["analyze", str(tmp_path / "bare.png"), "--report", *FIXED]
    assert main([*arguments, "--output", str(tmp_path / "first")]) == 0
    told = capsys.readouterr().err
    assert told.startswith("bare.png: The file does not say how large its pixels are")
    session = str(tmp_path / "first" / "session.json")
    arguments = ["report", session, "--images", str(tmp_path)]
    assert main([*arguments, "--output", str(tmp_path / "second")]) == 0
    assert capsys.readouterr().err == told


def test_decisions_by_hand_are_replayed(reported, folder, tmp_path, capsys):
    values = json.loads((reported / "session.json").read_bytes())
    values["pictures"][0]["edits"] = {"1": False}
    session = tmp_path / "session.json"
    session.write_text(json.dumps(values))
    arguments = ["report", str(session), "--images", str(folder), "--output", str(tmp_path / "o")]
    assert main(arguments) == 1  # not what the session says was found
    first = rows_of(tmp_path / "o", "a")[0]
    assert (first["label"], first["kept"], first["reason"]) == ("1", "False", "manual")
    assert "a.tif: kept was" in capsys.readouterr().err


def test_what_differs_is_said(reported, folder, tmp_path, capsys):
    images = tmp_path / "images"
    images.mkdir()
    (images / "renamed.tif").write_bytes((folder / "b.tif").read_bytes())
    arguments = ["report", str(reported / "session.json"), "--images", str(images)]
    assert main([*arguments, "--output", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    assert "a.tif: this picture is not here." in said.err
    assert "renamed.tif: " in said.out
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize("content", [None, b"{", b"{}"])
def test_a_session_that_cannot_be_read_is_wrong_usage(content, tmp_path, capsys):
    session = tmp_path / "session.json"
    if content is not None:
        session.write_bytes(content)
    with pytest.raises(SystemExit) as leave:
        main(["report", str(session), "--output", str(tmp_path / "out")])
    assert leave.value.code == 2
    assert "session" in capsys.readouterr().err
