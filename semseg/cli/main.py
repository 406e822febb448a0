"""The parser of ``semseg``, and the way to its commands.

The exit status is 0 when all is well, 1 when some picture failed (the others are written), 2 for
wrong usage or a model that cannot be used, and 128 + the signal when the run was asked to end
(130 after Ctrl-C).
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from semseg.cli import analyze, batch, page, pool, report
from semseg.errors import ModelError, SemsegError, printable
from semseg.export.interruption import terminable
from semseg.version import __version__

__all__ = ["main"]

COMMANDS = (analyze, batch, pool, report, page)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, by default with the arguments of the process; the exit status.

    Raises
    ------
    SystemExit
        With status 2 for wrong usage or a model that cannot be used, 0 after ``--help``.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        with terminable():
            run: Callable[[argparse.Namespace], int] = options.run
            return run(options)
    except ModelError as error:
        parser.exit(2, f"{parser.prog}: error: {printable(str(error))}\n")
    except SemsegError as error:
        parser.error(printable(str(error)))
    except KeyboardInterrupt as stop:
        return 128 + getattr(stop, "number", signal.SIGINT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="semseg" if Path(sys.argv[0]).stem == "semseg" else "python -m semseg",
        description="Particle sizes from electron micrographs.",
        epilog="%(prog)s COMMAND --help explains a command and has examples.",
    )
    parser.add_argument("--version", action="version", version=f"semseg {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    for command in COMMANDS:
        command.add_parser(commands)
    return parser
