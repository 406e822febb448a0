"""Options that stand for settings and details, and what they come to.

There is an option for every field of `semseg.settings.Settings`, named as the field is; its help
and its values are what the field says of itself. ``auto`` returns to what is found automatically,
so that everything which a settings file chooses can be taken back; of the scale bar's length it
asks that it be read, also where the file gives a scale.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from semseg.details import DETAILS, NONE, Details
from semseg.errors import CalibrationError, SettingsError
from semseg.fields import Choice, Length, Number, Setting, Sides, Switch, WholeNumber
from semseg.preprocessing.preparation import Crop
from semseg.scale.typed_length import length_nm
from semseg.settings import EXCLUSIVE, SETTINGS, Settings

__all__ = ["add_details", "add_settings", "crop_of", "details_of", "settings_of"]

AUTO = "auto"
# --operator is a setting: whether the files name who recorded the picture
_DETAIL, _DETAIL_OPTIONS = "detail_", {"operator": "operated-by"}
CROP = "auto|none|ROWS|TOP,RIGHT,BOTTOM,LEFT"


def add_settings(command: argparse.ArgumentParser) -> None:
    """Add an option for each setting, and ``--settings`` for a file of them."""
    group = command.add_argument_group(
        "settings",
        "What is given neither here nor in a settings file is as the option says; where the file "
        "chooses otherwise, the word auto returns to that. Lengths are in nm, or have their unit: "
        "7.52um.",
    )
    one_of = group.add_mutually_exclusive_group()
    for name, about in SETTINGS.items():
        default = getattr(Settings(), name)
        (one_of if name in EXCLUSIVE else group).add_argument(
            f"--{name.replace('_', '-')}",
            default=argparse.SUPPRESS,
            help=_help(about, default),
            **_values(about),
        )
    group.add_argument(
        "--settings",
        type=Path,
        metavar="FILE.json",
        help="settings of an earlier result; what is given beside it wins",
    )


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings file, overlaid with what was given on the command line.

    Raises
    ------
    SettingsError
        The file cannot be read, or a value is out of its range.
    """
    settings = Settings()
    if options.settings:
        try:
            settings = Settings.from_json(options.settings.read_bytes())
        except OSError as error:
            raise SettingsError(f"The settings file {options.settings} cannot be read.") from error
    given = {name: value for name, value in vars(options).items() if name in SETTINGS}
    if given.get("scale_bar_nm", 0.0) is None:
        given.setdefault("read_scale", "always")
    return settings.changed(**given)


def add_details(command: argparse.ArgumentParser) -> None:
    """Add an option for each of `semseg.details.Details`."""
    group = command.add_argument_group(
        "details", "What is to stand in the report, the workbook and summary.json."
    )
    for name, about in DETAILS.items():
        usual = f" (default: {about.usual})" if about.usual else ""
        group.add_argument(
            f"--{_DETAIL_OPTIONS.get(name, name)}",
            dest=f"{_DETAIL}{name}",
            metavar="TEXT",
            help=f"{about.help}{usual}",
        )


def details_of(options: argparse.Namespace, before: Details = NONE) -> Details:
    """What was given on the command line, in place of what was said `before`.

    Raises
    ------
    SettingsError
        A text is too long.
    """
    given = {name: getattr(options, f"{_DETAIL}{name}") for name in DETAILS}
    return replace(before, **{name: text for name, text in given.items() if text is not None})


def crop_of(text: str) -> Crop:
    """What ``--crop`` asks for: ``none``, so many rows at the bottom, or the four sides in the
    order of CSS.

    >>> crop_of("60")
    Crop(top=0, bottom=60, left=0, right=0)
    >>> crop_of("1,2,3,4")
    Crop(top=1, bottom=3, left=4, right=2)
    """
    if text == "none":
        return Crop()
    numbers = [int(part) for part in text.split(",")]
    if len(numbers) == 1:
        return Crop(bottom=numbers[0])
    top, right, bottom, left = numbers
    return Crop(top=top, right=right, bottom=bottom, left=left)


def _help(about: Setting, default: Any) -> str:
    usual, text = about.usual, about.help
    if isinstance(about, Sides):
        text += ": so many rows at the bottom, or all four sides in the order of CSS"
    if isinstance(about, Choice):
        usual = str(default)
    if isinstance(about, Switch):
        usual = "yes" if default else "no"
    return f"{text} (default: {usual})".replace("%", "%%")


def _values(about: Setting) -> dict[str, Any]:
    """How argparse is told what an option takes."""
    match about:
        case Switch():
            return {"action": argparse.BooleanOptionalAction}
        case Choice():
            return {"choices": about.choices}
        case Sides():
            return {"type": _auto_or(crop_of, CROP), "metavar": CROP}
        case WholeNumber():
            numbers = about.metavar or f"{about.low}..{about.high}"
            whole = _auto_or(int, f"{AUTO} or a whole number")
            return {"type": whole, "metavar": f"{AUTO}|{numbers}"}
        case Length():
            a_length = f"{AUTO} or a length: a number of nm, or with its unit, as 0.29um"
            return {"type": _auto_or(length_nm, a_length), "metavar": f"{AUTO}|{about.metavar}"}
        case Number():
            numbers = about.metavar or f"{about.low:g}..{about.high:g}"
            return {"type": _auto_or(float, f"{AUTO} or a number"), "metavar": f"{AUTO}|{numbers}"}
    raise TypeError(f"no option can give a {type(about).__name__}")


def _auto_or(read: Callable[[str], Any], wanted: str) -> Callable[[str], Any]:
    """Reads ``auto`` as None, and all else with `read`; `wanted` says what may be given."""

    def convert(text: str) -> Any:
        if text == AUTO:
            return None
        try:
            return read(text)
        except (ValueError, SettingsError, CalibrationError):
            raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}") from None

    return convert
