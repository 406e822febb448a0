"""Bytes of a picture file in, its grey values and what the file says about them out.

The format is taken from the content. TIFF is taken apart with tifffile, which knows the vendors'
tags; PNG, JPEG, BMP, WebP and GIF with Pillow. The road is the same for all: read the header,
refuse what is too large or too small, decode, turn to one plane of grey in its own dtype
(`decode`), then to finite float32 (`finite_float32`).

Nothing here answers for damaged bytes: decoders fail in dozens of ways, and whoever calls turns
those into one sentence for the user.
"""

import io
import logging
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from scipy import ndimage

from semseg.calibration import Calibration, calibration_from_bytes, calibration_from_tiff
from semseg.errors import ImageTooLargeError, UnreadableImageError, UnsuitableImageError

__all__ = ["MIN_SIDE_PX", "Decoded", "decode", "finite_float32"]

MIN_SIDE_PX = 64
MAX_ASPECT = 100  # longer strips are scans of lines; bands of rows would not bound memory

_MAX_PAGES = 100
# A few bytes each, but every scan of a JPEG is a walk over the whole picture, and every chunk of a
# PNG a turn of Pillow's loop. Progressive JPEGs have about ten; 100 megapixels of 64 bits, in
# chunks of 8 kB, make 100,000.
_MAX_SCANS = 100
_MAX_CHUNKS = 100_000
# Decoded, for each pixel that the limit allows: what colour and alpha of 8 bits take.
_BYTES_PER_PIXEL = 4
_REC_601 = (0.299, 0.587, 0.114)
_TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

# The plugin is called directly because Image.open() measures against Image.MAX_IMAGE_PIXELS, a
# process-wide limit that could only be moved for every thread at once. It also keeps Pillow's
# other decoders (PostScript and the like) away from uploaded files.
_PILLOW_READERS: tuple[tuple[re.Pattern[bytes], type[Image.Image]], ...] = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), PngImagePlugin.PngImageFile),
    (re.compile(rb"\xff\xd8\xff"), JpegImagePlugin.JpegImageFile),
    (re.compile(rb"GIF8[79]a"), GifImagePlugin.GifImageFile),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), WebPImagePlugin.WebPImageFile),
    (re.compile(rb"BM"), BmpImagePlugin.BmpImageFile),
)

# Codecs that decode into a buffer of the declared size, so that a small file stays small.
_TIFF_CODECS = {1, 2, 3, 4, 5, 7, 8, 32773, 32946, 34925, 50000}

# Pillow's modes of one band that numpy takes as they are; PNG's 16 bits may come as "I".
_BITS = {"1": 1, "L": 8, "I;16": 16, "I;16B": 16, "I": 32, "F": 32}

# Exif orientation -> how to turn the stored rows and columns upright.
_UPRIGHT: dict[int, Callable[[NDArray], NDArray]] = {
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: lambda stored: np.rot90(stored),
}

# tifffile logs what it survives; what matters to the user is a note or an error here.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)


@dataclass
class Decoded:
    """A grey picture (height, width) in its own dtype, before repair and conversion to float32.

    The other fields are those of `semseg.micrograph.Micrograph`.
    """

    grey: NDArray
    bit_depth: int
    notes: list[str] = field(default_factory=list)
    calibration: Calibration | None = None
    label_bar_row: int | None = None


def decode(data: bytes, name: str, max_pixels: float) -> Decoded:
    """Decode the file `data`; `name` is what errors call it.

    Raises
    ------
    UnreadableImageError
        Not a picture, incomplete, or an unsupported codec.
    ImageTooLargeError
        More than `max_pixels`, or more bytes than so many may have, as its header declares.
    UnsuitableImageError
        A side under `MIN_SIDE_PX`, or one more than `MAX_ASPECT` times the other.
    Exception
        Anything else that a decoder raises on damaged bytes.
    """
    if data.startswith(_TIFF_SIGNATURES):
        return _decode_tiff(data, name, max_pixels)
    if data.startswith(b"\x89PNG"):
        _check_chunks(data, name)  # opening it walks over those in front of the picture
    for signature, reader in _PILLOW_READERS:
        if signature.match(data):
            return _decode_with_pillow(reader(io.BytesIO(data)), data, name, max_pixels)
    raise UnreadableImageError(
        f"{name} is not a picture that semseg can read; save it as TIFF, PNG, JPEG, BMP, WebP or "
        f"GIF."
    )


def _check_size(width: int, height: int, name: str, max_pixels: float) -> None:
    """Raise for a picture too large or too small, as declared by its header."""
    if width * height > max_pixels:
        raise ImageTooLargeError(
            f"{name} is {width} x {height} pixels, more than the limit of "
            f"{max_pixels / 1e6:g} megapixels; crop it or raise the limit."
        )
    if min(width, height) < MIN_SIDE_PX:
        raise UnsuitableImageError(
            f"{name} is only {width} x {height} pixels; at least {MIN_SIDE_PX} x {MIN_SIDE_PX} are "
            f"needed, so choose the full picture."
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise UnsuitableImageError(
            f"{name} is a strip of {width} x {height} pixels, more than {MAX_ASPECT} times as long "
            f"as wide; choose the full picture."
        )


def _check_bytes(count: int, name: str, max_pixels: float) -> None:
    """Raise for a picture that would be decoded to more bytes than there may be."""
    if count > _BYTES_PER_PIXEL * max_pixels:
        raise ImageTooLargeError(
            f"{name} unfolds to {count / 1e6:.3g} MB, more than the limit of {max_pixels / 1e6:g} "
            f"megapixels allows; save one plane of it as a grey picture of 8 or 16 bits."
        )


# ---- TIFF ----


def _decode_tiff(data: bytes, name: str, max_pixels: float) -> Decoded:
    # These families make tifffile walk every page at once, which a damaged file can make endless.
    families = {"is_lsm": False, "is_scanimage": False, "is_ndpi": False}
    with tifffile.TiffFile(io.BytesIO(data), **families) as tif:
        page, notes = _main_page(tif)
        width, height = page.imagewidth, page.imagelength
        _check_size(width, height, name, max_pixels)
        _check_tiff_page(page, data, name, max_pixels)
        if page.compression == 7:
            grey, more = _tiff_jpeg_grey(page, data)
        else:
            grey, more = _tiff_grey(page, page.asarray(squeeze=False), name)
        if page.tags.valueof(274, 1) not in (0, 1):
            more.append("The file asks to be shown turned or mirrored; it was read as stored.")
        found = calibration_from_tiff(tif, width, height)
    depth = page.bitspersample
    bits = max(depth) if isinstance(depth, tuple) else depth
    return Decoded(
        grey, bits, [*notes, *more, *found.notes], found.calibration, found.label_bar_row
    )


def _main_page(tif: tifffile.TiffFile) -> tuple[tifffile.TiffPage, list[str]]:
    """Return the first of the largest pages that is no thumbnail, and notes about the others."""
    pages = []
    for index in range(_MAX_PAGES):
        try:
            pages.append(tif.pages[index])
        except IndexError:
            break
    if not all(isinstance(n, int) for page in pages for n in (page.imagewidth, page.imagelength)):
        # A damaged tag may hold bytes, which Python would multiply without complaint.
        raise ValueError("a page's width or height is not a number")
    full = [page for page in pages if not page.subfiletype & 1] or pages
    main = max(full, key=lambda page: page.imagewidth * page.imagelength)
    # ImageJ describes a large stack on its first page only.
    planes = max(len(pages), (tif.imagej_metadata or {}).get("images", 1), main.imagedepth)
    if planes == 1:
        return main, []
    count = f"{planes} or more" if planes == _MAX_PAGES else planes
    return main, [f"The file holds {count} pictures; number {pages.index(main) + 1} was read."]


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
    _check_bytes(samples * (page.dtype.itemsize if page.dtype else 1), name, max_pixels)
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


def _tiff_jpeg_grey(page: tifffile.TiffPage, data: bytes) -> tuple[NDArray, list[str]]:
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
    return _from_bands(_bands(picture, data))


def _tiff_grey(page: tifffile.TiffPage, stored: NDArray, name: str) -> tuple[NDArray, list[str]]:
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
        palette = page.colormap.T.astype(np.float64)
        return _from_palette(samples[0], palette / 257 if palette.max() > 255 else palette)
    if photometric not in (0, 1, 2, 6):
        kind = getattr(page.photometric, "name", photometric)
        raise UnreadableImageError(
            f"{name} stores its colours as {kind}, which is not supported; save it as a grey TIFF."
        )
    # The first sample of YCbCr is the luma itself.
    grey, notes = _luma(samples[:3]) if photometric == 2 else (samples[0], [])
    if photometric == 0:
        grey = _inverted(grey, page.bitspersample)
        notes.append("The file stores white as the lowest value; it was inverted.")
    extra = samples[3 if photometric in (2, 6) else 1 :]
    if len(extra) and set(page.extrasamples) & {1, 2}:
        notes.extend(_alpha_notes(extra[0], page.bitspersample))
    elif len(extra):
        notes.append(f"The picture has {len(samples)} channels; {len(extra)} of them were ignored.")
    return grey, notes


def _inverted(grey: NDArray, bits: int) -> NDArray:
    """Return `grey` with bright and dark exchanged within its own range of values."""
    if grey.dtype.kind == "u":
        return grey.dtype.type(2**bits - 1) - grey
    if grey.dtype.kind in "bi":
        return ~grey
    finite = grey[np.isfinite(grey)].astype(np.float64)
    return finite.min() + finite.max() - grey if finite.size else grey


# ---- PNG, JPEG, BMP, WebP, GIF ----


def _decode_with_pillow(picture: Image.Image, data: bytes, name: str, max_pixels: float) -> Decoded:
    _check_size(*picture.size, name, max_pixels)
    if isinstance(picture, JpegImagePlugin.JpegImageFile):
        _check_scans(data, name)
    if isinstance(picture, PngImagePlugin.PngImageFile):
        samples = (1, 1, 3, 1, 2, 1, 4)[data[25]]
        _check_bytes(math.prod(picture.size) * samples * max(data[24] // 8, 1), name, max_pixels)
    notes = []
    if (frames := _frame_count(picture)) > 1:
        notes.append(f"The file holds {frames} pictures; number 1 was read.")
    picture.load()
    mode = picture.mode
    if mode == "P":
        palette = np.zeros((256, 3))
        stored = np.reshape(picture.getpalette("RGB"), (-1, 3))
        palette[: len(stored)] = stored
        grey, more = _from_palette(np.asarray(picture), palette)
    elif mode in _BITS:
        grey, more = np.asarray(picture), []
    else:
        grey, more = _from_bands(_bands(picture, data))
    notes.extend(more)
    if "transparency" in picture.info:
        notes.append("The picture has transparent parts; transparency was ignored.")
    found = calibration_from_bytes(data, *picture.size)
    bar_row = found.label_bar_row
    orientation = _orientation(picture)
    if orientation in _UPRIGHT:
        grey, bar_row = _UPRIGHT[orientation](grey), None
        notes.append("The camera's orientation mark was followed: the picture was turned upright.")
    depth = 16 if _is_deep_png(data) else _BITS.get(mode, 8)
    return Decoded(grey, depth, [*notes, *found.notes], found.calibration, bar_row)


def _check_scans(data: bytes, name: str) -> None:
    """Raise for a JPEG of far too many scans; inside the coded data FF DA cannot stand."""
    scans = data.count(b"\xff\xda")
    if scans > _MAX_SCANS:
        raise UnreadableImageError(
            f"{name} holds {scans} scans, more than any camera makes; save it as a TIFF or PNG."
        )


def _check_chunks(data: bytes, name: str) -> None:
    """Raise for a PNG of far too many chunks."""
    place = 8
    for _ in range(_MAX_CHUNKS):
        if place + 8 > len(data):
            return
        place += 12 + int.from_bytes(data[place : place + 4])
    raise UnreadableImageError(
        f"{name} is cut into more than {_MAX_CHUNKS:,} pieces; save it as a TIFF, or anew as a PNG."
    )


def _frame_count(picture: Image.Image) -> int:
    try:
        return getattr(picture, "n_frames", 1)
    except Exception:
        # Later frames may be damaged; only the first is read.
        return 1


def _orientation(picture: Image.Image) -> int:
    try:
        return picture.getexif().get(0x0112, 1)
    except Exception:
        # A damaged Exif block does not touch the pixels.
        return 1


def _is_deep_png(data: bytes) -> bool:
    """Tell a PNG of 16 bits per sample from its header chunk."""
    return data.startswith(b"\x89PNG") and data[24] == 16


def _bands(picture: Image.Image, data: bytes) -> NDArray:
    """Return (bands, height, width): grey + alpha, RGB or RGB + alpha."""
    if _is_deep_png(data):
        return _deep_png_bands(data)
    colour = picture if picture.mode in ("LA", "RGB", "RGBA") else picture.convert("RGB")
    return np.moveaxis(np.asarray(colour), -1, 0)


def _deep_png_bands(data: bytes) -> NDArray[np.uint16]:
    """Return the bands of a 16-bit PNG with colour or alpha, which Pillow would cut to 8 bits.

    PNG stores the high byte first, so reading it in both byte orders gives both halves.
    """

    def read(raw_mode: str) -> NDArray[np.uint16]:
        picture = PngImagePlugin.PngImageFile(io.BytesIO(data))
        picture.tile = [tile._replace(args=raw_mode) for tile in picture.tile]
        return np.moveaxis(np.asarray(picture), -1, 0).astype(np.uint16)

    colour_type = data[25]
    if colour_type == 4:
        # Grey and alpha of 16 bits each are as wide as four bands of 8.
        halves = read("RGBA")
        return halves[0::2] * 256 + halves[1::2]
    mode = "RGBA" if colour_type == 6 else "RGB"
    return read(f"{mode};16B") * 256 + read(f"{mode};16L")


def _from_bands(bands: NDArray) -> tuple[NDArray, list[str]]:
    """Return grey and notes from (2 to 4, height, width): an even number ends in alpha."""
    grey, notes = _luma(bands[:3]) if len(bands) > 2 else (bands[0], [])
    if len(bands) % 2 == 0:
        notes.extend(_alpha_notes(bands[-1], 8 * bands.itemsize))
    return grey, notes


# ---- grey values ----


def _luma(rgb: NDArray) -> tuple[NDArray, list[str]]:
    """Return grey from (3, height, width); equal channels are taken as they are."""
    red, green, blue = rgb
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return red, []
    wide = np.float32 if rgb.itemsize <= 2 else np.float64
    grey = sum(weight * band.astype(wide) for weight, band in zip(_REC_601, rgb, strict=True))
    return grey, ["The picture is in colour; it was turned to grey by Rec. 601 luma."]


def _from_palette(index: NDArray, palette: NDArray) -> tuple[NDArray, list[str]]:
    """Return the grey values that `index` (height, width) picks from `palette` (n, 3), 0..255.

    Zeiss files hold a grey ramp with some coloured entries for annotations among them; the grey
    entries are exact, and only colours that are used are worth a note.
    """
    is_grey = (palette == palette[:, :1]).all(axis=1)
    grey = np.where(is_grey, palette[:, 0], palette @ _REC_601).astype(np.float32)
    index = index.astype(np.uint8) if index.dtype == bool else index
    notes = []
    if not is_grey[index].all():
        notes.append("The picture uses a colour palette; it was turned to grey by Rec. 601 luma.")
    return grey[index], notes


def _alpha_notes(alpha: NDArray, bits: int) -> list[str]:
    """Return a note unless `alpha` is opaque everywhere."""
    opaque = 2**bits - 1 if alpha.dtype.kind == "u" else 1
    if alpha.min() == opaque:
        return []
    return ["The picture has transparent parts; transparency was ignored."]


def finite_float32(grey: NDArray, name: str) -> tuple[NDArray[np.float32], list[str]]:
    """Return a new C-ordered float32 array of finite values, and notes on what was changed."""
    notes = []
    if grey.dtype.kind == "f":
        # What float32 cannot hold is a marker for "no data", not a grey value.
        bad = ~(np.abs(grey) <= np.finfo(np.float32).max)
        if bad.all():
            raise UnsuitableImageError(
                f"{name} holds no valid grey value at all (only NaN or infinity); export it again."
            )
        if bad.any():
            nearest = ndimage.distance_transform_edt(
                bad, return_distances=False, return_indices=True
            )
            grey = grey[tuple(nearest)]
            count = np.count_nonzero(bad)
            notes.append(
                f"{count} pixel{'s' if count > 1 else ''} without a valid grey value (NaN or "
                f"infinity) took the nearest valid one."
            )
    lowest = grey.min()
    if _needs_offset(grey):
        # Modular arithmetic keeps the difference of any two integers exact.
        wide = grey if grey.dtype.kind == "f" else grey.astype(np.uint64)
        grey = wide - lowest.astype(wide.dtype)
        notes.append(f"The lowest value ({lowest:g}) was subtracted to keep small differences.")
    return np.array(grey, np.float32, order="C"), notes


def _needs_offset(grey: NDArray) -> bool:
    """Tell whether float32 would round away differences that the picture holds."""
    if grey.itemsize <= 2 or grey.dtype == np.float32:
        return False
    low, high = grey.min().item(), grey.max().item()
    peak = max(abs(low), abs(high))
    if grey.dtype.kind in "iu":
        return peak > 2**24 and low != 0
    # Fewer than 20 bits would be left for the picture's own span.
    return bool(np.spacing(np.float32(peak)) > (high - low) / 2**20)
