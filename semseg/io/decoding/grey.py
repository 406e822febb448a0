"""Colours, palettes and numbers of every kind to one plane of grey, finite float32 at last."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from semseg.errors import UnsuitableImageError
from semseg.scale.calibration import Calibration
from semseg.scale.instrument import Instrument

__all__ = [
    "Decoded",
    "Stored",
    "alpha_notes",
    "finite_float32",
    "from_bands",
    "from_palette",
    "luma",
]

Stored = NDArray[Any]  # truth values, whole numbers or floats, as the file has them

_REC_601 = (0.299, 0.587, 0.114)


@dataclass
class Decoded:
    """A grey picture (height, width) in its own dtype, before repair and conversion to float32.

    The other fields are those of `semseg.io.micrograph.Micrograph`.
    """

    grey: Stored
    bit_depth: int
    notes: list[str] = field(default_factory=list)
    calibration: Calibration | None = None
    label_bar_row: int | None = None
    page: int = 1
    pages: tuple[str, ...] = ()
    page_count: int = 1
    instrument: Instrument | None = None
    marker_nm: float | None = None


def from_bands(bands: Stored) -> tuple[Stored, list[str]]:
    """Return grey and notes from (2 to 4, height, width): an even number ends in alpha."""
    grey, notes = luma(bands[:3]) if len(bands) > 2 else (bands[0], [])
    if len(bands) % 2 == 0:
        notes.extend(alpha_notes(bands[-1], 8 * bands.itemsize))
    return grey, notes


def luma(rgb: Stored) -> tuple[Stored, list[str]]:
    """Return grey from (3, height, width); equal channels are taken as they are."""
    red, green, blue = rgb
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return red, []
    wide = np.float32 if rgb.itemsize <= 2 else np.float64
    grey = sum(weight * band.astype(wide) for weight, band in zip(_REC_601, rgb, strict=True))
    return grey, ["The picture is in colour; it was turned to grey by Rec. 601 luma."]


def from_palette(
    index: Stored, palette: NDArray[np.float64]
) -> tuple[NDArray[np.float32], list[str]]:
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


def alpha_notes(alpha: Stored, bits: int) -> list[str]:
    """Return a note unless `alpha` is opaque everywhere."""
    opaque = 2**bits - 1 if alpha.dtype.kind == "u" else 1
    if alpha.min() == opaque:
        return []
    return ["The picture has transparent parts; transparency was ignored."]


def finite_float32(grey: Stored, name: str) -> tuple[NDArray[np.float32], list[str]]:
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


def _needs_offset(grey: Stored) -> bool:
    """Tell whether float32 would round away differences that the picture holds."""
    if grey.itemsize <= 2 or grey.dtype == np.float32:
        return False
    low, high = grey.min().item(), grey.max().item()
    peak = max(abs(low), abs(high))
    if grey.dtype.kind in "iu":
        return bool(peak > 2**24 and low != 0)
    # Fewer than 20 bits would be left for the picture's own span.
    return bool(np.spacing(np.float32(peak)) > (high - low) / 2**20)
