"""The page in Streamlit's own test harness: opened, given files, read."""

from __future__ import annotations

import json

from streamlit.testing.v1 import AppTest

from tests.support.paths import PAGE
from tests.support.server import until

LONG = 120  # seconds after which something hangs


def open_page() -> AppTest:
    """The page before its first run, for one visitor."""
    return AppTest.from_file(str(PAGE), default_timeout=120)


def texts(page):
    return " ".join(item.value for item in [*page.caption, *page.info, *page.warning, *page.error])


def upload(page, *files):
    page.run()
    give(page, "uploads", *files)
    return page.run()


def settled(page):
    """The page once all that it has under way is there."""
    visit = page.session_state["held"].visit
    visit.wait([wish.key for wish in visit.under_way()], LONG)
    return page.run()


def in_background(page):
    """The page once what it has under way in the background is there, too."""
    visit = page.session_state["held"].visit
    while True:
        until(lambda: not visit.under_way(background=True), "what is done in the background")
        answers = visit.answers
        page.run()
        if answers == visit.answers and not visit.under_way(background=True):
            return page


def scale_field(page):
    """The field for the scale of the picture shown; another one whenever it is filled anew."""
    return next(field for field in page.text_input if field.key.startswith("scale_text-"))


def all_pictures(page):
    """What the view of all pictures is given."""
    page.session_state["tab"] = "All pictures"
    page.run()
    (view,) = [
        each.proto
        for each in page.get("bidi_component")
        if each.proto.component_name == "semseg_pictures"
    ]
    return json.loads(view.json)


def give(page, key, *files):
    files = [(name, content, "application/octet-stream") for name, content in files]
    page.file_uploader(key=key).set_value(files)
