"""The page in a real browser when its server is killed, and when static/ cannot be written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.paths import PAGE, ROOT
from tests.support.server import streamlit
from tests.support.visitor import Visitor

ANEW = "uploads-1"  # the field for files, once those of an earlier one were lost
DOWN = "Streamlit server is not responding"


@pytest.fixture
def server(tmp_path):
    """The page on a port of its own, to be killed and started again."""
    server = streamlit(PAGE, tmp_path / "output.txt")
    server.start()
    yield server
    server.kill()
    assert "Traceback" not in server.log.read_text("utf-8")


@pytest.fixture(scope="module")
def picture(draw):
    """Some seconds of work."""
    return draw((1100, 1500), 40.0, seed=3).png()


@pytest.fixture
def arrive(chromium, server):
    visitors = []

    def arrive(address: str) -> Visitor:
        visitors.append(Visitor(chromium, server.url, address))
        return visitors[-1]

    yield arrive
    for visitor in visitors:
        visitor.context.close()
        assert visitor.faults == []


def numbers(visitor):
    return {name: visitor.number(name) for name in ("kept", "found", "mean", "d50")}


def test_a_server_killed_in_mid_analysis(server, arrive, picture):
    visitor = arrive("/?width=5000&filter=0.6")
    visitor.page.get_by_text("Replay an earlier result").click()
    settings = json.dumps({"settings": {"width_nm": 4000, "filter": 0.4, "rescale": 2}}).encode()
    visitor.upload(("mine.json", settings), key="settings_file")
    assert visitor.query() == {"width": ["4000"], "filter": ["0.4"], "rescale": ["2"]}
    given = [{"name": "mine.png", "mimeType": "image/png", "buffer": picture}]
    visitor.page.locator(".st-key-uploads input[type=file]").set_input_files(given)
    visitor.stage("mine.png").wait_for()
    server.kill()
    visitor.page.get_by_text(DOWN).wait_for()

    server.start()
    visitor.page.get_by_text("The server was started again").wait_for()
    visitor.quiet()
    assert visitor.page.get_by_text(DOWN).count() == 0
    assert visitor.stage("mine.png").count() == 0
    # nothing looks as if it were there, but what the browser has is offered
    sidebar = visitor.page.locator("[data-testid=stSidebar]")
    for name in ("mine.png", "mine.json"):
        assert sidebar.get_by_text(name).count() == 0
    visitor.page.get_by_text("You had 1 picture here").wait_for()
    assert visitor.query() == {"width": ["4000"], "filter": ["0.4"], "rescale": ["2"]}

    visitor.upload(("mine.png", picture), key=ANEW)
    visitor.shown()
    assert visitor.page.get_by_text("The server was started again").count() == 0
    other = arrive("/?width=4000&filter=0.4&rescale=2")
    other.upload(("mine.png", picture))
    other.shown()
    assert numbers(visitor) == numbers(other)
    assert visitor.number("kept") > 400


def test_the_browser_brings_back_what_a_killed_server_lost(server, arrive, picture):
    visitor = arrive("/?width=4000")
    visitor.upload(("mine.png", picture))
    visitor.shown()
    visitor.exclude()
    before = numbers(visitor)
    server.kill()
    visitor.page.get_by_text(DOWN).wait_for()
    server.start()
    visitor.page.get_by_text("The server was started again").wait_for()
    visitor.quiet()
    visitor.button("Go on")
    visitor.shown()
    assert numbers(visitor) == before


def test_a_server_killed_behind_a_result(server, arrive, picture):
    """The old result fades while it is down and is gone after; a second loss is told as well."""
    visitor = arrive("/?width=4000")
    visitor.upload(("mine.png", picture))
    visitor.shown()
    before = numbers(visitor)
    for again in (ANEW, "uploads"):
        server.kill()
        visitor.page.get_by_text(DOWN).wait_for()
        server.start()
        visitor.page.get_by_text("The server was started again").wait_for()
        visitor.quiet()
        assert visitor.page.locator(".semseg-viewer").count() == 0
        visitor.upload(("mine.png", picture), key=again)
        visitor.shown()
        assert numbers(visitor) == before


def test_the_sample_comes_back_by_itself(server, arrive):
    visitor = arrive("/?filter=0.9")
    visitor.button("Try the sample")
    visitor.shown()
    before = numbers(visitor)
    server.kill()
    visitor.page.get_by_text(DOWN).wait_for()
    server.start()
    visitor.page.get_by_text(DOWN).wait_for(state="detached")
    visitor.shown()
    assert numbers(visitor) == before
    assert visitor.page.get_by_text("The server was started again").count() == 0


def test_the_view_is_whole_where_static_cannot_be_written(chromium, serve, tmp_path):
    shutil.copytree(ROOT / ".streamlit", tmp_path / ".streamlit")
    page = tmp_path / "page.py"
    page.write_text(f"import runpy\nrunpy.run_path({str(PAGE)!r})\n")
    (tmp_path / "static").write_text("a file where the folder should be")
    visitor = Visitor(chromium, serve(page))
    visitor.button("Try the sample")
    visitor.shown()
    assert visitor.number("kept") > 150
    loaded = [url for url in visitor.requests if url.endswith(("viewer.js", "plotly.min.js"))]
    assert len(loaded) >= 2
    assert all("/component/semseg.viewer.files/semseg-" in url for url in loaded)
    visitor.context.close()
    assert visitor.faults == []
    assert [path.name for path in Path(tmp_path).glob("static*")] == ["static"]
