"""OME-TIFF: XML in the ImageDescription of the first page, PhysicalSizeX and Y with units.

A file may describe several images. Which of them a page is of, `TiffData` says; here the first one
of the picture's size is taken, and where others of that size have other pixels, that is said.
"""

from __future__ import annotations

import tifffile

from semseg.scale.instrument import Instrument
from semseg.scale.vendors.reading import (
    TOLERANCE,
    Reading,
    length_nm,
    number,
    pixel_reading,
    recorded_size,
    unusable,
)
from semseg.scale.vendors.settings import magnification, moment, plain_text
from semseg.scale.vendors.xml import all_attributes, attributes, element

__all__ = ["read_ome"]

_SOURCE = "OME metadata"
_DEFAULT_UNIT = "µm"  # of the schema, where no unit is given
_MAX_IMAGES = 100

Pixels = dict[str, str]


def read_ome(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read the Pixels element that describes a picture of this size, else the first."""
    xml = tif.ome_metadata
    every = all_attributes(xml, "Pixels", _MAX_IMAGES) if xml else []
    sized = [each for each in every if "PhysicalSizeX" in each]
    if xml is None or not sized:
        return None
    fitting = [each for each in sized if number(each.get("SizeX")) == width_px] or sized
    pixels = fitting[0]
    across, down = (_side(pixels, axis) for axis in "XY")
    notes = []
    if across is None:
        shown = f"{pixels['PhysicalSizeX']} {pixels.get('PhysicalSizeXUnit', _DEFAULT_UNIT)}"
        notes.append(unusable(_SOURCE, "PhysicalSizeX", shown))
    others = [side for each in fitting[1:] if (side := _side(each, "X"))]
    differ = across is not None and any(abs(side / across - 1) > TOLERANCE for side in others)
    if differ:
        notes.append(
            f"The {_SOURCE} describe several pictures of this size with pixels of other sizes; "
            f"{across:.4g} nm, of the first, is proposed, so check the scale bar."
        )
    reading = pixel_reading(
        *(_SOURCE, across, notes),
        pixel_height_nm=down,
        recorded=recorded_size(pixels.get("SizeX"), pixels.get("SizeY")),
        instrument=_instrument(xml),
    )
    return reading._replace(doubtful=differ)


def _side(pixels: Pixels, axis: str) -> float | None:
    """A side of a pixel in nm."""
    unit = pixels.get(f"PhysicalSize{axis}Unit", _DEFAULT_UNIT)
    return length_nm(pixels.get(f"PhysicalSize{axis}", ""), unit)


def _instrument(xml: str) -> Instrument:
    microscope, detector = attributes(xml, "Microscope"), attributes(xml, "Detector")
    objective = attributes(xml, "Objective")
    date, _, time = element(xml, "AcquisitionDate").partition("T")
    return Instrument(
        maker=plain_text(microscope.get("Manufacturer")),
        model=plain_text(microscope.get("Model")),
        detector=plain_text(detector.get("Model")),
        magnification=magnification(objective.get("NominalMagnification")),
        date=moment(date, time[:8]),
    )
