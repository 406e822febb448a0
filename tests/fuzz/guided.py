"""Files that a coverage-guided fuzzer makes: does any reader let an unknown error through?

    pip install atheris
    python -m tests.fuzz.guided CORPUS --seconds 600      # CORPUS: a folder, kept between runs

Atheris (libFuzzer) watches which lines of semseg, tifffile and Pillow's readers each file reaches,
and goes on from those that reach new ones. The first byte of a file says its kind, the rest is the
file. Stops at the first fault, as `tests.fuzz.worker.outcome` defines it, and leaves it beside the
corpus.
"""

import argparse
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["semseg", "tifffile", "PIL"]):
    from tests.fuzz.worker import LIMIT_BYTES, LIMIT_S, outcome
from tests.support.hostile_files import seeds

KINDS = ("picture", "sidecar", "settings", "session")


def once(data: bytes) -> None:
    """Read one file; raises where it ends in a fault."""
    if not data:
        return
    found = outcome(KINDS[data[0] % len(KINDS)], data[1:])
    if found.startswith("FAULT"):
        raise RuntimeError(found)


def main() -> None:
    """Fill the corpus with the sound files and let libFuzzer run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--seconds", type=int, default=600)
    options = parser.parse_args()
    options.corpus.mkdir(parents=True, exist_ok=True)
    for name, data in seeds().items():
        kind = KINDS.index(name.split("-")[0])
        (options.corpus / name).write_bytes(bytes([kind]) + data)
    arguments = [
        *(sys.argv[0], str(options.corpus), f"-max_total_time={options.seconds}"),
        *(f"-timeout={LIMIT_S}", f"-rss_limit_mb={LIMIT_BYTES // 1_000_000}", "-max_len=40000"),
        *("-print_final_stats=1", f"-artifact_prefix={options.corpus}-"),
    ]
    atheris.Setup(arguments, once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
