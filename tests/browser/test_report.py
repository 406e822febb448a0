"""The report in a real browser, opened as a file: nothing is served, nothing may be asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from semseg.details import Details
from semseg.export.report import report_html
from semseg.metrology.assessment import assess
from tests.support.drawn_analysis import drawn
from tests.support.traffic import PATIENCE

WIDTHS = (1440, 1000, 600)
PLOTS = 5


class Opened:
    """The report in a window, with what it asked for and what went wrong."""

    def __init__(self, browser, url: str, width: int) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 1000})
        self.requests: list[str] = []
        self.faults: list[str] = []
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._said)
        self.page.goto(url)
        self.page.wait_for_function(
            f"document.querySelectorAll('.js-plotly-plot .xy').length >= {PLOTS}"
        )

    def _said(self, message) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def overflow(self) -> int:
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A report of two pictures at a rescale factor and two others, with long names."""
    pictures = [drawn(name="a" * 120 + ".tif", edges="weight"), drawn(edges="weight", columns=10)]
    others = {ratio: [replace(each) for each in pictures] for ratio in (0.9, 1.1)}
    assessment = assess(pictures, others=others)
    path = tmp_path_factory.mktemp("report") / "report.html"
    details = Details("Batch 7", "TiO2", "M. Muster", "Washed twice.\nDried at 60 °C.")
    path.write_bytes(report_html(pictures, assessment, details=details, date="2026-01-31"))
    return path.as_uri()


@pytest.fixture
def opened(chromium, url):
    windows = []

    def open_at(width: int = 1000) -> Opened:
        windows.append(Opened(chromium, url, width))
        return windows[-1]

    yield open_at
    for window in windows:
        window.context.close()


def test_every_plot_is_drawn_and_nothing_is_asked_for(opened, url):
    window = opened()
    page = window.page
    assert page.locator(".js-plotly-plot").count() == PLOTS
    for plot in page.locator(".js-plotly-plot").all():
        assert plot.locator(".main-svg").count() >= 1
        assert plot.locator(".main-svg").first.bounding_box()["height"] > 300
    assert page.locator("#plot-distribution .bars .point").count() > 3
    assert [each for each in window.requests if not each.startswith("data:")] == [url]
    assert window.faults == []


def test_a_request_would_be_refused(opened):
    window = opened()
    refused = window.page.evaluate("fetch('https://example.org/').then(() => false, () => true)")
    assert refused
    assert "Content Security Policy" in " ".join(window.faults)


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_overflows(opened, width):
    window = opened(width)
    assert window.overflow() <= 0
    window.page.locator("details summary").click()
    assert window.overflow() <= 0
    for plot in window.page.locator(".js-plotly-plot").all():
        assert plot.bounding_box()["width"] <= min(width, 680)


def test_the_list_opens(opened):
    page = opened().page
    last = page.locator("details tbody tr").last
    assert not last.is_visible()
    page.locator("details summary").click()
    assert last.is_visible()


def test_outlines_and_numbers_can_be_switched(opened):
    page = opened().page
    picture = page.locator(".picture").first
    assert picture.locator(".outlines.accepted").is_visible()
    assert not picture.locator(".numbers").is_visible()
    picture.get_by_label("Numbers").check()
    picture.get_by_label("Outlines", exact=True).uncheck()
    assert not picture.locator(".outlines.accepted").is_visible()
    assert picture.locator(".numbers").is_visible()
    # the other picture has switches of its own
    assert page.locator(".picture").nth(1).locator(".outlines.accepted").is_visible()


def test_the_contents_lead_to_every_section(opened):
    page = opened().page
    targets = page.locator("nav a").evaluate_all("links => links.map(link => link.hash.slice(1))")
    sections = page.locator("body > section").evaluate_all("all => all.map(each => each.id)")
    assert targets == sections


def test_print_leaves_the_list_out_unless_it_is_open(opened):
    page = opened().page
    page.emulate_media(media="print")
    assert not page.locator("details").is_visible()
    assert page.get_by_text("was left out of this print").is_visible()
    assert not page.locator("nav").is_visible()
    page.emulate_media(media="screen")
    page.locator("details summary").click()
    page.emulate_media(media="print")
    assert page.locator("details tbody tr").last.is_visible()
    assert not page.get_by_text("was left out of this print").is_visible()


def test_it_prints_on_a4(opened):
    content = opened().page.pdf(prefer_css_page_size=True)
    assert content.startswith(b"%PDF")
    # 210 x 297 mm in points; Chromium rounds up
    assert b"/MediaBox [0 0 594.95996 841.91998]" in content or b"/MediaBox [0 0 595" in content
