"""Hostile files, made from sound ones: for `tests.fuzz` and tests.io.test_hostile."""

import copy
import json
import random
import struct
from collections.abc import Callable
from functools import cache

from semseg.display import DEFAULT
from semseg.export.session import FORMATS, KIND
from semseg.settings import Settings
from tests.support.picture_files import (
    GREY,
    RGB,
    fei_base64,
    hitachi_text,
    ini_block,
    jem_text,
    jeol_exif,
    jeol_text,
    old_fei_sections,
    ome_xml,
    phenom_block,
    pil,
    sightx_xml,
    tescan_block,
    text_tag,
    tiff,
    tvips_header,
    with_exif,
    with_olympus,
    zeiss_block,
)
from tests.support.tem_files import (
    berkeley_file,
    dm_file,
    dm_image,
    mrc_file,
    ser_file,
    velox_file,
)

_EXTREMES_16 = (0, 1, 0x7FFF, 0x8000, 0xFFFF)
_NAMES = ("", "x" * 1000, "\n", "\ud800", "__class__", "name", "kind")
_VALUES = (
    *(None, True, 0, -1, 2, 0.5, 1e308, -1e308, float("nan"), float("inf"), 10**30),
    *("", "auto", "1", "nan", "../../a", "<b>", "\x1b[2J", "\ud800", "x" * 5000),
    *([], {}, [[]], {"": None}, [0] * 1000),
)
_EXTREMES_32 = (0, 1, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def seeds() -> dict[str, bytes]:
    """Sound files by kind; the part before the dash says which reader takes them."""
    settings = json.dumps(Settings().to_dict()).encode()
    picture = {"name": "a.tif", "sha256": "0" * 64, "edits": {"3": True}, "result": {"found": 1}}
    session = {
        "kind": KIND,
        "format": FORMATS[-1],
        "software": "1",
        "model": {"name": "model", "sha256": "0" * 64},
        "provider": "cpu",
        "settings": Settings().to_dict(),
        "display": DEFAULT.to_dict(),
        "pictures": [picture],
    }
    return {
        "picture-tiff": tiff(GREY),
        "picture-tiff-pages": tiff(GREY[None].repeat(3, axis=0)),
        "picture-tiff-deflate": tiff(GREY, compression="zlib"),
        "picture-tiff-tiles": tiff(GREY, tile=(32, 32)),
        "picture-tiff-big": tiff(GREY, bigtiff=True),
        "picture-tiff-motorola": tiff(GREY, byteorder=">"),
        "picture-tiff-float": tiff(GREY.astype("float32")),
        "picture-png": pil(GREY),
        "picture-png-colour": pil(RGB),
        "picture-jpeg": pil(GREY, "JPEG"),
        "picture-bmp": pil(GREY, "BMP"),
        "picture-webp": pil(RGB, "WEBP"),
        "picture-gif": pil(GREY, "GIF"),
        **{f"picture-{vendor}": data for vendor, data in vendors_pictures().items()},
        **{f"picture-{name}": data for name, data in tem_pictures().items()},
        "sidecar-jeol": jeol_text() + b"$CM_FIELD_OF_VIEW 32.0um 24.0um\r\n",
        "sidecar-jem": jem_text(),
        "sidecar-hitachi": hitachi_text(WorkingDistance="8100 um", Date="2019/03/12"),
        "sidecar-hitachi-utf16": hitachi_text().decode().encode("utf-16"),
        "sidecar-tescan": ini_block({"MAIN": {"PixelSizeX": 1e-9, "ImageWidth": 80, "HV": 5000}}),
        "settings-json": settings,
        "session-json": json.dumps(session).encode(),
    }


def vendors_pictures() -> dict[str, bytes]:
    """A sound TIFF of every vendor whose metadata are read."""
    fei = {"Scan": {"PixelWidth": 2e-9, "PixelHeight": 2e-9}, "Image": {"ResolutionX": 80}}
    gatan = [(tag, 12, 1, 2.0, True) for tag in (65009, 65010)]
    gatan += [(tag, 2, 0, b"nm", True) for tag in (65003, 65004)]
    entries = {"AP_IMAGE_PIXEL_SIZE": "Image Pixel Size = 7.344 nm", "AP_WIDTH": "Width = 587.5 nm"}
    tags = {
        "zeiss": [text_tag(34118, zeiss_block(entries))],
        "fei": [text_tag(34682, ini_block(fei))],
        "phenom": [text_tag(34683, phenom_block("0.05"))],
        "tescan": [text_tag(50431, tescan_block({"PixelSizeX": 1e-9, "Sign": "x"}), dtype=1)],
        "gatan": gatan,
        "fei-old": [text_tag(34680, ini_block(old_fei_sections()))],
        "fei-base64": [text_tag(34680, fei_base64())],
        "sightx": [text_tag(270, sightx_xml()), text_tag(271, b"JEOL Ltd.")],
        "ome": [text_tag(270, ome_xml('SizeX="80" PhysicalSizeX="1" PhysicalSizeXUnit="nm"'))],
        "tvips": [text_tag(37706, tvips_header(1.0, size=(80, 97)), dtype=1)],
    }
    imagej = tiff(
        GREY, photometric=None, imagej=True, resolution=(0.5, 0.5), metadata={"unit": "nm"}
    )
    return {
        **{
            vendor: tiff(GREY, extratags=extra, metadata=None, resolution=(100, 110))
            for vendor, extra in tags.items()
        },
        "jeol": with_exif(GREY, {37500: jeol_exif(CM_IMAGE_SIZE="80 97")}),
        "imagej": imagej,
        "olympus": with_olympus(
            lambda tag: tiff(GREY, extratags=[tag], metadata=None), 2.0, 2.0, -9
        ),
    }


@cache
def tem_pictures() -> dict[str, bytes]:
    """A sound file of every format of TEMs."""
    stack = GREY.astype("uint16")[None].repeat(3, axis=0)
    return {
        "dm3": dm_file(dm_image(GREY)),
        "dm4": dm_file(dm_image(stack, (0.25, 0.25, 1.0), ("nm", "nm", "s")), version=4),
        "ser": ser_file(*stack),
        "mrc": mrc_file(stack),
        "velox": velox_file(GREY, chunks=(50, 50, 1), compression="gzip", shuffle=True),
        "berkeley": berkeley_file(GREY),
    }


def _truncate(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _flip(data: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        # Headers are short, and most of what can go wrong is in them.
        end = chance.choice((min(len(out), 512), len(out)))
        out[chance.randrange(end)] ^= 1 << chance.randrange(8)
    return bytes(out)


def _splice(data: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(data)) for _ in range(2))
    place = chance.randrange(len(data))
    return data[:place] + data[start:end] + data[place:]


def _extreme(data: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    code, values = chance.choice((("H", _EXTREMES_16), ("I", _EXTREMES_32)))
    code = chance.choice("<>") + code
    place = chance.randrange(max(1, chance.choice((min(len(out), 512), len(out))) - 4))
    struct.pack_into(code, out, place, chance.choice(values))
    return bytes(out)


def _point_back(data: bytes, chance: random.Random) -> bytes:
    """Overwrite a field with a place inside the file: directories overlap or run in circles."""
    out = bytearray(data)
    code = ("<>"[data[:2] == b"MM"]) + "IQ"[b"+" in data[2:4]]
    place = chance.randrange(max(1, len(out) - struct.calcsize(code)))
    struct.pack_into(code, out, place, chance.randrange(len(out)))
    return bytes(out)


def _other_values(data: bytes, chance: random.Random) -> bytes:
    """JSON in which a few values, or names, are others; what is no JSON comes back cut off."""
    try:
        tree = json.loads(data)
    except ValueError:
        return _truncate(data, chance)
    for _ in range(chance.randint(1, 3)):
        place, key = tree, None
        while isinstance(place, dict | list) and place:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            inside, key = place, chance.choice(keys)
            place = inside[key]
            if chance.random() < 0.3:
                break
        if key is None:
            return data
        if isinstance(inside, dict) and chance.random() < 0.3:
            value = inside.pop(key)
            if chance.random() < 0.5:
                inside[chance.choice(_NAMES)] = value
        else:
            inside[key] = copy.deepcopy(chance.choice(_VALUES))
    return json.dumps(tree).encode()


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _truncate,
    _flip,
    _splice,
    _extreme,
    _point_back,
)


def mutated(count: int, seed: int):
    """Yield `count` pairs of kind and mutated file, the same for the same seed."""
    chance = random.Random(seed)
    sound = list(seeds().items())
    for _ in range(count):
        kind, data = chance.choice(sound)
        # bytes that are changed make no JSON any more, so few get past the parser
        values = kind.endswith("json") and chance.random() < 0.8
        for _ in range(chance.randint(1, 3)):
            if len(data) >= 16:
                data = (_other_values if values else chance.choice(MUTATIONS))(data, chance)
        yield kind, data


BROKEN_JSON = {
    "deep": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "not a number": b'{"kind": NaN}',
    "huge number": b'{"format": ' + b"9" * 10_000 + b"}",
    "surrogate": b'{"kind": "\\ud800"}',
    "name of two lines": b'{"a\\nb": 1}',
    "unknown surrogate": b'{"\\ud800": 1}',
    "not UTF-8": b"\xff\xfe\x00",
    "list": b"[]",
    "nothing": b"",
}
