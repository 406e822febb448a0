"""Scale bars in the view: the one that was found, the view's own, and a line drawn over one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.view import APP, View, marked


@pytest.fixture(scope="module")
def url(serve) -> str:
    return serve(APP)


@pytest.fixture
def view(chromium, url):
    opened = []

    def open_view(query: str) -> View:
        context = chromium.new_context(viewport={"width": 1400, "height": 1300})
        opened.append((View(context, f"{url}?count=300&{query}"), context))
        return opened[-1][0]

    yield open_view
    for each, context in opened:
        each.close()
        context.close()


def test_the_bar_that_was_found_is_marked_with_what_was_read(view):
    shown = view("bar=1")
    assert "scale bar: 200 nm read, 80 px" in shown.page.locator(".sv-states").inner_text()
    left, top, right, bottom = marked(shown.page)
    # the bar is from 40 to 120 px across and from 880 to 884 down; its frame is 4 px on the screen
    # away from it
    begin, end = shown.on_screen(39.5, 879.5), shown.on_screen(119.5, 883.5)
    assert [left, top] == pytest.approx([begin[0] - 4, begin[1] - 4], abs=2)
    assert [right, bottom] == pytest.approx([end[0] + 4, end[1] + 4], abs=2)


def test_nothing_is_marked_where_no_bar_was_found(view):
    shown = view("doubt=none")
    assert "scale bar:" not in shown.page.locator(".sv-states").inner_text()
    assert marked(shown.page) is None


def test_the_own_bar_is_below_the_picture_and_as_long_as_it_says(view):
    shown = view("doubt=none")
    own = shown.page.locator(".sv-own-bar")
    picture, bar = shown.page.locator(".sv-canvas").bounding_box(), own.locator("i").bounding_box()
    assert bar["y"] >= picture["y"] + picture["height"]  # so it covers nothing
    value, unit = own.inner_text().split()
    nm = float(value) * {"nm": 1, "µm": 1000}[unit]
    across = shown.on_screen(100, 0)[0] - shown.on_screen(0, 0)[0]  # of 100 px, 2.5 nm each
    assert bar["width"] == pytest.approx(nm / 250 * across, rel=0.02)
    shown.show("scale bar", on=False)
    expect(own).to_be_hidden()


@pytest.mark.parametrize("query", ["doubt=assumed", "px=1"])
def test_there_is_no_own_bar_while_the_scale_is_assumed(view, query):
    expect(view(query).page.locator(".sv-own-bar")).to_be_hidden()


def test_the_own_bar_of_a_proposed_scale_says_so(view):
    assert "proposed, check" in view("doubt=proposed").page.locator(".sv-own-bar").inner_text()


def test_a_line_over_the_bar_is_measured_in_recorded_px(view):
    shown = view("doubt=assumed")
    page, mouse = shown.page, shown.page.mouse
    begin, end = shown.on_screen(200, 300), shown.on_screen(500, 300)
    page.get_by_role("button", name="Draw over the scale bar").click()
    mouse.move(*begin)
    mouse.down()
    mouse.move((begin[0] + end[0]) / 2, begin[1] + 3)
    assert marked(shown.page) is not None  # it is seen while it is drawn
    mouse.move(end[0], end[1] + 4)  # not quite level, and meant to be
    mouse.up()
    known = shown.known()
    left, top, right, bottom = known["line"]
    assert (left, right, top) == pytest.approx((200, 500, 300), abs=1.5)
    assert bottom == top
    assert known["selection"] == []  # the picture below was not touched
    assert marked(shown.page) is not None
    # a drag moves the picture again
    before = shown.sight()
    shown.sweep(shown.on_screen(5, 5), shown.on_screen(400, 400))
    assert shown.sight() != before


def test_a_click_or_escape_draws_nothing(view):
    shown = view("doubt=assumed")
    page = shown.page
    button = page.get_by_role("button", name="Draw over the scale bar")
    graph = page.locator(".sv-sizes")
    expect(graph).to_be_visible()
    button.click()
    expect(graph).to_be_hidden()  # it lies where bars are printed
    page.mouse.click(*shown.on_screen(200, 300))
    assert shown.known()["line"] is None
    assert button.get_attribute("aria-pressed") == "true"  # another try
    page.keyboard.press("Escape")
    assert button.get_attribute("aria-pressed") == "false"
    expect(graph).to_be_visible()
    assert marked(shown.page) is None
