"""Lengths and magnifications as microscopes print them, from text that was read by a machine.

A machine misreads: a decimal point is lost, ``µ`` becomes ``p``, small ``nm`` becomes ``mm``. So
only what a scale bar can stand for is taken for its length, and where the unit may have been
another one, the reading holds all that it may be and is not `sure`:

>>> bar_length("0.5 \u00b5m"), bar_length("108 nm"), bar_length("05 nm")
(PrintedLength(text='0.5 µm', may_be_nm=(500.0,)), None, None)
>>> bar_length("2 pm").may_be_nm
(2000.0, 2.0)
>>> entries("HFW = 7.48 \u00b5m WD 3.1 mm").width
PrintedLength(text='HFW = 7.48 µm', may_be_nm=(7480.0,))
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Entries",
    "PrintedLength",
    "any_length",
    "bar_length",
    "entries",
    "lengths",
    "magnifications",
    "width_names",
]

# What programs print at scale bars, times powers of ten
MANTISSAS = (1, 2, 2.5, 3, 4, 5, 6, 8)
MIN_BAR_NM, MAX_BAR_NM = 0.1, 1e7

# What was read, and what it may have been. At low resolution nm is read as mm and um, seldom the
# other way; µ as p.
UNITS: dict[str, tuple[float, ...]] = {
    "nm": (1.0,),
    "um": (1e3,),
    "mm": (1e6, 1.0),
    "pm": (1e3, 1.0),
}

# an upright stroke behind it is the tick of a bar
_UNIT = r"(?P<unit>nm|um|mm|pm)(?![a-km-z\d])"
_PLAIN = r"\d{1,4}(?:[.,]\d{1,4})?"
# l and I are 1, O is 0 where they stand among digits
_LOOSE = r"[\dlIoO]{1,4}(?:[.,][\doO]{1,2})?"
_BAR = re.compile(rf"(?<![\w.,])(?P<number>{_LOOSE})[ -]?{_UNIT}")
_WIDTH_NAMES = (
    r"(?:image )?width|hfw|hfov|fov|view field|field of view|field width|horiz(?:ontal)? ?field"
    r"(?: ?width)?"
)
_LENGTH = rf"(?P<number>{_PLAIN}) ?{_UNIT}"
_ANY = re.compile(rf"(?<![\w.,]){_LENGTH}")
_NAME = re.compile(rf"(?:{_WIDTH_NAMES})\b(?! ?[:=]? ?\d)", re.IGNORECASE)
_WIDTH = re.compile(rf"\b(?:{_WIDTH_NAMES}) ?[:=]? ?{_LENGTH}", re.IGNORECASE)
_PIXEL = re.compile(rf"\b(?:image )?pixel ?size ?[:=]? ?{_LENGTH}", re.IGNORECASE)
# entries that are no length of the scale: working distance, voltage, depth
_OTHER = re.compile(
    rf"\b[a-z]+\.? ?[:=] ?{_PLAIN} ?[a-z]*|\bwd ?[:=-]? ?{_PLAIN} ?mm|{_PLAIN} ?kv\b",
    re.IGNORECASE,
)
_DIGITS = r"(?P<digits>\d{1,3}(?:[ ,]\d{3})+|\d+(?:\.\d+)?)"
_MAGNIFICATIONS = (
    re.compile(
        rf"(?<![a-z\d])(?<!\d )[x\u00d7] ?{_DIGITS} ?(?P<kilo>k)?(?![\d.a-z])", re.IGNORECASE
    ),
    # and not 1024 x 768
    re.compile(
        rf"(?<![\d.,]){_DIGITS} ?(?P<kilo>k)? ?[x\u00d7](?![a-z])(?! ?\d+(?![\d.]| ?[a-z]))",
        re.IGNORECASE,
    ),
)


@dataclass(frozen=True)
class PrintedLength:
    """A length that was read in a picture.

    text : str
        As it was read, for people.
    may_be_nm : tuple of float
        Lengths in nanometres, > 0; the first is what the text says, others what it may have been
        taken for. One alone where there is no doubt of the unit.
    """

    text: str
    may_be_nm: tuple[float, ...]

    @property
    def sure(self) -> bool:
        """Whether its unit can only be the one that was read."""
        return len(self.may_be_nm) == 1

    @property
    def nm(self) -> float:
        """What the text says, in nanometres."""
        return self.may_be_nm[0]

    @property
    def rounding(self) -> float:
        """Relative standard uncertainty of a number that was rounded to its last digit.

        A uniform distribution over one unit of that digit (JCGM 100:2008, F.2.2.1).

        >>> f"{any_length('HFW 592 nm').rounding:.5f}"  # 1 / (592 * sqrt(12))
        '0.00049'
        """
        number = re.search(_PLAIN, self.text)
        if number is None:
            return 0.0
        decimals = len(re.split("[.,]", number[0])[1]) if re.search("[.,]", number[0]) else 0
        return 10.0**-decimals / (float(number[0].replace(",", ".")) * 12**0.5)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON holds them."""
        return {"text": self.text, "may_be_nm": list(self.may_be_nm)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PrintedLength:
        """What `to_dict` gave.

        Raises
        ------
        KeyError, TypeError, ValueError
            It is something else.
        """
        lengths = tuple(map(float, values["may_be_nm"]))
        if not lengths or not all(0 < nm < 1e12 for nm in lengths):
            raise ValueError("may_be_nm")
        return cls(str(values["text"])[:80], lengths)


@dataclass(frozen=True)
class Entries:
    """What a label bar says besides the scale bar.

    width, pixel : PrintedLength or None
        Of the whole picture; of one pixel of it.
    magnifications : tuple of float
        All numbers that may be it.
    """

    width: PrintedLength | None = None
    pixel: PrintedLength | None = None
    magnifications: tuple[float, ...] = ()


def bar_length(text: str) -> PrintedLength | None:
    """The length in a line of text that can stand at a scale bar.

    None where there is none, where it is none that programs print (1, 2, 2.5, 3, 4, 5, 6 or 8
    times a power of ten), or where there are several.
    """
    clean = _clean(text)
    for pattern in (_WIDTH, _PIXEL, _OTHER):
        clean = pattern.sub(" ; ", clean)
    found = [_bar_length(match) for match in _BAR.finditer(clean)]
    lengths = [each for each in found if each is not None]
    if not lengths or len(lengths) < len(found):
        return None
    return lengths[0] if len({each.may_be_nm for each in lengths}) == 1 else None


def entries(text: str) -> Entries:
    """Width, pixel size and magnification in a line of text, or in several joined by blanks."""
    clean = _clean(text)
    return Entries(_only(_WIDTH, clean), _only(_PIXEL, clean), magnifications(clean))


def lengths(text: str) -> list[tuple[int, int, PrintedLength]]:
    """All lengths in a text, with the first letter of each and the one after its last.

    >>> lengths("8.9 mm|ETD|7.46 \u00b5m")[1]
    (11, 18, PrintedLength(text='7.46 µm', may_be_nm=(7460.0,)))
    """
    alike = _alike(text)
    found = ((match, _length(match, match["number"])) for match in _ANY.finditer(alike))
    return [(match.start(), match.end(), length) for match, length in found if length]


def any_length(text: str) -> PrintedLength | None:
    """The only length in a text."""
    found = lengths(text)
    return found[0][2] if len(found) == 1 else None


def width_names(text: str) -> list[tuple[int, int]]:
    """Where in a text the name of the picture's width stands without a value.

    >>> width_names("HV Mag WD HFW")
    [(10, 13)]
    """
    return [match.span() for match in _NAME.finditer(_alike(text))]


def magnifications(text: str) -> tuple[float, ...]:
    """The magnifications in a text: ``X25,000``, ``14.66 K X``, ``35000x``, ``x100k``.

    >>> magnifications("X25,000"), magnifications("14.66 K X"), magnifications("20 000 x")
    ((25000.0,), (14660.0,), (20000.0,))
    """
    found = []
    for pattern in _MAGNIFICATIONS:
        for match in pattern.finditer(text):
            value = float(match["digits"].replace(" ", "").replace(",", ""))
            found.append(value * (1e3 if match["kilo"] else 1.0))
            if re.search(r"\.\d{3}$", match["digits"]):  # a comma between thousands, misread
                found.append(1e3 * value)
    return tuple(value for value in found if value >= 10)


def _clean(text: str) -> str:
    """One kind of micro sign, dash and blank; each once."""
    return re.sub(r"\s+", " ", re.sub(r"([u-])\1+", r"\1", _alike(text))).strip()


def _alike(text: str) -> str:
    """One kind of micro sign, dash and blank; as many letters as before."""
    text = re.sub(r"[\u00b5\u03bc]", "u", text)
    text = re.sub(r"[\u2014\u2013\u2212\u4e00_~]", "-", text)
    return re.sub(r"[|\[\](){}\u2190\u2192\u00b0\s]", " ", text)


def _only(pattern: re.Pattern[str], text: str) -> PrintedLength | None:
    found = [_length(match, match["number"]) for match in pattern.finditer(text)]
    first = found[0] if found else None
    return first if all(each == first for each in found) else None


def _bar_length(match: re.Match[str]) -> PrintedLength | None:
    number = match["number"].translate(str.maketrans("lIoO", "1100"))
    if re.match(r"0\d", number):
        return None  # a decimal point was lost
    length = _length(match, number)
    if length is None:
        return None
    possible = tuple(nm for nm in length.may_be_nm if _on_a_bar(nm))
    # what the text says must be possible: another unit alone is no reading
    return PrintedLength(length.text, possible) if possible[:1] == length.may_be_nm[:1] else None


def _length(match: re.Match[str], number: str) -> PrintedLength | None:
    if re.search(r",\d{3}$", number):
        return None  # thousands, or decimals
    value = float(number.replace(",", "."))
    may_be = tuple(value * factor for factor in UNITS[match["unit"].lower()])
    text = re.sub(r"\bu(?=m$)|(?<=\d)u(?=m$)", "\u00b5", match[0].strip(" -"))
    return PrintedLength(text, may_be) if value > 0 else None


def _on_a_bar(nm: float) -> bool:
    if not MIN_BAR_NM <= nm <= MAX_BAR_NM:
        return False
    mantissa = float(f"{nm:.6e}".split("e")[0])
    return mantissa in MANTISSAS
