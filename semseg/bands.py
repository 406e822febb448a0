"""Images worked on by bands of rows: in little memory, on all cores.

What looks at a large image as a whole needs several times its memory for what comes in between, and
one core of a processor. Bands that lie in its cache need neither; numpy, SciPy and Pillow let other
threads work meanwhile. A filter that reaches beyond its pixel is given a halo of rows, so that its
result is that of the whole image.

>>> import numpy as np
>>> image = np.arange(12.0).reshape(6, 2)
>>> [float(image[band.own].sum()) for band in bands(image.shape, rows=4)]
[28.0, 38.0]
>>> by_bands(lambda band: float(image[band.own].sum()), image.shape, rows=4)
[28.0, 38.0]
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BAND_PX",
    "Band",
    "Picture",
    "Progress",
    "bands",
    "by_bands",
    "each",
    "in_order",
    "limit_threads",
    "share",
    "usable_cores",
]

BAND_PX = 1 << 19  # so few that what comes in between stays in the cache, and in the same memory
MIN_HALOS = 16  # a band is so many times as high as its halo
MAX_THREADS = 4  # each holds its band in memory
_most = MAX_THREADS

Progress = Callable[[float], None]
Item = TypeVar("Item")
Result = TypeVar("Result")


class Picture(Protocol):
    """An image H x W, or what gives parts of one when they are asked for."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, window: tuple[slice, slice], /) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Band:
    """Rows of an image.

    Attributes
    ----------
    own : slice
        Those that the band is about.
    seen : slice
        The same with a halo above and below, as far as the image goes.
    inner : slice
        Its own among those that it sees.
    """

    own: slice
    seen: slice
    inner: slice


def bands(shape: Sequence[int], *, rows: int = 0, halo: int = 0) -> Iterator[Band]:
    """Cut an image of so many rows and columns into bands, with a halo of so many rows.

    Each has some `BAND_PX` pixels, or `rows` where these are given.
    """
    height, width = shape
    rows = rows or max(1, BAND_PX // max(width, 1), MIN_HALOS * halo)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        start = max(top - halo, 0)
        seen = slice(start, min(bottom + halo, height))
        yield Band(slice(top, bottom), seen, slice(top - start, bottom - start))


def by_bands(
    work: Callable[[Band], Result],
    shape: Sequence[int],
    *,
    rows: int = 0,
    halo: int = 0,
    progress: Progress | None = None,
) -> list[Result]:
    """What `work` gives for every band, from top to bottom; see `each` and `bands`."""
    return each(work, bands(shape, rows=rows, halo=halo), progress)


def each(
    work: Callable[[Item], Result], items: Iterable[Item], progress: Progress | None = None
) -> list[Result]:
    """What `work` gives for every item, in order; several are worked on at a time.

    Parameters
    ----------
    work : callable
        Must not depend on the order.
    items : iterable
    progress : callable, optional
        Called with the share done, 0..1, by the thread that called this.
    """
    return list(in_order(work, items, progress))


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], progress: Progress | None = None
) -> Iterator[Result]:
    """Like `each`, one result after the other, for those that are not to be held all at once."""
    items = list(items)
    threads = min(usable_cores(), _most, len(items))
    if threads < 2:
        yield from _told(map(work, items), len(items), progress)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        yield from _told(pool.map(work, items), len(items), progress)
    finally:  # also where something went wrong, or the caller wants no more
        pool.shutdown(cancel_futures=True)


def limit_threads(most: int) -> None:
    """At most so many threads for each image from now on; 0: as many as usual."""
    global _most
    _most = min(most, MAX_THREADS) if most else MAX_THREADS


def share(progress: Progress | None, start: float, stop: float) -> Progress | None:
    """Progress of a part of the work, which is what lies between two shares of the whole."""
    if progress is None:
        return None
    whole = progress
    return lambda done: whole(start + (stop - start) * done)


def _told(results: Iterable[Result], count: int, progress: Progress | None) -> Iterator[Result]:
    for number, result in enumerate(results, start=1):
        if progress is not None:
            progress(number / count)
        yield result


def usable_cores() -> int:
    """Cores this process may run on: fewer than the machine has, in a container."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
