"""A person before one view of a picture, on a page with nothing else."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlparse

from playwright.sync_api import BrowserContext, ElementHandle, Page, expect

from tests.support.paths import ROOT
from tests.support.traffic import PATIENCE, Traffic

APP = ROOT / "tests" / "browser" / "viewer_app.py"
LULL = 50  # ms; the view tells Python at once
PICTURE, SIZES, POINTS = ".sv-stage", ".sv-histogram", ".sv-graph-axes"
Point = tuple[float, float]

# the picture is on its stage, and stays where it is for three frames
SETTLED = """async (stage) => {
  const where = () => {
    const { x, y } = stage.getBoundingClientRect();
    return stage.dataset.sight && `${x} ${y} ${stage.dataset.sight}`;
  };
  for (let same = 0, last = null; same < 3; ) {
    await new Promise((done) => requestAnimationFrame(done));
    const now = where();
    same = now && now === last ? same + 1 : 0;
    last = now;
  }
}"""
# of plotly.js: drawn, of the size that it is going to have, not dragged, and for three frames where
# it is; a drag that begins earlier is lost
READY = """async (graph) => {
  const where = () => {
    const { _fullLayout: layout, _resolveResize: resizing, _dragging: dragging } = graph;
    if (!layout?._size || !layout.xaxis?.range || resizing || dragging) return null;
    const { x, y, width, height } = graph.getBoundingClientRect();
    const { l, t, w, h } = layout._size;
    const { xaxis, yaxis, dragmode } = layout;
    return width && JSON.stringify(
      [x, y, width, height, l, t, w, h, xaxis.type, xaxis.range, yaxis.range, dragmode]);
  };
  for (let same = 0, last = null; same < 3; ) {
    await new Promise((done) => requestAnimationFrame(done));
    const now = where();
    same = now && now === last ? same + 1 : 0;
    last = now;
  }
}"""

# colour of the frame around a scale bar that was found, and of a line drawn over one
MARK = (0x3F, 0xD2, 0xFF)
FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def marked(page: Page) -> list[float] | None:
    """What of the canvas has the colour of the mark: left, top, right, bottom on the screen."""
    page.evaluate(FRAME)
    return page.evaluate(
        """([r, g, b]) => {
          const canvas = document.querySelector(".sv-marks");
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


def sight(page: Page) -> dict[str, float]:
    """Where the picture is: px per recorded px, and the recorded px at the stage's corner."""
    return json.loads(page.locator(PICTURE).get_attribute("data-sight") or "null")


def on_screen(page: Page, x: float, y: float) -> Point:
    """A place of the recorded picture on the screen."""
    box, seen = page.locator(PICTURE).bounding_box(), sight(page)
    assert box is not None
    return (
        box["x"] + (x - seen["left"]) * seen["zoom"],
        box["y"] + (y - seen["top"]) * seen["zoom"],
    )


class View:
    """A page with one view, and everything that went over the wire or wrong."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.traffic = Traffic(self.page)
        self.requests: list[str] = []
        self.faults: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda line: line.type == "error" and self.faults.append(line.text))
        self.page.goto(url)
        self.shown()

    def close(self) -> None:
        """Nothing went wrong, and nobody else was asked."""
        self.page.close()
        assert self.faults == []
        hosts = {urlparse(address).hostname for address in self.requests} - {None, ""}
        assert hosts == {"127.0.0.1"}

    def shown(self) -> None:
        self.page.wait_for_selector(".semseg-viewer[data-shown]")
        self.page.wait_for_function("document.querySelector('[data-testid=stCode] code')")
        self.quiet()

    def quiet(self) -> None:
        """Wait until the script's run is over and nothing travels any more."""
        self.traffic.quiet(LULL)

    def ready(self, graph: str) -> ElementHandle:
        """The picture or a graph, drawn, and staying where it is."""
        drawn = "[data-sight]" if graph == PICTURE else ".js-plotly-plot"
        node = self.page.wait_for_selector(f"{graph}{drawn}")
        assert node is not None
        node.evaluate(SETTLED if graph == PICTURE else READY)
        return node

    def known(self) -> dict[str, Any]:
        """What Python knows."""
        self.quiet()
        return json.loads(self.page.locator("[data-testid=stCode] code").inner_text())

    def number(self, name: str = "kept") -> str:
        return self.page.locator(f"[data-number={name}] .sv-value").inner_text()

    def count(self, state: str) -> int:
        key = self.page.locator(f".sv-states li:has(.sv-key-{state}) b")
        return int(key.inner_text())

    def frame(self) -> None:
        """Let what was asked for be drawn."""
        self.page.evaluate(FRAME)

    def painted(self) -> int:
        """A digest of the outlines."""
        return self.page.evaluate(
            """() => {
              const canvas = document.querySelector(".sv-canvas");
              const data = canvas.getContext("2d")
                .getImageData(0, 0, canvas.width, canvas.height).data;
              let hash = 0;
              for (let i = 0; i < data.length; i++) hash = (Math.imul(hash, 31) + data[i]) | 0;
              return hash;
            }"""
        )

    def bars(self) -> list[list[float]]:
        """Heights: selected, kept, not kept, not kept but selected."""
        return self.page.evaluate(
            "() => document.querySelector('.sv-histogram').data.slice(0, 4).map(t => [...t.y])"
        )

    def place(self, row: int) -> Point:
        """The middle of a particle on the screen."""
        across = 1200 / 20
        return self.on_screen((row % 20 + 0.5) * across, (row // 20 + 0.5) * across)

    def on_screen(self, x: float, y: float) -> Point:
        """A place of the recorded picture on the screen."""
        self.ready(PICTURE)
        return on_screen(self.page, x, y)

    def sight(self) -> dict[str, float]:
        return sight(self.page)

    def tool(self, name: str) -> None:
        """Take a tool of the palette into the hand."""
        self.page.locator(f".sv-palette [value={name}]").click()
        expect(self.page.locator(PICTURE)).to_have_attribute("data-tool", name)

    def show(self, name: str, on: bool = True) -> None:
        """Turn a switch of what is shown over the picture."""
        self.page.get_by_role("button", name="What is shown").click()
        self.page.get_by_label(name, exact=True).set_checked(on)
        self.page.keyboard.press("Escape")
        expect(self.page.locator(".sv-show")).to_be_hidden()

    def sweep(self, *corners: Point) -> None:
        """Drag over the picture, from corner to corner."""
        self.ready(PICTURE)
        mouse = self.page.mouse
        mouse.move(*corners[0])
        mouse.down()
        for corner in corners[1:]:
            mouse.move(*corner, steps=6)
        mouse.up()
        self.frame()

    def drag_mode(self, graph: str, mode: str) -> None:
        """Choose ``select`` or ``lasso`` among the buttons over a graph of plotly.js."""
        node = self.ready(graph)
        self.page.locator(f"{graph} [data-val={mode}]").click()
        self.page.wait_for_function(
            "([graph, mode]) => graph._fullLayout.dragmode === mode", arg=[node, mode]
        )

    def drag(self, graph: str, *corners: Point) -> None:
        """Drag over a part of a graph of plotly.js, until what lies there is selected."""
        node = self.ready(graph)
        node.evaluate(
            "graph => graph.once('plotly_selected', () => (graph.dataset.dragged = 'yes'))"
        )
        mouse = self.page.mouse
        mouse.move(*corners[0])
        mouse.down()
        self.page.wait_for_function("graph => graph._dragging", arg=node)
        for corner in corners[1:]:
            mouse.move(*corner, steps=6)
        expect(self.page.locator(f"{graph} .select-outline").first).to_be_attached()
        mouse.up()
        # the view's own listener came before
        self.page.wait_for_function("graph => graph.dataset.dragged", arg=node)
        node.evaluate("graph => delete graph.dataset.dragged")
        self.frame()

    def bar_place(self, k: int) -> Point:
        """The middle of a bar of the histogram on the screen."""
        x, y = self.ready(SIZES).evaluate(
            """(graph, k) => {
              const box = graph.getBoundingClientRect();
              const { _size: size, xaxis, yaxis } = graph._fullLayout;
              const height = graph.data.slice(0, 4).reduce((sum, t) => sum + t.y[k], 0);
              return [box.left + size.l + xaxis.d2p(graph.data[0].x[k]),
                      box.top + size.t + yaxis.d2p(height / 2)];
            }""",
            k,
        )
        return x, y
