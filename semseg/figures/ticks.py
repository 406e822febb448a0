"""Round sizes for a logarithmic axis."""

from __future__ import annotations

import math

from matplotlib.ticker import MaxNLocator

__all__ = ["ROUND", "log_ticks"]

ROUND = [1, 2, 5, 10]  # steps between ticks, times a power of ten
DIGITS = ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5, 7))


def log_ticks(low: float, high: float, fewest: int, most: int) -> list[float]:
    """Some `fewest` to `most` round sizes between `low` and `high`, spread over the axis; fewer
    where there are not so many.

    >>> log_ticks(8, 1200, 3, 8)
    [10.0, 100.0, 1000.0]
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in DIGITS:
        ticks = [digit * 10.0**power for power in powers for digit in digits]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) >= fewest:
            return ticks[:: math.ceil(len(ticks) / most)]
    even = MaxNLocator(6, steps=ROUND).tick_values(low, high)
    return [float(tick) for tick in even if low <= tick <= high]
