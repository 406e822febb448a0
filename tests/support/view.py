"""A person before one view of a picture, on a page with nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from tests.support.paths import ROOT

APP = ROOT / "tests" / "browser" / "viewer_app.py"
PATIENCE = 20_000  # ms


@dataclass
class View:
    """A page with one view, and everything that went over the wire or wrong."""

    page: object
    frames: list[int] = field(default_factory=list)
    unanswered: bool = False  # the last message that travelled was the page's own
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def open(self, url: str) -> View:
        page = self.page
        page.set_default_timeout(PATIENCE)
        page.on("websocket", self._listen)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda line: line.type == "error" and self.faults.append(line.text))
        page.goto(url)
        self.shown()
        return self

    def _listen(self, socket) -> None:
        socket.on("framesent", lambda content: self._travelled(content, unanswered=True))
        socket.on("framereceived", lambda content: self._travelled(content, unanswered=False))

    def _travelled(self, content: str | bytes, *, unanswered: bool) -> None:
        self.frames.append(len(content))
        self.unanswered = unanswered

    def shown(self) -> None:
        self.page.wait_for_selector(".semseg-viewer[data-shown]")
        self.page.wait_for_function("document.querySelector('[data-testid=stCode] code')")
        self.quiet()

    def quiet(self) -> None:
        """Wait until the script's run is over and nothing travels any more."""
        app = self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
        calm = 0
        for _ in range(PATIENCE // 100):
            before = len(self.frames)
            self.page.wait_for_timeout(100)
            # a busy machine takes its time between a click and its message, and before the answer
            self.page.evaluate("() => new Promise(done => setTimeout(done))")
            still = app.count() and len(self.frames) == before and not self.unanswered
            calm = calm + 1 if still else 0
            if calm == 4:
                return
        pytest.fail("the page does not come to rest")

    def known(self) -> dict:
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

    def place(self, row: int) -> tuple[float, float]:
        """The middle of a particle on the screen."""
        x, y = self.page.evaluate(
            """(row) => {
              const graph = document.querySelector(".sv-graph");
              const box = graph.getBoundingClientRect();
              const { _size: size, xaxis, yaxis } = graph._fullLayout;
              const across = 1200 / 20, i = row % 20, j = Math.floor(row / 20);
              return [box.left + size.l + xaxis.l2p((i + 0.5) * across),
                      box.top + size.t + yaxis.l2p((j + 0.5) * across)];
            }""",
            row,
        )
        return x, y

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=3)
        mouse.move(*end, steps=3)
        mouse.up()
        self.frame()

    def bar_place(self, k: int) -> tuple[float, float]:
        """The middle of a bar of the histogram on the screen."""
        x, y = self.page.evaluate(
            """(k) => {
              const graph = document.querySelector(".sv-histogram");
              const box = graph.getBoundingClientRect();
              const { _size: size, xaxis, yaxis } = graph._fullLayout;
              const height = graph.data.slice(0, 4).reduce((sum, t) => sum + t.y[k], 0);
              return [box.left + size.l + xaxis.d2p(graph.data[0].x[k]),
                      box.top + size.t + yaxis.d2p(height / 2)];
            }""",
            k,
        )
        return x, y
