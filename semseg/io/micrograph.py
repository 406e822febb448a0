"""Bytes in, one grey picture out: TIFF, PNG, JPEG, BMP, WebP, GIF, DM3, DM4, SER, EMD and MRC.

>>> from semseg.data import sample_path
>>> micrograph = read_micrograph(sample_path())
>>> micrograph.grey.shape, micrograph.calibration.pixel_size_nm
((768, 1024), 7.344)

The format is taken from the content, never from the file's extension. Grey values stay in the
units they were recorded in: 16-bit and float pictures keep their range, and bright stays bright.
Whatever was decided on the way (one picture of several, colour turned to grey, pixels repaired) is
a sentence in `Micrograph.notes`. Sizes are checked from the header, before anything is decoded;
how each format is decoded stands in `semseg.io.decoding`. Some microscopes write the pixel size
into a text file beside the picture, which is read as well: see `semseg.scale.sidecar`.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from semseg.errors import (
    ImageTooLargeError,
    OutOfMemoryError,
    SemsegError,
    UnreadableImageError,
    UnsuitableImageError,
)
from semseg.io.decoding import ENDINGS, FORMATS, MIN_SIDE_PX, decode, finite_float32, remedy
from semseg.scale.calibration import Calibration, FileCalibration
from semseg.scale.instrument import Instrument
from semseg.scale.sidecar import MAX_BYTES, merge, read_sidecar, sidecar_of

__all__ = [
    "ENDINGS",
    "FORMATS",
    "MIN_SIDE_PX",
    "Micrograph",
    "Sidecar",
    "read_content",
    "read_micrograph",
    "safe_name",
]

_MAX_FILE_BYTES = 4 * 2**30
_BYTES = (bytes, bytearray, memoryview)


class Sidecar(NamedTuple):
    """The text file beside a picture that was read with it."""

    name: str
    sha256: str


@dataclass(frozen=True, eq=False)
class Micrograph:
    """One grey picture as recorded, with what its file says about it.

    Parameters
    ----------
    name : str
        File name without folders, safe to write files by.
    grey : float32 (height, width)
        Finite grey values in recorded units, bright is bright; read-only.
    bit_depth : int
        Bits per sample in the file (8 for palettes).
    sha256 : str
        Of the file's bytes, in hexadecimal.
    calibration : Calibration or None
        From the file's own metadata, else from its sidecar.
    label_bar_row : int or None
        First row of the label bar, when the metadata give it.
    notes : tuple of str
        Sentences the user should read.
    sidecar : Sidecar or None
        The text file that was read with it.
    page : int
        Which of the file's pictures it is, from 1.
    pages : tuple of str
        What the file's pictures are, for people; of very many the first
        `semseg.io.decoding.pages.MAX_TITLES`.
    page_count : int
        How many pictures the file holds.
    instrument : Instrument or None
        The microscope and its settings, where file or sidecar tell anything of them.
    marker_nm : float or None
        Length that is printed at its scale bar, in nm, where file or sidecar tell that and no pixel
        size.
    """

    name: str
    grey: NDArray[np.float32]
    bit_depth: int
    sha256: str
    calibration: Calibration | None = None
    label_bar_row: int | None = None
    notes: tuple[str, ...] = ()
    sidecar: Sidecar | None = None
    page: int = 1
    pages: tuple[str, ...] = ()
    page_count: int = 1
    instrument: Instrument | None = None
    marker_nm: float | None = None

    @property
    def height(self) -> int:
        """Rows, in pixels."""
        return int(self.grey.shape[0])

    @property
    def width(self) -> int:
        """Columns, in pixels."""
        return int(self.grey.shape[1])

    @property
    def pixel_aspect(self) -> float:
        """Height of a pixel over its width, as the file tells; else 1."""
        return self.calibration.pixel_aspect if self.calibration else 1.0

    @property
    def stem(self) -> str:
        """The name without its last extension."""
        return PurePosixPath(self.name).stem


def read_micrograph(
    source: bytes | str | os.PathLike[str],
    name: str | None = None,
    *,
    max_megapixels: float = 100.0,
    sidecar: tuple[str, bytes] | None = None,
    page: int | None = None,
) -> Micrograph:
    """Read one picture from a path or from the bytes of a file.

    What the picture's own metadata and its sidecar contradict each other about is a note, and the
    picture's own metadata are used.

    Parameters
    ----------
    source : bytes, str or PathLike
        The file's content, or where it lies.
    name : str, optional
        Shown to the user and used for output files; default the path's last part. Folders and
        characters that file systems refuse are removed.
    max_megapixels : float
        Larger pictures are refused from their header, in millions of pixels.
    sidecar : (name, bytes), optional
        The text file that the microscope wrote beside the picture. Where it is not given and
        `source` is a path, it is looked for there (`semseg.scale.sidecar.sidecar_of`). A text that
        is no sidecar is ignored.
    page : int, optional
        Which picture of a file that holds several, from 1. By default the one that can be measured
        best (`semseg.io.decoding.pages`): with a scale, as recorded; a note says which it was.

    Raises
    ------
    UnreadableImageError
        Empty, truncated, damaged, not a picture, or an unsupported codec.
    ImageTooLargeError
        More than `max_megapixels`, or more than 4 bytes for each of so many.
    OutOfMemoryError
        Reading it takes more memory than there is.
    UnsuitableImageError
        Constant, a side under 64 px, or one more than 100 times the other; a diffraction pattern;
        several pictures and none of number `page`.
    """
    data, name = read_content(source, name)
    if not data:
        raise UnreadableImageError(f"{name} is empty (0 bytes); copy it again from the microscope.")
    try:
        decoded = decode(data, name, max_megapixels * 1e6, page)
        grey, notes = finite_float32(decoded.grey, name)
    except SemsegError:
        raise
    except Image.DecompressionBombError as error:
        # Pillow's WebP and GIF readers have a limit of their own.
        raise ImageTooLargeError(
            f"{name} has more pixels than its format's reader accepts; save it as a TIFF."
        ) from error
    except MemoryError as error:
        raise OutOfMemoryError(
            f"{name} needs more memory to be read than there is, unless it is damaged; close other "
            f"programs, or save a part of it as an uncompressed TIFF."
        ) from error
    except Exception as error:
        # Decoders fail in dozens of ways on damaged bytes (struct.error, RecursionError...); to
        # the user they are all the same.
        raise UnreadableImageError(
            f"{name} is damaged or incomplete and cannot be decoded; {remedy(data)}."
        ) from error
    if grey.min() == grey.max():
        raise UnsuitableImageError(
            f"{name} shows nothing: every pixel has the same grey value; choose another picture."
        )
    grey.setflags(write=False)
    found = FileCalibration(
        decoded.calibration,
        decoded.label_bar_row,
        instrument=decoded.instrument,
        marker_nm=decoded.marker_nm,
    )
    sidecar, unreadable = _beside(source, sidecar)
    text = None
    if sidecar is not None:
        beside = read_sidecar(sidecar[1], sidecar[0], grey.shape[1], grey.shape[0])
        if beside is not None:
            found = merge(found, beside)
            text = Sidecar(sidecar[0], hashlib.sha256(sidecar[1]).hexdigest())
    return Micrograph(
        name,
        grey,
        decoded.bit_depth,
        hashlib.sha256(data).hexdigest(),
        found.calibration,
        found.label_bar_row,
        (*decoded.notes, *notes, *found.notes, *unreadable),
        text,
        decoded.page,
        decoded.pages,
        decoded.page_count,
        found.instrument,
        found.marker_nm,
    )


def _beside(
    source: bytes | str | os.PathLike[str], sidecar: tuple[str, bytes] | None
) -> tuple[tuple[str, bytes] | None, tuple[str, ...]]:
    """Name and content of the text beside the picture, the given one or the one found; notes."""
    if sidecar is not None:
        return (safe_name(sidecar[0]), bytes(sidecar[1])), ()
    path = None if isinstance(source, _BYTES) else sidecar_of(source)
    if path is None:
        return None, ()
    name = safe_name(path.name)
    try:
        with path.open("rb") as file:
            return (name, file.read(MAX_BYTES + 1)), ()
    except OSError:
        return None, (f"{name} beside the picture cannot be opened and was ignored.",)


def read_content(
    source: bytes | str | os.PathLike[str], name: str | None = None
) -> tuple[bytes, str]:
    """Return the file's bytes and its safe name.

    Raises
    ------
    UnreadableImageError
        There is no such file, or it may not be read.
    ImageTooLargeError
        It is larger than 4 GiB.
    """
    if isinstance(source, _BYTES):
        return bytes(source), safe_name(name or "")
    path = Path(source)
    name = safe_name(name or path.name)
    try:
        if path.is_dir():
            raise UnreadableImageError(f"{name} is a folder; choose a picture inside it.")
        # Pipes and devices would block or never end.
        if path.exists() and not path.is_file():
            raise UnreadableImageError(f"{name} is not an ordinary file; choose a picture.")
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise ImageTooLargeError(f"{name} is larger than 4 GiB; save one picture of it alone.")
        return path.read_bytes(), name
    except FileNotFoundError:
        raise UnreadableImageError(f"{name} was not found; check the path.") from None
    except PermissionError as error:
        raise UnreadableImageError(
            f"{name} may not be read; ask for permission or copy it elsewhere."
        ) from error
    except (OSError, ValueError) as error:
        raise UnreadableImageError(f"{name} cannot be opened; check path and disk.") from error


def safe_name(name: str) -> str:
    """Return the last part of `name`, without characters that file systems refuse."""
    last = re.split(r"[\\/]", name)[-1]
    kept = "".join(ch if ch.isprintable() and ch not in '<>:"|?*' else "_" for ch in last)
    return kept.lstrip(" ").rstrip(" .") or "image"
