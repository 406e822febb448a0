"""MRC2014 (.mrc, .st, .map): one header of 1024 bytes, then the sections of a stack.

The header gives the sides of the whole volume in angstroms, from which follows what a pixel
covers; FEI's extended header gives that in metres. Many programs write one angstrom per pixel where
nothing is known, so that alone counts as nothing. The lowest row stands first.

Source: Cheng et al., J. Struct. Biol. 192 (2015) 146, and https://www.ccpem.ac.uk/mrc-format;
signed bytes by IMOD's flags (https://bio3d.colorado.edu/imod/doc/mrc_format.txt).
"""

from __future__ import annotations

import struct

import numpy as np

from semseg.errors import UnsuitableImageError
from semseg.io.decoding.grey import Decoded, Stored
from semseg.io.decoding.pages import Stack
from semseg.io.decoding.raw import Raw, decode_raw, plane_of
from semseg.scale.instrument import Instrument
from semseg.scale.vendors.axes import Axis
from semseg.scale.vendors.settings import kilovolts, plain_text

__all__ = ["decode_mrc", "is_mrc"]

SOURCE = "MRC metadata"
_HEADER = 1024
_MAX_SECTIONS = 1_000_000
_TYPES = {0: "i1", 1: "i2", 2: "f4", 3: "i4", 4: "c8", 6: "u2", 12: "f2"}
_COMPLEX_INTEGERS = 3
_IMOD_STAMP = 1146047817
_FEI_KINDS = (b"FEI1", b"FEI2")
_FEI_PIXEL = 156  # place of the pixel's width and height in metres, 8 bytes each, in a record
_FEI_MODEL, _FEI_VOLTAGE = 20, 84  # of 16 characters; in volts, 8 bytes
_UNKNOWN_ANGSTROM = 1.0


def is_mrc(data: bytes) -> bool:
    """Whether these are the bytes of an MRC file; files from before the word MAP are not known."""
    return data[208:212] == b"MAP " and data[212:213] in (b"\x44", b"\x11")


def decode_mrc(data: bytes, name: str, max_pixels: float, wanted: int | None) -> Decoded:
    """Decode a section of the file; raises as `semseg.io.decoding.decode` does."""
    order = ">" if data[212:213] == b"\x11" else "<"
    width, height, count, mode = struct.unpack_from(f"{order}4i", data, 0)
    extended = struct.unpack_from(f"{order}i", data, 92)[0]
    if mode == _COMPLEX_INTEGERS:
        raise UnsuitableImageError(f"{name} holds a Fourier transform; choose an image.")
    if mode not in _TYPES or min(width, height, count) < 1 or count > _MAX_SECTIONS:
        raise ValueError("the header gives no sides, or a type that is not known")
    if not 0 <= extended <= len(data):
        raise ValueError("the extended header reaches beyond the end of the file")
    dtype = np.dtype(order + _TYPES[mode])
    if mode == 0 and _bytes_are_unsigned(data, order):
        dtype = np.dtype("u1")
    start = _HEADER + extended
    across, down = _axes(data, order, extended)

    def read(index: int) -> Stored:
        return plane_of(data, start, (height, width), dtype, index)[::-1]

    whole = (len(data) - start) // (width * height * dtype.itemsize)
    # a file without any whole section is damaged, which reading the first one says
    stack = Stack(width, height, 8 * dtype.itemsize, count=min(count, whole) or count)
    raw = Raw(stack, dtype, across, down, read, _instrument(data, order, extended))
    return decode_raw([raw], SOURCE, name, max_pixels, wanted, count)


def _instrument(data: bytes, order: str, extended: int) -> Instrument | None:
    """The microscope, as FEI's extended header names it."""
    if data[104:108] not in _FEI_KINDS or extended < _FEI_VOLTAGE + 8:
        return None
    model, voltage = struct.unpack_from(f"{order}16s48xd", data, _HEADER + _FEI_MODEL)
    found = Instrument(
        model=plain_text(model.partition(b"\0")[0].decode("latin-1")),
        accelerating_voltage_kv=kilovolts(voltage, "V"),
    )
    return found or None


def _bytes_are_unsigned(data: bytes, order: str) -> bool:
    """IMOD writes bytes without a sign, and says so in the first bit of its flags."""
    stamp, flags = struct.unpack_from(f"{order}2i", data, 152)
    return bool(stamp == _IMOD_STAMP and not flags & 1)


def _axes(data: bytes, order: str, extended: int) -> tuple[Axis | None, Axis | None]:
    """What a pixel covers along a row and a column."""
    if data[104:108] in _FEI_KINDS and extended >= _FEI_PIXEL + 16:
        across, down = struct.unpack_from(f"{order}2d", data, _HEADER + _FEI_PIXEL)
        if across > 0 and down > 0:
            return Axis(across, "m"), Axis(down, "m")
    samples = struct.unpack_from(f"{order}2i", data, 28)
    sides = struct.unpack_from(f"{order}2f", data, 40)
    sizes = [
        side / number if number > 0 else 0.0 for side, number in zip(sides, samples, strict=True)
    ]
    if all(size == _UNKNOWN_ANGSTROM for size in sizes) or not all(size > 0 for size in sizes):
        return None, None
    return Axis(sizes[0], "angstrom"), Axis(sizes[1], "angstrom")
