"""FEI / Thermo Fisher: an INI text in TIFF tag 34680 (S-FEG) or 34682 (Helios and later).

Their TEMs write XML into tag 34683 instead, ``<PixelSize><X unit="m">...</X>``. (The tags are those
of Bio-Formats' FEITiffReader.)
"""

import re
from collections.abc import Mapping
from typing import Any

import tifffile

from semseg.scale.vendors.reading import (
    TOLERANCE,
    Reading,
    bar_row,
    is_positive,
    length_nm,
    pixel_reading,
    unusable,
)

__all__ = ["read_fei", "read_fei_xml"]

_SOURCE = "FEI metadata"
_XML_TAG = 34683
_XML_PIXEL = re.compile(
    r"<PixelSize>\s*<X\b([^>]{0,200})>([^<]{0,80})</X>\s*(?:<Y\b([^>]{0,200})>([^<]{0,80})</Y>)?"
)
_UNIT = re.compile(r"""\bunit\s*=\s*["']([^"']{0,20})["']""")


def read_fei(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read tags 34680 and 34682: lengths in metres, height of the label bar in rows."""
    metadata = tif.fei_metadata
    if metadata is None:
        return None
    notes: list[str] = []
    image = metadata.get("Image", {})
    pixel = height = None
    for section in ("Scan", "EScan", "IScan"):
        value = metadata.get(section, {}).get("PixelWidth", "")
        found = length_nm(value, "m")
        if found is None:
            if value != "":
                notes.append(unusable(_SOURCE, f"{section} PixelWidth", f"{value} m"))
        elif pixel is None:
            pixel, height = found, length_nm(metadata[section].get("PixelHeight"), "m")
        elif abs(found / pixel - 1) > TOLERANCE:
            notes.append(
                f"The {_SOURCE} contradict themselves: {section} gives {found:.4g} nm per pixel, "
                f"not {pixel:.4g} nm; check the scale bar."
            )
    columns = image.get("ResolutionX")
    if not pixel and is_positive(columns):
        fields = (metadata.get(beam, {}).get("HFW") for beam in ("EBeam", "IBeam", "IRBeam"))
        field = next(filter(None, (length_nm(value, "m") for value in fields)), None)
        pixel = field / columns if field else None
    if pixel and is_positive(columns) and columns != width_px:
        notes.append(
            f"The {_SOURCE} describe a picture {columns} pixels wide, but this one has {width_px}: "
            f"it may have been resized or cropped, so check the scale bar."
        )
    row = _bar_row(metadata, height_px, notes)
    return pixel_reading(_SOURCE, pixel, notes, pixel_height_nm=height, bar_row=row)


def _bar_row(metadata: Mapping[str, Any], height_px: int, notes: list[str]) -> int | None:
    """Return the first row of the label bar, or None where the picture has none."""
    # A picture no taller than the scan was stored without its bar.
    scanned = metadata.get("Image", {}).get("ResolutionY")
    if is_positive(scanned) and scanned >= height_px:
        return None
    return bar_row(_SOURCE, metadata.get("PrivateFei", {}).get("DatabarHeight"), height_px, notes)


def read_fei_xml(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read the XML in tag 34683: the pixel size with its unit as an attribute."""
    text = tif.pages.first.tags.valueof(_XML_TAG)
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    found = _XML_PIXEL.search(text) if isinstance(text, str) else None
    if found is None:
        return None
    across, down = ((found[n + 1], _UNIT.search(found[n] or "")) for n in (1, 3))
    lengths = [length_nm(value or "", unit[1] if unit else "") for value, unit in (across, down)]
    notes = []
    if lengths[0] is None:
        shown = f"{across[0]} {across[1][1] if across[1] else 'without a unit'}"
        notes.append(unusable(_SOURCE, "PixelSize", shown))
    return pixel_reading(_SOURCE, lengths[0], notes, pixel_height_nm=lengths[1])
