"""The folder of a run: where its parts lie, and that one process alone writes into it.

::

    RUN/ledger.jsonl            what became of each picture
    RUN/pictures/ab/abcd.../    what is kept of one picture, by the identity of its result
    RUN/by_hand/                what a person decided on pictures
    RUN/particles/, images.parquet, pooled.csv, index.html   what all make together
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from semseg.batch.ledger import Ledger
from semseg.errors import OutputError, SettingsError
from semseg.export.writing import check_folder

__all__ = ["RunFolder", "place_of"]

LEDGER, PICTURES, LOCK = "ledger.jsonl", "pictures", ".lock"


def place_of(run: Path, identity: str) -> Path:
    """The folder of a result; spread over 256, since file systems do not like too many in one."""
    return run / PICTURES / identity[:2] / identity


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run."""

    path: Path

    @classmethod
    def existing(cls, path: Path) -> RunFolder:
        """That of a run that was made before.

        Raises
        ------
        SettingsError
            There is none.
        """
        if not (path / LEDGER).is_file():
            raise SettingsError(
                f"{path} is not the folder of a run: choose one that semseg batch wrote."
            )
        return cls(path.absolute())

    def place(self, identity: str) -> Path:
        """The folder of a result."""
        return place_of(self.path, identity)

    def ledger(self) -> Ledger:
        """The ledger as it is now."""
        return Ledger(self.path / LEDGER)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Within, no other process writes into this run. The system lets go of it when the process
        ends, however it does.

        Raises
        ------
        SettingsError
            Another one does.
        OutputError
            The folder cannot be written to.
        """
        check_folder(self.path)
        try:
            file = (self.path / LOCK).open("a+b")
        except OSError as error:
            raise OutputError(
                f"{self.path} could not be written ({error.strerror}): choose another folder."
            ) from error
        with file:
            if not _locked(file):
                raise SettingsError(
                    f"Another run is writing into {self.path}: wait for its end, or choose another "
                    "folder."
                )
            yield


if sys.platform == "win32":
    import msvcrt

    def _locked(file: IO[bytes]) -> bool:
        file.seek(0)
        with suppress(OSError):
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            return True
        return False

else:
    import fcntl

    def _locked(file: IO[bytes]) -> bool:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False
