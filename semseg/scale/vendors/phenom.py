"""Phenom desktop SEMs: an XML block ``<FeiImage>`` in TIFF tag 34683, or in a JPEG's own bytes.

>>> block = '<FeiImage><databarHeight>64</databarHeight><pixelWidth unit="um">0.1</pixelWidth>'
>>> reading = phenom_reading(block + "</FeiImage>", 1088)
>>> reading.pixel_nm, reading.bar_row
(100.0, 1024)
"""

import re

import tifffile

from semseg.scale.instrument import Instrument
from semseg.scale.vendors.reading import Reading, bar_row, length_nm, pixel_reading, unusable
from semseg.scale.vendors.settings import (
    kilovolts,
    magnification,
    millimetres,
    moment,
    plain_text,
)

__all__ = ["phenom_reading", "read_phenom", "read_phenom_bytes"]

_SOURCE = "Phenom metadata"
_START, _END = b"<FeiImage", b"</FeiImage>"
_MAX_BLOCK = 1_000_000

# An XML parser would have to be guarded against hostile files; three plain elements need none.
_ELEMENT = r"<{name}\b([^>]{{0,200}})>([^<]{{0,80}})</{name}>"
_UNIT = re.compile(r"""\bunit\s*=\s*["']([^"']{0,20})["']""")


def read_phenom(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read the block from whichever tag of the first page holds it (34683 as far as is known)."""
    for tag in tif.pages.first.tags:
        if tag.dtype in (1, 2, 7) and tag.count > len(_START):
            value = tag.value
            data = value.encode("utf-8", "replace") if isinstance(value, str) else value
            if isinstance(data, bytes) and _START in data:
                return read_phenom_bytes(data, height_px)
    return None


def read_phenom_bytes(data: bytes, height_px: int) -> Reading | None:
    """Read the block from anywhere in the bytes of a file; None where there is none."""
    start = data.find(_START)
    if start < 0:
        return None
    end = data.find(_END, start, start + _MAX_BLOCK)
    if end < 0:
        return Reading(_SOURCE, notes=(f"The {_SOURCE} of this file are damaged.",))
    return phenom_reading(data[start : end + len(_END)].decode("utf-8", "replace"), height_px)


def phenom_reading(xml: str, height_px: int) -> Reading:
    """Return what a ``<FeiImage>`` block says: pixelWidth, pixelHeight and databarHeight (rows)."""
    notes: list[str] = []
    value, unit = _element(xml, "pixelWidth")
    pixel = length_nm(value or "", unit)
    if pixel is None:
        shown = "missing" if value is None else f"{value} {unit or 'without a unit'}"
        notes.append(unusable(_SOURCE, "pixelWidth", shown))
    height = length_nm(*(part or "" for part in _element(xml, "pixelHeight")))
    row = bar_row(_SOURCE, _element(xml, "databarHeight")[0], height_px, notes)
    return pixel_reading(
        *(_SOURCE, pixel, notes),
        pixel_height_nm=height,
        bar_row=row,
        instrument=_instrument(xml),
    )


def _instrument(xml: str) -> Instrument:
    volts = _element(xml, "highVoltage")[0] or _element(xml, "acceleratingVoltage")[0]
    unit = _element(xml, "highVoltage")[1] or _element(xml, "acceleratingVoltage")[1] or "kV"
    distance, distance_unit = _element(xml, "workingDistance")
    date, _, time = (_element(xml, "time")[0] or _element(xml, "date")[0] or "").partition("T")
    return Instrument(
        maker="Phenom",
        model=plain_text(_element(xml, "type")[0]),
        accelerating_voltage_kv=kilovolts(_absolute(volts), unit),
        detector=plain_text(_element(xml, "detector")[0]),
        working_distance_mm=millimetres(distance, distance_unit or "mm"),
        magnification=magnification(_element(xml, "magnification")[0]),
        date=moment(date, time[:8]),
    )


def _absolute(volts: str | None) -> str | None:
    """The voltage without its sign, which some write: -15000."""
    return None if volts is None else volts.strip().lstrip("-")


def _element(xml: str, name: str) -> tuple[str | None, str]:
    """Return an element's text, None where there is none, and its unit."""
    found = re.search(_ELEMENT.format(name=name), xml)
    if found is None:
        return None, ""
    unit = _UNIT.search(found[1])
    return found[2].strip(), unit[1] if unit else ""
