"""JEOL TEMs with the SightX viewer: XML in the ImageDescription, and the resolution of the camera.

XResolution counts pixels of the enlarged image (per inch or cm), so that a pixel of the sample is
that over the magnification, which the XML tells. (The layout is that of RosettaSciIO's reader.)
"""

from __future__ import annotations

import tifffile

from semseg.scale.instrument import Instrument
from semseg.scale.vendors.reading import Reading, is_positive, length_nm, pixel_reading, unusable
from semseg.scale.vendors.settings import kilovolts, magnification, plain_text
from semseg.scale.vendors.tags import ratio
from semseg.scale.vendors.xml import element, elements

__all__ = ["read_sightx"]

_SOURCE = "JEOL SightX metadata"
_MM_PER_UNIT = {2: 25.4, 3: 10.0}  # of ResolutionUnit: inch, centimetre


def read_sightx(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read a picture of an image mode; a diffraction pattern has no size of a pixel."""
    tags = tif.pages.first.tags
    xml = tif.pages.first.description
    if "<TemReporter" not in xml or "JEOL" not in str(tags.valueof(271, "")):
        return None
    said = elements(xml, "EosMode", "ModeString", "SelectorValue", "AccelerationVoltage")
    times = magnification(said.get("SelectorValue"))
    instrument = Instrument(
        maker="JEOL",
        model=plain_text(tags.valueof(272, "")),
        accelerating_voltage_kv=kilovolts(said.get("AccelerationVoltage"), "V"),
        magnification=times,
    )
    mode = said.get("ModeString", "")
    if said.get("EosMode") != "eosTEM" or "MAG" not in mode:
        shown = f"{said.get('EosMode', 'no')} mode {mode or element(xml, 'SelectorString')}"
        return Reading(
            _SOURCE, notes=(unusable(_SOURCE, "pixel size", shown),), instrument=instrument
        )
    unit = tags.valueof(296, 0)
    millimetre = _MM_PER_UNIT.get(int(unit) if is_positive(unit) else 0)
    across, down = (ratio(tags.valueof(code)) for code in (282, 283))
    pixel = height = None
    if millimetre and times and across:
        pixel = length_nm(millimetre / across / times, "mm")
        height = length_nm(millimetre / down / times, "mm") if down else None
    notes = []
    if pixel is None:
        shown = f"{across or 'no'} pixels per unit {unit}, magnification {times or 'unknown'}"
        notes.append(unusable(_SOURCE, "pixel size", shown))
    return pixel_reading(_SOURCE, pixel, notes, pixel_height_nm=height, instrument=instrument)
