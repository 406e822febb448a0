"""Hostile files, read by a worker that may not take much: how does each end?

    python -m benchmarks.fuzz --count 20000 --seed 1    # mutated files of every kind
    python -m benchmarks.fuzz --whole 500               # pictures, from analyze() to files
    python -m benchmarks.fuzz --cuts                    # sound files, cut off at every byte
    python -m benchmarks.fuzz --bombs                   # what unfolds, repeats, or is of two kinds

The worker's address space may grow by 1.5 GB; a file that takes longer than 10 s ends it, and
counts as a fault. So does everything but a result or one printable sentence. Faults are kept in
`--offenders`.
"""

import argparse
import multiprocessing
import resource
import time
from collections import Counter
from collections.abc import Iterable
from functools import cache
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
from tests.support.bombs import BOMBS, POLYGLOTS
from tests.support.hostile_files import mutated, seeds

LIMIT_S, LIMIT_BYTES, LONGEST = 10, 1_500_000_000, 400


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
                if not all(note.isprintable() and len(note) <= LONGEST for note in picture.notes):
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
        if not text.isprintable() or not 0 < len(text) <= LONGEST:
            return f"FAULT: message of {type(error).__name__}"
        starved = isinstance(error.__cause__ or error.__context__, MemoryError)
        if starved and not isinstance(error, OutOfMemoryError):
            return f"FAULT: {type(error).__name__} for want of memory"
        return type(error).__name__
    except BaseException as error:
        return f"FAULT: {type(error).__name__}"
    return "result"


def _work(pipe) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + LIMIT_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    while True:
        found = outcome(*pipe.recv())
        pipe.send((found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6))


class Worker:
    """A process with little memory and little time; another one after each that it lost."""

    def __init__(self) -> None:
        self._process = None

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


def whole(count: int, seed: int) -> Iterable[tuple[str, bytes]]:
    """So many mutated pictures that can still be read, and are not the sound ones."""
    sound = set(seeds().values())
    for kind, data in mutated(100 * count, seed):
        if kind.startswith("picture") and data not in sound and outcome(kind, data) == "result":
            yield kind.replace("picture", "whole"), data
            if not (count := count - 1):
                return


def cuts() -> Iterable[tuple[str, bytes]]:
    """Every sound file, cut off at every byte."""
    for kind, data in seeds().items():
        for length in range(len(data)):
            yield kind, data[:length]


def survey(files: Iterable[tuple[str, bytes]], offenders: Path) -> None:
    """Read all files with one worker; print how many ended how, and what it took."""
    counts: Counter[tuple[str, str]] = Counter()
    slowest, peak = (0.0, ""), 0.0
    worker = Worker()
    for index, (kind, data) in enumerate(files):
        ending = worker.ask(kind, data)
        slowest = max(slowest, (ending.seconds, f"{index} {kind}"))
        peak = max(peak, ending.peak_gb)
        counts[kind.split("-")[0], ending.found] += 1
        if ending.found.startswith("FAULT"):
            offenders.mkdir(parents=True, exist_ok=True)
            (offenders / f"{index}-{kind}").write_bytes(data)
            print(index, kind, ending.found, flush=True)
    worker.close()
    for (kind, found), count in sorted(counts.items()):
        print(f"{kind:9} {found:28} {count}")
    print(f"{sum(counts.values())} files; slowest {slowest[0]:.2f} s ({slowest[1]}); ", end="")
    print(f"peak memory of the worker {peak:.2f} GB")


def bombs() -> None:
    """Print how each bomb ends, and what it takes a worker of its own."""
    print("| file | kB | ends in | s | GB |\n|---|---:|---|---:|---:|")
    for name, make in (BOMBS | POLYGLOTS).items():
        data, worker = make(), Worker()
        found, seconds, peak = worker.ask("picture", data)
        worker.close()
        print(f"| {name} | {len(data) / 1e3:,.0f} | {found} | {seconds:.2f} | {peak:.2f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--whole", type=int, metavar="COUNT")
    parser.add_argument("--cuts", action="store_true")
    parser.add_argument("--bombs", action="store_true")
    parser.add_argument("--offenders", type=Path, default=Path("fuzz-offenders"))
    options = parser.parse_args()
    if options.bombs:
        bombs()
    elif options.cuts:
        survey(cuts(), options.offenders)
    elif options.whole:
        survey(whole(options.whole, options.seed), options.offenders)
    else:
        survey(mutated(options.count, options.seed), options.offenders)
