"""What the browser needs of one picture, as one JSON-able dictionary."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from semseg.analysis import Analysis
from semseg.bands import Band, by_bands
from semseg.figures.contrast import display_range
from semseg.measure.quantities import SHAPES, SIZES
from semseg.viewer.simplifying import simplified

__all__ = ["columns", "digest", "ghost_of", "pack", "packed_array", "packed_outlines"]

MAX_SIDE_PX = 4096  # px of the longer side of the displayed picture; most are shown as recorded
QUALITY = 85


def pack(analysis: Analysis) -> dict[str, Any]:
    """Everything that the view shows of one picture. Pure: the same analysis, the same bytes.

    Returns
    -------
    dict
        ``id``: digest of the rest. ``name``, ``unit`` (``nm`` or ``px``), ``pixel_size`` (nm per
        recorded px, or None), ``scale_doubt`` (why that must be checked: ``assumed``,
        ``proposed`` or empty).
        ``image``: ``source`` (JPEG as data URL), ``width`` and ``height`` in recorded px, and
        ``frame``, (left, top, right, bottom) of the analysed part.
        ``bar``: the scale bar that was found: ``box`` (left, top, right, bottom) and ``length`` in
        recorded px, ``around``, the part where its writing stands, and ``text``, what was read
        there, or empty; None where none was found.
        Columns, in base64, little-endian, in the order of the table: ``label`` int32; ``x, y``
        (recorded px), ``confidence`` and every key of `semseg.measure.quantities.SIZES` (in
        ``unit``) float64; every key of `SHAPES` there and ``visibility`` (share that is seen; NaN
        where unknown) float32; ``touches_edge`` uint8; ``doubt`` int32, an index into ``doubts``;
        ``ruled_out`` int32, an index into ``rules``, which say why a particle is not
        counted ("" where it is); ``weight`` float64, how many particles it stands for (1 or more).
        ``outlines``: ``xy`` float32 (n, 2), vertices of all particles in recorded px, and
        ``ends`` int32, where each particle's stop.
    """
    packed: dict[str, Any] = {
        "name": analysis.micrograph.name,
        "unit": analysis.unit,
        "pixel_size": None if analysis.calibration is None else analysis.calibration.pixel_size_nm,
        "scale_doubt": analysis.calibration.doubt if analysis.calibration else "",
        "image": _image(analysis),
        "bar": _bar(analysis),
        **columns(analysis.particles, analysis.unit),
        "outlines": packed_outlines(analysis, analysis.particles["label"].tolist()),
    }
    return {"id": digest(packed), **packed}


def columns(particles: pd.DataFrame, unit: str) -> dict[str, Any]:
    """The columns of `pack` for some rows of the table."""
    doubts, doubt = _indexed(particles["doubt" if "doubt" in particles else "reason"])
    rules, ruled_out = _indexed(_column(particles, "not_counted", ""))
    packed: dict[str, Any] = {
        "label": packed_array(particles["label"], "<i4"),
        "touches_edge": packed_array(particles["touches_edge"], "u1"),
        "doubts": doubts,
        "doubt": packed_array(doubt, "<i4"),
        "rules": rules,
        "ruled_out": packed_array(ruled_out, "<i4"),
        "weight": packed_array(_column(particles, "weight", 1.0), "<f8"),
    }
    # the confidence in full, so that the filter decides as in Python
    whole = {"x": "x_px", "y": "y_px", "confidence": "confidence"}
    whole |= {key: size.column(unit) for key, size in SIZES.items()}
    for name, column in whole.items():
        packed[name] = packed_array(particles[column], "<f8")
    for name in (*SHAPES, "visibility"):
        packed[name] = packed_array(_column(particles, name, np.nan), "<f4")
    return packed


def digest(packed: Mapping[str, Any]) -> str:
    """What tells it from any other."""
    return hashlib.sha256(json.dumps(packed, sort_keys=True).encode()).hexdigest()[:16]


def ghost_of(packed: Mapping[str, Any], edits: Mapping[int, bool], words: str) -> dict[str, Any]:
    """What the view shows of an earlier result of the same picture.

    Parameters
    ----------
    packed : mapping
        What `pack` gave of that result.
    edits : mapping of int to bool
        Labels on which a person decided there: kept or rejected.
    words : str
        What tells it from the present one.

    Returns
    -------
    dict
        ``id``, ``words``, ``edits`` (int8 in base64 by row: 1 kept, 0 rejected, -1 left to the
        filter), and ``x, y, confidence, outlines`` as `pack` has them.
    """
    labels = np.frombuffer(base64.b64decode(packed["label"]), "<i4")
    decided = np.array([edits.get(int(label), -1) for label in labels], np.int8)
    made = {name: packed[name] for name in ("x", "y", "confidence", "outlines")}
    made |= {"words": words, "edits": packed_array(decided, "i1")}
    digest = hashlib.sha256(f"{packed['id']} {words} {made['edits']}".encode())
    return {"id": digest.hexdigest()[:16], **made}


def packed_outlines(analysis: Analysis, labels: Sequence[int]) -> dict[str, str]:
    """The outlines of some particles, as in `pack`."""
    nothing = np.empty((0, 2))
    lines = [analysis.outlines.get(label, nothing) for label in labels]
    corners = np.concatenate([nothing, *lines])
    counts = np.array([len(line) for line in lines], int)
    points, counts = simplified(corners, counts, analysis.grid.pixel)
    return {"xy": packed_array(points, "<f4"), "ends": packed_array(np.cumsum(counts), "<i4")}


def _column(particles: pd.DataFrame, name: str, otherwise: Any) -> pd.Series:
    """A column of the table; where it or a value is missing, `otherwise`."""
    if name not in particles:
        return pd.Series(otherwise, index=particles.index)
    return particles[name].fillna(otherwise)


def _indexed(column: pd.Series) -> tuple[list[str], np.ndarray]:
    """The distinct texts, and the index of each particle's."""
    texts = column.fillna("").astype(str).tolist()
    distinct = sorted(set(texts))
    index = {text: k for k, text in enumerate(distinct)}
    return distinct, np.array([index[text] for text in texts], np.int32)


def _image(analysis: Analysis) -> dict[str, Any]:
    """The recorded picture, in the contrast of `display_range`."""
    grey = analysis.micrograph.grey
    height, width = grey.shape
    rows, columns = analysis.grid.window
    low, high = display_range(grey[rows, columns])
    shown = np.empty(grey.shape, np.uint8)

    def show(band: Band) -> None:
        scaled = (grey[band.own] - np.float32(low)) * np.float32(255 / (high - low))
        shown[band.own] = np.clip(scaled, 0, 255, out=scaled)

    by_bands(show, grey.shape)
    picture = Image.fromarray(shown)
    if max(grey.shape) > MAX_SIDE_PX:
        factor = MAX_SIDE_PX / max(grey.shape)
        size = max(1, round(width * factor)), max(1, round(height * factor))
        picture = picture.resize(size, Image.Resampling.BOX)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    source = "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
    frame_px = [columns.start, rows.start, columns.stop, rows.stop]
    return {"source": source, "width": width, "height": height, "frame": frame_px}


def _bar(analysis: Analysis) -> dict[str, Any] | None:
    bar, printed = analysis.scale_bar, analysis.printed
    if bar is None:
        return None
    text = printed.bar.text if printed is not None and printed.bar is not None else ""
    box = [float(bar.left), bar.top, float(bar.right), bar.bottom]
    near = bar.text_window
    around = [near.left, near.top, near.right, near.bottom]
    return {"box": box, "around": around, "length": float(bar.length_px), "text": text}


def packed_array(values: Any, kind: str) -> str:
    """Numbers of a kind that NumPy knows, in base64."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()
