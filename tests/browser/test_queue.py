"""Two visitors and one place: the second sees where it stands, then its own result."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from semseg.data import sample_path
from tests.support.paths import PAGE
from tests.support.visitor import Visitor

PLACES = "SEMSEG_CONCURRENT", "SEMSEG_QUEUE_LENGTH"


def picture(turns: int) -> bytes:
    """The sample's particles four times, turned: large enough that others have time to look."""
    with Image.open(sample_path()) as sample:
        grey = np.asarray(sample)[:704]
    out = io.BytesIO()
    Image.fromarray(np.rot90(np.tile(grey, (2, 2)), turns)).save(out, "png")
    return out.getvalue()


@pytest.fixture
def one_place(monkeypatch, serve):
    monkeypatch.setenv(PLACES[0], "1")
    monkeypatch.setenv(PLACES[1], "1")
    return serve(PAGE)


def test_the_second_visitor_waits_in_line_and_the_third_is_asked_to_come_again(chromium, one_place):
    # the first one's work is large, so that it still runs when the others come
    addresses = ("/?rescale=6", "/?rescale=0.5", "/?rescale=0.5")
    first, second, third = (Visitor(chromium, one_place, address) for address in addresses)
    try:
        give(first, "first.png", picture(0))
        first.stage("first.png").wait_for()
        give(second, "second.png", picture(1))
        second.page.get_by_text("second.png: next in line").wait_for()
        give(third, "third.png", picture(2))
        third.page.get_by_text("its line is full").wait_for()
        for visitor in (first, second):
            visitor.page.wait_for_selector(".semseg-viewer[data-shown]")
            visitor.quiet()
        assert "first.png" in first.text()
        assert "second.png" not in first.text()
        third.button("Try again")
        third.page.wait_for_selector(".semseg-viewer[data-shown]")
    finally:
        for visitor in (first, second, third):
            visitor.context.close()


def give(visitor: Visitor, name: str, content: bytes) -> None:
    """Choose a file, and do not wait for what comes of it."""
    file = {"name": name, "mimeType": "image/png", "buffer": content}
    visitor.page.locator(".st-key-uploads input[type=file]").set_input_files([file])
