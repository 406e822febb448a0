r"""Hitachi: a ``.txt`` of ``key=value`` lines under ``[SemImageFile]`` beside the picture.

>>> text = "[SemImageFile]\nDataSize=1280x960\nPixelSize=9.921875\n"
>>> hitachi_reading(text, 1280, 960).pixel_nm
9.921875
"""

import re

from semseg.scale.vendors.reading import Reading, length_nm, pixel_reading, unusable

__all__ = ["hitachi_reading", "is_hitachi_text"]

_SOURCE = "Hitachi sidecar"

# Of the recorded height: what a picture may be taller by, when the label bar was added below it.
_MAX_BAR = 0.25


def is_hitachi_text(text: str) -> bool:
    """Tell a Hitachi text from others by the name of its section."""
    return bool(re.search(r"^\s*\[(Sem|Tem)ImageFile\]", text, re.MULTILINE))


def hitachi_reading(text: str, width_px: int, height_px: int) -> Reading:
    """Return what the text says: PixelSize in nm of a picture of DataSize (width x height)."""
    notes: list[str] = []
    value = _value(text, "PixelSize")
    pixel = length_nm(value or "", "nm")
    if pixel is None:
        # Older microscopes (S-4700) print the length of their scale bar and nothing better.
        marker = length_nm(_value(text, "MicronMarker") or "", "nm")
        hint = f", only a scale bar of {marker:g} nm" if value is None and marker else ""
        shown = f"missing{hint}" if value is None else f"{value} nm"
        notes.append(unusable(_SOURCE, "PixelSize", shown))
    size = re.fullmatch(r"(\d{1,6})\s*[xX*]\s*(\d{1,6})", _value(text, "DataSize") or "")
    if pixel and size and not _fits(int(size[1]), int(size[2]), width_px, height_px):
        notes.append(
            f"The {_SOURCE} describes a picture of {size[1]} x {size[2]} pixels, but this one has "
            f"{width_px} x {height_px}: it may have been resized or cropped, or belong to another "
            f"picture, so check the scale bar."
        )
    return pixel_reading(_SOURCE, pixel, notes)


def _fits(columns: int, rows: int, width_px: int, height_px: int) -> bool:
    return columns == width_px and rows <= height_px <= rows * (1 + _MAX_BAR)


def _value(text: str, key: str) -> str | None:
    found = re.search(rf"^[ \t]*{key}[ \t]*=([^\r\n]{{0,80}})", text, re.MULTILINE)
    return found[1].strip() if found else None
