"""Numbers of 16 bits (float16), made and read quickly.

The maps of the network are kept in them. Much of a map is next to zero, below 6e-5, where numbers
of 16 bits have fewer digits (subnormal), and numpy takes forty times as long: it reports that
digits are lost. Results are those of ``astype``, bit for bit.

>>> values = np.array([1e-6, 0.1, 1], np.float32)
>>> to_half(values).tolist() == values.astype(np.float16).tolist()
True
>>> from_half(to_half(values)).dtype
dtype('float32')
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["from_half", "to_half"]

SMALLEST_NORMAL = np.float32(2.0**-14)
# added to less than that, it leaves a sum whose last digit is the last one of 16 bits, 2^-24
ROUNDING = np.float32(0.5)


def to_half(values: NDArray[np.float32]) -> NDArray[np.float16]:
    """The values, 0 or more, rounded to 16 bits."""
    rounded = np.where(values < SMALLEST_NORMAL, (values + ROUNDING) - ROUNDING, values)
    return rounded.astype(np.float16)


def from_half(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """The values in 32 bits; those of another kind than 16 bits as well."""
    if values.dtype != np.float16:
        return values.astype(np.float32)
    return np.take(_all(), values.view(np.uint16))


@cache
def _all() -> NDArray[np.float32]:
    """Every number of 16 bits, by its bits."""
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)
