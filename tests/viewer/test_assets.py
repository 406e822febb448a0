"""The viewer's files for the browser, where they are incomplete or cannot be written."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from semseg.errors import OutputError, SemsegError
from semseg.measure.quantities import SHAPES, SIZES
from semseg.viewer import assets, definitions, files_address
from tests.support.command import contents, names, one_sentence


def test_files_of_the_viewer_that_are_incomplete_are_made_anew(tmp_path):
    name = assets.publish(tmp_path)
    whole = contents(tmp_path / name)
    (tmp_path / name / "plotly.min.js").write_bytes(b"")
    (tmp_path / name / "viewer.css").unlink()
    assert assets.publish(tmp_path) == name
    assert contents(tmp_path / name) == whole
    assert names(tmp_path) == [name]


def test_the_browser_is_given_python_s_tables(tmp_path):
    published = (tmp_path / assets.publish(tmp_path) / "definitions.js").read_text()
    found = dict(re.findall(r"^export const (\w+) = (.*);$", published, re.MULTILINE))
    sizes, shapes = (json.loads(found[name]) for name in ("SIZES", "SHAPES"))
    assert (list(sizes), list(shapes)) == (list(SIZES), list(SHAPES))
    assert sizes["ecd"]["name"] == "Equivalent circular diameter"
    assert shapes["solidity"]["decimals"] == 3
    assert [figure["title"] for figure in json.loads(found["FIGURES"])] == [
        *("Mean", "SD", "D10", "D50 (median)", "D90"),  # each once
    ]


def test_the_types_of_what_is_given_are_complete():
    declared = (assets.HERE / "definitions.d.ts").read_text()
    made = re.findall(r"^export const (\w+)", definitions.module(), re.MULTILINE)
    assert re.findall(r"^export const (\w+):", declared, re.MULTILINE) == made


@pytest.fixture
def no_static(tmp_path, monkeypatch):
    (tmp_path / "static").write_text("a file where the folder should be")
    monkeypatch.setattr("semseg.viewer._static_folder", lambda: tmp_path / "static")


def test_the_viewer_s_files_go_elsewhere_where_static_cannot_be_written(no_static):
    where = files_address()
    assert where == files_address()
    start, component, name = where.split("/")
    assert (start, component) == ("component", "semseg.viewer.files")
    assert "viewer.js" in names(assets.spare_folder() / name)


def test_the_viewer_s_files_go_elsewhere_where_static_is_not_served(tmp_path, monkeypatch):
    monkeypatch.setattr("semseg.viewer._static_folder", lambda: tmp_path / "static")
    assert files_address().startswith("app/static/semseg-")
    monkeypatch.setattr("streamlit.get_option", {"server.enableStaticServing": False}.get)
    shutil.rmtree(tmp_path / "static")
    assert files_address().startswith("component/semseg.viewer.files/semseg-")
    assert names(tmp_path) == []


def test_without_any_place_for_the_viewer_s_files_one_sentence(no_static, monkeypatch):
    def full():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(assets, "_spare", full)
    with pytest.raises(OutputError, match=r"static \(.*\); make that folder writable") as caught:
        files_address()
    one_sentence(str(caught.value))


def test_files_are_written_once_and_old_ones_go(tmp_path):
    old = tmp_path / "static" / "semseg-0123"
    old.mkdir(parents=True)
    foreign = tmp_path / "static" / "font.woff2"
    foreign.touch()
    name = assets.publish(tmp_path / "static")
    folder = tmp_path / "static" / name
    files = {path.name for path in folder.iterdir()}
    assert {"plotly.min.js", "viewer.js", "statistics.js", "viewer.css"} <= files
    assert (folder / "plotly.min.js").stat().st_size > 1_000_000
    assert not old.exists()
    assert foreign.exists()
    before = (folder / "viewer.js").stat().st_mtime_ns
    assert assets.publish(tmp_path / "static") == name
    assert (folder / "viewer.js").stat().st_mtime_ns == before
    assert {path.name for path in (tmp_path / "static").iterdir()} == {name, "font.woff2"}


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "static").write_text("a file where the folder should be")
    with pytest.raises(SemsegError, match="could not be written"):
        assets.publish(tmp_path / "static")
