"""Hostile names and metadata, followed to everything that is written or said."""

import csv
import io
import json
import os
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

import pytest
import tifffile

from tests.support.command import analysed, python
from tests.support.network import shipped
from tests.support.picture_files import text_tag, zeiss_block

pytestmark = [shipped, pytest.mark.slow]

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
NAME = b"=cmd|' C calc'!A0 \x1b[2J\x1b]0;mine\x07 \xff\n..%2f" + SCRIPT.replace("/", "").encode()
NAME += "\u202etfi.gpj".encode() + b".tif"
FORMULA = re.compile(r"[=+\-@\t\r]")


class Tags(HTMLParser):
    """Tags and addresses of a page."""

    def __init__(self, text):
        super().__init__()
        self.found, self.handlers = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


@pytest.fixture(scope="module")
def run(tmp_path_factory, draw):
    """One picture of hostile name and metadata through the command line."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "in").mkdir()
    grey = draw((150, 200), 36.0, seed=8).grey
    picture = os.fsencode(folder / "in") + b"/" + NAME
    entries = {"AP_IMAGE_PIXEL_SIZE": f"Image Pixel Size = {SCRIPT}\x1b[31m wide"}
    tags = [text_tag(34118, zeiss_block(entries, pixel_m=SCRIPT))]
    tifffile.imwrite(
        os.fsdecode(picture), grey, photometric="minisblack", extratags=tags,
        description=f"=HYPERLINK(1) {SCRIPT} ../../x", software="\x1b[2J" + SCRIPT,
    )  # fmt: skip
    result = analysed(os.fsdecode(picture), "--report", "--output", folder / "out")
    return folder, result


def files(run, ending):
    found = sorted((run[0] / "out").glob(f"*{ending}"))
    assert found, ending
    return [path.read_bytes() for path in found]


def test_the_run_ends_well_and_says_so_in_printable_words(run):
    result = run[1]
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 2
    for line in (result.stdout + result.stderr).splitlines():
        assert line.isprintable(), line


def test_a_failure_is_said_in_printable_words(tmp_path):
    path = os.fsencode(tmp_path) + b"/" + NAME
    with open(path, "wb") as file:
        file.write(b"no picture")
    result = analysed(os.fsdecode(path), "--output", tmp_path / "out")
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.isprintable()
    missing = analysed(os.fsdecode(path) + "x", "--output", tmp_path / "out")
    (line,) = missing.stderr.splitlines()
    assert line.isprintable()


def test_every_file_stays_in_its_folder_under_a_printable_name(run):
    folder, _ = run
    assert {path.name for path in folder.iterdir()} == {"in", "out"}
    assert len(list((folder / "in").iterdir())) == 1
    written = list((folder / "out").iterdir())
    assert len(written) >= 10
    for path in written:
        assert path.is_file()
        assert path.name.isprintable()


def test_the_report_holds_no_foreign_markup(run):
    (content,) = files(run, "report.html")
    page = Tags(content.decode())
    assert "script" in page.found  # plotly's own
    assert page.handlers == []
    assert b"<script>alert" not in content
    assert b"\x1b" not in content


def test_no_cell_is_a_formula(run):
    cells = 0
    for content in files(run, ".csv"):
        for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
            for cell in row:
                cells += 1
                assert not FORMULA.match(cell) or re.fullmatch(r"[+-]?[\d.e+-]+", cell), cell
                assert cell.isprintable()
    assert cells > 100
    for content in files(run, ".xlsx"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            for name in book.namelist():
                if name.startswith("xl/worksheets/"):
                    sheet = ElementTree.fromstring(book.read(name))
                    formulas = [node for node in sheet.iter() if node.tag.endswith("}f")]
                    assert all("cmd" not in (node.text or "") for node in formulas)
                assert b"\x1b" not in book.read(name)


def test_archives_unpack_where_they_are(run):
    for content in files(run, ".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                assert PurePosixPath(name).name == name
                assert name.isprintable()


def test_json_is_sound_and_the_session_replays(run):
    folder, _ = run
    for content in files(run, ".json"):
        assert json.loads(content)
        assert b"\x1b" not in content
    replay = python(
        "-m", "semseg", "report", folder / "out" / "session.json",
        "--images", folder / "in", "--output", folder / "out" / "again",
    )  # fmt: skip
    assert replay.returncode == 0, replay.stderr
    assert "Identical" in replay.stdout


def test_a_session_cannot_lead_out_of_its_folder_or_speak_to_the_terminal(run, tmp_path):
    folder, _ = run
    session = json.loads((folder / "out" / "session.json").read_bytes())
    session["pictures"][0]["name"] = "../../etc/passwd\x1b[2J" + SCRIPT
    session["pictures"][0]["sha256"] = "0" * 64
    path = tmp_path / "session.json"
    path.write_text(json.dumps(session))
    replay = python(
        "-m", "semseg", "report", path, "--images", folder / "in", "--output", tmp_path / "out"
    )
    assert replay.returncode != 0
    assert "Traceback" not in replay.stderr
    for line in (replay.stdout + replay.stderr).splitlines():
        assert line.isprintable(), line
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
    assert Path(tmp_path / "session.json").exists()
