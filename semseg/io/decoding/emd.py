"""Two formats in HDF5 that share the name EMD: of Thermo Fisher's Velox, and of Berkeley.

Velox: ``Data/Image/<id>/Data`` has rows, columns and frames, ``Metadata`` beside it a JSON text for
each frame, as bytes of a column. Berkeley (emdatasets.com; also Prismatic, py4DSTEM, HyperSpy): a
group with the attribute ``emd_group_type`` holds an array, and for each of its sides a vector
``dim1``, ``dim2`` ... (in version 1 from ``dim0``) of positions with a unit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import numpy as np

from semseg.errors import UnsuitableImageError
from semseg.io.decoding.grey import Decoded, Stored
from semseg.io.decoding.hdf5 import Dataset, Group, UnsupportedError, root_of
from semseg.io.decoding.limits import most_bytes
from semseg.io.decoding.pages import Stack
from semseg.io.decoding.raw import Raw, decode_raw
from semseg.scale.instrument import Instrument
from semseg.scale.vendors.axes import Axis, is_length, is_reciprocal
from semseg.scale.vendors.reading import number
from semseg.scale.vendors.settings import kilovolts, magnification, plain_text

__all__ = ["decode_emd"]

_MAX_DEPTH = 12
_MAX_IMAGES = 200
_MAX_SECONDS = 4_000_000_000  # after 1970, of the time a picture was recorded
_MAX_METADATA = 500_000  # bytes about a frame; Velox sets 60,000 aside
# what Berkeley's arrays are called, by version and program
_ARRAYS = ("data", "realslice", "diffractionslice", "datacube")
_ARRAY_KINDS = (1, 2, "1", "2", "array")


def decode_emd(data: bytes, name: str, max_pixels: float, wanted: int | None) -> Decoded:
    """Decode an image of the file; raises as `semseg.io.decoding.decode` does."""
    root = root_of(data)
    top = root.group("Data")
    images = top.group("Image") if top else None
    unfolded = most_bytes(max_pixels)
    if images is not None:
        source, groups, read = "Velox metadata", _groups(images), _velox
    else:
        source, groups, read = "EMD metadata", _arrays(root, 0), _berkeley
    raws, refused = [], None
    for group in islice(groups, _MAX_IMAGES):
        try:
            raw = read(group, unfolded)
        except UnsupportedError as error:
            refused = error
        else:
            raws += [raw] if raw else []
    if refused is not None and not raws:
        raise refused
    if not raws:
        raise UnsuitableImageError(
            f"{name} is an HDF5 file in which no image was found where EMD files have one; open it "
            "in the program that wrote it and save the image as TIFF, which keeps the pixel size."
        )
    return decode_raw(raws, source, name, max_pixels, wanted)


def _groups(group: Group) -> Iterator[Group]:
    for name in group.names():
        if (found := group.group(name)) is not None:
            yield found


def _raw(
    array: Dataset,
    sides: tuple[int, int, int | None],
    axes: tuple[Axis | None, Axis | None],
    title: str,
    most: int,
    instrument: Instrument | None = None,
) -> Raw:
    """The pictures of an array whose rows, columns and frames lie along these sides.

    Parameters
    ----------
    axes : (Axis or None, Axis or None)
        Along a row, and along a column.
    most : int
        Bytes to which a picture may unfold.
    """
    rows, columns, frames = sides
    shape = array.shape[rows], array.shape[columns]

    def read(index: int) -> Stored:
        part = [(0, side) for side in array.shape]
        if frames is not None:
            part[frames] = (index, index + 1)
        order = (rows, columns) if frames is None else (rows, columns, frames)
        found = array.read(tuple(part), most)
        return np.moveaxis(found, order, range(len(order))).reshape(shape)

    stack = Stack(
        shape[1],
        shape[0],
        8 * array.dtype.itemsize,
        count=1 if frames is None else array.shape[frames],
        title=" ".join("".join(each for each in title if each.isprintable()).split())[:60],
    )
    return Raw(stack, array.dtype, *axes, read, instrument)


# Velox


def _velox(group: Group, most: int) -> Raw | None:
    """The frames of an image; None where there are none."""
    array = group.dataset("Data")
    if array is None or len(array.shape) not in (2, 3) or 0 in array.shape:
        return None
    described = _velox_metadata(group)
    result = described.get("BinaryResult")
    result = result if isinstance(result, dict) else {}
    size = result.get("PixelSize")
    axes = tuple(
        _velox_axis(size.get(side), result.get(f"PixelUnit{letter}"))
        if isinstance(size, dict)
        else None
        for side, letter in (("width", "X"), ("height", "Y"))
    )
    detector, instrument = str(result.get("Detector", "")), _velox_instrument(described)
    return _raw(
        array,
        (0, 1, 2 if len(array.shape) == 3 else None),
        (axes[0], axes[1]),
        detector,
        most,
        instrument,
    )


def _velox_instrument(described: dict[str, Any]) -> Instrument | None:
    def said(*names: str) -> Any:
        found: Any = described
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    seconds = number(said("Acquisition", "AcquisitionStartDatetime", "DateTime"))
    found = Instrument(
        maker=plain_text(said("Instrument", "Manufacturer")),
        model=plain_text(said("Instrument", "InstrumentModel"))
        or plain_text(said("Instrument", "InstrumentClass")),
        accelerating_voltage_kv=kilovolts(said("Optics", "AccelerationVoltage"), "V"),
        detector=plain_text(said("BinaryResult", "Detector")),
        magnification=magnification(said("Optics", "NominalMagnification")),
        date=_utc(seconds) if seconds is not None and 0 < seconds < _MAX_SECONDS else "",
    )
    return found or None


def _utc(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _velox_axis(size: Any, unit: Any) -> Axis | None:
    value = number(size)
    return None if not value or not isinstance(unit, str) else Axis(value, unit)


def _velox_metadata(group: Group) -> dict[str, Any]:
    """What stands about the first frame; empty where it cannot be read."""
    array = group.dataset("Metadata")
    if array is None or len(array.shape) != 2 or 0 in array.shape or array.dtype != np.uint8:
        return {}
    length = array.shape[0]
    text = array.read(((0, length), (0, 1)), _MAX_METADATA).tobytes()
    try:
        found = json.loads(text.partition(b"\0")[0])
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


# Berkeley


def _arrays(group: Group, depth: int) -> Iterator[Group]:
    """The groups that hold an array, at any depth."""
    if depth > _MAX_DEPTH:
        return
    for each in _groups(group):
        if each.attributes.get("emd_group_type") in _ARRAY_KINDS and _array(each) is not None:
            yield each
        yield from _arrays(each, depth + 1)


def _array(group: Group) -> Dataset | None:
    found = (group.dataset(name) for name in _ARRAYS)
    return next((array for array in found if array is not None), None)


def _berkeley(group: Group, most: int) -> Raw | None:
    """The pictures of an array; None where it is no picture, and no stack of them."""
    array = _array(group)
    if array is None or len(array.shape) not in (2, 3) or min(array.shape) < 1:
        return None
    first = 0 if "dim0" in group else 1
    axes = [
        _berkeley_axis(group.dataset(f"dim{first + index}"), side)
        for index, side in enumerate(array.shape)
    ]
    if len(axes) == 2:
        if min(array.shape) == 1:
            return None
        sides: tuple[int, int, int | None] = (0, 1, None)
    else:
        sides = _sides(axes)
    rows, columns, _ = sides
    title = str(group.attributes.get("name", ""))
    return _raw(array, sides, (axes[columns], axes[rows]), title, most)


def _sides(axes: list[Axis | None]) -> tuple[int, int, int]:
    """Which of three sides are rows, columns and frames: the side that is no length, where the two
    others are, has the frames; then the one that is not reciprocal; else the first."""
    frames = 0
    for kind in (is_reciprocal, is_length):
        fits = [axis is not None and kind(axis.unit) for axis in axes]
        frames = fits.index(False) if sum(fits) == 2 else frames
    rows, columns = (index for index in range(3) if index != frames)
    return rows, columns, frames


def _berkeley_axis(positions: Dataset | None, side: int) -> Axis | None:
    """What a step along a side covers, by the positions of its first and last element."""
    if positions is None or positions.dtype.kind not in "iuf":
        return None
    unit = positions.attributes.get("units")
    values = np.atleast_1d(positions.value()).astype(np.float64).ravel()
    if not isinstance(unit, str) or len(values) < 2:
        return None
    # version 1 keeps two positions where all steps are alike
    size = float(values[-1] - values[0]) / (len(values) - 1)
    return Axis(size, unit) if math.isfinite(size) and size else None
