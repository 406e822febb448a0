"""Runs over many pictures, as others start them: in processes of their own, that may be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.command import FIXED
from tests.support.paths import ROOT

MAX_SECONDS = 240  # until something happens, on a machine that does much else


def environment(**more):
    fixed = {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "PYTHONFAULTHANDLER": "1"}
    return {**os.environ, **fixed, **more}


@contextmanager
def started(*words, **more) -> Iterator[subprocess.Popen]:
    """A process with a session of its own; it and those that it started are gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env=environment(**more),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def ended(process: subprocess.Popen, seconds: float = MAX_SECONDS) -> tuple[str, str]:
    """Stdout and stderr, once it has ended; where it does not, it tells where it stands."""
    try:
        return process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        status = process.poll()
        if status is None:
            process.send_signal(signal.SIGABRT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
        with suppress(ProcessLookupError):  # whoever else holds its output
            os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError(f"did not end (status {status}):\n{out}\n{err}") from None


def batch(*words, **more):
    """A run, begun."""
    return started("-m", "semseg", "batch", *words, *FIXED, **more)


def finished(*words, **more):
    """Status, stdout and stderr of a run."""
    with batch(*words, **more) as process:
        out, err = ended(process)
        return process.returncode, out, err


def until(true, what: str) -> None:
    """Wait for something to happen."""
    end = time.monotonic() + MAX_SECONDS
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.05)


def rows(run: Path) -> list[dict]:
    """The whole lines of a run's ledger."""
    path = run / "ledger.jsonl"
    found = []
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        with suppress(ValueError):
            found.append(json.loads(line))
    return found


def tables(run: Path) -> dict[str, bytes]:
    """What the pictures of a run make together, file by file."""
    found = [run / name for name in ("images.parquet", "pooled.csv", "index.html")]
    found += sorted((run / "particles").rglob("*.parquet"))
    return {str(path.relative_to(run)): path.read_bytes() for path in found}


def workers_of(process: subprocess.Popen) -> list[int]:
    """The processes that do the work of a run; not Python's own tracker of resources."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            words = (each / "cmdline").read_bytes().split(b"\0")
            if parent == process.pid and any(b"spawn_main" in word for word in words):
                found.append(int(each.name))
    return found
