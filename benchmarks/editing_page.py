"""How soon is an outline that was put right seen, in a real Chromium?

    python -m benchmarks.editing_page [--times 6]      needs requirements-dev.txt and Chromium

Starts the page, gives it the sample and the sample beside itself, 6 by 6 (some 6,000 particles),
and cuts a particle by a line, takes that back and does it again, as a hand does. Measures in the
browser, without a graphics card, from the event that ends the gesture to the frame that shows the
new outlines as the browser draws them by itself, to the frame that shows them measured, and what
came over the wire meanwhile.

As a yardstick stands beside it how long the page takes to show the whole picture anew in another
scale, for which everything is sent again; ratios travel between machines, milliseconds do not.
Prints Markdown.
"""

from __future__ import annotations

import argparse
import io
import shutil
from collections.abc import Callable
from statistics import median

import numpy as np
from PIL import Image

from benchmarks.page import PATIENCE, ROOT, served
from semseg.data import sample_path

TILES = 6
FACTOR = 1  # that shows all particles in a fraction of the time
LULL = 700  # ms without a frame on the wire, after which a run of the page is over
SOON = 20_000  # ms within which an edit is seen, or was not done
LONG = 15 * 60_000  # ms for the network to look at the large picture

# from the last event of a gesture to the frame after the view has drawn what will come of it, and
# to that after it has shown other particles
WATCH = """() => {
  window.drawn = [];
  window.seen = [];
  let began = null;
  const begin = (event) => { if (event.isTrusted) began = performance.now(); };
  for (const kind of ["pointerup", "keydown", "change"]) window.addEventListener(kind, begin, true);
  new MutationObserver((changes) => {
    if (began === null) return;
    const since = began;
    const shown = changes.some(({ attributeName }) => attributeName === "data-shown");
    if (!shown && !changes.some(({ target }) => Number(target.dataset.drafts))) return;
    if (shown) began = null;
    const times = shown ? window.seen : window.drawn;
    requestAnimationFrame(() => setTimeout(() => times.push(performance.now() - since)));
  }).observe(document.body, { subtree: true, attributeFilter: ["data-shown", "data-drafts"] });
}"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=6)
    parser.add_argument("--tiles", type=int, nargs="*", default=[1, TILES])
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))))
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    print(
        "| particles | a cut drawn | measured | taken back | done again | kB of a cut | "
        "all sent anew | kB | ratio |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        with served(ROOT / "streamlit_app.py") as url:
            for tiles in options.tiles:
                print(row(browser, url, tiled(tiles), options.times), flush=True)
        browser.close()


def tiled(times: int) -> bytes:
    """The analysed part of the sample so often beside and below itself, as a PNG."""
    grey = np.asarray(Image.open(sample_path()).convert("L"))
    out = io.BytesIO()
    if times == 1:
        return sample_path().read_bytes()
    Image.fromarray(np.tile(grey[:680], (times, times))).save(out, "PNG")
    return out.getvalue()


def row(browser, url: str, picture: bytes, times: int) -> str:
    """The figures of one picture."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.set_default_timeout(PATIENCE)
    received: list[int] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda content: received.append(len(content))),
    )
    page.goto(f"{url}?rescale={FACTOR}")
    page.get_by_text("stay in memory").wait_for()
    given = {"name": "tiled.png", "mimeType": "image/png", "buffer": picture}
    page.locator(".st-key-uploads input[type=file]").set_input_files([given])
    page.wait_for_selector(".semseg-viewer[data-shown]", timeout=LONG)
    while page.locator(".st-key-in_background").count():
        page.wait_for_timeout(LULL)
    quiet(page, received)
    count = page.locator("[data-number=kept]").inner_text().split("of")[1].split()[0]
    page.evaluate(WATCH)

    for _ in range(2):  # the largest first
        page.locator(".sv-head .sv-cell-min_feret button").click()
    cuts, backs, agains, sizes = [], [], [], []
    for k in range(times):
        page.locator(".sv-row").nth(k).click()
        page.get_by_role("button", name="Zoom to it").click()
        page.locator(".sv-card .sv-close").click()  # it lies over the picture
        page.locator(".sv-palette button[value=split]").click()
        page.locator(".sv-stage").evaluate("stage => stage.scrollIntoView({ block: 'center' })")
        box = page.locator(".sv-stage").bounding_box()
        free = page.locator(".sv-sizes").bounding_box()
        across = (box["x"] + min(box["x"] + box["width"], free["x"])) / 2
        page.mouse.move(across, box["y"] + 0.35 * box["height"])
        page.mouse.down()
        page.mouse.move(across, box["y"] + 0.5 * box["height"], steps=4)
        page.mouse.move(across, box["y"] + 0.65 * box["height"], steps=4)
        before = len(received)
        cuts.append(seen(page, received, page.mouse.up))
        sizes.append(sum(received[before:]) / 1000)
        page.locator(".sv-stage").focus()
        backs.append(seen(page, received, lambda: page.keyboard.press("Control+z")))
        agains.append(seen(page, received, lambda: page.keyboard.press("Control+Shift+z")))
    page.locator(".sv-palette button[value=hand]").click()

    field = page.locator(".st-key-scale_text input").first
    anew, whole = [], []
    for k in range(max(2, times // 2)):
        field.fill(f"{5 + 0.1 * k} um")
        before = len(received)
        anew.append(seen(page, received, lambda: field.press("Enter")))
        whole.append(sum(received[before:]) / 1000)
    cut, all_anew = median(cuts), median(anew)
    drawn = page.evaluate("window.drawn")
    page.context.close()
    at_once = f"{median(drawn):.0f} ms" if drawn else "-"
    return (
        f"| {count} | {at_once} | {cut:.0f} ms | {median(backs):.0f} ms | "
        f"{median(agains):.0f} ms | {median(sizes):.1f} | {all_anew:.0f} ms | "
        f"{median(whole):.0f} | {cut / all_anew:.2f} |"
    )


def seen(page, received: list[int], gesture: Callable[[], None]) -> float:
    """Milliseconds from the end of a gesture to the frame that shows what came of it."""
    before = page.evaluate("window.seen.length")
    gesture()
    page.wait_for_function("before => window.seen.length > before", arg=before, timeout=SOON)
    quiet(page, received)
    return float(page.evaluate("window.seen.at(-1)"))


def quiet(page, received: list[int]) -> None:
    """Wait until nothing arrives any more."""
    while True:
        before = len(received)
        page.wait_for_timeout(LULL)
        if len(received) == before:
            return


if __name__ == "__main__":
    main()
