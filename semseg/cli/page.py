"""``semseg page``: the page in a browser, on this computer or for others in its network."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from semseg.batch.run import RunFolder
from semseg.cli.pool import lacking
from semseg.cli.printed import warn

__all__ = ["add_parser", "run"]

_EXAMPLES = """\
examples:
  # in the browser of this computer
  %(prog)s

  # for every computer that reaches this one, at a port of your choice
  %(prog)s --host 0.0.0.0 --port 8080

  # the pictures that semseg batch measured into this folder, each to be looked at and put right
  %(prog)s --run run

Streamlit's own settings are taken from the environment (STREAMLIT_SERVER_MAX_UPLOAD_SIZE ...);
a page for many people: docs/hosting.md.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of the command line."""
    command = commands.add_parser(
        "page",
        help="the page in a browser",
        description="Serve the page and, where there is a desktop, open it in the browser. "
        "Ctrl-C ends it.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EXAMPLES,
    )
    command.add_argument(
        "--port",
        type=_port,
        metavar="N",
        help="where it listens (default: 8501, or the next that is free)",
    )
    command.add_argument(
        "--host",
        default="localhost",
        metavar="ADDRESS",
        help="address at which it listens; 0.0.0.0: all (default: localhost, which no other "
        "computer reaches)",
    )
    command.add_argument(
        "--run",
        dest="folder",
        type=Path,
        metavar="RUN",
        help="show the pictures of this run of semseg batch; no other folder can be reached",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve the page until the process is asked to end.

    Returns
    -------
    int
        0, or 2 when Streamlit, which only the page needs, is not installed, or with a run what
        that needs.
    """
    if find_spec("streamlit") is None:
        warn(
            "The page needs Streamlit, which is not installed here; install it with "
            "pip install streamlit, or install semseg with its extra: pip install '.[page]'."
        )
        return 2
    if options.folder is not None and (missing := lacking()):
        warn(missing)
        return 2
    folder = None if options.folder is None else RunFolder.existing(options.folder)
    from semseg.page.serve import serve  # imports Streamlit

    serve(options.host, options.port, folder)
    return 0


def _port(text: str) -> int:
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a whole number from 1 to 65535")
    return int(text)
