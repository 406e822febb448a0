"""The tags of a Gatan DigitalMicrograph file, .dm3 or .dm4: a tree of names and values.

After a header stands a group of tags. A tag is a name and either another group or a value; a value
says its type in a few numbers: a plain number, a text, a structure of numbers, an array of one of
these. Numbers of the structure are big-endian, values in the order that the header names; version 4
has 8 bytes where version 3 has 4, and the length of each tag before its content. A name may be
empty: such tags are numbered.

Arrays are not decoded: where they lie is kept. A file of ten thousand tags is usual, one of more
than `MAX_TAGS`, or of groups in each other more than `MAX_DEPTH` deep, is refused.

Sources: the layout as documented by C. Boothroyd and by G. Jefferis for version 3, and the files of
DigitalMicrograph itself for version 4.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["MAX_DEPTH", "MAX_TAGS", "Array", "Group", "is_dm", "read_tags"]

MAX_TAGS = 300_000
MAX_DEPTH = 64
_MAX_TYPE_NUMBERS = 200  # of a structure, two for each of its fields
_MAX_TEXT = 4096  # characters of an array that may be a text

Group = dict[str, Any]  # of groups, numbers, texts, tuples (structures) and arrays

# Type of a number -> numpy's letter and size.
_NUMBERS = {
    2: "i2",
    3: "i4",
    4: "u2",
    5: "u4",
    6: "f4",
    7: "f8",
    8: "u1",  # a truth value
    9: "i1",
    10: "u1",
    11: "i8",
    12: "u8",
}
_STRUCT, _STRING, _ARRAY = 15, 18, 20
_GROUP, _DATA = 20, 21


@dataclass(frozen=True)
class Array:
    """Where an array of numbers lies.

    Attributes
    ----------
    start, count : int
        Its place in the file, and how many elements it has.
    dtype : numpy.dtype
        Of an element.
    """

    start: int
    count: int
    dtype: np.dtype[Any]

    def text(self, data: bytes) -> str:
        """As a text, which DigitalMicrograph stores as an array of 16-bit characters.

        Empty where it is none.
        """
        if self.dtype.kind != "u" or self.dtype.itemsize != 2 or self.count > _MAX_TEXT:
            return ""
        raw = data[self.start : self.start + 2 * self.count]
        order = "be" if self.dtype.str.startswith(">") else "le"
        return raw.decode(f"utf-16-{order}", "replace").rstrip("\0")


def is_dm(data: bytes) -> bool:
    """Whether these are the bytes of a .dm3 or .dm4 file."""
    if len(data) < 16:
        return False
    version = int.from_bytes(data[:4])
    place = {3: 8, 4: 12}.get(version)
    return place is not None and data[place : place + 4] in (b"\0\0\0\0", b"\0\0\0\1")


def read_tags(data: bytes) -> Group:
    """The tree of tags.

    Raises
    ------
    ValueError, struct.error
        It is damaged, or larger than any that a microscope writes.
    """
    return _Reader(data).root()


class _Reader:
    """Walks over the tags of one file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.wide = data[3] == 4
        # a length or count: 4 bytes in version 3, 8 in version 4
        self.count_format = ">Q" if self.wide else ">I"
        self.place = 12 if self.wide else 8
        self.order = "<" if data[self.place + 3] else ">"
        self.place += 4
        self.tags = 0

    def root(self) -> Group:
        return self.group(0)

    def take(self, form: str) -> int:
        """The next number of the structure."""
        value: int = struct.unpack_from(form, self.data, self.place)[0]
        self.place += struct.calcsize(form)
        return value

    def group(self, depth: int) -> Group:
        if depth > MAX_DEPTH:
            raise ValueError("groups stand in each other too deep")
        self.place += 2  # whether it is sorted, whether it is open
        found: Group = {}
        for index in range(self.take(self.count_format)):
            self.tags += 1
            if self.tags > MAX_TAGS:
                raise ValueError("there are too many tags")
            kind = self.take(">B")
            length = self.take(">H")
            name = self.data[self.place : self.place + length].decode("latin-1") or str(index)
            self.place += length
            end = None
            if self.wide:
                content = self.take(">Q")
                end = self.place + content
            if kind == _GROUP:
                found[name] = self.group(depth + 1)
            elif kind == _DATA:
                found[name] = self.value(end)
            else:
                raise ValueError("a tag is neither a group nor a value")
        return found

    def value(self, end: int | None) -> Any:
        if self.data[self.place : self.place + 4] != b"%%%%":
            raise ValueError("a value does not begin as one")
        self.place += 4
        count = self.take(self.count_format)
        if not 0 < count <= _MAX_TYPE_NUMBERS:
            raise ValueError("a value has no type, or far too long a one")
        form = f">{count}{self.count_format[1]}"
        kinds = struct.unpack_from(form, self.data, self.place)
        self.place += struct.calcsize(form)
        value, size = self.decoded(kinds)
        self.place += size
        if self.place > len(self.data):
            raise ValueError("a value reaches beyond the end of the file")
        if end is not None and end != self.place:
            raise ValueError("a value is not as long as it says")
        return value

    def decoded(self, kinds: tuple[int, ...]) -> tuple[Any, int]:
        """The value of this type at the present place, and how many bytes it takes."""
        if kinds[0] == _ARRAY:
            dtype = self.element(kinds[1:-1])
            return Array(self.place, kinds[-1], dtype), kinds[-1] * dtype.itemsize
        if kinds[0] == _STRING:
            return Array(self.place, kinds[1], np.dtype(f"{self.order}u2")), 2 * kinds[1]
        dtype = self.element(kinds)
        if self.place + dtype.itemsize > len(self.data):
            raise ValueError("a value reaches beyond the end of the file")
        value = np.frombuffer(self.data, dtype, 1, self.place)[0].item()
        return value, dtype.itemsize

    def element(self, kinds: tuple[int, ...]) -> np.dtype[Any]:
        """The type of a number or of a structure of numbers."""
        if kinds[0] in _NUMBERS:
            return np.dtype(self.order + _NUMBERS[kinds[0]])
        if kinds[0] != _STRUCT:
            raise ValueError("a value is of a type that is not known")
        # length of the name, number of fields, then for each the length of its name and its type
        types = kinds[4::2]
        if kinds[2] != len(types) or not types:
            raise ValueError("a structure has not as many fields as it says")
        return np.dtype([(f"f{i}", self.order + _NUMBERS[each]) for i, each in enumerate(types)])
