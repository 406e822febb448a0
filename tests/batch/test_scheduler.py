"""Workers behind an address, and their scheduler gone."""

from __future__ import annotations

import re
import socket

import pytest

from semseg.batch.cluster import workers
from semseg.errors import SettingsError
from tests.support.runs import batch, ended, finished, rows, started, tables, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def inputs(draw, tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    for number in range(6):
        draw((150, 200), 36.0, seed=number).write(folder / f"p{number}.tif", pixel_size_nm=2.0)
    return folder


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_workers_behind_an_address_and_their_scheduler_gone(inputs, tmp_path):
    address = f"tcp://127.0.0.1:{free_port()}"
    run = tmp_path / "run"
    words = (inputs, "--output", run, "--scheduler", address)
    at = ("--host", "127.0.0.1", "--port", address.rpartition(":")[2], "--no-dashboard")
    worker = ("-m", "dask", "worker", address, "--nthreads", "1", "--no-dashboard")
    with started("-m", "dask", "scheduler", *at) as scheduler, started(*worker):
        with batch(*words) as process:
            until(lambda: rows(run), "a picture is done")
            scheduler.kill()
            _, err = ended(process)
        done = len({row["address"] for row in rows(run)})
        assert process.returncode == 1
        assert re.search(rf"The scheduler at {address} is gone\. What is done is kept", err)
    assert 1 <= done < 6
    with started("-m", "dask", "scheduler", *at), started(*worker):
        status, out, err = finished(*words)
        other = tmp_path / "other"
        assert finished(inputs, "--output", other, "--scheduler", address)[0] == 0
    assert status == 0, err
    assert tables(run) == tables(other)  # as of a run that nothing happened to
    assert f"{6 - done} pictures to measure; {done} are done" in out
    assert len(rows(run)) == 6


def test_nobody_at_the_address_is_said(monkeypatch):
    monkeypatch.setattr("semseg.batch.cluster.CONNECT_SECONDS", "1s")
    address = f"tcp://127.0.0.1:{free_port()}"
    with (
        pytest.raises(SettingsError, match="No scheduler answers at tcp://127"),
        workers(address, 1),
    ):
        pass
