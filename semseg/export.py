"""The files an analysis leaves behind: tables, summary, label image, figure, settings.

Every function takes an :class:`~semseg.analysis.Analysis` and returns bytes; only
:func:`write_outputs` touches the disk. The same analysis gives the same bytes, except for the
``seconds`` at the end of the summary.

======================  =========================================================================
``.particles.csv``      every particle found, with all that was measured
``.summary.json``       what was done and found; replays as settings
``.labels.tif``         the label image
``.figure.png``         four panels; also ``.svg`` and ``.pdf``
``.sizes.csv``          sizes only: summaries, then every kept particle
``.settings.json``      the settings, to be used again
======================  =========================================================================
"""

from __future__ import annotations

import io
import json
import math
import os
import uuid
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from semseg.counting import counted, size_weights
from semseg.display import DEFAULT, SIZES, Display, is_assumed
from semseg.errors import SemsegError
from semseg.figure import figure_bytes
from semseg.statistics import summarise
from semseg.tables import counting_rule, particles_csv, per_image_table, pooled_csv, sizes_csv
from semseg.version import __version__

if TYPE_CHECKING:
    from semseg.analysis import Analysis

__all__ = [
    "archive",
    "labels_tiff",
    "output_files",
    "particles_csv",
    "per_image_table",
    "pooled_csv",
    "settings_json",
    "sizes_csv",
    "summary_dict",
    "summary_json",
    "write_outputs",
]

# No clock, so that the same files make the same archive; the first moment a ZIP can name.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


# -- summary ---------------------------------------------------------------------------------


def summary_dict(analysis: Analysis) -> dict[str, Any]:
    """All that is needed to understand and repeat the analysis, and the sizes it found.

    Only plain dicts, lists, strings, numbers, booleans and None, so that it can be written as
    JSON. ``sizes`` holds number-weighted figures of the counted particles, by size and unit, e.g.
    ``sizes["min_feret_nm"]["d50"]``; None where a figure is not defined. Counted are all kept
    particles, unless the settings name another rule; ``counting_rule`` says so in words.

    ``counts`` add up: ``found`` = ``kept`` + ``possibly_wrong`` + ``excluded_by_hand``.
    ``possibly_wrong`` are those below the filter on which no person decided; ``kept_by_hand`` is
    the part of ``kept`` on which one did. ``manual`` lists the labels of both kinds of decision.
    """
    micrograph, model, particles = analysis.micrograph, analysis.model, analysis.particles
    crop, calibration = analysis.crop, analysis.calibration
    is_kept = particles["kept"].astype(bool)
    by_hand = particles["reason"] == "manual"
    counts = counted(particles)
    known = set(particles["label"].tolist())
    decided = {k: keep for k, keep in getattr(analysis, "manual", {}).items() if k in known}
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
            and {
                "pixel_size_nm": calibration.pixel_size_nm,
                "source": calibration.source,
                "assumed": is_assumed(analysis),
            },
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
                "kept": int(is_kept.sum()),
                "counted": len(counts),
                "possibly_wrong": int((~is_kept & ~by_hand).sum()),
                "excluded_by_hand": int((~is_kept & by_hand).sum()),
                "kept_by_hand": int((is_kept & by_hand).sum()),
                "at_edge": int(particles["touches_edge"].sum()),
            },
            "manual": {
                "excluded": sorted(label for label, keep in decided.items() if not keep),
                "kept": sorted(label for label, keep in decided.items() if keep),
            },
            "counting_rule": counting_rule(analysis),
            "percentiles": "number-weighted, linear between order statistics (Hyndman-Fan 7)",
            "sizes": {
                f"{size}_{unit}": asdict(summarise(counts[f"{size}_{unit}"], size_weights(counts)))
                for size in SIZES
                for unit in ("nm", "px")
                if f"{size}_{unit}" in counts
            },
            "notes": list(analysis.notes),
            "seconds": dict(analysis.seconds),
        }
    )


def summary_json(analysis: Analysis) -> bytes:
    """:func:`summary_dict` as UTF-8 JSON, indented for people."""
    text = json.dumps(summary_dict(analysis), indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


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
    files = {
        "particles.csv": particles_csv(analysis),
        "summary.json": summary_json(analysis),
        "labels.tif": labels_tiff(analysis),
    }
    for kind in figures:
        files[f"figure.{kind}"] = figure_bytes(analysis, kind, display)
    files["sizes.csv"] = sizes_csv(analysis, display)
    files["settings.json"] = settings_json(analysis, display)
    return {f"{stem}.{name}": content for name, content in files.items()}


def archive(files: Mapping[str, bytes]) -> bytes:
    """Files as a ZIP, in their order; the same files make the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as container:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # As Unix would write it on every system: readable by all.
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            container.writestr(entry, content)
    return out.getvalue()


def write_outputs(
    analysis: Analysis, directory: str | os.PathLike[str], display: Display = DEFAULT
) -> list[Path]:
    """Write the files into `directory`, which is made where it is missing.

    Each file is written whole or not at all; one of the same name is replaced. Nothing is written
    before all are ready. The settings get no file of their own: the summary replays as well.

    Returns
    -------
    The paths of ``<stem>.particles.csv``, ``.summary.json``, ``.labels.tif``, ``.figure.png`` and
    ``.sizes.csv``.

    Raises
    ------
    SemsegError
        When the disk refuses: a folder that may not be written to, a full disk.
    """
    directory = Path(directory)
    files = output_files(analysis, display)
    written = []
    for name, content in files.items():
        if name.endswith(".settings.json"):
            continue
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
