"""The viewer's files for the browser, where they are incomplete or cannot be written."""

from __future__ import annotations

import pytest

from semseg.errors import OutputError
from semseg.viewer import _address, assets
from tests.support.command import contents, names, one_sentence


def test_files_of_the_viewer_that_are_incomplete_are_made_anew(tmp_path):
    name = assets.publish(tmp_path)
    whole = contents(tmp_path / name)
    (tmp_path / name / "plotly.min.js").write_bytes(b"")
    (tmp_path / name / "viewer.css").unlink()
    assert assets.publish(tmp_path) == name
    assert contents(tmp_path / name) == whole
    assert names(tmp_path) == [name]


@pytest.fixture
def no_static(tmp_path, monkeypatch):
    (tmp_path / "static").write_text("a file where the folder should be")
    monkeypatch.setattr("semseg.viewer._static_folder", lambda: tmp_path / "static")


def test_the_viewer_s_files_go_elsewhere_where_static_cannot_be_written(no_static):
    where = _address()
    assert where == _address()
    start, component, name = where.split("/")
    assert (start, component) == ("component", "semseg.viewer.files")
    assert "viewer.js" in names(assets.spare_folder() / name)


def test_without_any_place_for_the_viewer_s_files_one_sentence(no_static, monkeypatch):
    def full():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(assets, "spare_folder", full)
    with pytest.raises(OutputError, match=r"static \(.*\); make that folder writable") as caught:
        _address()
    one_sentence(str(caught.value))
