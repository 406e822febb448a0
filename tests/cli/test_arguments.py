"""The options of ``semseg analyze``, and a settings file beside them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import tifffile
from PIL import Image

from semseg.cli.arguments import add_settings, settings_of
from semseg.preprocessing.preparation import Crop
from semseg.settings import SETTINGS, Settings
from tests.support.command import FIXED, SHAPE, one_sentence, rows_of, summary_of
from tests.support.picture_files import tiff_pages


def test_a_typed_width(run, folder, tmp_path):
    status, _, _ = run(folder / "a.png", "--output", tmp_path, *FIXED, "--width-nm", "7520")
    assert status == 0
    summary = summary_of(tmp_path, "a")
    assert summary["calibration"]["pixel_size_nm"] == pytest.approx(7520 / SHAPE[1])
    assert summary["settings"]["width_nm"] == 7520
    for row in rows_of(tmp_path, "a"):
        assert float(row["ecd_nm"]) == pytest.approx(37.6 * float(row["ecd_px"]), rel=1e-4)


def test_a_picture_of_a_file_that_holds_several(run, folder, tmp_path):
    grey = np.asarray(Image.open(folder / "a.png"))
    (tmp_path / "two.tif").write_bytes(tiff_pages(grey, grey[::-1], grey[:, ::-1]))
    scale = ("--pixel-size-nm", "2")
    found = {}
    for page in ("auto", "1", "2"):
        out = tmp_path / page
        options = (*FIXED, *scale, "--page", page)
        status, _, err = run(tmp_path / "two.tif", "--output", out, *options)
        assert status == 0
        found[page] = summary_of(out, "two")
        assert found[page]["file"]["pages"] == 3
        assert one_sentence(err).startswith("two.tif: ")
    assert [found[page]["file"]["page"] for page in found] == [1, 1, 2]
    assert [found[page]["settings"]["page"] for page in found] == [None, 1, 2]
    labels = [tifffile.imread(tmp_path / page / "two.labels.tif") > 0 for page in found]
    np.testing.assert_array_equal(labels[0], labels[1])
    assert (labels[1][::-1] == labels[2]).mean() > 0.98
    options = (*FIXED, *scale, "--page", "4")
    status, _, err = run(tmp_path / "two.tif", "--output", tmp_path / "4", *options)
    assert status == 1
    assert one_sentence(err) == (
        "two.tif: holds 3 pictures and none of number 4; choose one from 1 to 3."
    )


def test_rows_are_cropped_from_the_bottom(run, folder, tmp_path):
    status, out, _ = run(folder / "a.png", "--output", tmp_path, "--rescale", "1", "--crop", "50")
    assert status == 0
    assert summary_of(tmp_path, "a")["crop"] == {"top": 0, "bottom": 50, "left": 0, "right": 0}
    labels = tifffile.imread(tmp_path / "a.labels.tif")
    assert labels.shape == SHAPE
    assert not labels[-50:].any()
    assert labels[:-50].any()
    assert "50 px cut off (bottom)" in out


def test_the_four_sides_are_cropped_in_the_order_of_css(run, folder, tmp_path):
    crop = ("--rescale", "1", "--crop", "10,20,30,40")
    status, out, _ = run(folder / "a.png", "--output", tmp_path, *crop)
    assert status == 0
    sides = {"top": 10, "bottom": 30, "left": 40, "right": 20}
    assert summary_of(tmp_path, "a")["crop"] == sides
    labels = tifffile.imread(tmp_path / "a.labels.tif")
    assert labels.shape == SHAPE
    rows, columns = np.nonzero(labels)
    assert rows.min() >= 10
    assert rows.max() < SHAPE[0] - 30
    assert columns.min() >= 40
    assert columns.max() < SHAPE[1] - 20
    assert "10, 20, 30, 40 px cut off (top, right, bottom, left)" in out


def test_a_crop_that_does_not_fit_is_one_sentence_with_its_sides(run, folder, tmp_path):
    status, out, err = run(folder / "a.png", "--output", tmp_path, "--crop", "50,0,50,0")
    assert (status, out) == (1, "")
    said = one_sentence(err)
    assert said.startswith("a.png: ")
    assert "top 50, right 0, bottom 50, left 0" in said
    assert "200 x 50 of the picture's 200 x 150" in said


def test_hot_pixels_are_repaired_unless_the_repair_is_switched_off(run, folder, picture, tmp_path):
    grey = picture.grey.copy()
    grey[::20, ::20] = 255
    tifffile.imwrite(tmp_path / "hot.tif", grey)
    repaired = []
    for options in ((), ("--no-repair",)):
        assert run(tmp_path / "hot.tif", "--output", tmp_path, *FIXED, *options)[0] == 0
        repaired.append(summary_of(tmp_path, "hot")["repaired_pixels"])
    assert repaired[0] > 0
    assert repaired[1] == 0


def test_the_factor_is_found_or_given(run, folder, tmp_path):
    for word, source in (("auto", "automatic"), ("1.2", "given")):
        status, out, _ = run(folder / "a.png", "--output", tmp_path, "--rescale", word)
        assert status == 0
        rescale = summary_of(tmp_path, "a")["rescale"]
        assert rescale["source"] == source
        assert f"rescale {rescale['factor']:.3g}" in out
    assert rescale["factor"] == 1.2


def test_the_filter_marks_and_never_removes(run, folder, tmp_path):
    found = {}
    for threshold in ("0", "0.9", "1"):
        status, _, _ = run(folder / "a.png", "--output", tmp_path, *FIXED, "--filter", threshold)
        assert status == 0
        rows = rows_of(tmp_path, "a")
        found[threshold] = [row["label"] for row in rows]
        certain = [row for row in rows if float(row["confidence"]) >= float(threshold)]
        assert [row for row in rows if row["kept"] == "True"] == certain
        assert summary_of(tmp_path, "a")["filter_threshold"] == float(threshold)
    assert found["0"] == found["0.9"] == found["1"]


def test_the_provider_is_used_and_named(run, folder, tmp_path):
    assert run(folder / "a.png", "--output", tmp_path, *FIXED, "--provider", "cpu")[0] == 0
    assert summary_of(tmp_path, "a")["provider"] == "cpu"


# Beside a settings file


def chosen(*arguments, **in_file):
    """The settings that these options come to, beside a file of settings if there are any."""
    parser = argparse.ArgumentParser()
    add_settings(parser)
    with TemporaryDirectory() as folder:
        if in_file:
            file = Path(folder, "settings.json")
            file.write_text(json.dumps(in_file))
            arguments = ("--settings", str(file), *arguments)
        return settings_of(parser.parse_args(arguments))


@pytest.mark.parametrize(
    ("in_file", "arguments", "comes_to"),
    [
        ({"width_nm": 100}, ["--width-nm", "400"], Settings(width_nm=400)),
        ({"pixel_size_nm": 2}, ["--width-nm", "400"], Settings(width_nm=400)),
        ({"width_nm": 100}, ["--pixel-size-nm", "2"], Settings(pixel_size_nm=2)),
        ({"width_nm": 100}, ["--width-nm", "auto"], Settings()),
        ({"pixel_size_nm": 2}, ["--width-nm", "auto"], Settings(pixel_size_nm=2)),
        ({"repair": False}, ["--repair"], Settings()),
        ({"repair": True}, ["--no-repair"], Settings(repair=False)),
        ({"visible_only": True}, ["--no-visible-only"], Settings()),
        ({"visible_only": False}, ["--visible-only"], Settings(visible_only=True)),
        ({"crop": {"bottom": 9}}, ["--crop", "none"], Settings(crop=Crop())),
        ({"crop": {"bottom": 9}}, ["--crop", "auto"], Settings()),
        ({"crop": {"bottom": 9}}, ["--crop", "7"], Settings(crop=Crop(bottom=7))),
        ({"rescale": 2}, ["--rescale", "auto"], Settings()),
        ({"filter": 0.2}, ["--filter", "auto"], Settings()),
        ({"edges": "weight"}, ["--edges", "count"], Settings()),
        ({"scale_bar_nm": 5}, ["--scale-bar-nm", "auto"], Settings(read_scale="always")),
        (
            {},
            ["--scale-bar-nm", "auto", "--read-scale", "never"],
            Settings(read_scale="never"),
        ),
        ({"assumed_width_nm": 5}, ["--assumed-width-nm", "7520"], Settings(assumed_width_nm=7520)),
        ({"filter": 0.2, "rescale": 2}, ["--rescale", "3"], Settings(filter=0.2, rescale=3)),
        ({"filter": 0.2, "visible_only": True}, [], Settings(filter=0.2, visible_only=True)),
    ],
    ids=str,
)
def test_what_is_given_beside_a_settings_file_wins(in_file, arguments, comes_to):
    assert chosen(*arguments, **in_file) == comes_to


def test_there_is_an_option_for_every_setting(capsys):
    parser = argparse.ArgumentParser()
    add_settings(parser)
    parser.print_help()
    said = " ".join(capsys.readouterr().out.split())
    for name, about in SETTINGS.items():
        assert f"--{name.replace('_', '-')}" in said
        assert about.help in said


def test_width_and_pixel_size_are_not_given_together(run, folder, tmp_path):
    both = ("--width-nm", "400", "--pixel-size-nm", "2")
    status, out, err = run(folder / "a.png", "--output", tmp_path / "out", *both)
    assert (status, out) == (2, "")
    assert "--pixel-size-nm: not allowed with argument --width-nm" in err


def test_a_typed_pixel_size_wins_over_a_width_in_the_file(run, folder, tmp_path):
    (tmp_path / "settings.json").write_text('{"width_nm": 100}')
    given = ("--settings", tmp_path / "settings.json", "--pixel-size-nm", "3")
    assert run(folder / "a.png", "--output", tmp_path, *FIXED, *given)[0] == 0
    summary = summary_of(tmp_path, "a")
    assert summary["calibration"]["pixel_size_nm"] == 3
    assert summary["settings"]["width_nm"] is None


def test_options_win_over_the_settings_file(run, folder, tmp_path):
    (tmp_path / "settings.json").write_text(
        '{"width_nm": 100, "rescale": 1.3, "crop": {"bottom": 30}, "filter": 0.5}'
    )
    replay = ("--settings", tmp_path / "settings.json")
    given = ("--width-nm", "400", "--crop", "auto", "--rescale", "auto")
    assert run(folder / "a.png", "--output", tmp_path, *replay, *given)[0] == 0
    settings = summary_of(tmp_path, "a")["settings"]
    assert settings["width_nm"] == 400
    assert settings["crop"] is None
    assert settings["rescale"] is None
    assert settings["filter"] == 0.5
