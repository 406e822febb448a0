"""The settings travel in the page's address, so that a link shows what its sender saw.

>>> to_query(Settings(width_nm=7520, filter=0.5), Display())
{'width': '7520', 'filter': '0.5'}

Only what differs from the defaults is written, under the names that the fields of the settings
give (`semseg.fields.Setting.query`). An address is typed by anybody: what makes no sense in it is
left out and named, and the rest counts.

A crop is written ``top,bottom,left,right``, in pixels; the command line has the order of CSS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from semseg.display import Display
from semseg.errors import SemsegError
from semseg.fields import Choice, Length, Number, Setting, Sides, Switch, WholeNumber, described
from semseg.preprocessing.preparation import Crop
from semseg.scale.typed_length import length_nm, length_words
from semseg.settings import Settings

__all__ = ["from_query", "in_words", "to_query"]

Values = TypeVar("Values", Settings, Display)


def _write_number(value: float) -> str:
    short = f"{value:.10g}"
    # a factor that was found comes back as it is, lest the network be run for the last digit
    return short if float(short) == value else repr(value)


def _read_crop(text: str) -> Crop:
    top, bottom, left, right = (int(part) for part in text.split(","))
    return Crop(top, bottom, left, right)


def _write_crop(crop: Crop) -> str:
    return f"{crop.top},{crop.bottom},{crop.left},{crop.right}"


def _read_switch(text: str) -> bool:
    return {"0": False, "1": True}[text]


def _write_switch(value: bool) -> str:
    return str(int(value))


# how a value is read, and how it is written
_CODECS: dict[type[Setting], tuple[Callable[[str], Any], Callable[[Any], str]]] = {
    Number: (float, _write_number),
    Length: (length_nm, _write_number),
    WholeNumber: (int, str),
    Choice: (str, str),
    Switch: (_read_switch, _write_switch),
    Sides: (_read_crop, _write_crop),
}


_UNIT_AT_END = re.compile(r"_nm$")


def to_query(settings: Settings, display: Display) -> dict[str, str]:
    """The parameters of the address: those that differ from the defaults."""
    query = {}
    for values in (settings, display):
        default = type(values)()
        for name, field, (_, write) in _parameters(type(values)):
            value = getattr(values, field)
            if value is not None and value != getattr(default, field):
                query[name] = write(value)
    return query


def from_query(query: Mapping[str, str]) -> tuple[Settings, Display, list[str]]:
    """Settings and display of an address, and the names of parameters that were left out."""
    wrong: list[str] = []
    return _read(Settings(), query, wrong), _read(Display(), query, wrong), wrong


def in_words(settings: Settings, display: Display) -> list[str]:
    """What an address with these sets, for people; empty where all is as usual.

    >>> in_words(Settings(width_nm=7520, rescale=2, repair=False), Display(log=True))
    ['width 7.52 µm', 'rescale 2', 'repair off', 'log on']
    """
    said = []
    for values in (settings, display):
        default = type(values)()
        about = described(type(values))
        for _, field, (_, write) in _parameters(type(values)):
            value = getattr(values, field)
            if value is None or value == getattr(default, field):
                continue
            match about[field]:
                case Length():
                    text = length_words(value)
                case Switch():
                    text = "on" if value else "off"
                case _:
                    text = write(value)
            said.append(f"{_UNIT_AT_END.sub('', field).replace('_', ' ')} {text}")
    return said


def _read(values: Values, query: Mapping[str, str], wrong: list[str]) -> Values:
    for name, field, (read, _) in _parameters(type(values)):
        if name not in query:
            continue
        try:
            values = replace(values, **{field: read(query[name])})
        except (ValueError, KeyError, OverflowError, SemsegError):
            wrong.append(name)
    return values


def _parameters(
    kind: type[Settings] | type[Display],
) -> Iterator[tuple[str, str, tuple[Callable[[str], Any], Callable[[Any], str]]]]:
    """Name in the address, name of the field and codec of each setting that is in the address."""
    for field, about in described(kind).items():
        if about.query is not None:
            yield about.query, field, _CODECS[type(about)]
