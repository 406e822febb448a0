"""Single elements out of XML that vendors write.

A parser would have to be guarded against hostile files; what is read here are short elements
without children, for which a bounded search serves.

>>> text = '<a><highVoltage unit="kV">10</highVoltage><Size X="3"/></a>'
>>> element(text, "highVoltage"), attributes(text, "Size"), element(text, "none")
('10', {'X': '3'}, '')
"""

from __future__ import annotations

import html
import re

__all__ = ["all_attributes", "attributes", "element", "elements"]

_ELEMENT = r"<(?:\w{{1,40}}:)?{name}\b([^<>]{{0,1000}})>([^<]{{0,200}})</"
_TAG = r"<(?:\w{{1,40}}:)?{name}\b([^<>]{{0,4000}})>"
_ATTRIBUTE = re.compile(r"""([\w:]{1,60})\s{0,9}=\s{0,9}(?:"([^"]{0,400})"|'([^']{0,400})')""")


def element(xml: str, name: str) -> str:
    """The text of the first element of this name; empty where there is none."""
    found = re.search(_ELEMENT.format(name=name), xml)
    return html.unescape(found[2]).strip() if found else ""


def elements(xml: str, *names: str) -> dict[str, str]:
    """The texts of the first elements of these names, of those that are there and not empty."""
    found = {name: element(xml, name) for name in names}
    return {name: text for name, text in found.items() if text}


def attributes(xml: str, name: str, start: int = 0) -> dict[str, str]:
    """The attributes of the first element of this name from `start` on, its prefix aside."""
    found = re.compile(_TAG.format(name=name)).search(xml, start)
    return dict(_attributes(found[1])) if found else {}


def all_attributes(xml: str, name: str, most: int) -> list[dict[str, str]]:
    """The attributes of the first `most` elements of this name."""
    found = re.finditer(_TAG.format(name=name), xml)
    return [dict(_attributes(each[1])) for each, _ in zip(found, range(most), strict=False)]


def _attributes(text: str) -> list[tuple[str, str]]:
    return [(name, html.unescape(one or other)) for name, one, other in _ATTRIBUTE.findall(text)]
