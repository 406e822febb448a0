"""``semseg batch``: thousands of pictures, on many cores or machines, again where it was left."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from semseg.bands import usable_cores
from semseg.batch.jobs import Job
from semseg.batch.pictures import find_pictures
from semseg.batch.run import RunFolder
from semseg.cli.arguments import add_details, add_settings, details_of, settings_of
from semseg.cli.pool import lacking, pool_and_say
from semseg.cli.printed import say, warn
from semseg.cli.sheet import lines_by_address, read_sheet
from semseg.errors import ModelError, SemsegError, SettingsError, printable

if TYPE_CHECKING:
    from semseg.batch.ledger import Ledger
    from semseg.batch.results import Row
    from semseg.batch.running import Plan, Tally

__all__ = ["add_parser", "run"]

_EXAMPLES = """\
examples:
  # every picture of a folder, on all cores; the same line again goes on where it was
  %(prog)s pictures --output run

  # several samples with widths of their own, from a sheet with columns image, sample, width_nm
  %(prog)s pictures --recursive --samples sheet.csv --output run

  # on the workers of a cluster that Dask runs on, which see the same folders
  %(prog)s /data/pictures --output /data/run --scheduler tcp://head:8786
"""
STATES = ("done", "no scale", "abstained", "failed")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of the command line."""
    command = commands.add_parser(
        "batch",
        help="measure thousands of pictures, on many cores or machines",
        description="Measure many pictures into the folder of a run. What is done there is not "
        "done again; a picture that cannot be measured is written down with the reason and stops "
        "nothing.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EXAMPLES,
    )
    command.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="pictures, folders, or addresses of stores elsewhere (s3://bucket/folder)",
    )
    command.add_argument("--output", required=True, type=Path, metavar="RUN")
    command.add_argument("--recursive", action="store_true", help="folders within folders, too")
    command.add_argument("--glob", metavar="PATTERN", help='names to take, as "*_BSE.tif"')
    command.add_argument(
        "--samples",
        type=Path,
        metavar="SHEET.csv",
        help="columns image, sample, and any setting by its name (pixel_size_nm, crop, ...)",
    )
    where = command.add_mutually_exclusive_group()
    where.add_argument(
        "--jobs", type=_jobs, metavar="N", help="processes of this computer (default: its cores)"
    )
    where.add_argument(
        "--scheduler", metavar="ADDRESS", help="workers of a Dask scheduler: tcp://HOST:8786"
    )
    command.add_argument(
        "--threads",
        type=_jobs,
        metavar="N",
        help="threads for a picture (default: the cores shared out among --jobs; with --scheduler "
        "1)",
    )
    command.add_argument(
        "--watch",
        action="store_true",
        help="go on with files as they come, until Ctrl-C; one is taken when it stands still",
    )
    command.add_argument("--retry", action="store_true", help="try again what failed before")
    command.add_argument(
        "--retry-edited",
        action="store_true",
        help="measure again what was put right on the page since, as decided there",
    )
    command.add_argument(
        "--dry-run", action="store_true", help="say what would be done, and do nothing"
    )
    add_settings(command)
    add_details(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure all pictures that are not done yet.

    Returns
    -------
    int
        0, 1 when a picture failed or the run could not go on, 2 when the extra is missing.
    """
    if missing := lacking():
        warn(missing)
        return 2
    folder = RunFolder(options.output.absolute())
    if options.dry_run:
        _say_plan(_plan(options, folder, folder.ledger()))
        return 0
    with folder.alone():
        ledger = folder.ledger()
        if ledger.torn:
            warn(f"{ledger.torn} lines of the ledger are not whole; their pictures are looked at.")
        with ledger.opened():
            return _run(options, folder, ledger)


def _run(options: argparse.Namespace, folder: RunFolder, ledger: Ledger) -> int:
    from semseg.batch.cluster import workers
    from semseg.batch.running import Tally, note_samples, plan, run_all, settled

    def look() -> Sequence[Job]:
        return plan(_jobs_of(options), folder, ledger, retry=False).todo

    planned = _plan(options, folder, ledger)
    tally = Tally()
    for job in (*planned.done, *planned.failed):
        tally.count(ledger.rows[job.picture.address])
    note_samples([*planned.done, *planned.failed], ledger)
    _say_plan(planned)
    wanted = settled(look) if options.watch else iter(planned.todo)
    jobs = min(options.jobs or usable_cores(), max(1, len(planned.todo)))
    if options.watch:
        jobs = options.jobs or usable_cores()
    threads = options.threads or (1 if options.scheduler else max(1, usable_cores() // jobs))
    stopped = 0
    if planned.todo or options.watch:
        try:
            with (
                workers(options.scheduler, jobs) as crew,
                _bar(None if options.watch else len(planned.todo)) as bar,
            ):
                if crew.dashboard:
                    warn(f"Dask shows its work at {crew.dashboard}")

                def tell(job: Job, row: Row) -> None:
                    tally.count(row)
                    if row["state"] == "failed":
                        said = printable(f"{job.picture.name}: {row['sentence']}")
                        tqdm.write(said, sys.stderr)
                    bar.set_postfix_str(f"{tally.states.get('failed', 0)} failed", refresh=False)
                    bar.update()

                run_all(wanted, folder, ledger, crew, threads, tell)
        except KeyboardInterrupt:
            warn(
                f"Interrupted: {_in_words(tally)}. What is done is kept; the same command goes on "
                f"where it was, and semseg pool {options.output} makes the tables of what is done."
            )
            raise
        except (ModelError, SettingsError):
            raise
        except SemsegError as error:
            warn(str(error))
            stopped = 1
    say(f"{_in_words(tally)}.")
    if ledger.rows and not stopped:
        pool_and_say([folder], options.output)
    if tally.unread:
        warn(
            f"In {tally.unread} pictures what stands at the scale bar was not read, since that is "
            "not installed where they were measured: pip install 'semseg[ocr]', or rapidocr alone."
        )
    return 1 if stopped or tally.states.get("failed") else 0


def _plan(options: argparse.Namespace, folder: RunFolder, ledger: Ledger) -> Plan:
    from semseg.batch.running import plan

    return plan(
        _jobs_of(options),
        folder,
        ledger,
        retry=options.retry,
        retry_edited=options.retry_edited,
    )


def _jobs_of(options: argparse.Namespace) -> list[Job]:
    """A job for each picture there is now, with its sample and settings."""
    settings, details = settings_of(options), details_of(options)
    pictures = find_pictures(options.inputs, recursive=options.recursive, pattern=options.glob)
    lines = {}
    if options.samples is not None:
        sheet = read_sheet(options.samples)
        lines = lines_by_address(
            sheet, [each.address for each in pictures], options.samples.absolute().parent
        )
    jobs = []
    for picture in pictures:
        line = lines.get(picture.address)
        sample = (line.sample if line else "") or details.sample
        own = settings.changed(**line.settings) if line else settings
        jobs.append(Job(picture, sample, own, replace(details, sample="")))
    if not jobs and not options.watch:
        raise SettingsError(
            f"There is no picture in {', '.join(options.inputs)}; give files, folders, "
            "--recursive, or a pattern with --glob."
        )
    return jobs


def _say_plan(planned: Plan) -> None:
    before, noun = "", "picture" if len(planned.todo) == 1 else "pictures"
    if planned.done or planned.failed:
        before = f"; {len(planned.done):,} are done"
        if planned.failed:
            before += f", {len(planned.failed):,} failed before (--retry tries them again)"
    say(f"{len(planned.todo):,} {noun} to measure{before}.")
    if planned.edited:
        noun = "picture was" if len(planned.edited) == 1 else "pictures were"
        say(
            f"{len(planned.edited):,} {noun} put right by hand since (--retry-edited measures them "
            "again)."
        )


def _in_words(tally: Tally) -> str:
    """``98 done, 1 no scale, 1 failed``."""
    return ", ".join(
        f"{tally.states.get(state, 0):,} {state}"
        for state in STATES
        if tally.states.get(state) or state == "done"
    )


@contextmanager
def _bar(total: int | None) -> Iterator[tqdm[Any]]:
    """How many are done, how many a second, and how long the rest takes."""
    with tqdm(
        total=total, unit=" pictures", disable=not sys.stderr.isatty(), smoothing=0.05
    ) as bar:
        yield bar


def _jobs(text: str) -> int:
    if not (text.isdecimal() and 0 < int(text) <= 4096):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 4096")
    return int(text)
