"""The viewer in a real browser: what a person does, what Python learns of it, and what travels."""

from __future__ import annotations

import json

import pytest

from tests.support.traffic import PATIENCE
from tests.support.view import APP, PICTURE, SIZES, View

COUNT = 300  # drawn particles


@pytest.fixture(scope="module")
def url(serve) -> str:
    return serve(APP)


@pytest.fixture(scope="module")
def window(chromium):
    """One for many pages, so that they share what was loaded."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1300})
    yield context
    context.close()


@pytest.fixture
def view(window, url):
    view = View(window, f"{url}?count={COUNT}")
    yield view
    view.close()


def test_a_drag_of_the_slider_is_live_and_python_hears_of_its_end(view):
    box = view.page.locator(".sv-threshold input").bounding_box()
    middle = box["y"] + box["height"] / 2
    mouse = view.page.mouse
    mouse.move(box["x"] + 0.5 * box["width"], middle)
    mouse.down()
    view.quiet()
    view.traffic.sizes.clear()
    kept, outlines, bars = view.number(), view.painted(), view.bars()
    for share in (0.6, 0.7, 0.8):
        mouse.move(box["x"] + share * box["width"], middle)
    view.frame()
    assert int(view.number()) < int(kept)
    assert view.painted() != outlines
    assert view.bars() != bars
    assert view.traffic.sizes == []
    assert json.loads(view.page.locator("[data-testid=stCode] code").inner_text())["runs"] == 1
    mouse.up()
    known = view.known()
    assert known["threshold"] == float(view.page.locator(".sv-threshold output").inner_text())
    assert 0.7 < known["threshold"] < 0.9
    assert known["runs"] == 2
    assert 0 < sum(view.traffic.sizes) < 5000


def test_with_5000_particles_and_2000_selected_little_travels(window, url):
    view = View(window, f"{url}?count=5000")
    page = view.page
    box = page.locator(PICTURE).bounding_box()
    view.traffic.sizes.clear()
    right, bottom = box["x"] + 0.6 * box["width"], box["y"] + 0.85 * box["height"]
    view.tool("box")
    view.sweep((box["x"] + 3, box["y"] + 5), (right, bottom))
    selected = view.known()["selection"]
    assert selected == view.count("selected") > 2000
    assert 0 < sum(view.traffic.sizes) < 5000
    view.traffic.sizes.clear()
    page.locator(".sv-threshold input").press("ArrowRight")
    assert view.known()["threshold"] == 0.51
    assert 0 < sum(view.traffic.sizes) < 5000
    view.traffic.sizes.clear()
    page.get_by_role("button", name="Exclude all").click()
    assert view.known()["edits"] == selected
    assert 0 < sum(view.traffic.sizes) < 5000
    view.close()


def test_the_switch_keeps_everything(view):
    switch = view.page.get_by_role("switch")
    assert int(view.number()) < COUNT
    switch.click()
    view.frame()
    assert switch.get_attribute("aria-checked") == "false"
    assert int(view.number()) == COUNT
    assert view.known()["filter_on"] is False
    switch.press("Space")
    assert view.known()["filter_on"] is True


def test_a_box_in_the_picture_highlights_bars_and_escape_clears_both(view):
    view.tool("box")
    view.sweep(tuple(v - 20 for v in view.place(21)), tuple(v + 15 for v in view.place(43)))
    assert view.known()["selection"] == [22, 23, 24, 42, 43, 44]
    selected, _, _, doubtful = view.bars()
    assert sum(selected) + sum(doubtful) == 6
    assert view.page.get_by_text("6 particles selected").is_visible()
    view.page.keyboard.press("Escape")
    assert view.known()["selection"] == []
    assert sum(view.bars()[0]) == 0
    view.page.mouse.click(*view.place(21))
    view.page.keyboard.down("Shift")
    view.page.mouse.click(*view.place(22))
    view.page.keyboard.up("Shift")
    assert view.known()["selection"] == [22, 23]
    (x, y), (right, lower) = view.place(21), view.place(42)
    view.page.mouse.click((x + right) / 2, (y + lower) / 2)  # between four particles
    assert view.known()["selection"] == []


def test_bars_and_ranges_of_sizes_select(view):
    before = view.bars()
    tallest = max(range(len(before[0])), key=lambda k: sum(kind[k] for kind in before))
    total = sum(kind[tallest] for kind in before)
    view.page.mouse.click(*view.bar_place(tallest))
    view.frame()
    assert view.count("selected") == total
    bars = view.bars()
    assert bars[0][tallest] + bars[3][tallest] == total == sum(bars[0]) + sum(bars[3])
    view.quiet()
    x, y = view.bar_place(tallest)
    view.drag(SIZES, (x - 90, y), (x + 60, y + 20))
    known = view.known()["selection"]  # the number of them, as there are so many
    assert known == view.count("selected") > total


def test_a_particle_is_excluded_and_comes_back(view):
    kept = int(view.number())
    row = view.page.evaluate(
        """() => [...document.querySelectorAll(".sv-row")]
                  .find(line => line.dataset.state === "0").dataset.row"""
    )
    view.page.mouse.click(*view.place(int(row)))
    label = int(row) + 1
    view.frame()
    card = view.page.locator(".sv-card")
    assert card.get_by_role("heading").inner_text() == f"Particle {label}"
    mean = view.number("mean")
    card.get_by_role("button", name="Exclude").click()
    view.frame()
    assert "excluded by hand" in card.inner_text()
    assert int(view.number()) == kept - 1
    assert view.number("mean") != mean
    assert view.count("rejected_by_hand") == 1
    assert view.known()["edits"] == [[label, False]]
    view.page.get_by_role("button", name="Undo").click()
    assert view.known()["edits"] == []
    assert int(view.number()) == kept
    view.page.keyboard.press("Control+Shift+z")
    assert view.known()["edits"] == [[label, False]]
    card.get_by_role("button", name="Restore").click()
    known = view.known()
    assert (known["edits"], known["steps"], known["done"]) == ([], 2, 2)
    view.page.mouse.click(*view.place(int(row)))
    view.page.keyboard.press("Delete")
    assert view.known()["edits"] == [[label, False]]


def test_a_possibly_wrong_one_is_kept_by_hand(view):
    view.page.locator(".sv-head button", has_text="Confidence").click()
    kept = int(view.number())
    view.page.locator(".sv-row").first.click()
    view.frame()
    card = view.page.locator(".sv-card")
    assert "possibly wrong" in card.inner_text()
    card.get_by_role("button", name="Keep anyway").click()
    view.frame()
    assert "kept by hand" in card.inner_text()
    assert int(view.number()) == kept + 1
    assert [keep for _, keep in view.known()["edits"]] == [True]


def test_the_table_sorts_and_selects_both_ways(view):
    page = view.page
    rows = page.locator(".sv-row")
    assert rows.count() < 40  # of 300
    head = page.get_by_role("columnheader", name="Min Feret")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert page.locator("[aria-sort=ascending]").count() == 1
    sizes = [float(text) for text in page.locator(".sv-row .sv-cell-min_feret").all_inner_texts()]
    assert sizes == sorted(sizes)
    first = int(rows.first.get_attribute("data-label"))
    rows.first.click()
    assert view.known()["selection"] == [first]
    grid = page.get_by_role("grid")
    grid.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    assert len(view.known()["selection"]) == 2
    page.get_by_role("columnheader", name="Id", exact=True).get_by_role("button").click()
    page.mouse.click(*view.place(250))
    view.frame()
    chosen = page.locator(".sv-row[aria-selected=true]")
    assert chosen.get_attribute("data-label") == "251"
    assert view.known()["selection"] == [251]
    inside = page.evaluate(
        """() => {
          const box = document.querySelector(".sv-grid").getBoundingClientRect();
          const row = document.querySelector("[aria-selected=true]").getBoundingClientRect();
          return row.top >= box.top && row.bottom <= box.bottom;
        }"""
    )
    assert inside


def test_sizes_weights_bins_and_axis(view):
    page = view.page
    page.locator("[name=size]").select_option("max_feret")
    page.locator("[name=weighting]").select_option("volume")
    page.locator("[name=bins]").fill("12")
    page.locator("[name=bins]").press("Enter")
    page.locator("[name=log]").check()
    known = view.known()
    assert [known[name] for name in ("size", "weighting", "bins", "log")] == [
        "max_feret", "volume", 12, True,
    ]  # fmt: skip
    bars = view.bars()
    assert len(bars[0]) == 12
    assert sum(map(sum, bars)) == pytest.approx(100)
    title = page.evaluate("document.querySelector('.sv-histogram').layout.xaxis.title.text")
    assert title == "Maximum Feret diameter (nm)"


def test_a_number_that_is_being_typed_is_not_taken_away(view):
    """Whatever else is drawn meanwhile."""
    bins = view.page.locator("[name=bins]")
    bins.focus()
    view.page.keyboard.type("12")
    view.page.locator("[name=log]").evaluate("box => box.click()")
    assert view.known()["log"]
    assert bins.input_value() == "12"
    bins.press("Enter")
    assert view.known()["bins"] == 12
    bins.fill("1000")
    bins.press("Enter")
    assert view.known()["bins"] == 100
    assert bins.input_value() == "100"


def test_texts_of_a_file_are_texts(view):
    assert view.page.get_by_text("<b>blurred</b> edge").first.is_visible()
    assert view.page.locator(".semseg-viewer b b").count() == 0


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_particles(window, url, count):
    view = View(window, f"{url}?count={count}&px=1")
    page = view.page
    assert page.get_by_text("No particles were found").is_visible() is (count == 0)
    assert page.locator(".sv-canvas").bounding_box()["height"] > 100
    page.get_by_role("switch").click()
    assert view.known()["filter_on"] is False
    view.close()


def test_below_a_base_path_with_the_sample_in_the_dark(chromium, serve):
    url = serve(APP, "--theme.base=dark", base="a/b")
    narrow = chromium.new_context(viewport={"width": 640, "height": 1000})
    view = View(narrow, url)
    page = view.page
    assert page.locator(".sv-row").count() > 5
    own = [address for address in view.requests if "/app/static/" in address]
    assert own
    assert all("/a/b/app/static/semseg-" in address for address in own)
    answer = page.request.get(next(address for address in own if address.endswith("viewer.js")))
    assert answer.headers["content-type"].split(";")[0] in (
        "text/javascript",
        "application/javascript",
    )
    view.close()
    narrow.close()


def test_without_plotly_one_sentence_and_the_picture_all_the_same(chromium, url):
    page = chromium.new_page()
    page.route("**/plotly.min.js", lambda route: route.abort())
    page.goto(f"{url}?count=5")
    message = page.get_by_text("plotly.js did not arrive")
    message.wait_for(timeout=PATIENCE)
    page.wait_for_selector(".semseg-viewer[data-shown]")
    numbers = page.locator(".sv-numbers").inner_text()
    page.locator(".sv-threshold input").press("End")
    page.wait_for_function(
        "numbers => document.querySelector('.sv-numbers').innerText !== numbers", arg=numbers
    )
    page.close()
