"""HDF5, as far as electron microscopes use it: groups, attributes, arrays of numbers, texts.

Files come from anybody. The HDF5 library runs in endless loops on damaged ones (four of 3,000 that
were mutated as `tests.fuzz` does it, with h5py 3.16), which nothing in the same process can end,
and it follows links to other files of the computer. So the part of the format that microscopes
write is read here, with a limit on how much is looked at (`headers.MAX_STEPS`) and unfolded;
nothing but the bytes given is ever opened. Files in the library's "latest" format may use parts
that are not read (`UnsupportedError`).

Source: HDF5 File Format Specification Version 3.0, https://support.hdfgroup.org/documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from semseg.io.decoding.hdf5.arrays import Dataset
from semseg.io.decoding.hdf5.headers import (
    LINK,
    LINK_INFO,
    TABLE,
    UNDEFINED,
    File,
    Header,
    UnsupportedError,
    check_level,
)

__all__ = ["SIGNATURE", "Dataset", "Group", "UnsupportedError", "root_of"]

_MAX_NAME = 10_000
SIGNATURE = b"\x89HDF\r\n\x1a\n"


def root_of(data: bytes) -> Group:
    """The group that holds all others, of the bytes of a file.

    Raises
    ------
    UnsupportedError, ValueError, struct.error
        As by everything that is asked of it: the file is damaged, or uses what is not read.
    """
    file = File(data)
    version = data[8]
    wide = data[13:15] if version < 2 else data[9:11]
    if wide != b"\x08\x08":
        raise UnsupportedError("places of other than 8 bytes")
    if version < 2:
        start = 24 if version == 0 else 28
        base, root = file.unpack("<Q", start)[0], file.unpack("<Q", start + 40)[0]
    elif version < 4:
        base, root = file.unpack("<Q", 12)[0], file.unpack("<Q", 36)[0]
    else:
        raise UnsupportedError(f"HDF5 of version {version}")
    if base:
        raise UnsupportedError("a block in front of the HDF5")
    return Group(file, root)


class Group(Header):
    """A folder of groups and datasets."""

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def names(self) -> list[str]:
        """Of its members."""
        return list(self._places)

    def group(self, name: str) -> Group | None:
        """The group of that name, if there is one."""
        found = self._member(name)
        return found if isinstance(found, Group) else None

    def dataset(self, name: str) -> Dataset | None:
        """The dataset of that name, if there is one."""
        found = self._member(name)
        return found if isinstance(found, Dataset) else None

    def _member(self, name: str) -> Group | Dataset | None:
        place = self._places.get(name)
        if place is None:
            return None
        found = Group(self.file, place)
        return Dataset(self.file, place) if found.is_dataset else found

    @cached_property
    def _places(self) -> dict[str, int]:
        """Headers of the members, by name; links to other names and files are left out."""
        table = self.message(TABLE)
        if table is not None:
            tree, heap = self.file.unpack("<QQ", table.start)
            self.file.expect(b"HEAP", heap)
            size, _, start = self.file.unpack("<QQQ", heap + 8)
            self.file.step(min(size, len(self.file.data)))
            return dict(self._from_tree(tree, self.file.data[start : start + size], None))
        info = self.message(LINK_INFO)
        if info is not None:
            place = info.start + (10 if self.file.data[info.start + 1] & 1 else 2)
            if self.file.unpack("<Q", place)[0] != UNDEFINED:
                raise UnsupportedError("large groups in the latest format of HDF5")
        links = (self._link(each.start) for each in self.found_messages if each.kind == LINK)
        return dict(link for link in links if link)

    def _from_tree(self, place: int, names: bytes, level: int | None) -> Iterator[tuple[str, int]]:
        file = self.file
        file.step()
        if file.data[place : place + 4] == b"SNOD":
            (count,) = file.unpack("<H", place + 6)
            for index in range(count):
                file.step()
                name, header, cache = file.unpack("<QQI", place + 8 + 40 * index)
                if cache != 2 and header != UNDEFINED:
                    stop = names.index(b"\0", name, name + _MAX_NAME)
                    yield names[name:stop].decode("utf-8", "replace"), header
            return
        file.expect(b"TREE\0", place)
        found, count = file.unpack("<BH", place + 5)
        check_level(found, level)
        for index in range(count):
            (child,) = file.unpack("<Q", place + 32 + 16 * index)
            yield from self._from_tree(child, names, found - 1)

    def _link(self, start: int) -> tuple[str, int] | None:
        data = self.file.data
        flags, place = data[start + 1], start + 2
        if flags & 8:
            if data[place] != 0:
                return None
            place += 1
        place += (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
        width = 1 << (flags & 3)
        length = int.from_bytes(data[place : place + width], "little")
        place += width
        name = data[place : place + length].decode("utf-8", "replace")
        return name, self.file.unpack("<Q", place + length)[0]
