"""Scale bars in the view: the one that was found, the view's own, and a line drawn over one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.view import APP, PICTURE, View

MARK = (0x3F, 0xD2, 0xFF)


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


def on_screen(view: View, x: float, y: float) -> tuple[float, float]:
    """A place of the recorded picture on the screen."""
    return tuple(
        view.ready(PICTURE).evaluate(
            """(graph, [x, y]) => {
              const box = graph.getBoundingClientRect();
              const { _size: size, xaxis, yaxis } = graph._fullLayout;
              return [box.x + size.l + xaxis.d2p(x), box.y + size.t + yaxis.d2p(y)];
            }""",
            [x, y],
        )
    )


def marked(view: View) -> list[float] | None:
    """What of the canvas has the colour of the mark: left, top, right, bottom on the screen."""
    view.frame()
    return view.page.evaluate(
        """([r, g, b]) => {
          const canvas = document.querySelector(".sv-canvas");
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          let found = null;
          for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] < 250) continue;
            if (Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) > 12)
              continue;
            const [x, y] = [(i / 4) % width, Math.floor(i / 4 / width)];
            found = found
              ? [Math.min(found[0], x), Math.min(found[1], y), Math.max(found[2], x),
                 Math.max(found[3], y)]
              : [x, y, x, y];
          }
          if (!found) return null;
          const box = canvas.getBoundingClientRect();
          return found.map((at, k) => at + (k % 2 ? box.y : box.x));
        }""",
        list(MARK),
    )


def test_the_bar_that_was_found_is_marked_with_what_was_read(view):
    shown = view("bar=1")
    assert "scale bar: 200 nm read, 80 px" in shown.page.locator(".sv-states").inner_text()
    left, top, right, bottom = marked(shown)
    # the bar is from 40 to 120 px across and from 880 to 884 down; its frame is 4 px on the screen
    # away from it
    begin, end = on_screen(shown, 39.5, 879.5), on_screen(shown, 119.5, 883.5)
    assert [left, top] == pytest.approx([begin[0] - 4, begin[1] - 4], abs=2)
    assert [right, bottom] == pytest.approx([end[0] + 4, end[1] + 4], abs=2)


def test_nothing_is_marked_where_no_bar_was_found(view):
    shown = view("doubt=none")
    assert "scale bar:" not in shown.page.locator(".sv-states").inner_text()
    assert marked(shown) is None


def test_the_own_bar_is_below_the_picture_and_as_long_as_it_says(view):
    shown = view("doubt=none")
    own = shown.page.locator(".sv-own-bar")
    picture, bar = shown.page.locator(".sv-canvas").bounding_box(), own.locator("i").bounding_box()
    assert bar["y"] >= picture["y"] + picture["height"]  # so it covers nothing
    value, unit = own.inner_text().split()
    nm = float(value) * {"nm": 1, "µm": 1000}[unit]
    across = on_screen(shown, 100, 0)[0] - on_screen(shown, 0, 0)[0]  # of 100 px, 2.5 nm each
    assert bar["width"] == pytest.approx(nm / 250 * across, rel=0.02)
    shown.page.get_by_label("scale bar", exact=True).uncheck()
    expect(own).to_be_hidden()


@pytest.mark.parametrize("query", ["doubt=assumed", "px=1"])
def test_there_is_no_own_bar_while_the_scale_is_assumed(view, query):
    expect(view(query).page.locator(".sv-own-bar")).to_be_hidden()


def test_the_own_bar_of_a_proposed_scale_says_so(view):
    assert "proposed, check" in view("doubt=proposed").page.locator(".sv-own-bar").inner_text()


def test_a_line_over_the_bar_is_measured_in_recorded_px(view):
    shown = view("doubt=assumed")
    page, mouse = shown.page, shown.page.mouse
    begin, end = on_screen(shown, 200, 300), on_screen(shown, 500, 300)
    page.get_by_role("button", name="Draw over the scale bar").click()
    mouse.move(*begin)
    mouse.down()
    mouse.move((begin[0] + end[0]) / 2, begin[1] + 3)
    assert marked(shown) is not None  # it is seen while it is drawn
    mouse.move(end[0], end[1] + 4)  # not quite level, and meant to be
    mouse.up()
    known = shown.known()
    left, top, right, bottom = known["line"]
    assert (left, right, top) == pytest.approx((200, 500, 300), abs=1.5)
    assert bottom == top
    assert known["selection"] == []  # the picture below was not touched
    assert marked(shown) is not None
    # a drag selects again
    shown.drag(PICTURE, on_screen(shown, 5, 5), on_screen(shown, 400, 400))
    assert shown.known()["selection"]


def test_a_click_or_escape_draws_nothing(view):
    shown = view("doubt=assumed")
    page = shown.page
    button = page.get_by_role("button", name="Draw over the scale bar")
    button.click()
    page.mouse.click(*on_screen(shown, 200, 300))
    assert shown.known()["line"] is None
    assert button.get_attribute("aria-pressed") == "true"  # another try
    page.keyboard.press("Escape")
    expect(page.locator(".sv-sheet")).to_be_hidden()
    assert marked(shown) is None
