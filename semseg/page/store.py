"""What one session has computed: kept in memory, bounded, gone with its visitor.

It stands in place of `st.cache_data`, which would copy every array in and out, and whose
functions cannot show their progress while they run.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from PIL import Image

__all__ = ["Store", "size_of"]

Result = TypeVar("Result")

SMALL = 64  # bytes of what is no array, text or the like


class Store:
    """Results by key; the least recently used leave when there are too many bytes.

    Parameters
    ----------
    budget : int
        Bytes that are kept; the newest result stays even when it alone is larger.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._results: OrderedDict[Hashable, Any] = OrderedDict()
        self._held = _Held()
        self._lock = threading.Lock()  # it is cleared by another thread than it is filled by

    def __contains__(self, key: Hashable) -> bool:
        return key in self._results

    def known(self, key: Hashable) -> Any:
        """The result of this key, or None where there is none (yet, or any more)."""
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
            return self._results.get(key)

    def get(self, key: Hashable, make: Callable[[], Result]) -> Result:
        """The result of this key, made now if it is not there; a result is never None."""
        result: Result | None = self.known(key)
        if result is None:
            result = make()
            self.put(key, result)
        return result

    def put(self, key: Hashable, result: Any) -> None:
        """Keep a result as the newest."""
        with self._lock:
            self._held.take(result)  # before what it shares with its predecessor is let go
            self._forget(key)
            self._results[key] = result
            while len(self._results) > 1 and self._held.used > self.budget:
                self._forget(next(iter(self._results)))

    def drop(self, key: Hashable) -> None:
        """Forget one result, where it is there."""
        with self._lock:
            self._forget(key)

    def clear(self) -> None:
        """Forget everything; what is asked for again is made again."""
        with self._lock:
            self._results.clear()
            self._held = _Held()

    def _forget(self, key: Hashable) -> None:
        if key in self._results:
            self._held.let_go(self._results.pop(key))

    @property
    def used(self) -> int:
        """Bytes of all results, about; what several of them share counts once."""
        return self._held.used


def size_of(value: Any) -> int:
    """About how many bytes a result holds: its arrays, tables, pictures, texts and bytes; what is
    in it several times counts once."""
    held = _Held()
    held.take(value)
    return held.used


@dataclass(eq=False, slots=True)
class _Part:
    """Something that results are made of: its own bytes, what it was made of when it was taken,
    and how many hold it."""

    value: Any
    size: int
    inner: tuple[Any, ...]
    holders: int = 0


class _Held:
    """What results are made of, each part once, by its id. Results share most of what they hold,
    so that taking one more looks only at what is new in it."""

    def __init__(self) -> None:
        self.used = 0
        self._parts: dict[int, _Part] = {}

    def take(self, value: Any) -> None:
        """Count one more holder of this, and of all it is made of where it is new."""
        part = self._parts.get(id(value))
        if part is None:
            part = self._parts[id(value)] = _Part(value, *_opened(value))
            self.used += part.size
            for each in part.inner:
                self.take(each)
        part.holders += 1

    def let_go(self, value: Any) -> None:
        """Count one holder less."""
        part = self._parts[id(value)]
        part.holders -= 1
        if not part.holders:
            del self._parts[id(value)]
            self.used -= part.size
            for each in part.inner:
                self.let_go(each)


def _opened(value: Any) -> tuple[int, tuple[Any, ...]]:
    """The bytes of a value itself, about, and what it holds that may be large or shared."""
    if isinstance(value, np.ndarray):
        return value.nbytes, ()
    if isinstance(value, pd.DataFrame):
        return int(value.memory_usage(index=True, deep=True).sum()), ()
    if isinstance(value, Image.Image):
        return value.width * value.height * len(value.getbands()), ()
    if isinstance(value, bytes | str):
        return len(value), ()
    if is_dataclass(value) and not isinstance(value, type):
        return 0, _counted(getattr(value, item.name) for item in fields(value))
    if isinstance(value, dict):
        return 0, _counted(value.values())
    if isinstance(value, list | tuple):
        return 0, _counted(value)
    return SMALL, ()


def _counted(values: Iterable[Any]) -> tuple[Any, ...]:
    """Those that are worth counting."""
    return tuple(each for each in values if not isinstance(each, int | float | None))
