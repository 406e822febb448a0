r"""JEOL: a ``.txt`` of ``$KEY value`` lines beside the picture.

The scale bar of the picture stands there as its label and its length in whole pixels:

>>> text = "$CM_FULL_SIZE 1280 960\n$$SM_MICRON_BAR 200\n$$SM_MICRON_MARKER 5um\n"
>>> reading = jeol_reading(text, 1280, 1024)
>>> reading.pixel_nm, reading.bar_row, reading.relative_uncertainty
(25.0, 960, 0.0025)
"""

import re

from semseg.scale.vendors.reading import Reading, length_nm, number, pixel_reading, unusable

__all__ = ["is_jeol_text", "jeol_reading"]

_SOURCE = "JEOL sidecar"

# Of a bar that was drawn in whole pixels, in pixels: both its ends were rounded, each with a
# standard uncertainty of 1 / sqrt(12) (JCGM 100:2008, F.2.2.1), which together make 0.41.
_BAR_UNCERTAINTY_PX = 0.5


def is_jeol_text(text: str) -> bool:
    """Tell a JEOL text from others by its keys."""
    return bool(re.search(r"^\$+(CM_FULL_SIZE|CM_FORMAT|CM_MAG|SM_MICRON_)", text, re.MULTILINE))


def jeol_reading(text: str, width_px: int, height_px: int) -> Reading:
    """Return SM_MICRON_MARKER (such as ``5um``) over SM_MICRON_BAR (px).

    CM_FULL_SIZE is the width and the height of the recorded picture: rows below it are the label
    bar.
    """
    notes: list[str] = []
    bar, marker = (_value(text, f"SM_MICRON_{key}") for key in ("BAR", "MARKER"))
    bar_px = number(bar or "") or 0
    parts = re.fullmatch(r"([0-9.]+)\s*(\D+)", marker or "")
    length = length_nm(parts[1], parts[2]) if parts else None
    pixel = length / bar_px if length and bar_px > 0 else None
    if pixel is None:
        shown = f"{marker or 'missing'} over {bar or 'missing'} px"
        notes.append(unusable(_SOURCE, "scale bar", shown))
    row = None
    size = re.fullmatch(r"(\d{1,6})\s+(\d{1,6})", _value(text, "CM_FULL_SIZE") or "")
    if size:
        columns, rows = int(size[1]), int(size[2])
        if columns == width_px and height_px / 2 < rows < height_px:
            row = rows
        elif pixel and (columns, rows) != (width_px, height_px):
            notes.append(
                f"The {_SOURCE} describes a picture of {columns} x {rows} pixels, but this one has "
                f"{width_px} x {height_px}: it may have been resized or cropped, or belong to "
                f"another picture, so check the scale bar."
            )
    uncertainty = _BAR_UNCERTAINTY_PX / bar_px if pixel else None
    return pixel_reading(_SOURCE, pixel, notes, bar_row=row, relative_uncertainty=uncertainty)


def _value(text: str, key: str) -> str | None:
    found = re.search(rf"^\$+{key}[ \t]+([^\r\n]{{1,80}})", text, re.MULTILINE)
    return found[1].strip() if found else None
