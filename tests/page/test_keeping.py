"""What the browser is told to keep, and what is believed of what it kept."""

from __future__ import annotations

import hashlib
import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from semseg.data import sample_path
from semseg.details import Details
from semseg.export.session import read_session
from semseg.page import companion, keeping, work
from semseg.page.limits import Limits
from semseg.viewer import ViewState
from tests.support.page import give, open_page, scale_field, upload

pytestmark = pytest.mark.slow  # the whole page, with the network on parts of the sample


def part(left: int, top: int = 0) -> bytes:
    with Image.open(sample_path()) as sample:
        grey = np.asarray(sample)[top : top + 260, left : left + 340]
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "PNG")
    return out.getvalue()


A, B = part(0), part(600)
A_NAME, B_NAME = (hashlib.sha256(content).hexdigest() for content in (A, B))


@pytest.fixture
def told(monkeypatch):
    """What the browser is told, the latest last."""
    said = []
    monkeypatch.setattr(companion, "keep", lambda **what: said.append(SimpleNamespace(**what)))
    return said


@pytest.fixture
def page():
    work.queue.clear()  # it knows what the visitors of other tests still keep
    return open_page()


def decide(page, sha256, **edits):
    """As the view does when a person has decided."""
    views = page.session_state["views"]
    key = next(key for key in views if key[0] == sha256)
    steps = tuple((keep == "keep", tuple(labels)) for keep, labels in edits.items())
    views[key] = ViewState(steps=steps, done=len(steps))
    page.session_state["command"] += 1
    return page.run()


def test_all_that_a_reload_would_lose_is_told(page, told):
    upload(page, ("a.png", A), ("b.png", B))
    scale_field(page).set_value("3 um").run()
    page.text_input(key="details_sample_picture").set_value("TiO2").run()
    decide(page, A_NAME, exclude=[1], keep=[2])
    assert not page.exception
    record = told[-1].record
    session = read_session(record["session"])
    assert (
        [picture.name for picture in session.pictures] == record["pictures"] == ["a.png", "b.png"]
    )
    assert record["files"] == [
        {"sha256": A_NAME, "name": "a.png"},
        {"sha256": B_NAME, "name": "b.png"},
    ]
    assert (record["shown"], record["sample"], record["by_hand"]) == (A_NAME, False, 2)
    one, other = session.pictures
    assert (one.edits, other.edits) == ({1: False, 2: True}, {})
    assert session.settings_of(one).width_nm == 3000
    assert session.settings_of(other).width_nm is None
    assert session.details == Details(sample="TiO2")
    assert one.result == {}  # it is found again
    assert told[-1].asks


def test_the_text_beside_a_picture_is_kept_with_it(page, told):
    text = b"$CM_FULL_SIZE 340 260\n$$SM_MICRON_BAR 100\n$$SM_MICRON_MARKER 500nm\n"
    upload(page, ("a.png", A), ("a.txt", text))
    record = told[-1].record
    assert record["pictures"] == ["a.png"]
    assert {"sha256": hashlib.sha256(text).hexdigest(), "name": "a.txt"} in record["files"]


def test_decisions_are_told_of_the_outlines_that_they_are_of(page, told):
    upload(page, ("a.png", A))
    decide(page, A_NAME, exclude=[1])
    assert told[-1].record["by_hand"] == 1
    page.toggle(key="crop_auto").set_value(False).run()
    page.slider(key="crop_left").set_value(60).run()  # other outlines
    assert told[-1].record["by_hand"] == 0
    page.toggle(key="crop_auto").set_value(True).run()
    assert told[-1].record["by_hand"] == 1


def test_leaving_asks_only_where_something_would_be_lost(page, told):
    page.query_params["width"] = "5000"
    upload(page, ("a.png", A))
    assert not told[-1].asks  # the link has the width
    scale_field(page).set_value("4 um").run()
    assert told[-1].asks
    scale_field(page).set_value("5 um").run()
    assert not told[-1].asks
    page.text_area(key="details_notes_picture").set_value("Dried.").run()
    assert told[-1].asks


def test_what_a_file_has_is_not_asked_about(page, told):
    upload(page, ("a.png", A))
    decide(page, A_NAME, exclude=[1])
    content = told[-1].record["session"].encode()
    other = open_page()
    upload(other, ("a.png", A))
    give(other, "settings_file", ("session.json", content))
    other.run()
    assert told[-1].record["by_hand"] == 1
    assert not told[-1].asks
    decide(other, A_NAME, exclude=[1, 2])
    assert told[-1].asks


def test_pictures_that_were_taken_away_are_not_kept(page, told):
    page.run()
    assert (told[-1].record, told[-1].ended) == (None, False)
    upload(page, ("a.png", A))
    assert told[-1].record
    give(page, "uploads")
    page.run()
    assert (told[-1].record, told[-1].ended, told[-1].asks) == (None, True, False)


def test_a_server_may_have_browsers_keep_nothing(page, told, monkeypatch):
    monkeypatch.setattr(keeping, "limits", lambda: Limits(keep_in_browser=0))
    upload(page, ("a.png", A))
    assert told[-1].record is None


# Going on


@pytest.fixture
def going_on(monkeypatch):
    """A page that goes on with what was kept: `go(page, chosen)`."""
    taken_over = []
    monkeypatch.setattr(companion, "offer", lambda uploader, take, taken: taken_over.append(taken))
    wanted = []
    begin = work.begin

    def taking() -> None:
        if wanted:
            keeping._take(wanted.pop())
        begin()

    monkeypatch.setattr(work, "begin", taking)  # before any widget, as a callback is

    def go(page, **chosen):
        wanted.append({"choice": "1", **chosen})
        page.run()
        assert taken_over[-1] == "1"  # the browser gives the files now
        return page

    return go


def test_going_on_brings_everything_back(page, told, going_on):
    upload(page, ("a.png", A), ("b.png", B))
    scale_field(page).set_value("3 um").run()
    decide(page, A_NAME, exclude=[1])
    page.session_state["picture"] = 1
    page.run()
    record = told[-1].record
    assert record["shown"] == B_NAME

    later = open_page()
    later.run()
    going_on(later, **{name: record[name] for name in ("session", "shown", "sample")})
    upload(later, ("a.png", A), ("b.png", B))
    assert not later.exception
    assert later.session_state["picture"] == 1
    again = told[-1].record
    assert again == record
    assert told[-1].asks  # no file has it
    assert "Identical" not in " ".join(item.value for item in later.success)


def test_what_another_model_outlined_is_left_out_and_said(page, told, going_on):
    upload(page, ("a.png", A))
    decide(page, A_NAME, exclude=[1])
    session = told[-1].record["session"].replace(work.segmenter("auto").info.sha256, "0" * 64)
    later = open_page()
    later.run()
    going_on(later, session=session, shown=A_NAME, sample=False)
    assert "draws other outlines" in later.toast[0].value
    upload(later, ("a.png", A))
    assert told[-1].record["by_hand"] == 0


@pytest.mark.parametrize("session", ["", "{}", "[" * 10_000, None, '{"kind": "semseg session"}'])
def test_what_is_no_session_is_left_alone(page, going_on, session):
    page.run()
    going_on(page, session=session, shown=7, sample="yes")
    assert not page.exception
    assert "cannot be read any more" in page.toast[0].value
