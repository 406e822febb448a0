"""What is kept of one picture: a folder of its own in the run, whole or not there, and a row.

The folder is written aside under another name and swapped in by one step of the file system, so
that whoever is killed meanwhile leaves nothing that could be taken for a result. The row is what
tables, the run's page and the choice of outliers need, so that nobody opens the folders for them.
"""

from __future__ import annotations

import dataclasses
import io
import json
import math
import os
import shutil
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from semseg.analysis import Analysis
from semseg.errors import OutputError
from semseg.export.values import plain
from semseg.export.writing import write_files
from semseg.instances import out_of_domain
from semseg.measure.quantities import SIZES
from semseg.metrology.unlike import Facts, facts_of
from semseg.statistics.counting import Counts, counted, size_weights
from semseg.statistics.intervals import bootstrap_intervals
from semseg.statistics.summary import summarise

__all__ = [
    "CURVE",
    "PARTICLES",
    "ROW",
    "SIZE",
    "THUMBNAIL",
    "Row",
    "facts_from",
    "keep",
    "kept_row",
    "particles_parquet",
    "row_of",
    "state_of",
]

Row = dict[str, Any]
ROW = "row.json"
PARTICLES, THUMBNAIL = "particles.parquet", "thumbnail.jpg"
CURVE = tuple(np.linspace(0.025, 0.975, 39).round(3).tolist())  # shares that sizes are known at
SIZE = "min_feret"  # by which pictures of a sample are compared


def state_of(analysis: Analysis) -> tuple[str, str]:
    """What became of a picture: ``done``, ``no scale`` or ``abstained``; and why, where it is no
    part of the pooled sizes."""
    doubt = analysis.particles["doubt"]
    if len(doubt) and (doubt == out_of_domain.REASON).all():
        said = [note for note in analysis.notes if note in analysis.segmentation.notes]
        return "abstained", said[0] if said else "It is not like the pictures that the model knows."
    if analysis.calibration is None:
        return "no scale", "Its file does not say how large its pixels are, and none was given."
    scale = analysis.scale_doubt
    return "done", f"Its scale is only {scale}: check it." if scale else ""


def row_of(analysis: Analysis) -> Row:
    """One picture in a row of plain values; lengths in nm, None without a scale."""
    counts, rows = Counts.of(analysis.particles), counted(analysis.particles)
    state, sentence = state_of(analysis)
    calibration = analysis.calibration
    sizes: Row = {}
    for size in SIZES.values():
        known = summarise(rows[size.column("nm")], size_weights(rows)) if calibration else None
        for figure in ("mean", "standard_deviation", "d10", "d50", "d90"):
            sizes[f"{size.key}_{figure}_nm"] = known and getattr(known, figure)
    limits, curve = None, None
    if calibration and len(rows):
        column = rows[SIZES[SIZE].column("nm")]
        limits = bootstrap_intervals(column, size_weights(rows)).d50
        curve = np.quantile(column, CURVE).round(4).tolist()
    [facts] = facts_of([analysis], SIZE)
    found: Row = plain(
        {
            "state": state,
            "sentence": sentence,
            "stem": analysis.micrograph.stem,
            "sha256": analysis.micrograph.sha256,
            "page": analysis.settings.page,
            "width_px": analysis.grid.recorded[1],
            "height_px": analysis.grid.recorded[0],
            "pixel_size_nm": calibration and calibration.pixel_size_nm,
            "scale_source": calibration and calibration.marked_source,
            "scale_doubt": analysis.scale_doubt,
            "rescale": analysis.rescale,
            "rescale_source": analysis.rescale_source,
            "found": counts.found,
            "kept": counts.kept,
            "counted": counts.counted,
            "rejected_share": counts.rejected / counts.found if counts.found else None,
            **sizes,
            f"{SIZE}_d50_low_nm": limits and limits.low,
            f"{SIZE}_d50_high_nm": limits and limits.high,
            "curve_nm": curve,
            "by_hand": bool(analysis.manual) or analysis.segmentation.corrections is not None,
            "provider": analysis.provider,
            "notes": list(analysis.notes),
            "facts": dataclasses.asdict(facts),
        }
    )
    return found


def facts_from(row: Mapping[str, Any], *, comparable: bool) -> Facts:
    """By what `semseg.metrology.unlike` compares a picture, from its row; its sizes only where they
    are `comparable` with those of the others."""
    values = dict(row["facts"])
    for name in ("median", "log_spread"):
        if values[name] is None or not comparable:
            values[name] = math.nan
    return Facts(**values)


def particles_parquet(analysis: Analysis) -> bytes:
    """All particles of a picture as Parquet, the same bytes for the same particles."""
    out = io.BytesIO()
    table = analysis.particles.reset_index(drop=True)
    if "doubt" in table:
        table = table.assign(doubt=table["doubt"].astype(str))
    pd.DataFrame(table).to_parquet(out, engine="pyarrow", index=False, compression="zstd")
    return out.getvalue()


def keep(folder: Path, files: Mapping[str, bytes], row: Row) -> Row:
    """Write a picture's folder, whole or not at all; the row that is there afterwards.

    Where another worker was first, that one's stays: it is the same.

    Raises
    ------
    OutputError
        The disk refuses.
    """
    there = kept_row(folder)
    if there is not None:
        return there
    aside = folder.with_name(f".part-{uuid.uuid4().hex}")
    try:
        content = json.dumps(row, ensure_ascii=False, allow_nan=False, indent=1)
        write_files({**files, ROW: f"{content}\n".encode()}, aside)
        try:
            aside.rename(folder)
        except OSError:
            there = kept_row(folder)
            if there is not None:
                return there
            # what lies there is no result: somebody took files away from it
            shutil.rmtree(folder, ignore_errors=True)
            aside.rename(folder)
        _flush(folder.parent)
    except OSError as error:
        raise OutputError(
            f"{folder} could not be written ({error.strerror or type(error).__name__}): "
            "see that the folder of the run may be written to and has space."
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return row


def kept_row(folder: Path) -> Row | None:
    """The row of a result that is there, or None."""
    try:
        row = json.loads((folder / ROW).read_bytes())
    except (OSError, ValueError):
        return None
    return row if isinstance(row, dict) else None


def _flush(folder: Path) -> None:
    """See that the new name reaches the disk, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
