"""The settings travel in the page's address, so that a link shows what its sender saw.

>>> to_query(Settings(width_nm=7520, filter=0.5), Display())
{'width': '7520', 'filter': '0.5'}

Only what differs from the defaults is written. An address is typed by anybody: what makes
no sense in it is left out and named, and the rest counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from semseg.display import Display
from semseg.errors import SemsegError
from semseg.preprocessing.preparation import Crop
from semseg.settings import Settings

__all__ = ["from_query", "to_query"]


def _number(value: float) -> str:
    return f"{value:.10g}"


def _crop(text: str) -> Crop:
    top, bottom, left, right = (int(part) for part in text.split(","))
    return Crop(top, bottom, left, right)


def _flag(text: str) -> bool:
    return {"0": False, "1": True}[text]


def _write_flag(value: bool) -> str:
    return str(int(value))


def _write_crop(crop: Crop) -> str:
    return f"{crop.top},{crop.bottom},{crop.left},{crop.right}"


# name in the address -> name of the field, how it is read, how it is written
_Codec = tuple[str, Callable[[str], Any], Callable[[Any], str]]
_SETTINGS: dict[str, _Codec] = {
    "width": ("width_nm", float, _number),
    "pixel": ("pixel_size_nm", float, _number),
    "crop": ("crop", _crop, _write_crop),
    "repair": ("repair", _flag, _write_flag),
    "rescale": ("rescale", float, _number),
    "filter": ("filter", float, _number),
    "bar": ("scale_bar_nm", float, _number),
    "scale_u": ("scale_uncertainty", float, _number),
    "edges": ("edges", str, str),
    "visible": ("visible_only", _flag, _write_flag),
    "provider": ("provider", str, str),
}
_DISPLAY: dict[str, _Codec] = {
    "size": ("size", str, str),
    "weighting": ("weighting", str, str),
    "bins": ("bins", int, str),
    "log": ("log", _flag, _write_flag),
}


def to_query(settings: Settings, display: Display) -> dict[str, str]:
    """The parameters of the address: those that differ from the defaults."""
    query = {}
    for codecs, values in ((_SETTINGS, settings), (_DISPLAY, display)):
        default = type(values)()
        for name, (field, _, write) in codecs.items():
            value = getattr(values, field)
            if value is not None and value != getattr(default, field):
                query[name] = write(value)
    return query


def from_query(query: Mapping[str, str]) -> tuple[Settings, Display, list[str]]:
    """Settings and display of an address, and the names of parameters that were left out."""
    wrong: list[str] = []
    settings = _read(Settings(), _SETTINGS, query, wrong)
    display = _read(Display(), _DISPLAY, query, wrong)
    return settings, display, wrong


def _read(values: Any, codecs: Mapping[str, _Codec], query: Mapping[str, str], wrong: list[str]):
    for name, (field, read, _) in codecs.items():
        if name not in query:
            continue
        try:
            values = replace(values, **{field: read(query[name])})
        except (ValueError, KeyError, OverflowError, SemsegError):
            wrong.append(name)
    return values
