"""The folder that a command writes into: no picture of the run, and nothing that it wrote, is
written over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from semseg.errors import SettingsError, UnreadableImageError
from semseg.export.files import output_paths
from semseg.export.writing import check_folder, write_files
from semseg.scale.sidecar import (
    descriptions_among,
    is_sidecar_name,
    sidecar_of,
    text_file_sentence,
)

__all__ = ["OutputFolder", "identity", "without_sidecars"]

Identity = tuple[int, int]


def identity(path: Path) -> Identity | None:
    """What tells a file from every other, whatever it is called; None where there is none."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino


def without_sidecars(paths: Sequence[Path]) -> list[Path]:
    """The pictures among these files: a pattern of the shell also gives what lies beside them, the
    texts, which are read with their pictures, and the descriptions of others."""
    names: dict[Path, list[str]] = {}
    for path in paths:
        names.setdefault(path.parent, []).append(path.name)
    described = {folder / name for folder in names for name in descriptions_among(names[folder])}
    given = [path for path in paths if path not in described]
    pictures = [path for path in given if not is_sidecar_name(path.name)]
    if len(pictures) == len(given):
        return given
    beside = {identity(text) for text in map(sidecar_of, pictures) if text is not None}
    return [
        path for path in given if not is_sidecar_name(path.name) or identity(path) not in beside
    ]


class OutputFolder:
    """The folder of a run over these pictures, and what the run wrote there.

    Parameters
    ----------
    path : Path
        It is made where it is missing.
    pictures : iterable of Path
        All pictures of the run.
    """

    def __init__(self, path: Path, pictures: Iterable[Path]) -> None:
        self.path = path
        self._pictures = {identity(picture) for picture in pictures}
        self._written: dict[Identity | None, Path] = {}  # file -> the picture that it is of

    def check(self, picture: Path) -> None:
        """See, before a picture is analysed, that its files can be written.

        Raises
        ------
        SettingsError
            One of them would be written over a picture of the run, or over a file of another one.
        UnreadableImageError
            The latter, of a text file that goes with a picture.
        OutputError
            The folder cannot be written to.
        """
        for path in output_paths(picture.name, self.path):
            found = identity(path)
            if found is None:
                continue
            if found in self._written:
                if is_sidecar_name(picture.name):
                    raise UnreadableImageError(text_file_sentence(picture.name))
                raise SettingsError(
                    f"Another picture of this run has the same name ({self._written[found]}), so "
                    "its files would be overwritten; analyse the two into different folders."
                )
            if found in self._pictures:
                raise SettingsError(
                    f"Its {path.name} would overwrite a picture of this run; "
                    "choose another folder with --output."
                )
        check_folder(self.path)

    def write(self, files: Mapping[str, bytes], picture: Path) -> None:
        """Write the files of a picture, all or none."""
        for path in write_files(files, self.path):
            self._written[identity(path)] = picture
