"""What a hand can do to what was found, each as a small value that a session keeps.

An operation says what was done, in places of the recorded image, and not what came of it: replayed
in order on the same segmentation (`semseg.editing.replay`) they give the same particles again. None
renumbers anything. Places are (x, y) in px of the recorded image from the centre of its first
pixel, as outlines are.

>>> operation = Split(12, (((3.0, 4.5), (9.0, 4.5)),))
>>> operation_from(to_plain(operation)) == operation
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "MAX_OPERATIONS",
    "Add",
    "Decide",
    "Line",
    "Mask",
    "Merge",
    "Operation",
    "Redraw",
    "Split",
    "operation_from",
    "to_plain",
]

Point = tuple[float, float]
Line = tuple[Point, ...]

MAX_OPERATIONS = 10_000
MAX_POINTS = 20_000  # of one operation
MAX_LABELS = 1_000_000
MAX_PX = 1e6


@dataclass(frozen=True)
class Split:
    """Part a particle along lines; the largest part keeps its label.

    Attributes
    ----------
    label : int
    lines : tuple of lines, each of two or more points
        One that ends inside the particle goes straight on until it leaves it.
    """

    label: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Merge:
    """Make one particle of several that touch; it keeps the least label."""

    labels: tuple[int, ...]


@dataclass(frozen=True)
class Add:
    """A particle that was missed: what lies in a polygon and belongs to no other. Particles that
    were excluded before give way."""

    polygon: Line


@dataclass(frozen=True)
class Redraw:
    """Other outlines for particles: what lies in each polygon and belongs to no other particle.
    Those that were excluded before give way.

    Attributes
    ----------
    outlines : tuple of (label, polygon)
        All at once, so that neighbours may exchange pixels; what two polygons share is the earlier
        one's. Label 0 makes a new particle.
    """

    outlines: tuple[tuple[int, Line], ...]


@dataclass(frozen=True)
class Mask:
    """Leave what lies in a polygon out of the analysed area."""

    polygon: Line


@dataclass(frozen=True)
class Decide:
    """Keep particles (True), exclude them (False), or leave them to the filter (None)."""

    labels: tuple[int, ...]
    keep: bool | None


Operation = Split | Merge | Add | Redraw | Mask | Decide


def to_plain(operation: Operation) -> dict[str, Any]:
    """The operation as JSON can hold it."""
    plain: dict[str, Any] = {"do": type(operation).__name__.lower()}
    for name in operation.__dataclass_fields__:
        plain[name] = _listed(getattr(operation, name))
    return plain


def operation_from(plain: object) -> Operation:
    """What `to_plain` made, believing none of it.

    Raises
    ------
    ValueError
        No operation, or one with nonsense in it; says which.
    """
    if not isinstance(plain, Mapping) or not isinstance(plain.get("do"), str):
        raise ValueError("no operation")
    read = _READERS.get(plain["do"])
    if read is None:
        raise ValueError(f"no operation is called {plain['do']!r:.20}")
    return read(plain)


def _listed(value: Any) -> Any:
    return [_listed(each) for each in value] if isinstance(value, tuple) else value


def _label(value: object) -> int:
    if type(value) is not int or not 0 < value < 2**31:
        raise ValueError("a label is no whole number above 0")
    return value


def _labels(value: object, least: int) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or len(value) > MAX_LABELS:
        raise ValueError("labels are no list")
    labels = tuple(dict.fromkeys(map(_label, value)))
    if len(labels) < least:
        raise ValueError(f"fewer than {least} labels")
    return labels


def _line(value: object, least: int) -> Line:
    if not isinstance(value, list | tuple) or not least <= len(value) <= MAX_POINTS:
        raise ValueError(f"a line has {least} to {MAX_POINTS:,} points")
    return tuple(map(_point, value))


def _point(value: object) -> Point:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("a point has two coordinates")
    for each in value:
        if type(each) not in (int, float) or not math.isfinite(each) or abs(each) > MAX_PX:
            raise ValueError("a coordinate is no number of pixels")
    return float(value[0]), float(value[1])


def _split(plain: Mapping[str, Any]) -> Split:
    lines = plain.get("lines")
    if not isinstance(lines, list | tuple) or not 0 < len(lines) <= MAX_POINTS:
        raise ValueError("no lines to split along")
    read = tuple(_line(line, 2) for line in lines)
    if sum(map(len, read)) > MAX_POINTS:
        raise ValueError("too many points")
    return Split(_label(plain.get("label")), read)


def _redraw(plain: Mapping[str, Any]) -> Redraw:
    outlines = plain.get("outlines")
    if not isinstance(outlines, list | tuple) or not 0 < len(outlines) <= MAX_LABELS:
        raise ValueError("no outlines")
    read = []
    for each in outlines:
        if not isinstance(each, list | tuple) or len(each) != 2:
            raise ValueError("an outline has a label and a polygon")
        label = 0 if each[0] == 0 and type(each[0]) is int else _label(each[0])
        read.append((label, _line(each[1], 3)))
    known = [label for label, _ in read if label]
    if len(set(known)) < len(known):
        raise ValueError("two outlines for one particle")
    return Redraw(tuple(read))


def _decide(plain: Mapping[str, Any]) -> Decide:
    keep = plain.get("keep")
    if keep is not None and not isinstance(keep, bool):
        raise ValueError("neither kept nor excluded")
    return Decide(_labels(plain.get("labels"), 1), keep)


_READERS: dict[str, Callable[[Mapping[str, Any]], Operation]] = {
    "split": _split,
    "merge": lambda plain: Merge(_labels(plain.get("labels"), 2)),
    "add": lambda plain: Add(_line(plain.get("polygon"), 3)),
    "redraw": _redraw,
    "mask": lambda plain: Mask(_line(plain.get("polygon"), 3)),
    "decide": _decide,
}
