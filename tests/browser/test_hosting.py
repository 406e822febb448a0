"""The hosted page in a real browser: strict headers, a replica that dies, nothing written."""

from __future__ import annotations

import pytest

from semseg.data import sample_path
from semseg.page.results import FILES
from tests.support import hosting
from tests.support.server import until
from tests.support.visitor import Visitor

# above the size from which Streamlit's server would use a temporary file
PICTURE = sample_path().read_bytes() + bytes(2_000_000)
ANEW = "uploads-1"  # the field for files, once those of an earlier one were lost


@pytest.fixture(scope="module")
def replicas(tmp_path_factory):
    hosting.nginx_program()
    folder = hosting.make_image_folder(tmp_path_factory.mktemp("host") / "image")
    running = [hosting.Replica(folder, number) for number in range(2)]
    for replica in running:
        replica.start()
    yield running
    for replica in running:
        replica.stop()


@pytest.fixture(scope="module")
def host(replicas):
    with hosting.nginx(replicas) as server:
        yield server


@pytest.fixture
def visit(chromium, host):
    """Open the hosted page as somebody who was never here."""
    visitors = []

    def arrive(address: str = "/") -> Visitor:
        visitors.append(Visitor(chromium, host.url, address))
        return visitors[-1]

    yield arrive
    for visitor in visitors:
        visitor.context.close()
        assert visitor.faults == []


def cookies(visitor: Visitor) -> dict[str, str]:
    return {each["name"]: each["value"] for each in visitor.context.cookies()}


def served_by(visitor: Visitor) -> int:
    """Index of the replica that this visitor's session lives in."""
    return int(cookies(visitor)["semseg_replica"]) - 1


def test_goes_on_at_the_other_replica_when_one_dies(visit, replicas):
    visitor = visit()
    visitor.upload(("first.tif", PICTURE))
    visitor.shown()
    before, token = visitor.number("kept"), cookies(visitor)["_streamlit_xsrf"]
    first = served_by(visitor)

    replicas[first].kill()
    wait = visitor.page.wait_for_timeout  # time.sleep would keep Playwright from its events
    until(
        lambda: served_by(visitor) != first,
        "Streamlit's own reconnection",
        look=lambda seconds: wait(1000 * seconds),
    )
    visitor.page.wait_for_selector("[data-test-connection-state=CONNECTED]")
    visitor.page.get_by_text("The server was started again").wait_for()
    visitor.quiet()
    visitor.upload(("again.tif", PICTURE), key=ANEW)
    visitor.shown()
    assert visitor.number("kept") == before > 150
    assert cookies(visitor)["_streamlit_xsrf"].split("|")[3] == token.split("|")[3]
    assert b"again.tif" in visitor.download("Sizes")

    # the first one comes back, and the visitor stays where the session now is
    replicas[first].start()
    wait(6000)  # longer than nginx leaves out a server that failed
    visitor.upload(("third.tif", PICTURE), key=ANEW)
    visitor.page.get_by_text("All pictures").wait_for()
    assert visitor.download("Sizes")
    assert served_by(visitor) != first


def test_people_are_spread_over_the_replicas(visit):
    assert {served_by(visit()) for _ in range(4)} == {0, 1}


def test_everything_on_the_page_works_under_the_policy(visit, host):
    visitor = visit()
    visitor.upload(("first.tif", PICTURE))
    visitor.shown()
    visitor.threshold(0.6)
    for tab in ("Statistics", "Prepare", "Sizes"):
        visitor.tab(tab)
    visitor.download("PNG")
    assert [text for text in visitor.complaints if "Content Security Policy" in text] == []
    ours = (f"{host.url}/", f"blob:{host.url}/", "data:")
    assert [url for url in visitor.requests if not url.startswith(ours)] == []


def test_nothing_is_written_and_nobody_called(chromium, replicas):
    folder = replicas[0].how["cwd"]
    files = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    replica = hosting.Replica(folder, number=2)
    replica.start()
    visitor = Visitor(chromium, replica.url)
    visitor.upload(("first.tif", PICTURE))
    visitor.shown()
    names = [name for group in FILES.values() for _, name, *_ in group]
    for name in (*names, "Report", "Everything as ZIP"):
        visitor.download(name)
    visitor.context.close()
    replica.stop()
    assert replica.unexpected() == []
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == files
