"""The files that a browser needs for the viewer, put where Streamlit serves them.

Streamlit serves the folder ``static/`` beside the page's script under ``app/static/`` where
``server.enableStaticServing`` is on (for ``semseg page`` it is not). `publish` writes plotly.js, as
the installed plotly package brings it, the viewer's own modules and what they take from Python
(`semseg.viewer.definitions`) there, so that a page never asks a foreign server. Where that folder
is not served or cannot be written, `spare_folder` takes its place.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
from functools import cache, lru_cache
from pathlib import Path

import plotly
from plotly.offline import get_plotlyjs

from semseg.errors import OutputError
from semseg.viewer import definitions

__all__ = ["publish", "spare_folder"]

HERE = Path(__file__).resolve().parent
PREFIX = "semseg-"
_SPARE_LOCK = threading.Lock()


def publish(folder: Path) -> str:
    """Write plotly.js, the viewer's modules and its style into a folder of `folder`.

    Parameters
    ----------
    folder : Path
        Made when missing. What is there already, and complete, is left alone; folders of other
        editions (``semseg-*``) are removed.

    Returns
    -------
    str
        The name of the folder in `folder`. It holds a digest of all contents, so that a browser's
        cache never mixes two editions.

    Raises
    ------
    OutputError
        When the folder cannot be written.
    """
    digest, sizes = _edition(tuple(_stamp(path) for path in _sources()), plotly.__version__)
    name = f"{PREFIX}{digest}"
    if _is_complete(folder / name, sizes):
        return name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".making-", dir=folder))
        try:
            for file, content in _contents():
                (made / file).parent.mkdir(exist_ok=True)
                (made / file).write_bytes(content)
            made.chmod(0o755)
            _put(made, folder / name, sizes)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise OutputError(
            f"The viewer's files could not be written into {folder} ({error.strerror}); "
            "make that folder writable for the server."
        ) from error
    for old in folder.glob(f"{PREFIX}*"):
        if old.name != name:
            shutil.rmtree(old, ignore_errors=True)
    return name


def spare_folder() -> Path:
    """A folder for `publish` among the temporary ones; always the same, and gone with the process.

    Raises
    ------
    OutputError
        There is no space for one.
    """
    try:
        with _SPARE_LOCK:
            return Path(_spare().name)
    except OSError as error:
        raise OutputError(
            f"The viewer's files could not be written into {tempfile.gettempdir()} "
            f"({error.strerror}); make space there, or set TMPDIR to another folder."
        ) from error


@cache
def _spare() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)


def _is_complete(place: Path, sizes: dict[str, int]) -> bool:
    """Whether all files are there: a machine that lost its power may have kept only their names."""
    try:
        return all((place / name).stat().st_size == size for name, size in sizes.items())
    except OSError:
        return False


def _put(made: Path, place: Path, sizes: dict[str, int]) -> None:
    """Rename `made` to `place`, unless another process was faster."""
    if place.is_dir() and not _is_complete(place, sizes):
        shutil.rmtree(place)
    try:
        os.rename(made, place)
    except OSError:
        if not _is_complete(place, sizes):
            raise


def _sources() -> list[Path]:
    """The viewer's own files for the browser."""
    return sorted([*HERE.rglob("*.js"), *HERE.rglob("*.css")])


def _name(path: Path) -> str:
    """Of one of them where it is served: modules import each other by these."""
    return path.relative_to(HERE).as_posix()


def _stamp(path: Path) -> tuple[str, int, int]:
    state = path.stat()
    return _name(path), state.st_mtime_ns, state.st_size


def _contents() -> list[tuple[str, bytes]]:
    own = [(_name(path), path.read_bytes()) for path in _sources()]
    made = (definitions.NAME, definitions.module().encode())
    return [*own, made, ("plotly.min.js", get_plotlyjs().encode())]


@lru_cache(maxsize=4)
def _edition(
    stamps: tuple[tuple[str, int, int], ...], plotly_version: str
) -> tuple[str, dict[str, int]]:
    """Digest of all contents, and the size of each; the arguments only say when to look anew."""
    total = hashlib.sha256()
    sizes = {}
    for name, content in _contents():
        sizes[name] = len(content)
        total.update(f"{name} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()[:16], sizes
