"""What is killed goes on, and nothing of it shows in what comes out."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from contextlib import suppress

import pytest

from tests.support.command import FIXED
from tests.support.runs import (
    batch,
    ended,
    finished,
    rows,
    started,
    tables,
    until,
    workers_of,
)

pytestmark = pytest.mark.slow
COUNT = 10
KILLS = """
import os, signal
import semseg.batch.worker as worker
read = worker.read_bytes
def deadly(picture):
    if picture.name == "poison.tif":
        os.kill(os.getpid(), signal.SIGKILL)
    return read(picture)
worker.read_bytes = deadly
"""


@pytest.fixture(scope="module")
def inputs(draw, tmp_path_factory):
    """Ten pictures, one of which has no scale."""
    folder = tmp_path_factory.mktemp("inputs")
    for number in range(COUNT):
        size = 2.0 if number else None
        draw((150, 200), 36.0, seed=number).write(folder / f"p{number}.tif", pixel_size_nm=size)
    return folder


@pytest.fixture(scope="module")
def unhurt(inputs, tmp_path_factory):
    """The run that nobody disturbed."""
    run = tmp_path_factory.mktemp("unhurt") / "run"
    status, out, err = finished(inputs, "--output", run, "--jobs", "2")
    assert status == 0, err
    assert f"{COUNT - 1} done, 1 no scale" in out
    return run


def lasting(run):
    """What must be the same whatever happened: rows without times, and all tables."""
    last = {row["address"]: row for row in rows(run)}
    kept = {
        address: {name: row[name] for name in row if name not in ("seconds", "worker")}
        for address, row in sorted(last.items())
    }
    parts = {path.parent.name: path.read_bytes() for path in run.rglob("particles.parquet")}
    return kept, parts, tables(run)


def test_a_worker_that_is_killed_costs_nothing(inputs, unhurt, tmp_path):
    run = tmp_path / "run"
    with batch(inputs, "--output", run, "--jobs", "2") as process:
        until(lambda: rows(run), "a picture is done")
        with suppress(ProcessLookupError):
            os.kill(workers_of(process)[0], signal.SIGKILL)
        _, err = ended(process)
    assert process.returncode == 0, err
    assert lasting(run) == lasting(unhurt)


def test_a_run_that_is_killed_goes_on_where_it_was(inputs, unhurt, tmp_path):
    run = tmp_path / "run"
    with batch(inputs, "--output", run, "--jobs", "2") as process:
        until(lambda: len(rows(run)) > 1, "two pictures are done")
        process.kill()
    before = {row["address"]: row for row in rows(run)}
    # as a power cut would leave it
    with (run / "ledger.jsonl").open("ab") as ledger:
        ledger.write(b'{"address": "/torn')
    status, out, err = finished(inputs, "--output", run, "--jobs", "2")
    assert status == 0, err
    assert f"{COUNT - len(before)} pictures to measure; {len(before)} are done" in out
    assert "1 lines of the ledger are not whole" in err
    assert [row for row in rows(run) if row["address"] in before] == list(before.values())
    assert lasting(run) == lasting(unhurt)


def test_a_disk_that_is_full_ends_a_run_that_goes_on_when_there_is_space(inputs, unhurt, tmp_path):
    run = tmp_path / "run"
    words = shlex.join(map(str, (inputs, "--output", run, "--jobs", "2", *FIXED)))
    # no file may become larger than this: the same refusal, for a run alone
    line = f"ulimit -f 16; exec {shlex.quote(sys.executable)} -m semseg batch {words}"
    with started("-c", f"import os; os.execvp('bash', ['bash', '-c', {line!r}])") as process:
        out, err = ended(process)
    assert process.returncode == 1, err
    assert "could not be written (File too large)" in err
    assert "Traceback" not in err
    assert "0 done." in out
    assert list(run.rglob(".part-*")) == []
    status, _, err = finished(inputs, "--output", run, "--jobs", "2")
    assert status == 0, err
    assert lasting(run) == lasting(unhurt)


def test_a_picture_that_kills_its_workers_is_named_and_stops_nothing(inputs, unhurt, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(KILLS)
    (tmp_path / "poison.tif").write_bytes((inputs / "p1.tif").read_bytes())
    python = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '.')}"
    run = tmp_path / "run"
    words = (tmp_path / "poison.tif", inputs / "p2.tif", inputs / "p3.tif")
    with batch(*words, "--output", run, "--jobs", "2", PYTHONPATH=python) as process:
        out, err = ended(process)
    assert process.returncode == 1
    assert "2 done, 1 failed" in out
    states = {row["name"]: row for row in rows(run)}
    assert states["p2.tif"]["state"] == states["p3.tif"]["state"] == "done"
    assert states["poison.tif"]["sentence"].startswith("3 processes in a row ended")
    assert "poison.tif: 3 processes in a row ended" in err
