"""The files an analysis leaves behind: tables, summary, label image, figure, settings.

Every function takes an :class:`~semseg.analysis.Analysis` and returns bytes; only
:func:`write_outputs` touches the disk. The same analysis gives the same bytes, except for the
``seconds`` at the end of the summary.

======================  =========================================================================
``.particles.csv``      every particle found, with all that was measured
``.summary.json``       what was done and found; replays as settings
``.labels.tif``         the label image
``.figure.png``         four panels; also ``.svg`` and ``.pdf``
``.sizes.csv``          sizes only: summaries, then every counted particle
``.rois.zip``           the outlines, for Fiji's ROI Manager
``.settings.json``      the settings, to be used again
======================  =========================================================================

Several pictures of one sample, or one, make these together:

======================  =========================================================================
``report.html``         everything a referee asks for, in one file
``session.json``        replays the whole run, or says what differs
``particles.xlsx``      all tables as a workbook
``coco.json``           all outlines in the COCO format
======================  =========================================================================
"""

from __future__ import annotations

import io
import json
import os
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import tifffile

from semseg.archive import archive
from semseg.coco import coco_json
from semseg.display import DEFAULT, Display, is_assumed
from semseg.errors import SemsegError
from semseg.figure import KINDS, figure_bytes
from semseg.report import report_html
from semseg.rois import roiset_zip
from semseg.session import session_json
from semseg.spreadsheet import workbook_xlsx
from semseg.summary import summary_dict, summary_json
from semseg.tables import particles_csv, per_image_table, pooled_csv, sizes_csv

if TYPE_CHECKING:
    from semseg.analysis import Analysis
    from semseg.metrology import Assessment

__all__ = [
    "PICTURE_FILES",
    "RUN_FILES",
    "archive",
    "labels_tiff",
    "output_files",
    "particles_csv",
    "per_image_table",
    "pooled_csv",
    "run_files",
    "settings_json",
    "sizes_csv",
    "summary_dict",
    "summary_json",
    "write_files",
    "write_outputs",
]


# -- label image -----------------------------------------------------------------------------


def labels_tiff(analysis: Analysis) -> bytes:
    """The label image as TIFF: recorded grid, 0 = background, ids as in the table, deflate.

    uint16, or uint32 when an id exceeds 65535. When calibrated, ImageJ and Fiji read the pixel
    size in nanometres from it; a line ``scale=assumed`` in the description (Image > Show Info) says
    that it was only assumed.
    """
    labels = analysis.labels
    largest = int(labels.max(initial=0))
    description = f"ImageJ=1.54f\nmin=0.0\nmax={max(largest, 1)}.0\n"
    resolution = None
    if analysis.calibration is not None:
        description += "unit=nm\n"
        if is_assumed(analysis):
            description += "scale=assumed\n"
        resolution = (1 / analysis.calibration.pixel_size_nm,) * 2
    out = io.BytesIO()
    tifffile.imwrite(
        out,
        labels.astype(np.uint16 if largest <= np.iinfo(np.uint16).max else np.uint32),
        photometric="minisblack",
        compression="zlib",
        resolution=resolution,
        resolutionunit="NONE",
        description=description,
        software="semseg",
        metadata=None,
    )
    return out.getvalue()


# -- files -----------------------------------------------------------------------------------


def settings_json(analysis: Analysis, display: Display = DEFAULT) -> bytes:
    """The settings of the analysis, and how its sizes are shown, to be used again."""
    both = {"settings": analysis.settings.to_dict(), "display": display.to_dict()}
    return f"{json.dumps(both, indent=2)}\n".encode()


def _figure(kind: str, analysis: Analysis, display: Display) -> bytes:
    return figure_bytes(analysis, kind, display)


# Each file of one picture, and how it is made.
PICTURE_FILES: dict[str, Callable[[Analysis, Display], bytes]] = {
    "particles.csv": lambda analysis, display: particles_csv(analysis),
    "summary.json": lambda analysis, display: summary_json(analysis),
    "labels.tif": lambda analysis, display: labels_tiff(analysis),
    **{f"figure.{kind}": partial(_figure, kind) for kind in KINDS},
    "sizes.csv": sizes_csv,
    "rois.zip": lambda analysis, display: roiset_zip(analysis),
    "settings.json": settings_json,
}
# Each file that the pictures of a run make together.
RUN_FILES: dict[str, Callable[[Sequence[Analysis], Assessment, Display], bytes]] = {
    "report.html": report_html,
    "session.json": lambda analyses, assessment, display: session_json(analyses, display),
    "particles.xlsx": lambda analyses, assessment, display: workbook_xlsx(analyses),
    "coco.json": lambda analyses, assessment, display: coco_json(analyses),
}


def output_files(
    analysis: Analysis, display: Display = DEFAULT, figures: Iterable[str] = ("png",)
) -> dict[str, bytes]:
    """Name and content of every file of one picture, as the head of this room lists them.

    Parameters
    ----------
    analysis
        What was found.
    display
        What the histogram of the figure shows.
    figures
        Kinds of figure: any of ``png``, ``svg``, ``pdf``.
    """
    # Never a path: a name must not lead out of the folder.
    stem = PurePosixPath(str(analysis.micrograph.stem).replace("\\", "/")).name or "image"
    wanted = {f"figure.{kind}" for kind in figures}
    return {
        f"{stem}.{name}": make(analysis, display)
        for name, make in PICTURE_FILES.items()
        if name in wanted or not name.startswith("figure.")
    }


def run_files(
    analyses: Sequence[Analysis], assessment: Assessment, display: Display = DEFAULT
) -> dict[str, bytes]:
    """Name and content of the files that the pictures make together."""
    return {name: make(analyses, assessment, display) for name, make in RUN_FILES.items()}


def write_outputs(
    analysis: Analysis, directory: str | os.PathLike[str], display: Display = DEFAULT
) -> list[Path]:
    """Write the files into `directory`, which is made where it is missing.

    Each file is written whole or not at all; one of the same name is replaced. Nothing is written
    before all are ready. The settings get no file of their own: the summary replays as well.

    Returns
    -------
    The paths of ``<stem>.particles.csv``, ``.summary.json``, ``.labels.tif``, ``.figure.png``,
    ``.sizes.csv`` and ``.rois.zip``.

    Raises
    ------
    SemsegError
        When the disk refuses: a folder that may not be written to, a full disk.
    """
    files = output_files(analysis, display)
    return write_files(
        {name: c for name, c in files.items() if not name.endswith(".settings.json")}, directory
    )


def write_files(files: Mapping[str, bytes], directory: str | os.PathLike[str]) -> list[Path]:
    """Write files by name into `directory`, as `write_outputs` does; the paths, in order."""
    directory = Path(directory)
    written = []
    for name, content in files.items():
        path = directory / name
        try:
            directory.mkdir(parents=True, exist_ok=True)
            _write_whole(path, content)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SemsegError(
                f"{path} could not be written ({reason}): "
                "choose a folder that may be written to and has room."
            ) from error
        written.append(path)
    return written


def _write_whole(path: Path, content: bytes) -> None:
    """Write beside `path` first and then swap names, so that no reader meets half a file."""
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
