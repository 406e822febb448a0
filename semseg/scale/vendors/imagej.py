"""ImageJ and Fiji: ``unit`` in the description and pixels per unit in XResolution."""

from typing import Any

import tifffile

from semseg.scale.vendors.reading import Reading, is_positive, length_nm, pixel_reading, unusable

__all__ = ["read_imagej"]

_SOURCE = "ImageJ metadata"

# ImageJ copies these from a file's print resolution, so they describe paper, not the sample.
_NOT_A_SAMPLE_UNITS = {"", "pixel", "pixels", "inch", "inches", "cm"}


def read_imagej(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read the unit and the resolution; None where they are a printer's or there are none."""
    metadata = tif.imagej_metadata
    if metadata is None:
        return None
    unit = str(metadata.get("unit", "")).replace("\\u00B5", "µ").strip()
    if unit.lower() in _NOT_A_SAMPLE_UNITS:
        return None
    tags = tif.pages.first.tags
    across, down = (_ratio(tags.valueof(code)) for code in (282, 283))
    pixel = length_nm(1 / across, unit) if across else None
    notes = []
    if pixel is None:
        shown = f"{1 / across:.4g} {unit}" if across else f"no resolution, unit {unit}"
        notes.append(unusable(_SOURCE, "pixel size", shown))
    height = length_nm(1 / down, unit) if down else None
    return pixel_reading(_SOURCE, pixel, notes, pixel_height_nm=height)


def _ratio(value: Any) -> float | None:
    """Return a TIFF rational as a number, or None unless it is finite and > 0."""
    numerator, denominator = value if isinstance(value, tuple) else (value, 1)
    if not is_positive(numerator) or not is_positive(denominator):
        return None
    return numerator / denominator
