"""Settings of a microscope out of texts and numbers, as `semseg.scale.instrument` wants them.

>>> kilovolts("15000 Volt", "V"), kilovolts(5.0, "kV"), millimetres("8100 um", "mm")
(15.0, 5.0, 8.1)
>>> magnification("50.00 K X"), moment("18 Jul 2019", "10:09:27"), moment("2/3/2021", "11 PM")
(50000.0, '2019-07-18 10:09:27', '2/3/2021 11 PM')

Whatever makes no sense is taken as not given: nothing is reckoned with it.
"""

from __future__ import annotations

import re
from typing import Any

from semseg.errors import printable
from semseg.scale.instrument import MAX_TEXT
from semseg.scale.vendors.reading import length_nm, number

__all__ = ["kilovolts", "magnification", "millimetres", "moment", "plain_text"]

_QUANTITY = re.compile(r"([+-]?[0-9.]{1,20}(?:e[+-]?\d{1,3})?)\s{0,3}(.{0,20})", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_NAMED_MONTH = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3})[a-z]{0,6}\.?[ -](\d{4})")
_MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_TIME = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:\.\d{0,9})?\s?(AM|PM)?", re.IGNORECASE)
# Above any microscope: 3 MV, 1 m, ten billion times.
_MAX_KV, _MAX_MM, _MAX_MAGNIFICATION = 3000.0, 1000.0, 1e10


def plain_text(value: Any) -> str:
    """A text in one line, as a file gives it; empty for what is none, or says nothing."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    text = " ".join(printable(str(value).replace("\0", " ")).split())[:MAX_TEXT]
    return "" if text.casefold() in ("none", "unknown", "n/a", "-", "nan", "undefined") else text


def kilovolts(value: Any, unit: str) -> float | None:
    """A voltage in kV: a number in `unit`, or a text that may bring a unit of its own."""
    amount, own = _quantity(value)
    factor = {"v": 1e-3, "volt": 1e-3, "volts": 1e-3, "kv": 1.0, "mv": 1e3}.get(
        (own or unit).casefold()
    )
    if amount is None or factor is None:
        return None
    return _within(round(amount * factor, 9), _MAX_KV)


def millimetres(value: Any, unit: str) -> float | None:
    """A length in mm: a number in `unit`, or a text that may bring a unit of its own."""
    amount, own = _quantity(value)
    length = length_nm(amount, own or unit) if amount is not None else None
    return None if length is None else _within(round(length / 1e6, 9), _MAX_MM)


def magnification(value: Any) -> float | None:
    """A magnification, such as ``50.00 K X``, ``x5000`` or 5000."""
    if isinstance(value, str):
        value = value.strip().lstrip("xX").replace(",", "")
    amount, own = _quantity(value)
    letters = own.casefold().replace("x", "").replace("times", "").strip()
    factor = {"": 1.0, "k": 1e3, "m": 1e6}.get(letters)
    if amount is None or factor is None:
        return None
    return _within(amount * factor, _MAX_MAGNIFICATION)


def moment(date: Any, time: Any = None, *, month_first: bool = False) -> str:
    """Date and time in one; ISO 8601 where the file is clear about them, else as they stand there.

    ``2/3/2021`` is clear only where the vendor is known to write the month first.
    """
    day, hour = plain_text(date), plain_text(time)
    return " ".join(filter(None, (_iso_day(day, month_first=month_first) or day, _iso_time(hour))))


def _iso_day(text: str, *, month_first: bool) -> str | None:
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _NAMED_MONTH.fullmatch(text):
        name = found[2].casefold()
        day, month, year = int(found[1]), _month(name), int(found[3])
    elif month_first and (found := _MONTH_FIRST.fullmatch(text)):
        month, day, year = (int(part) for part in found.groups())
    else:
        return None
    return f"{year:04d}-{month:02d}-{day:02d}" if 1 <= month <= 12 and 1 <= day <= 31 else None


def _month(name: str) -> int:
    return _MONTHS.index(name) + 1 if name in _MONTHS else 0


def _iso_time(text: str) -> str:
    found = _TIME.fullmatch(text)
    if found is None:
        return text
    hour, half = int(found[1]), (found[4] or "").upper()
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "PM" else 0)
    return f"{hour:02d}:{found[2]}:{found[3]}"


def _quantity(value: Any) -> tuple[float | None, str]:
    """A number and the unit behind it, which may be empty."""
    if not isinstance(value, str):
        return number(value), ""
    found = _QUANTITY.fullmatch(value.strip())
    if found is None:
        return None, ""
    return number(found[1]), found[2].strip()


def _within(value: float, most: float) -> float | None:
    return value if 0 < value <= most else None
