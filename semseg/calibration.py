"""The size of a pixel: from what the microscope wrote, or from the width a person typed.

>>> calibration_from_width(7520.0, 1024)
Calibration(pixel_size_nm=7.34375, source='typed width', assumed=False)

`calibration_from_tiff` asks each reader in `_TIFF_READERS` in turn. A reader is a small function
``(tif, width_px, height_px) -> FileCalibration | None``; to support another vendor, write one and
append it. Metadata that make no sense become a note for the user: they are never used silently
and never raise. Plain print resolution (DPI) says nothing about the sample and is never applied.
"""

import math
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import tifffile

from semseg.errors import CalibrationError

__all__ = [
    "Calibration",
    "FileCalibration",
    "agreement_note",
    "calibration_from_tiff",
    "calibration_from_width",
]

# Vendors print three or four digits, so honest values agree far better than this.
_TOLERANCE = 0.02

# Pixel sizes outside this range (0.1 pm to 1 mm) come from no electron microscope.
_PLAUSIBLE_NM = (1e-4, 1e6)

_NM_PER_UNIT = {
    "fm": 1e-6,
    "pm": 1e-3,
    "å": 0.1,
    "angstrom": 0.1,
    "nm": 1.0,
    "nanometer": 1.0,
    "um": 1e3,
    "micron": 1e3,
    "micrometer": 1e3,
    "mm": 1e6,
    "millimeter": 1e6,
    "m": 1e9,
}

# ImageJ copies these from a file's print resolution, so they describe paper, not the sample.
_NOT_A_SAMPLE_UNITS = {"", "pixel", "pixels", "inch", "inches", "cm"}


@dataclass(frozen=True)
class Calibration:
    """How many nanometres one (square) pixel covers, and who said so.

    Parameters
    ----------
    pixel_size_nm : float
        Finite and > 0; stored as a plain float.
    source : str
        For people, e.g. ``"Zeiss metadata"`` or ``"typed width"``.
    assumed : bool
        True when nobody and nothing said so: every size must then be marked.

    Raises
    ------
    CalibrationError
        If `pixel_size_nm` is not a finite number above zero.
    """

    pixel_size_nm: float
    source: str
    assumed: bool = False

    def __post_init__(self) -> None:
        _require_positive(self.pixel_size_nm, "pixel size", "nanometres")
        object.__setattr__(self, "pixel_size_nm", float(self.pixel_size_nm))


class FileCalibration(NamedTuple):
    """What a file's metadata say.

    calibration : Calibration or None
        None when the file holds no usable pixel size.
    label_bar_row : int or None
        First row of the label bar (0 < row < height) when the metadata give it.
    notes : tuple of str
        Sentences the user should read; empty when all is well.
    """

    calibration: Calibration | None = None
    label_bar_row: int | None = None
    notes: tuple[str, ...] = ()


def calibration_from_width(width_nm: float, width_px: int, *, assumed: bool = False) -> Calibration:
    """Return the calibration of a picture `width_px` pixels and `width_nm` nanometres wide.

    A width that is only `assumed` marks the calibration, and with it every size, as such.

    Raises
    ------
    CalibrationError
        If either is not a finite number above zero.
    """
    _require_positive(width_nm, "image width", "nanometres")
    _require_positive(width_px, "image width", "pixels")
    pixel_size_nm = float(width_nm) / float(width_px)
    if assumed:
        return Calibration(pixel_size_nm, "assumed width, check", assumed=True)
    return Calibration(pixel_size_nm, "typed width")


def calibration_from_tiff(tif: tifffile.TiffFile, width_px: int, height_px: int) -> FileCalibration:
    """Return what the vendor metadata of an open TIFF say about a picture of the given size.

    The first reader that finds a pixel size wins; a later one that disagrees adds a note.
    Never raises: metadata that cannot be read become a note.
    """
    calibration, bar_row, notes = None, None, []
    for reader in _TIFF_READERS:
        try:
            found = reader(tif, width_px, height_px)
        except Exception:
            # Metadata are written by anybody; a damaged block must not cost the picture.
            vendor = reader.__name__.removeprefix("_from_").replace("_", " ").title()
            notes.append(f"The {vendor} metadata of this file are damaged and were ignored.")
            continue
        if found is None:
            continue
        notes.extend(found.notes)
        if calibration is None:
            calibration = found.calibration
        elif found.calibration and (clash := agreement_note(calibration, found.calibration)):
            notes.append(clash)
        if bar_row is None:
            bar_row = found.label_bar_row
    return FileCalibration(calibration, bar_row, tuple(notes))


def agreement_note(typed: Calibration, from_file: Calibration) -> str | None:
    """Return a warning when two calibrations are more than 2 % apart, else None."""
    difference = abs(typed.pixel_size_nm / from_file.pixel_size_nm - 1)
    if difference <= _TOLERANCE:
        return None
    return (
        f"The {typed.source} gives {typed.pixel_size_nm:.4g} nm per pixel but the "
        f"{from_file.source} gives {from_file.pixel_size_nm:.4g} nm "
        f"({difference:.1%} apart): check the scale bar before you trust the sizes."
    )


def _from_zeiss(tif: tifffile.TiffFile, width_px: int, height_px: int) -> FileCalibration | None:
    """Read tag 34118: AP_IMAGE_PIXEL_SIZE, else AP_WIDTH, else the unnamed header.

    AP_PIXEL_SIZE is not used: it belongs to the screen, not to the stored picture.
    """
    metadata = tif.sem_metadata
    if metadata is None:
        return None
    source, notes = "Zeiss metadata", []
    pixel = _zeiss_length_nm(metadata, "ap_image_pixel_size", notes)
    width = _zeiss_length_nm(metadata, "ap_width", notes)
    by_width = width / width_px if width else None
    # Source of the unnamed values: https://sourceforge.net/p/gwyddion/mailman/message/29275000/
    # The fourth is the pixel size in metres of a picture 1024 px wide.
    unnamed = metadata.get("", ())
    by_header = _length_nm(unnamed[3], "m") if len(unnamed) > 3 else None
    if by_header:
        by_header *= 1024 / width_px

    if pixel and by_width and abs(pixel / by_width - 1) > _TOLERANCE:
        notes.append(
            f"The {source} contradict themselves: the pixel size is {pixel:.4g} nm, but the width "
            f"over {width_px} pixels makes {by_width:.4g} nm; the picture may have been resized "
            f"or cropped, so check the scale bar."
        )
    return _finish(next(filter(None, (pixel, by_width, by_header)), None), source, notes)


def _zeiss_length_nm(metadata: Mapping[str, Any], key: str, notes: list[str]) -> float | None:
    """Return the length under `key`, a ``(name, value, unit)`` tuple; append a note if bad."""
    entry = metadata.get(key)
    if entry is None:
        return None
    value, unit = (*entry[1:], "", "")[:2]
    length = _length_nm(value, unit)
    if length is None:
        notes.append(_unusable("Zeiss metadata", entry[0], f"{value} {unit}"))
    return length


def _from_fei(tif: tifffile.TiffFile, width_px: int, height_px: int) -> FileCalibration | None:
    """Read tags 34680 and 34682 of FEI / Thermo Fisher: lengths in metres, bar height in rows."""
    metadata = tif.fei_metadata
    if metadata is None:
        return None
    source, notes = "FEI metadata", []
    image = metadata.get("Image", {})
    pixel = None
    for section in ("Scan", "EScan", "IScan"):
        value = metadata.get(section, {}).get("PixelWidth", "")
        pixel = pixel or _length_nm(value, "m")
        if value != "" and not pixel:
            notes.append(_unusable(source, f"{section} PixelWidth", f"{value} m"))
        height = _length_nm(metadata.get(section, {}).get("PixelHeight"), "m")
        if pixel and height and abs(height / pixel - 1) > _TOLERANCE:
            notes.append(
                f"The {source} say that pixels are not square ({pixel:.4g} x {height:.4g} nm); "
                f"sizes use the first."
            )
    columns = image.get("ResolutionX")
    if not pixel and _is_positive(columns):
        fields = (metadata.get(beam, {}).get("HFW") for beam in ("EBeam", "IBeam"))
        field = next(filter(None, (_length_nm(value, "m") for value in fields)), None)
        pixel = field / columns if field else None
    if pixel and _is_positive(columns) and columns != width_px:
        notes.append(
            f"The {source} describe a picture {columns} pixels wide, but this one has {width_px}: "
            f"it may have been resized or cropped, so check the scale bar."
        )
    bar_row = _fei_bar_row(metadata, height_px, notes)
    return _finish(pixel, source, notes, bar_row)


def _fei_bar_row(metadata: Mapping[str, Any], height_px: int, notes: list[str]) -> int | None:
    """Return the first row of the label bar, or None where the picture has none."""
    rows = metadata.get("PrivateFei", {}).get("DatabarHeight", 0)
    if rows in (0, ""):
        return None
    # A picture no taller than the scan was stored without its bar.
    scanned = metadata.get("Image", {}).get("ResolutionY")
    if _is_positive(scanned) and scanned >= height_px:
        return None
    if not isinstance(rows, int) or not 0 < rows < height_px / 2:
        notes.append(_unusable("FEI metadata", "label bar height", f"{rows} rows"))
        return None
    return height_px - rows


def _from_imagej(tif: tifffile.TiffFile, width_px: int, height_px: int) -> FileCalibration | None:
    """Read ImageJ's ``unit`` and the XResolution tag (pixels per unit)."""
    metadata = tif.imagej_metadata
    if metadata is None:
        return None
    source = "ImageJ metadata"
    unit = str(metadata.get("unit", "")).replace("\\u00B5", "µ").strip()
    if unit.lower() in _NOT_A_SAMPLE_UNITS:
        return None
    tags = tif.pages.first.tags
    across, down = (_ratio(tags.valueof(code)) for code in (282, 283))
    pixel = _length_nm(1 / across, unit) if across else None
    if pixel is None:
        shown = f"{1 / across:.4g} {unit}" if across else f"no resolution, unit {unit}"
        return FileCalibration(notes=(_unusable(source, "pixel size", shown),))
    notes = []
    if down and abs(across / down - 1) > _TOLERANCE:
        notes.append(f"The {source} say that pixels are not square; sizes use their width.")
    return _finish(pixel, source, notes)


_TIFF_READERS: tuple[Callable[[tifffile.TiffFile, int, int], FileCalibration | None], ...] = (
    _from_zeiss,
    _from_fei,
    _from_imagej,
)


def _finish(
    pixel_nm: float | None, source: str, notes: list[str], bar_row: int | None = None
) -> FileCalibration:
    """Return a reader's answer; an implausible pixel size becomes a note."""
    if pixel_nm and not _PLAUSIBLE_NM[0] <= pixel_nm <= _PLAUSIBLE_NM[1]:
        notes.append(_unusable(source, "pixel size", f"{pixel_nm:.4g} nm"))
        pixel_nm = None
    calibration = Calibration(pixel_nm, source) if pixel_nm else None
    return FileCalibration(calibration, bar_row, tuple(notes))


def _length_nm(value: Any, unit: Any) -> float | None:
    """Return a length in nm, or None unless `value` is finite, > 0 and `unit` is known."""
    # Both the micro sign (U+00B5) and the Greek mu (U+03BC) are in use.
    name = str(unit).strip().lower().replace("\u00b5", "u").replace("\u03bc", "u")
    name = name.replace("metre", "meter")
    factor = _NM_PER_UNIT.get(name) or _NM_PER_UNIT.get(name.removesuffix("s"))
    if factor is None or not _is_positive(value):
        return None
    length = float(value) * factor
    return length if _is_positive(length) else None


def _ratio(value: Any) -> float | None:
    """Return a TIFF rational as a number, or None unless it is finite and > 0."""
    numerator, denominator = value if isinstance(value, tuple) else (value, 1)
    if not _is_positive(numerator) or not _is_positive(denominator):
        return None
    return numerator / denominator


def _is_positive(value: Any) -> bool:
    """Tell whether `value` is a finite number above zero (and not a truth value)."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    try:
        return is_number and math.isfinite(value) and value > 0
    except OverflowError:
        # An integer of hundreds of digits has no float.
        return False


def _require_positive(value: Any, what: str, unit: str) -> None:
    if not _is_positive(value):
        raise CalibrationError(
            f"The {what} must be a number of {unit} above zero, not {str(value)[:40]!r}."
        )


def _unusable(source: str, what: Any, shown: str) -> str:
    shown = " ".join(shown.split())[:40]
    return f"The {source} give no usable {str(what)[:40]} ({shown}), so it was ignored."
