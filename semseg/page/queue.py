"""One line for all visitors: so many analyses at once, the others first come, first served.

An analysis runs in a thread of the queue, not in that of the visitor, who only watches it. So a
visitor may press any control meanwhile: Streamlit runs the page again, which finds the same work
where it stands. Equal work of several visitors is done once. Work that nobody watches any longer
is given up: in line at once, running at its next report.

>>> queue = Queue(at_once=1, waiting=5)
>>> queue.result("sum", lambda report: 1 + 1, watch=print)
2
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from semseg.errors import SemsegError

__all__ = ["BusyError", "Queue", "Standing"]

Result = TypeVar("Result")
Report = Callable[[str, float], None]  # stage, share of it that is done

GRACE_S = 5.0  # how long work is kept for a visitor whose page is just being run again
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
    work: Callable[[Report], Any] | None
    watchers: int = 0
    left: float = 0.0  # when the last watcher went
    started: bool = False
    stage: str = ""
    fraction: float = 0.0
    result: Any = None
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Queue:
    """Runs work for many threads.

    Parameters
    ----------
    at_once : int
        Pieces of work that run at the same time.
    waiting : int
        Pieces that may wait besides; for one more, `result` raises `BusyError`.
    grace_s : float
        Seconds for which work that nobody watches is kept.
    """

    def __init__(self, at_once: int, waiting: int, grace_s: float = GRACE_S) -> None:
        self.at_once, self.waiting, self.grace_s = at_once, waiting, grace_s
        self._lock = threading.Lock()
        self._jobs: dict[Hashable, _Job] = {}  # in the order in which they came
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="semseg-analysis")

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
            What the work depends on: equal keys, equal work, which is then done once.
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
        job = self._join(key, work)
        try:
            while not job.done.wait(look_s):
                watch(self._standing(job))
        finally:
            self._leave(job)
        if job.error is not None:
            raise job.error
        return job.result

    @property
    def length(self) -> int:
        """How many pieces of work are waiting or running, or kept for somebody."""
        with self._lock:
            self._forget()
            return len(self._jobs)

    def _join(self, key: Hashable, work: Callable[[Report], Any]) -> _Job:
        with self._lock:
            self._forget()
            job = self._jobs.get(key)
            if job is None:
                # those given up still hold their place in the pool, but for no time
                if len(self._unfinished()) >= self.at_once + self.waiting:
                    raise BusyError(
                        "This server is busy and its line is full; try again in a minute."
                    )
                job = self._jobs[key] = _Job(key, work)
                self._pool.submit(self._run, job)
            job.watchers += 1
            return job

    def _leave(self, job: _Job) -> None:
        with self._lock:
            job.watchers -= 1
            job.left = time.monotonic()
            if job.done.is_set() and not job.watchers:
                self._remove(job)

    def _run(self, job: _Job) -> None:
        def report(stage: str, fraction: float) -> None:
            with self._lock:
                if not self._wanted(job):
                    self._remove(job)  # whoever comes now begins anew
                    raise _GivenUpError
                job.stage, job.fraction = stage, fraction

        try:
            report("", 0.0)
            job.started = True
            job.result = job.work(report)
        except BaseException as error:
            job.error = error
        finally:
            job.work = None  # and with it the picture
            job.done.set()

    def _standing(self, job: _Job) -> Standing:
        with self._lock:
            if job.started:
                return Standing(0, job.stage, job.fraction)
            line = [other for other in self._unfinished() if not other.started]
            return Standing(line.index(job) + 1 if job in line else 1)

    def _unfinished(self) -> list[_Job]:
        jobs = self._jobs.values()
        return [job for job in jobs if not job.done.is_set() and self._wanted(job)]

    def _wanted(self, job: _Job) -> bool:
        return job.watchers > 0 or time.monotonic() - job.left < self.grace_s

    def _forget(self) -> None:
        """Results that nobody came back for."""
        for job in list(self._jobs.values()):
            if job.done.is_set() and not self._wanted(job):
                self._remove(job)

    def _remove(self, job: _Job) -> None:
        if self._jobs.get(job.key) is job:
            del self._jobs[job.key]
