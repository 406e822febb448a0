"""``semseg batch`` over many pictures: how fast, how lean, and does it survive?

    python -m benchmarks.batch                       everything; minutes
    python -m benchmarks.batch speed overhead        some of it
    python -m benchmarks.batch memory --pictures 200

speed
    Pictures a minute of ``semseg batch`` on two cores, beside ``semseg analyze`` once for all of
    them and once for each, one after another in the same run: ratios.
overhead
    What is added to the seconds that a worker spends on its pictures, by sharing them out and
    writing down what became of them: the time from one result to the next, less the work.
memory
    Resident memory of one worker after each picture, and how it grows with their number.
ledger
    Seconds for a row when the ledger is empty and when it has 100,000, to read it again, and the
    memory that its rows take.
tasks
    Pictures a second that one scheduler hands out and takes back, with two workers that do nothing:
    what bounds how many cores it can feed.
killed
    A worker is killed amid work, then the whole run; the scheduler of a cluster is killed. What was
    begun again must end with the same tables as the run that nobody disturbed, byte for byte.
network
    Bytes between the scheduler and a worker for a picture, which is read from a folder that both
    see.

Pictures are discs drawn by `benchmarks.memory`. Needs the extra ``batch``, and Linux. Prints
Markdown; what is measured is a ratio wherever it can be, since other work on the machine slows both
of its parts.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import tifffile

from benchmarks.endurance import slope_per_100
from benchmarks.memory import draw
from semseg.batch.cluster import workers
from semseg.batch.jobs import Job
from semseg.batch.ledger import Ledger
from semseg.batch.pictures import find_pictures
from semseg.batch.results import Row
from semseg.batch.run import RunFolder
from semseg.batch.running import run_all
from semseg.preprocessing.preparation import Crop
from semseg.settings import Settings

PICTURE, SMALL = (480, 640), (160, 200)  # rows and columns
FIXED = ("--rescale", "1", "--crop", "none")  # what `SETTINGS` say on the command line
SETTINGS = replace(Settings(), rescale=1.0, crop=Crop())
GROUNDS = 8  # pictures that are drawn; the others are those, shifted
WARM_UP = 20  # pictures until a worker has loaded all it needs
LEDGER_ROWS = 100_000
ROWS_LOOKED_AT = 2_000
TABLES = ("images.parquet", "pooled.csv", "particles/**/*.parquet")
PATIENCE_S = 300.0
ALONE = "SEMSEG_BENCHMARK_NETWORK"  # set within a network of its own


def main() -> None:
    """Measure and print."""
    parts: dict[str, Callable[[Path, int | None], None]] = {
        "speed": speed,
        "overhead": overhead,
        "memory": memory,
        "ledger": ledger,
        "tasks": tasks,
        "killed": killed,
        "network": network,
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*parts, []], metavar="PART")
    parser.add_argument("--pictures", type=int, help="how many, instead of what each part takes")
    options = parser.parse_args()
    for name in options.parts or parts:
        print(f"## {name}\n", flush=True)
        with tempfile.TemporaryDirectory(prefix="semseg-batch-") as folder:
            parts[name](Path(folder), options.pictures)
        print(f"\nLoad of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.\n")


# The parts


def speed(folder: Path, count: int | None) -> None:
    """Pictures a minute, of two ways to measure a folder beside ``semseg batch``."""
    pictures = drawn(folder, count or 60)
    few = pictures[:6]
    seconds = {
        "`semseg analyze` for each": timed(
            *(["analyze", each, "--output", folder / "each"] for each in few)
        )
        * (len(pictures) / len(few)),
        "`semseg analyze` for all": timed(["analyze", *pictures, "--output", folder / "all"]),
        "`semseg batch --jobs 2`": timed(
            ["batch", *pictures, "--output", folder / "run", "--jobs", 2]
        ),
    }
    ours = seconds["`semseg batch --jobs 2`"]
    print("| | pictures a minute | semseg batch takes |\n|---|---:|---:|")
    for name, taken in seconds.items():
        print(f"| {name} | {60 * len(pictures) / taken:.0f} | {ours / taken:.2f} of its time |")
    size = f"{PICTURE[1]} x {PICTURE[0]}"
    kept = [each.stat().st_size for each in folder.glob("run/pictures/*/*/*")]
    print(
        f"\n{len(pictures)} pictures of {size} px; for each: {len(few)} of them. The run keeps of "
        f"each {sum(kept) / len(pictures) / 1e3:.0f} kB in {len(kept) // len(pictures)} files."
    )


def overhead(folder: Path, count: int | None) -> None:
    """The time between results less the work on them, with one worker."""
    drawn(folder, count or 60)
    ends, spent = [], []

    def tell(_job: Job, row: Row) -> None:
        ends.append(time.perf_counter())
        spent.append(row["seconds"])

    measured(folder, tell)
    warm = min(WARM_UP, len(ends) // 2)
    passed, work = ends[-1] - ends[warm - 1], sum(spent[warm:])
    left = len(spent) - warm
    added = f"{1000 * (passed - work) / left:.0f} ms"
    print(
        f"{left} pictures of {work / left:.2f} s each: {added} are added to each, "
        f"{passed / work - 1:.1%}."
    )


def memory(folder: Path, count: int | None) -> None:
    """Memory of a worker after each picture."""
    drawn(folder, count or 1000, SMALL)
    resident: list[float] = []

    def tell(_job: Job, row: Row) -> None:
        resident.append(resident_mb(row["worker"].rpartition(":")[2]))

    measured(folder, tell)
    numbers, used = np.arange(len(resident)), np.array(resident)
    print("| pictures | memory, MB (median) |\n|---|---:|")
    for part in np.array_split(numbers, 5):
        print(f"| {part[0] + 1} to {part[-1] + 1} | {np.median(used[part]):.0f} |")
    for name, late in (
        ("after the first fifth", numbers >= len(numbers) // 5),
        ("in the second half", numbers >= len(numbers) // 2),
    ):
        slope, error = slope_per_100(numbers[late], used[late])
        print(f"\nMB for 100 pictures more, {name}: {slope:+.2f} ± {2 * error:.2f}")
    print(f"\nHighest: {used.max():.0f} MB.")


def ledger(folder: Path, count: int | None) -> None:
    """What a row costs early and late."""
    rows = count or LEDGER_ROWS
    drawn(folder, 1, SMALL)
    measured(folder, lambda _job, _row: None)
    [row] = Ledger(folder / "run/ledger.jsonl").rows.values()
    kept = Ledger(folder / "long.jsonl")
    seconds = []
    with kept.opened():
        for number in range(rows):
            began = time.perf_counter()
            kept.add({**row, "address": f"{row['address']}/{number}"})
            seconds.append(time.perf_counter() - began)
    looked_at = min(ROWS_LOOKED_AT, rows // 2)
    early, late = np.array(seconds[:looked_at]), np.array(seconds[-looked_at:])
    del kept.rows
    before, began = resident_mb("self"), time.perf_counter()
    again = Ledger(folder / "long.jsonl")
    taken, each_mb = time.perf_counter() - began, (resident_mb("self") - before) / rows
    print(
        f"{len(again.rows):,} rows, {kept.path.stat().st_size / rows:.0f} bytes each. A row takes "
        f"{1e6 * np.median(early):.0f} µs among the first {looked_at:,} and "
        f"{1e6 * np.median(late):.0f} µs among the last (medians; means, with what reaches the "
        f"disk once a second, {1e6 * early.mean():.0f} and {1e6 * late.mean():.0f}). Read again in "
        f"{taken:.1f} s; a row takes at least {1000 * each_mb:.1f} kB of memory."
    )


def tasks(_folder: Path, count: int | None) -> None:
    """How many pictures a second can be handed out."""
    items = count or 4000
    with workers(None, jobs=2) as crew:
        ends = [time.perf_counter() for _ in crew.each(_nothing, iter(range(items)))]
    half = items // 2
    print(f"{half / (ends[-1] - ends[half - 1]):.0f} pictures a second, of {items:,}.")


def _nothing(item: int) -> int:
    return item


def killed(folder: Path, count: int | None) -> None:
    """Disturbed runs beside one that nobody disturbed."""
    drawn(folder, count or 40, SMALL)
    inputs = folder / "pictures"
    finish(folder, "whole", "--jobs", 2)
    expected = tables(folder / "whole")
    print(f"{len(list(inputs.iterdir()))} pictures; compared: {', '.join(expected)}.\n")
    print("| | done when it was killed | the same tables |\n|---|---:|---|")

    with begun(folder, "worker", "--jobs", 2) as process:
        done = after_some(folder / "worker")
        # Python's own process beside them is no worker
        [*_, worker] = [each for each in children(process.pid) if b"spawn_main" in words_of(each)]
        os.kill(worker, signal.SIGKILL)
        ended(process)
    told("a worker, SIGKILL", done, tables(folder / "worker") == expected)

    with begun(folder, "run", "--jobs", 2) as process:
        after_some(folder / "run")
        process.kill()
    done = len(Ledger(folder / "run/ledger.jsonl").rows)
    finish(folder, "run", "--jobs", 2)
    told("the run, SIGKILL, and begun again", done, tables(folder / "run") == expected)

    port = free_port()
    crew = ("--scheduler", f"tcp://127.0.0.1:{port}")
    with cluster(port, 2) as scheduler, begun(folder, "cluster", *crew) as process:
        done = after_some(folder / "cluster")
        scheduler.kill()
        process.wait(PATIENCE_S)
    with cluster(port, 2):
        finish(folder, "cluster", *crew)
    told("the scheduler, SIGKILL, and begun again", done, tables(folder / "cluster") == expected)


def network(folder: Path, count: int | None) -> None:
    """Bytes that client, scheduler and one worker say to each other."""
    few, many = (count or 40) // 4, count or 40
    if ALONE not in os.environ:  # others on this machine have a loopback, too
        again = [sys.executable, "-m", "benchmarks.batch", "network", "--pictures", str(many)]
        up = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
        words = ["unshare", "--map-root-user", "--net", *up, *again]
        said = subprocess.run(
            words, env={**os.environ, ALONE: "1"}, check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        print(next(line for line in said.splitlines() if "kB for a picture" in line))
        return
    port = free_port()
    sent = []
    for number in (few, many):
        inputs = folder / str(number)
        drawn(inputs, number, SMALL)
        with cluster(port, 1):
            before = loopback()
            finish(inputs, "run", "--scheduler", f"tcp://127.0.0.1:{port}")
            sent.append(loopback() - before)
    each = (sent[1] - sent[0]) / (many - few)
    print(
        f"{each / 1000:.1f} kB for a picture between client, scheduler and worker (all that went "
        f"over loopback: {few} pictures {sent[0] / 1e6:.2f} MB, {many} pictures "
        f"{sent[1] / 1e6:.2f} MB)."
    )


# Pictures and runs


def drawn(folder: Path, count: int, shape: tuple[int, int] = PICTURE) -> list[Path]:
    """So many pictures in ``pictures`` within the folder, each another, at 2 nm a pixel."""
    inputs = folder / "pictures"
    inputs.mkdir(parents=True)
    paths = [inputs / f"{number:05d}.tif" for number in range(count)]
    grounds = [draw(number) for number in range(min(count, GROUNDS))]
    for number, path in enumerate(paths):
        moved = np.roll(grounds[number % GROUNDS], (number, 7 * number), axis=(0, 1))
        grey = moved[: shape[0], : shape[1]]
        nm = {"unit": "nm"}
        tifffile.imwrite(path, grey, imagej=True, resolution=(0.5, 0.5), metadata=nm)
    return paths


def measured(folder: Path, tell: Callable[[Job, Row], None]) -> None:
    """Measure what `drawn` has drawn with one worker of one thread, as ``semseg batch`` does."""
    found = find_pictures([str(folder / "pictures")], recursive=False, pattern=None)
    run = RunFolder(folder / "run")
    jobs = [Job(each, "", SETTINGS) for each in found]
    with run.alone():
        kept = run.ledger()
        with kept.opened(), workers(None, jobs=1) as crew:
            run_all(iter(jobs), run, kept, crew, 1, tell)


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "semseg", *map(str, words), *FIXED]


def timed(*all_words: Sequence[object]) -> float:
    """Seconds that these commands take, one after another."""
    began = time.perf_counter()
    for words in all_words:
        subprocess.run(command(*words), check=True, capture_output=True)
    return time.perf_counter() - began


@contextmanager
def begun(folder: Path, run: str, *more: object) -> Iterator[subprocess.Popen[bytes]]:
    """``semseg batch`` over `drawn` pictures, under way; nothing of it is left afterwards."""
    words = command("batch", folder / "pictures", "--output", folder / run, *more)
    with gone_afterwards(words) as process:
        yield process


@contextmanager
def gone_afterwards(words: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def finish(folder: Path, run: str, *more: object) -> None:
    with begun(folder, run, *more) as process:
        ended(process)


def ended(process: subprocess.Popen[bytes]) -> None:
    if process.wait(PATIENCE_S) != 0:
        raise RuntimeError(f"{process.args!r} ended with status {process.returncode}")


def after_some(run: Path) -> int:
    """Wait until a quarter of the pictures is done; how many are."""
    wanted = len(list((run.parent / "pictures").iterdir())) // 4
    end = time.monotonic() + PATIENCE_S
    while (done := len(Ledger(run / "ledger.jsonl").rows)) < wanted:
        if time.monotonic() > end:
            raise TimeoutError(f"{wanted} pictures of {run}")
        time.sleep(0.05)
    return done


@contextmanager
def cluster(port: int, count: int) -> Iterator[subprocess.Popen[bytes]]:
    """A scheduler at this port with so many workers, as ``docs/scale.md`` starts them."""
    dask = [sys.executable, "-m", "dask"]
    at = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    worker = [*dask, "worker", f"tcp://127.0.0.1:{port}", "--nthreads", "1", "--no-dashboard"]
    with (
        gone_afterwards([*dask, "scheduler", *at]) as scheduler,
        gone_afterwards([*worker, "--nworkers", str(count)]),
    ):
        yield scheduler


def tables(run: Path) -> dict[str, str]:
    """The hash of each table that a run has made."""
    found = sorted(path for pattern in TABLES for path in run.glob(pattern))
    hashes = {"pictures": hashlib.sha256()}
    for path in sorted(run.glob("pictures/*/*/*.parquet")):
        hashes["pictures"].update(path.read_bytes())
    for path in found:
        name = path.relative_to(run).parts[0]
        hashes.setdefault(name, hashlib.sha256()).update(path.read_bytes())
    return {name: each.hexdigest() for name, each in hashes.items()}


def told(what: str, done: int, same: bool) -> None:
    print(f"| {what} | {done} | {'yes' if same else '**no**'} |", flush=True)


# The machine


def resident_mb(pid: str) -> float:
    """Memory that a process has now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def children(pid: int) -> list[int]:
    """Processes that this one has started."""
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in threads for child in each.read_text().split()]


def words_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def loopback() -> int:
    """Bytes that this machine has sent to itself."""
    lines = Path("/proc/net/dev").read_text().splitlines()
    [line] = [each for each in lines if each.strip().startswith("lo:")]
    return int(line.partition(":")[2].split()[0])


if __name__ == "__main__":
    main()
