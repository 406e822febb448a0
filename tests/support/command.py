"""The command line as others run it: in a process of its own, in an unhurt or a hurt house."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys

from tests.support.paths import ROOT

SHAPE = (150, 200)  # of the pictures, px
FIXED = ("--rescale", "1", "--crop", "none")
SCALED = (*FIXED, "--width-nm", "400")  # so that there is nothing to note
ENDINGS = (
    *("figure.png", "labels.tif", "particles.csv"),
    *("rois.zip", "sizes.csv", "summary.json"),
)


def python(*arguments, root=ROOT, **options):
    """Run Python where `root` holds semseg."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": root, **options},
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONIOENCODING": "utf-8"},
        timeout=300,
        check=False,
    )


def analysed(*arguments, **options):
    return python("-m", "semseg", "analyze", *arguments, *SCALED, **options)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def of_pictures(text):
    """What was said, line by line, but that one length was used for all pictures of the run."""
    return [line for line in text.splitlines() if " is used for all " not in line]


def one_sentence(text):
    (line,) = of_pictures(text)
    assert line.endswith(".")
    assert "Traceback" not in line
    return line


def rows_of(output, stem):
    """The rows of a picture's ``particles.csv``, as texts by column."""
    with (output / f"{stem}.particles.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def summary_of(output, stem, *, timed=True):
    """A picture's ``summary.json``; without its times where it is compared."""
    summary = json.loads((output / f"{stem}.summary.json").read_text("utf-8"))
    if not timed:
        del summary["seconds"]
    return summary
