"""The progress bar, on stderr, where a person is watching."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from semseg.errors import printable

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[[str, float], None]]:
    """A bar for the picture `name` while it is analysed; gone afterwards.

    Yields
    ------
    callable
        What `semseg.analysis.analyze` takes as ``progress``: (stage, fraction of it in 0..1).
    """
    with tqdm(
        total=100,
        desc=printable(name),
        leave=False,
        disable=not sys.stderr.isatty(),
        bar_format="{desc} |{bar}| {postfix}",
    ) as bar:

        def show(stage: str, fraction: float) -> None:
            bar.n = round(100 * fraction)
            bar.set_postfix_str(stage)

        yield show
