"""The sides of a picture as TEM formats give them: how much of a unit one pixel covers.

>>> axes_reading("Gatan metadata", Axis(0.25, "nm"), Axis(0.25, "nm")).pixel_nm
0.25
>>> is_reciprocal("1/nm"), is_reciprocal("mrad"), is_reciprocal("nm")
(True, True, False)
"""

from __future__ import annotations

import re
from typing import NamedTuple

from semseg.errors import printable
from semseg.scale.vendors.reading import Reading, length_nm, pixel_reading, unusable

__all__ = ["Axis", "axes_reading", "is_length", "is_reciprocal"]

# what Berkeley's EMD writes around units and between their letters: [n_m], [n_m^-1]
_MARKS = str.maketrans("", "", "[]_ ")
_NOTHING = ("", "px", "pixel", "pixels", "unknown", "none", "n/a")
_PER_LENGTH = re.compile(r"1/.+|(fm|pm|å|a|nm|um|µm|μm|mm|m)\^?[-\u2212]1|.*/(å|nm|µm|um|m)")
_ANGLES = ("rad", "mrad", "µrad", "urad", "deg", "degree", "degrees", "°")


class Axis(NamedTuple):
    """One side: what a pixel covers, in which unit."""

    size: float
    unit: str

    @property
    def shown_unit(self) -> str:
        """The unit, for people: one line, and not long."""
        return " ".join(printable(plain_unit(self.unit)).split())[:20]


def plain_unit(unit: str) -> str:
    """A unit without marks.

    >>> plain_unit("[n_m^-1]")
    'nm^-1'
    """
    return unit.replace("\0", "").translate(_MARKS)


def is_reciprocal(unit: str) -> bool:
    """Whether a side in this unit is one of a diffraction pattern: per length, or an angle."""
    plain = plain_unit(unit).lower()
    return plain in _ANGLES or _PER_LENGTH.fullmatch(plain) is not None


def is_length(unit: str) -> bool:
    """Whether a side in this unit is one of an image."""
    return length_nm(1.0, plain_unit(unit)) is not None


def axes_reading(source: str, across: Axis | None, down: Axis | None) -> Reading:
    """What the two sides say about the size of a pixel.

    A side without a unit, or in pixels, was never calibrated, which is no fault. One in a unit that
    is no length becomes a note.

    Parameters
    ----------
    source : str
        Who says so, for people: ``"Gatan metadata"``.
    across, down : Axis or None
        Along a row, and along a column.
    """
    notes: list[str] = []
    width, height = (
        None if axis is None else length_nm(abs(axis.size), plain_unit(axis.unit))
        for axis in (across, down)
    )
    if width is None and across is not None and not _is_silent(across):
        notes.append(unusable(source, "pixel size", f"{across.size:.4g} {across.shown_unit}"))
    return pixel_reading(source, width, notes, pixel_height_nm=height)


def _is_silent(axis: Axis) -> bool:
    """Whether a side says nothing, or is one of a diffraction pattern, of which others speak."""
    return plain_unit(axis.unit).lower() in _NOTHING or is_reciprocal(axis.unit)
