"""Colours of several pictures in one plot, told apart with any colour vision.

`TEN` are the colours of the first ten pictures, by theme of the page. Each stands out from the
background by three to one at least (WCAG 2.2, 1.4.11), and any two of one theme are told apart with
normal vision and without each of the three kinds of cones; a test holds both. They were found by a
search for colours that are, and stand in the order in which the first few are farthest apart.

From the eleventh on the ten return as shades of themselves and with other strokes (`look`).
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["BACKGROUNDS", "STROKES", "TEN", "Look", "look"]

BACKGROUNDS = {"light": "#ffffff", "dark": "#0e1117"}  # Streamlit's
TEN = {
    "light": (
        *("#0044aa", "#999900", "#880000", "#4499cc", "#220077"),
        *("#995511", "#664466", "#441133", "#dd5588", "#8855dd"),
    ),
    "dark": (
        *("#5599ff", "#ffee55", "#887722", "#aaffff", "#aa3377"),
        *("#22dd99", "#3366cc", "#ccbbff", "#bb88aa", "#ffaa11"),
    ),
}
STROKES = ("solid", "dash", "dot", "dashdot", "longdash")  # as plotly names them
SHADE = 0.35  # how far every second ten is on the way to grey


class Look(NamedTuple):
    """The colour of a picture on a light and on a dark page, ``#rrggbb``, and its stroke."""

    light: str
    dark: str
    stroke: str


def look(number: int) -> Look:
    """Of the picture of this number, from 0.

    >>> look(0)
    Look(light='#0044aa', dark='#5599ff', stroke='solid')
    >>> look(10).light, look(10).stroke
    ('#2b4792', 'dash')
    """
    ten, place = divmod(number, len(TEN["light"]))
    light, dark = (_shaded(TEN[theme][place], SHADE * (ten % 2)) for theme in ("light", "dark"))
    return Look(light, dark, STROKES[ten % len(STROKES)])


def _shaded(colour: str, share: float) -> str:
    """So much of a colour replaced by the grey of the same luminance (mixed as light is)."""
    parts = [_to_light(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5)]
    grey = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    mixed = [_from_light(part + share * (grey - part)) for part in parts]
    return "#" + "".join(f"{round(255 * part):02x}" for part in mixed)


def _to_light(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _from_light(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else float(1.055 * part ** (1 / 2.4) - 0.055)
