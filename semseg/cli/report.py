"""``semseg report``: replay a session, write its files again, say what differs."""

from __future__ import annotations

import argparse
from pathlib import Path

from semseg.cli.arguments import add_details, details_of
from semseg.cli.outputs import identity
from semseg.cli.pictures import Job, analyze_all, write_run
from semseg.cli.printed import say, warn
from semseg.errors import SettingsError
from semseg.export.replay import differences, find_pictures
from semseg.export.run import Run
from semseg.export.session import read_session
from semseg.inference.segmenter import Segmenter

__all__ = ["add_parser", "run"]

_EXAMPLES = """\
example:
  # the same again from the session, or what differs
  %(prog)s out/session.json --images . --output again
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of the command line."""
    command = commands.add_parser(
        "report",
        help="replay a session.json: the same files again, or what differs",
        description="Analyse the pictures of a session again, with its settings and decisions by "
        "hand, and write all files. Pictures are known by the hash of their bytes. The exit status "
        "is 0 when every particle is identical.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EXAMPLES,
    )
    command.add_argument("session", type=Path, metavar="SESSION.json")
    command.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="folder of the pictures (default: the session's own)",
    )
    command.add_argument("--output", required=True, type=Path, metavar="DIR")
    add_details(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Replay a session: find its pictures, analyse them again, say what differs.

    Returns
    -------
    int
        0, or 1 when a picture failed or anything differs.
    """
    try:
        session = read_session(options.session.read_bytes())
    except OSError as error:
        raise SettingsError(f"The session file {options.session} cannot be read.") from error
    if identity(options.session) == identity(options.output / "session.json"):
        raise SettingsError(
            f"The replay would overwrite {options.session}; choose another folder with --output."
        )
    folder = options.images or options.session.parent
    if not folder.is_dir():
        raise SettingsError(
            f"There is no folder {folder}; give the one of the pictures as --images."
        )
    segmenter = Segmenter(provider=session.settings.provider)
    places = find_pictures(session, folder)
    details = details_of(options, session.details)
    jobs = [
        Job(
            places[picture.sha256],
            session.settings_of(picture),
            picture.edits,
            picture.printed,
            picture.operations,
            details,
        )
        for picture in session.pictures
        if picture.sha256 in places
    ]
    together = Run(len(jobs), session.display, details)
    failed = analyze_all(jobs, segmenter, options.output, together).failed
    if together.analyses:
        failed += write_run(together, options.output)
    different = differences(session, together.analyses)
    for difference in different:
        warn(difference)
    if not different:
        say("Identical to the session, particle by particle.")
    return 1 if failed or different else 0
