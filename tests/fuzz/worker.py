"""A worker that may not take much, and how a hostile file ended in it.

The worker's address space may grow by 1.5 GB; a file that takes longer than 10 s ends it, and
counts as a fault. So does everything but a result or one printable sentence.
"""

import multiprocessing
import resource
import time
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from semseg.analysis import analyze
from semseg.errors import OutOfMemoryError, SemsegError
from semseg.export.files import written_files
from semseg.export.session import read_session
from semseg.inference.segmenter import Segmenter
from semseg.io.micrograph import read_micrograph
from semseg.scale.sidecar import read_sidecar
from semseg.settings import Settings

__all__ = ["LIMIT_BYTES", "LIMIT_S", "Ending", "Worker", "outcome"]

LIMIT_S, LIMIT_BYTES, MAX_TEXT = 10, 1_500_000_000, 400


class Ending(NamedTuple):
    """How a file ended: `result`, the name of a SemsegError, or `FAULT` and why."""

    found: str
    seconds: float
    peak_gb: float


@cache
def _segmenter() -> Segmenter:
    return Segmenter(provider="cpu", threads=1)


def outcome(kind: str, data: bytes) -> str:
    """Read a file of this kind (`hostile_files.seeds`); `result`, or why not, as in `Ending`."""
    try:
        match kind.split("-")[0]:
            case "picture":
                picture = read_micrograph(data, "picture.any")
                if not all(note.isprintable() and len(note) <= MAX_TEXT for note in picture.notes):
                    return "FAULT: a note"
            case "whole":
                written_files(analyze(data, Settings(), name="picture", segmenter=_segmenter()))
            case "sidecar":
                read_sidecar(data, "picture.txt", 1280, 960)
            case "settings":
                Settings.from_json(data.decode("utf-8", "replace"))
            case "session":
                read_session(data)
    except SemsegError as error:
        text = str(error)
        if not text.isprintable() or not 0 < len(text) <= MAX_TEXT:
            return f"FAULT: message of {type(error).__name__}"
        starved = isinstance(error.__cause__ or error.__context__, MemoryError)
        if starved and not isinstance(error, OutOfMemoryError):
            return f"FAULT: {type(error).__name__} for want of memory"
        return type(error).__name__
    except BaseException as error:
        return f"FAULT: {type(error).__name__}"
    return "result"


def _work(pipe: Connection) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + LIMIT_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    while True:
        found = outcome(*pipe.recv())
        pipe.send((found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6))


class Worker:
    """A process with little memory and little time; another one after each that it lost."""

    def __init__(self) -> None:
        self._process: multiprocessing.Process | None = None

    def ask(self, kind: str, data: bytes) -> Ending:
        """Have one file read."""
        if self._process is None:
            self._pipe, theirs = multiprocessing.Pipe()
            self._process = multiprocessing.Process(target=_work, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()
        start, peak = time.perf_counter(), 0.0
        self._pipe.send((kind, data))
        try:
            found, peak = self._pipe.recv() if self._pipe.poll(LIMIT_S) else ("FAULT: too slow", 0)
        except EOFError:
            found = "FAULT: worker died"
        if not peak:
            self.close()
        return Ending(found, time.perf_counter() - start, peak)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process = None
