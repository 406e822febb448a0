"""The scale of each picture on the whole page: a line drawn over a bar, the table of all."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from semseg.data import sample_path
from tests.support.view import PICTURE, marked, on_screen


def bare(height: int, width: int) -> bytes:
    """A piece of the sample, of which nothing tells the scale."""
    with Image.open(sample_path()) as picture:
        out = io.BytesIO()
        Image.fromarray(np.asarray(picture)[:height, :width]).save(out, "png")
    return out.getvalue()


def draw(visitor, begin: float, end: float) -> None:
    """A line across these shares of a picture that is 800 px wide."""
    page = visitor.page
    page.get_by_role("button", name="Draw over the scale bar").click()
    # what was clicked before may have scrolled it away
    page.locator(".sv-stage").evaluate("(stage) => stage.scrollIntoView()")
    page.mouse.move(*on_screen(page, begin * 800, 250))
    page.mouse.down()
    page.mouse.move(*on_screen(page, end * 800, 250))
    page.mouse.up()
    page.locator(".st-key-line_form").wait_for()
    visitor.quiet()


def test_a_line_over_the_bar_and_what_it_says_make_the_scale(visit):
    visitor = visit()
    visitor.upload(("bare.png", bare(600, 800)))
    visitor.shown()
    assert "Assumed, check" in visitor.text()
    draw(visitor, 0.25, 0.75)  # 400 px
    page = visitor.page
    field = page.locator(".st-key-line_form input")
    assert field.evaluate("(field) => field === document.activeElement")
    page.keyboard.type("much")
    page.keyboard.press("Enter")
    visitor.quiet()
    assert "is no length" in visitor.text()
    field.fill("2 \u00b5m")
    field.press("Enter")
    page.locator(".st-key-line_form").wait_for(state="detached")
    visitor.quiet()
    assert "Assumed" not in visitor.text()
    assert "Scale bar measured by hand, for this picture" in visitor.text()
    found = json.loads(visitor.download("Summary"))
    assert found["calibration"]["pixel_size_nm"] == pytest.approx(5.0, rel=0.01)
    assert found["settings"]["scale_bar_nm"] == 2000
    assert marked(visitor.page) is not None
    visitor.button("Forget it")
    assert "Assumed, check" in visitor.text()
    assert marked(visitor.page) is None  # the line is gone with what it stood for
    draw(visitor, 0.25, 0.75)  # the very same asks again
    assert "What does it stand for?" in visitor.text()


def test_a_finger_draws_the_line_on_a_phone(visit):
    visitor = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    visitor.upload(("bare.png", bare(600, 800)))
    visitor.shown()
    page = visitor.page
    button = page.get_by_role("button", name="Draw over the scale bar")
    button.tap()
    page.locator(PICTURE).evaluate("(stage) => stage.scrollIntoView({ block: 'center' })")
    screen = visitor.context.new_cdp_session(page)

    def touch(kind: str, *fingers: tuple[float, float]) -> None:
        places = [on_screen(page, 800 * x, 600 * y) for x, y in fingers]
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (0.25, 0.5))
    touch("touchMove", (0.5, 0.6))  # the page stays where it is
    touch("touchStart", (0.5, 0.5), (0.9, 0.9))  # another finger changes nothing
    touch("touchMove", (0.75, 0.5), (0.9, 0.2))
    touch("touchEnd")
    page.locator(".st-key-line_form").wait_for()
    visitor.quiet()
    said = page.locator(".st-key-line_form").inner_text()
    assert float(said.split("Your line is ")[1].split()[0]) == pytest.approx(400, rel=0.01)
    assert page.evaluate("scrollX") == 0


def test_a_scale_is_typed_in_the_table_of_all_pictures(visit):
    visitor = visit()
    visitor.upload(("one.png", bare(600, 800)), ("two.png", bare(500, 700)))
    visitor.shown()
    visitor.tab("All pictures")
    page = visitor.page
    table = page.locator("[data-testid=stDataFrame]")
    table.locator("canvas").first.wait_for()
    visitor.quiet()
    box = table.bounding_box()
    # the second row's width: below the head and the first row, in the second of six columns
    cell = (box["x"] + 0.2 * box["width"], box["y"] + 2.5 * 35)
    page.mouse.dblclick(*cell)
    field = page.locator("#portal :is(input, textarea)").first
    field.fill("3.5 um")
    page.wait_for_timeout(500)  # the table takes what it has drawn
    field.press("Enter")
    page.get_by_text("one.png is left out").wait_for()
    visitor.quiet()
    assert "two.png is left out" not in visitor.text()
    made = zipfile.ZipFile(io.BytesIO(visitor.download("All pictures as ZIP")))
    session = json.loads(made.read("session.json"))
    assert session["settings"]["width_nm"] is None
    assert [each.get("settings") for each in session["pictures"]] == [None, {"width_nm": 3500.0}]
