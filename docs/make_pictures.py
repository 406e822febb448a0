"""Take the pictures of the tutorial and the README: the real page, in a headless Chromium.

    python -m docs.make_pictures            writes docs/pictures/*.png
    python -m docs.make_pictures result     that one

Needs the development requirements and Chromium. The tour goes through the page as the tutorial
does, with the sample and pieces of it; what is written at a picture there is what was seen here.
Pictures are cut to what they show and stored with a palette.
"""

from __future__ import annotations

import argparse
import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from benchmarks.page import served
from semseg.data import sample_path

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
WINDOW = {"width": 1440, "height": 960}
PATIENCE = 60_000  # ms
GAP = 16  # px between pictures that stand side by side
MARGIN = 8  # px around what is cut out

Shot = Image.Image


class Visitor:
    """A person before the page, who takes pictures of it."""

    def __init__(self, browser: Browser, url: str, wanted: set[str]) -> None:
        self.page: Page = browser.new_context(viewport=WINDOW).new_page()
        self.page.set_default_timeout(PATIENCE)
        self.wanted = wanted
        self.page.goto(url)
        self.page.get_by_text("stay in memory").wait_for()
        self.quiet()

    def quiet(self) -> None:
        """Wait until the page has done what it was asked."""
        idle = "[data-testid=stApp][data-test-script-state=notRunning]"
        for _ in range(3):
            self.page.wait_for_timeout(300)
            self.page.wait_for_selector(idle)

    def shown(self) -> None:
        """Wait for the view of a picture."""
        self.page.wait_for_selector(".semseg-viewer[data-shown]")
        self.quiet()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()
        self.quiet()

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()
        self.quiet()

    def upload(self, files: dict[str, bytes], key: str = "uploads") -> None:
        given = [
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
            for name, content in files.items()
        ]
        self.page.locator(f".st-key-{key} input[type=file]").set_input_files(given)
        self.quiet()

    def type_number(self, key: str, value: str) -> None:
        field = self.page.locator(f".st-key-{key} input")
        field.fill(value)
        field.press("Enter")
        self.quiet()

    def filter(self, value: float) -> None:
        """Move the filter's slider and let it go."""
        self.page.locator(".sv-threshold input").evaluate(
            """(slider, value) => {
              slider.value = value;
              slider.dispatchEvent(new Event("input", {bubbles: true}));
              slider.dispatchEvent(new Event("change", {bubbles: true}));
            }""",
            value,
        )
        self.quiet()

    def window(self) -> Shot:
        """What the window shows."""
        self.page.mouse.move(0, 0)
        self.page.wait_for_timeout(300)
        return Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")

    def part(self, *places: str | Locator) -> Shot:
        """The least rectangle that holds these, after they were brought into the window."""
        found = [self.page.locator(p).first if isinstance(p, str) else p for p in places]
        found[0].scroll_into_view_if_needed()
        self.page.wait_for_timeout(300)
        boxes = [box for each in found if (box := each.bounding_box())]
        left = min(box["x"] for box in boxes) - MARGIN
        upper = min(box["y"] for box in boxes) - MARGIN
        right = max(box["x"] + box["width"] for box in boxes) + MARGIN
        lower = max(box["y"] + box["height"] for box in boxes) + MARGIN
        shot = self.window()
        box = max(left, 0), max(upper, 0), min(right, shot.width), min(lower, shot.height)
        return shot.crop(tuple(map(int, box)))

    def save(self, name: str, *shots: Shot) -> None:
        """Write these side by side as one picture."""
        if name not in self.wanted:
            return
        PICTURES.mkdir(exist_ok=True)
        path = PICTURES / f"{name}.png"
        few_colours(beside(shots)).save(path, optimize=True)
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} kB")


def beside(shots: tuple[Shot, ...]) -> Shot:
    """Pictures side by side, tops in line, on white."""
    width = sum(shot.width for shot in shots) + GAP * (len(shots) - 1)
    whole = Image.new("RGB", (width, max(shot.height for shot in shots)), "white")
    left = 0
    for shot in shots:
        whole.paste(shot, (left, 0))
        left += shot.width + GAP
    return whole


def few_colours(picture: Shot) -> Shot:
    """The picture with a palette of its own, in which small bright marks keep their colours."""
    return picture.quantize(
        256, method=Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE
    )


def pieces() -> dict[str, bytes]:
    """The sample as PNG, which says nothing of its scale, and two pieces of it."""
    with Image.open(sample_path()) as picture:
        grey = np.asarray(picture)
    parts = {"no-scale.png": grey, "left.png": grey[:712, :500], "right.png": grey[:712, 524:]}
    files = {}
    for name, pixels in parts.items():
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "png")
        files[name] = out.getvalue()
    return files


SCALE = (".st-key-scale_card", ".st-key-scale_kind", ".st-key-scale_text")
RESCALE = (".st-key-rescale_auto", ".st-key-rescale")


def the_sample(browser: Browser, url: str, wanted: set[str]) -> None:
    """From the start to the statistics, with the sample."""
    visitor = Visitor(browser, url, wanted)
    page = visitor.page
    visitor.save("start", visitor.window())
    visitor.press("Try the sample")
    visitor.shown()
    page.get_by_text("(expanded uncertainty, k = 2)").wait_for()  # it needs the network twice more
    page.locator(".sv-stage").click(position={"x": 70, "y": 90})
    visitor.quiet()
    visitor.save("result", visitor.window())
    visitor.filter(0.97)
    visitor.save("filter", visitor.part(".sv-bar", ".sv-states", ".sv-bars"))
    visitor.press("Exclude")
    visitor.save("card", visitor.part(".sv-card"))
    page.get_by_text("Shape", exact=True).first.click()
    visitor.quiet()
    visitor.save("shape", visitor.part(".sv-sizes"))
    heading = page.get_by_role("heading", name="Download")
    visitor.save("downloads", visitor.part(heading, ".st-key-download_summary-json"))
    visitor.press("Undo")
    visitor.tab("Statistics")
    visitor.save("statistics", visitor.part(".stTabs"))
    visitor.tab("Prepare")
    visitor.save("prepare", visitor.part(".stTabs"))


def scales(browser: Browser, url: str, wanted: set[str]) -> None:
    """Where the scale comes from: the file, a person, the scale bar, or nobody."""
    # what stands in the sample would be read, and nothing assumed
    visitor = Visitor(browser, f"{url}?sample=1&read=never", wanted)
    visitor.shown()
    side = visitor.page.locator("[data-testid=stSidebar]")
    shots = [visitor.part(*SCALE)]
    visitor.type_number("scale_text", "8000")
    visitor.save("contradiction", visitor.part(visitor.page.get_by_text("apart)")))
    visitor.press("Use what the file says")
    visitor.upload({"no-scale.png": pieces()["no-scale.png"]})
    visitor.shown()
    shots.append(visitor.part(*SCALE))
    visitor.type_number("scale_text", "200")
    visitor.shown()
    shots.append(visitor.part(*SCALE, side.get_by_text("px long")))
    visitor.save("scale", *shots)


def rescale(browser: Browser, url: str, wanted: set[str]) -> None:
    """A factor chosen by hand, and what the page says of it."""
    visitor = Visitor(browser, f"{url}?sample=1&rescale=0.6", wanted)
    visitor.shown()
    suggestion = visitor.page.get_by_role("button", name="Take the suggestion")
    visitor.save("rescale", visitor.part(*RESCALE, suggestion))


def several(browser: Browser, url: str, wanted: set[str]) -> None:
    """Two pictures, pooled."""
    visitor = Visitor(browser, f"{url}?pixel=7.34375", wanted)
    parts = pieces()
    visitor.upload({name: parts[name] for name in ("left.png", "right.png")})
    visitor.shown()
    visitor.tab("All pictures")
    visitor.save("several", visitor.part(".stTabs"))


def replay(browser: Browser, url: str, wanted: set[str]) -> None:
    """The session of the sample with one decision by hand, given to a new page."""
    first = Visitor(browser, f"{url}?sample=1&filter=0.97", wanted)
    first.shown()
    with first.page.expect_download() as waiting:
        first.page.get_by_role("button", name="Session", exact=True).click()
    session = Path(waiting.value.path()).read_bytes()
    visitor = Visitor(browser, url, wanted)
    visitor.page.get_by_text("Replay an earlier result").click()
    visitor.upload({"sample.session.json": session}, key="settings_file")
    visitor.upload({"sample.tif": sample_path().read_bytes()})
    visitor.shown()
    expander = visitor.page.locator("[data-testid=stSidebar] [data-testid=stExpander]").last
    visitor.save("replay", visitor.part(expander))


Tour = Callable[[Browser, str, set[str]], None]
TOURS: dict[Tour, tuple[str, ...]] = {  # and the pictures that are taken on the way
    the_sample: (
        *("start", "result", "filter", "card", "shape", "downloads", "statistics", "prepare"),
    ),
    scales: ("scale", "contradiction"),
    rescale: ("rescale",),
    several: ("several",),
    replay: ("replay",),
}


def main() -> None:
    """Walk through the page and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = [name for names in TOURS.values() for name in names]
    parser.add_argument("names", nargs="*", help=f"of {', '.join(known)} (default: all)")
    wanted = set(parser.parse_args().names) or set(known)
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))))
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with served(ROOT / "streamlit_app.py") as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        for tour, names in TOURS.items():
            if wanted & {*names}:
                tour(browser, url, wanted)
        browser.close()


if __name__ == "__main__":
    main()
