"""What a person sees of the whole page at once, on a desk and on a phone."""

from __future__ import annotations

import pytest

from semseg.data import sample_path

SAMPLE = "/?sample=1"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# all that moves with the filter
MOVING = (".sv-threshold input", ".sv-numbers", ".sv-stage", ".sv-states", ".sv-histogram")
# what reaches beyond the right edge of the window, or is cut off by what it lies in
BEYOND = """() => [...document.querySelectorAll("[data-testid=stMain] *")]
  .filter((node) => node.checkVisibility() && !node.closest(".sv-unseen, .sv-grid, svg"))
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
  .map((node) => `${node.tagName} ${node.className} ${node.textContent.slice(0, 40)}`)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_desk_the_picture_is_large_and_all_that_moves_is_seen(visit, scheme):
    visitor = visit(SAMPLE, viewport={"width": 1440, "height": 900}, color_scheme=scheme)
    visitor.shown()
    page = visitor.page
    assert page.locator(".sv-stage").bounding_box()["width"] >= 900
    for part in MOVING:
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= 900, part
    assert not page.locator(".sv-card").is_visible()  # nothing is selected
    assert page.evaluate(BEYOND) == []
    # the picture itself takes most of its stage, and its name stands over it
    taken = page.evaluate(
        """() => {
          const stage = document.querySelector(".sv-stage");
          const { zoom, width, height } = JSON.parse(stage.dataset.sight);
          return [1024 * zoom / width, 768 * zoom / height];
        }"""
    )
    assert min(taken) > 0.75
    assert "sample.tif" in page.locator(".st-key-result").inner_text()


def test_in_a_wide_window_the_graph_stands_beside_the_picture(visit):
    visitor = visit(SAMPLE, viewport={"width": 1920, "height": 1080})
    visitor.shown()
    picture, graph = (
        visitor.page.locator(part).bounding_box() for part in (".sv-stage", ".sv-sizes")
    )
    assert graph["x"] >= picture["x"] + picture["width"]


@pytest.mark.parametrize("start", [True, False], ids=["start", "result"])
def test_on_a_phone_everything_fits(visit, start):
    visitor = visit("/" if start else SAMPLE, **PHONE)
    if not start:
        visitor.shown()
    page = visitor.page
    assert page.evaluate(BEYOND) == []
    for tab in page.get_by_role("tab").all():
        box = tab.bounding_box()
        top = page.evaluate(
            "([x, y]) => document.elementFromPoint(x, y)?.closest('[role=tab]')?.textContent",
            [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2],
        )
        assert top == tab.inner_text()  # nothing lies over it


def test_several_tabs_are_whole_on_a_phone(visit):
    visitor = visit(**PHONE)
    content = sample_path().read_bytes()
    visitor.upload(("one.tif", content), ("two.tif", content + b"\0"))
    visitor.shown()
    for tab in visitor.page.get_by_role("tab").all():
        box = tab.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
