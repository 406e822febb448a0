"""Pictures as arrays of numbers, with the lengths along their sides: what TEM formats hold.

A reader of such a format lists what a file holds (`Raw`); which picture is taken, and how large it
may be, is decided here, before anything of it is decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from semseg.errors import UnreadableImageError, UnsuitableImageError
from semseg.io.decoding.grey import Decoded, Stored, luma
from semseg.io.decoding.limits import check_bytes, check_size
from semseg.io.decoding.pages import Stack, choose
from semseg.scale.calibration import calibration_from_reading
from semseg.scale.instrument import Instrument
from semseg.scale.vendors.axes import Axis, axes_reading, is_reciprocal

__all__ = ["Raw", "decode_raw", "plane_of"]


@dataclass(frozen=True)
class Raw:
    """Pictures of one kind in a file.

    Attributes
    ----------
    stack : Stack
        How large and how many they are.
    dtype : numpy.dtype
        Of a stored number.
    across, down : Axis or None
        What a pixel covers along a row, and along a column; None where the file does not tell.
    read : callable
        Gives the picture of an index, from 0: (height, width), or (height, width, 3 or more) where
        it is in colour.
    instrument : Instrument or None
        What the file says of the microscope.
    """

    stack: Stack
    dtype: np.dtype[np.generic]
    across: Axis | None
    down: Axis | None
    read: Callable[[int], Stored]
    instrument: Instrument | None = None


def decode_raw(
    raws: Sequence[Raw],
    source: str,
    name: str,
    max_pixels: float,
    wanted: int | None,
    promised: int = 0,
) -> Decoded:
    """Decode the picture `wanted`, or the best; raises as `semseg.io.decoding.decode` does.

    Parameters
    ----------
    raws : sequence of Raw
        All pictures of the file, at least one.
    source : str
        Who tells the size of their pixels, for people: ``"Gatan metadata"``.
    name : str
        What errors call the file.
    promised : int
        How many pictures the file's header speaks of. Where it is cut off, `raws` are those that
        are whole.
    """
    held = sum(raw.stack.count for raw in raws)
    notes: list[str] = []
    if held < promised:
        notes.append(
            f"The file is cut off: its header speaks of {promised:,} pictures, of which {held:,} "
            f"{'is' if held == 1 else 'are'} whole; copy it again if you need the others."
        )
        if wanted is not None and held < wanted <= promised:
            raise UnreadableImageError(
                f"{name} is cut off: of its {promised:,} pictures number {wanted:,} is not whole; "
                f"copy it again from the microscope, or choose one from 1 to {held:,}."
            )
    readings = [axes_reading(source, raw.across, raw.down) for raw in raws]
    stacks = [
        replace(raw.stack, scaled=reading.pixel_nm is not None)
        for raw, reading in zip(raws, readings, strict=True)
    ]
    choice = choose(stacks, wanted, name)
    raw, reading = raws[choice.stack], readings[choice.stack]
    for axis in (raw.across, raw.down):
        if axis is not None and is_reciprocal(axis.unit):
            raise UnsuitableImageError(
                f"{name} is a diffraction pattern, since its sides are in {axis.shown_unit}, and "
                "shows no particles; choose an image."
            )
    width, height = raw.stack.width, raw.stack.height
    check_size(width, height, name, max_pixels)
    check_bytes(width * height * raw.dtype.itemsize, name, max_pixels)
    if raw.dtype.kind == "c":
        raise UnreadableImageError(
            f"{name} holds complex numbers, which are no grey picture; save its magnitude."
        )
    picture = raw.read(choice.plane)
    if picture.ndim == 3:
        picture, said = luma(np.moveaxis(picture[..., :3], -1, 0))
        notes += said
    found = calibration_from_reading(reading)
    return Decoded(
        picture,
        raw.stack.bits,
        [*choice.notes, *notes, *found.notes],
        found.calibration,
        page=choice.number,
        pages=choice.titles,
        page_count=choice.count,
        instrument=raw.instrument,
        marker_nm=found.marker_nm,
    )


def plane_of(
    data: bytes, start: int, shape: tuple[int, ...], dtype: np.dtype[np.generic], index: int
) -> Stored:
    """The picture of an index among those of this shape that lie one behind the other in `data`.

    Raises
    ------
    ValueError
        The file ends before it.
    """
    count = int(np.prod(shape, dtype=np.int64))
    begin = start + index * count * dtype.itemsize
    if start < 0 or begin + count * dtype.itemsize > len(data):
        raise ValueError("the picture is not whole")
    return np.frombuffer(data, dtype, count, begin).reshape(shape)
