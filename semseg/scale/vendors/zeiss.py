"""Zeiss SmartSEM: TIFF tag 34118 (CZ_SEM), numbers without names, then names and values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import tifffile

from semseg.scale.instrument import Instrument
from semseg.scale.vendors.reading import (
    TOLERANCE,
    Reading,
    Recorded,
    length_nm,
    pixel_reading,
    recorded_size,
    unusable,
)
from semseg.scale.vendors.settings import (
    kilovolts,
    magnification,
    millimetres,
    moment,
    plain_text,
)

__all__ = ["read_zeiss"]

_SOURCE = "Zeiss metadata"
_SIZE = re.compile(r"\s*(\d{1,6})\s*[*xX]\s*(\d{1,6})\s*")

Entries = Mapping[str, Any]


def read_zeiss(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read AP_IMAGE_PIXEL_SIZE, else AP_WIDTH, else the unnamed header.

    AP_PIXEL_SIZE is not used: it belongs to the screen, not to the stored picture. The fourth
    unnamed number is the pixel size in metres of a picture 1024 px wide
    (https://sourceforge.net/p/gwyddion/mailman/message/29275000/). How wide the stored picture was
    is what DP_IMAGE_STORE says, or the width over the pixel size.
    """
    metadata = tif.sem_metadata
    if metadata is None:
        return None
    notes: list[str] = []
    pixel = _length(metadata, "ap_image_pixel_size", notes)
    width = _length(metadata, "ap_width", notes)
    stored = _stored(metadata)
    columns = stored.width if stored else width_px
    unnamed = metadata.get("", ())
    by_header = length_nm(unnamed[3], "m") if len(unnamed) > 3 else None
    if pixel is None and width:
        pixel = width / columns
    elif pixel is None and by_header:
        pixel = by_header * 1024 / columns
    elif pixel and width and abs(columns * pixel / width - 1) > TOLERANCE:
        # The stored picture is as wide as this one, or nothing says so, and yet they differ.
        stored = Recorded(width / pixel)
    return pixel_reading(_SOURCE, pixel, notes, recorded=stored, instrument=_instrument(metadata))


def _stored(metadata: Entries) -> Recorded | None:
    """Return the size of the stored picture, ``1024 * 768``."""
    found = _SIZE.fullmatch(str(_value(metadata, "dp_image_store")))
    return recorded_size(found[1], found[2]) if found else None


def _length(metadata: Entries, key: str, notes: list[str]) -> float | None:
    """Return the length under `key`, a ``(name, value, unit)`` tuple; append a note if bad."""
    entry = metadata.get(key)
    if entry is None:
        return None
    value, unit = (*entry[1:], "", "")[:2]
    length = length_nm(value, unit)
    if length is None:
        notes.append(unusable(_SOURCE, entry[0], f"{value} {unit}"))
    return length


def _instrument(metadata: Entries) -> Instrument:
    def measured(key: str) -> tuple[Any, str]:
        return _value(metadata, key), str(_value(metadata, key, place=2) or "")

    actual, target = measured("ap_actualkv"), measured("ap_manualkv")
    return Instrument(
        maker="Zeiss",
        model=plain_text(_value(metadata, "dp_sem")),
        accelerating_voltage_kv=kilovolts(*actual) or kilovolts(*target),
        detector=plain_text(_value(metadata, "dp_detector_channel"))
        or plain_text(_value(metadata, "dp_detector_type")),
        working_distance_mm=millimetres(*measured("ap_wd")),
        magnification=magnification(_value(metadata, "ap_mag")),
        date=moment(_value(metadata, "ap_date"), _value(metadata, "ap_time")),
        operator=plain_text(_value(metadata, "sv_operator"))
        or plain_text(_value(metadata, "sv_user_name")),
    )


def _value(metadata: Entries, key: str, place: int = 1) -> Any:
    """The value of an entry (1), or its unit (2); None where there is none."""
    entry = metadata.get(key)
    return entry[place] if isinstance(entry, tuple) and len(entry) > place else None
