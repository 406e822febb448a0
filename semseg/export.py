"""The files an analysis leaves behind: table, summary, label image and figure.

Every function takes an :class:`~semseg.analysis.Analysis` and returns bytes; only
:func:`write_outputs` touches the disk. The same analysis gives the same bytes, except for the
``seconds`` at the end of the summary.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import tifffile

from semseg.errors import SemsegError
from semseg.figure import SIZES, figure_png
from semseg.statistics import summarise
from semseg.version import __version__

if TYPE_CHECKING:
    from semseg.analysis import Analysis

__all__ = [
    "labels_tiff",
    "output_files",
    "particles_csv",
    "summary_dict",
    "summary_json",
    "write_outputs",
]

# The command line's contract; other columns follow in the table's own order.
FIRST_COLUMNS = (
    *("label", "x_px", "y_px", "area_px", "ecd_px", "ecd_nm"),
    *("min_feret_nm", "max_feret_nm", "perimeter_nm"),
    *("circularity", "solidity", "aspect_ratio"),
    *("confidence", "touches_edge", "kept", "reason"),
)


# -- table -----------------------------------------------------------------------------------


def particles_csv(analysis: Analysis) -> bytes:
    """One row per particle, as UTF-8 with a byte order mark (Excel needs it) and LF line ends.

    Whole numbers are written in full, other numbers to six significant digits, what is not known
    as an empty cell. A text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    particles = analysis.particles
    first = [name for name in FIRST_COLUMNS if name in particles]
    # what speaks against a kept particle would read like a verdict
    names = first + [name for name in particles if name not in (*first, "doubt")]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(zip(*(_cells(particles[name]) for name in names), strict=True))
    return out.getvalue().encode("utf-8-sig")


def _cells(column: pd.Series) -> list[str]:
    """The column's values as they are written."""
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_integer_dtype(column):
        return [str(value) for value in column.tolist()]
    if pd.api.types.is_float_dtype(column):
        return [f"{value:.6g}" if math.isfinite(value) else "" for value in column.tolist()]
    # Line breaks would tear a row apart in simple readers.
    texts = ["" if pd.isna(value) else " ".join(str(value).split()) for value in column.tolist()]
    # https://owasp.org/www-community/attacks/CSV_Injection
    return [f"'{text}" if text.startswith(tuple("=+-@")) else text for text in texts]


# -- summary ---------------------------------------------------------------------------------


def summary_dict(analysis: Analysis) -> dict[str, Any]:
    """All that is needed to understand and repeat the analysis, and the sizes it found.

    Only plain dicts, lists, strings, numbers, booleans and None, so that it can be written as
    JSON. ``sizes`` holds number-weighted figures of the kept particles, by size and unit, e.g.
    ``sizes["min_feret_nm"]["d50"]``; None where a figure is not defined. Particles cut by the edge
    of the analysed frame are kept, and counted, unless the analysis dropped them;
    ``counting_rule`` says so in words.
    """
    micrograph, model, particles = analysis.micrograph, analysis.model, analysis.particles
    crop, calibration = analysis.crop, analysis.calibration
    kept = particles[particles["kept"].astype(bool)]
    return _plain(
        {
            "file": {
                "name": micrograph.name,
                "sha256": micrograph.sha256,
                "height": micrograph.height,
                "width": micrograph.width,
                "bit_depth": micrograph.bit_depth,
            },
            "software": {"name": "semseg", "version": __version__},
            "model": {"name": model.name, "version": model.version, "sha256": model.sha256},
            "provider": analysis.provider,
            "settings": analysis.settings.to_dict(),
            "calibration": calibration
            and {"pixel_size_nm": calibration.pixel_size_nm, "source": calibration.source},
            "crop": {side: getattr(crop, side) for side in ("top", "bottom", "left", "right")},
            "rescale": {
                "factor": analysis.rescale,
                "source": analysis.rescale_source,
                "median_particle_at_network_px": analysis.median_network_px,
            },
            "filter_threshold": analysis.filter_threshold,
            "repaired_pixels": analysis.repaired_pixels,
            "counts": {
                "found": len(particles),
                "kept": len(kept),
                "possibly_wrong": len(particles) - len(kept),
                "at_edge": int(particles["touches_edge"].sum()),
            },
            "counting_rule": _counting_rule(kept),
            "percentiles": "number-weighted, linear between order statistics (Hyndman-Fan 7)",
            "sizes": {
                f"{size}_{unit}": asdict(summarise(kept[f"{size}_{unit}"]))
                for size in SIZES
                for unit in ("nm", "px")
                if f"{size}_{unit}" in kept
            },
            "notes": list(analysis.notes),
            "seconds": dict(analysis.seconds),
        }
    )


def summary_json(analysis: Analysis) -> bytes:
    """:func:`summary_dict` as UTF-8 JSON, indented for people."""
    text = json.dumps(summary_dict(analysis), indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def _counting_rule(kept: pd.DataFrame) -> str:
    """Which particles the sizes are of, as a sentence."""
    at_edge = int(kept["touches_edge"].sum())
    return (
        "Every kept particle counts once, those cut by the edge of the analysed frame included "
        f"({at_edge} of {len(kept)}); no correction for the edge."
    )


def _plain(value: Any) -> Any:
    """`value` in JSON's own types; what is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


# -- label image -----------------------------------------------------------------------------


def labels_tiff(analysis: Analysis) -> bytes:
    """The label image as TIFF: recorded grid, 0 = background, ids as in the table, deflate.

    uint16, or uint32 when an id exceeds 65535. When calibrated, ImageJ and Fiji read the pixel
    size in nanometres from it.
    """
    labels = analysis.labels
    largest = int(labels.max(initial=0))
    description = f"ImageJ=1.54f\nmin=0.0\nmax={max(largest, 1)}.0\n"
    resolution = None
    if analysis.calibration is not None:
        description += "unit=nm\n"
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


def output_files(analysis: Analysis) -> dict[str, bytes]:
    """Name and content of the four files: particles.csv, summary.json, labels.tif, figure.png."""
    # Never a path: a name must not lead out of the folder.
    stem = PurePosixPath(str(analysis.micrograph.stem).replace("\\", "/")).name or "image"
    return {
        f"{stem}.particles.csv": particles_csv(analysis),
        f"{stem}.summary.json": summary_json(analysis),
        f"{stem}.labels.tif": labels_tiff(analysis),
        f"{stem}.figure.png": figure_png(analysis),
    }


def write_outputs(analysis: Analysis, directory: str | os.PathLike[str]) -> list[Path]:
    """Write the four files into `directory`, which is made where it is missing.

    Each file is written whole or not at all; one of the same name is replaced. Nothing is written
    before all four are ready.

    Returns
    -------
    The paths of ``<stem>.particles.csv``, ``.summary.json``, ``.labels.tif``, ``.figure.png``.

    Raises
    ------
    SemsegError
        When the disk refuses: a folder that may not be written to, a full disk.
    """
    directory = Path(directory)
    files = output_files(analysis)
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
