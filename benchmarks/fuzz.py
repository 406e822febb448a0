"""Read mutated files and count how each ends: ``python -m benchmarks.fuzz --count 20000 --seed 1``.

Pictures, sidecars, settings and sessions are read in a worker process whose address space may grow
by 1.5 GB; a file that takes longer than 10 s ends the worker, and counts as a fault.
"""

import argparse
import multiprocessing
import resource
import time
from collections import Counter
from pathlib import Path

from semseg.errors import SemsegError
from semseg.micrograph import read_micrograph
from semseg.session import read_session
from semseg.settings import Settings
from semseg.sidecar import read_sidecar
from tests.hostile_files import mutated

LIMIT_S, LIMIT_BYTES, LONGEST = 10, 1_500_000_000, 400


def outcome(kind: str, data: bytes) -> str:
    """`result`, the name of a SemsegError of one printable sentence (and whether memory ran out
    before), or `FAULT` and why."""
    try:
        match kind.split("-")[0]:
            case "picture":
                read_micrograph(data, "picture.any")
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
        return type(error).__name__ + (", no memory" if starved else "")
    except BaseException as error:
        return f"FAULT: {type(error).__name__}"
    return "result"


def _work(pipe) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + LIMIT_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    while True:
        found = outcome(*pipe.recv())
        pipe.send((found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def _worker():
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_work, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--offenders", type=Path, default=Path("fuzz-offenders"))
    options = parser.parse_args()
    counts, slowest, peak_kb = Counter(), (0.0, ""), 0
    process, pipe = _worker()
    for index, (kind, data) in enumerate(mutated(options.count, options.seed)):
        start = time.perf_counter()
        pipe.send((kind, data))
        try:
            found, used = pipe.recv() if pipe.poll(LIMIT_S) else ("FAULT: too slow", 0)
        except EOFError:
            found, used = "FAULT: worker died", 0
        slowest = max(slowest, (time.perf_counter() - start, f"{index} {kind}"))
        peak_kb = max(peak_kb, used)
        counts[kind.split("-")[0], found] += 1
        if found.startswith("FAULT"):
            options.offenders.mkdir(parents=True, exist_ok=True)
            (options.offenders / f"{options.seed}-{index}-{kind}").write_bytes(data)
            print(index, kind, found, flush=True)
        if not used:
            process.kill()
            process, pipe = _worker()
    for (kind, found), count in sorted(counts.items()):
        print(f"{kind:9} {found:28} {count}")
    print(f"{options.count} files; slowest {slowest[0]:.2f} s ({slowest[1]}); ", end="")
    print(f"peak memory of the worker {peak_kb / 1e6:.2f} GB")
    process.kill()


if __name__ == "__main__":
    main()
