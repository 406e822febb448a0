"""The contrast in which recorded pictures are shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["display_range"]

SAMPLE = 1_000_000  # pixels that it is taken from, about


def display_range(frame: NDArray[np.floating[Any]]) -> tuple[float, float]:
    """The greys that are shown as black and as white: the 0.1 and the 99.9 percentile of the
    analysed frame, h x w; the second is always greater."""
    step = max(1, int(np.sqrt(frame.size / SAMPLE)))
    low, high = np.percentile(frame[::step, ::step], [0.1, 99.9]).tolist()
    # an even picture is black all over
    return low, high if high > low else low + max(1e-6 * abs(low), 1e-12)
