"""What stands before the content in an HDF5 file: headers of objects, and what these say."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

__all__ = [
    "ATTRIBUTE",
    "LAYOUT",
    "LINK",
    "LINK_INFO",
    "MAX_SMALL_BYTES",
    "MAX_STEPS",
    "PIPELINE",
    "SPACE",
    "TABLE",
    "TYPE",
    "UNDEFINED",
    "Element",
    "File",
    "Header",
    "Message",
    "UnsupportedError",
    "check_level",
]

# Headers, messages, nodes, entries and tens of thousands of bytes that are looked at in one file.
MAX_STEPS = 400_000
MAX_LEVEL = 4  # of a tree's root; each level holds some 32 to 64 times the one below
MAX_RANK = 32  # of an array; the library's own limit
MAX_SMALL_BYTES = 1_000_000  # of an attribute or a vector of positions
UNDEFINED = 2**64 - 1  # in place of a place

# Messages of an object's header.
SPACE, LINK_INFO, TYPE, LINK, LAYOUT = 0x01, 0x02, 0x03, 0x06, 0x08
PIPELINE, ATTRIBUTE, CONTINUED, TABLE = 0x0B, 0x0C, 0x10, 0x11

# Kinds of elements, for people.
_NOT_READ = {
    6: "complex numbers or structures",
    7: "references",
    9: "lists",
    10: "arrays as elements",
}


class UnsupportedError(Exception):
    """A part of the format that is not read; its text says which."""


@dataclass(frozen=True)
class Element:
    """What an element is: a number, a text of a length, or a text that stands elsewhere."""

    dtype: np.dtype[Any]
    elsewhere: bool = False  # a text of any length


@dataclass(frozen=True)
class Message:
    kind: int
    flags: int
    start: int
    stop: int


class File:
    """An HDF5 file.

    Parameters
    ----------
    data : bytes
        All of it.

    Raises
    ------
    UnsupportedError, ValueError, struct.error
        Also by everything that is asked of it: it is damaged, or uses what is not read.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._steps = 0

    def step(self, size: int = 0) -> None:
        """Count one more thing that is looked at, of so many bytes."""
        self._steps += 1 + size // 10_000
        if self._steps > MAX_STEPS:
            raise ValueError("there is too much in the file, or it runs in circles")

    def unpack(self, form: str, start: int) -> tuple[Any, ...]:
        """Numbers at a place."""
        if start >= UNDEFINED - 8:
            raise ValueError("a place is not in the file")
        return struct.unpack_from(form, self.data, start)

    def expect(self, word: bytes, start: int) -> None:
        """Raise unless this word stands at the place."""
        if self.data[start : start + len(word)] != word:
            raise ValueError(f"{word!r} does not stand where it should")

    # Object headers

    def messages(self, start: int) -> Iterator[Message]:
        """The messages of the object whose header begins at `start`."""
        self.step()
        if self.data[start : start + 4] == b"OHDR":
            yield from self._messages_2(start)
        else:
            yield from self._messages_1(start)

    def _messages_1(self, start: int) -> Iterator[Message]:
        version, _, _, _, size = self.unpack("<BBHII", start)
        if version != 1:
            raise ValueError("an object has no header")
        blocks = [(start + 16, size)]
        while blocks:
            place, size = blocks.pop(0)
            stop = place + size
            while place + 8 <= stop:
                self.step()
                kind, length, flags = self.unpack("<HHB", place)
                message = Message(kind, flags, place + 8, place + 8 + length)
                place = message.stop
                if kind == CONTINUED:
                    blocks.append(self.unpack("<QQ", message.start))
                else:
                    yield message

    def _messages_2(self, start: int) -> Iterator[Message]:
        flags = self.data[start + 5]
        place = start + 6 + (16 if flags & 32 else 0) + (4 if flags & 16 else 0)
        width = 1 << (flags & 3)
        size = int.from_bytes(self.data[place : place + width], "little")
        blocks = [(place + width, size)]
        head = 6 if flags & 4 else 4
        while blocks:
            place, size = blocks.pop(0)
            stop = place + size
            while place + head <= stop:
                self.step()
                kind, length, marks = self.unpack("<BHB", place)
                message = Message(kind, marks, place + head, place + head + length)
                place = message.stop
                if kind == CONTINUED:
                    begin, length = self.unpack("<QQ", message.start)
                    self.expect(b"OCHK", begin)
                    blocks.append((begin + 4, length - 8))
                else:
                    yield message

    # What messages hold

    def shape(self, start: int) -> tuple[int, ...]:
        """Sides of a dataspace: () for a single element."""
        version, rank, _, kind = self.unpack("<4B", start)
        if rank > MAX_RANK or version not in (1, 2):
            raise ValueError("an array has no shape")
        if version == 2 and kind == 2:
            return (0,)
        return self.unpack(f"<{rank}Q", start + (8 if version == 1 else 4))

    def type(self, start: int) -> Element:
        """What the elements are."""
        bits, size = self.unpack("<II", start)
        kind, marks = bits & 15, bits >> 8
        order = ">" if marks & 1 else "<"
        if kind == 0 and size in (1, 2, 4, 8):
            return Element(np.dtype(f"{order}{'i' if marks & 8 else 'u'}{size}"))
        if kind == 1 and size in (2, 4, 8):
            return Element(np.dtype(f"{order}f{size}"))
        if kind == 3 and size <= MAX_SMALL_BYTES:
            return Element(np.dtype(f"S{max(size, 1)}"))
        if kind == 8:  # names for numbers, as truth values are stored
            return self.type(start + 8)
        if kind == 9 and marks & 15 == 1:
            return Element(np.dtype("V16"), elsewhere=True)
        words = {
            6: "complex numbers or structures",
            9: "lists",
            10: "arrays as elements",
            7: "references",
        }
        raise UnsupportedError(words.get(kind, "numbers of an odd kind"))

    def values(self, form: Element, shape: tuple[int, ...], raw: bytes) -> Any:
        """A number, a text, or an array of numbers, from their bytes."""
        count = math.prod(shape)
        if count * form.dtype.itemsize > len(raw):
            raise ValueError("an array is not whole")
        if form.elsewhere:
            return self._text(raw[:16]) if count else ""
        array = np.frombuffer(raw, form.dtype, count).reshape(shape)
        if form.dtype.kind == "S":
            first: bytes = array.ravel()[0] if count else b""
            return first.partition(b"\0")[0].decode("utf-8", "replace")
        return array if shape else array[()].item()

    def _text(self, reference: bytes) -> str:
        """A text in a global heap."""
        length, place, index = struct.unpack("<IQI", reference)
        if not length or place in (0, UNDEFINED):
            return ""
        self.expect(b"GCOL", place)
        (size,) = self.unpack("<Q", place + 8)
        stop, place = min(place + size, len(self.data)), place + 16
        while place + 16 <= stop:
            self.step()
            number, _, _, size = self.unpack("<HHIQ", place)
            if number == 0:
                break
            if number == index:
                size = min(size, length, MAX_SMALL_BYTES)
                self.step(size)
                return self.data[place + 16 : place + 16 + size].decode("utf-8", "replace")
            place += 16 + (size + 7) // 8 * 8
        raise ValueError("a text is missing")


def check_level(found: int, expected: int | None) -> None:
    """Raise unless a node of a tree has the level that follows from the node above it."""
    if found > MAX_LEVEL or expected not in (None, found):
        raise ValueError("a tree has no order")


class Header:
    """What has a header: a group or a dataset."""

    def __init__(self, file: File, start: int) -> None:
        self.file, self.start = file, start

    @cached_property
    def found_messages(self) -> tuple[Message, ...]:
        return tuple(self.file.messages(self.start))

    def message(self, kind: int) -> Message | None:
        for each in self.found_messages:
            if each.kind == kind:
                if each.flags & 2:
                    raise UnsupportedError("types that objects share")
                return each
        return None

    @property
    def is_dataset(self) -> bool:
        """Whether it is an array."""
        return any(each.kind == LAYOUT for each in self.found_messages)

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """Numbers, texts and small arrays by name; what cannot be read is left out."""
        found = {}
        for each in self.found_messages:
            if each.kind == ATTRIBUTE:
                try:
                    name, value = self._attribute(each)
                except (UnsupportedError, ValueError, struct.error):
                    continue
                found[name] = value
        return found

    def _attribute(self, message: Message) -> tuple[str, Any]:
        file, start = self.file, message.start
        version, flags, *sizes = file.unpack("<BBHHH", start)
        if version not in (1, 2, 3) or (version > 1 and flags & 3):
            raise UnsupportedError("attributes of this kind")
        steps = [(size + 7) // 8 * 8 if version == 1 else size for size in sizes]
        place = start + (9 if version == 3 else 8)
        name = file.data[place : place + sizes[0]].rstrip(b"\0").decode("utf-8", "replace")
        form = file.type(place + steps[0])
        shape = file.shape(place + steps[0] + steps[1])
        place += sum(steps)
        size = math.prod(shape) * form.dtype.itemsize
        if place + size > message.stop:
            raise ValueError("an attribute is not whole")
        return name, file.values(form, shape, file.data[place : place + size])
