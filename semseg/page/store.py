"""What one session has computed: kept in memory, bounded, gone with its visitor.

It stands in place of `st.cache_data`, which would copy every array in and out, and whose
functions cannot show their progress while they run.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from PIL import Image

__all__ = ["Store", "size_of"]

Result = TypeVar("Result")


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
            with self._lock:
                self._results[key] = result
                while len(self._results) > 1 and self.used > self.budget:
                    self._results.popitem(last=False)
        return result

    def clear(self) -> None:
        """Forget everything; what is asked for again is made again."""
        with self._lock:
            self._results.clear()

    @property
    def used(self) -> int:
        """Bytes of all results, about; what several of them share counts once."""
        return size_of(list(self._results.values()))


def size_of(value: Any, seen: set[int] | None = None) -> int:
    """About how many bytes a result holds: its arrays, tables, pictures, texts and bytes.

    `seen` collects the ids of what was counted, which is not counted again.
    """
    seen = set() if seen is None else seen
    if id(value) in seen:
        return 0
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, pd.DataFrame):
        return int(value.memory_usage(index=True, deep=True).sum())
    if isinstance(value, Image.Image):
        return value.width * value.height * len(value.getbands())
    if isinstance(value, bytes | str):
        return len(value)
    if is_dataclass(value) and not isinstance(value, type):
        value = [getattr(value, item.name) for item in fields(value)]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return sum(size_of(item, seen) for item in value)
    return 64
