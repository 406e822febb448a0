"""Hostile files without end: how does each end?

    python -m tests.fuzz --count 20000 --seed 1    # mutated files of every kind
    python -m tests.fuzz --whole 500               # pictures, from analyze() to files
    python -m tests.fuzz --cuts                    # sound files, cut off at every byte
    python -m tests.fuzz --bombs                   # what unfolds, repeats, or is of two kinds

Each is read by a `Worker`; faults are kept in `--offenders`. Some of every kind are among the tests
(`tests/io/test_hostile.py`).
"""

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.fuzz.worker import Worker, outcome
from tests.support.bombs import BOMBS, POLYGLOTS
from tests.support.hostile_files import mutated, seeds


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
