"""Outlines that another program saved: ``RoiSet.zip`` of Fiji, or a label image.

>>> from semseg.export.rois import roiset_zip
>>> drawn = read_outlines(roiset_zip(analysis), "RoiSet.zip", analysis.grid.recorded)
>>> bool((drawn.labels > 0).any())
True
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image
from roifile import ROI_TYPE, ImagejRoi

from semseg.errors import EditError
from semseg.measure.area import inside
from semseg.measure.recorded import Labels

__all__ = ["DrawnOutlines", "read_outlines"]

AREAS = {
    *(ROI_TYPE.POLYGON, ROI_TYPE.RECT, ROI_TYPE.OVAL, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED),
}
MAX_OUTLINES = 100_000
MAX_ROI_BYTES = 10_000_000
MAX_POINTS = 20_000
# what reading an archive raises that was cut off, bent or locked
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(NotImplementedError, RuntimeError, EOFError, OSError, ValueError),
)
DEPTHS = ("1", "L", "P", "I", "I;16", "I;16B", "I;16L")  # of pictures that may hold labels


@dataclass(frozen=True, eq=False)
class DrawnOutlines:
    """Outlines on the pixels of the recorded image.

    Attributes
    ----------
    labels : int32, H x W
        0 ground, 1..n; a pixel of two outlines is the earlier one's.
    polygons : tuple of float64 (n, 2), or None
        Of each label, (x, y) px from the corner of the first pixel; None where only pixels are
        known.
    notes : tuple of str
        What was left out, one sentence each.
    """

    labels: Labels
    polygons: tuple[NDArray[np.float64], ...] | None
    notes: tuple[str, ...] = ()


def read_outlines(content: bytes, name: str, shape: tuple[int, int]) -> DrawnOutlines:
    """Outlines drawn on an image of this shape (H, W).

    Raises
    ------
    EditError
        Neither ROIs nor a label image, of another size, empty, or far too many; says which, and
        what to do.
    """
    if content[:4] == b"PK\3\4":
        return _from_rois(list(_zipped(content, name)), name, shape)
    if content[:4] == b"Iout":
        return _from_rois([_roi(content, name)], name, shape)
    return _from_labels(content, name, shape)


def _zipped(content: bytes, name: str) -> Iterator[ImagejRoi]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as container:
            members = [each for each in container.infolist() if each.filename.endswith(".roi")]
            if len(members) > MAX_OUTLINES:
                raise EditError(_too_many(len(members), name))
            for member in members:
                if member.file_size > MAX_ROI_BYTES:
                    raise EditError(f"{name} holds a file that is far too large for a ROI.")
                yield _roi(container.read(member), name)
    except DAMAGED as error:
        raise EditError(f"{name} is a damaged ZIP archive; save the ROIs again.") from error


def _roi(content: bytes, name: str) -> ImagejRoi:
    try:
        return ImagejRoi.frombytes(content)
    except Exception as error:
        raise EditError(f"{name} holds a ROI that cannot be read; save the ROIs again.") from error


def _from_rois(rois: list[ImagejRoi], name: str, shape: tuple[int, int]) -> DrawnOutlines:
    areas = [roi for roi in rois if roi.roitype in AREAS]
    if not areas:
        raise EditError(
            f"{name} holds no outline of an area; save the ROI Manager's list with More > Save."
        )
    labels = np.zeros(shape, np.int32)
    polygons: list[NDArray[np.float64]] = []
    outside = shared = 0
    for roi in areas:
        polygon = np.asarray(roi.coordinates(), np.float64)
        if not 3 <= len(polygon) <= MAX_POINTS or not np.isfinite(polygon).all():
            raise EditError(f"{name} holds a ROI that is no outline; save the ROIs again.")
        window, mask = _painted(polygon, shape)
        if not mask.any():
            outside += 1
            continue
        free = labels[window] == 0
        shared += bool((mask & ~free).any())
        polygons.append(polygon)
        labels[window][mask & free] = len(polygons)
    if not polygons:
        raise EditError(
            f"All outlines of {name} lie outside this picture of {shape[1]} x {shape[0]} px; they "
            "belong to another one."
        )
    notes = []
    if len(areas) < len(rois):
        notes.append(f"{_number(len(rois) - len(areas), 'ROI')} without an area left out.")
    if outside:
        notes.append(f"{_number(outside, 'outline')} outside the picture left out.")
    if shared:
        notes.append(
            f"{_number(shared, 'outline')} overlapped others: what two share is the earlier one's."
        )
    return DrawnOutlines(labels, tuple(polygons), tuple(f"{name}: {each}" for each in notes))


def _painted(
    polygon: NDArray[np.float64], shape: tuple[int, int]
) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
    """The window of a polygon in the image, and its pixels there."""
    left, top = np.clip(np.floor(polygon.min(axis=0)), 0, shape[::-1]).astype(int).tolist()
    right, bottom = np.clip(np.ceil(polygon.max(axis=0)), 0, shape[::-1]).astype(int).tolist()
    window = slice(top, bottom), slice(left, right)
    size = (bottom - top, right - left)
    if 0 in size:
        return window, np.zeros(size, bool)
    return window, inside(polygon - np.array([left, top]), size)


def _from_labels(content: bytes, name: str, shape: tuple[int, int]) -> DrawnOutlines:
    stored = _stored(content, name, shape)
    if stored.shape != shape:
        raise EditError(
            f"{name} is {stored.shape[1]} x {stored.shape[0]} px, but this picture is {shape[1]} x "
            f"{shape[0]} px; save the label image at the picture's own size."
        )
    found, labels = np.unique(stored, return_inverse=True)
    count = len(found) - int(found[0] == 0)
    if not count:
        raise EditError(f"{name} holds no labels: every pixel is 0.")
    if count > MAX_OUTLINES:
        raise EditError(_too_many(count, name))
    if found[0] != 0:
        raise EditError(f"{name} has no ground: a label image is 0 where no particle is.")
    return DrawnOutlines(labels.reshape(shape).astype(np.int32), None)


def _stored(content: bytes, name: str, shape: tuple[int, int]) -> NDArray[np.integer]:
    """The label image as it is stored; sizes are asked for before anything is decoded."""
    wrong = (
        f"{name} is neither a RoiSet.zip nor a label image; save the ROIs of Fiji's ROI Manager, "
        "or labels as TIFF or PNG of 8 to 32 bits."
    )
    try:
        if content[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            with tifffile.TiffFile(io.BytesIO(content)) as tif:
                page = tif.pages[0]
                if len(page.shape) != 2:
                    raise EditError(wrong)  # such as colours
                if len(tif.pages) > 1:
                    raise EditError(f"{name} holds several images; save the label image alone.")
                if page.shape != shape:
                    return np.empty(page.shape[:2], np.uint8)
                pixels = page.asarray()
        else:
            with Image.open(io.BytesIO(content)) as picture:
                if picture.mode not in DEPTHS:
                    raise EditError(wrong)
                if (picture.height, picture.width) != shape:
                    return np.empty((picture.height, picture.width), np.uint8)
                pixels = np.asarray(picture)
    except EditError:
        raise
    except Exception as error:
        raise EditError(wrong) from error
    if np.issubdtype(pixels.dtype, np.floating) and (pixels == np.round(pixels)).all():
        pixels = pixels.astype(np.int64)  # Fiji saves labels as 32-bit floats
    if pixels.ndim != 2 or not np.issubdtype(pixels.dtype, np.integer) or pixels.min() < 0:
        raise EditError(wrong)
    return pixels


def _too_many(count: int, name: str) -> str:
    return (
        f"{name} holds {count:,} outlines, more than the {MAX_OUTLINES:,} that are taken; is it a "
        "picture, and no label image?"
    )


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'s'[: count != 1]}"
