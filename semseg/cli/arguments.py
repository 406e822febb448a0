"""Options that stand for settings, and the settings that they come to."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from semseg.errors import SettingsError
from semseg.inference.segmenter import PROVIDERS
from semseg.preprocessing.preparation import Crop
from semseg.settings import Settings
from semseg.statistics.counting import EDGES

__all__ = ["add_settings", "settings_of"]


def add_settings(command: argparse.ArgumentParser) -> None:
    """Add an option for each setting, and ``--settings`` for a file of them."""
    command.add_argument(
        "--width-nm",
        type=float,
        metavar="NM",
        help="width of the whole picture in nanometres (default: from the file)",
    )
    command.add_argument(
        "--rescale",
        type=_auto_or(float),
        metavar="auto|FACTOR",
        help="factor by which the picture is resized for the network (default: auto)",
    )
    command.add_argument(
        "--crop",
        type=_auto_or(_rows),
        metavar="auto|none|ROWS",
        help="rows of label bar to drop from the bottom (default: auto)",
    )
    command.add_argument(
        "--filter",
        type=float,
        metavar="0..1",
        help="confidence below which a particle is possibly wrong (default: the model's)",
    )
    command.add_argument(
        "--scale-bar-nm",
        type=float,
        metavar="NM",
        help="length that the scale bar in the picture stands for: the scale where the file gives "
        "none, else a check of it",
    )
    command.add_argument(
        "--scale-uncertainty",
        type=float,
        metavar="SHARE",
        help="relative standard uncertainty of the pixel size, such as 0.01 (default: as its "
        "source tells)",
    )
    command.add_argument(
        "--edges",
        choices=list(EDGES),
        help="particles cut by the edge of the frame: count them as they are, exclude them, or "
        "exclude them and weight the others (default: count)",
    )
    command.add_argument(
        "--visible-only",
        action="store_true",
        default=None,
        help="count fully visible particles only",
    )
    command.add_argument(
        "--provider",
        choices=["auto", *PROVIDERS],
        help="where the network runs (default: auto)",
    )
    command.add_argument(
        "--settings",
        type=Path,
        metavar="FILE.json",
        help="settings of an earlier result; options given beside it win",
    )


def _auto_or(kind):
    """A value of this kind, or the word ``auto``."""

    def convert(text: str):
        return text if text == "auto" else kind(text)

    convert.__name__ = "value"  # argparse names it in its error
    return convert


def _rows(text: str) -> int:
    rows = 0 if text == "none" else int(text)
    if rows < 0:
        raise ValueError
    return rows


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings file, overlaid with what was given on the command line."""
    settings = Settings()
    if options.settings:
        try:
            settings = Settings.from_json(options.settings.read_bytes())
        except OSError as error:
            raise SettingsError(f"The settings file {options.settings} cannot be read.") from error
    given = {
        "width_nm": options.width_nm,
        "rescale": options.rescale,
        "crop": options.crop if options.crop in (None, "auto") else Crop(bottom=options.crop),
        "filter": options.filter,
        "scale_bar_nm": options.scale_bar_nm,
        "scale_uncertainty": options.scale_uncertainty,
        "edges": options.edges,
        "visible_only": options.visible_only,
        "provider": options.provider,
    }
    changes = {
        name: None if value == "auto" and name != "provider" else value
        for name, value in given.items()
        if value is not None
    }
    return replace(settings, **changes)
