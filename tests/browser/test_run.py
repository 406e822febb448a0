"""The page opens a run: its table, a picture of it, decisions saved into it and measured."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from semseg.batch.by_hand import decisions
from semseg.page.run.folder import VARIABLE
from tests.support.paths import PAGE
from tests.support.runs import finished, rows
from tests.support.visitor import Visitor

ROW = 35  # px, of the table


@pytest.fixture
def run(draw, tmp_path):
    """A run of three pictures, and the words that made it."""
    inputs, folder = tmp_path / "in", tmp_path / "run"
    inputs.mkdir()
    for number in range(3):
        draw((150, 200), 36.0, seed=number).write(inputs / f"p{number}.tif")
    words = (inputs, "--output", folder, "--jobs", "1", "--width-nm", "400")
    status, _, err = finished(*words)
    assert status == 0, err
    return folder, words


@pytest.fixture
def arrive(chromium, serve, run):
    url = serve(PAGE, **{VARIABLE: str(run[0])})
    visitors = []

    def open_page(address: str = "/") -> Visitor:
        visitors.append(Visitor(chromium, url, address))
        return visitors[-1]

    yield open_page
    for each in visitors:
        each.context.close()
        assert each.faults == []


def click_row(visitor, number: int) -> None:
    grid = visitor.page.locator("[data-testid=stDataFrame] .dvn-scroller")
    grid.wait_for()
    visitor.quiet()
    grid.click(position={"x": 60, "y": ROW * (number + 1.5)})
    visitor.shown()


def open_name(visitor) -> str:
    said = visitor.page.get_by_text(re.compile(r"^p\d\.tif"))
    said.first.wait_for()
    return said.first.inner_text()[:6]


def test_a_picture_is_opened_put_right_saved_and_measured_again(arrive, run):
    folder, words = run
    before = {row["name"]: row for row in rows(folder)}
    visitor = arrive()
    expect(visitor.page.get_by_text("3 pictures · 3 done")).to_be_visible()
    click_row(visitor, 1)
    page, name = visitor.page, open_name(visitor)
    expect(page.get_by_text("2 of 3")).to_be_visible()
    expect(page.get_by_text("As it was measured.")).to_be_visible()
    save = page.get_by_role("button", name="Save into the run")
    expect(save).to_be_disabled()
    assert visitor.number("kept") == before[name]["kept"]

    visitor.exclude()
    expect(page.get_by_text("Not saved.")).to_be_visible()
    # whoever leaves is asked, and may stay
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Stay").click()
    expect(page.get_by_text("2 of 3")).to_be_visible()
    assert decisions(folder, before[name]["sha256"]) is None
    save.click()
    expect(page.get_by_text("Saved; put right by hand, measure again")).to_be_visible()
    kept = decisions(folder, before[name]["sha256"])
    assert list(kept.picture.edits.values()) == [False]
    assert kept.session.settings_of(kept.picture).width_nm == 400

    visitor.button("All pictures")
    expect(page.get_by_text("1 picture was put right by hand, measure again")).to_be_visible()
    status, out, err = finished(*words, "--retry-edited")
    assert status == 0, err
    assert "1 picture to measure; 2 are done." in out
    after = {row["name"]: row for row in rows(folder)}
    assert after[name]["kept"] == before[name]["kept"] - 1
    assert after[name]["by_hand"]
    page.reload()
    expect(page.get_by_text("3 pictures · 3 done")).to_be_visible()


def test_what_is_not_saved_may_be_left_or_saved_on_the_way(arrive, run):
    folder, _ = run
    visitor = arrive()
    click_row(visitor, 0)
    page, name = visitor.page, open_name(visitor)
    sha256 = next(row["sha256"] for row in rows(folder) if row["name"] == name)
    first = visitor.query()["picture"]
    visitor.exclude()
    page.go_back()  # the browser's own way to the table asks as well
    page.get_by_role("button", name="Stay").click()
    visitor.shown()
    assert visitor.query()["picture"] == first
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Leave without saving").click()
    expect(page.get_by_text("2 of 3")).to_be_visible()
    visitor.shown()
    assert decisions(folder, sha256) is None

    page.get_by_role("button", name="Previous").click()
    expect(page.get_by_text("1 of 3")).to_be_visible()
    visitor.shown()
    expect(page.get_by_text("As it was measured.")).to_be_visible()
    visitor.exclude()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_text("2 of 3")).to_be_visible()
    assert len(decisions(folder, sha256).picture.edits) == 1

    # the filter is a decision, too; who closes or reloads the page is asked by the browser
    visitor.shown()
    visitor.threshold(0.9)
    expect(page.get_by_text("Not saved.")).to_be_visible()
    questions = []
    page.once("dialog", lambda dialog: (questions.append(dialog.type), dialog.accept()))
    page.reload()
    visitor.shown()
    expect(page.get_by_text("As it was measured.")).to_be_visible()
    assert questions == ["beforeunload"]
    visitor.threshold(0.9)
    visitor.button("Save into the run")
    expect(page.get_by_text("Saved; put right by hand")).to_be_visible()
    second = next(row["sha256"] for row in rows(folder) if row["name"] == open_name(visitor))
    assert decisions(folder, second).session.settings.filter == pytest.approx(0.9)

    # a link leads to the same picture, with what was saved
    other = arrive(f"/?picture={first[0]}")
    other.shown()
    assert open_name(other) == name
    expect(other.page.get_by_text("Saved; put right by hand")).to_be_visible()
