"""A sheet of samples: a CSV with a row for each picture, its sample and its own settings."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, NoReturn

from semseg.batch.pictures import is_elsewhere
from semseg.cli.arguments import add_settings
from semseg.errors import SettingsError
from semseg.fields import Switch
from semseg.settings import SETTINGS

__all__ = ["Line", "lines_by_address", "read_sheet"]

IMAGE, SAMPLE = "image", "sample"
YES, NO = ("yes", "true", "1", "on"), ("no", "false", "0", "off")
NAMED = 3


@dataclass(frozen=True)
class Line:
    """A row of a sheet: which picture, of which sample, with which settings of its own."""

    image: str
    sample: str
    settings: dict[str, Any]


def read_sheet(path: Path) -> list[Line]:
    """The rows of a sheet. Columns are ``image``, ``sample``, and settings by their names; an empty
    cell says nothing, and the word auto stands for what is found.

    Raises
    ------
    SettingsError
        It cannot be read, has an unknown column, or a value that no setting takes.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The sheet {path} cannot be read; save it as CSV in UTF-8.") from error
    rows = csv.DictReader(text.splitlines(), dialect=_dialect(text))
    names = [name.strip() for name in rows.fieldnames or ()]
    if IMAGE not in names:
        raise SettingsError(f"The sheet {path} has no column image, which names the pictures.")
    unknown = [name for name in names if name not in (IMAGE, SAMPLE, *SETTINGS, "")]
    if unknown:
        raise SettingsError(
            f"The sheet {path} has a column {unknown[0]!r}, which is no setting; columns are "
            f"image, sample, {', '.join(SETTINGS)}."
        )
    parser = _Parser(add_help=False)
    add_settings(parser)
    lines = []
    for number, row in enumerate(rows, start=2):
        cells = {
            name.strip(): (value or "").strip()
            for name, value in row.items()
            if isinstance(name, str) and not isinstance(value, list)
        }
        if not cells.get(IMAGE):
            continue
        try:
            settings = _settings(parser, cells)
        except SettingsError as error:
            raise SettingsError(f"Line {number} of the sheet {path}: {error}") from error
        lines.append(Line(cells[IMAGE], cells.get(SAMPLE, ""), settings))
    return lines


def lines_by_address(
    lines: Sequence[Line], addresses: Sequence[str], folder: Path
) -> dict[str, Line]:
    """Which row is of which picture: by its address, by its path from the sheet's `folder`, or by
    the end of its path, where that is of one picture only.

    Raises
    ------
    SettingsError
        A row is of no picture, or of several; or two rows are of one.
    """
    ends: dict[str, list[str]] = {}
    for address in addresses:
        parts = PurePath(address).parts
        for count in range(1, len(parts) + 1):
            ends.setdefault("/".join(parts[-count:]), []).append(address)
    there = set(addresses)
    found: dict[str, Line] = {}
    missing = []
    for line in lines:
        exact = line.image if is_elsewhere(line.image) else str((folder / line.image).absolute())
        fitting = [exact] if exact in there else ends.get("/".join(PurePath(line.image).parts), [])
        if not fitting:
            missing.append(line.image)
            continue
        if len(fitting) > 1:
            raise SettingsError(
                f"The sheet's {line.image} may be {fitting[0]} or {fitting[1]}; name more of its "
                "path there."
            )
        if fitting[0] in found:
            raise SettingsError(f"The sheet has two rows for {line.image}; leave one out.")
        found[fitting[0]] = line
    if missing:
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        raise SettingsError(
            f"The sheet names pictures that are not among those given: "
            f"{', '.join(missing[:NAMED])}{more}."
        )
    return found


class _Parser(argparse.ArgumentParser):
    """The options of the command line, whose complaint is an error like any other."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message.removeprefix('argument ')}.")


def _settings(parser: argparse.ArgumentParser, cells: dict[str, str]) -> dict[str, Any]:
    words = []
    for name, text in cells.items():
        if name not in SETTINGS or not text:
            continue
        option = name.replace("_", "-")
        if isinstance(SETTINGS[name], Switch):
            if text.casefold() not in (*YES, *NO):
                raise SettingsError(f"{name} is {text!r}, but can only be yes or no.")
            words.append(f"--{option}" if text.casefold() in YES else f"--no-{option}")
        else:
            words.append(f"--{option}={text}")
    return {name: each for name, each in vars(parser.parse_args(words)).items() if name in SETTINGS}


def _dialect(text: str) -> type[csv.Dialect]:
    """Excel separates by commas or by semicolons, as its country does."""
    first = (text.splitlines() or [""])[0]

    class Dialect(csv.excel):
        delimiter = max(",;\t", key=first.count)

    return Dialect
