"""What the browser needs of one picture, as one JSON-able dictionary."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from semseg.analysis import Analysis
from semseg.figures.contrast import display_range
from semseg.measure.quantities import SHAPES, SIZES

__all__ = ["pack", "simplified"]

MAX_SIDE_PX = 2048  # px of the longer side of the displayed picture
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
    particles = analysis.particles
    unit = analysis.unit
    doubts, doubt = _indexed(particles["doubt" if "doubt" in particles else "reason"])
    rules, ruled_out = _indexed(_column(particles, "not_counted", ""))
    packed: dict[str, Any] = {
        "name": analysis.micrograph.name,
        "unit": unit,
        "pixel_size": None if analysis.calibration is None else analysis.calibration.pixel_size_nm,
        "scale_doubt": analysis.calibration.doubt if analysis.calibration else "",
        "image": _image(analysis),
        "bar": _bar(analysis),
        "label": _base64(particles["label"], "<i4"),
        "touches_edge": _base64(particles["touches_edge"], "u1"),
        "doubts": doubts,
        "doubt": _base64(doubt, "<i4"),
        "rules": rules,
        "ruled_out": _base64(ruled_out, "<i4"),
        "weight": _base64(_column(particles, "weight", 1.0), "<f8"),
        "outlines": _outlines(analysis),
    }
    # the confidence in full, so that the filter decides as in Python
    whole = {"x": "x_px", "y": "y_px", "confidence": "confidence"}
    whole |= {key: size.column(unit) for key, size in SIZES.items()}
    for name, column in whole.items():
        packed[name] = _base64(particles[column], "<f8")
    for name in (*SHAPES, "visibility"):
        packed[name] = _base64(_column(particles, name, np.nan), "<f4")
    digest = hashlib.sha256(json.dumps(packed, sort_keys=True).encode())
    return {"id": digest.hexdigest()[:16], **packed}


def simplified(lines: list[np.ndarray], pixel: float) -> list[np.ndarray]:
    """Polygons along the edges of pixels, with fewer vertices.

    Corners are cut half a pixel from each, which turns a staircase into the line that halves its
    steps; vertices within a quarter of a pixel of the line through the others are then left out
    (Douglas and Peucker, Cartographica 10 (1973) 112; all polygons at once).

    Parameters
    ----------
    lines : list of (n, 2)
        Closed polygons of horizontal and vertical edges, the first vertex not repeated.
    pixel : float
        How long the side of a pixel is, at most, in the unit of `lines`.
    """
    lines = [np.asarray(line, np.float64).reshape(-1, 2) for line in lines]
    filled = [line for line in lines if len(line) > 2]
    if not filled:
        return [line.astype(np.float32) for line in lines]
    counts = np.array([len(line) for line in filled])
    ends = np.cumsum(counts)
    starts = ends - counts
    corners = np.concatenate(filled)
    following = np.arange(1, len(corners) + 1)
    following[ends - 1] = starts
    edge = corners[following] - corners
    length = np.abs(edge).max(axis=1)
    pixel = float(length[length > 1e-6].min(initial=pixel))
    cut = (edge * (np.minimum(length, pixel) / np.maximum(length, 1e-12) / 2)[:, None])[:, None]
    halves = np.concatenate([corners[:, None] + cut, corners[following][:, None] - cut], axis=1)
    points, keep = _closed(halves.reshape(-1, 2), 2 * counts)
    keep = _douglas_peucker(points, keep, tolerance=0.25 * min(pixel, 4.0))
    # each piece of `points` repeats its first vertex at its end, which is not drawn twice
    pieces = np.split(points, np.cumsum(2 * counts + 1)[:-1])
    kept = np.split(keep, np.cumsum(2 * counts + 1)[:-1])
    small = iter([p[:-1][k[:-1]].astype(np.float32) for p, k in zip(pieces, kept, strict=True)])
    return [next(small) if len(line) > 2 else line.astype(np.float32) for line in lines]


def _closed(points: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each piece with its first point again at its end, and which points surely stay.

    Those are the first, the last, and the one that is farthest from the first.
    """
    starts = np.cumsum(counts) - counts
    closed = np.insert(points, starts + counts, points[starts], axis=0)
    begins = starts + np.arange(len(counts))
    owner = np.repeat(np.arange(len(counts)), counts + 1)
    distance = ((closed - closed[begins][owner]) ** 2).sum(axis=1)
    keep = np.zeros(len(closed), bool)
    keep[begins] = keep[begins + counts] = True
    farthest = distance == np.maximum.reduceat(distance, begins)[owner]
    keep[np.flatnonzero(farthest)[np.unique(owner[farthest], return_index=True)[1]]] = True
    return closed, keep


def _douglas_peucker(points: np.ndarray, keep: np.ndarray, tolerance: float) -> np.ndarray:
    """Which points of many lines, one behind the other, stay; `keep` holds their ends."""
    while True:
        anchors = np.flatnonzero(keep)
        piece = np.cumsum(keep) - 1
        start = points[anchors][piece]
        chord = points[np.append(anchors[1:], anchors[-1])][piece] - start
        along = points - start
        length = np.hypot(*chord.T)
        off = np.abs(chord[:, 0] * along[:, 1] - chord[:, 1] * along[:, 0])
        off = np.where(length > 1e-9, off / np.maximum(length, 1e-9), np.hypot(*along.T))
        off[keep] = 0
        worst = np.maximum.reduceat(off, anchors)[piece]
        split = np.flatnonzero((off == worst) & (off > tolerance))
        if not len(split):
            return keep
        keep[split[np.unique(piece[split], return_index=True)[1]]] = True


def _outlines(analysis: Analysis) -> dict[str, str]:
    nothing = np.empty((0, 2), np.float32)
    labels = analysis.particles["label"].tolist()
    pixel = analysis.grid.pixel
    lines = simplified([analysis.outlines.get(label, nothing) for label in labels], pixel)
    ends = np.cumsum([len(line) for line in lines])
    points = np.concatenate([nothing, *lines])
    return {"xy": _base64(points, "<f4"), "ends": _base64(ends, "<i4")}


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
    scaled = (grey - np.float32(low)) * np.float32(255 / (high - low))
    picture = Image.fromarray(np.clip(scaled, 0, 255).astype(np.uint8))
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


def _base64(values: Any, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()
