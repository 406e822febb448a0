"""Bytes of a picture file in, its grey values and what the file says about them out.

The format is taken from the content. TIFF is taken apart with tifffile, which knows the vendors'
tags (`semseg.io.decoding.tiff`); PNG, JPEG, BMP, WebP and GIF with Pillow
(`semseg.io.decoding.pillow`). The formats of TEMs are read by `dm` (Gatan's .dm3 and .dm4), `ser`
(TIA), `emd` (Velox and Berkeley, in HDF5) and `mrc`: short readers that keep to limits, since the
libraries for these formats are under the GPL, or meant for files that one trusts.

The steps are the same for all: read the header, choose a picture where there are several
(`semseg.io.decoding.pages`), refuse what is too large or too small (`semseg.io.decoding.limits`),
decode, turn to one plane of grey in its own dtype, then to finite float32
(`semseg.io.decoding.grey`).

Nothing here answers for damaged bytes: decoders fail in dozens of ways, and whoever calls turns
those into one sentence for the user, which ends in `remedy`.
"""

from collections.abc import Callable
from typing import NamedTuple

from semseg.errors import UnreadableImageError
from semseg.io.decoding.dm import decode_dm
from semseg.io.decoding.dm_tags import is_dm
from semseg.io.decoding.emd import decode_emd
from semseg.io.decoding.foreign import what_to_do
from semseg.io.decoding.grey import Decoded, finite_float32
from semseg.io.decoding.hdf5 import SIGNATURE as HDF5_SIGNATURE
from semseg.io.decoding.hdf5 import UnsupportedError
from semseg.io.decoding.limits import MIN_SIDE_PX
from semseg.io.decoding.mrc import decode_mrc, is_mrc
from semseg.io.decoding.pillow import decode_with_pillow, pillow_reader
from semseg.io.decoding.ser import SER_SIGNATURE, decode_ser
from semseg.io.decoding.tiff import SIGNATURES, decode_tiff
from semseg.scale.sidecar import is_sidecar_name, text_file_sentence

_APPLE_DOUBLE = b"\x00\x05\x16\x07"

__all__ = [
    "ENDINGS",
    "FORMATS",
    "MIN_SIDE_PX",
    "Decoded",
    "decode",
    "finite_float32",
    "remedy",
]

FORMATS = "TIFF, PNG, JPEG, BMP, WebP, GIF, DM3, DM4, SER, EMD or MRC"
# of names of their files, by which a page or a folder is looked through; the content decides
ENDINGS = (
    *("tif", "tiff", "png", "jpg", "jpeg", "bmp", "webp", "gif"),
    *("dm3", "dm4", "ser", "emd", "mrc"),
)
_TIFF_REMEDY = "copy it again from the microscope or save it as an uncompressed TIFF"


class _Raw(NamedTuple):
    """A format of TEMs."""

    matches: Callable[[bytes], bool]
    decode: Callable[[bytes, str, float, int | None], Decoded]
    program: str  # that saves its image as TIFF


_RAW = (
    _Raw(is_dm, decode_dm, "DigitalMicrograph or Fiji"),
    _Raw(lambda data: data.startswith(HDF5_SIGNATURE), decode_emd, "Velox or Fiji"),
    _Raw(lambda data: data.startswith(SER_SIGNATURE), decode_ser, "TIA or Fiji"),
    _Raw(is_mrc, decode_mrc, "IMOD or Fiji"),
)


def remedy(data: bytes) -> str:
    """What to do with a damaged file, as the end of a sentence."""
    raw = _raw(data)
    if raw is None:
        return _TIFF_REMEDY
    return (
        f"copy it again from the microscope, or open it in {raw.program} and save the image as "
        "TIFF, which keeps the pixel size"
    )


def _raw(data: bytes) -> _Raw | None:
    return next((raw for raw in _RAW if raw.matches(data)), None)


def decode(data: bytes, name: str, max_pixels: float, page: int | None = None) -> Decoded:
    """Decode the file `data`; `name` is what errors call it.

    Of a file that holds several pictures, `page` says which, from 1; by default the one that can be
    measured best.

    Raises
    ------
    UnreadableImageError
        Not a picture, incomplete, or an unsupported codec.
    ImageTooLargeError
        More than `max_pixels`, or more bytes than so many may have, as its header declares.
    UnsuitableImageError
        A side under `MIN_SIDE_PX`, or one more than `limits.MAX_ASPECT` times the other; a
        diffraction pattern; no picture of number `page`.
    Exception
        Anything else that a decoder raises on damaged bytes.
    """
    if data.startswith(SIGNATURES):
        return decode_tiff(data, name, max_pixels, page)
    if (reader := pillow_reader(data)) is not None:
        return decode_with_pillow(reader, data, name, max_pixels, page)
    if (raw := _raw(data)) is not None:
        try:
            return raw.decode(data, name, max_pixels, page)
        except UnsupportedError as error:
            raise UnreadableImageError(
                f"{name} has {error}, which is not supported; open it in {raw.program} and save "
                "the image as TIFF, which keeps the pixel size."
            ) from error
    if data.startswith(_APPLE_DOUBLE):
        picture = name.removeprefix("._")
        raise UnreadableImageError(
            f"{name} holds no picture: macOS writes such files beside others, with what it notes "
            f"about them; choose {picture if picture != name else 'the picture'} instead."
        )
    if is_sidecar_name(name):
        raise UnreadableImageError(text_file_sentence(name))
    if (known := what_to_do(data)) is not None:
        raise UnreadableImageError(f"{name} is not a picture that semseg can read but {known}.")
    raise UnreadableImageError(
        f"{name} is not a picture that semseg can read ({FORMATS}); open it in the program that "
        "wrote it, or in Fiji, and save the image as TIFF: the pixel size stays."
    )
