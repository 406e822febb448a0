"""How large a picture may be, and how small, before and after it is decoded."""

from semseg.errors import ImageTooLargeError, UnsuitableImageError

__all__ = ["MAX_ASPECT", "MIN_SIDE_PX", "check_bytes", "check_size", "most_bytes"]

MIN_SIDE_PX = 64
MAX_ASPECT = 100  # longer strips are scans of lines; bands of rows would not bound memory
# Decoded, for each pixel that the limit allows: what colour and alpha of 8 bits take.
_BYTES_PER_PIXEL = 4


def check_size(width: int, height: int, name: str, max_pixels: float) -> None:
    """Raise for a picture too large or too small, as declared by its header."""
    if width * height > max_pixels:
        raise ImageTooLargeError(
            f"{name} is {width} x {height} pixels, more than the limit of "
            f"{max_pixels / 1e6:g} megapixels; save a part of it, or a smaller copy, as a file of "
            "its own."
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


def check_bytes(count: int, name: str, max_pixels: float) -> None:
    """Raise for a picture that would be decoded to more bytes than there may be."""
    if count > most_bytes(max_pixels):
        raise ImageTooLargeError(
            f"{name} takes {count / 1e6:.3g} MB when it is decoded, more than the limit of "
            f"{max_pixels / 1e6:g} megapixels allows; save one plane of it as a grey picture of 8 "
            "or 16 bits."
        )


def most_bytes(max_pixels: float) -> int:
    """Bytes to which a picture may be decoded where it may have so many pixels."""
    return int(_BYTES_PER_PIXEL * max_pixels)
