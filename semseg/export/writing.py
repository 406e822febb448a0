"""Files onto the disk: each whole, and of a set all or none.

A file is first written beside its place under a name of its own (``.semseg-*.part``) and reaches
the disk; only when the whole set has, names are swapped. What was there before stands by until
the last swap, and returns if one fails.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from semseg.errors import OutputError
from semseg.export.interruption import postponed

__all__ = ["check_folder", "write_files"]


def check_folder(directory: str | os.PathLike[str]) -> None:
    """Make the folder where it is missing, and see that it can be written to.

    Raises
    ------
    OutputError
        It cannot: it is a file, read-only, or on a full disk.
    """
    directory = Path(directory)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"semseg")
    except OSError as error:
        raise _refusal(directory, error) from error


def write_files(files: Mapping[str, bytes], directory: str | os.PathLike[str]) -> list[Path]:
    """Write files by name into `directory`, which is made where it is missing; all or none.

    Files of the same names are replaced, or all stay what they were. Ctrl-C and a request to end
    wait until the set is written.

    Returns
    -------
    list of Path
        In the order of `files`.

    Raises
    ------
    OutputError
        When the disk refuses: a folder that may not be written to, a full disk, a file that
        another program keeps open.
    """
    directory = Path(directory)
    paths = [directory / name for name in files]
    parts = {path: _aside(path) for path in paths}
    olds = {path: _aside(path) for path in paths}
    path = directory
    with postponed():
        try:
            directory.mkdir(parents=True, exist_ok=True)
            for path, content in zip(paths, files.values(), strict=True):
                _write(parts[path], content)
            for path in paths:
                _stand_by(path, olds[path])
            swapped = []
            try:
                for path in paths:
                    parts[path].replace(path)
                    swapped.append(path)
            except BaseException:
                for done in swapped:
                    if not _restored(done, olds[done]):
                        del olds[done]  # so that it stays, under its other name
                raise
        except OSError as error:
            raise _refusal(path, error) from error
        finally:
            for left in (*parts.values(), *olds.values()):
                with suppress(OSError):
                    left.unlink(missing_ok=True)
    return paths


def _aside(path: Path) -> Path:
    """A name in the same folder that nobody has; the picture's own may leave no space in it."""
    return path.with_name(f".semseg-{uuid.uuid4().hex}.part")


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _stand_by(path: Path, old: Path) -> None:
    """Keep the file at `path`, if there is one, under the name `old` as well."""
    if not os.path.lexists(path):
        return
    try:
        os.link(path, old)
    except OSError:  # a disk without hard links, or a file of somebody else
        shutil.copy2(path, old, follow_symlinks=False)


def _restored(path: Path, old: Path) -> bool:
    """Let what stood by return, or nothing remain; whether that could be done."""
    try:
        if os.path.lexists(old):
            old.replace(path)
        else:
            path.unlink()
    except OSError:
        return False
    return True


def _refusal(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or type(error).__name__
    if isinstance(error, FileExistsError | NotADirectoryError):
        return OutputError(
            f"The folder {path} cannot be made, since a file is in its place; choose another."
        )
    return OutputError(
        f"{path} could not be written ({reason}): "
        "choose a folder that may be written to and has space."
    )
