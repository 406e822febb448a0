"""What Ctrl-C does, wherever the suite itself was started from."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def sigint(handler) -> Iterator[None]:
    """SIGINT goes to `handler` within, and takes its default way (or, with `SIG_IGN`, is ignored)
    in programs that are started within.

    A suite that a shell runs in the background ignores it, and so would all that it starts.
    """
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
