"""Gatan DigitalMicrograph TIFF: tags 65003 / 65004 units and 65009 / 65010 scales of x and y.

(The tags are those of RosettaSciIO's reader, which DigitalMicrograph opens again.) Other programs
use the same private numbers for other things, so a unit must be a text and a scale a number.
"""

import tifffile

from semseg.scale.vendors.reading import Reading, length_nm, number, pixel_reading, unusable

__all__ = ["read_gatan"]

_SOURCE = "Gatan metadata"
_UNITS, _SCALES = (65003, 65004), (65009, 65010)


def read_gatan(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read unit and scale of x and y; a picture without a unit was never calibrated."""
    tags = tif.pages.first.tags
    (unit, unit_y), (scale, scale_y) = (
        [tags.valueof(code) for code in codes] for codes in (_UNITS, _SCALES)
    )
    if not isinstance(unit, str) or not unit.strip() or number(scale) is None:
        return None
    pixel = length_nm(scale, unit)
    notes = [] if pixel else [unusable(_SOURCE, "scale", f"{scale:.4g} {unit}")]
    height = length_nm(scale_y, unit_y if isinstance(unit_y, str) else unit)
    return pixel_reading(_SOURCE, pixel, notes, pixel_height_nm=height)
