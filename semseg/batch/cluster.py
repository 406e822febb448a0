"""Who works: Dask, with processes of its own on this computer or behind an address.

    with workers(None, jobs=2) as crew:
        for job, outcome in crew.each(work, jobs):
            ...

This module alone knows Dask. Tasks are handed out a few for each worker at a time, so that neither
memory nor start grow with their number; what comes back is small.
"""

from __future__ import annotations

import logging
import signal
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import resource_tracker
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

import dask
from distributed import Client, Future, LocalCluster
from distributed.scheduler import KilledWorker

from semseg.errors import SemsegError, SettingsError

__all__ = ["Crew", "KilledWorkersError", "LostSchedulerError", "workers"]

Item = TypeVar("Item")
Result = TypeVar("Result")
MAX_KILLED = 3  # workers that one picture may kill
LOOK_SECONDS = 0.5  # until items are asked again that gave nothing
AHEAD = 4  # tasks for each thread that are with the scheduler
LEAST_AHEAD = 16
CONNECT_SECONDS = "20s"

_QUIET = ("distributed", "distributed.worker", "distributed.nanny", "distributed.scheduler")
_OURS = {
    # a worker that ends is told at once: who is to blame is found out here
    "distributed.scheduler.allowed-failures": 0,
    # few tasks wait at a worker, so that few are under suspicion when it ends
    "distributed.scheduler.worker-saturation": 1.0,
    # a worker holds no results; one that pauses for its memory would pause for ever
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    # it keeps where the time of each second went, for an hour: some 0.7 MB a picture
    "distributed.worker.profile.enabled": False,
}


class KilledWorkersError(SemsegError):
    """A picture took the processes with it that worked on it, too often."""


class LostSchedulerError(SemsegError):
    """Whoever shares out the work is gone."""


@dataclass(frozen=True)
class _Given(Generic[Item]):
    """An item that is handed out.

    Attributes
    ----------
    killed : int
        Workers that ended while it was with them.
    alone : bool
        Nothing else is handed out beside it, so that it is to blame for what happens.
    """

    item: Item
    killed: int = 0
    alone: bool = False


class Crew:
    """Workers behind a client of Dask."""

    def __init__(self, client: Client, where: str) -> None:
        self._client = client
        self._where = where

    @property
    def dashboard(self) -> str:
        """Where Dask shows what it does; empty where Bokeh, which draws it, is not installed."""
        if find_spec("bokeh") is None:
            return ""
        return str(self._client.dashboard_link)

    def each(
        self, work: Callable[[Item], Result], items: Iterable[Item | None]
    ) -> Iterator[tuple[Item, Result | BaseException]]:
        """What `work` gives for each item, or the error it raised, as they come.

        An item whose worker ends is done again when nothing else is under way, so that none is
        taken for what another did.

        Parameters
        ----------
        work : callable
        items : iterable
            None stands for nothing at present: they are asked again later.

        Raises
        ------
        LostSchedulerError
            The scheduler is gone; what was done is done.
        """
        left = iter(items)
        more = True
        out: dict[object, tuple[_Given[Item], Future[Any]]] = {}
        suspects: deque[_Given[Item]] = deque()
        ready: SimpleQueue[Future[Any]] = SimpleQueue()

        def hand_out(given: _Given[Item]) -> None:
            key = f"picture-{uuid.uuid4().hex}"
            future = self._client.submit(work, given.item, key=key, pure=False)
            out[key] = given, future
            future.add_done_callback(ready.put)

        while True:
            room = self._ahead() - len(out)
            while more and room > 0 and not any(given.alone for given, _ in out.values()):
                try:
                    item = next(left)
                except StopIteration:
                    more = False
                    break
                if item is None:
                    break
                hand_out(_Given(item))
                room -= 1
            if suspects and not out:
                hand_out(suspects.popleft())
            if not out and not more:
                return
            try:
                future = ready.get(timeout=LOOK_SECONDS if more else None)
            except Empty:
                continue
            given, _ = out.pop(future.key)
            outcome = self._outcome(future)
            future.release()
            if isinstance(outcome, KilledWorker):
                killed = given.killed + outcome.allowed_failures + 1
                if killed < MAX_KILLED or not given.alone:
                    suspects.append(_Given(given.item, killed, alone=True))
                    continue
                outcome = KilledWorkersError(
                    f"{killed} processes in a row ended while they worked on this picture, "
                    "perhaps for want of memory; crop it, or choose a smaller rescale factor."
                )
            yield given.item, outcome

    def _outcome(self, future: Future[Any]) -> Any:
        """The result of work that ended, or the error that it raised. Where its worker ended before
        the result was fetched, it is worked on again and waited for."""
        try:
            return future.exception() if future.status == "error" else future.result()
        except Exception as error:
            if future.status == "error":  # when it was worked on again
                return error
            raise self._lost() from error

    def _lost(self) -> LostSchedulerError:
        return LostSchedulerError(
            f"The scheduler {self._where} is gone. What is done is kept: the same command goes on "
            "where it was."
        )

    def _ahead(self) -> int:
        if self._client.status == "closed":
            raise self._lost()
        threads = 0
        if self._client.status == "running":
            with suppress(OSError):  # a scheduler that is gone shows at what is handed out
                threads = sum(self._client.nthreads().values())
        return max(LEAST_AHEAD, AHEAD * threads)


@contextmanager
def workers(scheduler: str | None, jobs: int) -> Iterator[Crew]:
    """So many processes of this computer, or those of the scheduler at an address.

    Raises
    ------
    SettingsError
        Nobody answers there.
    """
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with dask.config.set(_OURS):
        if scheduler is not None:
            with _connected(scheduler) as client:
                yield Crew(client, f"at {scheduler}")
            return
        with _deaf_to_interrupts():
            cluster = LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
        with cluster, Client(cluster, set_as_default=False) as client:
            yield Crew(client, "of this run")


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Threads that begin within do not hear Ctrl-C, nor do the processes that they start, at any
    time: a terminal tells every process of it, but to end the run is the matter of this one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which would make the thread that starts it hear again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise SettingsError(
            f"No scheduler answers at {address}: start one with dask scheduler, and give its "
            "address as tcp://HOST:8786."
        ) from error
    try:
        yield client
    finally:
        with suppress(Exception):
            client.close()
