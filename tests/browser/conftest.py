"""A real browser, and the page that it opens."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.paths import PAGE
from tests.support.server import Server, streamlit
from tests.support.traffic import PATIENCE
from tests.support.visitor import Visitor

HERE = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever stands in this folder is for a browser. What fails is tried once more, and said to
    have been: a browser whose machine is busy with other work may lose a click."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")
            item.add_marker(pytest.mark.flaky(reruns=1))


# a browser and its servers end with their module: some thirty servers hold a gigabyte each, and a
# browser on a full machine throws away what pages keep in it
@pytest.fixture(scope="module")
def chromium() -> Iterator:
    """Debian's Chromium, driven by Playwright; skipped without one, but never in CI."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        reason = f"no browser was found (looked for {', '.join(NAMES)})"
        if os.environ.get("CI") or os.environ.get("SEMSEG_NEED_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def serve(tmp_path_factory) -> Iterator[Callable[..., str]]:
    """Start ``streamlit run`` on a free port; returns the page's address, ending with a slash."""
    running: list[Server] = []

    def start(script: Path, *flags: str, **how) -> str:
        log = tmp_path_factory.mktemp("streamlit") / "output.txt"
        running.append(streamlit(script, log, *flags, **how))
        running[-1].start()
        return f"{running[-1].url}/"

    yield start
    for server in running:
        server.kill()


@pytest.fixture(scope="module")
def url(serve) -> str:
    return serve(PAGE)


@pytest.fixture
def visit(chromium, url):
    """Open the page as somebody who was never here."""
    visitors = []

    def arrive(address: str = "/", **options) -> Visitor:
        visitors.append(Visitor(chromium, url, address, **options))
        return visitors[-1]

    yield arrive
    for visitor in visitors:
        visitor.context.close()
        assert visitor.faults == []
