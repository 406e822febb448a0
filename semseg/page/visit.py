"""What one visitor has under way: asked for by each run of the page, done in the queue's threads.

    visit.begin()                       # a run of the whole page begins
    visit.ask(wish)                     # as often as it likes; fragments ask, too
    visit.settle()                      # it is over: what it did not ask for is given up
    visit.standing(wish.key)            # later, as often as it likes

A wish that comes true puts its result where the page looks for it (`Wish.keep`), whether the page
looks or not; one that fails leaves its error in `problems` until it is not asked for any more.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Container, Hashable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from semseg.errors import SemsegError
from semseg.page import stages
from semseg.page.pace import Done, Left, seconds_left
from semseg.page.queue import BusyError, Queue, Report, Standing, Task

__all__ = ["Visit", "Wish", "log"]

MINUTE = 60.0
# of a visitor's analyses in a minute, those that may be for work in the background
BACKGROUND_SHARE = 0.5
REMEMBERED = 50  # pieces of work that the pace is taken from


@dataclass(frozen=True, eq=False)
class Wish:
    """Work that the page wants done.

    Attributes
    ----------
    key : hashable
        What the work depends on, as in `semseg.page.queue.Task`.
    title : str
        What it is, for whoever waits; empty for what nobody waits for.
    work : callable
    keep : callable
        Takes the result.
    recorded_px : int
        Pixels of the picture as it was recorded.
    factor : float or None
        The rescale factor, where it is known before.
    network_px : callable
        How many pixels the network saw, asked of the result.
    background : bool
    """

    key: Hashable
    title: str
    work: Callable[[Report], Any]
    keep: Callable[[Any], None]
    recorded_px: int = 0
    factor: float | None = None
    network_px: Callable[[Any], int] = lambda result: 0
    background: bool = False


class Visit:
    """One visitor before the queue. Results come in the queue's threads, all else from the page.

    Parameters
    ----------
    queue : Queue
    per_minute : int
        Pieces of work that may be begun in a minute; 0: any number.
    """

    def __init__(self, queue: Queue, per_minute: int = 0) -> None:
        self.queue, self.per_minute = queue, per_minute
        self.problems: dict[Hashable, BaseException] = {}
        self.delivered: set[Hashable] = set()
        self.answers = 0  # results and errors that came so far
        self.seen = 0  # of those, what the page knew when it last looked
        self.in_run = False  # whether the page is between `begin` and `settle`
        self.watched = False  # whether the page looks for answers
        self.busy: BusyError | None = None
        self.pace: deque[Done] = deque(maxlen=REMEMBERED)
        self._wishes: dict[Hashable, Wish] = {}
        self._asked: dict[Hashable, Wish] = {}
        self._begun: deque[float] = deque()
        self._left = False
        self._handing = False  # what comes now was known before
        self._since = 0.0  # when what runs now began, about
        self._answered = threading.Condition()

    def begin(self) -> None:
        """A run of the page begins, which asks for all that it wants."""
        self._left, self.in_run = False, True
        self._asked = {}
        self.seen = self.answers

    def ask(self, *wishes: Wish) -> None:
        """Want these, after what was asked for before in this run."""
        if self._left:
            return
        if not self.under_way():
            self._since = monotonic()
        for wish in wishes:
            self._asked[wish.key] = wish
        rest = {key: wish for key, wish in self._wishes.items() if key not in self._asked}
        self._wishes = {**self._asked, **rest}
        self.go_on()

    def settle(self) -> None:
        """The run is over: give up what it did not ask for, and forget why that failed."""
        self.in_run = False
        if self._left:
            return
        self._wishes = dict(self._asked)
        for key in set(self.problems) - set(self._asked):
            del self.problems[key]
        self.go_on()

    def go_on(self) -> None:
        """Hand to the queue what may begin by now."""
        with self.queue.lock:  # lest what is answered meanwhile be done again
            tasks, fresh = [], []
            for wish in self._wishes.values():
                if self._is_answered(wish.key):
                    continue
                if not self.queue.holds(wish.key):
                    if self.rest(background=wish.background) > 0:
                        continue
                    self._begun.append(monotonic())
                    fresh.append(wish.key)
                tasks.append(self._task(wish))
            self.busy, self._handing = None, True
            try:
                self.queue.want(self, tasks)
            except BusyError as busy:
                self.busy = busy
                for key in fresh:
                    if not self.queue.holds(key) and self._begun:
                        self._begun.pop()
            finally:
                self._handing = False

    def under_way(self, *, background: bool = False) -> list[Wish]:
        """What was asked for and is not there yet."""
        return [
            wish
            for key, wish in self._wishes.items()
            if wish.background == background and not self._is_answered(key)
        ]

    def standing(self, key: Hashable) -> Standing | None:
        """How this work stands; None where it is not begun, or no longer under way."""
        return self.queue.standing(key)

    def rest(self, *, background: bool = False) -> float:
        """Seconds until this visitor may begin another piece of work."""
        if not self.per_minute:
            return 0.0
        while self._begun and self._begun[0] + MINUTE <= monotonic():
            self._begun.popleft()
        most = self.per_minute
        if background:
            most = int(BACKGROUND_SHARE * most)
        if len(self._begun) < most:
            return 0.0
        return self._begun[-most] + MINUTE - monotonic() if most else MINUTE

    @property
    def left(self) -> bool:
        """Whether the connection was lost since the page last ran."""
        return self._left

    def seconds_left(self) -> float | None:
        """How long what the visitor waits for will take, by the pace so far; None: not known."""
        left = []
        for wish in self.under_way():
            stands = self.standing(wish.key)
            share = stages.share(stands) if stands else 0.0
            left.append(Left(wish.recorded_px, wish.factor, share))
        return seconds_left(list(self.pace), left, monotonic() - self._since)

    def wait(self, keys: Iterable[Hashable], seconds: float) -> None:
        """Until all of these are answered, at most so long."""
        wanted = [key for key in keys if key in self._wishes]
        with self._answered:
            self._answered.wait_for(lambda: all(map(self._is_answered, wanted)), seconds)

    def again_if_lost(self, key: Hashable, store: Container[Hashable], kept_as: Hashable) -> bool:
        """Whether a result came that is not kept any more; it is then wanted anew."""
        # in this order: what comes between the two is in the store by then
        lost = key in self.delivered and kept_as not in store
        if lost:
            self.delivered.discard(key)
        return lost

    def leave(self) -> None:
        """The connection is lost, perhaps for good; nothing is wanted until the page runs again."""
        self._left = True
        self._wishes, self._asked = {}, {}
        self.problems.clear()
        self.delivered.clear()
        self.queue.leave(self, comes_back=True)

    def _is_answered(self, key: Hashable) -> bool:
        return key in self.delivered or key in self.problems

    def _task(self, wish: Wish) -> Task:
        def deliver(result: Any) -> None:
            wish.keep(result)
            self.delivered.add(wish.key)
            now = monotonic()
            if not (wish.background or self._handing):
                taken = wish.recorded_px, wish.network_px(result)
                self.pace.append(Done(*taken, now - self._since))
            self._answer(now)

        def fail(error: BaseException) -> None:
            log(error, wish.title or str(wish.key))
            self.problems[wish.key] = error.with_traceback(None)  # it holds the picture
            self._answer(monotonic())

        return Task(wish.key, wish.work, deliver, fail, wish.background)

    def _answer(self, now: float) -> None:
        self._since = now
        with self._answered:
            self.answers += 1
            self._answered.notify_all()


def log(error: BaseException, name: str) -> None:
    """Tell whoever runs the server of a fault; errors of files are the visitor's alone."""
    if not isinstance(error, SemsegError | MemoryError):
        logging.getLogger(__name__).error("%s could not be analysed", name, exc_info=error)
