"""Small files that ask for much: decompression bombs of every container, and files of two kinds.

Every one is drawn by code, so that none lies about as a blob. `BOMBS` maps a name to what makes it.
"""

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable

import imagecodecs
import numpy as np

from tests.support.picture_files import GREY, RGB, bare_tiff, pil, tiff
from tests.support.tem_files import hdf5, mrc_file, velox_file

BIG = 2_000_000_000  # bytes that unfold, more than a reader may take
WIDTH, HEIGHT = 80, 97
SIDE = 10_000  # of a picture at the limit of 100 megapixels


def deflated(size: int, block: int = 1 << 24) -> bytes:
    """A zlib stream of `size` zeros: one block, compressed once, said again and again."""
    squeeze = zlib.compressobj(9, wbits=-15)
    part = squeeze.compress(bytes(block)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    rest = squeeze.compress(bytes(size % block)) + squeeze.flush()
    adler = size % 65521 << 16 | 1  # of zeros
    return b"\x78\xda" + part * (size // block) + rest + struct.pack(">I", adler)


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG."""
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png(*chunks: bytes, width: int = WIDTH, height: int = HEIGHT, bits: int = 8, colour: int = 0):
    """A PNG of these chunks behind its header."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


def png_in_front(*chunks: bytes) -> bytes:
    """A sound PNG with these chunks before its picture."""
    data = pil(GREY)
    return data[:33] + b"".join(chunks) + data[33:]


def archive(member: bytes, name: str = "picture.png") -> bytes:
    """A ZIP with one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, member)
    return buffer.getvalue()


def many_tags(count: int = 65_000) -> bytes:
    """A sound TIFF whose directory has so many entries more."""
    tags = {256: WIDTH, 257: HEIGHT, 258: 8, 259: 1, 262: 1, 277: 1, 278: HEIGHT}
    tags |= {273: 0, 279: GREY.size}
    others = [tag for tag in range(500, 65_536) if tag not in tags][: count - len(tags)]
    tags |= dict.fromkeys(others, 1)
    tags[273] = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + GREY.tobytes()


def long_tags(count: int = 2_000) -> bytes:
    """A TIFF of so many tags, each of which claims the whole file as its text."""
    data = bytearray(many_tags(count))
    for entry in range(10, 10 + 12 * count, 12):
        if struct.unpack_from("<H", data, entry)[0] >= 500:
            struct.pack_into("<HII", data, entry + 2, 2, len(data) - 8, 8)
    return bytes(data)


def many_pages(count: int = 20_000) -> bytes:
    """A TIFF of so many small pages."""
    page = bare_tiff(WIDTH, HEIGHT, t273=8, t279=GREY.size)[8:-4]
    start, step = 8 + GREY.size, len(page) + 4
    pages = [page + struct.pack("<I", start + step * (i + 1)) for i in range(count)]
    return b"II*\0" + struct.pack("<I", start) + GREY.tobytes() + b"".join(pages)


def many_frames(count: int = 2_000) -> bytes:
    """A GIF of so many frames."""
    data = pil(GREY, "GIF")
    frame = data.rindex(b"\x2c", 0, data.index(GREY.tobytes()[:0], 800) + 800)
    return data[:frame] + data[frame:-1] * count + b";"


def many_scans(count: int = 2_000, side: int = SIDE) -> bytes:
    """A progressive JPEG at the limit of pixels whose empty scans each cost a walk over it."""
    data = pil(np.broadcast_to(np.uint8(90), (64, 64)), "JPEG", progressive=True)
    size = data.index(b"\xff\xc2") + 5
    data = data[:size] + struct.pack(">HH", side, side) + data[size + 4 :]
    first = data.index(b"\xff\xda")
    ends = [at for at in range(first + 2, len(data) - 1) if data[at] == 255 and data[at + 1] != 0]
    scan = data[first : ends[0]]
    return data[:first] + scan + scan * count + b"\xff\xd9"


def tall(width: int, height: int) -> bytes:
    """A TIFF at the limit of pixels, deflated zeros."""
    packed = deflated(width * height)
    return bare_tiff(width, height, packed, t259=8)


def planes(samples: int, bits: int) -> bytes:
    """A TIFF at the limit of pixels with so many samples for each, deflated zeros."""
    unfolded = SIDE * SIDE * samples * bits // 8
    return bare_tiff(SIDE, SIDE, deflated(unfolded), bits=bits, t259=8, t277=samples, t284=1)


def many_dm_tags(count: int = 2_000_000) -> bytes:
    """A .dm4 whose only group has so many empty groups."""
    empty = struct.pack(">BHQ", 20, 0, 10) + b"\1\0" + struct.pack(">Q", 0)
    root = b"\1\0" + struct.pack(">Q", count) + empty * count
    return struct.pack(">IQI", 4, len(root), 1) + root


def shared_nodes(levels: int = 4, entries: int = 60) -> bytes:
    """An .emd whose array has a tree in which all entries of a node lead to the same node below."""
    data = bytearray(velox_file(GREY, chunks=(97, 80, 1)))
    leaf = data.index(b"TREE\1\0")
    layout = data.index(b"\3\2\4" + struct.pack("<Q", leaf))
    (piece,) = struct.unpack_from("<Q", data, leaf + 64)
    for level in range(levels):
        key = struct.pack("<II4Q", GREY.size, 0, 0, 0, 0, 0)
        node = b"TREE\1" + struct.pack("<BHQQ", level, entries, 2**64 - 1, 2**64 - 1)
        node += (key + struct.pack("<Q", piece)) * entries + key
        piece = len(data)
        data += node
    struct.pack_into("<Q", data, layout + 3, piece)
    return bytes(data)


def groups_in_circles(count: int = 50) -> bytes:
    """An .emd in which every group holds all groups."""

    def fill(file) -> None:
        groups = [file.create_group(f"g{i}") for i in range(count)]
        for group in groups:
            for i, other in enumerate(groups):
                group[f"h{i}"] = other

    return hdf5(fill)


def unfolding_piece(size: int = BIG) -> bytes:
    """An .emd of one compressed piece that unfolds to far more than it should."""
    flat = np.zeros_like(GREY)
    data = velox_file(flat, chunks=(HEIGHT, WIDTH, 1), compression="gzip")
    bomb = deflated(size)
    longer = bytearray(data + bomb)
    entry = longer.index(struct.pack("<Q", data.index(zlib.compress(flat.tobytes(), 4))))
    struct.pack_into("<Q", longer, entry, len(data))
    struct.pack_into("<I", longer, entry - 40, len(bomb))
    return bytes(longer)


def huge_array() -> bytes:
    """An .emd that says it has an array of 10^12 numbers, of which none was written."""

    def fill(file) -> None:
        group = file.create_group("data")
        group.attrs["emd_group_type"] = 1
        group.create_dataset("data", shape=(1_000_000, 1_000_000), dtype="u1", chunks=(100, 100))

    return hdf5(fill)


BOMBS: dict[str, Callable[[], bytes]] = {
    "png": lambda: png(chunk(b"IDAT", deflated(BIG))),
    "png at the limit": lambda: png(
        chunk(b"IDAT", deflated(SIDE * (SIDE + 1))), width=SIDE, height=SIDE
    ),
    "png at the limit, 16 bits, four bands": lambda: png(
        chunk(b"IDAT", deflated(SIDE * (8 * SIDE + 1))),
        width=SIDE,
        height=SIDE,
        bits=16,
        colour=6,
    ),
    "png text": lambda: png_in_front(chunk(b"zTXt", b"a\0\0" + deflated(BIG))),
    "png texts": lambda: png_in_front(*[chunk(b"zTXt", b"a\0\0" + deflated(1 << 24))] * 500),
    "png international text": lambda: png_in_front(chunk(b"iTXt", b"a\0\1\0\0\0" + deflated(BIG))),
    "png profile": lambda: png_in_front(chunk(b"iCCP", b"a\0\0" + deflated(BIG))),
    "png of a million chunks": lambda: png_in_front(chunk(b"tEXt", b"a\0b") * 1_000_000),
    "tiff deflate": lambda: bare_tiff(WIDTH, HEIGHT, deflated(BIG), t259=8),
    "tiff lzw": lambda: bare_tiff(WIDTH, HEIGHT, imagecodecs.lzw_encode(bytes(1 << 26)), t259=5),
    "tiff packbits": lambda: bare_tiff(WIDTH, HEIGHT, b"\x81\0" * 4_000_000, t259=32773),
    "tiff lzma": lambda: bare_tiff(WIDTH, HEIGHT, lzma.compress(bytes(1 << 24)), t259=34925),
    "tiff zstd": lambda: bare_tiff(
        WIDTH, HEIGHT, imagecodecs.zstd_encode(bytes(1 << 28)), t259=50000
    ),
    "tiff at the limit": lambda: tall(SIDE, SIDE),
    "tiff of one row": lambda: tall(SIDE * SIDE, 1),
    "tiff of 64 rows": lambda: tall(SIDE * SIDE // 64, 64),
    "tiff of four samples, 16 bits": lambda: planes(4, 16),
    "tiff of 16 samples": lambda: planes(16, 8),
    "tiff of 16 samples, 64 bits": lambda: planes(16, 64),
    "tiff of 65,000 tags": many_tags,
    "tiff of long tags": long_tags,
    "tiff of 20,000 pages": many_pages,
    "gif": lambda: pil(GREY, "GIF").replace(
        struct.pack("<HH", WIDTH, HEIGHT), struct.pack("<HH", 65535, 65535)
    ),
    "gif of 2,000 frames": many_frames,
    "jpeg": lambda: pil(GREY, "JPEG").replace(
        struct.pack(">HH", HEIGHT, WIDTH), struct.pack(">HH", 65500, 65500)
    ),
    "jpeg of 2,000 scans": many_scans,
    "bmp": lambda: pil(GREY, "BMP").replace(
        struct.pack("<II", WIDTH, HEIGHT), struct.pack("<II", 1 << 30, 1 << 30)
    ),
    "dm4 of two million tags": many_dm_tags,
    "emd of shared nodes": shared_nodes,
    "emd of groups in circles": groups_in_circles,
    "emd deflate": unfolding_piece,
    "emd of a huge array": huge_array,
    "mrc": lambda: struct.pack("<4i", 10_000, 10_000, 1_000_000, 2) + mrc_file(GREY)[16:],
    "zip": lambda: archive(bytes(1 << 24)),
    "zip in a zip": lambda: archive(archive(bytes(1 << 24)), "again.zip"),
    "gzip": lambda: gzip.compress(bytes(1 << 24)),
}

POLYGLOTS: dict[str, Callable[[], bytes]] = {
    "png and zip": lambda: pil(GREY) + archive(b"MZ"),
    "gif and javascript": lambda: pil(GREY, "GIF") + b"=1;alert(1)//",
    "jpeg and html": lambda: pil(GREY, "JPEG", comment=b"<script>alert(1)</script>"),
    "tiff and pdf": lambda: tiff(GREY, description="%PDF-1.7 <script>") + b"%%EOF",
    "bmp and executable": lambda: pil(RGB, "BMP") + b"MZ\x90\0",
}
