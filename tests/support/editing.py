"""What tests of corrections by hand do on the page: look, point, and wait for what comes of it."""

from __future__ import annotations

import csv
import io
import re

from playwright.sync_api import expect

from tests.support.view import on_screen

SAMPLE = "/?sample=1"
KEPT = "document.querySelector('[data-number=kept]').innerText"


def table(visitor):
    text = visitor.download("All particles").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def place(visitor, row, dx=0.0, dy=0.0):
    return on_screen(visitor.page, float(row["x_px"]) + dx, float(row["y_px"]) + dy)


def whole(rows):
    """The largest particle that stands well inside the picture, where nothing lies over it."""
    inside = [
        row for row in rows if 100 < float(row["x_px"]) < 550 and 100 < float(row["y_px"]) < 550
    ]
    return max(inside, key=lambda row: float(row["area_px"]))


def found_after(visitor, count):
    """Wait until so many particles are found."""
    visitor.page.wait_for_function(f"{KEPT}.includes('of {count}')")
    visitor.quiet()


def kept_are(visitor, number: int, of: int) -> None:
    """Wait until so many of the particles found are kept."""
    expect(visitor.page.locator("[data-number=kept]")).to_have_text(
        re.compile(f"{number} *of {of}")
    )
    visitor.quiet()


def apart_from(found, row):
    """A particle away from another, well inside the picture."""
    inside = [each for each in found if 100 < float(each["x_px"]) < 550]
    return min((each for each in inside if each is not row), key=lambda each: float(each["y_px"]))


def cut(visitor, row) -> None:
    visitor.page.keyboard.down("Alt")  # with any tool, a click parts what lies around it
    visitor.page.mouse.click(*place(visitor, row, dx=-float(row["ecd_px"]) / 4))
    visitor.page.keyboard.up("Alt")


def key(visitor, name: str) -> None:
    visitor.page.locator(".sv-stage").focus()
    visitor.page.keyboard.press(name)
