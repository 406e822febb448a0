"""What a reload would lose: asked about, kept by the browser, offered again."""

from __future__ import annotations

import io
import time
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from semseg.data import sample_path
from tests.support.paths import PAGE
from tests.support.traffic import PATIENCE, Traffic
from tests.support.visitor import Visitor

KEPT = """async () => {
  const opened = await new Promise((done) => {
    const request = indexedDB.open("semseg", 1);
    request.onsuccess = () => done(request.result);
  });
  const all = (name) => new Promise((done) => {
    const request = opened.transaction(name).objectStore(name).getAll();
    request.onsuccess = () => done(request.result);
  });
  const names = [...opened.objectStoreNames];
  const [sessions, files] = names.length ? [await all("sessions"), await all("files")] : [[], []];
  opened.close();
  return { sessions, files: files.map(({ content }) => content.size) };
}"""


def part(left: int, top: int) -> bytes:
    """A part of the sample, which is analysed in no time, as a PNG."""
    with Image.open(sample_path()) as sample:
        grey = np.asarray(sample)[top : top + 260, left : left + 340]
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "PNG")
    return out.getvalue()


A, B = ("a.png", part(0, 0)), ("b.png", part(600, 0))


def kept(visitor, *decisions: int, files: int) -> list[dict]:
    """The sessions that the browser keeps, once they have so many decisions by hand each, and
    there are so many files."""
    end = time.monotonic() + PATIENCE / 1000
    while True:
        found = visitor.page.evaluate(KEPT)
        by_hand = sorted(each["by_hand"] for each in found["sessions"])
        if (by_hand, len(found["files"])) == (sorted(decisions), files):
            return found["sessions"]
        assert time.monotonic() < end, f"the browser keeps {found}"
        visitor.page.wait_for_timeout(100)


@contextmanager
def asked(page):
    """The questions before leaving, all answered with "leave"."""
    questions = []

    def answer(dialog):
        questions.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    yield questions
    page.remove_listener("dialog", answer)


def reload(visitor) -> list[str]:
    with asked(visitor.page) as questions:
        visitor.page.reload()
        visitor.page.get_by_text("stay in memory").wait_for()
        visitor.quiet()
    return questions


def offers(visitor):
    return visitor.page.locator(".st-key-semseg_offer .offer")


def go_on(visitor) -> None:
    offers(visitor).get_by_role("button", name="Go on").click()
    visitor.shown()


class Tab(Visitor):
    """Another tab of the same browser."""

    def __init__(self, visitor, url) -> None:
        self.context = visitor.context
        self.page = self.context.new_page()
        self.traffic = Traffic(self.page)
        self.page.goto(url)
        self.page.get_by_text("stay in memory").wait_for()
        self.quiet()


def test_a_reload_asks_and_goes_on(visit):
    visitor = visit()
    visitor.upload(A, B)
    visitor.shown()
    visitor.page.get_by_label("Picture shown").click()
    visitor.page.get_by_role("option", name="b.png").click()
    visitor.quiet()
    visitor.shown()
    found = visitor.number("kept")
    visitor.type_scale("3 um")
    visitor.exclude(0)
    visitor.exclude(1)
    visitor.page.get_by_text("Title, sample, operator, notes").click()
    visitor.page.locator(".st-key-details_sample_picture input").fill("TiO2")
    visitor.page.locator(".st-key-details_sample_picture input").press("Enter")
    visitor.quiet()
    assert visitor.number("kept") == found - 2
    mean = visitor.number("mean")
    (record,) = kept(visitor, 2, files=2)
    assert record["pictures"] == ["a.png", "b.png"]

    assert reload(visitor) == ["beforeunload"]
    expect(offers(visitor)).to_contain_text("You had 2 pictures here at ")
    expect(offers(visitor)).to_contain_text("(a.png, b.png), with 2 changes by hand.")
    go_on(visitor)
    expect(visitor.page.get_by_label("Picture shown")).to_have_value("2 of 2: b.png")
    assert (visitor.number("kept"), visitor.number("mean")) == (found - 2, mean)
    assert visitor.scale_field().input_value() == "3 µm"
    assert visitor.page.locator(".st-key-details_sample_picture input").input_value() == "TiO2"
    # it is one session still, and goes on being kept
    visitor.exclude(2)
    kept(visitor, 3, files=2)


def test_leaving_asks_only_where_something_would_be_lost(visit):
    visitor = visit()
    assert reload(visitor) == []
    visitor.upload(A)
    visitor.shown()
    visitor.threshold(0.9)  # it is in the address
    assert reload(visitor) == []
    go_on(visitor)
    visitor.exclude()
    assert reload(visitor) == ["beforeunload"]
    go_on(visitor)
    assert reload(visitor) == ["beforeunload"]  # no file has it
    go_on(visitor)
    visitor.page.get_by_role("button", name="Undo").click()
    visitor.quiet()
    assert reload(visitor) == []
    go_on(visitor)
    visitor.type_scale("2 um")
    assert reload(visitor) == ["beforeunload"]


def test_two_tabs_with_the_same_picture_do_not_mix(visit, url):
    first = visit()
    first.upload(A)
    first.shown()
    found = first.number("kept")
    first.exclude(0)
    kept(first, 1, files=1)

    second = Tab(first, url)
    expect(offers(second)).to_have_count(0)  # the first is open
    second.upload(A)
    second.shown()
    assert second.number("kept") == found
    second.exclude(0)
    second.exclude(1)
    kept(second, 1, 2, files=1)

    reload(first)
    expect(offers(first)).to_contain_text("with 1 change by hand.")
    expect(offers(first)).to_have_count(1)
    second.page.close()
    third = Tab(first, url)  # the first stands before its offer
    expect(offers(third)).to_contain_text("with 2 changes by hand.")
    go_on(third)
    assert third.number("kept") == found - 2
    go_on(first)
    assert first.number("kept") == found - 1
    third.page.close()


def test_what_is_kept_can_be_forgotten(visit):
    visitor = visit()
    visitor.upload(A)
    visitor.shown()
    kept(visitor, 0, files=1)
    reload(visitor)
    offers(visitor).get_by_role("button", name="Forget").click()
    expect(offers(visitor)).to_have_count(0)
    kept(visitor, files=0)


def test_pictures_that_a_person_took_away_are_not_offered(visit):
    visitor = visit()
    visitor.upload(A)
    visitor.shown()
    kept(visitor, 0, files=1)
    visitor.page.get_by_role("button", name="Remove a.png").click()
    expect(visitor.page.get_by_role("button", name="Try the sample")).to_be_visible()
    kept(visitor, files=0)
    reload(visitor)
    expect(offers(visitor)).to_have_count(0)


def test_nothing_is_kept_where_a_person_does_not_want_it(visit):
    visitor = visit()
    visitor.upload(A)
    visitor.shown()
    kept(visitor, 0, files=1)
    switch = visitor.page.get_by_role("checkbox", name="Keep my work in this browser")
    switch.uncheck()
    kept(visitor, files=0)
    visitor.threshold(0.9)
    reload(visitor)
    expect(offers(visitor)).to_have_count(0)
    expect(switch).not_to_be_checked()
    visitor.upload(A)
    visitor.shown()
    visitor.threshold(0.8)
    kept(visitor, files=0)
    switch.check()
    kept(visitor, 0, files=1)


def test_a_picture_that_the_browser_could_not_keep_is_chosen_again(visit):
    visitor = visit()
    visitor.upload(A)
    visitor.shown()
    found = visitor.number("kept")
    visitor.exclude()
    kept(visitor, 1, files=1)
    visitor.page.evaluate(
        """() => new Promise((done) => {
          indexedDB.open("semseg", 1).onsuccess = ({ target }) => {
            const clearing = target.result.transaction("files", "readwrite");
            clearing.objectStore("files").clear();
            clearing.oncomplete = () => (target.result.close(), done());
          };
        })"""
    )
    reload(visitor)
    expect(offers(visitor)).to_contain_text("Choose again: a.png.")
    offers(visitor).get_by_role("button", name="Go on").click()
    expect(offers(visitor)).to_contain_text("Settings and changes by hand are there.")
    visitor.quiet()
    visitor.upload(A)
    visitor.shown()
    assert visitor.number("kept") == found - 1


@pytest.fixture(scope="module")
def discreet(serve, monkeypatch_module):
    monkeypatch_module.setenv("SEMSEG_KEEP_IN_BROWSER", "0")
    return serve(PAGE)


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def test_a_server_may_let_browsers_keep_nothing(discreet, chromium):
    visitor = Visitor(chromium, discreet)
    visitor.upload(A)
    visitor.shown()
    visitor.exclude()
    assert visitor.page.evaluate(KEPT) == {"sessions": [], "files": []}
    assert reload(visitor) == ["beforeunload"]
    expect(offers(visitor)).to_have_count(0)
    assert visitor.page.get_by_text("Keep my work").is_hidden()
    visitor.context.close()
