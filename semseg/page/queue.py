"""One line for all visitors: so many analyses at once, the others first come, first served.

An analysis runs in a thread of the queue, not in that of the visitor, who only watches it. So a
visitor may press any control meanwhile: Streamlit runs the page again, which finds the same work
where it stands. Equal work of several visitors is done once, as long as one of them keeps its
result. Work that nobody watches any longer is given up: in line at once, running at its next
report.

>>> queue = Queue(at_once=1, waiting=5)
>>> queue.result("sum", lambda report: 1 + 1, watch=print)
2
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from streamlit.runtime.scriptrunner import RerunException

from semseg.errors import SemsegError

__all__ = ["BusyError", "Queue", "Standing"]

Result = TypeVar("Result")
Report = Callable[[str, float], None]  # stage, share of it that is done

GRACE_S = 10.0  # how long work is kept for a visitor whose page is just being run again
LOOK_S = 0.2  # how often a visitor looks


class BusyError(SemsegError):
    """The line is full."""


class _GivenUpError(Exception):
    """Nobody waits for this work any longer."""


@dataclass(frozen=True)
class Standing:
    """Where a piece of work is: its place in line, 1 being the next, or 0 when it runs; then the
    stage that it reported last, and the share of that stage that is done."""

    position: int
    stage: str = ""
    fraction: float = 0.0


@dataclass(eq=False)
class _Job:
    key: Hashable
    work: Callable[[Report], Any]
    watchers: int = 0
    kept_until: float = 0.0  # for visitors who are about to come back
    started: bool = False
    stage: str = ""
    fraction: float = 0.0
    result: Any = None
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def wanted(self) -> bool:
        return self.watchers > 0 or time.monotonic() < self.kept_until


def _done(report: Report) -> None:
    """In the place of work that is done."""


class Queue:
    """Runs work for many threads.

    Parameters
    ----------
    at_once : int
        Pieces of work that run at the same time.
    waiting : int
        Pieces that may wait besides; for one more, `result` raises `BusyError`.
    grace_s : float
        Seconds for which work is kept for a visitor whose page is run again. One who left for
        good (Streamlit stops the page's script) is not waited for.
    """

    def __init__(self, at_once: int, waiting: int, grace_s: float = GRACE_S) -> None:
        self.at_once, self.waiting, self.grace_s = at_once, waiting, grace_s
        self._changed = threading.Condition()
        self._jobs: dict[Hashable, _Job] = {}  # in the order in which they came
        self._known: WeakValueDictionary[Hashable, Any] = WeakValueDictionary()
        self._workers = 0

    def result(
        self,
        key: Hashable,
        work: Callable[[Report], Result],
        watch: Callable[[Standing], None],
        look_s: float = LOOK_S,
    ) -> Result:
        """The result of `work`, once its turn has come.

        Parameters
        ----------
        key : hashable
            What the work depends on: equal keys, equal work, which is then done once. A result
            that can be referred to weakly is given again while anybody keeps it.
        work : callable
            Gets a function to report stage and share done (0..1) to.
        watch : callable
            Told how things stand, every `look_s` seconds; what it raises ends the waiting.

        Raises
        ------
        BusyError
            The line is full; one sentence.
        Exception
            Whatever `work` raised.
        """
        known: Result | None = self._take(key)
        if known is not None:
            return known
        job = self._join(key, work)
        comes_back = False
        try:
            while not job.done.wait(look_s):
                watch(self._standing(job))
        except RerunException:
            comes_back = True
            raise
        finally:
            self._leave(job, comes_back)
        if job.error is not None:
            raise job.error
        result: Result = job.result
        return result

    def holds(self, key: Hashable) -> bool:
        """Whether this work needs not be begun: it is known, in line or running."""
        with self._changed:
            self._forget()
            return key in self._jobs or key in self._known

    @property
    def length(self) -> int:
        """How many pieces of work are waiting or running, or kept for somebody."""
        with self._changed:
            self._forget()
            return len(self._jobs)

    def _take(self, key: Hashable) -> Any:
        """A result that somebody keeps, who from now on keeps it for the queue, too."""
        with self._changed:
            known, job = self._known.get(key), self._jobs.get(key)
            if known is not None and job is not None and job.done.is_set():
                self._remove(job)
            return known

    def _join(self, key: Hashable, work: Callable[[Report], Any]) -> _Job:
        with self._changed:
            self._forget()
            job = self._jobs.get(key)
            if job is None:
                unfinished = sum(not other.done.is_set() for other in self._jobs.values())
                if unfinished >= self.at_once + self.waiting:
                    raise BusyError(
                        "This server is busy and its line is full; try again in a minute."
                    )
                job = _Job(key, work)
                if self._workers < self.at_once:
                    threading.Thread(target=self._serve, name="analysis", daemon=True).start()
                    self._workers += 1
                self._jobs[key] = job
                self._changed.notify_all()
            job.watchers += 1
            return job

    def _leave(self, job: _Job, comes_back: bool) -> None:
        with self._changed:
            job.watchers -= 1
            if comes_back:
                job.kept_until = time.monotonic() + self.grace_s
            elif job.done.is_set():
                job.kept_until = 0.0  # whoever was to come back can do with what is known
            self._forget()

    def _serve(self) -> None:
        """Do what is in line, and end when there is nothing."""
        while (job := self._next()) is not None:
            self._run(job)

    def _next(self) -> _Job | None:
        with self._changed:
            while True:
                self._forget()
                for job in self._jobs.values():
                    if not job.started:
                        job.started = True
                        return job
                done = [job for job in self._jobs.values() if job.done.is_set()]
                kept = [job.kept_until for job in done if not job.watchers]
                if not kept:
                    self._workers -= 1
                    return None
                # stay, lest a result for somebody who never came back be kept for good
                self._changed.wait(max(min(kept) - time.monotonic(), 0.01))

    def _run(self, job: _Job) -> None:
        def report(stage: str, fraction: float) -> None:
            with self._changed:
                if not job.wanted:
                    self._remove(job)  # whoever comes now begins anew
                    raise _GivenUpError
                job.stage, job.fraction = stage, fraction

        try:
            result = job.work(report)
            with suppress(TypeError):  # plain numbers and the like cannot be referred to weakly
                self._known[job.key] = result
            job.result = result
        except BaseException as error:
            job.error = error
        finally:
            job.work = _done  # lets go of the picture
            job.done.set()

    def _standing(self, job: _Job) -> Standing:
        with self._changed:
            self._forget()
            if job.started:
                return Standing(0, job.stage, job.fraction)
            line = [other for other in self._jobs.values() if not other.started]
            return Standing(line.index(job) + 1)

    def _forget(self) -> None:
        """Give up what nobody wants; running work ends itself."""
        for job in list(self._jobs.values()):
            if not job.wanted and (job.done.is_set() or not job.started):
                self._remove(job)

    def _remove(self, job: _Job) -> None:
        if self._jobs.get(job.key) is job:
            del self._jobs[job.key]
