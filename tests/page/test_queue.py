"""The line in which analyses stand, and the limits that the environment sets."""

from __future__ import annotations

import gc
import random
import threading
import weakref
from collections import Counter
from itertools import count

import pytest

from semseg.errors import SettingsError
from semseg.page.limits import Limits
from semseg.page.queue import BusyError, Queue, Standing, Task

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


class Visitor:
    """Somebody who wants one or several things."""

    def __init__(self, queue, *wanted, background=False):
        self.queue, self.outcomes, self.answered = queue, {}, threading.Condition()
        self.want(*wanted, background=background)

    def want(self, *wanted, background=False):
        """Pairs of a key and its work."""
        self.keys = [key for key, _ in wanted]
        self.queue.want(self, [self.task(*each, background) for each in wanted])

    def task(self, key, work, background):
        def answer(outcome):
            with self.answered:
                self.outcomes[key] = outcome
                self.answered.notify_all()

        return Task(key, work, answer, answer, background)

    def leave(self, **how):
        self.queue.leave(self, **how)

    def place(self, key=None):
        return self.queue.standing(self.keys[0] if key is None else key)

    def waited(self, key=None):
        key = self.keys[0] if key is None else key
        with self.answered:
            assert self.answered.wait_for(lambda: key in self.outcomes, LONG)
        return self.outcomes[key]


def one(result):
    """Work that is done at once."""
    return lambda report: result


def until(condition):
    wait = threading.Event()
    for _ in range(int(LONG / LOOK)):
        if condition():
            return
        wait.wait(LOOK)
    pytest.fail("it did not happen")


def first_in(queue, **how):
    """A visitor whose work runs and holds the only place."""
    work = Held("first")
    visitor = Visitor(queue, ("first", work), **how)
    assert work.begun.wait(LONG)
    return visitor, work


def test_at_the_end_what_runs_is_given_up_and_waited_for():
    before = set(threading.enumerate())
    queue = Queue(1, 3)
    first, second = Held(), Held()
    visitor = Visitor(queue, ("first", first), ("second", second))
    assert first.begun.wait(LONG)
    queue.end(LONG)
    assert set(threading.enumerate()) <= before
    assert (queue.length, second.runs, visitor.outcomes) == (0, 0, {})


def test_a_result_comes_back_and_nothing_stays():
    queue = Queue(1, 3)
    assert Visitor(queue, ("a", one(7))).waited() == 7
    until(lambda: queue.length == 0)
    assert queue.standing("a") is None


def test_errors_reach_the_visitor_and_free_the_place():
    queue = Queue(1, 0)
    assert isinstance(Visitor(queue, ("a", lambda report: 1 / 0)).waited(), ZeroDivisionError)
    assert Visitor(queue, ("a", one(7))).waited() == 7


def test_the_first_to_come_is_the_first_to_be_served_and_each_sees_its_place():
    queue = Queue(1, 5)
    first, held = first_in(queue)
    order, others = [], []
    for name in "abc":
        work = lambda report, name=name: order.append(name) or name  # noqa: E731
        others.append(Visitor(queue, (name, work)))
    assert [visitor.place().position for visitor in others] == [1, 2, 3]
    until(lambda: first.place() == Standing(0, "network", 0.5))
    held.let_go.set()
    assert first.waited() == "first"
    assert [visitor.waited() for visitor in others] == ["a", "b", "c"]
    assert order == ["a", "b", "c"]
    until(lambda: queue.length == 0)


def test_visitors_take_turns_however_much_each_of_them_wants():
    queue = Queue(1, 2)
    held, order = Held(), []

    def noted(name):
        return name, lambda report: order.append(name) or name

    many = Visitor(queue, ("first", held), *map(noted, ["a2", "a3", "a4"]))
    assert held.begun.wait(LONG)
    two, alone = Visitor(queue, *map(noted, ["b1", "b2"])), Visitor(queue, noted("c1"))
    names = ["b1", "c1", "a2", "b2", "a3", "a4"]
    assert [queue.standing(name).position for name in names] == [1, 2, 3, 4, 5, 6]
    held.let_go.set()
    assert many.waited("a4") == "a4"
    assert (two.waited("b2"), alone.waited()) == ("b2", "c1")
    assert order == names


def test_one_visitor_has_one_place_of_several():
    queue = Queue(2, 5)
    works = [Held(number) for number in range(3)]
    many = Visitor(queue, *enumerate(works))
    assert works[0].begun.wait(LONG)
    other = Visitor(queue, ("other", one("other")))
    assert other.waited() == "other"
    assert not works[1].begun.is_set()
    for work in works:
        work.let_go.set()
    assert [many.waited(key) for key in range(3)] == [0, 1, 2]


def test_what_is_wanted_first_now_is_done_next():
    queue = Queue(1, 5)
    held, order = Held(), []
    works = {n: lambda report, n=n: order.append(n) or n for n in "abc"} | {"first": held}
    visitor = Visitor(queue, *((key, works[key]) for key in ("first", "a", "b", "c")))
    assert held.begun.wait(LONG)
    visitor.want(*((key, works[key]) for key in ("c", "first", "b")))
    held.let_go.set()
    assert visitor.waited("b") == "b"
    assert order == ["c", "b"]
    assert "a" not in visitor.outcomes
    assert held.runs == 1


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

    for visitor in [Visitor(queue, (key, work)) for key in range(12)]:
        assert visitor.waited() is None
    assert most == 2


def test_a_full_line_says_so_and_holds_nobody():
    queue = Queue(1, 1)
    first, held = first_in(queue)
    second = Visitor(queue, ("second", one("second")))
    third = Visitor(queue)
    with pytest.raises(BusyError, match=r"line is full; try again"):
        third.want(("third", one("third")))
    held.let_go.set()
    assert first.waited() == "first"
    assert second.waited() == "second"
    third.want(("third", one("third")))
    assert third.waited() == "third"


def test_who_is_in_line_is_never_sent_away():
    queue = Queue(1, 1)
    held = Held("first")
    many = Visitor(queue, ("first", held), *((n, one(n)) for n in range(20)))
    second = Visitor(queue, ("second", one("second")))
    many.want(("first", held), ("new", one("new")))
    held.let_go.set()
    assert many.waited("new") == "new"
    assert second.waited() == "second"


def test_equal_work_is_done_once_for_all_who_ask_and_needs_no_place():
    queue = Queue(1, 0)
    first, held = first_in(queue)
    again = [Visitor(queue, ("first", Held("never"))) for _ in range(5)]
    held.let_go.set()
    assert [visitor.waited() for visitor in (first, *again)] == ["first"] * 6
    assert held.runs == 1


def test_shared_work_goes_on_in_the_turn_of_who_still_wants_it():
    queue = Queue(1, 5)
    _, held = first_in(queue)
    second = Visitor(queue, ("shared", one("shared")))
    third = Visitor(queue, ("shared", Held("never")))
    second.leave()
    assert third.place().position == 1
    held.let_go.set()
    assert third.waited() == "shared"
    assert second.outcomes == {}


def test_a_visitor_who_was_cut_off_finds_their_work_and_their_place():
    queue = Queue(1, 5, grace_s=LONG)
    first, held = first_in(queue)
    second = Visitor(queue, ("second", one("second")))
    third = Visitor(queue, ("third", one("third")))
    first.leave(comes_back=True)
    second.leave(comes_back=True)
    assert queue.length == 3
    first.want(("first", Held("never")))
    second.want(("second", Held("never")))
    assert (second.place().position, third.place().position) == (1, 2)
    held.let_go.set()
    assert [visitor.waited() for visitor in (first, second, third)] == ["first", "second", "third"]
    assert held.runs == 1


def test_work_in_line_is_given_up_with_its_visitor():
    queue = Queue(1, 1, grace_s=LONG)
    first, held = first_in(queue)
    ran = []
    second = Visitor(queue, ("second", ran.append))
    second.leave()
    third = Visitor(queue, ("third", one("third")))  # there is a place for it again
    assert third.place().position == 1
    held.let_go.set()
    assert third.waited() == "third"
    assert first.waited() == "first"
    assert ran == []
    until(lambda: queue.length == 0)


def test_running_work_is_given_up_at_its_next_report():
    queue = Queue(1, 0, grace_s=LONG)
    first, _ = first_in(queue)
    first.leave()  # never let go: only being given up ends it
    until(lambda: queue.length == 0)
    assert Visitor(queue, ("second", one("second"))).waited() == "second"
    assert first.outcomes == {}


def test_a_visitor_who_never_comes_back_is_waited_for_a_while_only():
    queue = Queue(1, 1, grace_s=10 * LOOK)
    first, _ = first_in(queue)
    second = Visitor(queue, ("second", Held("never")))
    for visitor in (first, second):
        visitor.leave(comes_back=True)
    assert queue.length == 2
    until(lambda: queue.length == 0)


# In the background


def test_the_background_waits_until_nobody_waits_for_anything_else():
    queue = Queue(1, 5)
    _, held = first_in(queue)
    order = []
    later = Visitor(queue, ("later", lambda report: order.append("later")), background=True)
    second = Visitor(queue, ("second", lambda report: order.append("second")))
    assert [visitor.place().position for visitor in (second, later)] == [1, 2]
    held.let_go.set()
    later.waited()
    second.waited()
    assert order == ["second", "later"]


def test_the_background_makes_room_and_begins_anew():
    queue = Queue(1, 0)
    later, held = first_in(queue, background=True)
    assert Visitor(queue, ("a", one("a"))).waited() == "a"
    until(lambda: held.runs == 2)
    held.let_go.set()
    assert later.waited() == "first"


def test_the_background_has_one_place_of_all_and_none_beside_the_visitors_own_work():
    queue = Queue(2, 5)
    own, held = Held("own"), Held("held")
    visitor = Visitor(queue, ("own", own))
    keys = count()
    tasks = [visitor.task("own", own, False), visitor.task("later", held, True)]
    queue.want(visitor, tasks)
    assert own.begun.wait(LONG)
    others = [Held(n) for n in range(2)]
    others_visits = [Visitor(queue, (next(keys), work), background=True) for work in others]
    assert others[0].begun.wait(LONG)
    assert not any(work.begun.is_set() for work in (held, others[1]))
    own.let_go.set()
    assert visitor.waited("own") == "own"
    assert not any(work.begun.is_set() for work in (held, others[1]))
    for work in (*others, held):
        work.let_go.set()
    assert [each.waited() for each in others_visits] == [0, 1]
    assert visitor.waited("later") == "held"


def test_what_somebody_waits_for_is_no_background_any_more():
    queue = Queue(1, 0)
    later, held = first_in(queue, background=True)
    now = Visitor(queue, ("first", Held("never")))
    with pytest.raises(BusyError):
        Visitor(queue, ("other", one("other")))
    held.let_go.set()
    assert (now.waited(), later.waited()) == ("first", "first")
    assert held.runs == 1


# Results


class Kept:
    """A result that somebody may hold."""


def test_a_result_is_given_again_while_somebody_keeps_it_and_never_by_the_queue():
    queue = Queue(1, 0)
    made = []

    def work(report):
        made.append(1)
        return Kept()

    first, again = Visitor(queue, ("a", work)), Visitor(queue)
    result = first.waited()
    assert queue.holds("a")
    again.want(("a", work))
    assert again.waited() is result
    assert made == [1]
    gone = weakref.ref(result)
    del result
    first.outcomes.clear()
    again.outcomes.clear()
    gc.collect()
    assert gone() is None
    assert not queue.holds("a")
    assert isinstance(Visitor(queue, ("a", work)).waited(), Kept)
    assert made == [1, 1]


def test_an_error_is_for_all_who_waited_and_for_nobody_later():
    queue = Queue(1, 0)
    held = Held()

    def fails(report):
        held(report)
        raise ValueError("torn")

    several = [Visitor(queue, ("a", fails)) for _ in range(3)]
    held.let_go.set()
    assert [str(visitor.waited()) for visitor in several] == ["torn"] * 3
    assert Visitor(queue, ("a", one(7))).waited() == 7


def test_of_many_who_come_and_leave_nobody_is_lost_and_nothing_done_twice():
    queue = Queue(2, 100, grace_s=LONG)
    chance = random.Random(5)
    runs = Counter()

    def work_for(key):
        def work(report):
            runs[key] += 1
            for step in range(3):
                report("network", step / 3)
                threading.Event().wait(LOOK / 4)
            return Kept()

        return key, work

    def come():
        return Visitor(queue, *map(work_for, chance.sample(range(20), 4)))

    visitors = [come() for _ in range(60)]
    gone = chance.sample(visitors, 30)
    for visitor in gone:
        comes_back = chance.random() < 0.7
        visitor.leave(comes_back=comes_back)
        if comes_back:
            visitor.want(*map(work_for, visitor.keys))
            gone = [each for each in gone if each is not visitor]
    results = {key: set() for key in range(20)}
    for visitor in visitors:
        if visitor not in gone:
            for key in visitor.keys:
                results[key].add(visitor.waited(key))
    for key, those in results.items():
        assert all(type(result) is Kept for result in those)
        assert len(those) <= 1
        assert len(those) <= runs[key]
    until(lambda: queue.length == 0)


@pytest.mark.parametrize("value", ["many", "-1", "0", "1.5", "9" * 40, "1e3", "\u00b2"])
def test_a_limit_that_is_none_is_refused_in_one_sentence(value):
    with pytest.raises(SettingsError, match=r"SEMSEG_CONCURRENT is .* whole number from 1 to"):
        Limits.from_environment({"SEMSEG_CONCURRENT": value})


def test_limits_come_from_the_environment():
    given = {"SEMSEG_CONCURRENT": " 3 ", "SEMSEG_QUEUE_LENGTH": "0", "SEMSEG_THREADS": "", "A": "b"}
    assert Limits.from_environment(given) == Limits(concurrent=3, queue_length=0)
    assert Limits.from_environment({}) == Limits()
