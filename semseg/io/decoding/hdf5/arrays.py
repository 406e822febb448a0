"""Arrays in an HDF5 file: in one piece, or in pieces of which each may be compressed."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semseg.io.decoding.hdf5.headers import (
    LAYOUT,
    MAX_SMALL_BYTES,
    PIPELINE,
    SPACE,
    TYPE,
    UNDEFINED,
    Element,
    Header,
    UnsupportedError,
    check_level,
)

__all__ = ["Dataset"]

_MAX_FILTERS = 8
_DEFLATE, _SHUFFLE, _CHECKSUM = 1, 2, 3


class Dataset(Header):
    """An array in a file."""

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Its sides, the slowest first."""
        found = self.message(SPACE)
        if found is None:
            raise ValueError("an array has no shape")
        return self.file.shape(found.start)

    @cached_property
    def _type(self) -> Element:
        found = self.message(TYPE)
        if found is None:
            raise ValueError("an array has no type")
        return self.file.type(found.start)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of an element."""
        return self._type.dtype

    def value(self) -> Any:
        """All of it, if it is small: a number, a text or an array."""
        array = self.read(tuple((0, side) for side in self.shape), MAX_SMALL_BYTES)
        return self.file.values(self._type, self.shape, array.tobytes())

    def read(self, part: tuple[tuple[int, int], ...], max_bytes: int) -> NDArray[Any]:
        """A part of the array.

        Parameters
        ----------
        part : tuple of (start, stop)
            For each side.
        max_bytes : int
            What may be unfolded for it.
        """
        if math.prod(stop - start for start, stop in part) * self.dtype.itemsize > max_bytes:
            raise ValueError("an array is larger than it may be")
        layout = self.message(LAYOUT)
        assert layout is not None, "a dataset has one"
        version = self.file.data[layout.start]
        if version == 3:
            return self._read_3(layout.start, part, max_bytes)
        if version in (1, 2):
            return self._read_1(layout.start, part, max_bytes)
        raise UnsupportedError("arrays in the latest format of HDF5")

    def _read_1(
        self, start: int, part: tuple[tuple[int, int], ...], max_bytes: int
    ) -> NDArray[Any]:
        rank, kind = self.file.unpack("<BB", start + 1)
        if kind == 1:
            return self._whole(self.file.unpack("<Q", start + 8)[0], part)
        if kind == 2:
            (tree,) = self.file.unpack("<Q", start + 8)
            sides = self.file.unpack(f"<{rank - 1}I", start + 16)
            return self._chunked(tree, sides, part, max_bytes)
        raise UnsupportedError("arrays of this kind")

    def _read_3(
        self, start: int, part: tuple[tuple[int, int], ...], max_bytes: int
    ) -> NDArray[Any]:
        kind = self.file.data[start + 1]
        if kind == 0:
            return self._whole(start + 4, part)
        if kind == 1:
            return self._whole(self.file.unpack("<Q", start + 2)[0], part)
        if kind == 2:
            rank, tree = self.file.unpack("<BQ", start + 2)
            sides = self.file.unpack(f"<{max(rank - 1, 0)}I", start + 11)
            return self._chunked(tree, sides, part, max_bytes)
        raise UnsupportedError("arrays of this kind")

    def _whole(self, start: int, part: tuple[tuple[int, int], ...]) -> NDArray[Any]:
        """From an array that lies in one piece."""
        if start == UNDEFINED:
            return self._empty(part)
        count = math.prod(self.shape)
        if start + count * self.dtype.itemsize > len(self.file.data):
            raise ValueError("an array is not whole")
        array: NDArray[Any] = np.frombuffer(self.file.data, self.dtype, count, start)
        return array.reshape(self.shape)[tuple(slice(*each) for each in part)]

    def _empty(self, part: tuple[tuple[int, int], ...]) -> NDArray[Any]:
        return np.zeros([stop - start for start, stop in part], self.dtype)

    def _chunked(
        self,
        tree: int,
        sides: tuple[int, ...],
        part: tuple[tuple[int, int], ...],
        max_bytes: int,
    ) -> NDArray[Any]:
        """From an array that lies in pieces of these sides, each of which may be compressed."""
        if len(sides) != len(self.shape) or 0 in sides:
            raise ValueError("the pieces of an array do not fit it")
        size = math.prod(sides) * self.dtype.itemsize
        filters = self._filters()
        result = self._empty(part)
        covered, unfolded = 0, 0
        seen = set()
        if tree == UNDEFINED:  # nothing was ever written
            return result
        for length, mask, corner, place in self._pieces(tree, len(sides), None):
            spans = [
                (max(begin, start), min(begin + side, stop))
                for begin, side, (start, stop) in zip(corner, sides, part, strict=True)
            ]
            if any(start >= stop for start, stop in spans) or corner in seen:
                continue
            seen.add(corner)
            unfolded += size
            self.file.step(size)
            if unfolded > max_bytes:
                raise ValueError("an array unfolds to more than it may")
            raw = self.file.data[place : place + length]
            if len(raw) < length:
                raise ValueError("a piece of an array is missing")
            for index, kind in reversed(list(enumerate(filters))):
                if not mask >> index & 1:
                    raw = _undo(kind, raw, size, self.dtype.itemsize)
            piece = np.frombuffer(raw, self.dtype, math.prod(sides)).reshape(sides)
            inside = tuple(
                slice(start - begin, stop - begin)
                for begin, (start, stop) in zip(corner, spans, strict=True)
            )
            there = tuple(
                slice(start - first, stop - first)
                for (first, _), (start, stop) in zip(part, spans, strict=True)
            )
            result[there] = piece[inside]
            covered += math.prod(stop - start for start, stop in spans)
        if covered < result.size:
            raise ValueError("pieces of an array are missing")
        return result

    def _pieces(
        self, place: int, rank: int, level: int | None
    ) -> Iterator[tuple[int, int, tuple[int, ...], int]]:
        """Of all pieces: bytes, filters that were left out, first element, place."""
        file = self.file
        file.step()
        file.expect(b"TREE\1", place)
        found, count = file.unpack("<BH", place + 5)
        check_level(found, level)
        step = 24 + 8 * rank
        for index in range(count):
            file.step()
            entry = place + 24 + step * index
            length, mask, *corner = file.unpack(f"<II{rank}Q", entry)
            (child,) = file.unpack("<Q", entry + step - 8)
            if found:
                yield from self._pieces(child, rank, found - 1)
            else:
                yield length, mask, tuple(corner), child

    def _filters(self) -> list[int]:
        """What was done to each piece, in this order."""
        found = self.message(PIPELINE)
        if found is None:
            return []
        version, count = self.file.unpack("<BB", found.start)
        if count > _MAX_FILTERS or version not in (1, 2):
            raise ValueError("an array has too many filters")
        place = found.start + (8 if version == 1 else 2)
        filters = []
        for _ in range(count):
            if version == 1:
                kind, name, _, values = self.file.unpack("<4H", place)
                place += 8 + (name + 7) // 8 * 8 + 4 * (values + values % 2)
            else:
                (kind,) = self.file.unpack("<H", place)
                named = kind >= 256
                numbers = self.file.unpack("<3H" if named else "<2H", place + 2)
                name, values = numbers[0] if named else 0, numbers[-1]
                place += 2 + 2 * len(numbers) + name + 4 * values
            if kind not in (_DEFLATE, _SHUFFLE, _CHECKSUM):
                raise UnsupportedError(f"compression by filter {kind}")
            filters.append(kind)
        return filters


def _undo(kind: int, raw: bytes, size: int, item: int) -> bytes:
    """The bytes of a piece before a filter; never many more than the `size` that they shall be."""
    if kind == _CHECKSUM:
        return raw[:-4]
    if kind == _DEFLATE:
        return zlib.decompressobj().decompress(raw, size + 4)
    # all first bytes of the elements, then all second ones ...
    count = len(raw) // item
    moved = np.frombuffer(raw, np.uint8, count * item).reshape(item, count).T.tobytes()
    return moved + raw[count * item :]
