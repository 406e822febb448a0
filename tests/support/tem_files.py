"""Files of transmission electron microscopes, built for tests: DM3, DM4, SER, EMD and MRC.

Gatan's tags, TIA's elements and the MRC header are written here byte by byte. The HDF5 of EMD files
is written by h5py, the library that most of them come from.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping, Sequence

import h5py
import numpy as np

# ---- Gatan DigitalMicrograph ----

DM_TYPES = {"i2": 1, "f4": 2, "c8": 3, "u1": 6, "i4": 7, "i1": 9, "u2": 10, "u4": 11, "f8": 12}
_TAG_TYPES = {"i2": 2, "i4": 3, "u2": 4, "u4": 5, "f4": 6, "f8": 7, "i1": 9, "u1": 10, "c8": None}


class Dm:
    """Writes tags of a version (3 or 4) with values in a byte order."""

    def __init__(self, version: int = 3, order: str = "<") -> None:
        self.version, self.order = version, order
        self.long = ">Q" if version == 4 else ">I"

    def number(self, value) -> bytes:
        """A value of the usual type: 32-bit integer, or 64-bit float."""
        kind, letter = (3, "i") if isinstance(value, int) else (7, "d")
        return self._value((kind,), struct.pack(self.order + letter, value))

    def text(self, text: str) -> bytes:
        """An array of 16-bit characters."""
        raw = text.encode("utf-16-be" if self.order == ">" else "utf-16-le")
        return self._value((20, 4, len(raw) // 2), raw)

    def array(self, array: np.ndarray) -> bytes:
        """An array of numbers; of structures of four bytes where it is in colour."""
        letters = array.dtype.str[1:]
        if letters == "c8":
            kinds: tuple[int, ...] = (20, 15, 0, 2, 0, 6, 0, 6, array.size)
        else:
            kinds = (20, _TAG_TYPES[letters], array.size)
        return self._value(kinds, array.astype(array.dtype.newbyteorder(self.order)).tobytes())

    def _value(self, kinds: Sequence[int], raw: bytes) -> bytes:
        return (
            b"%%%%"
            + struct.pack(self.long, len(kinds))
            + b"".join(struct.pack(self.long, each) for each in kinds)
            + raw
        )

    def group(self, members: Mapping[str, object] | Sequence[object]) -> bytes:
        """A group: of names, or of tags without any."""
        named = (
            list(members.items()) if isinstance(members, Mapping) else [("", m) for m in members]
        )
        out = b"\1\0" + struct.pack(self.long, len(named))
        for name, member in named:
            inside = isinstance(member, Mapping | list | tuple)
            content = self.group(member) if inside else self._leaf(member)
            raw = name.encode("latin-1")
            out += struct.pack(">BH", 20 if inside else 21, len(raw)) + raw
            if self.version == 4:
                out += struct.pack(">Q", len(content))
            out += content
        return out

    def _leaf(self, value) -> bytes:
        if isinstance(value, str):
            return self.text(value)
        return self.array(value) if isinstance(value, np.ndarray) else self.number(value)

    def file(self, tags: Mapping[str, object]) -> bytes:
        """The whole file."""
        root = self.group(tags)
        head = struct.pack(">I", self.version) + struct.pack(self.long, len(root) + 4)
        return head + struct.pack(">I", int(self.order == "<")) + root + bytes(8)


def dm_image(
    array: np.ndarray,
    scale: Sequence[float] = (0.25, 0.25),
    units: Sequence[str] = ("nm", "nm"),
    name: str = "particles",
    tags: Mapping[str, object] | None = None,
    code: int | None = None,
) -> dict[str, object]:
    """An entry of ``ImageList``; `scale` and `units` with x first."""
    code = code or DM_TYPES[array.dtype.str[1:]]
    sides = array.shape[::-1] if code != 23 else array.shape[-2::-1]
    return {
        "ImageData": {
            "Calibrations": {
                "Brightness": {"Origin": 0.0, "Scale": 1.0, "Units": ""},
                "Dimension": [
                    {"Origin": 0.0, "Scale": float(size), "Units": unit}
                    for size, unit in zip(scale, units, strict=True)
                ],
            },
            "Data": array,
            "DataType": code,
            "Dimensions": list(map(int, sides)),
            "PixelDepth": array.itemsize,
        },
        "ImageTags": dict(tags or {}),
        "Name": name,
    }


def dm_file(
    *images: Mapping[str, object],
    version: int = 3,
    order: str = "<",
    thumbnail: bool = True,
) -> bytes:
    """A .dm3 or .dm4; the thumbnail stands first, as in files of the program."""
    first = dm_image(np.zeros((32, 32, 4), np.uint8), (1.0, 1.0), ("", ""), "", code=23)
    entries = [first, *images] if thumbnail else list(images)
    tags: dict[str, object] = {
        "ApplicationBounds": 0,
        "ImageList": entries,
        "InImageMode": 1,
    }
    if thumbnail:
        tags["Thumbnails"] = [{"ImageIndex": 0, "SourceSize_Pixels": 0}]
    return Dm(version, order).file(tags)


# ---- TIA ----

SER_TYPES = {"u1": 1, "u2": 2, "u4": 3, "i1": 4, "i2": 5, "i4": 6, "f4": 7, "f8": 8, "c8": 9}


def ser_file(
    *arrays: np.ndarray,
    metres: tuple[float, float] = (2.5e-10, 2.5e-10),
    wide: bool = True,
    kind: int = 0x4122,
    total: int | None = None,
) -> bytes:
    """A .ser of these images, stored with their lowest row first; `metres` along x and y."""
    form = "q" if wide else "i"
    name, unit = b"Number", b"meters"
    dimension = struct.pack("<iddi", len(arrays), 0.0, 1.0, 0)
    dimension += struct.pack("<i", len(name)) + name + struct.pack("<i", len(unit)) + unit
    total = len(arrays) if total is None else total
    head_size = 22 + struct.calcsize("<" + form) + 4
    table = head_size + len(dimension)
    begin = table + 2 * total * struct.calcsize("<" + form)
    body, places = b"", []
    for array in arrays:
        places.append(begin + len(body))
        height, width = array.shape
        body += struct.pack(
            "<ddiddihii",
            *(0.0, metres[0], 0, 0.0, metres[1], 0),
            *(SER_TYPES[array.dtype.str[1:]], width, height),
        )
        body += array[::-1].tobytes()
        body += struct.pack("<hhi", 0x4152, 0, 0)  # its tag, with the time
    places += [0] * (total - len(places))
    head = b"II" + struct.pack("<Hh", 0x0197, 0x0220 if wide else 0x0210)
    head += struct.pack("<iiii", kind, 0x4152, total, len(arrays))
    head += struct.pack(f"<{form}i", table, 1)
    offsets = struct.pack(f"<{total}{form}", *places)
    return head + dimension + offsets + offsets + body


# ---- MRC ----

MRC_MODES = {"i1": 0, "u1": 0, "i2": 1, "f4": 2, "c8": 4, "u2": 6, "f2": 12}


def mrc_file(
    array: np.ndarray,
    angstrom: tuple[float, float] = (2.5, 2.5),
    order: str = "<",
    extended: bytes = b"",
    kind: bytes = b"\0\0\0\0",
    mode: int | None = None,
) -> bytes:
    """An .mrc of an image or a stack (n, height, width); `angstrom` a pixel along x and y."""
    stack = array if array.ndim == 3 else array[None]
    count, height, width = stack.shape
    mode = MRC_MODES[array.dtype.str[1:]] if mode is None else mode
    head = bytearray(1024)
    struct.pack_into(f"{order}4i", head, 0, width, height, count, mode)
    struct.pack_into(f"{order}3i", head, 28, width, height, count)
    sides = width * angstrom[0], height * angstrom[1], count * 1.0
    struct.pack_into(f"{order}6f", head, 40, *sides, 90, 90, 90)
    struct.pack_into(f"{order}3i", head, 64, 1, 2, 3)
    struct.pack_into(f"{order}2i", head, 88, 0, len(extended))
    head[104:108] = kind
    if array.dtype == np.uint8:
        struct.pack_into(f"{order}2i", head, 152, 1146047817, 0)
    head[208:212] = b"MAP "
    head[212:214] = b"\x11\x11" if order == ">" else b"\x44\x44"
    stored = stack[:, ::-1].astype(array.dtype.newbyteorder(order))
    return bytes(head) + extended + stored.tobytes()


# ---- EMD ----


def hdf5(fill, **options) -> bytes:
    """An HDF5 file that `fill`, a function of an open one, fills."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", **options) as file:
        fill(file)
    return buffer.getvalue()


def velox_metadata(
    size=("2.5e-10", "2.5e-10"), unit: str = "m", detector: str = "HAADF", **more
) -> bytes:
    """The JSON of a frame, in the fixed length that Velox gives it."""
    values = {
        "Core": {"MetadataDefinitionVersion": "7.9"},
        "Instrument": {"Manufacturer": "Thermo Fisher Scientific", "InstrumentModel": "Talos"},
        "Optics": {"AccelerationVoltage": "200000", "NominalMagnification": "57000"},
        "BinaryResult": {
            "PixelSize": {"width": size[0], "height": size[1]},
            "PixelUnitX": unit,
            "PixelUnitY": unit,
            "Detector": detector,
        },
        **more,
    }
    return json.dumps(values).encode().ljust(60_000, b"\0")


def velox_file(
    *arrays: np.ndarray,
    metadata: Sequence[bytes] | None = None,
    chunks: tuple[int, ...] | bool = True,
    **options,
) -> bytes:
    """A Velox .emd; each array is an image (rows, columns) or has frames last."""
    described = metadata or [velox_metadata()] * len(arrays)

    def fill(file) -> None:
        file["Version"] = '{"format": "Velox", "version": "11"}'
        for index, (array, text) in enumerate(zip(arrays, described, strict=True)):
            group = file.create_group(f"Data/Image/{index:032x}")
            frames = array if array.ndim == 3 else array[..., None]
            group.create_dataset("Data", data=frames, chunks=chunks, **options)
            column = np.frombuffer(text, np.uint8)[:, None].repeat(frames.shape[2], axis=1)
            group.create_dataset("Metadata", data=column, chunks=(len(text), 1))

    return hdf5(fill)


def berkeley_file(
    array: np.ndarray,
    sizes: Sequence[float] = (0.25, 0.25),
    units: Sequence[str] = ("[n_m]", "[n_m]"),
    first: int = 1,
    fixed: bool = False,
    **options,
) -> bytes:
    """A Berkeley .emd: `sizes` and `units` of each side, in the array's order."""

    def fill(file) -> None:
        file.attrs["version_major"], file.attrs["version_minor"] = 0, 2
        group = file.create_group("data/particles")
        group.attrs["emd_group_type"] = 1
        group.create_dataset("data", data=array, **options)
        for index, (side, size, unit) in enumerate(zip(array.shape, sizes, units, strict=True)):
            positions = file.create_dataset(
                f"data/particles/dim{first + index}", data=np.arange(side) * size
            )
            positions.attrs["name"] = "xyz"[index]
            positions.attrs["units"] = np.bytes_(unit) if fixed else unit

    return hdf5(fill)
