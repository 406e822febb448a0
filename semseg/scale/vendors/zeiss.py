"""Zeiss SmartSEM: TIFF tag 34118 (CZ_SEM), numbers without names, then names and values."""

from collections.abc import Mapping
from typing import Any

import tifffile

from semseg.scale.vendors.reading import TOLERANCE, Reading, length_nm, pixel_reading, unusable

__all__ = ["read_zeiss"]

_SOURCE = "Zeiss metadata"


def read_zeiss(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read AP_IMAGE_PIXEL_SIZE, else AP_WIDTH, else the unnamed header.

    AP_PIXEL_SIZE is not used: it belongs to the screen, not to the stored picture. The fourth
    unnamed number is the pixel size in metres of a picture 1024 px wide
    (https://sourceforge.net/p/gwyddion/mailman/message/29275000/).
    """
    metadata = tif.sem_metadata
    if metadata is None:
        return None
    notes: list[str] = []
    pixel = _length(metadata, "ap_image_pixel_size", notes)
    width = _length(metadata, "ap_width", notes)
    by_width = width / width_px if width else None
    unnamed = metadata.get("", ())
    by_header = length_nm(unnamed[3], "m") if len(unnamed) > 3 else None
    if by_header:
        by_header *= 1024 / width_px

    if pixel and by_width and abs(pixel / by_width - 1) > TOLERANCE:
        notes.append(
            f"The {_SOURCE} contradict themselves: the pixel size is {pixel:.4g} nm, but the width "
            f"over {width_px} pixels makes {by_width:.4g} nm; the picture may have been resized "
            f"or cropped, so check the scale bar."
        )
    return pixel_reading(_SOURCE, pixel or by_width or by_header, notes)


def _length(metadata: Mapping[str, Any], key: str, notes: list[str]) -> float | None:
    """Return the length under `key`, a ``(name, value, unit)`` tuple; append a note if bad."""
    entry = metadata.get(key)
    if entry is None:
        return None
    value, unit = (*entry[1:], "", "")[:2]
    length = length_nm(value, unit)
    if length is None:
        notes.append(unusable(_SOURCE, entry[0], f"{value} {unit}"))
    return length
