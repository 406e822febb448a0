"""FEI TIA (ES Vision): the images of a .ser file.

A header says what follows and where each element lies; an element of two dimensions has what a
pixel covers along x and y, the type of its numbers, its sides, and the numbers, the lowest row
first. The file does not say in which unit its sides are: TIA writes metres for images and 1/m for
diffraction patterns, which differ by far more than any magnification. The .emi beside it, which
TIA shows, holds settings of the microscope and no image.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from semseg.errors import UnsuitableImageError
from semseg.io.decoding.grey import Decoded, Stored
from semseg.io.decoding.pages import Stack
from semseg.io.decoding.raw import Raw, decode_raw, plane_of
from semseg.scale.vendors.axes import Axis

__all__ = ["EMI_SIGNATURE", "SER_SIGNATURE", "decode_ser"]

SER_SIGNATURE = b"II\x97\x01"
EMI_SIGNATURE = b"JK\x00\x02"
SOURCE = "TIA metadata"

_MAX_ELEMENTS = 100_000
_LINES, _IMAGES = 0x4120, 0x4122
_WIDE_VERSION = 0x0220  # from here on places in the file have 8 bytes
_TYPES = ("", "u1", "u2", "u4", "i1", "i2", "i4", "f4", "f8", "c8", "c16")
_ELEMENT = struct.Struct("<ddiddihii")
# No image has pixels this large, and no pattern any that are as small per metre; what lies between
# them, such as 1, was never calibrated.
_MAX_METRES = 1e-3


@dataclass(frozen=True)
class _Element:
    """What stands before the numbers of an image."""

    width: int
    height: int
    dtype: np.dtype[np.generic]
    across: float
    down: float


def decode_ser(data: bytes, name: str, max_pixels: float, wanted: int | None) -> Decoded:
    """Decode an image of the file; raises as `semseg.io.decoding.decode` does."""
    places = _places(data, name)
    # a file without any whole image is damaged, which reading the first one says
    whole = [place for place in places if _is_whole(data, place)] or places
    elements = ((_element(data, place), place) for place in whole)
    raws = [
        _raw(data, element, [place + _ELEMENT.size for _, place in alike])
        for element, alike in groupby(elements, key=lambda each: each[0])
    ]
    return decode_raw(raws, SOURCE, name, max_pixels, wanted, len(places))


def _places(data: bytes, name: str) -> tuple[int, ...]:
    """Where the elements begin, those that were recorded."""
    version, kind, _, total, valid = struct.unpack_from("<hiiii", data, 4)
    if kind == _LINES:
        raise UnsuitableImageError(f"{name} holds spectra or profiles; choose an image.")
    if kind != _IMAGES:
        raise ValueError("the elements are of a kind that is not known")
    count = valid if 0 < valid <= total else total
    if not 0 < count <= _MAX_ELEMENTS:
        raise ValueError("the file holds no image, or far too many")
    form = "q" if version >= _WIDE_VERSION else "i"
    (offsets,) = struct.unpack_from(f"<{form}", data, 22)
    places: tuple[int, ...] = struct.unpack_from(f"<{count}{form}", data, offsets)
    return places


def _element(data: bytes, place: int) -> _Element:
    _, across, _, _, down, _, code, width, height = _ELEMENT.unpack_from(data, place)
    if not 0 < code < len(_TYPES) or width < 1 or height < 1:
        raise ValueError("an image has no sides, or a type that is not known")
    return _Element(width, height, np.dtype(f"<{_TYPES[code]}"), across, down)


def _is_whole(data: bytes, place: int) -> bool:
    """Whether the file goes on to the end of the image that begins there."""
    if not 0 <= place <= len(data) - _ELEMENT.size:
        return False
    element = _element(data, place)
    size = element.width * element.height * element.dtype.itemsize
    return place + _ELEMENT.size + size <= len(data)


def _raw(data: bytes, element: _Element, starts: list[int]) -> Raw:
    """The images whose numbers begin at these places."""
    shape = (element.height, element.width)

    def read(index: int) -> Stored:
        return plane_of(data, starts[index], shape, element.dtype, 0)[::-1]

    stack = Stack(element.width, element.height, 8 * element.dtype.itemsize, count=len(starts))
    return Raw(stack, element.dtype, _axis(element.across), _axis(element.down), read)


def _axis(size: float) -> Axis:
    unit = "m" if abs(size) < _MAX_METRES else "1/m" if abs(size) > 1 / _MAX_METRES else ""
    return Axis(size, unit)
