"""A person before the whole page."""

from __future__ import annotations

import re
import time
from pathlib import Path
from urllib.parse import parse_qs, urlparse

from semseg.page.stages import STAGES
from tests.support.traffic import CALM, PATIENCE, Traffic

# where the page tells of what it does, and stands by for what it does in the background
UNDER_WAY = ".st-key-under_way, .st-key-under_way_aside"
IN_BACKGROUND = ".st-key-in_background"
TRIES = 3


class Visitor:
    """A person with a browser of their own, and what went over the wire or wrong."""

    def __init__(self, browser, url: str, address: str = "/", **options) -> None:
        self.context = browser.new_context(
            **{"viewport": {"width": 1440, "height": 1100}, **options}
        )
        self.requests: list[str] = []
        self.faults: list[str] = []
        self.complaints: list[str] = []  # of the browser's console
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.traffic = Traffic(self.page)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.goto(url.rstrip("/") + address)
        self.page.get_by_text("stay in memory").wait_for()
        self.quiet()

    def quiet(self) -> None:
        """Wait until nothing is under way, every run is over and nothing travels any more."""
        self._wait_for_end(f"{UNDER_WAY}, {IN_BACKGROUND}")

    def answered(self) -> None:
        """The same, but for what is done in the background."""
        self._wait_for_end(UNDER_WAY)

    def _wait_for_end(self, of: str) -> None:
        """Where `of` stands the page looks after its work every so often, so it cannot come to rest
        before that is gone, which has a patience of its own."""
        calm, end = 0, time.monotonic() + PATIENCE / 1000
        while calm < CALM:
            calm = calm + 1 if self.traffic.calm() else 0
            if self.page.locator(of).count():
                self.page.locator(of).first.wait_for(state="detached")
                calm, end = 0, time.monotonic() + PATIENCE / 1000
            if time.monotonic() > end:
                raise TimeoutError(f"the page does not come to rest: {self.text()[:2000]}")

    def stage(self, name: str):
        """Where the page says what it does with a picture. Any stage will do: the page looks every
        so often, so that a quick machine passes one between two looks."""
        stages = "|".join(re.escape(what) for _, what in STAGES.values())
        return self.page.get_by_text(re.compile(rf"{re.escape(name)}: ({stages})"))

    def shown(self) -> None:
        """Wait for the view of a picture."""
        self.page.wait_for_selector(".semseg-viewer[data-shown]")
        self.quiet()

    def upload(self, *files: tuple[str, bytes], key: str = "uploads") -> None:
        given = [
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
            for name, content in files
        ]
        with self.page.expect_response(lambda answer: "upload_file" in answer.url):
            self.page.locator(f".st-key-{key} input[type=file]").set_input_files(given)
        self.quiet()

    def text(self) -> str:
        return self.page.locator("[data-testid=stApp]").inner_text()

    def number(self, name: str) -> float:
        """A number of the view's bar: kept, found, mean, ..."""
        if name in ("kept", "found"):
            both = self.page.locator("[data-number=kept]").inner_text()
            kept, found = re.findall(r"\d+", both)
            return int(kept if name == "kept" else found)
        return float(self.page.locator(f"[data-number={name}] .sv-value").inner_text())

    def threshold(self, value: float) -> None:
        """Move the slider as the keyboard does, and let it go."""
        self.threshold_now(value)
        self.quiet()

    def threshold_now(self, value: float) -> None:
        """The same, and wait for nothing."""
        self.page.locator(".sv-threshold input").evaluate(
            """(slider, value) => {
              slider.value = value;
              slider.dispatchEvent(new Event("input", {bubbles: true}));
              slider.dispatchEvent(new Event("change", {bubbles: true}));
            }""",
            value,
        )

    def exclude(self, row: int = 0) -> None:
        """Decide by hand that the particle in this row of the table is none."""
        self.page.locator(".sv-row").nth(row).click()
        self.page.keyboard.press("Delete")
        self.quiet()

    def download(self, name: str) -> bytes:
        """Streamlit lets a file go that was made for a click after two runs of anybody's page, also
        before it was fetched; a person clicks again."""
        for _ in range(TRIES):
            with self.page.expect_download() as waiting:
                self.page.get_by_role("button", name=name, exact=True).click()
            if waiting.value.failure() is None:
                break
        return Path(waiting.value.path()).read_bytes()

    def button(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()
        self.quiet()

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()
        self.quiet()

    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlparse(self.page.url).query)

    def scale_field(self):
        return self.page.locator(".st-key-scale_text input")

    def type_scale(self, value: str) -> None:
        self.scale_field().fill(value)
        self.scale_field().press("Enter")
        self.quiet()
