"""How long a drawn scale bar is, and what is written over it.

The view in the browser does the same (``texts.js``), since its bar follows the zoom.
"""

from __future__ import annotations

import math

__all__ = ["bar_length", "length_text"]

SHARE = 5  # what is shown is about so many bars wide
UNITS = (("mm", 1e6), ("µm", 1e3), ("nm", 1.0))


def bar_length(width_nm: float) -> float:
    """The 1, 2 or 5 times a power of ten, in nm, that is nearest in ratio to a fifth of a width.

    >>> bar_length(7520)
    2000.0
    """
    wanted = width_nm / SHARE
    power = 10.0 ** math.floor(math.log10(wanted))
    choices = [digit * power for digit in (1, 2, 5, 10)]
    return min(choices, key=lambda choice: abs(math.log(choice / wanted)))


def length_text(nm: float) -> str:
    """A round length in the unit that suits it.

    >>> length_text(2000.0), length_text(0.5)
    ('2 µm', '0.5 nm')
    """
    unit, size = next((each for each in UNITS if nm >= each[1]), UNITS[-1])
    return f"{nm / size:g} {unit}"
