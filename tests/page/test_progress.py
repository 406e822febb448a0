"""The page while pictures are under way: what it shows, and what a person can do meanwhile."""

from __future__ import annotations

import io
import re
import threading
from time import monotonic

import numpy as np
import pytest
from PIL import Image

from semseg.data import sample_path
from semseg.errors import SemsegError
from semseg.page import stages, visit, work
from semseg.page.limits import Limits
from semseg.page.queue import BusyError, Queue
from semseg.page.visit import Visit
from tests.support.page import all_pictures, give, open_page, texts

pytestmark = pytest.mark.slow  # the whole page

LONG = 60  # seconds after which something hangs
NAMES = ("one.png", "two.png", "three.png")


class Gate:
    """In place of the network: each picture waits for leave to go on."""

    def __init__(self, segment):
        self.segment = segment
        self.begun: list[tuple[int, int]] = []
        self.leaves = threading.Semaphore(0)
        self.stage = threading.Event()
        self.fails: set[tuple[int, int]] = set()

    def __call__(self, prepared, settings, network, *, progress):
        self.begun.append(prepared.image.shape)
        progress("network", 0.5)
        self.stage.set()
        while not self.leaves.acquire(timeout=0.01):
            progress("network", 0.5)
        if prepared.image.shape in self.fails:
            raise SemsegError("It is torn.")
        return self.segment(prepared, settings, network, progress=progress)


@pytest.fixture
def gate(monkeypatch, all_awaited):
    monkeypatch.setattr(Visit, "wait", lambda *_: None)  # a run waits for nothing
    gate = Gate(work.segment)
    monkeypatch.setattr(work, "segment", gate)
    return gate


@pytest.fixture
def page():
    work.queue.clear()
    return open_page()


def pictures(count=3):
    """Different pieces of the sample."""
    with Image.open(sample_path()) as sample:
        grey = np.asarray(sample)
    files = []
    for number, name in enumerate(NAMES[:count]):
        out = io.BytesIO()
        Image.fromarray(grey[: 300 + 10 * number, :400]).save(out, "png")
        files.append((name, out.getvalue()))
    return files


SHAPES = [(300, 400), (310, 400), (320, 400)]


def held(page):
    return page.session_state["held"]


def until(condition):
    wait = threading.Event()
    end = monotonic() + LONG
    while not condition():
        assert monotonic() < end
        wait.wait(0.02)


def come(page, gate, files):
    """Choose files; they are read, and the first is under way."""
    page.run()
    give(page, "uploads", *files)
    page.run()
    until(lambda: held(page).reading.answers == len(files))
    page.run()
    until(lambda: len(gate.begun) == 1 and gate.stage.is_set())
    return page.run()


def let(page, gate, number):
    """So many pictures go through the network; the page looks again."""
    done = held(page).visit.answers + number
    for _ in range(number):
        gate.leaves.release()
    until(lambda: held(page).visit.answers >= done)
    return page.run()


def bar(page):
    """Share and text of the bar, or None."""
    bars = page.get("progress")
    assert len(bars) <= 1
    return (bars[0].proto.value, bars[0].proto.text.replace("\\", "")) if bars else None


def names_of(page):
    return [each.micrograph.name for each in page.session_state["_done"]]


def is_shown(page):
    """Whether the picture that is chosen has its outlines there."""
    return bool(page.get("download_button")) and any(
        button.proto.label == "Report" for button in page.get("download_button")
    )


def button(page, label):
    return next(each for each in page.button if each.label == label)


def test_the_first_result_is_there_before_the_last_is_begun(page, gate):
    come(page, gate, pictures())
    assert not is_shown(page)
    share, said = bar(page)
    assert 0 < share < 34
    assert said.startswith("1 of 3: one.png: outlining particles")
    let(page, gate, 1)
    assert not page.exception
    assert is_shown(page)
    until(lambda: len(gate.begun) == 2)
    page.run()
    share, said = bar(page)
    assert 33 < share < 67
    assert said.startswith("2 of 3: two.png: outlining particles")
    assert gate.begun == SHAPES[:2]
    let(page, gate, 2)
    assert bar(page) is None
    assert not page.error


def test_each_picture_says_where_it_is(page, gate):
    come(page, gate, pictures())
    told = " ".join(each.proto.body for each in page.get("html"))
    assert "one.png: outlining particles" in told
    assert "two.png: next in line" in told
    assert "three.png: waits" in told
    let(page, gate, 3)


def test_the_picture_that_is_shown_goes_before_the_others(page, gate):
    come(page, gate, pictures())
    page.selectbox(key="picture").set_value(2).run()
    let(page, gate, 1)
    until(lambda: len(gate.begun) == 2)
    assert gate.begun == [SHAPES[0], SHAPES[2]]
    let(page, gate, 2)


def test_what_is_cancelled_stays_undone_until_it_shall_go_on(page, gate):
    come(page, gate, pictures())
    let(page, gate, 1)
    button(page, "Cancel the rest").click().run()
    assert bar(page) is None
    assert is_shown(page)
    assert "2 pictures were not analysed" in texts(page)
    until(lambda: held(page).visit.queue.length == 0)
    page.selectbox(key="picture").set_value(1).run()
    assert not is_shown(page)
    assert gate.begun[2:] == []
    button(page, "Go on").click().run()
    let(page, gate, 2)
    assert is_shown(page)
    assert "not analysed" not in texts(page)


def test_one_that_fails_among_good_ones_is_named_and_the_others_go_on(page, gate):
    gate.fails = {SHAPES[1]}
    come(page, gate, [("broken.tif", b"II*\0nonsense"), *pictures()])
    let(page, gate, 3)
    said = [error.value.replace("\\", "") for error in page.error]
    assert len(said) == 2
    assert said[0].startswith("broken.tif")
    assert said[1] == "two.png: It is torn."
    assert is_shown(page)
    assert bar(page) is None
    page.run()  # what failed is not begun again at every click
    assert len(gate.begun) == 3


def test_another_setting_gives_up_what_is_under_way(page, gate):
    come(page, gate, pictures(1))
    page.toggle(key="rescale_auto").set_value(False).run()
    until(lambda: len(gate.begun) == 2)
    assert held(page).visit.answers == 0
    let(page, gate, 1)
    assert is_shown(page)


def test_a_full_line_is_said_once_and_asked_again_at_one_click(page, gate, monkeypatch):
    def full(*_):
        raise BusyError("This server is busy and its line is full; try again in a minute.")

    with monkeypatch.context() as patch:
        patch.setattr(held_queue(page), "want", full)
        page.run()
        give(page, "uploads", *pictures())
        page.run()
        until(lambda: held(page).reading.answers == 3)
        page.run()
        assert [error.value.count("its line is full") for error in page.error] == [1]
        assert bar(page) is None
    button(page, "Try again").click().run()
    assert not page.error
    let(page, gate, 3)
    assert is_shown(page)


def held_queue(page):
    page.run()
    return held(page).visit.queue


def test_a_visitor_beyond_the_rate_is_told_when_it_goes_on(page, gate, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(visit, "monotonic", lambda: now[0])
    monkeypatch.setattr(work, "limits", lambda: Limits(per_minute=1))
    come(page, gate, pictures(2))
    let(page, gate, 1)
    now[0] += 45
    page.run()
    assert bar(page)[1].startswith(
        "2 of 2: two.png: goes on in 15 s: this server takes 1 a minute from one visitor"
    )
    assert len(gate.begun) == 1
    now[0] += 15
    page.run()
    until(lambda: len(gate.begun) == 2)
    page.run()
    assert "outlining particles" in bar(page)[1]
    let(page, gate, 1)


def test_the_time_left_is_told_from_the_pace_so_far(page, gate, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(visit, "monotonic", lambda: now[0])
    come(page, gate, pictures())
    now[0] += 20
    page.run()
    # half of the network's stage is done: 0.4 of the first one in 20 s
    assert "about 2 min left" in bar(page)[1]
    let(page, gate, 1)
    until(lambda: len(gate.begun) == 2)
    page.run()
    assert "about 35 s left" in bar(page)[1]  # 20 s each, 0.4 of one done
    let(page, gate, 2)


def test_what_was_asked_for_goes_when_its_visitor_does(page, gate):
    from streamlit.runtime.caching import clear_session_resource_cache

    come(page, gate, pictures())
    queue: Queue = held(page).visit.queue
    assert queue.length == 3
    queue.grace_s = 0
    clear_session_resource_cache("test session id")  # what Streamlit does at a disconnection
    until(lambda: queue.length == 0)
    assert held(page).store.used == 0
    page.run()  # they are back
    until(lambda: held(page).reading.answers == 6)
    page.run()
    until(lambda: len(gate.begun) == 2)
    let(page, gate, 3)
    assert is_shown(page)


def test_every_stage_has_words_and_they_go_on():
    shares = [share for share, _ in stages.STAGES.values()]
    assert shares == sorted(shares)
    assert stages.share(stages.Standing(0, "unknown", 0.0)) == 0


def test_all_pictures_say_how_far_they_are(page, gate):
    gate.fails = {SHAPES[1]}
    come(page, gate, pictures())

    def cards():
        return [
            (card["name"], card["state"], card["figures"]) for card in all_pictures(page)["cards"]
        ]

    assert [state for _, state, _ in cards()] == ["being analysed"] * 3
    let(page, gate, 2)
    (one, two, three) = cards()
    assert one[0] == "one.png"
    assert one[1] == ""
    assert re.match(r"\d+ particles, median [\d.]+ nm", one[2])
    assert two == ("two.png", "It is torn.", "")
    assert three[1] == "being analysed"
    said = texts(page).replace("\\", "")
    assert "Not in it: two.png (failed), three.png (being analysed)." in said
    button(page, "Cancel the rest").click().run()
    assert cards()[2][1] == "not analysed"
    assert "three.png (stopped)" in texts(page).replace("\\", "")


def test_where_the_first_fails_one_that_is_done_is_shown_unless_another_was_chosen(page, gate):
    gate.fails = {SHAPES[0]}
    come(page, gate, pictures())
    let(page, gate, 2)
    assert page.selectbox(key="picture").value == 1
    assert is_shown(page)
    page.selectbox(key="picture").set_value(0).run()
    assert page.selectbox(key="picture").value == 0
    let(page, gate, 1)
    assert page.selectbox(key="picture").value == 0
    assert not is_shown(page)


def test_what_is_read_after_everything_was_stopped_is_stopped_too(page, gate, monkeypatch):
    reads = threading.Semaphore(1)
    read = work.read_micrograph

    def slowly(*arguments, **options):
        reads.acquire(timeout=LONG)
        return read(*arguments, **options)

    monkeypatch.setattr(work, "read_micrograph", slowly)
    page.run()
    give(page, "uploads", *pictures())
    page.run()
    until(lambda: held(page).reading.answers == 1)
    page.run()
    until(lambda: len(gate.begun) == 1)
    page.run()
    button(page, "Cancel").click().run()
    for _ in range(2):
        reads.release()
    until(lambda: held(page).reading.answers == 3)
    page.run()
    assert "3 pictures were not analysed" in texts(page)
    assert held(page).visit.under_way() == []
    button(page, "Go on").click().run()
    let(page, gate, 3)
    assert is_shown(page)
