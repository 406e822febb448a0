"""A run: what is done already is left alone, the rest is shared out and written down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from semseg.batch.by_hand import digests, is_edited
from semseg.batch.cluster import Crew, KilledWorkersError
from semseg.batch.jobs import EDITION, Job
from semseg.batch.ledger import Ledger
from semseg.batch.results import ROW, Row
from semseg.batch.run import RunFolder
from semseg.batch.worker import failed, measure
from semseg.errors import ModelError, OutputError, sentence

__all__ = ["Plan", "Tally", "note_samples", "plan", "run_all", "settled"]

LOOK_SECONDS = 2.0  # between two looks for new files
LOOK_SHARE = 9.0  # so many times longer than a look takes, at least

Told = Callable[[Job, Row], None]


@dataclass(frozen=True)
class Plan:
    """What is to be done, and what was.

    Attributes
    ----------
    todo, done, failed : tuple of Job
        The last were tried before, and are not tried again unless that is asked for.
    edited : tuple of Job
        Of those that are not to be done, those on which a person decided something since.
    """

    todo: tuple[Job, ...]
    done: tuple[Job, ...]
    failed: tuple[Job, ...]
    edited: tuple[Job, ...] = ()


@dataclass
class Tally:
    """What became of the pictures of this command, by state."""

    states: dict[str, int] = field(default_factory=dict)
    unread: int = 0

    def count(self, row: Row) -> None:
        """Take in a row."""
        self.states[row["state"]] = self.states.get(row["state"], 0) + 1
        self.unread += bool(row.get("unread"))


def plan(
    jobs: Iterable[Job],
    folder: RunFolder,
    ledger: Ledger,
    *,
    retry: bool = False,
    retry_edited: bool = False,
) -> Plan:
    """What of these jobs is to be done; with `retry` those that failed, too, with `retry_edited`
    those on which a person decided something since."""
    todo: list[Job] = []
    done: list[Job] = []
    failed_before: list[Job] = []
    edited: list[Job] = []
    decided = digests(folder.path)
    for job in jobs:
        row = ledger.rows.get(job.picture.address)
        known = row is not None and (row["stamp"], row["recipe"]) == (
            job.picture.stamp,
            job.recipe,
        )
        changed = row is not None and is_edited(row, decided)
        if row is None or not known or (changed and retry_edited):
            todo.append(job)
            continue
        if changed and not (retry and row["state"] == "failed"):
            edited.append(job)
        if row["state"] == "failed":
            (todo if retry else failed_before).append(job)
        elif (folder.place(row["id"]) / ROW).exists():
            done.append(job)
        else:
            todo.append(job)
    return Plan(tuple(todo), tuple(done), tuple(failed_before), tuple(edited))


def run_all(
    jobs: Iterable[Job | None],
    folder: RunFolder,
    ledger: Ledger,
    crew: Crew,
    threads: int,
    tell: Told,
) -> None:
    """Measure these pictures, and write down what became of each; `tell` hears of it.
    None among them stands for none at present.

    Raises
    ------
    ModelError
        A worker's edition or model cannot be used.
    OutputError
        A disk refuses. Whatever is raised: what is done is kept, and the same command goes on.
    """
    work = partial(measure, run=str(folder.path), threads=threads, edition=EDITION)
    for job, outcome in crew.each(work, jobs):
        if isinstance(outcome, ModelError | OutputError):
            raise outcome
        if isinstance(outcome, KilledWorkersError):
            row = failed(job, str(outcome))
        elif isinstance(outcome, BaseException):
            row = failed(job, sentence(outcome))
        else:
            row = outcome
        ledger.add(entry(job, row))
        tell(job, row)


def note_samples(jobs: Sequence[Job], ledger: Ledger) -> None:
    """Write down where a picture that is done belongs to another sample now."""
    for job in jobs:
        row = ledger.rows[job.picture.address]
        if row["sample"] != job.sample:
            ledger.add({**row, "sample": job.sample})


def entry(job: Job, row: Row) -> Row:
    """A line of the ledger: which picture, how, and what became of it."""
    return {
        "address": job.picture.address,
        "name": job.picture.name,
        "sample": job.sample,
        "stamp": job.picture.stamp,
        "recipe": job.recipe,
        **({"sidecar": job.picture.sidecar} if job.picture.sidecar else {}),
        **row,
    }


def settled(
    look: Callable[[], Sequence[Job]], clock: Callable[[], float] = time.monotonic
) -> Iterator[Job | None]:
    """Jobs as their files come, for ever: each once its file has stood still between two looks, and
    None where there is none at present.

    Parameters
    ----------
    look : callable
        All jobs there are now.
    clock : callable, optional
        Seconds; two looks are `LOOK_SECONDS` apart, or longer where a look takes long.
    """
    seen: dict[str, str] = {}
    given: dict[str, str] = {}
    due = clock()
    while True:
        if clock() >= due:
            began = clock()
            for job in look():
                address, stamp = job.picture.address, job.picture.stamp
                before, seen[address] = seen.get(address), stamp
                if before == stamp and given.get(address) != stamp:
                    given[address] = stamp
                    yield job
            due = max(began + LOOK_SECONDS, clock() + LOOK_SHARE * (clock() - began))
        yield None
