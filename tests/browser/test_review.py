"""The least certain particles, one after the other."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from semseg.data import sample_path

CARD = ".sv-card h4"
STRIP = ".sv-review output"


def table(visitor):
    text = visitor.download("All particles").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def labelled(page):
    return re.search(r"\d+", page.locator(CARD).inner_text()).group()


@pytest.fixture
def visitor(visit):
    visitor = visit("/?sample=1&filter=0.9")
    visitor.shown()
    return visitor


def test_review_by_keys(visitor):
    page = visitor.page
    rows = table(visitor)
    confidence = {row["label"]: float(row["confidence"]) for row in rows}

    def far(label):
        over = confidence[label] - 0.9
        return over / 0.1 if over > 0 else -over / 0.9

    order = sorted(confidence, key=lambda label: (far(label), int(label)))
    queue = order[: max(10, sum(far(label) < 0.5 for label in order))]
    page.locator(".sv-stage").focus()
    page.keyboard.press("n")
    page.wait_for_function(f"document.querySelector('{STRIP}').innerText.startsWith('1 of')")
    assert page.locator(STRIP).inner_text().startswith(f"1 of {len(queue)}: ")
    assert labelled(page) == queue[0]
    page.keyboard.press("x")  # and on to the next
    page.wait_for_function(f"document.querySelector('{STRIP}').innerText.startsWith('2 of')")
    assert labelled(page) == queue[1]
    page.keyboard.press("k")
    page.keyboard.press("n")
    page.wait_for_function(f"document.querySelector('{STRIP}').innerText.startsWith('4 of')")
    page.keyboard.press("p")
    page.keyboard.press("p")
    page.wait_for_function(f"document.querySelector('{STRIP}').innerText.startsWith('2 of')")
    assert "kept by hand" in page.locator(STRIP).inner_text()
    page.keyboard.press("u")
    page.wait_for_function(f"!document.querySelector('{STRIP}').innerText.includes('by hand')")
    page.keyboard.press("Control+z")
    page.keyboard.press("Escape")
    assert page.locator(".sv-review").is_hidden()
    visitor.quiet()
    edits = json.loads(visitor.download("Session"))["pictures"][0]["edits"]
    assert edits == {queue[0]: False, queue[1]: True}


def test_review_and_corrections_by_buttons(visitor):
    page = visitor.page
    page.get_by_role("button", name="Review").click()
    strip = page.locator(".sv-review")
    strip.get_by_role("button", name="Next").click()
    assert page.locator(STRIP).inner_text().startswith("2 of")
    strip.get_by_role("button", name="Previous").click()
    strip.get_by_role("button", name="Keep").click()
    assert page.locator(STRIP).inner_text().startswith("2 of")
    assert page.locator(".sv-card").get_by_role("button", name="Split").is_visible()
    page.locator(".sv-card").get_by_role("button", name="Redraw").click()
    assert page.locator(".sv-stage").get_attribute("data-tool") == "draw"
    page.locator(".sv-palette button[value=hand]").click()
    strip.get_by_role("button", name="Stop reviewing").click()
    assert strip.is_hidden()


def test_pictures_stay_while_their_particles_are_reviewed(visit):
    visitor = visit()
    content = sample_path().read_bytes()
    visitor.upload(("a.tif", content), ("b.tif", content + b" "))
    visitor.shown()
    page = visitor.page
    shown = page.locator(".sv-name").inner_text()
    page.locator(".sv-stage").focus()
    page.keyboard.press("n")
    visitor.quiet()
    assert page.locator(".sv-review").is_visible()
    assert page.locator(".sv-name").inner_text() == shown
