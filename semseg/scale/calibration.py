"""The size of a pixel: from what the microscope wrote, or from the width a person typed.

>>> calibration_from_width(7520.0, 1024).pixel_size_nm
7.34375

`calibration_from_tiff` asks each reader in `semseg.scale.vendors.TIFF_READERS` in turn. Text files
beside the picture are read by `semseg.scale.sidecar`, scale bars in it by `semseg.scale.scale_bar`.
Metadata that make no sense become a note for the user: they are never used silently and never
raise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import tifffile

from semseg.errors import CalibrationError
from semseg.scale.instrument import Instrument
from semseg.scale.resized import fitted
from semseg.scale.vendors import TIFF_READERS
from semseg.scale.vendors.jeol import read_jeol_exif
from semseg.scale.vendors.phenom import read_phenom_bytes
from semseg.scale.vendors.reading import TOLERANCE, Reading, is_positive, number, verb

__all__ = [
    "Calibration",
    "FileCalibration",
    "agreement_note",
    "both_instruments",
    "calibration_from_bytes",
    "calibration_from_reading",
    "calibration_from_tiff",
    "calibration_from_width",
]


@dataclass(frozen=True)
class Calibration:
    """How many nanometres one pixel covers, and who said so.

    Parameters
    ----------
    pixel_size_nm : float
        Width of a pixel, finite and > 0; stored as a plain float.
    source : str
        For people, e.g. ``"Zeiss metadata"`` or ``"typed width"``.
    assumed : bool
        True when nobody and nothing said so: every size must then be marked.
    relative_uncertainty : float or None
        Relative standard uncertainty (GUM, JCGM 100:2008, 5.1.6) of the pixel size, finite and
        >= 0, where the source itself tells it (a scale bar drawn in whole pixels); else None.
    proposed : bool
        True when it was read in a way that may be wrong (a picture resized with its tag kept, a
        text in the picture) and nobody confirmed it: every size must then be marked as well.
    pixel_height_nm : float or None
        Height of a pixel, finite and > 0; None where pixels are square.

    Raises
    ------
    CalibrationError
        If `pixel_size_nm` or `pixel_height_nm` is not a finite number above zero, or
        `relative_uncertainty` not a finite one from zero.
    """

    pixel_size_nm: float
    source: str
    assumed: bool = False
    relative_uncertainty: float | None = None
    proposed: bool = False
    pixel_height_nm: float | None = None

    @property
    def doubt(self) -> str:
        """In one word why sizes must be marked: ``assumed`` or ``proposed``; empty where not."""
        return "assumed" if self.assumed else "proposed" if self.proposed else ""

    @property
    def marked_source(self) -> str:
        """Who said so, and that it must be checked where it must: ``assumed width, check``."""
        if self.certain or "check" in self.source:
            return self.source
        return f"{self.source}: {self.doubt}, check"

    @property
    def certain(self) -> bool:
        """Neither assumed nor proposed: sizes of several pictures may be put together."""
        return not self.doubt

    @property
    def pixel_aspect(self) -> float:
        """Height of a pixel over its width."""
        return 1.0 if self.pixel_height_nm is None else self.pixel_height_nm / self.pixel_size_nm

    @property
    def mean_pixel_nm(self) -> float:
        """Side of the square that covers as much as a pixel, nm: sizes in px are in these."""
        return self.pixel_size_nm * math.sqrt(self.pixel_aspect)

    @property
    def per_pixel(self) -> str:
        """The size of a pixel, for people: ``16 x 17.6 nm per pixel`` where it is not square."""
        height = "" if self.pixel_height_nm is None else f" x {self.pixel_height_nm:.4g}"
        return f"{self.pixel_size_nm:.4g}{height} nm per pixel"

    def with_aspect(self, aspect: float) -> Calibration:
        """The same width of a pixel with another height, given as height over width."""
        height = None if aspect == 1 else self.pixel_size_nm * aspect
        return replace(self, pixel_height_nm=height)

    def turned(self) -> Calibration:
        """That of the picture turned by a quarter."""
        if self.pixel_height_nm is None:
            return self
        return replace(self, pixel_size_nm=self.pixel_height_nm, pixel_height_nm=self.pixel_size_nm)

    def __post_init__(self) -> None:
        _require_positive(self.pixel_size_nm, "pixel size", "nanometres")
        object.__setattr__(self, "pixel_size_nm", float(self.pixel_size_nm))
        if self.pixel_height_nm is not None:
            _require_positive(self.pixel_height_nm, "pixel height", "nanometres")
            object.__setattr__(self, "pixel_height_nm", float(self.pixel_height_nm))
        uncertainty = self.relative_uncertainty
        if uncertainty is None:
            return
        value = None if isinstance(uncertainty, str) else number(uncertainty)
        if value is None or value < 0:
            raise CalibrationError(
                f"The relative uncertainty of the pixel size must be a number from zero, not "
                f"{str(uncertainty)[:40]!r}."
            )
        object.__setattr__(self, "relative_uncertainty", value)


class FileCalibration(NamedTuple):
    """What a file's metadata say.

    calibration : Calibration or None
        None when the file holds no usable pixel size.
    label_bar_row : int or None
        First row of the label bar (0 < row < height) when the metadata give it.
    notes : tuple of str
        Sentences the user should read; empty when all is well.
    instrument : Instrument or None
        The microscope and its settings.
    marker_nm : float or None
        Length that is printed at the scale bar in the picture, in nm (> 0), where the metadata tell
        that and no pixel size.
    """

    calibration: Calibration | None = None
    label_bar_row: int | None = None
    notes: tuple[str, ...] = ()
    instrument: Instrument | None = None
    marker_nm: float | None = None


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
    calibration = bar_row = instrument = marker = None
    notes: list[str] = []
    for vendor, reader in TIFF_READERS.items():
        try:
            reading = reader(tif, width_px, height_px)
        except Exception:
            # Metadata are written by anybody; a damaged block must not cost the picture.
            notes.append(f"The {vendor} metadata of this file are damaged and were ignored.")
            continue
        if reading is None:
            continue
        found = calibration_from_reading(reading, width_px, height_px)
        notes.extend(found.notes)
        if calibration is None:
            calibration = found.calibration
        elif found.calibration and (clash := agreement_note(calibration, found.calibration)):
            notes.append(f"{clash} The {calibration.source} are used.")
        if bar_row is None:
            bar_row = found.label_bar_row
        instrument = both_instruments(instrument, found.instrument)
        marker = marker or found.marker_nm
    return FileCalibration(calibration, bar_row, tuple(notes), instrument, marker)


def calibration_from_bytes(
    data: bytes, width_px: int, height_px: int, exif: Mapping[int, Any] | None = None
) -> FileCalibration:
    """Return what a file that is no TIFF says about its picture.

    A Phenom's XML block anywhere in it, or a JEOL's text in its `exif`, tags by their numbers.
    """
    reading = read_phenom_bytes(data, height_px)
    if reading is None and exif:
        reading = read_jeol_exif(exif, width_px, height_px)
    if reading is None:
        return FileCalibration()
    return calibration_from_reading(reading, width_px, height_px)


def calibration_from_reading(
    reading: Reading, width_px: int | None = None, height_px: int | None = None
) -> FileCalibration:
    """Return a vendor's reading as a calibration of the picture.

    Where the picture is given, of `width_px` and `height_px`, and is not of the size that was
    recorded, the pixel size that fits it is proposed (`semseg.scale.resized`).
    """
    notes = list(reading.notes)
    if width_px and height_px:
        reading, more = fitted(reading, width_px, height_px)
        notes += more
    calibration = None
    if reading.pixel_nm:
        calibration = Calibration(
            reading.pixel_nm,
            reading.source,
            relative_uncertainty=reading.relative_uncertainty,
            proposed=reading.doubtful,
            pixel_height_nm=reading.pixel_height_nm,
        )
    return FileCalibration(
        calibration,
        reading.bar_row,
        tuple(notes),
        reading.instrument or None,
        reading.marker_nm,
    )


def both_instruments(one: Instrument | None, other: Instrument | None) -> Instrument | None:
    """What two sources know of the instrument; the first wins."""
    return other if one is None else one.completed(other)


def agreement_note(typed: Calibration, from_file: Calibration) -> str | None:
    """Return a warning when two calibrations contradict each other, else None.

    They may be 2 % apart, or as much as their known uncertainties explain: twice their combined
    standard uncertainty (coverage factor 2; GUM, JCGM 100:2008, 5.1.2 and 6.2.1).
    """
    difference = abs(typed.pixel_size_nm / from_file.pixel_size_nm - 1)
    squares = [(each.relative_uncertainty or 0.0) ** 2 for each in (typed, from_file)]
    if difference <= max(TOLERANCE, 2 * sum(squares) ** 0.5):
        return None
    ratio = max(typed.pixel_size_nm, from_file.pixel_size_nm) / min(
        typed.pixel_size_nm, from_file.pixel_size_nm
    )
    apart = f"{difference:.1%} apart" if ratio < 2 else f"a factor of {ratio:.3g}"
    return (
        f"The {_gives(typed)} {typed.pixel_size_nm:.4g} nm per pixel but the "
        f"{_gives(from_file)} {from_file.pixel_size_nm:.4g} nm "
        f"({apart}): check the scale bar before you trust the sizes."
    )


def _gives(scale: Calibration) -> str:
    source = scale.source
    several = " and " in source.partition("(")[0]
    return f"{source} {'give' if several else verb(source, 'give')}"


def _require_positive(value: Any, what: str, unit: str) -> None:
    if not is_positive(value):
        raise CalibrationError(
            f"The {what} must be a number of {unit} above zero, not {str(value)[:40]!r}."
        )
