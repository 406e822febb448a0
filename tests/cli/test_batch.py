"""``semseg batch``: what is asked, said and refused; sheets."""

from __future__ import annotations

import pytest

from semseg.__main__ import main
from semseg.batch.jobs import Job
from semseg.batch.pictures import find_pictures
from semseg.batch.run import RunFolder
from semseg.batch.running import entry
from semseg.batch.worker import failed
from semseg.cli.sheet import lines_by_address, read_sheet
from semseg.errors import SettingsError
from semseg.preprocessing.preparation import Crop
from semseg.settings import Settings


@pytest.fixture
def sheet(tmp_path):
    def write(text):
        path = tmp_path / "sheet.csv"
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_sheet_gives_samples_and_settings_as_the_options_do(sheet):
    lines = read_sheet(
        sheet(
            "image,sample,pixel_size_nm,crop,repair\n"
            "a.tif,TiO2,0.5um,60,no\n"
            "b.tif,SiO2,auto,none,\n"
            ",,,,\n"
        )
    )
    assert [(line.image, line.sample) for line in lines] == [("a.tif", "TiO2"), ("b.tif", "SiO2")]
    assert lines[0].settings == {"pixel_size_nm": 500.0, "crop": Crop(bottom=60), "repair": False}
    assert lines[1].settings == {"pixel_size_nm": None, "crop": Crop()}


def test_a_sheet_of_excel_with_semicolons(sheet):
    [line] = read_sheet(sheet("\ufeffimage;sample\na.tif;one, two\n"))
    assert line.sample == "one, two"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("picture,sample\na,b\n", "no column image"),
        ("image,colour\na,b\n", "column 'colour', which is no setting"),
        ("image,filter\na.tif,much\n", "Line 2 of the sheet .*filter.*'much' is not"),
        ("image,repair\na.tif,perhaps\n", "can only be yes or no"),
    ],
)
def test_a_sheet_that_cannot_be_used_says_why(sheet, text, said):
    with pytest.raises(SettingsError, match=said):
        read_sheet(sheet(text))


def test_rows_find_their_pictures_by_the_end_of_their_path(sheet, tmp_path):
    addresses = ["/data/one/a.tif", "/data/two/a.tif", "/data/two/b.tif", "s3://box/c.tif"]
    lines = read_sheet(sheet("image,sample\none/a.tif,1\nb.tif,2\ns3://box/c.tif,3\n"))
    found = lines_by_address(lines, addresses, tmp_path)
    assert {address: line.sample for address, line in found.items()} == {
        "/data/one/a.tif": "1",
        "/data/two/b.tif": "2",
        "s3://box/c.tif": "3",
    }
    for text, said in [
        ("image\na.tif\n", "may be /data/one/a.tif or /data/two/a.tif"),
        ("image\nz.tif\n", "not among those given: z.tif"),
        ("image\nb.tif\ntwo/b.tif\n", "two rows"),
    ]:
        with pytest.raises(SettingsError, match=said):
            lines_by_address(read_sheet(sheet(text)), addresses, tmp_path)


def run(*words, command="batch"):
    try:
        return main([command, *map(str, words)])
    except SystemExit as stop:
        return stop.code


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(tmp_path, capsys):
    (tmp_path / "a.tif").write_bytes(b"1")
    assert run(tmp_path, "--output", tmp_path / "run", "--dry-run") == 0
    assert capsys.readouterr().out == "1 picture to measure.\n"
    assert not (tmp_path / "run").exists()


def test_a_folder_without_pictures_is_wrong_usage(tmp_path, capsys):
    assert run(tmp_path, "--output", tmp_path / "run", "--dry-run") == 2
    assert "There is no picture in" in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("semseg.cli.pool.find_spec", lambda name: None)
    assert run(tmp_path, "--output", tmp_path / "run") == 2
    assert "pip install 'semseg[batch]'" in capsys.readouterr().err


def test_a_picture_that_failed_before_is_told_again_by_the_exit_status(tmp_path, capsys):
    (tmp_path / "a.tif").write_bytes(b"")
    [picture] = find_pictures([str(tmp_path / "a.tif")])
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    ledger, job = folder.ledger(), Job(picture, "", Settings())
    with ledger.opened():
        ledger.add(entry(job, failed(job, "a.tif is empty.")))
    assert run(tmp_path / "a.tif", "--output", folder.path) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[:3] == [
        "0 pictures to measure; 0 are done, 1 failed before (--retry tries them again).",
        "0 done, 1 failed.",
        "all pictures: 0 of 1 pictures pooled",
    ]
    # what failed is no fault of pooling
    assert run(folder.path, command="pool") == 0
    assert run(tmp_path / "a.tif", "--output", folder.path, "--dry-run") == 0


def test_what_cannot_be_pooled_is_wrong_usage(tmp_path, capsys):
    assert run(tmp_path, command="pool") == 2
    assert "is not the folder of a run" in capsys.readouterr().err
    assert run(tmp_path, tmp_path, command="pool") == 2
    assert "give --output" in capsys.readouterr().err
