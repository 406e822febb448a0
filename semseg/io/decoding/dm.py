"""Gatan DigitalMicrograph: the images of a .dm3 or .dm4 file.

Its tags are read by `semseg.io.decoding.dm_tags`. Each image of ``ImageList`` has its numbers,
their type, its sides and what a pixel covers along each. Thumbnails are named by ``Thumbnails``, or
are in colour while the image is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from semseg.errors import UnsuitableImageError
from semseg.io.decoding.dm_tags import Array, Group, read_tags
from semseg.io.decoding.grey import Decoded, Stored
from semseg.io.decoding.pages import Stack
from semseg.io.decoding.raw import Raw, decode_raw, plane_of
from semseg.scale.instrument import Instrument
from semseg.scale.vendors.axes import Axis
from semseg.scale.vendors.reading import number
from semseg.scale.vendors.settings import kilovolts, magnification, moment, plain_text

__all__ = ["decode_dm"]

SOURCE = "Gatan metadata"
# DigitalMicrograph's number of a type of data -> numpy's; colour is blue, green, red, and a
# fourth byte.
_TYPES = {
    1: "i2",
    2: "f4",
    3: "c8",
    6: "u1",
    7: "i4",
    9: "i1",
    10: "u2",
    11: "u4",
    12: "f8",
    13: "c16",
    14: "u1",
    23: "u1",
}
_COLOUR = 23
# what DigitalMicrograph calls data that are no image
_NO_IMAGES = ("spectrum", "spectrum image", "diffraction image")
_ENERGY = ("ev", "kev", "mev")


def decode_dm(data: bytes, name: str, max_pixels: float, wanted: int | None) -> Decoded:
    """Decode an image of the file; raises as `semseg.io.decoding.decode` does."""
    tags = read_tags(data)
    thumbnails = {
        int(each["ImageIndex"])
        for each in _groups(tags.get("Thumbnails"))
        if number(each.get("ImageIndex")) is not None
    }
    raws, others = [], []
    for index, image in enumerate(_groups(tags.get("ImageList"))):
        found = _raw(data, image, thumbnail=index in thumbnails)
        if isinstance(found, Raw):
            raws.append(found)
        elif found:
            others.append(found)
    # An old file does not name its thumbnail, which stands first and is in colour.
    if not thumbnails and len(raws) > 1 and any(not raw.stack.colour for raw in raws):
        raws = [raw for raw in raws if not raw.stack.colour]
    images = [raw for raw in raws if not raw.stack.thumbnail]
    if not images:
        what = others[0] if others else "only a thumbnail" if raws else "no image"
        raise UnsuitableImageError(f"{name} holds {what}; choose an image.")
    return decode_raw(images, SOURCE, name, max_pixels, wanted)


def _raw(data: bytes, image: Group, *, thumbnail: bool) -> Raw | str:
    """An entry of ``ImageList`` as pictures; else in words what it is, "" where it has no data."""
    content = image.get("ImageData")
    stored = content.get("Data") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(stored, Array):
        return ""
    sides = [int(side) for side in _numbers(content.get("Dimensions"))]
    if len(sides) < 2 or (len(sides) == 2 and min(sides) == 1):
        return "a spectrum or profile"
    if len(sides) > 3:
        return f"data of {len(sides)} dimensions"
    if (kind := _format(data, image)) in _NO_IMAGES:
        return f"a {kind}"
    axes = _axes(data, content)
    if len(sides) == 3 and len(axes) == 3 and axes[2].unit.strip("\0 ").lower() in _ENERGY:
        return "a spectrum image"
    code = int(number(content.get("DataType")) or 0)
    if code not in _TYPES:
        raise ValueError("an image is of a type that is not known")
    colour = code == _COLOUR
    dtype = np.dtype(_TYPES[code])
    if stored.dtype.str.startswith(">"):
        dtype = dtype.newbyteorder(">")
    width, height, count = (*sides, 1)[:3]
    shape = (height, width, 4) if colour else (height, width)
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if min(sides) < 1 or count * size > stored.count * stored.dtype.itemsize:
        raise ValueError("an image has fewer numbers than its sides ask for")

    def read(index: int) -> Stored:
        picture = plane_of(data, stored.start, shape, dtype, index)
        return picture[..., 2::-1] if colour else picture

    return Raw(
        Stack(
            width,
            height,
            bits=8 * dtype.itemsize,
            count=count,
            colour=colour,
            thumbnail=thumbnail,
            title=_title(data, image),
        ),
        dtype,
        axes[0] if axes else None,
        axes[1] if len(axes) > 1 else None,
        read,
        _instrument(data, image),
    )


def _instrument(data: bytes, image: Group) -> Instrument | None:
    """What ``ImageTags`` say of the microscope, which is seldom one of Gatan's."""

    def said(*names: str) -> Any:
        found: Any = image.get("ImageTags")
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found.text(data) if isinstance(found, Array) else found

    microscope = "Microscope Info"
    found = Instrument(
        model=plain_text(said(microscope, "Microscope")) or plain_text(said(microscope, "Name")),
        accelerating_voltage_kv=kilovolts(said(microscope, "Voltage"), "V"),
        detector=plain_text(said("Acquisition", "Device", "Name"))
        or plain_text(said("DataBar", "Device Name")),
        magnification=magnification(said(microscope, "Indicated Magnification")),
        date=moment(said("DataBar", "Acquisition Date"), said("DataBar", "Acquisition Time")),
        operator=plain_text(said(microscope, "Operator"))
        or plain_text(said("Session Info", "Operator")),
    )
    return found or None


def _axes(data: bytes, content: Group) -> list[Axis]:
    """What a pixel covers along each side, x first; those before the first unusable one."""
    calibrations = content.get("Calibrations")
    dimensions = calibrations.get("Dimension") if isinstance(calibrations, dict) else None
    axes = []
    for each in _groups(dimensions):
        scale, unit = number(each.get("Scale")), each.get("Units")
        if scale is None:
            break
        axes.append(Axis(scale, unit.text(data) if isinstance(unit, Array) else ""))
    return axes


def _format(data: bytes, image: Group) -> str:
    """What DigitalMicrograph calls the data: image, spectrum, spectrum image ...; "" where it says
    nothing."""
    found: Any = image
    for name in ("ImageTags", "Meta Data", "Format"):
        found = found.get(name) if isinstance(found, dict) else None
    return found.text(data).strip().lower() if isinstance(found, Array) else ""


def _title(data: bytes, image: Group) -> str:
    name = image.get("Name")
    text = name.text(data) if isinstance(name, Array) else ""
    return " ".join("".join(each for each in text if each.isprintable()).split())[:60]


def _groups(tags: Any) -> list[Group]:
    """The groups within a group."""
    return [each for each in tags.values() if isinstance(each, dict)] if tags else []


def _numbers(tags: Any) -> list[float]:
    """The numbers within a group."""
    found = [number(each) for each in tags.values()] if isinstance(tags, dict) else []
    return [each for each in found if each is not None]
