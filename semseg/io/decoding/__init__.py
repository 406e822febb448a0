"""Bytes of a picture file in, its grey values and what the file says about them out.

The format is taken from the content. TIFF is taken apart with tifffile, which knows the vendors'
tags (`semseg.io.decoding.tiff`); PNG, JPEG, BMP, WebP and GIF with Pillow
(`semseg.io.decoding.pillow`). The steps are the same for all: read the header, refuse what is too
large or too small (`semseg.io.decoding.limits`), decode, turn to one plane of grey in its own
dtype, then to finite float32 (`semseg.io.decoding.grey`).

Nothing here answers for damaged bytes: decoders fail in dozens of ways, and whoever calls turns
those into one sentence for the user.
"""

from semseg.errors import UnreadableImageError
from semseg.io.decoding.grey import Decoded, finite_float32
from semseg.io.decoding.limits import MIN_SIDE_PX
from semseg.io.decoding.pillow import decode_with_pillow, pillow_reader
from semseg.io.decoding.tiff import SIGNATURES, decode_tiff
from semseg.scale.sidecar import is_sidecar_name, text_file_sentence

_APPLE_DOUBLE = b"\x00\x05\x16\x07"

__all__ = ["MIN_SIDE_PX", "Decoded", "decode", "finite_float32"]


def decode(data: bytes, name: str, max_pixels: float) -> Decoded:
    """Decode the file `data`; `name` is what errors call it.

    Raises
    ------
    UnreadableImageError
        Not a picture, incomplete, or an unsupported codec.
    ImageTooLargeError
        More than `max_pixels`, or more bytes than so many may have, as its header declares.
    UnsuitableImageError
        A side under `MIN_SIDE_PX`, or one more than `limits.MAX_ASPECT` times the other.
    Exception
        Anything else that a decoder raises on damaged bytes.
    """
    if data.startswith(SIGNATURES):
        return decode_tiff(data, name, max_pixels)
    if (reader := pillow_reader(data)) is not None:
        return decode_with_pillow(reader, data, name, max_pixels)
    if data.startswith(_APPLE_DOUBLE):
        picture = name.removeprefix("._")
        raise UnreadableImageError(
            f"{name} holds no picture: macOS writes such files beside others, with what it notes "
            f"about them; choose {picture if picture != name else 'the picture'} instead."
        )
    if is_sidecar_name(name):
        raise UnreadableImageError(text_file_sentence(name))
    raise UnreadableImageError(
        f"{name} is not a picture that semseg can read; save it as TIFF, PNG, JPEG, BMP, WebP or "
        f"GIF."
    )
