"""Size against shape in a real browser, and particles that are kept but not counted."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.support.view import APP, POINTS, Point, View

COUNT = 300
ACROSS = 20  # particles in a row of the picture
FEW = 12  # so few that no point lies on another
NAMES = ("mean", "standard_deviation", "d10", "d50", "d90")
GREEN, RED, BLUE = "green", "red", "blue"


class Points(View):
    """A view with its scatter."""

    def show_shape(self) -> None:
        self.page.locator(".sv-segments label", has_text="Shape").click()
        self.ready(POINTS)

    def shape(self, name: str) -> str:
        """A number of the shape, in the legend."""
        return self.page.locator(f".sv-bars [data-shape={name}]").inner_text()

    def colours(self, selector: str = ".sv-points", within: tuple | None = None) -> dict[str, int]:
        """How many pixels of each colour are on a canvas; `within` (left, top, width, height)."""
        return self.page.evaluate(
            """([selector, within]) => {
              const canvas = document.querySelector(selector);
              const [left, top, width, height] = within ?? [0, 0, canvas.width, canvas.height];
              const { data } = canvas.getContext("2d").getImageData(left, top, width, height);
              const counts = { green: 0, red: 0, blue: 0, amber: 0 };
              for (let i = 0; i < data.length; i += 4) {
                const [r, g, b, a] = data.subarray(i, i + 4);
                if (a < 100) continue;
                if (g > 1.5 * r && g > 1.2 * b) counts.green++;
                if (r > 2 * g && r > 1.5 * b) counts.red++;
                if (b > 1.2 * g && b > 2 * r) counts.blue++;
                if (r > 1.2 * g && r < 2 * g && g > 2 * b) counts.amber++;
              }
              return counts;
            }""",
            [selector, within],
        )

    def to_screen(self, size: float, shape: float) -> Point:
        """Where a point of the scatter is."""
        x, y = self.ready(POINTS).evaluate(
            """(graph, [u, v]) => {
              const box = graph.getBoundingClientRect();
              const { _size: size, xaxis, yaxis } = graph._fullLayout;
              return [box.left + size.l + xaxis.d2p(u), box.top + size.t + yaxis.d2p(v)];
            }""",
            [size, shape],
        )
        return x, y

    def table(self) -> dict[int, tuple[float, float, float]]:
        """Label to minimum Feret diameter, aspect ratio and confidence, of the rows in sight."""
        return {
            int(label): (float(size), float(shape), float(confidence))
            for label, size, shape, confidence in self.page.evaluate(
                """() => [...document.querySelectorAll(".sv-row")].map(line =>
                  ["label", "min_feret", "aspect_ratio", "confidence"].map(name =>
                    line.querySelector(`.sv-cell-${name}`).textContent))"""
            )
        }

    def shows(self, wanted: dict) -> None:
        """The numbers in the bar are these, as far as their digits go."""
        for name in NAMES:
            shown = self.number(name)
            digits = len(shown.partition(".")[2])
            assert float(shown) == pytest.approx(wanted[name], abs=0.51 * 10**-digits), name


def is_ruled(row: int) -> bool:
    """Whether the page's rule leaves a row of many out: at the edge, or partly covered."""
    return row % ACROSS == 0 or row % 7 == 3


def emptiest(table: dict[int, tuple[float, float, float]]) -> tuple[float, float]:
    """Size and shape that are far from all points."""
    at = np.array(list(table.values()))[:, :2]
    low, span = at.min(axis=0), np.ptp(at, axis=0)
    grid = np.stack(np.meshgrid(*[np.linspace(0.05, 0.95, 20)] * 2), axis=-1).reshape(-1, 2)
    nearest = np.linalg.norm(grid[:, None] - (at - low) / span, axis=2).min(axis=1)
    size, shape = low + span * grid[nearest.argmax()]
    return size, shape


@pytest.fixture(scope="module")
def url(serve) -> str:
    return serve(APP)


@pytest.fixture(scope="module")
def window(chromium):
    context = chromium.new_context(viewport={"width": 1400, "height": 1300})
    yield context
    context.close()


@pytest.fixture
def visit(window, url):
    """Open the page with this query."""
    views = []

    def arrive(query: str) -> Points:
        views.append(Points(window, f"{url}?{query}"))
        return views[-1]

    yield arrive
    for view in views:
        view.close()


# Kept, but not counted


def test_who_is_ruled_out_is_drawn_but_in_no_number_and_no_bar(visit):
    view = visit(f"count={COUNT}&rule=1")
    page = view.page
    known = view.known()
    assert 0 < known["counted"] < known["kept"] < COUNT
    assert view.number() == str(known["kept"])
    assert page.locator("[data-number=counted]").inner_text() == f"· {known['counted']} counted"
    view.shows(known["numbers"])
    assert view.count("accepted") == known["counted"]
    assert view.count("not_counted") == known["kept"] - known["counted"]
    ruled = sum(map(is_ruled, range(COUNT)))
    selected, kept, wrong, both = map(sum, view.bars())
    assert (selected, kept, both) == (0, known["counted"], 0)
    assert wrong == COUNT - ruled - known["counted"]

    line = page.locator('.sv-row[data-state="0"][data-counted="0"]').first
    row = int(line.get_attribute("data-row"))
    x, y = view.place(row)
    canvas = page.locator(".sv-canvas").bounding_box()
    around = [round(x - canvas["x"]) - 16, round(y - canvas["y"]) - 16, 32, 32]
    seen = view.colours(".sv-canvas", around)
    assert seen["amber"] > 20
    assert seen["green"] == seen["red"] == 0
    page.mouse.click(x, y)
    view.frame()
    card = page.locator(".sv-card").inner_text()
    assert "kept, not counted" in card
    assert "Not counted: " in card
    chosen = page.locator(".sv-row[aria-selected=true]").inner_text()
    assert "kept, not counted (" in chosen
    assert sum(map(sum, view.bars()[::3])) == 0  # its size is in no bar


def test_ruled_out_ones_that_are_decided_by_hand_stay_out(visit):
    view = visit(f"count={COUNT}&rule=1")
    page, before = view.page, view.known()
    page.locator('.sv-row[data-state="0"][data-counted="0"]').first.click()
    card = page.locator(".sv-card")
    card.get_by_role("button", name="Exclude").click()
    known = view.known()
    assert (known["kept"], known["counted"]) == (before["kept"] - 1, before["counted"])
    assert view.number() == str(known["kept"])

    page.locator(".sv-head button", has_text="Confidence").click()
    wrong = page.locator('.sv-row[data-state="1"]')
    labels = [int(label) for label in wrong.evaluate_all("all => all.map(r => r.dataset.label)")]
    ruled = next(label for label in labels if is_ruled(label - 1))
    page.locator(f'.sv-row[data-label="{ruled}"]').click()
    card.get_by_role("button", name="Keep anyway").click()
    known = view.known()
    assert (known["kept"], known["counted"]) == (before["kept"], before["counted"])
    assert "kept by hand, not counted" in card.inner_text()
    view.shows(known["numbers"])


def test_the_table_sorts_them_behind_those_that_are_counted(visit):
    view = visit(f"count={COUNT}&rule=1")
    counted = view.known()["counted"]
    view.page.locator(".sv-head button", has_text="State").click()
    view.page.locator(".sv-grid").evaluate("(grid, row) => grid.scrollTop = 28 * row", counted - 3)
    view.frame()
    cells = {
        k: view.page.locator(f".sv-row[aria-rowindex='{k + 2}'] .sv-cell-state").inner_text()
        for k in (counted - 1, counted)  # counted from 0, below the head
    }
    assert cells[counted - 1] == "kept"
    assert cells[counted].startswith("kept, not counted (")


def test_without_a_rule_nothing_of_it_is_seen(visit):
    view = visit(f"count={COUNT}")
    assert not view.page.locator("[data-number=counted]").is_visible()
    assert not view.page.locator(".sv-key-not_counted").is_visible()
    assert view.page.locator(".sv-card").inner_text().count("counted") == 0
    known = view.known()
    assert known["counted"] == known["kept"] == view.count("accepted")
    view.shows(known["numbers"])


def test_weights_change_the_numbers_as_python_says(visit):
    view = visit(f"count={COUNT}&weights=1&rule=1")
    plain = visit(f"count={COUNT}&rule=1").known()["numbers"]
    for weighting in ("number", "volume"):
        view.page.locator("[name=weighting]").select_option(weighting)
        view.frame()
        known = view.known()
        assert known["weighting"] == weighting
        assert known["numbers"]["mean"] > 1.01 * plain["mean"]
        view.shows(known["numbers"])
        bars = sum(map(sum, view.bars()))
        if weighting == "volume":
            assert bars == pytest.approx(100)
        else:
            assert bars > COUNT


# Size against shape


def test_points_follow_the_filter_and_nothing_travels(visit):
    view = visit(f"count={COUNT}")
    page = view.page
    page.get_by_role("switch").click()
    view.quiet()
    view.traffic.sizes.clear()
    view.show_shape()
    view.quiet()
    assert view.traffic.sizes == []  # which graph is seen concerns nobody else
    all_kept = view.colours()
    assert all_kept[GREEN] > 1000
    assert all_kept[RED] == all_kept[BLUE] == 0
    page.get_by_role("switch").click()

    box = page.locator(".sv-threshold input").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.5 * box["width"], middle)
    page.mouse.down()
    view.quiet()
    view.traffic.sizes.clear()
    runs = json.loads(page.locator("[data-testid=stCode] code").inner_text())["runs"]
    seen, mean = [view.colours()], [view.shape("mean")]
    for share in (0.7, 0.85):
        page.mouse.move(box["x"] + share * box["width"], middle)
        view.frame()
        seen.append(view.colours())
        mean.append(view.shape("mean"))
    assert seen[0][GREEN] > seen[1][GREEN] > seen[2][GREEN]
    assert seen[0][RED] < seen[1][RED] < seen[2][RED]
    assert len(set(mean)) == 3
    assert view.traffic.sizes == []
    page.mouse.up()
    known = view.known()
    assert known["runs"] == runs + 1
    for name in ("mean", "median", "standard_deviation"):
        assert float(view.shape(name)) == pytest.approx(known["shape"][name], abs=6e-4)
    assert 0 < sum(view.traffic.sizes) < 5000


def test_points_select_in_picture_and_table(visit):
    view = visit(f"count={FEW}")
    page = view.page
    view.show_shape()
    table = view.table()
    assert len(table) == FEW
    outlines = view.painted()
    first, second = sorted(table, key=lambda label: table[label][0])[:2]
    page.mouse.click(*view.to_screen(*table[first][:2]))
    assert view.known()["selection"] == [first]
    assert view.colours()[BLUE] > 10
    assert view.painted() != outlines
    chosen = page.locator(".sv-row[aria-selected=true]")
    assert chosen.get_attribute("data-label") == str(first)
    page.keyboard.down("Shift")
    page.mouse.click(*view.to_screen(*table[second][:2]))
    page.keyboard.up("Shift")
    assert view.known()["selection"] == sorted([first, second])
    tip = page.locator(".sv-scatter .sv-tip")
    page.mouse.move(*view.to_screen(*table[first][:2]))
    assert tip.inner_text().startswith(f"Particle {first}: ")
    assert f"Aspect ratio {table[first][1]:.3f}" in tip.inner_text()
    page.mouse.click(*view.to_screen(*emptiest(table)))
    assert view.known()["selection"] == []
    assert view.colours()[BLUE] == 0


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("mode", ["select", "lasso"])
def test_a_box_and_a_lasso_about_points(visit, mode, log):
    view = visit(f"count={FEW}")
    page = view.page
    view.show_shape()
    if log:
        page.locator("[name=log]").check()
        view.quiet()
        assert page.evaluate("document.querySelector('.sv-graph-axes').layout.xaxis.type") == "log"
    view.drag_mode(POINTS, mode)
    table = view.table()
    inner = sorted(table, key=lambda label: table[label][0])[2:9]
    sizes = [table[label][0] for label in inner]
    shapes = [t[1] for t in table.values()]
    left, top = view.to_screen(min(sizes), max(shapes))
    right, bottom = view.to_screen(max(sizes), min(shapes))
    left, top, right, bottom = left - 3, top - 4, right + 3, bottom + 4
    if mode == "select":
        view.drag(POINTS, (left, top), (right, bottom))
    else:
        around = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top + 1)]
        view.drag(POINTS, *around)
    assert view.known()["selection"] == sorted(inner)
    assert view.count("selected") == len(inner)
    assert page.evaluate("document.querySelector('.sv-graph-axes').layout.selections.length") == 0


def test_bars_beside_the_points_select_who_is_counted(visit):
    view = visit(f"count={COUNT}&rule=1")
    view.show_shape()
    x, y = view.ready(POINTS).evaluate(
        """(graph) => {
          const box = graph.getBoundingClientRect();
          const size = graph._fullLayout._size;
          return [box.left + size.l + size.w + 12, box.top + size.t + size.h / 2];
        }"""
    )
    assert view.colours()[BLUE] == 0
    view.page.mouse.click(x, y)
    view.frame()
    some = view.count("selected")
    assert 2 < some < COUNT / 3
    assert view.page.locator('.sv-row[aria-selected=true]:not([data-counted="1"])').count() == 0
    assert view.colours()[BLUE] > 10
    view.page.keyboard.press("Escape")
    view.frame()
    assert view.count("selected") == 0


def test_who_is_ruled_out_has_no_point(visit):
    view = visit(f"count={FEW}&rule=1")
    page = view.page
    page.get_by_role("switch").click()
    view.show_shape()
    view.quiet()
    table = view.table()
    graph = page.locator(".sv-graph-axes .nsewdrag").first.bounding_box()
    view.drag(
        POINTS,
        (graph["x"] + 2, graph["y"] + 2),
        (graph["x"] + graph["width"] - 2, graph["y"] + graph["height"] - 2),
    )
    # the same with four in a row, as there are so few
    counted = [label for label in table if (label - 1) % 4 and (label - 1) % 7 != 3]
    known = view.known()
    assert known["selection"] == counted
    assert known["counted"] == len(counted) < known["kept"] == FEW
    assert float(view.shape("mean")) == pytest.approx(known["shape"]["mean"], abs=6e-4)


def test_the_switch_between_graphs_by_keyboard(visit):
    view = visit(f"count={COUNT}")
    page = view.page
    radio = page.get_by_role("radio", name="Sizes")
    assert radio.is_checked()
    radio.focus()
    page.keyboard.press("ArrowRight")
    page.locator(".sv-scatter").wait_for()
    assert page.get_by_role("radio", name="Shape").is_checked()
    assert not page.locator(".sv-histogram").is_visible()
    page.locator("[name=shape]").select_option("convexity")
    page.locator("[name=size]").select_option("ecd")
    view.quiet()
    titles = page.evaluate(
        """() => {
          const { xaxis, yaxis } = document.querySelector(".sv-graph-axes").layout;
          return [xaxis.title.text, yaxis.title.text];
        }"""
    )
    assert titles == ["Equivalent circular diameter (nm)", "Convexity"]
    page.get_by_role("radio", name="Shape").focus()
    page.keyboard.press("ArrowLeft")
    page.locator(".sv-histogram").wait_for()
    assert not page.locator(".sv-scatter").is_visible()
    assert page.locator("[name=bins]").is_visible()
    title = page.evaluate("document.querySelector('.sv-histogram').layout.xaxis.title.text")
    assert title == "Equivalent circular diameter (nm)"


def test_points_take_the_colours_of_sizes(visit):
    view = visit(f"count={COUNT}")
    view.page.get_by_role("switch").click()
    view.show_shape()
    green = view.colours(within=[60, 30, 190, 105])[GREEN]
    view.show("colour by size")
    view.frame()
    assert view.colours(within=[60, 30, 190, 105])[GREEN] < green / 2


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_points(visit, count):
    view = visit(f"count={count}&px=1")
    if count:
        view.show_shape()
        assert view.shape("standard_deviation") == "\u2013"  # not defined for one
        assert 0 < float(view.shape("mean")) <= 1
    else:
        assert not view.page.locator(".sv-graphs .sv-segments").is_visible()
