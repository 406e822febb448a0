"""How many digits of a figure are written: those that its uncertainty leaves it.

An uncertainty is written with two significant digits, and the figure to the same place, as the GUM
advises (JCGM 100:2008, 7.2.6): more would claim what is not known. Tables for programs (CSV, JSON)
keep theirs.

>>> with_uncertainty(173.24, 17.3, "nm")
'173 ± 17 nm'
>>> with_limits(173.24, 168.07, 178.91)
('173.2', '168.1', '178.9')
"""

from __future__ import annotations

import math

__all__ = ["in_short", "places", "places_between", "with_limits", "with_uncertainty", "written"]

MAX_PLACES = 6
UNKNOWN_DIGITS = 4  # significant ones, of a figure whose uncertainty is not known


def places(uncertainty: float | None, value: float = math.nan) -> int:
    """To which decimal place a figure of this uncertainty is written; below zero: to tens (-1),
    hundreds (-2) ...

    Where the uncertainty is not known (None, not finite, zero), to four significant digits of
    `value`.

    >>> places(17.3), places(0.0996), places(171.0), places(None, 173.24)
    (0, 2, -1, 1)
    """
    known = uncertainty is not None and math.isfinite(uncertainty) and uncertainty > 0
    rest = uncertainty if known else abs(value)
    digits = 2 if known else UNKNOWN_DIGITS
    if rest is None or not math.isfinite(rest) or rest == 0:
        return 1
    # rounded first: 0.0996 becomes 0.10, which has one place less
    exponent = int(f"{rest:.{digits - 1}e}".partition("e")[2])
    least = -MAX_PLACES if known else 0
    return max(least, min(MAX_PLACES, digits - 1 - exponent))


def places_between(low: float, high: float, value: float = math.nan) -> int:
    """`places` for a figure with limits: its uncertainty is half their distance."""
    return places((high - low) / 2, value)


def written(value: float, place: int) -> str:
    """A number to so many places, thousands set apart.

    >>> written(12345.678, 1), written(12345.678, -2)
    ('12,345.7', '12,300')
    """
    return f"{round(value, place) + 0.0:,.{max(place, 0)}f}"


def in_short(value: float) -> str:
    """A figure in three significant digits, for a glance at what differs much.

    >>> in_short(173.24), in_short(9.518), in_short(12345.6)
    ('173', '9.52', '12,300')
    """
    return written(value, places(abs(value) / 10, value))


def with_uncertainty(value: float, uncertainty: float, unit: str = "") -> str:
    """A figure and its uncertainty, such as ``173 ± 17 nm``; the figure alone where that is not
    known."""
    place = places(uncertainty, value)
    known = math.isfinite(uncertainty) and uncertainty > 0
    said = f"{written(value, place)} ± {written(uncertainty, place)}"
    return f"{said if known else written(value, place)} {unit}".strip()


def with_limits(value: float, low: float, high: float) -> tuple[str, str, str]:
    """A figure and the limits of its interval, all to the place that their distance leaves."""
    place = places_between(low, high, value)
    return written(value, place), written(low, place), written(high, place)
