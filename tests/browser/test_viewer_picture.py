"""The picture on its stage: moved, zoomed, selected in and measured, by mouse, keys and fingers."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.support.view import APP, PICTURE, View

COUNT = 300  # drawn particles, in rows of 20 at 60 px


@pytest.fixture(scope="module")
def url(serve) -> str:
    return serve(APP)


@pytest.fixture
def view(chromium, url):
    """Open the page in a browser that remembers nothing."""
    opened = []

    def open_view(query: str = "", **options) -> View:
        options.setdefault("viewport", {"width": 1400, "height": 900})
        context = chromium.new_context(**options)
        opened.append((View(context, f"{url}?count={COUNT}&{query}"), context))
        return opened[-1][0]

    yield open_view
    for each, context in opened:
        each.close()
        context.close()


def marked(view: View) -> set[str]:
    """Which of black and white are on the canvas of what is dragged."""
    return set(
        view.page.evaluate(
            """() => {
              const { width, height } = document.querySelector(".sv-marks");
              const { data } = document.querySelector(".sv-marks").getContext("2d")
                .getImageData(0, 0, width, height);
              const found = new Set();
              for (let i = 0; i < data.length; i += 4) {
                const [r, g, b, a] = data.subarray(i, i + 4);
                if (a > 240 && r + g + b < 60) found.add("black");
                if (a > 240 && r + g + b > 700) found.add("white");
              }
              return [...found];
            }"""
        )
    )


class Fingers:
    """What touches the screen."""

    def __init__(self, view: View) -> None:
        self.session = view.page.context.new_cdp_session(view.page)
        self.view = view

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        """Put fingers to these points, move or (none) lift them."""
        touches = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
        self.view.frame()


def middle(view: View) -> tuple[float, float]:
    box = view.page.locator(PICTURE).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


# Mouse


def test_a_drag_moves_the_picture_and_selects_nothing(view):
    shown = view()
    held = shown.on_screen(600, 450)
    shown.sweep(held, (held[0] - 70, held[1] + 40))
    assert shown.on_screen(600, 450) == pytest.approx((held[0] - 70, held[1] + 40), abs=0.5)
    assert shown.known()["selection"] == []
    shown.page.mouse.dblclick(*shown.on_screen(600, 480))
    assert shown.on_screen(600, 450) == pytest.approx(held, abs=0.5)


def test_shift_and_a_drag_select_by_a_box_that_is_seen_on_any_ground(view):
    shown = view()
    page, mouse = shown.page, shown.page.mouse
    (left, top), (right, bottom) = shown.place(21), shown.place(43)
    before = shown.sight()
    page.keyboard.down("Shift")
    mouse.move(left - 20, top - 20)
    mouse.down()
    mouse.move(right + 15, bottom + 15, steps=4)
    shown.frame()
    assert marked(shown) == {"black", "white"}
    mouse.up()
    page.keyboard.up("Shift")
    assert shown.known()["selection"] == [22, 23, 24, 42, 43, 44]
    assert shown.sight() == before
    shown.frame()
    assert marked(shown) == set()


def test_a_lasso_selects_what_lies_in_it(view):
    shown = view()
    shown.tool("lasso")
    (left, top), (right, _), (_, low) = shown.place(21), shown.place(24), shown.place(61)
    corner, inner = (left - 15, top - 15), (left + 20, top + 20)
    shown.sweep(
        corner, (right + 15, top - 15), (right + 15, top + 20), inner, (inner[0], low + 15),
        (left - 15, low + 15),
    )  # fmt: skip
    assert shown.known()["selection"] == [22, 23, 24, 25, 42, 62]


def test_the_tool_is_remembered_where_it_changes_nothing(view):
    shown = view()
    shown.tool("box")
    shown.tool("split")
    shown.page.reload()
    shown.shown()
    expect(shown.page.locator(PICTURE)).to_have_attribute("data-tool", "box")
    shown.page.locator(PICTURE).focus()
    shown.page.keyboard.press("h")
    expect(shown.page.locator(PICTURE)).to_have_attribute("data-tool", "hand")


def test_the_wheel_scrolls_the_page_until_the_picture_is_clicked(view):
    shown = view(viewport={"width": 1400, "height": 700})
    page, before = shown.page, shown.sight()
    page.mouse.move(*shown.on_screen(300, 300))
    page.mouse.wheel(0, 120)
    expect(page.get_by_text("Click the picture to zoom with the wheel")).to_be_visible()
    assert shown.sight() == before
    page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop > 50")
    shown.ready(PICTURE)
    place = shown.on_screen(300, 300)
    page.mouse.click(*place)
    page.mouse.wheel(0, -120)
    page.wait_for_function(
        "zoom => JSON.parse(document.querySelector('.sv-stage').dataset.sight).zoom > zoom",
        arg=1.2 * before["zoom"],
    )
    assert shown.on_screen(300, 300) == pytest.approx(place, abs=1)  # it stays under the pointer


def test_ctrl_and_the_wheel_always_zoom(view):
    shown = view()
    before = shown.sight()["zoom"]
    shown.page.mouse.move(*shown.on_screen(300, 300))
    shown.page.keyboard.down("Control")
    shown.page.mouse.wheel(0, 120)
    shown.page.keyboard.up("Control")
    shown.ready(PICTURE)
    assert shown.sight()["zoom"] < before


# Keys


def test_keys_zoom_move_and_fit(view):
    shown = view()
    page, before = shown.page, shown.sight()
    page.locator(PICTURE).focus()
    page.keyboard.press("+")
    page.keyboard.press("+")
    closer = shown.sight()
    assert closer["zoom"] > 1.5 * before["zoom"]
    page.keyboard.press("ArrowRight")
    assert shown.sight()["left"] > closer["left"]
    page.keyboard.press("ArrowUp")
    assert shown.sight()["top"] < closer["top"]
    page.keyboard.press("-")
    assert shown.sight()["zoom"] < closer["zoom"]
    page.keyboard.press("0")
    assert shown.sight() == before
    page.locator(".sv-threshold input").press("ArrowRight")  # has arrows of its own
    assert shown.sight() == before
    page.locator("[name=bins]").press("0")
    assert page.locator("[name=bins]").input_value() == "0"


def test_outlines_go_and_come_by_a_key(view):
    shown = view()
    before = shown.painted()
    shown.page.locator(PICTURE).focus()
    shown.page.keyboard.press("o")
    assert shown.painted() != before
    shown.page.keyboard.press("o")
    assert shown.painted() == before


def test_one_key_fills_the_screen_and_escape_leaves_it(view):
    shown = view()
    page = shown.page
    before = page.locator(PICTURE).bounding_box()
    page.keyboard.press("f")  # nothing has the focus
    page.wait_for_function("document.querySelector('.sv-full')")
    shown.ready(PICTURE)
    box = page.locator(PICTURE).bounding_box()
    assert box["height"] > before["height"] + 50
    for part in (".sv-threshold input", ".sv-numbers", ".sv-histogram", ".sv-states", ".sv-name"):
        seen = page.locator(part).bounding_box()
        assert seen["y"] >= 0, part
        assert seen["y"] + seen["height"] <= 900, part
    kept = int(shown.number())
    page.locator(".sv-threshold input").press("End")
    shown.frame()
    assert int(shown.number()) < kept
    page.locator(PICTURE).focus()
    page.evaluate("document.exitFullscreen()")  # as the browser does at Escape
    page.wait_for_function("!document.querySelector('.sv-full')")
    shown.ready(PICTURE)
    assert page.locator(PICTURE).bounding_box()["height"] == pytest.approx(before["height"], abs=4)


# What stands over the picture


def test_the_card_is_there_for_a_selection_and_does_not_hide_it(view):
    shown = view()
    card = shown.page.locator(".sv-card")
    expect(card).to_be_hidden()
    for row in (19, 0, 285):
        x, y = shown.place(row)
        shown.page.mouse.click(x, y)
        expect(card.get_by_role("heading")).to_have_text(f"Particle {row + 1}")
        box = card.bounding_box()
        inside = box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]
        assert not inside, row
        shown.page.keyboard.press("Escape")
        expect(card).to_be_hidden()
    shown.page.mouse.click(*shown.place(285))
    card.get_by_role("button", name="Close").click()
    expect(card).to_be_hidden()
    assert shown.known()["selection"] == [286]
    shown.page.keyboard.press("Escape")  # the picture has the focus again
    assert shown.known()["selection"] == []


def test_the_graph_folds_away_and_stays_so(view):
    shown = view()
    page = shown.page
    fold = page.get_by_role("button", name="Graph")
    fold.click()
    expect(page.locator(".sv-histogram")).to_be_hidden()
    page.reload()
    shown.shown()
    expect(page.locator(".sv-histogram")).to_be_hidden()
    fold.click()
    expect(page.locator(".sv-histogram")).to_be_visible()


# Ruler


@pytest.mark.parametrize(
    ("query", "length"),
    [
        ("doubt=none", "500 nm (200 px)"),  # 2.5 nm per px
        ("doubt=assumed", "500 nm (200 px), assumed scale, check"),
        ("px=1", "200 px"),
    ],
)
def test_the_ruler_tells_a_length_and_sets_none(view, query, length):
    shown = view(query)
    page, mouse = shown.page, shown.page.mouse
    shown.tool("ruler")
    start, end = shown.on_screen(300, 300), shown.on_screen(500, 330)
    page.keyboard.down("Shift")
    shown.sweep(start, end)
    page.keyboard.up("Shift")
    assert page.locator(".sv-length").text_content() == length  # level, so 200 px
    assert shown.known()["line"] is None
    assert shown.known()["selection"] == []
    mouse.move(*start)
    page.keyboard.press("Escape")
    assert page.locator(".sv-length").text_content() == ""


# Fingers


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_on_a_phone_everything_fits(view):
    shown = view(**PHONE)
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= 390
    right = shown.page.evaluate(
        """() => Math.max(...[...document.querySelectorAll(".sv-bar *, .sv-main *")]
          .filter((node) => node.offsetParent && !node.closest(".sv-unseen"))
          .map((node) => node.getBoundingClientRect().right))"""
    )
    assert right <= 390
    lines = shown.page.locator(".sv-palette > button").evaluate_all(
        "buttons => buttons.map((each) => each.getBoundingClientRect().top)"
    )
    assert [lines.count(top) for top in sorted(set(lines))] == [10, 10]  # none alone in its line


def test_a_swipe_scrolls_the_page_and_selects_nothing_but_a_tap_does(view):
    shown = view(**PHONE)
    page = shown.page
    shown.tool("box")  # whatever is in the hand
    page.locator(PICTURE).scroll_into_view_if_needed()
    before = shown.sight()
    x, y = middle(shown)
    fingers = Fingers(shown)
    fingers.touch("touchStart", (x, y))
    for k in range(1, 9):
        fingers.touch("touchMove", (x, y - 15 * k))
    fingers.touch("touchEnd")
    page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop > 40")
    assert shown.known()["selection"] == []
    assert shown.sight() == before
    page.touchscreen.tap(*shown.place(110))
    assert shown.known()["selection"] == [111]


def test_two_fingers_zoom_and_move(view):
    shown = view(**PHONE)
    page = shown.page
    page.locator(PICTURE).scroll_into_view_if_needed()
    before = shown.sight()["zoom"]
    x, y = middle(shown)
    under = shown.sight()["left"] + shown.sight()["width"] / 2 / before
    fingers = Fingers(shown)
    fingers.touch("touchStart", (x - 30, y), (x + 30, y))
    for k in range(1, 7):
        fingers.touch("touchMove", (x - 30 - 5 * k, y), (x + 30 + 5 * k, y))
    fingers.touch("touchEnd")
    after = shown.sight()
    assert after["zoom"] == pytest.approx(2 * before, rel=0.02)
    assert after["left"] + after["width"] / 2 / after["zoom"] == pytest.approx(under, abs=3)
    assert shown.known()["selection"] == []


# What is shown, and what is saved of it


def middle_grey(view: View) -> float:
    """The mean of the picture as it is shown."""
    view.frame()
    return view.page.evaluate(
        """() => {
          const canvas = document.querySelector(".sv-image");
          const { data } = canvas.getContext("2d").getImageData(5, 5, 300, 300);
          let sum = 0;
          for (let i = 0; i < data.length; i += 4) sum += data[i];
          return sum / (data.length / 4);
        }"""
    )


def test_brightness_is_of_the_display_only(view):
    shown = view()
    page, before, outlines = shown.page, middle_grey(shown), shown.painted()
    page.get_by_role("button", name="Brightness and contrast").click()
    expect(page.get_by_text("Display only")).to_be_visible()
    page.locator("[name=brightness]").press("End")
    assert middle_grey(shown) > before + 60
    assert shown.painted() == outlines
    known = shown.known()
    page.get_by_role("button", name="Reset", exact=True).click()
    assert middle_grey(shown) == before
    assert shown.known() == known  # Python never heard of it
    page.locator("[name=contrast]").press("Home")
    assert middle_grey(shown) != before


def saved(view: View, name: str) -> tuple[str, bytes]:
    view.page.get_by_role("button", name="Save", exact=True).click()
    with view.page.expect_download() as waiting:
        view.page.get_by_role("button", name=name).click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_the_picture_is_saved_as_it_is_seen_with_a_scale_bar(view):
    shown = view("doubt=proposed")
    name, content = saved(shown, "Picture as seen")
    assert name == "<i>drawn</i>.outlines.png".replace("<", "_").replace(">", "_").replace("/", "_")
    whole = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
    zoom = shown.sight()["zoom"]
    assert whole.shape[1] == pytest.approx(2 * 1200 * zoom, abs=3)  # without what lies beside it
    picture, strip = whole[: round(2 * 940 * zoom) - 4], whole[round(2 * 940 * zoom) + 4 :]
    red, green, blue = np.moveaxis(picture, 2, 0)
    assert ((green > 150) & (green > 1.5 * red) & (green > 1.2 * blue)).sum() > 5000  # outlines
    assert (strip.max(axis=2) < 40).any(axis=0).sum() > 200  # a bar and its words
    shown.page.locator(PICTURE).focus()
    for _ in range(4):
        shown.page.keyboard.press("+")
    closer = np.asarray(Image.open(io.BytesIO(saved(shown, "Picture as seen")[1])))
    assert closer.shape[1] == pytest.approx(2 * shown.sight()["width"], abs=3)


def test_the_graph_is_saved_dark_on_white_with_the_doubt_of_its_scale(view):
    shown = view("doubt=assumed")
    name, content = saved(shown, "Graph, SVG")
    assert name.endswith(".sizes.svg")
    text = content.decode()
    for said in ("Minimum Feret diameter (nm; scale assumed: check)", "mean ", "median ", "kept"):
        assert said in text, said
    name, content = saved(shown, "Graph, PNG")
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (2160, 1440)
        assert picture.convert("RGB").getpixel((5, 5)) == (255, 255, 255)
    shown.page.locator(".sv-segments label", has_text="Shape").click()
    name, content = saved(shown, "Graph, SVG")
    assert name.endswith(".shape.svg")
    assert "Aspect ratio" in content.decode()


def test_the_list_of_keys_opens_by_its_own(view):
    shown = view()
    page = shown.page
    page.keyboard.press("?")
    listed = page.get_by_role("dialog")
    expect(listed).to_contain_text("full screen")
    expect(listed).to_contain_text("Shift and drag")
    page.keyboard.press("Escape")
    expect(listed).to_be_hidden()


def test_the_track_of_the_slider_shows_how_confidences_are_spread(view):
    shown = view()

    def colours() -> tuple[int, int]:
        """How many columns are red and green."""
        shown.frame()
        return tuple(
            shown.page.evaluate(
                """() => {
                  const { width, height } = document.querySelector(".sv-spread");
                  const { data } = document.querySelector(".sv-spread").getContext("2d")
                    .getImageData(0, height - 1, width, 1);
                  let [red, green] = [0, 0];
                  for (let i = 0; i < data.length; i += 4) {
                    if (data[i + 3] < 200) continue;
                    if (data[i] > 150) red++;
                    else if (data[i + 1] > 120) green++;
                  }
                  return [red, green];
                }"""
            )
        )

    red, green = colours()
    assert min(red, green) > 5
    shown.page.locator(".sv-threshold input").press("PageUp")
    more, less = colours()
    assert more > red
    assert less < green
    shown.page.get_by_role("switch").click()
    assert colours()[0] == 0
