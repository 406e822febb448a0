"""A real browser, and the page that it opens."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.visitor import Visitor
from tests.support.paths import PAGE, ROOT

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--server.headless=true",
    "--server.address=127.0.0.1",
    "--server.enableStaticServing=true",
    "--server.fileWatcherType=none",
    "--browser.gatherUsageStats=false",
)
START = 60  # seconds


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    """Debian's Chromium, driven by Playwright; skipped without one, but never in CI."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        reason = f"no browser was found (looked for {', '.join(NAMES)})"
        if os.environ.get("CI") or os.environ.get("SEMSEG_NEED_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def serve(tmp_path_factory) -> Iterator[Callable[..., str]]:
    """Start ``streamlit run`` on a free port; returns the page's address, ending with a slash."""
    running = []

    def start(script: Path, *flags: str) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log = tmp_path_factory.mktemp("streamlit") / "output.txt"
        command = [sys.executable, "-m", "streamlit", "run", str(script), *FLAGS]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, f"--server.port={port}", *flags],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        running.append(process)
        base = next((f.split("=")[1].strip("/") + "/" for f in flags if "baseUrlPath" in f), "")
        url = f"http://127.0.0.1:{port}/{base}"
        end = time.monotonic() + START
        while not _healthy(url):
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"streamlit did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.1)
        return url

    yield start
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}_stcore/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="module")
def url(serve):
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
