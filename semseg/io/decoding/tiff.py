"""TIFF, taken apart with tifffile; JPEG inside it is decoded by libtiff."""

import copy
import io
import logging
import math

import numpy as np
import tifffile
from PIL import TiffImagePlugin

from semseg.errors import UnreadableImageError
from semseg.io.decoding.grey import Decoded, Stored, alpha_notes, from_bands, from_palette, luma
from semseg.io.decoding.limits import check_bytes, check_size
from semseg.io.decoding.pages import Stack, choose
from semseg.io.decoding.pillow import bands
from semseg.io.decoding.raw import plane_of
from semseg.scale.calibration import calibration_from_tiff
from semseg.scale.vendors.settings import plain_text

__all__ = ["SIGNATURES", "decode_tiff"]

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_MAX_PAGES = 100
_MAX_ASKED = 4  # pages of which it is asked whether they have a scale
_NAMES = (285, 270)  # PageName, ImageDescription
_MAX_TITLE = 40  # characters; longer ones are metadata
_COLOURS = (2, 3, 6)  # RGB, palette, YCbCr

# Codecs that decode into a buffer of the declared size, so that a small file stays small.
_TIFF_CODECS = {1, 2, 3, 4, 5, 7, 8, 32773, 32946, 34925, 50000}

# tifffile logs what it survives; what matters to the user is a note or an error here.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)


def decode_tiff(data: bytes, name: str, max_pixels: float, wanted: int | None = None) -> Decoded:
    """Decode the picture `wanted`, or the best; raises as `semseg.io.decoding.decode` does."""
    # These families make tifffile walk every page at once, which a damaged file can make endless.
    with tifffile.TiffFile(
        io.BytesIO(data), is_lsm=False, is_scanimage=False, is_ndpi=False
    ) as tif:
        pages = _pages(tif)
        stacks = _stacks(tif, pages)
        choice = choose(stacks, wanted, name, more=len(pages) == _MAX_PAGES)
        page = pages[choice.stack]
        width, height = page.imagewidth, page.imagelength
        check_size(width, height, name, max_pixels)
        _check_tiff_page(page, data, name, max_pixels)
        if page.compression == 7:
            grey, more = _tiff_jpeg_grey(page, data)
        elif choice.plane and page.imagedepth == 1:
            grey, more = _tiff_grey(page, _later_plane(page, data, choice.plane), name)
        else:
            stored = page.asarray(squeeze=False)
            grey, more = _tiff_grey(page, stored[:, choice.plane : choice.plane + 1], name)
        if page.tags.valueof(274, 1) not in (0, 1):
            more.append("The file asks to be shown turned or mirrored; it was read as stored.")
        found = calibration_from_tiff(_of_page(tif, page), width, height)
    return Decoded(
        grey,
        _bits(page),
        [*choice.notes, *more, *found.notes],
        found.calibration,
        found.label_bar_row,
        page=choice.number,
        pages=choice.titles,
        page_count=choice.count,
        instrument=found.instrument,
        marker_nm=found.marker_nm,
    )


def _pages(tif: tifffile.TiffFile) -> list[tifffile.TiffPage]:
    """The first pages."""
    pages: list[tifffile.TiffPage] = []
    for index in range(_MAX_PAGES):
        try:
            page = tif.pages[index]
        except IndexError:
            break
        assert isinstance(page, tifffile.TiffPage)  # frames are made only for those who ask
        pages.append(page)
    if not all(isinstance(n, int) for page in pages for n in (page.imagewidth, page.imagelength)):
        # A damaged tag may hold bytes, which Python would multiply without complaint.
        raise ValueError("a page's width or height is not a number")
    return pages


def _stacks(tif: tifffile.TiffFile, pages: list[tifffile.TiffPage]) -> list[Stack]:
    """What each page holds: one picture but for volumes, and for ImageJ, which describes a large
    stack on its first page only."""
    stacks: list[Stack] = []
    asked = 0
    with_scale: set[tuple[int, int, int, bool]] = set()  # kinds of pages of which one has a scale
    for page in pages:
        count = page.imagedepth
        if len(pages) == 1:
            planes = (tif.imagej_metadata or {}).get("images", 1)
            count = max(count, planes if isinstance(planes, int) else 1)
        kind = page.imagewidth, page.imagelength, _bits(page), page.photometric in _COLOURS
        # Which page has a scale matters only where there are several, and all slices of a stack
        # have the same.
        if len(pages) > 1 and kind not in with_scale and asked < _MAX_ASKED:
            asked += 1
            if _has_scale(tif, page):
                with_scale.add(kind)
        scaled = kind in with_scale
        thumbnail = bool(page.subfiletype & 1)
        stacks.append(Stack(*kind[:3], count, kind[3], scaled, thumbnail, _title(page)))
    return stacks


def _title(page: tifffile.TiffPage) -> str:
    """What the page calls itself: its name, or a description that is a few words."""
    for code in _NAMES:
        value = page.tags.valueof(code)
        if not isinstance(value, str) or len(value) > 2 * _MAX_TITLE:
            continue
        text = plain_text(value)
        if text and len(text) <= _MAX_TITLE and not set(text) & set("{<=\\"):
            return text
    return ""


def _has_scale(tif: tifffile.TiffFile, page: tifffile.TiffPage) -> bool:
    found = calibration_from_tiff(_of_page(tif, page), page.imagewidth, page.imagelength)
    return found.calibration is not None


def _bits(page: tifffile.TiffPage) -> int:
    depth: int | tuple[int, ...] = page.bitspersample
    return max(depth) if isinstance(depth, tuple) else depth


class _OnePage(list[tifffile.TiffPage]):
    """Pages of a file that has only this one."""

    @property
    def first(self) -> tifffile.TiffPage:
        """The page."""
        return self[0]


def _of_page(tif: tifffile.TiffFile, page: tifffile.TiffPage) -> tifffile.TiffFile:
    """The file as if it held this page alone: readers of metadata look at the first."""
    if page.index == 0:
        return tif
    alone = copy.copy(tif)
    # what was found out about the first page
    for key in [key for key in vars(alone) if key.startswith("is_") or key.endswith("_metadata")]:
        if key not in ("is_lsm", "is_scanimage", "is_ndpi"):
            del vars(alone)[key]
    vars(alone)["pages"] = _OnePage([page])
    return alone


def _later_plane(page: tifffile.TiffPage, data: bytes, plane: int) -> Stored:
    """A picture of ImageJ's large stacks, which lie behind that of the only page; in tifffile's
    shape (separate samples, depth, height, width, contiguous samples)."""
    if not page.is_contiguous or page.dtype is None:
        raise ValueError("only the first picture of a stack in pieces is known")
    dtype = page.dtype.newbyteorder(page.parent.byteorder)
    return plane_of(data, page.dataoffsets[0], page.shaped, dtype, plane)


def _check_tiff_page(page: tifffile.TiffPage, data: bytes, name: str, max_pixels: float) -> None:
    """Raise unless every strip or tile lies inside the file and can be decoded."""
    if page.compression not in _TIFF_CODECS:
        # a broken tag holds a text, or a list, of anything
        known = isinstance(page.compression, int)
        codec = getattr(page.compression, "name", page.compression) if known else "of an odd kind"
        raise UnreadableImageError(
            f"{name} uses the TIFF compression {codec}, which is not supported; save it as an "
            f"uncompressed TIFF."
        )
    # Planes, samples and tiles are decoded whole, so they count as well.
    samples = max(math.prod(page.shaped), math.prod(page.chunks))
    check_bytes(samples * (page.dtype.itemsize if page.dtype else 1), name, max_pixels)
    # tifffile fills strips that are missing with zeros: particles would vanish without a word.
    spans = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if page.is_contiguous:
        spans = [(page.dataoffsets[0], page.nbytes)]
    elif len(spans) != math.prod(page.chunked):
        spans = []
    if not spans or any(o <= 0 or n <= 0 or o + n > len(data) for o, n in spans):
        raise UnreadableImageError(
            f"{name} is incomplete: a part of the picture is missing from the file; copy it again "
            f"from the microscope."
        )


def _tiff_jpeg_grey(page: tifffile.TiffPage, data: bytes) -> tuple[Stored, list[str]]:
    """Return grey (height, width) and notes of a page of JPEG strips or tiles, decoded by libtiff.

    tifffile's decoder sets memory aside for what a strip says of itself, whatever the page says,
    and hands damaged strips to a codec that can write outside its buffer.
    """
    picture = TiffImagePlugin.TiffImageFile(io.BytesIO(data))
    picture.seek(page.index)
    if picture.size != (page.imagewidth, page.imagelength):
        raise ValueError("two readers disagree about the size of the picture")
    if picture.mode == "L":
        # Already inverted where white is stored as zero.
        return np.asarray(picture), []
    return from_bands(bands(picture, data))


def _tiff_grey(page: tifffile.TiffPage, stored: Stored, name: str) -> tuple[Stored, list[str]]:
    """Return the first plane as grey (height, width), and notes.

    `stored` has tifffile's shape (separate samples, depth, height, width, contiguous samples).
    """
    if stored.dtype.kind not in "biuf":
        raise UnreadableImageError(
            f"{name} holds {stored.dtype} values, which are no grey picture; save its magnitude."
        )
    samples = np.moveaxis(stored[:, 0], -1, 1).reshape(-1, *stored.shape[2:4])
    photometric = int(page.photometric)
    if photometric == 3:
        # Some programs write 8-bit numbers into the 16-bit palette; its largest entry tells.
        if page.colormap is None:
            raise ValueError("the palette is missing")
        palette = page.colormap.T.astype(np.float64)
        return from_palette(samples[0], palette / 257 if palette.max() > 255 else palette)
    if photometric not in (0, 1, 2, 6):
        kind = getattr(page.photometric, "name", photometric)
        raise UnreadableImageError(
            f"{name} stores its colours as {kind}, which is not supported; save it as a grey TIFF."
        )
    # The first sample of YCbCr is the luma itself.
    grey, notes = luma(samples[:3]) if photometric == 2 else (samples[0], [])
    if photometric == 0:
        grey = _inverted(grey, page.bitspersample)
        notes.append("The file stores white as the lowest value; it was inverted.")
    extra = samples[3 if photometric in (2, 6) else 1 :]
    if len(extra) and set(page.extrasamples) & {1, 2}:
        notes.extend(alpha_notes(extra[0], page.bitspersample))
    elif len(extra):
        notes.append(f"The picture has {len(samples)} channels; {len(extra)} of them were ignored.")
    return grey, notes


def _inverted(grey: Stored, bits: int) -> Stored:
    """Return `grey` with bright and dark exchanged within its own range of values."""
    inverted: Stored = grey
    if grey.dtype.kind == "u":
        inverted = grey.dtype.type(2**bits - 1) - grey
    elif grey.dtype.kind in "bi":
        inverted = ~grey
    elif (finite := grey[np.isfinite(grey)].astype(np.float64)).size:
        inverted = finite.min() + finite.max() - grey
    return inverted
