"""``semseg analyze``: measure the particles of one or more pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from semseg.cli.arguments import add_details, add_settings, details_of, settings_of
from semseg.cli.outputs import without_sidecars
from semseg.cli.pictures import Job, analyze_all, write_run
from semseg.cli.printed import warn
from semseg.export.run import Run
from semseg.inference.segmenter import Segmenter
from semseg.io.micrograph import FORMATS
from semseg.scale.typed_length import length_words
from semseg.settings import Settings

__all__ = ["add_parser", "run"]

_EXAMPLES = """\
examples:
  # width and label bar are found in the file; six files per picture are written to out/
  %(prog)s semseg/data/sample.tif --output out

  # a picture whose file does not say how wide it is, and a stricter filter
  %(prog)s picture.png --width-nm 7520 --filter 0.7 --output out

  # one sample in several pictures: report, workbook and session of all of them together
  %(prog)s a.tif b.tif --edges weight --report --sample "TiO2, batch 7" --output out
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of the command line."""
    command = commands.add_parser(
        "analyze",
        help="measure the particles of one or more pictures",
        description="Measure the particles of one or more pictures. For each picture, "
        "<stem>.particles.csv, .sizes.csv, .summary.json, .labels.tif, .figure.png and .rois.zip "
        f"are written. Pictures are {FORMATS}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EXAMPLES,
    )
    command.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    command.add_argument("--output", required=True, type=Path, metavar="DIR")
    add_settings(command)
    add_details(command)
    command.add_argument(
        "--report",
        action="store_true",
        help="also write report.html, session.json, particles.xlsx and coco.json of all pictures "
        "together; runs the network twice more, for the uncertainty",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure every picture and, where it was asked for, write what they make together.

    Returns
    -------
    int
        0, or 1 when a picture or the report failed.
    """
    settings, details = settings_of(options), details_of(options)
    segmenter = Segmenter(provider=settings.provider)
    jobs = [Job(path, settings, details=details) for path in without_sidecars(options.images)]
    together = Run(len(jobs), details=details) if options.report else None
    for said in _used_for_all(settings, len(jobs)):
        warn(said)
    failed = analyze_all(jobs, segmenter, options.output, together).failed
    if together is not None and together.analyses:
        failed += write_run(together, options.output)
    return 1 if failed else 0


def _used_for_all(settings: Settings, count: int) -> list[str]:
    """What to say where one scale was given for several pictures, which may be of several
    magnifications."""
    given = {
        "width": settings.width_nm,
        "pixel size": settings.pixel_size_nm,
        "length of the scale bar": settings.scale_bar_nm,
    }
    return [
        f"The {what} of {length_words(nm, 6)} is used for all {count} pictures."
        for what, nm in given.items()
        if nm is not None and count > 1
    ]
