"""Ctrl-C and a request to end, at a moment that suits.

A run that is asked to end stops as at Ctrl-C, by a `KeyboardInterrupt`, so that everything on the
way out is tidied up; and never while the files of a picture are swapped.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Terminated", "postponed", "terminable"]

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # the last is unknown to Windows
_SIGNALS = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]


class Terminated(KeyboardInterrupt):
    """The process was asked to end by the signal `number`."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def terminable() -> Iterator[None]:
    """Within, SIGTERM and SIGHUP raise `Terminated`, unless they are ignored (``nohup``)."""

    def end(number: int, frame: FrameType | None) -> None:
        raise Terminated(number)

    with _handled([each for each in _SIGNALS if each != signal.SIGINT], end):
        yield


@contextmanager
def postponed() -> Iterator[None]:
    """Within, a request to end is only noted; it takes effect afterwards."""
    came: list[int] = []
    with _handled(_SIGNALS, lambda number, frame: came.append(number)):
        yield
    if came:
        signal.raise_signal(came[0])


@contextmanager
def _handled(
    signals: list[signal.Signals], handler: Callable[[int, FrameType | None], None]
) -> Iterator[None]:
    """Give `signals` to `handler` for a while. They only ever reach the main thread; in another
    one nothing changes."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for each in signals:
            # None: set by a program that Python is part of, and not to be restored by it
            if signal.getsignal(each) not in (signal.SIG_IGN, None):
                before[each] = signal.signal(each, handler)
    try:
        yield
    finally:
        for each, old in before.items():
            signal.signal(each, old)
