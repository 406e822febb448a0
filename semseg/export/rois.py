"""The outlines of all particles as ``RoiSet.zip``, which Fiji's ROI Manager opens.

>>> import io, zipfile
>>> container = zipfile.ZipFile(io.BytesIO(roiset_zip(analysis)))
>>> roi = ImagejRoi.frombytes(container.read("001.roi"))
>>> x, y = roi.coordinates().T  # from the top left corner of the first pixel

Fiji counts from the corner of the first pixel, an analysis from its centre; half a pixel is added.
Outlines run along pixel edges of the grid that the network saw. Two areas can be had from them:

* the area that a polygon encloses (shoelace formula) is ``area_px`` of the table, exactly where
  the network saw the picture at factor 1, else to the precision of the file's 32-bit coordinates;
* *Measure* counts the pixels whose centre lies inside, which are those of the label image, whatever
  the factor (`ij.process.PolygonFiller` of ImageJ 1.53t).

A ROI knows no scale: Fiji takes it from the picture on which it is shown.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from roifile import ROI_OPTIONS, ROI_TYPE, ImagejRoi

from semseg.analysis import Analysis
from semseg.export.archive import archive
from semseg.export.values import one_line
from semseg.figures.states import ACCEPTED, REJECTED

__all__ = ["GROUPS", "corner_outlines", "off_centres", "roiset_zip"]

_Float = TypeVar("_Float", bound=np.floating)

# Fiji draws a group in a colour that goes with its number (lookup table Glasbey): 3 is green and 2
# is red, as on the page.
GROUPS = {True: 3, False: 2}
# ARGB, for readers that know no groups.
_COLOURS = {
    kept: bytes.fromhex(f"ff{state.outline.removeprefix('#')}")
    for kept, state in ((True, ACCEPTED), (False, REJECTED))
}
_PROPERTIES = ("label", "kept", "reason", "confidence", "area_px", "counted", "not_counted")


def corner_outlines(analysis: Analysis) -> dict[int, NDArray[np.float64]]:
    """The outlines of an analysis by label, counted from the corner of the first pixel, as ImageJ
    and COCO count: n x 2, (x, y) in recorded px, pixel (0, 0) covering [0, 1] x [0, 1]."""
    return {label: outline + 0.5 for label, outline in analysis.outlines.items()}


def roiset_zip(analysis: Analysis) -> bytes:
    """Every particle found as an ImageJ ROI, in the order of the table.

    Name of a ROI is the label, with zeros in front so that sorting by name keeps the order. Group 3
    (green) are the kept ones, group 2 (red) all others. Properties, as far as the table has them:
    ``label``, ``kept``, ``reason``, ``confidence``, ``area_px``, ``counted``, ``not_counted``.

    Whole-numbered outlines are *traced* ROIs, as the wand makes them; the others, and those that
    reach beyond the 16-bit whole numbers of the format (60,535), are *freehand* ROIs with 32-bit
    coordinates.
    """
    particles = analysis.particles
    polygons = corner_outlines(analysis)
    known = particles[[name for name in _PROPERTIES if name in particles]]
    digits = len(str(max(polygons, default=0)))
    rois = {}
    for row in known.to_dict("records"):
        name = f"{row['label']:0{max(digits, 3)}d}"
        roi = _roi(polygons[row["label"]], name, bool(row["kept"]), _properties(row))
        rois[f"{name}.roi"] = roi.tobytes()
    return archive(rois)


def _roi(
    polygon: NDArray[np.float64], name: str, kept: bool, known: dict[str, object]
) -> ImagejRoi:
    whole = np.round(polygon)
    is_whole = bool((whole == polygon).all())
    points = whole.astype(np.int64) if is_whole else _stored(polygon)
    roi = ImagejRoi.frompoints(points, name=name)
    # Fiji finds no perimeter of traced ROIs with 32-bit coordinates, and a staircase's of polygons.
    roi.options &= ROI_OPTIONS.SUB_PIXEL_RESOLUTION
    roi.roitype = ROI_TYPE.FREEHAND if roi.options else ROI_TYPE.TRACED
    roi.group = GROUPS[kept]
    roi.stroke_color = _COLOURS[kept]
    roi.properties = known
    return roi


def _stored(polygon: NDArray[np.float64]) -> NDArray[np.float32]:
    """32-bit coordinates that keep every pixel's centre on its side of the outline.

    An edge through pixel centres leaves these to the right of it or below, as
    `semseg.measure.recorded.on_recorded_grid` does; ImageJ would leave them to the left.
    """
    stored, far = polygon.astype(np.float32), np.float32(np.inf)
    below, above = np.nextafter(stored, -far), np.nextafter(stored, far)
    return off_centres(polygon, stored, below, above)


def off_centres(
    exact: NDArray[np.float64],
    rounded: NDArray[_Float],
    below: NDArray[_Float],
    above: NDArray[_Float],
) -> NDArray[_Float]:
    """`rounded`, but where that lies on the centre of a pixel, `below` or `above`, its neighbours
    among the numbers that can be stored: on the side of the centre on which `exact` lies, and below
    where it lies on it. All of one shape, px from the corner of the first pixel."""
    return np.where(rounded % 1 == 0.5, np.where(exact <= rounded, below, above), rounded)


def _properties(row: Mapping[Hashable, Any]) -> dict[str, object]:
    """Values in one line of plain characters each; what is not known is left out."""
    known = {}
    for name, value in row.items():
        if pd.isna(value) or value == "":
            continue
        if isinstance(value, str):
            value = one_line(value).encode("ascii", "replace").decode()
        elif isinstance(value, float):
            value = f"{value:.6g}"
        known[str(name)] = value
    return known
