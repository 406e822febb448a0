"""ImageJ and Fiji: ``unit`` in the description and pixels per unit in XResolution."""

from __future__ import annotations

from typing import Any

import tifffile

from semseg.scale.vendors.reading import Reading, length_nm, pixel_reading, unusable
from semseg.scale.vendors.tags import ratio

__all__ = ["read_imagej"]

_SOURCE = "ImageJ metadata"

# ImageJ copies these from a file's print resolution, so they describe paper, not the sample.
_NOT_A_SAMPLE_UNITS = {"", "pixel", "pixels", "inch", "inches", "cm"}


def read_imagej(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read the unit and the resolution; None where they are a printer's or there are none.

    Where the sides are in units of their own, ``yunit`` says so.
    """
    metadata = tif.imagej_metadata
    if metadata is None:
        return None
    unit = _unit(metadata.get("unit", ""))
    if unit.lower() in _NOT_A_SAMPLE_UNITS:
        return None
    unit_y = _unit(metadata.get("yunit", "")) or unit
    tags = tif.pages.first.tags
    across, down = (ratio(tags.valueof(code)) for code in (282, 283))
    pixel = length_nm(1 / across, unit) if across else None
    notes = []
    if pixel is None:
        shown = f"{1 / across:.4g} {unit}" if across else f"no resolution, unit {unit}"
        notes.append(unusable(_SOURCE, "pixel size", shown))
    height = length_nm(1 / down, unit_y) if down else None
    return pixel_reading(_SOURCE, pixel, notes, pixel_height_nm=height)


def _unit(value: Any) -> str:
    return str(value).replace("\\u00B5", "µ").strip()
