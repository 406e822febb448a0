"""A run on the page, as far as no browser is needed: what may be opened, and what is said."""

from __future__ import annotations

import hashlib

import pytest

from semseg.batch.ledger import Ledger, name_of_row
from semseg.batch.run import RunFolder
from semseg.errors import SettingsError
from semseg.page.run import folder
from semseg.page.run.listing import Listing, Wanted, listing
from tests.support.page import open_page, texts

OPEN_NONE = "names a picture that this run does not hold"


def row(path, name="a.tif", **more):
    return {
        "address": str(path),
        "name": name,
        "sample": "",
        "stamp": "1",
        "recipe": "r",
        "state": "failed",
        "sentence": "It was empty then.",
        **more,
    }


@pytest.fixture
def write(tmp_path, monkeypatch):
    """A run with these rows, which the page then shows."""
    place = tmp_path / "run"

    def make(*rows):
        place.mkdir(exist_ok=True)
        ledger = Ledger(place / "ledger.jsonl")
        with ledger.opened():
            for each in rows:
                ledger.add(each)
        return RunFolder(place)

    monkeypatch.setenv(folder.VARIABLE, str(place))
    folder.run.cache_clear()
    yield make
    folder.run.cache_clear()


def opened(name: str | None = None):
    page = open_page()
    if name is not None:
        page.query_params["picture"] = name
    return page.run()


def errors(page) -> list[str]:
    return [each.value.replace("\\", "") for each in page.error]


def test_a_folder_that_is_no_run_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv(folder.VARIABLE, str(tmp_path))
    folder.run.cache_clear()
    with pytest.raises(SettingsError, match="not the folder of a run"):
        folder.run()
    assert "not the folder of a run" in texts(opened())


def test_a_run_without_pictures_yet_is_said(write):
    write()
    assert "holds no picture yet" in texts(opened())


@pytest.mark.parametrize(
    "beside", ["..", "../secret", "/etc/hostname", "%2e%2e%2fsecret", "", "0" * 20]
)
def test_a_picture_that_is_not_in_the_ledger_is_not_opened(write, tmp_path, draw, beside):
    draw((150, 200), 36.0).write(tmp_path / "secret")
    write(row(tmp_path / "a.tif"))
    page = opened(beside)
    assert OPEN_NONE in texts(page)
    assert len(page.dataframe) == 1
    assert not page.exception
    assert "secret" not in texts(page)


def test_an_address_is_no_name(write, tmp_path, draw):
    path = tmp_path / "a.png"
    draw((150, 200), 36.0).write(path)
    write(row(path, "a.png"))
    page = opened(str(path))
    assert OPEN_NONE in texts(page)
    assert "a\\.png" not in texts(page)
    page = opened(name_of_row(str(path)))
    assert OPEN_NONE not in texts(page)
    assert "a\\.png" in texts(page)


def test_a_file_that_is_gone_is_said_in_a_sentence(write, tmp_path):
    path = tmp_path / "a.tif"
    write(row(path, sha256="0" * 64))
    page = opened(name_of_row(str(path)))
    [said] = errors(page)
    assert "a.tif cannot be read any more from where the run found it" in said
    assert [each.label for each in page.button if each.label == "All pictures"]
    assert not page.exception


def test_a_file_that_has_changed_is_said_in_a_sentence(write, tmp_path, draw):
    path = tmp_path / "a.png"
    draw((150, 200), 36.0).write(path)
    write(row(path, "a.png", sha256="0" * 64))
    page = opened(name_of_row(str(path)))
    [said] = errors(page)
    assert "a.png has changed since it was measured" in said
    assert str(tmp_path) not in said


def test_a_text_beside_it_that_is_gone_is_said(write, tmp_path, draw):
    path = tmp_path / "a.png"
    draw((150, 200), 36.0).write(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    write(row(path, "a.png", sha256=sha256, sidecar=str(tmp_path / "a.txt")))
    [said] = errors(opened(name_of_row(str(path))))
    assert "text beside a.png" in said


def test_rows_are_filtered_by_sample_state_and_text(write, tmp_path):
    run = write(
        row("/1", "one.tif", sample="A"),
        row("/2", "two.tif", sample="B", state="done", sentence=""),
        row("/3", "three\udcff.tif", sample="A", state="no scale", sentence="No (scale."),
    )
    found = listing(run)

    def names(**wanted):
        return sorted(found.shown(Wanted(**wanted))["name"])

    assert isinstance(found, Listing)
    assert found.table["name"].iloc[0] == "one.tif"  # it failed
    assert len(names()) == 3
    assert len(names(samples=("A",))) == 2
    assert names(states=("failed", "done")) == ["one.tif", "two.tif"]
    assert names(text="EMPTY") == ["one.tif"]
    assert len(names(text="(scale")) == 1
    assert names(samples=("B",), states=("failed",)) == []


def test_it_is_read_again_when_the_ledger_grows(write):
    run = write(row("/1"))
    assert len(listing(run).table) == 1
    assert listing(run) is listing(run)
    write(row("/2"))
    assert len(listing(run).table) == 2
