"""How long what is left takes, by how long what is done took.

Time goes with the pixels that the network sees: those of the picture by the square of the rescale
factor. Where that is not known before, it is taken to be that of the pictures done so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Done", "Left", "seconds_left"]

MIN_SHARE = 0.2  # of the first picture: before, its pace is not known


class Done(NamedTuple):
    """A piece of work: pixels of the picture, and those that the network saw; how long it took."""

    recorded_px: int
    network_px: int
    seconds: float


class Left(NamedTuple):
    """A piece of work that is to be done: pixels of the picture; the rescale factor, where it is
    known; the share that is done."""

    recorded_px: int
    factor: float | None
    share: float


def seconds_left(done: Sequence[Done], left: Sequence[Left], running_s: float) -> float | None:
    """How long all of `left` takes; None where nothing tells.

    `running_s` is how long what runs of `left` has run.

    >>> seconds_left([Done(1000, 4000, 8.0)], [Left(500, None, 0.5), Left(1000, 1.0, 0.0)], 2.0)
    4.0
    """
    recorded, seen = sum(each.recorded_px for each in done), sum(each.network_px for each in done)
    enlarged = seen / recorded if recorded and seen else 1.0

    def pixels(each: Left) -> float:
        return each.recorded_px * (enlarged if each.factor is None else each.factor**2)

    if seen:
        per_pixel = sum(each.seconds for each in done) / seen
    else:
        running = max(left, key=lambda each: each.share, default=None)
        if running is None or running.share < MIN_SHARE or not pixels(running):
            return None
        per_pixel = running_s / running.share / pixels(running)
    return per_pixel * sum((1 - each.share) * pixels(each) for each in left)
