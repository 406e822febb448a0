"""One line for all visitors: so many analyses at once, and visitors take turns.

An analysis runs in a thread of the queue, never in that of a visitor, who says what is wanted and
goes on. A visitor with twenty pictures has one place in line: one of them runs at a time, and
whoever came meanwhile is next. Equal work of several visitors is done once, as long as one of them
keeps its result. Work that nobody wants any longer is given up: in line at once, running at its
next report. What is done in the background waits until nobody waits for anything else, and makes
room again when somebody comes.

>>> from queue import SimpleQueue
>>> queue, results = Queue(at_once=1, waiting=5), SimpleQueue()
>>> queue.want("me", [Task("sum", lambda report: 1 + 1, results.put, results.put)])
>>> results.get()
2
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any
from weakref import WeakSet, WeakValueDictionary

from semseg.errors import SemsegError

__all__ = ["BusyError", "Queue", "Report", "Standing", "Task"]

Report = Callable[[str, float], None]  # stage, share of it that is done

GRACE_S = 10.0  # how long work is kept for a visitor whose connection was lost
PATIENCE_S = 10.0  # the longest that the end of the process waits for running work


class BusyError(SemsegError):
    """The line is full."""


class _GivenUpError(BaseException):
    """Nobody wants this work any longer; no error that work may catch."""


class _PutOffError(BaseException):
    """Work in the background makes room."""


@dataclass(frozen=True, eq=False)
class Task:
    """A piece of work that a visitor wants.

    Attributes
    ----------
    key : hashable
        What the work depends on: equal keys, equal work, which is then done once. A result that can
        be referred to weakly is given again while anybody keeps it.
    work : callable
        Gets a function to report stage and share done (0..1) to.
    deliver, fail : callable
        Told the result, or what `work` raised, in whatever thread that happens; short, and nothing
        that asks the queue.
    background : bool
        Whether it may wait until nobody waits for anything else.
    """

    key: Hashable
    work: Callable[[Report], Any]
    deliver: Callable[[Any], None]
    fail: Callable[[BaseException], None]
    background: bool = False


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
    owner: Hashable  # in whose turn it is done
    background: bool
    wanted_by: dict[Hashable, Task] = field(default_factory=dict)
    kept_until: float = 0.0  # for an owner who is about to come back
    started: bool = False
    stage: str = ""
    fraction: float = 0.0

    @property
    def wanted(self) -> bool:
        return bool(self.wanted_by) or time.monotonic() < self.kept_until


class Queue:
    """Runs the work of many visitors, who may be anything that can be a key.

    Parameters
    ----------
    at_once : int
        Pieces of work that run at the same time.
    waiting : int
        Visitors who may wait besides; for one more, `want` raises `BusyError`.
    grace_s : float
        Seconds for which the work of a visitor is kept whose connection was lost.

    Attributes
    ----------
    lock : threading.RLock
        Nothing begins and nothing is delivered while it is held.
    """

    def __init__(self, at_once: int, waiting: int, grace_s: float = GRACE_S) -> None:
        self.at_once, self.waiting, self.grace_s = at_once, waiting, grace_s
        self.lock = threading.RLock()
        self._jobs: dict[Hashable, _Job] = {}
        self._known: WeakValueDictionary[Hashable, Any] = WeakValueDictionary()
        # by visitor, the one whose turn is next first: what each wants, the foremost first
        self._turns: dict[Hashable, list[Hashable]] = {}
        self._workers = 0
        self._threads: WeakSet[threading.Thread] = WeakSet()

    def want(self, visitor: Hashable, tasks: Sequence[Task]) -> None:
        """From now on `visitor` wants these, the foremost first, and nothing else.

        Raises
        ------
        BusyError
            The line is full; one sentence. What others do already is shared all the same.
        """
        with self.lock:
            self._forget()
            self._give_up(visitor, {task.key for task in tasks})
            self._turns[visitor] = [task.key for task in tasks]
            refused = False
            for task in tasks:
                known = self._known.get(task.key)
                if known is not None:
                    task.deliver(known)
                    continue
                job = self._jobs.get(task.key)
                if job is None:
                    if not (task.background or self._has_place(visitor)):
                        refused = True
                        continue
                    job = _Job(task.key, task.work, visitor, task.background)
                    self._jobs[task.key] = job
                job.wanted_by[visitor] = task
                if job.background and not task.background:
                    job.background, job.owner = False, visitor
            self._forget()
            self._staff()
        if refused:
            raise BusyError("This server is busy and its line is full; try again in a minute.")

    def leave(self, visitor: Hashable, *, comes_back: bool = False) -> None:
        """The visitor wants nothing any more; who may come back finds the work where it stands."""
        with self.lock:
            mine = [job for job in self._jobs.values() if job.owner == visitor]
            self._give_up(visitor, set())
            for job in mine if comes_back else ():
                job.kept_until = time.monotonic() + self.grace_s
            self._forget()
            self._staff()

    def end(self, patience_s: float = PATIENCE_S) -> None:
        """Give up all work and wait, so long at most, until what runs has heard of it.

        For the end of the process: one that ends amid the network's own threads is aborted.
        """
        with self.lock:
            for job in self._jobs.values():
                job.wanted_by.clear()
                job.kept_until = 0.0
            self._forget()
            running = list(self._threads)
        until = time.monotonic() + patience_s
        for thread in running:
            thread.join(max(0.0, until - time.monotonic()))

    def standing(self, key: Hashable) -> Standing | None:
        """How this work stands; None where it is neither in line nor running."""
        with self.lock:
            self._forget()
            job = self._jobs.get(key)
            if job is None:
                return None
            if job.started:
                return Standing(0, job.stage, job.fraction)
            return Standing(self._line().index(job) + 1)

    def holds(self, key: Hashable) -> bool:
        """Whether this work needs not be begun: it is known, in line or running."""
        with self.lock:
            self._forget()
            return key in self._jobs or key in self._known

    @property
    def length(self) -> int:
        """How many pieces of work are waiting or running, or kept for somebody."""
        with self.lock:
            self._forget()
            return len(self._jobs)

    # All below is called by whoever holds the lock

    def _has_place(self, visitor: Hashable) -> bool:
        """Whether a visitor stands in line, or may join it."""
        owners = {job.owner for job in self._jobs.values() if not job.background}
        return visitor in owners or len(owners) < self.at_once + self.waiting

    def _give_up(self, visitor: Hashable, but: set[Hashable]) -> None:
        """The visitor wants nothing but these; what others want goes on in the turn of one."""
        for job in self._jobs.values():
            if job.key in but:
                continue
            job.wanted_by.pop(visitor, None)
            if job.owner != visitor:
                continue
            job.kept_until = 0.0
            if job.wanted_by:
                job.owner = next(iter(job.wanted_by))
                job.background = all(task.background for task in job.wanted_by.values())

    def _forget(self) -> None:
        """Drop what nobody wants; running work ends itself."""
        for job in list(self._jobs.values()):
            if not job.wanted and not job.started:
                del self._jobs[job.key]
        owners = {job.owner for job in self._jobs.values()}
        for visitor in set(self._turns) - owners:
            if not any(visitor in job.wanted_by for job in self._jobs.values()):
                del self._turns[visitor]

    def _staff(self) -> None:
        """Threads enough for what may begin."""
        while self._workers < self.at_once and (job := self._foremost()) is not None:
            job.started = True
            self._workers += 1
            worker = threading.Thread(target=self._serve, args=(job,), name="analysis", daemon=True)
            self._threads.add(worker)
            worker.start()

    def _foremost(self) -> _Job | None:
        """What may begin now: of each visitor one at a time; in the background one of all."""
        running = [job for job in self._jobs.values() if job.started]
        busy = {job.owner for job in running if not job.background}
        for visitor in self._turns:
            if visitor not in busy and (mine := self._waiting_of(visitor)):
                return mine[0]
        if any(job.background for job in running):
            return None
        for visitor in self._turns:
            if visitor not in busy and (mine := self._waiting_of(visitor, background=True)):
                return mine[0]
        return None

    def _waiting_of(self, visitor: Hashable, *, background: bool = False) -> list[_Job]:
        """What waits for the turn of this visitor, the foremost first."""
        wanted = (self._jobs.get(key) for key in self._turns[visitor])
        return [
            job
            for job in wanted
            if job is not None
            and job.owner == visitor
            and job.background == background
            and not job.started
        ]

    def _line(self) -> list[_Job]:
        """What waits, in the order in which it begins if nobody comes or goes."""
        running = {job.owner for job in self._jobs.values() if job.started and not job.background}
        visitors = sorted(self._turns, key=lambda visitor: visitor in running)

        def rounds(background: bool) -> Iterator[_Job]:
            each = [self._waiting_of(visitor, background=background) for visitor in visitors]
            return (job for turn in zip_longest(*each) for job in turn if job is not None)

        return [*rounds(False), *rounds(True)]

    # The threads

    def _serve(self, job: _Job | None) -> None:
        """Do this and what else is in line, and end when there is nothing."""
        while job is not None:
            self._run(job)
            with self.lock:
                if job.owner in self._turns and not job.background:  # who came meanwhile is next
                    self._turns[job.owner] = self._turns.pop(job.owner)
                self._forget()
                job = self._foremost()
                if job is None:
                    self._workers -= 1
                else:
                    job.started = True
                    self._staff()

    def _run(self, job: _Job) -> None:
        def report(stage: str, fraction: float) -> None:
            with self.lock:
                if not job.wanted:
                    self._remove(job)  # whoever comes now begins anew
                    raise _GivenUpError
                if job.background and self._needs_room():
                    job.started, job.stage, job.fraction = False, "", 0.0
                    raise _PutOffError
                job.stage, job.fraction = stage, fraction

        result, error = None, None
        try:
            result = job.work(report)
        except (_GivenUpError, _PutOffError):
            return
        except BaseException as caught:
            error = caught
        with self.lock:
            self._remove(job)
            if error is None:
                with suppress(TypeError):  # plain numbers and the like have no weak references
                    self._known[job.key] = result
            for task in job.wanted_by.values():
                if error is None:
                    task.deliver(result)
                else:
                    task.fail(error)

    def _remove(self, job: _Job) -> None:
        if self._jobs.get(job.key) is job:
            del self._jobs[job.key]

    def _needs_room(self) -> bool:
        """Whether work waits that could begin if what is in the background did not run."""
        running = [job for job in self._jobs.values() if job.started]
        busy = {job.owner for job in running if not job.background}
        return len(running) >= self.at_once and any(
            self._waiting_of(visitor) for visitor in self._turns if visitor not in busy
        )
