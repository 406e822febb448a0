"""Who works: what is lost with a worker comes all the same, and none is blamed for another."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from semseg.batch.cluster import KilledWorkersError, workers
from tests.support.runs import until

pytestmark = [
    pytest.mark.slow,
    # their clusters live in the process of the tests; once both failed at the end of a long run
    pytest.mark.skipif("PYTEST_XDIST_WORKER" in os.environ, reason="run with -n 0"),
]


def noted(number: int, folder: str) -> int:
    """A task that leaves a file with its process behind."""
    (Path(folder) / f"{number}.{time.monotonic_ns()}").write_text(str(os.getpid()))
    return number


def deadly(number: int, folder: str) -> int:
    """Task 0 ends its worker."""
    noted(number, folder)
    if number == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_results_that_are_lost_with_their_worker_come_all_the_same(tmp_path):
    with workers(None, 1) as crew:
        coming = crew.each(lambda number: noted(number, str(tmp_path)), range(4))
        outcomes = [next(coming)]  # nobody fetches the others meanwhile
        states = crew._client.futures
        until(
            lambda: [each.status for each in [*states.values()]] == ["finished"] * 3,
            "the others are done",
        )
        futures = [*states.values()]
        [pid] = {int(path.read_text()) for path in tmp_path.iterdir()}
        os.kill(pid, signal.SIGKILL)
        until(lambda: any(each.status != "finished" for each in futures), "results are lost")
        outcomes += coming
    assert sorted(outcomes) == [(number, number) for number in range(4)]
    assert len(list(tmp_path.iterdir())) > 4  # some were done again


def test_of_all_that_wait_at_a_worker_the_one_that_kills_it_is_named(tmp_path):
    with workers(None, 1) as crew:
        outcomes = dict(crew.each(lambda number: deadly(number, str(tmp_path)), range(4)))
    assert {number: outcomes[number] for number in (1, 2, 3)} == {1: 1, 2: 2, 3: 3}
    assert isinstance(outcomes[0], KilledWorkersError)
    assert str(outcomes[0]).startswith("3 processes in a row ended")
    assert len(list(tmp_path.glob("0.*"))) == 3
