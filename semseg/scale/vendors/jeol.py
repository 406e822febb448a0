r"""JEOL: ``$KEY value`` in a ``.txt`` beside the picture, or ``$KEY=value`` in the picture's Exif.

What says the size of a pixel best is taken: CM_PIXEL_SIZE (SEMs of the JSM-IT series), else
EM_PIXELSPERMETER_X (the TEM JEM-2200FS), else CM_FIELD_OF_VIEW over the picture's width, else the
scale bar of the picture, which stands there as its label and its length in whole pixels:

>>> text = "$CM_FULL_SIZE 1280 960\n$$SM_MICRON_BAR 200\n$$SM_MICRON_MARKER 5um\n"
>>> reading = jeol_reading(text, 1280, 1024)
>>> reading.pixel_nm, reading.bar_row, reading.relative_uncertainty
(25.0, 960, 0.0025)

Some (JSM-4700F) tell the label alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import tifffile

from semseg.scale.instrument import Instrument
from semseg.scale.vendors.reading import (
    Reading,
    Recorded,
    length_nm,
    number,
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
from semseg.scale.vendors.tags import exif

__all__ = ["is_jeol_text", "jeol_reading", "read_jeol", "read_jeol_exif"]

_SIDECAR, _SOURCE = "JEOL sidecar", "JEOL metadata"

# Of a bar that was drawn in whole pixels, in pixels: both its ends were rounded, each with a
# standard uncertainty of 1 / sqrt(12) (JCGM 100:2008, F.2.2.1), which together make 0.41.
_BAR_UNCERTAINTY_PX = 0.5

_KEYS = (
    "SEM_DATA_VERSION|CM_(FULL_SIZE|IMAGE_SIZE|FORMAT|MAG|PIXEL_SIZE|FIELD_OF_VIEW|INSTRUMENT)|"
    "SM_MICRON_|EM_PIXELS"
)
# A line of a sidecar, or an entry of the Exif text, which tabs part.
_ENTRY = re.compile(
    r"^[ \t]*\$+(\w{1,60})(?:[ \t]+|[ \t]*=[ \t]*)([^\r\n\t\0]{0,200})", re.MULTILINE
)
_MAX_EXIF = 200_000
_LENGTH = re.compile(r"([0-9.]{1,20}(?:e[+-]?\d{1,3})?)\s{0,3}([^\d\s/.,]{1,12})", re.IGNORECASE)
# MakerNote and UserComment, as numbers (Pillow) and names (tifffile).
_NOTES = (37500, 37510)
_NAMES = ("MakerNote", "UserComment")

Entries = Mapping[str, str]


def is_jeol_text(text: str) -> bool:
    """Tell a JEOL text from others by its keys."""
    return bool(re.search(rf"^[ \t]*\$+({_KEYS})", text, re.MULTILINE))


def read_jeol(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read the Exif of the first page, which may stand in its own directory or among its tags."""
    tags, notes = tif.pages.first.tags, exif(tif)
    blocks = [*(notes.get(name) for name in _NAMES), *(tags.valueof(code) for code in _NOTES)]
    return _of_blocks(blocks, width_px, height_px)


def read_jeol_exif(exif_ifd: Mapping[int, Any], width_px: int, height_px: int) -> Reading | None:
    """Read an Exif directory, by the numbers of its tags."""
    return _of_blocks([exif_ifd.get(code) for code in _NOTES], width_px, height_px)


def _of_blocks(blocks: list[Any], width_px: int, height_px: int) -> Reading | None:
    for block in blocks:
        text = _decoded(block)
        if text and is_jeol_text(text.replace("\t", "\n")):
            return jeol_reading(text, width_px, height_px, _SOURCE)
    return None


def _decoded(block: Any) -> str:
    r"""The text of a MakerNote or UserComment: ``UNICODE\0`` and UTF-16, or plain."""
    if isinstance(block, tuple) and all(isinstance(n, int) and -128 <= n < 256 for n in block):
        block = bytes(n % 256 for n in block[:_MAX_EXIF])
    if isinstance(block, str):
        return block[:_MAX_EXIF]
    if not isinstance(block, bytes):
        return ""
    data = block[:_MAX_EXIF]
    for beginning in (b"UNICODE\0", b"ASCII\0\0\0"):
        data = data.removeprefix(beginning)
    if data[:2] == b"\xfe\xff" or (len(data) > 3 and not any(data[0:40:2])):
        return data.decode("utf-16-be", "replace").lstrip("\ufeff")
    if data[:2] == b"\xff\xfe" or (len(data) > 3 and not any(data[1:40:2])):
        return data.decode("utf-16-le", "replace").lstrip("\ufeff")
    return data.decode("utf-8", "replace")


def jeol_reading(text: str, width_px: int, height_px: int, source: str = _SIDECAR) -> Reading:
    """Return what the text says of the picture.

    CM_FULL_SIZE is the width and the height of the recorded picture: rows below it are the label
    bar.
    """
    entries = _entries(text)
    notes: list[str] = []
    size = _size(entries)
    width, height = _pixel_size(entries)
    uncertainty = marker = None
    if width is None and (field := _lengths(entries.get("CM_FIELD_OF_VIEW"))) and size:
        width = field[0] / size.width
    if width is None:
        bar_px = number(entries.get("SM_MICRON_BAR", "")) or 0
        marker = next(iter(_lengths(entries.get("SM_MICRON_MARKER"))), None)
        if marker and bar_px > 0:
            width, uncertainty = marker / bar_px, _BAR_UNCERTAINTY_PX / bar_px
    if width is None:
        notes.append(unusable(source, *_missing(entries, marker)))
    row = None
    if size and size.height and size.width == width_px and height_px / 2 < size.height < height_px:
        row = int(size.height)
    return pixel_reading(
        *(source, width, notes),
        pixel_height_nm=height,
        bar_row=row,
        relative_uncertainty=uncertainty,
        recorded=size,
        instrument=_instrument(entries),
        marker_nm=None if width else marker,
    )


def _entries(text: str) -> Entries:
    """Key and value, the first of each key, without its dollar signs."""
    # In Shift-JIS the Greek letter mu is these two bytes, here read as Latin-1.
    lines = text.replace("\x83\xca", "µ").replace("\t$", "\n$")
    entries: dict[str, str] = {}
    for found in _ENTRY.finditer(lines):
        entries.setdefault(found[1], found[2].strip())
    return entries


def _pixel_size(entries: Entries) -> tuple[float | None, float | None]:
    """Width and height of a pixel in nm; the height None where it is not told by itself."""
    sides = _lengths(entries.get("CM_PIXEL_SIZE"))
    if sides:
        return sides[0], sides[1] if len(sides) > 1 else None
    per_metre = [number(entries.get(f"EM_PIXELSPERMETER_{axis}", "")) for axis in "XY"]
    across, down = (length_nm(1 / each, "m") if each else None for each in per_metre)
    return across, down


def _lengths(text: str | None) -> list[float]:
    """The lengths in a text, in nm: ``2.00nm/pixel``, ``128.0µm 96.0µm``; none without a unit."""
    found = (length_nm(value, unit) for value, unit in _LENGTH.findall(text or ""))
    return [length for length in found if length is not None]


def _size(entries: Entries) -> Recorded | None:
    """The size of the recorded picture; 0 x 0 is none."""
    for key in ("CM_IMAGE_SIZE", "CM_FULL_SIZE", "CM_FRAME_SIZE"):
        found = re.fullmatch(r"(\d{1,6})[\s,xX*]+(\d{1,6})", entries.get(key, ""))
        size = recorded_size(found[1], found[2]) if found else None
        if size is not None:
            return size
    return None


def _missing(entries: Entries, marker: float | None) -> tuple[str, str]:
    """What the text lacks, and what it holds in its place."""
    if (said := entries.get("CM_PIXEL_SIZE")) is not None:
        return "pixel size", said or "empty"
    if (said := entries.get("EM_PIXELSPERMETER_X")) is not None:
        return "number of pixels per metre", said or "empty"
    bar, label = (entries.get(f"SM_MICRON_{key}") for key in ("BAR", "MARKER"))
    if bar is None and label is None:
        return "pixel size", "none, and no scale bar"
    if marker and not bar:
        return "pixel size", f"only a scale bar of {label}"
    return "scale bar", f"{label or 'missing'} over {bar or 'missing'} px"


def _instrument(entries: Entries) -> Instrument:
    def first(*keys: str) -> str:
        return next((text for key in keys if (text := plain_text(entries.get(key, "")))), "")

    return Instrument(
        maker="JEOL",
        model=first("CM_INSTRUMENT"),
        accelerating_voltage_kv=kilovolts(entries.get("CM_ACCEL_VOLT"), "kV"),
        detector=first(
            *("CM_DETECTOR", "FE_DETECTOR_NAME", "CM_DETECTOR_NAME", "SM_DETECTOR"),
            *("CM_SIGNAL", "CM_SIGNAL_NAME"),
        ),
        working_distance_mm=millimetres(entries.get("SM_WD"), "mm"),
        magnification=magnification(entries.get("CM_MAG")),
        date=moment(entries.get("CM_DATE"), entries.get("CM_TIME")),
        operator=first("CM_OPERATOR"),
    )
