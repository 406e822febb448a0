"""PNG, JPEG, BMP, WebP and GIF, decoded by Pillow."""

import io
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from semseg.errors import UnreadableImageError
from semseg.io.decoding.grey import Decoded, Stored, from_bands, from_palette
from semseg.io.decoding.limits import check_bytes, check_size
from semseg.io.decoding.pages import Stack, choose
from semseg.scale.calibration import calibration_from_bytes

__all__ = ["bands", "decode_with_pillow", "pillow_reader"]

# A few bytes each, but every scan of a JPEG is a walk over the whole picture, and every chunk of a
# PNG a turn of Pillow's loop. Progressive JPEGs have about ten; 100 megapixels of 64 bits, in
# chunks of 8 kB, make 100,000.
_MAX_SCANS = 100
_MAX_CHUNKS = 100_000
_MAX_FRAME_PIXELS = 1_000_000_000  # of an animation, up to the picture that is wanted

# The plugin is called directly because Image.open() measures against Image.MAX_IMAGE_PIXELS, a
# process-wide limit that could only be moved for every thread at once. It also keeps Pillow's
# other decoders (PostScript and the like) away from uploaded files.
_PILLOW_READERS: tuple[tuple[re.Pattern[bytes], type[ImageFile.ImageFile]], ...] = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), PngImagePlugin.PngImageFile),
    (re.compile(rb"\xff\xd8\xff"), JpegImagePlugin.JpegImageFile),
    (re.compile(rb"GIF8[79]a"), GifImagePlugin.GifImageFile),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), WebPImagePlugin.WebPImageFile),
    (re.compile(rb"BM"), BmpImagePlugin.BmpImageFile),
)

# Pillow's modes of one band that numpy takes as they are; PNG's 16 bits may come as "I".
_BITS = {"1": 1, "L": 8, "I;16": 16, "I;16B": 16, "I": 32, "F": 32}

# Exif orientation -> how to turn the stored rows and columns upright.
_UPRIGHT: dict[int, Callable[[Stored], Stored]] = {
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: lambda stored: np.rot90(stored),
}
_LYING = (5, 6, 7, 8)  # those in which rows become columns


def pillow_reader(data: bytes) -> type[ImageFile.ImageFile] | None:
    """The reader for this content; None where there is none."""
    return next((reader for signature, reader in _PILLOW_READERS if signature.match(data)), None)


def decode_with_pillow(
    reader: type[ImageFile.ImageFile],
    data: bytes,
    name: str,
    max_pixels: float,
    wanted: int | None = None,
) -> Decoded:
    """Decode with this reader; raises as `semseg.io.decoding.decode` does."""
    if reader is PngImagePlugin.PngImageFile:
        _check_chunks(data, name)  # opening it walks over those in front of the picture
    if reader is JpegImagePlugin.JpegImageFile:
        _check_scans(data, name)
    picture = reader(io.BytesIO(data))
    check_size(*picture.size, name, max_pixels)
    if reader is PngImagePlugin.PngImageFile:
        samples = (1, 1, 3, 1, 2, 1, 4)[data[25]]
        check_bytes(math.prod(picture.size) * samples * max(data[24] // 8, 1), name, max_pixels)
    depth = 16 if _is_deep_png(data) else _BITS.get(picture.mode, 8)
    stack = Stack(*picture.size, depth, count=_frame_count(picture), colour=_in_colour(picture))
    choice = choose([stack], wanted, name)
    notes = list(choice.notes)
    if choice.plane:
        # each is drawn over those before it
        if math.prod(picture.size) * choice.number > _MAX_FRAME_PIXELS:
            raise UnreadableImageError(
                f"{name} has too many pictures in front of number {choice.number}; save that one "
                "as a file of its own."
            )
        picture.seek(choice.plane)
    picture.load()
    mode = picture.mode
    if mode == "P":
        palette = np.zeros((256, 3))
        stored = np.reshape(picture.getpalette("RGB") or [], (-1, 3))
        palette[: len(stored)] = stored
        grey, more = from_palette(np.asarray(picture), palette)
    elif mode in _BITS:
        grey, more = np.asarray(picture), []
    else:
        grey, more = from_bands(bands(picture, data))
    notes.extend(more)
    if "transparency" in picture.info:
        notes.append("The picture has transparent parts; transparency was ignored.")
    found = calibration_from_bytes(data, *picture.size, exif=_exif(picture))
    bar_row, calibration = found.label_bar_row, found.calibration
    orientation = _orientation(picture)
    if orientation in _UPRIGHT:
        grey, bar_row = _UPRIGHT[orientation](grey), None
        if orientation in _LYING and calibration is not None:
            calibration = calibration.turned()
        notes.append("The camera's orientation mark was followed: the picture was turned upright.")
    return Decoded(
        grey,
        depth,
        [*notes, *found.notes],
        calibration,
        bar_row,
        page=choice.number,
        pages=choice.titles,
        page_count=choice.count,
        instrument=found.instrument,
        marker_nm=found.marker_nm,
    )


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


def _in_colour(picture: Image.Image) -> bool:
    """Whether the picture may be in colour; of a palette only its pixels tell."""
    return picture.mode not in (*_BITS, "LA", "P")


def _frame_count(picture: Image.Image) -> int:
    try:
        return getattr(picture, "n_frames", 1)
    except Exception:
        # Later frames may be damaged; only the first is read.
        return 1


def _exif(picture: Image.Image) -> dict[int, Any]:
    """The Exif directory, tags by their numbers; empty where there is none that can be read."""
    try:
        return dict(picture.getexif().get_ifd(0x8769))
    except Exception:
        # A damaged Exif block does not touch the pixels.
        return {}


def _orientation(picture: Image.Image) -> int:
    try:
        found = picture.getexif().get(0x0112)
        return found if isinstance(found, int) else 1
    except Exception:
        # A damaged Exif block does not touch the pixels.
        return 1


def _is_deep_png(data: bytes) -> bool:
    """Tell a PNG of 16 bits per sample from its header chunk."""
    return data.startswith(b"\x89PNG") and data[24] == 16


def bands(picture: Image.Image, data: bytes) -> Stored:
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
