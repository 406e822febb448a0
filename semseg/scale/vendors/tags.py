"""Tags of a TIFF as they stand in the file, and what several vendors say in the same ones."""

from __future__ import annotations

from typing import Any

import tifffile

from semseg.scale.vendors.reading import is_positive

__all__ = ["exif", "pixel_aspect", "ratio", "raw_tag"]

# Of a pixel's height over its width: beyond is no microscope, but a tag that means something else.
MIN_ASPECT, MAX_ASPECT = 0.5, 2.0
_SIZES = {1: 1, 2: 1, 7: 1}  # bytes of a value, of the types that hold texts
_EXIF = 34665


def raw_tag(tif: tifffile.TiffFile, code: int, most: int) -> bytes | None:
    """The bytes of a tag of the first page; None where there is none, or it is no text, or of more
    than `most` bytes."""
    tag = tif.pages.first.tags.get(code)
    if tag is None or tag.dtype not in _SIZES or not 0 < tag.count <= most:
        return None
    file = tif.filehandle
    place = file.tell()
    try:
        file.seek(tag.valueoffset)
        data = bytes(file.read(tag.count))
    finally:
        file.seek(place)
    return data


def ratio(value: Any) -> float | None:
    """A TIFF rational as a number, or None unless it is finite and > 0."""
    numerator, denominator = value if isinstance(value, tuple) else (value, 1)
    if not is_positive(numerator) or not is_positive(denominator):
        return None
    return numerator / denominator


def pixel_aspect(tif: tifffile.TiffFile) -> float | None:
    """Height over width of a pixel by XResolution and YResolution; None where these say nothing."""
    tags = tif.pages.first.tags
    across, down = (ratio(tags.valueof(code)) for code in (282, 283))
    if across is None or down is None or not MIN_ASPECT <= across / down <= MAX_ASPECT:
        return None
    return across / down


def exif(tif: tifffile.TiffFile) -> dict[str, Any]:
    """The Exif directory of the first page, by the names of its tags; empty where there is none."""
    found = tif.pages.first.tags.valueof(_EXIF)
    return found if isinstance(found, dict) else {}
