r"""Text files beside pictures: the ``.hdr`` of TESCAN, the ``.txt`` of Hitachi and JEOL.

>>> data = b"$CM_FULL_SIZE 1280 960\n$$SM_MICRON_BAR 200\n$$SM_MICRON_MARKER 5um\n"
>>> found = read_sidecar(data, "particles.txt", 1280, 1024)
>>> found.calibration.pixel_size_nm, found.calibration.source, found.label_bar_row
(25.0, 'JEOL sidecar', 960)

Which vendor wrote it is decided by the content, never by the name. `merge` puts what the picture's
own metadata say and what its sidecar says together.
"""

import codecs
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path, PurePath

from semseg.scale.calibration import (
    FileCalibration,
    agreement_note,
    both_instruments,
    calibration_from_reading,
)
from semseg.scale.vendors.hitachi import hitachi_reading, is_hitachi_text
from semseg.scale.vendors.jeol import is_jeol_text, jeol_reading
from semseg.scale.vendors.reading import Reading
from semseg.scale.vendors.tescan import is_tescan_text, tescan_reading

__all__ = [
    "MAX_BYTES",
    "SUFFIXES",
    "descriptions_among",
    "is_sidecar_name",
    "merge",
    "read_sidecar",
    "sidecar_among",
    "sidecar_of",
    "text_file_sentence",
]

SUFFIXES = (".txt", ".hdr")
MAX_BYTES = 1_000_000

_TIA_IMAGE, _NUMBERED = re.compile(r"(.+)\.ser"), re.compile(r"_\d+$")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def sidecar_of(path: str | os.PathLike[str]) -> Path | None:
    """Return the file beside a picture that may be its sidecar (`sidecar_among`), or None.

    Never raises.
    """
    path = Path(path)
    try:
        with os.scandir(path.parent) as entries:
            files = {entry.name: Path(entry.path) for entry in entries if entry.is_file()}
    except OSError:
        return None
    name = sidecar_among(path.name, files)
    return files[name] if name else None


def sidecar_among(picture: str, names: Iterable[str]) -> str | None:
    """Return which of these file names belongs to the sidecar of the picture of that name.

    In order of preference: ``name-tif.hdr`` (TESCAN appends the picture's own suffix to its name),
    ``name.hdr``, ``name.txt``, all in any letter case. Whether it is one, its content decides
    (`read_sidecar`).
    """
    path = PurePath(picture)
    stem = path.stem.casefold()
    wanted = [f"{stem}.hdr", f"{stem}.txt"]
    if path.suffix:
        wanted.insert(0, f"{stem}-{path.suffix[1:].casefold()}.hdr")
    found: dict[str, str] = {}
    for name in sorted(names):
        if name != picture:
            found.setdefault(name.casefold(), name)
    return next((found[name] for name in wanted if name in found), None)


def descriptions_among(names: Iterable[str]) -> set[str]:
    """Those of these files that only describe others of them: TIA's ``x.emi`` beside its images
    ``x_1.ser``, ``x_2.ser``, which hold all that is read.

    >>> descriptions_among(["x.emi", "X_1.ser", "alone.emi"])
    {'x.emi'}
    """
    names = list(names)
    images = {found[1] for name in names if (found := _TIA_IMAGE.fullmatch(name.casefold()))}
    stems = images | {_NUMBERED.sub("", stem) for stem in images}
    described = {f"{stem}.emi" for stem in stems}
    return {name for name in names if name.casefold() in described}


def is_sidecar_name(name: str) -> bool:
    """Whether a file of this name may be a sidecar: whether it ends as one of them does."""
    return name.casefold().endswith(SUFFIXES)


def text_file_sentence(name: str) -> str:
    """What to say where a file of such a name was given as a picture."""
    return (
        f"{name} is a text file, not a picture; text files that microscopes write beside their "
        "pictures are read together with these, so leave it out."
    )


def read_sidecar(data: bytes, name: str, width_px: int, height_px: int) -> FileCalibration | None:
    """Return what a text file says about a picture of the given size; None if it is no sidecar.

    UTF-8, UTF-16 and Latin-1 are understood. Never raises: a sidecar that cannot be used, or is
    larger than `MAX_BYTES`, becomes a note, which calls it `name`.
    """
    try:
        text = _decode(data[:MAX_BYTES])
        reader = _reader(text)
        if reader is None:
            return None
        if len(data) > MAX_BYTES:
            note = f"{name} is larger than {MAX_BYTES / 1e6:g} MB and was ignored."
            return FileCalibration(notes=(note,))
        found = calibration_from_reading(reader(text, width_px, height_px), width_px, height_px)
    except Exception:
        # Sidecars are edited by people and programs; a damaged one must not cost the picture.
        return FileCalibration(notes=(f"{name} is damaged and was ignored.",))
    return found._replace(notes=tuple(f"{name}: {note}" for note in found.notes))


def merge(picture: FileCalibration, sidecar: FileCalibration) -> FileCalibration:
    """Return what a picture's own metadata and its sidecar say together.

    The picture's own metadata win, because they cannot have been mistaken for another picture's;
    where the sidecar disagrees, a note says so and which was used.
    """
    notes = [*picture.notes, *sidecar.notes]
    own, beside = picture.calibration, sidecar.calibration
    if own and beside and (clash := agreement_note(own, beside)):
        notes.append(f"{clash} The {own.source} in the picture are used.")
    rows = [row for row in (picture.label_bar_row, sidecar.label_bar_row) if row is not None]
    if len(rows) == 2 and rows[0] != rows[1]:
        notes.append(
            f"The picture's metadata let the label bar begin at row {rows[0]}, its sidecar at "
            f"{rows[1]}; the first was used."
        )
    return FileCalibration(
        own or beside,
        rows[0] if rows else None,
        tuple(notes),
        both_instruments(picture.instrument, sidecar.instrument),
        picture.marker_nm or sidecar.marker_nm,
    )


def _reader(text: str) -> Callable[[str, int, int], Reading] | None:
    """Return the function that reads this text, or None."""
    if is_hitachi_text(text):
        return hitachi_reading
    if is_jeol_text(text):
        return jeol_reading
    if is_tescan_text(text):
        return _tescan
    return None


def _tescan(text: str, width_px: int, height_px: int) -> Reading:
    return tescan_reading(text, height_px, "TESCAN sidecar")


def _decode(data: bytes) -> str:
    """Return the text in `data`, whatever its encoding; what does not fit is replaced."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    # Half of such a text's bytes are zero; a text in any other encoding holds none.
    for zero, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(data) > 3 and not any(data[zero:40:2]):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
