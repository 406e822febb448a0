"""How immediate is the page, in a real Chromium?

    python -m benchmarks.page            needs requirements-dev.txt and Chromium

Starts the page and the small page of the browser tests, each in a server of its own, and
measures in a browser without a graphics card (software rendering: the slowest case):

* first paint, and until the upload can be used;
* from a click on *Try the sample*, and from an upload of it, to the outlines shown;
* with ``--large``, and nothing else then: from an upload of 6000 x 4000 px with some 6,000
  particles to the outlines, and the longest time for which nothing that the page says changes;
* a step of the filter slider (from its event to outlines, histogram and numbers drawn) with
  200, 1,000 and 7,000 drawn particles: median and 95th percentile; until the frame after it is
  over, which waits for what the browser paints aside; and the bytes on the wire while it is
  dragged and when it is let go;
* a selection: from letting the mouse go on a bar to Python knowing.

As a yardstick for the machine, the time until a plain Plotly restyle of as many outlines alone is
shown (scattergl, the usual way to draw them) stands beside each step; ratios travel between
machines, milliseconds do not. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np
import tifffile

from benchmarks.large import large_picture
from semseg.data import sample_path

ROOT = Path(__file__).resolve().parents[1]
COUNTS = (200, 1000, 7000)
PATIENCE = 120_000  # ms
LOOKING = 2000  # ms that a person needs at least to find a button or a file

# Steps through the threshold as a dragging hand does, one event per frame; then lets go.
DRAG = """async (steps) => {
  const slider = document.querySelector(".sv-threshold input");
  performance.clearMeasures("semseg-step");
  const frames = [];
  for (let i = 0; i < steps; i++) {
    slider.value = 0.3 + 0.6 * (i % 30) / 30;
    const began = performance.now();
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    frames.push(performance.now() - began);
  }
  const work = performance.getEntriesByName("semseg-step").map(entry => entry.duration);
  return [work, frames];
}"""
LET_GO = """() => document.querySelector(".sv-threshold input")
  .dispatchEvent(new Event("change", { bubbles: true }))"""
# Notes when what a person reads changes, the length of progress bars among it.
WATCH = """() => {
  window.changes = [performance.now()];
  let last = "";
  setInterval(() => {
    const bars = [...document.querySelectorAll("[role=progressbar], [role=progressbar] *")];
    const now = document.body.innerText + bars.map((bar) => bar.getAttribute("style") +
      bar.getAttribute("aria-valuenow") + getComputedStyle(bar).width).join();
    if (now !== last) window.changes.push(performance.now());
    last = now;
  }, 100);
}"""
# The same outlines as one scattergl line, filtered and restyled as one would without a canvas.
USUAL = """async (steps) => {
  const host = document.createElement("div");
  host.style.cssText = "width:700px;height:500px";
  document.body.append(host);
  const count = COUNT, corners = 25, side = Math.ceil(Math.sqrt(count));
  const build = (kept) => {
    const x = new Float32Array(kept * (corners + 1)), y = new Float32Array(x.length);
    for (let k = 0, at = 0; k < kept; k++, at++) {
      for (let c = 0; c < corners; c++, at++) {
        x[at] = k % side + 0.4 * Math.cos(c / 4);
        y[at] = Math.floor(k / side) + 0.4 * Math.sin(c / 4);
      }
      x[at] = y[at] = NaN;
    }
    return [x, y];
  };
  const [x, y] = build(count);
  const trace = { type: "scattergl", mode: "lines", x, y, hoverinfo: "skip" };
  await Plotly.newPlot(host, [trace], {}, { staticPlot: true });
  const times = [];
  for (let i = 0; i < steps; i++) {
    const began = performance.now();
    const [u, v] = build(Math.floor(count * (0.5 + 0.5 * i / steps)));
    await Plotly.restyle(host, { x: [u], y: [v] }, [0]);
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    times.push(performance.now() - began);
  }
  Plotly.purge(host); host.remove();
  return times;
}"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--large", action="store_true", help="one large picture, and nothing else")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))))
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        if options.large:
            with served(ROOT / "streamlit_app.py") as url:
                for name, value in large_times(browser, url):
                    print(f"{name}: {value:.1f} s", flush=True)
            return
        with served(ROOT / "streamlit_app.py") as url:
            print("| the page | ms |\n|---|---:|")
            for name, value in page_times(browser, url):
                print(f"| {name} | {value:.0f} |")
        with served(ROOT / "tests" / "browser" / "viewer_app.py") as url:
            print(
                "\n| particles | step, median | p95 | until shown | plain restyle shown | ratio "
                "| bytes while dragged | bytes when let go | selection known |"
                "\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
            )
            for count in COUNTS:
                row = viewer_row(browser, f"{url}?count={count}", count, options.steps)
                print(f"| {count:,} | " + " | ".join(row) + " |", flush=True)
        browser.close()


@contextmanager
def served(script: Path) -> Iterator[str]:
    """A server of `script` on a free port, and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true"),
                *("--server.address=127.0.0.1", f"--server.port={port}"),
                "--server.enableStaticServing=true",
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=output,
        )
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"{url}_stcore/health", timeout=1)
                    break
                except OSError:
                    time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait()


def page_times(browser, url: str) -> Iterator[tuple[str, float]]:
    """First paint, and the way to the first result, each with a cold browser."""
    warm(browser, url)
    page = opened(browser)
    began = time.perf_counter()
    page.goto(url)
    page.locator(".st-key-uploads input[type=file]").wait_for(state="attached")
    usable = 1000 * (time.perf_counter() - began)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    yield "first paint", paint
    yield "until a file can be dropped", usable
    page.get_by_text("stay in memory").wait_for()
    page.wait_for_timeout(LOOKING)
    began = time.perf_counter()
    page.get_by_role("button", name="Try the sample").click()
    page.wait_for_selector(".semseg-viewer[data-shown]")
    yield "click on *Try the sample* to outlines", 1000 * (time.perf_counter() - began)
    page.context.close()

    page = opened(browser)
    page.goto(url)
    page.get_by_text("stay in memory").wait_for()
    page.wait_for_timeout(LOOKING)
    began = time.perf_counter()
    page.locator(".st-key-uploads input[type=file]").set_input_files(str(sample_path()))
    page.wait_for_selector(".semseg-viewer[data-shown]")
    yield "upload of the sample to outlines", 1000 * (time.perf_counter() - began)
    page.context.close()


def large_times(browser, url: str) -> Iterator[tuple[str, float]]:
    """From the upload of a large picture to its outlines, in seconds."""
    warm(browser, url)
    page = opened(browser)
    page.goto(url)
    page.get_by_text("stay in memory").wait_for()
    page.wait_for_timeout(LOOKING)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.tif"
        tifffile.imwrite(path, large_picture(4000, 6000))
        page.evaluate(WATCH)
        began = time.perf_counter()
        page.locator(".st-key-uploads input[type=file]").set_input_files(str(path))
        page.wait_for_selector(".semseg-viewer[data-shown]")
        yield "upload to outlines", time.perf_counter() - began
    changes = [*page.evaluate("window.changes"), page.evaluate("performance.now()")]
    yield "longest silence", max(np.diff(changes)) / 1000
    page.context.close()


def warm(browser, url: str) -> None:
    """Load the network and write the files for the browser, which a server does once."""
    page = opened(browser)
    page.goto(f"{url}?sample=1")
    page.wait_for_selector(".semseg-viewer[data-shown]")
    page.context.close()


def opened(browser):
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.set_default_timeout(PATIENCE)
    return page


def viewer_row(browser, url: str, count: int, steps: int) -> list[str]:
    """The figures of one number of particles."""
    page = opened(browser)
    frames: list[int] = []
    page.on("websocket", lambda socket: listen(socket, frames))
    page.goto(url)
    page.wait_for_selector(".semseg-viewer[data-shown]")
    known = page.locator("[data-testid=stCode] code")
    known.wait_for()
    quiet(page, frames)

    page.evaluate(DRAG, 10)
    before = len(frames)
    times, shown = page.evaluate(DRAG, steps)
    dragged = sum(frames[before:])
    before = len(frames)
    page.evaluate(LET_GO)
    quiet(page, frames)
    released = sum(frames[before:])
    usual = page.evaluate(USUAL.replace("COUNT", str(count)), max(10, steps // 4))

    graph = page.locator(".sv-histogram .nsewdrag").first
    box = graph.bounding_box()
    text = known.inner_text()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.9, steps=5)
    began = time.perf_counter()
    page.mouse.up()
    page.wait_for_function(
        "text => document.querySelector('[data-testid=stCode] code').innerText !== text", arg=text
    )
    selected = 1000 * (time.perf_counter() - began)
    page.context.close()
    middle, other = median(times), median(usual)
    return [
        f"{middle:.1f} ms",
        f"{np.percentile(times, 95):.1f} ms",
        f"{median(shown):.1f} ms",
        f"{other:.1f} ms",
        f"{median(shown) / other:.2f}",
        f"{dragged:,}",
        f"{released:,}",
        f"{selected:.0f} ms",
    ]


def listen(socket, frames: list[int]) -> None:
    """Note the size of every frame, both ways."""
    socket.on("framesent", lambda content: frames.append(len(content)))
    socket.on("framereceived", lambda content: frames.append(len(content)))


def quiet(page, frames: list[int]) -> None:
    """Wait until nothing travels any more."""
    while True:
        before = len(frames)
        page.wait_for_timeout(500)
        if len(frames) == before:
            return


if __name__ == "__main__":
    main()
