"""A person before one view of a picture, on a page with nothing else."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlparse

from playwright.sync_api import BrowserContext, ElementHandle, expect

from tests.support.paths import ROOT
from tests.support.traffic import PATIENCE, Traffic

APP = ROOT / "tests" / "browser" / "viewer_app.py"
LULL = 50  # ms; the view tells Python at once
PICTURE, SIZES, POINTS = ".sv-graph", ".sv-histogram", ".sv-graph-axes"
Point = tuple[float, float]

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
        """A graph that is drawn and stays where it is."""
        node = self.page.wait_for_selector(f"{graph}.js-plotly-plot")
        assert node is not None
        node.evaluate(READY)
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
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

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
        x, y = self.ready(PICTURE).evaluate(
            """(graph, row) => {
              const box = graph.getBoundingClientRect();
              const { _size: size, xaxis, yaxis } = graph._fullLayout;
              const across = 1200 / 20, i = row % 20, j = Math.floor(row / 20);
              return [box.left + size.l + xaxis.l2p((i + 0.5) * across),
                      box.top + size.t + yaxis.l2p((j + 0.5) * across)];
            }""",
            row,
        )
        return x, y

    def drag_mode(self, graph: str, mode: str) -> None:
        """Choose ``select`` or ``lasso`` among the buttons over a graph."""
        node = self.ready(graph)
        self.page.locator(f"{graph} [data-val={mode}]").click()
        self.page.wait_for_function(
            "([graph, mode]) => graph._fullLayout.dragmode === mode", arg=[node, mode]
        )

    def drag(self, graph: str, *corners: Point) -> None:
        """Drag over a part of a graph, from corner to corner, until what lies there is selected."""
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
