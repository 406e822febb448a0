"""TVIPS cameras (EM-MENU): TIFF tag 37706, which tifffile takes apart.

The second edition of its header has the distance of two pixels in nm; the first has no size of a
pixel on the sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tifffile

from semseg.scale.instrument import Instrument
from semseg.scale.vendors.reading import (
    Reading,
    length_nm,
    pixel_reading,
    recorded_size,
    unusable,
)
from semseg.scale.vendors.settings import kilovolts, magnification, plain_text

__all__ = ["read_tvips"]

_SOURCE = "TVIPS metadata"
_TAG = 37706
_LEAST_VOLTS = 5000  # what is less is in kV


def read_tvips(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read PixelSizeX and PixelSizeY; None for the first edition, or another use of the tag."""
    header = tif.pages.first.tags.valueof(_TAG)
    if not isinstance(header, Mapping) or "PixelSizeX" not in header:
        return None
    value = header["PixelSizeX"]
    pixel = length_nm(value, "nm")
    # Zero is a camera that nobody calibrated.
    notes = [] if pixel or not value else [unusable(_SOURCE, "pixel size", f"{value} nm")]
    return pixel_reading(
        *(_SOURCE, pixel, notes),
        pixel_height_nm=length_nm(header.get("PixelSizeY"), "nm"),
        recorded=recorded_size(header.get("ImageSizeX"), header.get("ImageSizeY")),
        instrument=_instrument(header),
    )


def _instrument(header: Mapping[str, Any]) -> Instrument:
    volts = header.get("TemHighTension")
    unit = "V" if isinstance(volts, int | float) and volts >= _LEAST_VOLTS else "kV"
    return Instrument(
        model=plain_text(header.get("TemType")),
        accelerating_voltage_kv=kilovolts(volts, unit),
        detector=plain_text(header.get("CameraType")),
        magnification=magnification(header.get("TemMagnification")),
    )
