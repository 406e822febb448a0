"""Lengths as people type them, and pixels of a size that no microscope has.

>>> length_nm("0.29 um"), length_nm("5 \u00b5m"), length_nm("200 nm"), length_nm("1.2 mm")
(290.0, 5000.0, 200.0, 1200000.0)
>>> length_nm("7520")
7520.0
>>> length_words(7520.0)
'7.52 \u00b5m'
"""

from __future__ import annotations

import re

from semseg.errors import CalibrationError
from semseg.scale.vendors.reading import is_positive

__all__ = ["MAX_PIXEL_NM", "MIN_PIXEL_NM", "implausible_pixel", "length_nm", "length_words"]

# From a tenth of what resolves atoms to a camera without a microscope
MIN_PIXEL_NM, MAX_PIXEL_NM = 0.005, 20_000.0
# powers of ten: the number in nm is then the one that a person means, to the last bit
_POWERS = {
    **{"": 0, "pm": -3, "\u00e5": -1, "nm": 0, "mm": 6, "cm": 7, "m": 9},
    **dict.fromkeys(("um", "\u03bcm", "micron", "microns", "micrometer", "micrometre"), 3),
    **dict.fromkeys(("nanometer", "nanometre", "nanometers", "nanometres"), 0),
}
_WORDS = (("mm", 6), ("\u00b5m", 3), ("nm", 0), ("pm", -3))
_LENGTH = re.compile(r"(?P<number>[+-]?\d*[.,]?\d+(?:e[+-]?\d+)?|\d+[.,])\s*(?P<unit>[^\W\d]*)")
_GROUPS = re.compile(r"(?<=\d)[ \u00a0\u202f'](?=\d{3}(?!\d))")


def length_nm(text: str) -> float:
    """The length that a person typed, in nm; a number without a unit is in nm.

    Units are nm, um (or with the micro sign), mm, cm, m, pm and the angstrom sign, in small or
    capital letters. A comma is a decimal one, but not before three digits, where it might be one
    of thousands.

    Raises
    ------
    CalibrationError
        It is none, not above zero, or may be two; says what to type.
    """
    # casefold makes the micro sign and the Greek letter one
    plain = _GROUPS.sub("", text.strip()).casefold()
    match = _LENGTH.fullmatch(plain)
    if match is None or match["unit"] not in _POWERS:
        raise CalibrationError(
            f"'{text.strip()[:40]}' is no length: type a number and its unit, such as 500 nm, "
            "0.29 um or 1.2 mm."
        )
    number = match["number"]
    if re.search(r"[1-9]\d*,\d{3}$", number):
        raise CalibrationError(
            f"'{text.strip()[:40]}' may be read in two ways: type decimals with a point, and "
            "thousands without a comma."
        )
    mantissa, _, power = number.replace(",", ".").partition("e")
    value = float(f"{mantissa}e{int(power or 0) + _POWERS[match['unit']]}")
    if not is_positive(value):
        raise CalibrationError(f"'{text.strip()[:40]}' is no length above zero.")
    return value


def length_words(nm: float, digits: int = 4) -> str:
    """A length in the unit that suits it, which `length_nm` reads again.

    >>> length_words(0.0029), length_words(7.34375), length_words(1.2e6)
    ('2.9 pm', '7.344 nm', '1.2 mm')
    """
    unit, power = next((each for each in _WORDS if nm >= 10.0 ** each[1]), _WORDS[-1])
    number = f"{nm / 10.0**power:.{digits}g}"
    if "e" in number:
        number = f"{float(number):.0f}" if float(number) >= 1 else number
    return f"{number} {unit}"


def implausible_pixel(pixel_nm: float) -> str:
    """What is odd about a pixel of this size, as a sentence; empty where nothing is.

    >>> implausible_pixel(7.3)
    ''
    >>> implausible_pixel(0.29 / 1024)
    'A pixel would be 0.0002832 nm wide, far less than an atom: check the unit.'
    """
    if pixel_nm < MIN_PIXEL_NM:
        return f"A pixel would be {pixel_nm:.4g} nm wide, far less than an atom: check the unit."
    if pixel_nm > MAX_PIXEL_NM:
        return (
            f"A pixel would be {length_words(pixel_nm)} wide, more than any microscope's: check "
            "the unit."
        )
    return ""
