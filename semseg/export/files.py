"""The files an analysis leaves behind: tables, summary, label image, figure, settings.

Every function takes an :class:`~semseg.analysis.Analysis` and returns bytes; only
:func:`write_outputs` touches the disk, through `semseg.export.writing`. The same analysis gives the
same bytes, except for the ``seconds`` at the end of the summary.

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
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
import tifffile
from markupsafe import Markup

from semseg.analysis import Analysis
from semseg.details import NONE, Details
from semseg.display import DEFAULT, Display
from semseg.export.archive import archive
from semseg.export.coco import coco_json
from semseg.export.report import report_html
from semseg.export.rois import roiset_zip
from semseg.export.session import session_json
from semseg.export.spreadsheet import workbook_xlsx
from semseg.export.summary_json import summary_dict, summary_json
from semseg.export.tables import particles_csv, per_image_table, pooled_csv, sizes_csv
from semseg.export.writing import write_files
from semseg.figures.panels import KINDS, figure_bytes
from semseg.io.micrograph import safe_name
from semseg.metrology.assessment import Assessment

__all__ = [
    "PICTURE_FILES",
    "RUN_FILES",
    "archive",
    "labels_tiff",
    "output_files",
    "output_paths",
    "particles_csv",
    "per_image_table",
    "pooled_csv",
    "run_files",
    "settings_json",
    "sizes_csv",
    "summary_dict",
    "summary_json",
    "write_outputs",
    "written_files",
]


# -- label image -----------------------------------------------------------------------------


def labels_tiff(analysis: Analysis) -> bytes:
    """The label image as TIFF: recorded grid, 0 = background, ids as in the table, deflate.

    uint16, or uint32 when an id exceeds 65535. When calibrated, ImageJ and Fiji read the pixel
    size in nanometres from it; a line ``scale=assumed`` or ``scale=proposed`` in the
    description (Image > Show Info) says that it is not certain.
    """
    labels = analysis.labels
    largest = int(labels.max(initial=0))
    description = f"ImageJ=1.54f\nmin=0.0\nmax={max(largest, 1)}.0\n"
    resolution = None
    if analysis.calibration is not None:
        description += "unit=nm\n"
        if analysis.scale_doubt:
            description += f"scale={analysis.scale_doubt}\n"
        width = analysis.calibration.pixel_size_nm
        resolution = (1 / width, 1 / (width * analysis.calibration.pixel_aspect))
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


def _figure(kind: str, analysis: Analysis, display: Display, details: Details) -> bytes:
    return figure_bytes(analysis, kind, display)


# Each file of one picture, and how it is made.
PICTURE_FILES: dict[str, Callable[[Analysis, Display, Details], bytes]] = {
    "particles.csv": lambda analysis, display, details: particles_csv(analysis),
    "summary.json": lambda analysis, display, details: summary_json(analysis, details),
    "labels.tif": lambda analysis, display, details: labels_tiff(analysis),
    **{f"figure.{kind}": partial(_figure, kind) for kind in KINDS},
    "sizes.csv": lambda analysis, display, details: sizes_csv(analysis, display),
    "rois.zip": lambda analysis, display, details: roiset_zip(analysis),
    "settings.json": lambda analysis, display, details: settings_json(analysis, display),
}
# Those that are written beside each other; the summary replays as the settings do.
WRITTEN_FILES = (
    *("particles.csv", "summary.json", "labels.tif"),
    *("figure.png", "sizes.csv", "rois.zip"),
)
# Each file that the pictures of a run make together.
RUN_FILES: dict[str, Callable[[Sequence[Analysis], Assessment, Display, Details], bytes]] = {
    "report.html": report_html,
    "session.json": lambda analyses, assessment, *told: session_json(analyses, *told),
    "particles.xlsx": lambda analyses, assessment, display, details: workbook_xlsx(
        analyses, details
    ),
    "coco.json": lambda analyses, *_: coco_json(analyses),
}


def output_files(
    analysis: Analysis,
    display: Display = DEFAULT,
    figures: Iterable[str] = ("png",),
    details: Details = NONE,
) -> dict[str, bytes]:
    """Name and content of every file of one picture, as the head of this module lists them.

    Parameters
    ----------
    analysis
        What was found.
    display
        What the histogram of the figure shows.
    figures
        Kinds of figure: any of ``png``, ``svg``, ``pdf``.
    details
        What a person says of the sample, for the summary.
    """
    wanted = {f"figure.{kind}" for kind in figures}
    names = [name for name in PICTURE_FILES if name in wanted or not name.startswith("figure.")]
    return _picture_files(analysis, display, details, names)


def _picture_files(
    analysis: Analysis, display: Display, details: Details, names: Iterable[str]
) -> dict[str, bytes]:
    stem = _stem(analysis.micrograph.stem)
    return {f"{stem}.{name}": PICTURE_FILES[name](analysis, display, details) for name in names}


def _stem(stem: str) -> str:
    """Never a path: a name must not lead out of the folder."""
    return PurePosixPath(str(stem).replace("\\", "/")).name or "image"


def run_files(
    analyses: Sequence[Analysis],
    assessment: Assessment,
    display: Display = DEFAULT,
    details: Details = NONE,
    drawings: Sequence[Markup] | None = None,
) -> dict[str, bytes]:
    """Name and content of the files that the pictures make together; `drawings` as
    `semseg.export.report.report_html` takes them."""
    makers = RUN_FILES | {"report.html": partial(report_html, drawings=drawings)}
    return {name: make(analyses, assessment, display, details) for name, make in makers.items()}


def written_files(
    analysis: Analysis, display: Display = DEFAULT, details: Details = NONE
) -> dict[str, bytes]:
    """Name and content of those files that `write_outputs` writes."""
    return _picture_files(analysis, display, details, WRITTEN_FILES)


def output_paths(name: str, directory: str | os.PathLike[str]) -> list[Path]:
    """Where `write_outputs` puts the files of the picture `name`."""
    stem = _stem(PurePosixPath(safe_name(name)).stem)
    return [Path(directory, f"{stem}.{ending}") for ending in WRITTEN_FILES]


def write_outputs(
    analysis: Analysis, directory: str | os.PathLike[str], display: Display = DEFAULT
) -> list[Path]:
    """Write the files into `directory`, which is made where it is missing; all or none.

    Files of the same names are replaced, or all stay what they were:
    `semseg.export.writing.write_files`. Nothing is written before all are ready.

    Returns
    -------
    The paths of ``<stem>.particles.csv``, ``.summary.json``, ``.labels.tif``, ``.figure.png``,
    ``.sizes.csv`` and ``.rois.zip``.

    Raises
    ------
    OutputError
        When the disk refuses: a folder that may not be written to, a full disk.
    """
    return write_files(written_files(analysis, display), directory)
