"""Olympus Soft Imaging Solutions (iTEM, analySIS): TIFF tag 33560, which tifffile takes apart.

Files of two pages of one size are common: a rendering with writing in it, and the data, which has
the tag and is read (`semseg.io.decoding.pages`).
"""

from __future__ import annotations

import tifffile

from semseg.scale.instrument import Instrument
from semseg.scale.vendors.reading import Reading, length_nm, pixel_reading, unusable
from semseg.scale.vendors.settings import magnification, plain_text

__all__ = ["read_olympus"]

_SOURCE = "Olympus SIS metadata"


def read_olympus(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read pixelsizex and pixelsizey of `TiffFile.sis_metadata`, in metres."""
    metadata = tif.sis_metadata
    if metadata is None or "pixelsizex" not in metadata:
        return None
    value = metadata["pixelsizex"]
    pixel = length_nm(value, "m")
    notes = [] if pixel else [unusable(_SOURCE, "pixel size", f"{value} m")]
    height = length_nm(metadata.get("pixelsizey"), "m")
    instrument = Instrument(
        detector=plain_text(metadata.get("cameraname")),
        magnification=magnification(metadata.get("magnification")),
        date=str(metadata.get("datetime") or ""),
    )
    return pixel_reading(_SOURCE, pixel, notes, pixel_height_nm=height, instrument=instrument)
