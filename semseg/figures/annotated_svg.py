"""One picture with its outlines over it, as SVG for a web page: sharp at any size, and in print.

>>> annotated_svg(analysis).startswith('<svg class="annotated"')
True

The micrograph is a JPEG inside it, as recorded, with its label bar; outlines, numbers and scale bar
are vectors in groups of their own (``accepted``, ``not_counted``, ``rejected``, ``numbers``), which
a style sheet may hide. The bar stands below the picture, where it covers none that is printed
there; of a scale that is only assumed there is none. Every outline shows its particle's label and
size when pointed at.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup, escape
from numpy.typing import NDArray
from PIL import Image

from semseg.analysis import Analysis
from semseg.figures.contrast import display_range
from semseg.figures.histogram import DOUBT_ON_BLACK, doubt_text
from semseg.figures.scale_bar import bar_length, length_text
from semseg.figures.states import ACCEPTED, NOT_COUNTED, REJECTED
from semseg.measure.area import rings
from semseg.measure.quantities import SIZES
from semseg.scale.calibration import Calibration

__all__ = ["annotated_svg"]

MAX_SIDES_PX = (1600, 1280, 1024, 800, 640)  # px of the JPEG, tried until it is small enough
QUALITY = 85
# A point of an outline is dropped where it is less than this off the line between its neighbours,
# every second one at a time.
MAX_OFF_LINE, ROUNDS = 0.08, 6  # network px
STRIP = 1 / 30  # of the width: height of what stands below the picture for the scale bar
TENTHS = 10  # coordinates are whole tenths of a recorded pixel, which is short and sharp enough


def annotated_svg(
    analysis: Analysis, size: str = "min_feret", *, max_bytes: int = 700_000
) -> Markup:
    """The recorded picture with the outlines of counted, left out and doubtful particles.

    Parameters
    ----------
    analysis
        What was found.
    size
        A key of `semseg.measure.quantities.SIZES`: the one in the tooltip of an outline.
    max_bytes
        Of the JPEG; a larger one is scaled down, to 640 px at the least. Contrast is that of the
        analysed frame, between its 0.1 and 99.9 percentiles.
    """
    micrograph, crop = analysis.micrograph, analysis.crop
    height, width = analysis.grid.frame
    full_height, full_width = analysis.grid.recorded
    content = base64.b64encode(_jpeg(analysis, max_bytes)).decode()
    scale = analysis.calibration
    has_bar = scale is not None and not scale.assumed
    strip = math.ceil(full_width * STRIP) if has_bar else 0
    parts = [
        f'<svg class="annotated" viewBox="0 0 {full_width} {full_height + strip}" role="img" '
        f'aria-label="{escape(micrograph.name)} with outlines">'
        f'<image href="data:image/jpeg;base64,{content}" width="{full_width}" '
        f'height="{full_height}" preserveAspectRatio="none"/>'
    ]
    if (height, width) != (full_height, full_width):
        parts.append(
            f'<rect class="frame" x="{crop.left}" y="{crop.top}" width="{width}" '
            f'height="{height}" fill="none" stroke="white" stroke-dasharray="6 4" '
            'vector-effect="non-scaling-stroke"/>'
        )
    parts += _masks(analysis)
    parts += _outline_groups(analysis, size)
    parts.append(_numbers(analysis.particles, full_width))
    if scale is not None and has_bar:
        parts.append(_scale_bar(analysis, scale, strip))
    return Markup("".join([*parts, "</svg>"]))


def _masks(analysis: Analysis) -> list[str]:
    """What a hand left out of the analysed area, dimmed."""
    by_hand = analysis.segmentation.corrections
    return [
        f'<path class="mask" d="{"".join(_closed(ring + 0.5) for ring in rings(mask))}" '
        'fill="black" fill-opacity="0.5" fill-rule="evenodd" stroke="#ffe14d" '
        'vector-effect="non-scaling-stroke"/>'
        for mask in (by_hand.masks if by_hand else ())
    ]


def _closed(ring: NDArray[np.float64]) -> str:
    return "M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in ring) + "Z"


def _jpeg(analysis: Analysis, max_bytes: int) -> bytes:
    """The recorded picture as JPEG, of the largest of `MAX_SIDES_PX` that takes so few bytes."""
    grey = analysis.micrograph.grey
    low, high = display_range(grey[analysis.grid.window])
    recorded = Image.fromarray(np.ascontiguousarray(grey, np.float32))
    for longest in MAX_SIDES_PX:
        ratio = min(1, longest / max(recorded.size))
        width, height = (max(1, round(side * ratio)) for side in recorded.size)
        small = np.asarray(recorded.resize((width, height), Image.Resampling.BOX))
        shown = np.clip((small - low) * (255 / (high - low)), 0, 255)
        out = io.BytesIO()
        Image.fromarray(shown.astype(np.uint8)).save(out, "jpeg", quality=QUALITY)
        if out.tell() <= max_bytes:
            break
    return out.getvalue()


def _outline_groups(analysis: Analysis, size: str) -> list[str]:
    """An SVG group of closed paths for each state of particles, in the order of drawing."""
    table = analysis.particles
    is_kept, counts = table["kept"].to_numpy(bool), table["counted"].to_numpy(bool)
    pixel = analysis.grid.pixel
    groups = []
    for state, width, chosen in (
        (ACCEPTED, 1.3, counts),
        (NOT_COUNTED, 1.3, is_kept & ~counts),
        (REJECTED, 1.9, ~is_kept),
    ):
        dashes = ' stroke-dasharray="4 2"' if state.dashed else ""
        rows = table[chosen].to_dict("records")
        paths = [
            _path(analysis.outlines[row["label"]], pixel, _tooltip(row, size, analysis.unit))
            for row in rows
            if row["label"] in analysis.outlines
        ]
        groups.append(
            f'<g class="outlines {state.key}" fill="none" pointer-events="all" '
            f'stroke="{state.outline}" stroke-width="{width}"{dashes} '
            f'transform="scale({1 / TENTHS})">{"".join(paths)}</g>'
        )
    return groups


def _path(outline: NDArray[np.float64], pixel: float, tooltip: str) -> str:
    """A closed path in tenths of a pixel, counted from the corner of the picture."""
    chamfered = _chamfered(outline.astype(np.float64), pixel / 2)
    corners = _thinned(chamfered, MAX_OFF_LINE * pixel)
    points = np.round(TENTHS * (corners + 0.5)).astype(int)
    steps = " ".join(f"{x} {y}" for x, y in np.diff(points, axis=0).tolist())
    return (
        f'<path d="M{points[0, 0]} {points[0, 1]}l{steps}z" vector-effect="non-scaling-stroke">'
        f"<title>{escape(tooltip)}</title></path>"
    )


def _chamfered(outline: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """The outline with its corners cut, at most `reach` from each: (n, 2) to (2 n, 2).

    Outlines run along the sides of the network's pixels. Half a pixel off each corner turns the
    stairs of a slanted edge into a line and leaves the area as it is, but for half a pixel.
    """
    side = np.roll(outline, -1, axis=0) - outline
    share = np.minimum(0.5, reach / np.hypot(*side.T))[:, None]
    both = np.stack((outline + share * side, outline + (1 - share) * side), axis=1)
    return both.reshape(-1, 2)


def _thinned(points: NDArray[np.float64], off_line: float) -> NDArray[np.float64]:
    """The closed outline (n, 2) without points that hardly change it."""
    for _ in range(ROUNDS):
        before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
        (along_x, along_y), (x, y) = (after - before).T, (points - before).T
        off = np.abs(along_x * y - along_y * x) <= off_line * np.hypot(along_x, along_y)
        off[::2] = False  # so that two neighbours never go at once
        points = points[~off]
    return points


def _tooltip(row: Mapping[Hashable, Any], size: str, unit: str) -> str:
    reason = row["reason"] or row["not_counted"]
    tooltip = f"{row['label']}: {row[SIZES[size].column(unit)]:.4g} {unit}"
    return f"{tooltip}, {reason}" if reason else tooltip


def _numbers(table: pd.DataFrame, width: int) -> str:
    places = zip(table["label"], table["x_px"] + 0.5, table["y_px"] + 0.5, strict=True)
    texts = "".join(f'<text x="{x:.0f}" y="{y:.0f}">{label}</text>' for label, x, y in places)
    return (
        f'<g class="numbers" font-size="{width / 75:.1f}" fill="white" stroke="black" '
        'stroke-width="0.2em" paint-order="stroke" stroke-linejoin="round" '
        f'text-anchor="middle" dominant-baseline="central" pointer-events="none">{texts}</g>'
    )


def _scale_bar(analysis: Analysis, scale: Calibration, strip: int) -> str:
    """A bar of round length, about a fifth of the frame, in a `strip` below the picture."""
    height, width = analysis.grid.recorded
    pixel = scale.pixel_size_nm
    length = bar_length(analysis.grid.frame[1] * pixel)
    across, margin, thick = length / pixel, 0.02 * width, width / 150
    left, middle = width - margin - across, height + strip / 2
    look = f'y="{middle:.1f}" font-size="{0.6 * strip:.1f}" dominant-baseline="central"'
    parts = [
        f'<rect x="{left:.1f}" y="{middle - thick / 2:.1f}" width="{across:.1f}" '
        f'height="{thick:.1f}" fill="white"/>'
        f'<text x="{left - margin / 2:.1f}" fill="white" text-anchor="end" {look}>'
        f"{length_text(length)}</text>"
    ]
    if scale.doubt:
        words = doubt_text(scale.doubt)
        parts.append(f'<text x="{margin:.1f}" fill="{DOUBT_ON_BLACK}" {look}>{words}</text>')
    black = f'<rect y="{height}" width="{width}" height="{strip}" fill="black"/>'
    return f'<g class="scale-bar" font-weight="600">{black}{"".join(parts)}</g>'
