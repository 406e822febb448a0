"""Which pictures there are: files, folders, and addresses of stores elsewhere (fsspec).

>>> from semseg.data import sample_path
>>> [picture] = find_pictures([str(sample_path())])
>>> picture.name, picture.sidecar
('sample.tif', None)
"""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from semseg.errors import SemsegError, SettingsError, UnreadableImageError
from semseg.io.micrograph import ENDINGS, read_content
from semseg.scale.sidecar import MAX_BYTES, descriptions_among, is_sidecar_name, sidecar_among

__all__ = ["Picture", "find_pictures", "is_elsewhere", "read_bytes", "read_text"]

_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
MISSING = "missing"  # the stamp of a file that is not there


@dataclass(frozen=True)
class Picture:
    """A picture that was found, not read yet.

    Attributes
    ----------
    address : str
        The whole path, or the address of a store elsewhere.
    stamp : str
        Changes when the file does, or the text beside it: their lengths, and when they were
        written.
    sidecar : str or None
        Address of the text file beside it.
    """

    address: str
    stamp: str
    sidecar: str | None = None

    @property
    def name(self) -> str:
        """The last part of the address."""
        return _name(self.address)


@dataclass(frozen=True)
class _Entry:
    """A file in a folder: its address, and what tells that it changed."""

    address: str
    stamp: str


def find_pictures(
    inputs: Iterable[str], *, recursive: bool = False, pattern: str | None = None
) -> list[Picture]:
    """The pictures of these files, folders and addresses, each once, by address.

    Parameters
    ----------
    inputs : iterable of str
        Paths, or addresses as fsspec takes them (``s3://bucket/folder``). A file is taken whatever
        its name; of a folder those with the ending of a picture, or that fit `pattern`. Texts and
        descriptions beside pictures are left out. One that is not there is taken as well, so that
        its reader says so.
    recursive : bool
        Folders within folders, too.
    pattern : str, optional
        Of names, as ``*_BSE.tif``.

    Raises
    ------
    SettingsError
        A store cannot be reached.
    """
    wanted: dict[str, _Entry] = {}
    beside: dict[str, dict[str, _Entry]] = {}  # folder -> name -> file
    for text in inputs:
        store = _Elsewhere(text) if is_elsewhere(text) else _Here(text)
        named, folders = store.entries(recursive)
        for entry in named:
            wanted[entry.address] = entry
        for folder, entries in folders.items():
            beside.setdefault(folder, {}).update({_name(each.address): each for each in entries})
            for entry in entries:
                if store.is_folder and _is_picture(_name(entry.address), pattern):
                    wanted[entry.address] = entry
    found = []
    texts = {folder: _by_stem(names) for folder, names in beside.items()}
    described = {folder: descriptions_among(names) for folder, names in beside.items()}
    for address, entry in sorted(wanted.items()):
        folder, name = _folder(address), _name(address)
        files = beside.get(folder, {})
        if name in described.get(folder, ()):
            continue
        beside_it = _text_beside(name, texts.get(folder, {}))
        sidecar = files[beside_it] if beside_it else None
        stamp = f"{entry.stamp} {sidecar.stamp}" if sidecar else entry.stamp
        found.append(Picture(address, stamp, sidecar.address if sidecar else None))
    taken = {picture.sidecar for picture in found}
    return [each for each in found if not is_sidecar_name(each.name) or each.address not in taken]


def read_bytes(picture: Picture) -> tuple[bytes, tuple[str, bytes] | None]:
    """The content of a picture, and name and content of the text beside it.

    Raises
    ------
    SemsegError
        The picture cannot be read. A text that cannot is left out.
    """
    if not is_elsewhere(picture.address):
        content, _ = read_content(picture.address)
    else:
        content = _fetch(picture.address, None)
    return content, read_text(picture)


def read_text(picture: Picture) -> tuple[str, bytes] | None:
    """Name and content of the text beside a picture; None where there is none that can be read."""
    if picture.sidecar is None:
        return None
    try:
        return _name(picture.sidecar), _fetch(picture.sidecar, MAX_BYTES + 1)
    except (SemsegError, OSError):
        return None


def is_elsewhere(text: str) -> bool:
    """Whether this is the address of a store, and no path of this computer."""
    return bool(_ELSEWHERE.match(text))


def _fetch(address: str, most: int | None) -> bytes:
    if not is_elsewhere(address):
        with Path(address).open("rb") as file:
            return file.read(-1 if most is None else most)
    import fsspec

    try:
        with fsspec.open(address, "rb") as file:
            return bytes(file.read(-1 if most is None else most))
    except Exception as error:  # each store has errors of its own
        raise UnreadableImageError(
            f"{_name(address)} cannot be fetched from {_place(address)} "
            f"({type(error).__name__}); check the address and the way there."
        ) from error


class _Here:
    """A file or a folder of this computer."""

    def __init__(self, text: str) -> None:
        self.path = Path(text).absolute()
        self.is_folder = self.path.is_dir()

    def entries(self, recursive: bool) -> tuple[list[_Entry], dict[str, list[_Entry]]]:
        """The file that was named, and the files of the folders that were looked through."""
        if not self.is_folder:
            folder = self.path.parent
            around = {str(folder): list(_files(folder))} if folder.is_dir() else {}
            return [_entry(self.path)], around
        folders = [self.path]
        if recursive:
            folders += sorted(
                path
                for path in self.path.rglob("*")
                if path.is_dir() and not _is_hidden(path.relative_to(self.path))
            )
        return [], {str(folder): list(_files(folder)) for folder in folders}


class _Elsewhere:
    """A file, a folder or a pattern of a store that fsspec reaches."""

    def __init__(self, text: str) -> None:
        import fsspec

        self.text = text
        try:
            self.store, self.path = fsspec.core.url_to_fs(text)
            self.paths = [self.path]
            if re.search(r"[*?\[]", self.path):
                found = sorted(self.store.glob(self.path))
                self.paths = [path for path in found if not _name(f"x://{path}").startswith(".")]
            self.is_folder = len(self.paths) == 1 and bool(self.store.isdir(self.paths[0]))
        except Exception as error:  # each store has errors of its own, a missing package among them
            raise SettingsError(f"{text} cannot be reached: {_first_line(error)}") from error

    def entries(self, recursive: bool) -> tuple[list[_Entry], dict[str, list[_Entry]]]:
        """The files that were named, and the files of the folders that were looked through."""
        try:
            folders: dict[str, list[_Entry]] = defaultdict(list)
            if self.is_folder:
                depth = None if recursive else 1
                found = self.store.find(self.paths[0], maxdepth=depth, detail=True)
                for path, about in found.items():
                    entry = self._entry(path, about)
                    folders[_folder(entry.address)].append(entry)
                return [], dict(folders)
            named = []
            for path in self.paths:
                about = self.store.info(path) if self.store.exists(path) else {}
                named.append(self._entry(path, about))
            for parent in {path.rpartition("/")[0] for path in self.paths}:
                for about in self.store.ls(parent, detail=True) if parent else ():
                    if about.get("type") == "file":
                        entry = self._entry(about["name"], about)
                        folders[_folder(entry.address)].append(entry)
            return named, dict(folders)
        except Exception as error:
            raise SettingsError(
                f"{self.text} cannot be looked through: {_first_line(error)}"
            ) from error

    def _entry(self, path: str, about: dict[str, Any]) -> _Entry:
        told = ("ETag", "etag", "mtime", "LastModified", "last_modified", "created")
        changed = next((str(about[name]) for name in told if about.get(name)), "")
        stamp = f"{about.get('size')} {changed}".strip() if about else MISSING
        return _Entry(str(self.store.unstrip_protocol(path)), stamp)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _files(folder: Path) -> Iterator[_Entry]:
    for path in sorted(folder.iterdir()):
        if path.is_file():
            yield _entry(path)


def _entry(path: Path) -> _Entry:
    try:
        state = path.stat()
    except OSError:
        return _Entry(str(path), MISSING)
    return _Entry(str(path), f"{state.st_size} {state.st_mtime_ns}")


def _is_picture(name: str, pattern: str | None) -> bool:
    if name.startswith("."):
        return False
    if pattern is not None:
        return fnmatch.fnmatch(name, pattern) and not is_sidecar_name(name)
    return name.casefold().rpartition(".")[2] in ENDINGS


def _by_stem(names: Iterable[str]) -> dict[str, list[str]]:
    """Names of texts by their stem in small letters; a picture's is among few, not among all."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if is_sidecar_name(name):
            found[PurePath(name).stem.casefold()].append(name)
    return found


def _text_beside(picture: str, texts: dict[str, list[str]]) -> str | None:
    path = PurePath(picture)
    stem = path.stem.casefold()
    near: Sequence[str] = [
        *texts.get(stem, ()),
        *texts.get(f"{stem}-{path.suffix[1:].casefold()}", ()),
    ]
    return sidecar_among(picture, near) if near else None


def _name(address: str) -> str:
    return PurePosixPath(address).name if is_elsewhere(address) else Path(address).name


def _folder(address: str) -> str:
    return address.rpartition("/")[0] if is_elsewhere(address) else str(Path(address).parent)


def _place(address: str) -> str:
    return address.split("://", 1)[0]


def _first_line(error: Exception) -> str:
    text = (str(error).splitlines() or [""])[0].strip() or type(error).__name__
    return text if text.endswith(".") else f"{text}."
