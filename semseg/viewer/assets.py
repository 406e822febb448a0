"""The files that a browser needs for the viewer, put where Streamlit serves them.

Streamlit serves the folder ``static/`` beside the page's script under ``app/static/`` (when
``server.enableStaticServing`` is on). `publish` writes plotly.js, as the installed plotly package
brings it, and the viewer's own modules there, so that a page never asks a foreign server.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

import plotly
from plotly.offline import get_plotlyjs

from semseg.errors import SemsegError

__all__ = ["publish"]

HERE = Path(__file__).resolve().parent
PREFIX = "semseg-"


def publish(folder: Path) -> str:
    """Write plotly.js, the viewer's modules and its style into a folder of `folder`.

    Parameters
    ----------
    folder : Path
        Made when missing. What is there already is left alone; folders of other editions
        (``semseg-*``) are removed.

    Returns
    -------
    str
        The name of the folder in `folder`. It holds a digest of all contents, so that a browser's
        cache never mixes two editions.

    Raises
    ------
    SemsegError
        When the folder cannot be written.
    """
    digest = _digest(tuple(_stamp(path) for path in _sources()), plotly.__version__)
    name = f"{PREFIX}{digest}"
    if (folder / name).is_dir():  # renamed into place as a whole, so it is complete
        return name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".making-", dir=folder))
        try:
            for file, content in _contents():
                (made / file).write_bytes(content)
            made.chmod(0o755)
            _put(made, folder / name)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise SemsegError(
            f"The viewer's files could not be written into {folder} ({error.strerror}); "
            "make that folder writable for the server."
        ) from error
    for old in folder.glob(f"{PREFIX}*"):
        if old.name != name:
            shutil.rmtree(old, ignore_errors=True)
    return name


def _put(made: Path, place: Path) -> None:
    """Rename `made` to `place`, unless another process was faster."""
    try:
        os.rename(made, place)
    except OSError:
        if not place.is_dir():
            raise


def _sources() -> list[Path]:
    """The viewer's own files for the browser."""
    return sorted([*HERE.glob("*.js"), HERE / "viewer.css"])


def _stamp(path: Path) -> tuple[str, int, int]:
    state = path.stat()
    return path.name, state.st_mtime_ns, state.st_size


def _contents() -> list[tuple[str, bytes]]:
    own = [(path.name, path.read_bytes()) for path in _sources()]
    return [*own, ("plotly.min.js", get_plotlyjs().encode())]


@lru_cache(maxsize=4)
def _digest(stamps: tuple[tuple[str, int, int], ...], plotly_version: str) -> str:
    """Digest of all contents; the arguments only say when it must be made anew."""
    total = hashlib.sha256()
    for name, content in _contents():
        total.update(f"{name} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()[:16]
