"""What the browser needs of several pictures, as one JSON-able dictionary."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from semseg.analysis import Analysis
from semseg.figures.contrast import display_range
from semseg.figures.palette import look
from semseg.figures.states import STATES
from semseg.viewer.simplifying import simplified

__all__ = ["Card", "Cell", "Curves", "outlines_of", "pack", "thumbnail"]

SIDE_PX = 400  # of a thumbnail, which is shown half as large
QUALITY = 80
FINE = 4  # places of a vertex in a pixel of the thumbnail


@dataclass(frozen=True)
class Cell:
    """A figure of a picture: as it is written, and what it is sorted by."""

    text: str
    value: float | str


@dataclass(frozen=True)
class Curves:
    """Sizes of one picture, or of all, as curves.

    Attributes
    ----------
    density : (m,) float64 or None
        At the common sizes of all curves; None where there are too few particles.
    cumulative : two arrays, (n,) float64
        Sizes, and the share of particles up to each.
    """

    density: NDArray[np.float64] | None
    cumulative: tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Card:
    """One picture among several.

    Attributes
    ----------
    number : int
        Its place among all, from 0, which its colour follows.
    name : str
    thumbnail : str
        From `thumbnail`; empty: none.
    size : (width, height)
        In recorded px.
    state : str
        Why there is no result, such as ``being analysed``; empty where there is one.
    outlines : dict of str to str
        From `outlines_of`.
    figures : str
        What it comes to, in short.
    reasons : tuple of str
        Why it is unlike the others.
    left_out : str
        Why it is no part of the sizes of all together; empty where it is.
    rank : int
        Its place by how unlike the others it is, from 0.
    cells : tuple of Cell
        Its row of the table, in the order of the heads, without its name.
    curves : Curves or None
    """

    number: int
    name: str
    thumbnail: str
    size: tuple[int, int]
    state: str = ""
    outlines: Mapping[str, str] | None = None
    figures: str = ""
    reasons: tuple[str, ...] = ()
    left_out: str = ""
    rank: int = 0
    cells: tuple[Cell, ...] = ()
    curves: Curves | None = None


def pack(
    cards: Sequence[Card],
    *,
    heads: Sequence[str],
    sizes: NDArray[np.float64],
    together: Curves | None,
    axis: str,
    share: str,
    log: bool,
) -> dict[str, Any]:
    """Everything that the view shows. Pure: the same pictures, the same bytes.

    Parameters
    ----------
    cards : sequence of Card
    heads : sequence of str
        Of the columns of the table, without the name's.
    sizes : (m,) float64
        Where the densities are known.
    together : Curves or None
        Of all that count, together.
    axis, share : str
        Titles of the axes: of sizes; of what the cumulative share is one of.
    log : bool
        Whether the axis of sizes is logarithmic.
    """
    return {
        "cards": [_card(card) for card in cards],
        "heads": list(heads),
        "sizes": _base64(sizes),
        "together": _curves(together),
        "axis": axis,
        "share": share,
        "log": log,
    }


def thumbnail(
    grey: NDArray[np.float32], window: tuple[slice, slice] = (slice(None), slice(None))
) -> str:
    """A small picture of the recorded one, h x w, as data URL; in the contrast of a part of it."""
    low, high = display_range(grey[window])
    factor = min(1.0, SIDE_PX / max(grey.shape))
    step = max(1, int(1 / factor / 2))  # a coarse look first: the rest is averaged anyway
    coarse = grey[: grey.shape[0] // step * step, : grey.shape[1] // step * step]
    if step > 1:
        rows, columns = coarse.shape
        blocks = coarse.reshape(rows // step, step, columns // step, step)
        coarse = blocks.mean(axis=(1, 3), dtype=np.float32)
    scaled = np.clip((coarse - np.float32(low)) * np.float32(255 / (high - low)), 0, 255)
    picture = Image.fromarray(scaled.astype(np.uint8))
    height, width = grey.shape
    side = max(1, round(factor * width)), max(1, round(factor * height))
    out = io.BytesIO()
    picture.resize(side, Image.Resampling.BOX).save(out, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


def outlines_of(analysis: Analysis) -> dict[str, str]:
    """Paths of SVG, by key of `semseg.figures.states.STATES`: the outlines of the
    particles that are counted, kept but not counted, and possibly wrong; on a grid as fine as a
    thumbnail shows."""
    particles = analysis.particles
    labels = particles["label"].tolist()
    pixel = _fine(analysis.grid.recorded)
    nothing = np.empty((0, 2))
    lines = [analysis.outlines.get(label, nothing) for label in labels]
    counts = np.array([len(line) for line in lines], int)
    points, counts = simplified(np.concatenate([nothing, *lines]), counts, analysis.grid.pixel)
    paths = [_path(line, pixel) for line in np.split(points, np.cumsum(counts))[:-1]]
    counted = particles["counted"].tolist() if "counted" in particles else particles["kept"]
    state = [
        "rejected" if not kept else "accepted" if counts else "not_counted"
        for kept, counts in zip(particles["kept"], counted, strict=True)
    ]
    found = {
        key: "".join(path for path, own in zip(paths, state, strict=True) if own == key)
        for key in STATES
    }
    return {key: path for key, path in found.items() if path}


def _fine(recorded: tuple[int, int]) -> float:
    """Side of a square of the grid on which the vertices of outlines lie, in recorded px."""
    return max(*recorded, SIDE_PX) / SIDE_PX / FINE


def _path(line: NDArray[np.float32], pixel: float) -> str:
    """One closed outline, its vertices on a grid of so many recorded px and none twice."""
    if not len(line):
        return ""
    at = np.round(line / pixel).astype(np.int64)
    step = np.diff(at, axis=0)
    step = step[step.any(axis=1)]
    first = f"M{at[0, 0]} {at[0, 1]}"
    return first + "".join(f"l{x} {y}" for x, y in step.tolist()) + "z"


def _card(card: Card) -> dict[str, Any]:
    light, dark, stroke = look(card.number)
    width, height = card.size
    return {
        "number": card.number,
        "name": card.name,
        "thumbnail": card.thumbnail,
        "width": width,
        "height": height,
        "step": _fine((height, width)),  # recorded px, of the grid of the outlines
        "state": card.state,
        "outlines": dict(card.outlines or {}),
        "figures": card.figures,
        "reasons": list(card.reasons),
        "left_out": card.left_out,
        "rank": card.rank,
        "cells": [[cell.text, cell.value] for cell in card.cells],
        "curves": _curves(card.curves),
        "light": light,
        "dark": dark,
        "stroke": stroke,
    }


def _curves(curves: Curves | None) -> dict[str, Any] | None:
    if curves is None:
        return None
    sizes, shares = curves.cumulative
    return {
        "density": None if curves.density is None else _base64(curves.density),
        "sizes": _base64(sizes),
        "shares": _base64(shares),
    }


def _base64(values: NDArray[np.float64]) -> str:
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()
