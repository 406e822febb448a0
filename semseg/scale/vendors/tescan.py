r"""TESCAN: ``key=value`` lines in TIFF tag 50431, or in an ``.hdr`` file beside the picture.

The tag holds blocks one after another, each of a 32-bit length (its own two type bytes included),
a 16-bit type and its content: 1 a JPEG thumbnail, 2 the main text, 3 the SEM's, 0 the end (as
Gwyddion's tescan.c reads it). The texts have no section names there; the ``.hdr`` has ``[MAIN]``.

>>> tescan_reading("[MAIN]\nPixelSizeX=2e-9\nPixelSizeY=2e-9\nImageStripSize=64", 832).bar_row
768
"""

from __future__ import annotations

import re

import tifffile

from semseg.scale.instrument import Instrument
from semseg.scale.vendors.reading import (
    Reading,
    bar_row,
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

__all__ = ["is_tescan_text", "read_tescan", "tescan_reading"]

_TAG = 50431
_SOURCE = "TESCAN metadata"


def read_tescan(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read tag 50431 of the first page: lengths in metres, ImageStripSize in rows."""
    block = tif.pages.first.tags.valueof(_TAG)
    if isinstance(block, str):
        block = block.encode("latin-1", "replace")
    elif isinstance(block, tuple) and all(isinstance(n, int) and -128 <= n < 256 for n in block):
        # Signed bytes come as numbers.
        block = bytes(n % 256 for n in block)
    if not isinstance(block, bytes) or b"PixelSize" not in block:
        return None
    return tescan_reading(block.decode("latin-1"), height_px)


def is_tescan_text(text: str) -> bool:
    """Tell a TESCAN ``.hdr`` from other texts."""
    keys = r"^(PixelSizeX|AccFrames|ImageStripSize|Device)[ \t]*="
    return bool(re.search(r"^\[MAIN\]", text, re.MULTILINE) and re.search(keys, text, re.MULTILINE))


def tescan_reading(text: str, height_px: int, source: str = _SOURCE) -> Reading:
    """Return what TESCAN's text says: PixelSizeX and PixelSizeY in m, ImageStripSize in rows."""
    notes: list[str] = []
    value = _value(text, "PixelSizeX")
    pixel = length_nm(value or "", "m")
    if pixel is None:
        notes.append(unusable(source, "PixelSizeX", "missing" if value is None else f"{value} m"))
    height = length_nm(_value(text, "PixelSizeY") or "", "m")
    row = bar_row(source, _value(text, "ImageStripSize"), height_px, notes)
    return pixel_reading(
        *(source, pixel, notes),
        pixel_height_nm=height,
        bar_row=row,
        recorded=recorded_size(_value(text, "ImageWidth"), _value(text, "ImageHeight")),
        instrument=_instrument(text),
    )


def _instrument(text: str) -> Instrument:
    return Instrument(
        maker="TESCAN",
        model=plain_text(_value(text, "DeviceModel") or _value(text, "Device")),
        accelerating_voltage_kv=kilovolts(_value(text, "HV"), "V"),
        detector=plain_text(_value(text, "Detector")),
        working_distance_mm=millimetres(_value(text, "WD"), "m"),
        magnification=magnification(_value(text, "Magnification")),
        date=moment(_value(text, "Date"), _value(text, "Time")),
        operator=plain_text(_value(text, "UserName")),
    )


def _value(text: str, key: str) -> str | None:
    """Return the first value of `key`, which may follow the binary head of its block."""
    found = re.search(rf"(?<![A-Za-z0-9_]){key}[ \t]*=([^\r\n\0]{{0,80}})", text)
    return found[1].strip() if found else None
