"""``semseg pool``: what one or several runs make together, without measuring anything again."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from semseg.batch.run import RunFolder
from semseg.cli.printed import say, warn
from semseg.errors import SettingsError

if TYPE_CHECKING:
    from semseg.batch.summary import Pooled

__all__ = ["add_parser", "lacking", "pool_and_say", "run"]

NEEDED = {"dask": "dask", "distributed": "distributed", "fsspec": "fsspec", "pyarrow": "pyarrow"}
_EXAMPLES = """\
examples:
  # the tables and the page of a run that was ended before its end
  %(prog)s run

  # runs of several computers, joined
  %(prog)s run-a run-b --output both
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of the command line."""
    command = commands.add_parser(
        "pool",
        help="pool the pictures of one or more runs again",
        description="Put the pictures of one or more runs of semseg batch together, by sample, "
        "without measuring them again: particles/, images.parquet, pooled.csv and index.html.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EXAMPLES,
    )
    command.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    command.add_argument(
        "--output", type=Path, metavar="DIR", help="where to (default: the run, where it is one)"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Pool the runs and say what they make together.

    Returns
    -------
    int
        0, or 2 when the extra is missing.
    """
    if missing := lacking():
        warn(missing)
        return 2
    if len(options.runs) > 1 and options.output is None:
        raise SettingsError("Several runs need a folder for what they make: give --output.")
    output = options.output or options.runs[0]
    runs = [RunFolder.existing(path) for path in options.runs]
    with ExitStack() as stack:
        if output.absolute() in [each.path for each in runs]:
            stack.enter_context(RunFolder(output.absolute()).alone())
        pool_and_say(runs, output)
    return 0


def lacking() -> str:
    """What must be installed for many pictures, in a sentence; empty where nothing must."""
    absent = [package for module, package in NEEDED.items() if find_spec(module) is None]
    if not absent:
        return ""
    return (
        f"This needs {', '.join(absent)}, not installed here: pip install 'semseg[batch]', or "
        f"pip install {' '.join(absent)}."
    )


def pool_and_say(runs: Sequence[RunFolder], output: Path) -> Pooled:
    """Pool these runs, and say in a line for each sample what came of it."""
    from semseg.batch.summary import pool

    pooled = pool(runs, output.absolute())
    for sample in pooled.samples:
        figures = ""
        if intervals := pooled.found[sample.name].get("min_feret"):
            d50 = intervals.d50
            known = f" ({d50.low:.4g} to {d50.high:.4g})" if d50.low == d50.low else ""
            figures = (
                f", {intervals.particles:,} particles, min Feret median {d50.value:.4g} nm{known}"
            )
        odd = sum(bool(each.reasons) for each in sample.odd)
        unlike = f", {odd:,} unlike the others" if odd else ""
        say(
            f"{pooled.title(sample)}: {len(sample.used):,} of {len(sample.entries):,} pictures "
            f"pooled{figures}{unlike}"
        )
    say(f"All together: {output / 'index.html'}")
    return pooled
