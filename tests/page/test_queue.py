"""The line in which analyses stand, and the limits that the environment sets."""

from __future__ import annotations

import gc
import random
import threading
import weakref
from collections import Counter

import pytest
from streamlit.runtime.scriptrunner import RerunData, RerunException, StopException

from semseg.errors import SettingsError
from semseg.page.limits import Limits
from semseg.page.queue import BusyError, Queue, Standing

LOOK = 0.01
LONG = 20  # seconds after which something hangs


class Held:
    """Work that goes on until it is let go."""

    def __init__(self, result="done"):
        self.result, self.begun, self.let_go, self.runs = result, threading.Event(), None, 0
        self.let_go = threading.Event()

    def __call__(self, report):
        self.runs += 1
        self.begun.set()
        while not self.let_go.wait(LOOK):
            report("network", 0.5)
        report("measure", 0.0)
        return self.result


class Visitor(threading.Thread):
    """Somebody who waits for a result in a thread of their own."""

    def __init__(self, queue, key, work):
        super().__init__(daemon=True)
        self.queue, self.key, self.work = queue, key, work
        self.seen, self.outcome, self.end = [], None, None
        self.start()

    def run(self):
        try:
            self.outcome = self.queue.result(self.key, self.work, self.watch, LOOK)
        except BaseException as error:
            self.outcome = error

    def watch(self, standing):
        self.seen.append(standing)
        if self.end is not None:
            raise self.end

    def leave(self):
        """Close the tab: Streamlit stops the script."""
        self.end = StopException()
        assert self.waited() is self.end

    def press(self):
        """Press something: Streamlit ends this run of the script, to begin another."""
        self.end = RerunException(RerunData())
        assert self.waited() is self.end

    def waited(self):
        self.join(LONG)
        assert not self.is_alive()
        return self.outcome


def until(condition):
    wait = threading.Event()
    for _ in range(int(LONG / LOOK)):
        if condition():
            return
        wait.wait(LOOK)
    pytest.fail("it did not happen")


def first_in(queue):
    """A visitor whose work runs and holds the only place."""
    work = Held("first")
    visitor = Visitor(queue, "first", work)
    assert work.begun.wait(LONG)
    return visitor, work


def test_a_result_comes_back_and_nothing_stays():
    queue = Queue(1, 3)
    assert queue.result("a", lambda report: 7, print) == 7
    assert queue.length == 0


def test_errors_reach_the_visitor_and_free_the_place():
    queue = Queue(1, 0)
    with pytest.raises(ZeroDivisionError):
        queue.result("a", lambda report: 1 / 0, print)
    assert queue.result("a", lambda report: 7, print) == 7


def test_the_first_to_come_is_the_first_to_be_served_and_each_sees_its_place():
    queue = Queue(1, 5)
    first, held = first_in(queue)
    order, others = [], []
    for name in "abc":
        others.append(Visitor(queue, name, lambda report, name=name: order.append(name) or name))
        until(lambda: others[-1].seen)
    assert [visitor.seen[0].position for visitor in others] == [1, 2, 3]
    until(lambda: first.seen and first.seen[-1] == Standing(0, "network", 0.5))
    held.let_go.set()
    assert first.waited() == "first"
    assert [visitor.waited() for visitor in others] == ["a", "b", "c"]
    assert order == ["a", "b", "c"]
    assert queue.length == 0


def test_no_more_run_at_once_than_there_are_places():
    queue = Queue(2, 20)
    running, most, lock = 0, 0, threading.Lock()

    def work(report):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(LOOK)
        with lock:
            running -= 1

    for visitor in [Visitor(queue, key, work) for key in range(12)]:
        assert visitor.waited() is None
    assert most <= 2


def test_a_full_line_says_so_and_holds_nobody():
    queue = Queue(1, 1)
    first, held = first_in(queue)
    second = Visitor(queue, "second", lambda report: "second")
    until(lambda: second.seen)
    with pytest.raises(BusyError, match=r"line is full; try again"):
        queue.result("third", lambda report: "third", print)
    held.let_go.set()
    assert first.waited() == "first"
    assert second.waited() == "second"
    assert queue.result("third", lambda report: "third", print) == "third"


def test_equal_work_is_done_once_for_all_who_ask():
    queue = Queue(1, 0)
    first, held = first_in(queue)
    again = [Visitor(queue, "first", Held("never")) for _ in range(5)]
    until(lambda: all(visitor.seen for visitor in again))
    held.let_go.set()
    assert [visitor.waited() for visitor in (first, *again)] == ["first"] * 6
    assert held.runs == 1


def test_a_page_that_is_run_again_finds_its_work_and_its_place():
    queue = Queue(1, 5, grace_s=LONG)
    first, held = first_in(queue)
    second = Visitor(queue, "second", lambda report: "second")
    third = Visitor(queue, "third", lambda report: "third")
    until(lambda: second.seen and third.seen)
    places = {second: second.seen[-1].position, third: third.seen[-1].position}
    first.press()
    second.press()
    first, back = Visitor(queue, "first", Held("never")), Visitor(queue, "second", Held("never"))
    until(lambda: back.seen)
    assert back.seen[0].position == places[second]
    held.let_go.set()
    assert [visitor.waited() for visitor in (first, back, third)] == ["first", "second", "third"]
    assert held.runs == 1


def test_work_in_line_is_given_up_with_its_visitor():
    queue = Queue(1, 1, grace_s=LONG)
    first, held = first_in(queue)
    ran = []
    second = Visitor(queue, "second", ran.append)
    until(lambda: second.seen)
    second.leave()
    third = Visitor(queue, "third", lambda report: "third")  # there is a place for it again
    until(lambda: third.seen)
    assert third.seen[0].position == 1
    held.let_go.set()
    assert third.waited() == "third"
    assert first.waited() == "first"
    assert ran == []
    assert queue.length == 0


def test_running_work_is_given_up_at_its_next_report():
    queue = Queue(1, 0, grace_s=LONG)
    first, _ = first_in(queue)
    until(lambda: first.seen)
    first.leave()  # never let go: only being given up ends it
    until(lambda: queue.length == 0)
    assert queue.result("second", lambda report: "second", print) == "second"


def test_a_visitor_who_never_comes_back_is_waited_for_a_while_only():
    queue = Queue(1, 1, grace_s=10 * LOOK)
    first, held = first_in(queue)
    second = Visitor(queue, "second", Held("never"))
    until(lambda: first.seen and second.seen)
    second.press()
    assert queue.length == 2
    first.press()
    held.let_go.set()  # done, but nobody comes for it
    until(lambda: queue.length == 0)


class Kept:
    """A result that somebody may hold."""


def test_a_result_is_given_again_while_somebody_keeps_it_and_never_by_the_queue():
    queue = Queue(1, 0)
    made = []

    def work(report):
        made.append(1)
        return Kept()

    result = queue.result("a", work, print)
    assert queue.holds("a")
    assert queue.result("a", work, print) is result
    assert made == [1]
    gone = weakref.ref(result)
    del result
    gc.collect()
    assert gone() is None
    assert not queue.holds("a")
    assert isinstance(queue.result("a", work, print), Kept)
    assert made == [1, 1]


def test_an_error_is_for_all_who_waited_and_for_nobody_later():
    queue = Queue(1, 0)
    held = Held()

    def fails(report):
        held(report)
        raise ValueError("torn")

    several = [Visitor(queue, "a", fails) for _ in range(3)]
    until(lambda: all(visitor.seen for visitor in several))
    held.let_go.set()
    assert [str(visitor.waited()) for visitor in several] == ["torn"] * 3
    assert queue.result("a", lambda report: 7, print) == 7


def test_of_many_who_come_press_and_leave_nobody_is_lost_and_nothing_done_twice():
    queue = Queue(2, 100, grace_s=LONG)
    chance = random.Random(5)
    runs = Counter()

    def come(key):
        def work(report):
            runs[key] += 1
            for step in range(3):
                report("network", step / 3)
                threading.Event().wait(LOOK / 4)
            return Kept()

        return Visitor(queue, key, work)

    visitors = [come(number % 20) for number in range(60)]
    for visitor in chance.sample(visitors, 30):
        visitor.end = RerunException(RerunData()) if chance.random() < 0.7 else StopException()
    outcomes = {key: [] for key in range(20)}
    for visitor in visitors:
        visitor.join(LONG)
        if isinstance(visitor.outcome, RerunException):
            visitor = come(visitor.key)
        outcomes[visitor.key].append(visitor.waited())
    for key, those in outcomes.items():
        results = [each for each in those if not isinstance(each, StopException)]
        assert all(type(result) is Kept for result in results)
        if len(results) == len(those):
            assert len(set(results)) == runs[key] == 1
    until(lambda: queue.length == 0)


@pytest.mark.parametrize("value", ["many", "-1", "0", "1.5", "9" * 40, "1e3", "\u00b2"])
def test_a_limit_that_is_none_is_refused_in_one_sentence(value):
    with pytest.raises(SettingsError, match=r"SEMSEG_CONCURRENT is .* whole number from 1 to"):
        Limits.from_environment({"SEMSEG_CONCURRENT": value})


def test_limits_come_from_the_environment():
    given = {"SEMSEG_CONCURRENT": " 3 ", "SEMSEG_QUEUE_LENGTH": "0", "SEMSEG_THREADS": "", "A": "b"}
    assert Limits.from_environment(given) == Limits(concurrent=3, queue_length=0)
    assert Limits.from_environment({}) == Limits()
