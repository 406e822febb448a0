"""What a vendor's metadata say about one picture, and the checks that all readers share.

>>> length_nm("7.3e-9", "m"), length_nm(5, "um"), length_nm("nan", "nm"), length_nm(1, "furlong")
(7.3, 5000.0, None, None)
"""

import math
import numbers
import re
from typing import Any, NamedTuple, TypeGuard

from semseg.errors import printable
from semseg.scale.instrument import Instrument

__all__ = [
    "MAX_PIXEL_ASPECT",
    "SQUARE",
    "TOLERANCE",
    "Reading",
    "Recorded",
    "bar_row",
    "is_positive",
    "length_nm",
    "number",
    "pixel_reading",
    "recorded_size",
    "unusable",
    "verb",
]

# Vendors print three or four digits, so honest values agree far better than this.
TOLERANCE = 0.02
# Sides of a pixel that differ by less than the last of such digits are the same.
SQUARE = 1e-3
# No microscope records pixels of which one side is more than so many times the other.
MAX_PIXEL_ASPECT = 4.0

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
    "meter": 1e9,
}

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


class Recorded(NamedTuple):
    """Size of the picture that metadata speak of, in pixels: both > 0; `height` may be unknown.

    The height is without a label bar where the metadata do not count it.
    """

    width: float
    height: float | None = None


class Reading(NamedTuple):
    """What one vendor's metadata say about one picture.

    source : str
        Who says so, for people: ``"Zeiss metadata"``.
    pixel_nm : float or None
        Width of a pixel in nm, finite, > 0 and plausible; None where there is no usable one.
    bar_row : int or None
        First row of the label bar (0 < row < height).
    notes : tuple of str
        Sentences the user should read.
    relative_uncertainty : float or None
        Relative standard uncertainty of `pixel_nm`, where the metadata tell it.
    pixel_height_nm : float or None
        Height of a pixel in nm, as `pixel_nm`; None where pixels are square, to `SQUARE`, or
        where nothing tells.
    recorded : Recorded or None
        The picture that `pixel_nm` was recorded with, where the metadata tell its size.
    doubtful : bool
        Whether `pixel_nm` may be another picture's, as `notes` say.
    marker_nm : float or None
        Length that is printed at the scale bar in the picture, in nm, where the metadata tell that
        and not how many pixels it has.
    instrument : Instrument or None
        The microscope and its settings.
    """

    source: str
    pixel_nm: float | None = None
    bar_row: int | None = None
    notes: tuple[str, ...] = ()
    relative_uncertainty: float | None = None
    pixel_height_nm: float | None = None
    recorded: Recorded | None = None
    doubtful: bool = False
    marker_nm: float | None = None
    instrument: Instrument | None = None


def pixel_reading(
    source: str,
    pixel_nm: float | None,
    notes: list[str],
    *,
    pixel_height_nm: float | None = None,
    bar_row: int | None = None,
    relative_uncertainty: float | None = None,
    recorded: Recorded | None = None,
    instrument: Instrument | None = None,
    marker_nm: float | None = None,
) -> Reading:
    """Return a reader's answer, after the checks that hold for every vendor.

    A pixel size outside 0.1 pm to 1 mm becomes a note. Pixels whose height is more than 2 % from
    their width are said, and measured as they are; a height that no microscope records is ignored.
    """
    notes = list(notes)
    if pixel_nm and not _PLAUSIBLE_NM[0] <= pixel_nm <= _PLAUSIBLE_NM[1]:
        notes.append(unusable(source, "pixel size", f"{pixel_nm:.4g} nm"))
        pixel_nm = None
    if pixel_nm and pixel_height_nm and abs(pixel_height_nm / pixel_nm - 1) > TOLERANCE:
        aspect = pixel_height_nm / pixel_nm
        recorded_so = 1 / MAX_PIXEL_ASPECT <= aspect <= MAX_PIXEL_ASPECT
        notes.append(
            f"The {source} {verb(source, 'say')} that pixels are not square ({pixel_nm:.4g} x "
            f"{pixel_height_nm:.4g} nm); "
            + (
                "sizes use both."
                if recorded_so
                else "no microscope records such ones, so sizes use the first: check the scale bar."
            )
        )
        if not recorded_so:
            pixel_height_nm = None
    return Reading(
        source,
        pixel_nm or None,
        bar_row,
        tuple(notes),
        relative_uncertainty if pixel_nm else None,
        pixel_height_nm if pixel_nm and not _is_square(pixel_nm, pixel_height_nm) else None,
        recorded,
        marker_nm=marker_nm,
        instrument=instrument,
    )


def _is_square(width_nm: float, height_nm: float | None) -> bool:
    """Whether nothing usable says that the sides of a pixel differ."""
    if height_nm is None or not _PLAUSIBLE_NM[0] <= height_nm <= _PLAUSIBLE_NM[1]:
        return True
    return abs(height_nm / width_nm - 1) <= SQUARE


def recorded_size(width: Any, height: Any = None) -> Recorded | None:
    """Return the size of the picture that metadata speak of, or None where they give no width.

    Both may be numbers or their texts; what is not finite and > 0 is taken as not given.
    """
    across, down = number(width), number(height)
    if not is_positive(across):
        return None
    return Recorded(across, down if is_positive(down) else None)


def bar_row(source: str, rows: Any, height_px: int, notes: list[str]) -> int | None:
    """Return the first row of a label bar `rows` high at the bottom of the picture.

    None, and a note, unless `rows` is a whole number above zero and below half the height; None
    alone for 0 and for nothing, which say that there is no bar.
    """
    if rows in (None, 0, "", "0"):
        return None
    value = number(rows)
    if value is None or value != int(value) or not 0 < value < height_px / 2:
        notes.append(unusable(source, "label bar height", f"{rows} rows"))
        return None
    return height_px - int(value)


def length_nm(value: Any, unit: Any) -> float | None:
    """Return a length in nm, or None unless `value` is finite, > 0 and `unit` is known.

    `value` may be a number or its text; `unit` is a name or sign such as ``"nm"``, ``"µm"``.
    """
    # Both the micro sign (U+00B5) and the Greek mu (U+03BC) are in use.
    name = str(unit).strip().lower().replace("\u00b5", "u").replace("\u03bc", "u")
    name = name.replace("metre", "meter")
    factor = _NM_PER_UNIT.get(name) or _NM_PER_UNIT.get(name.removesuffix("s"))
    value = number(value)
    if factor is None or not is_positive(value):
        return None
    length = value * factor
    return length if is_positive(length) else None


def number(value: Any) -> float | None:
    """Return a finite number, or the one that a text consists of, as float; else None.

    A text must hold a decimal number with a point, alone: ``"1,5"`` and ``"1_5"`` are none.
    """
    if isinstance(value, str):
        text = value.strip()
        parsed = float(text) if _NUMBER.fullmatch(text) else math.inf
        return parsed if math.isfinite(parsed) else None
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        # An integer of hundreds of digits has no float.
        return None


def is_positive(value: Any) -> TypeGuard[float]:
    """Tell whether `value` is a finite number above zero (and not a truth value or a text)."""
    if isinstance(value, str):
        return False
    value = number(value)
    return value is not None and value > 0


def unusable(source: str, what: Any, shown: str) -> str:
    """Return the sentence for an entry that was ignored, with what it held."""
    what, shown = (" ".join(printable(str(text)).split())[:40] for text in (what, shown))
    give = verb(source, "give")
    return f"The {source} {give} no usable {what} ({shown}), so it was ignored."


def verb(source: str, plural: str) -> str:
    """A verb after a source: metadata say, a sidecar says.

    >>> verb("Zeiss metadata", "say"), verb("JEOL sidecar", "say")
    ('say', 'says')
    """
    return plural if source.endswith("metadata") else f"{plural}s"
