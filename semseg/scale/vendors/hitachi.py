r"""Hitachi: a ``.txt`` of ``key=value`` lines under ``[SemImageFile]`` beside the picture.

>>> text = "[SemImageFile]\nDataSize=1280x960\nPixelSize=9.921875\n"
>>> hitachi_reading(text, 1280, 960).pixel_nm
9.921875
"""

from __future__ import annotations

import re

from semseg.scale.instrument import Instrument
from semseg.scale.vendors.reading import (
    Reading,
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

__all__ = ["hitachi_reading", "is_hitachi_text"]

_SOURCE = "Hitachi sidecar"


def is_hitachi_text(text: str) -> bool:
    """Tell a Hitachi text from others by the name of its section."""
    return bool(re.search(r"^[ \t]*\[(Sem|Tem)ImageFile\]", text, re.MULTILINE))


def hitachi_reading(text: str, width_px: int, height_px: int) -> Reading:
    """Return what the text says: PixelSize in nm of a picture of DataSize (width x height)."""
    notes: list[str] = []
    value = _value(text, "PixelSize")
    pixel = length_nm(value or "", "nm")
    # Older microscopes (S-4700) tell the length of their scale bar and nothing better.
    marker = None if pixel else length_nm(_value(text, "MicronMarker") or "", "nm")
    if pixel is None:
        hint = f", only a scale bar of {marker:g} nm" if value is None and marker else ""
        shown = f"missing{hint}" if value is None else f"{value} nm"
        notes.append(unusable(_SOURCE, "PixelSize", shown))
    size = re.fullmatch(r"(\d{1,6})\s*[xX*]\s*(\d{1,6})", _value(text, "DataSize") or "")
    return pixel_reading(
        *(_SOURCE, pixel, notes),
        recorded=recorded_size(size[1], size[2]) if size else None,
        instrument=_instrument(text),
        marker_nm=marker,
    )


def _instrument(text: str) -> Instrument:
    return Instrument(
        maker="Hitachi",
        model=plain_text(_value(text, "InstructName")),
        accelerating_voltage_kv=kilovolts(_value(text, "AcceleratingVoltage"), "V"),
        detector=plain_text(_value(text, "SignalName")),
        working_distance_mm=millimetres(_value(text, "WorkingDistance"), "um"),
        magnification=magnification(_value(text, "Magnification")),
        date=moment(_value(text, "Date"), _value(text, "Time")),
        operator=plain_text(_value(text, "Operator")),
    )


def _value(text: str, key: str) -> str | None:
    found = re.search(rf"^[ \t]*{key}[ \t]*=([^\r\n]{{0,80}})", text, re.MULTILINE)
    return found[1].strip() if found else None
