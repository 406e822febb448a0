"""What became of each picture: one JSON line a picture, added at the end and never changed.

A file to which lines are only added survives what kills a run: at worst its last line is torn, and
is then not there. Whoever reads takes the last line of each picture. The ledger costs a line a
picture, however many there are already.

>>> ledger = Ledger(Path("ledger.jsonl"))
>>> with ledger.opened():
...     ledger.add({"address": "/a.tif", "state": "failed", "sentence": "It is empty."})
>>> Ledger(Path("ledger.jsonl")).rows["/a.tif"]["state"]
'failed'
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from semseg.errors import OutputError

__all__ = ["Ledger", "name_of_row"]

Row = dict[str, Any]
# between two times that lines are made to reach the disk: what a power cut may cost is done again,
# and found done
FLUSH_SECONDS = 1.0
NAME_LENGTH = 20  # hexadecimal digits


def name_of_row(address: str) -> str:
    """How the row of a picture is called where its address should not stand, as in a link; it
    stays the same when the picture is measured again.

    >>> name_of_row("/pictures/a.tif")
    'd77c6f17ee10d6fde9cb'
    """
    content = address.encode("utf-8", "surrogateescape")
    return hashlib.sha256(content).hexdigest()[:NAME_LENGTH]


class Ledger:
    """The ledger of a run, as it is and as it grows.

    Parameters
    ----------
    path : Path
        Read where it is there.

    Attributes
    ----------
    rows : dict of str to Row
        The last row of each picture, by its address.
    torn : int
        Lines that were not whole, and left out.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, Row] = {}
        self.torn = 0
        self._file: io.FileIO | None = None
        self._flushed = 0.0
        if path.exists():
            with path.open("rb") as file:
                for line in file:
                    self._take(line)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Within, rows may be added.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        with self._refused():
            file = self.path.open("ab", buffering=0)
            if file.tell() and not self._ends_whole():
                file.write(b"\n")  # so that a torn line stays one
            self._file = file
        try:
            yield
        finally:
            self._file = None
            with self._refused(), file:
                os.fsync(file.fileno())

    def add(self, row: Row) -> None:
        """Add the row of a picture, known by its ``address``.

        Raises
        ------
        OutputError
            The disk refuses.
        """
        if self._file is None:
            raise RuntimeError("the ledger is not open")
        line = json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        with self._refused():
            content = f"{line}\n".encode("utf-8", "surrogateescape")
            if self._file.write(content) != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if time.monotonic() - self._flushed >= FLUSH_SECONDS:
                os.fsync(self._file.fileno())
                self._flushed = time.monotonic()
        self.rows[row["address"]] = row

    def _take(self, line: bytes) -> None:
        try:
            row = json.loads(line.decode("utf-8", "surrogateescape"))
            self.rows[row["address"]] = row
        except (ValueError, KeyError, TypeError):
            self.torn += 1 if line.strip() else 0

    def _ends_whole(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    @contextmanager
    def _refused(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"The ledger {self.path} could not be written ({error.strerror}): see that the "
                "folder of the run may be written to and has space."
            ) from error
