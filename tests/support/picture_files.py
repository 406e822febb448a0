"""Pictures as the bytes of files, for tests of reading."""

import base64
import io
import struct
import warnings

import numpy as np
import tifffile
from PIL import Image

from semseg.io.micrograph import read_micrograph

# Taller than wide and not symmetric, so that a swapped axis or a mirrored row shows.
SHAPE = (97, 80)
GREY = np.random.default_rng(1).integers(0, 256, SHAPE, dtype=np.uint8)
RGB = np.random.default_rng(2).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
RGB_LUMA = RGB @ np.array([0.299, 0.587, 0.114])


def tiff(array, **kwargs) -> bytes:
    buffer = io.BytesIO()
    kwargs.setdefault("photometric", "minisblack")
    tifffile.imwrite(buffer, array, **kwargs)
    return buffer.getvalue()


def tiff_pages(*arrays, **options) -> bytes:
    """A TIFF of several pages, each grey or in colour; options of a page as ``page0={...}``."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for index, array in enumerate(arrays):
            kind = "rgb" if array.ndim == 3 else "minisblack"
            more = options.get(f"page{index}", {})
            writer.write(array, photometric=kind, metadata=None, **more)
    return buffer.getvalue()


def pil(array, format="PNG", mode=None, **kwargs) -> bytes:
    buffer = io.BytesIO()
    picture = array if isinstance(array, Image.Image) else Image.fromarray(array)
    (picture.convert(mode) if mode else picture).save(buffer, format, **kwargs)
    return buffer.getvalue()


def spread(dtype) -> np.ndarray:
    """Return values over the whole range of `dtype` (floats: -1000 to 1000)."""
    dtype = np.dtype(dtype)
    steps = np.linspace(0, 1, GREY.size).reshape(SHAPE)
    if dtype.kind == "f":
        return (steps * 2000 - 1000).astype(dtype)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    return (low + steps * (float(high) - low) * 0.999).astype(dtype)


def bare_tiff(width, height, data=b"", bits=8, **changes) -> bytes:
    """Return a little-endian TIFF of one strip; `changes` overwrite tags, as ``t259=1``."""
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: 1, 277: 1, 278: height}
    tags |= {273: 8 + 2 + 12 * 9 + 4, 279: len(data)}
    tags |= {int(key[1:]): value for key, value in changes.items()}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + data


def check(data: bytes, expected, bit_depth: int, notes: int = 0, tolerance: float = 0):
    """The file holds this picture and reads without a warning; returns the micrograph."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        micrograph = read_micrograph(data, "picture.any")
    assert micrograph.grey.dtype == np.float32
    assert micrograph.grey.flags.c_contiguous
    assert not micrograph.grey.flags.writeable
    np.testing.assert_allclose(micrograph.grey, expected, rtol=0, atol=tolerance)
    assert micrograph.bit_depth == bit_depth
    assert len(micrograph.notes) == notes, micrograph.notes
    return micrograph


# ---- what vendors write into and beside their pictures ----


def text_tag(code: int, data: bytes, dtype: int = 2) -> tuple:
    """A tag for the `extratags` of tifffile: ASCII (2) or bytes (1)."""
    return (code, dtype, 0 if dtype == 2 else len(data), data, True)


def zeiss_block(entries: dict[str, str], pixel_m: str = "7.343750e-009") -> bytes:
    """Tag 34118 as Zeiss SmartSEM writes it: unnamed numbers, then key and value lines."""
    lines = ["0", "0", "0", pixel_m, "5.000000e+004", "6", "778"]
    lines += ["DP_OPTIMODE", "OptiBeam Mode = Resolution"]
    for key, value in entries.items():
        lines += [key, value]
    return "\r\n".join([*lines, ""]).encode("cp1252")


def ini_block(sections: dict[str, dict[str, object]]) -> bytes:
    """An INI text: FEI's tags 34680 and 34682, Hitachi's ``.txt``, TESCAN's ``.hdr``."""
    lines = []
    for section, entries in sections.items():
        lines += [f"[{section}]", *(f"{key}={value}" for key, value in entries.items()), ""]
    return "\r\n".join(lines).encode()


def tescan_block(main: dict[str, object], thumbnail: bytes = b"\xff\xd8\x00PixelSize\xff") -> bytes:
    """Tag 50431 as TESCAN writes it: blocks of length, type and content, a thumbnail first."""

    def block(kind: int, content: bytes) -> bytes:
        return struct.pack("<IH", len(content) + 2, kind) + content

    def text(entries: dict[str, object]) -> bytes:
        return "".join(f"{key}={value}\r\n" for key, value in entries.items()).encode()

    sem = text({"HV": 15000.0, "WD": 0.01})
    return block(1, thumbnail) + block(2, text(main)) + block(3, sem) + block(0, b"")


def phenom_block(width: str, unit: str = ' unit="um"', height: str = "", bar: str = "") -> bytes:
    """The XML of a Phenom; `height` and `bar` are whole elements."""
    return (
        f'<?xml version="1.0"?><FeiImage version="1.0">{bar}<displayWidth>280</displayWidth>'
        f"<pixelWidth{unit}>{width}</pixelWidth>{height}</FeiImage>"
    ).encode()


def with_olympus(data_of, across: float, down: float, exponent: int) -> bytes:
    """A TIFF with the SIS structure of tag 33560; `data_of` writes one with these extra tags."""
    head = struct.pack("<4s6x5h6x32sH", b"SIS0", 0, 12, 1, 0, 120, b"test", 1)
    values = struct.pack("<10xhdd8xd2x34s32s", exponent, across, down, 1e5, b"camera", b"TEM")
    data = bytearray(data_of(text_tag(33560, head + bytes(8) + values, dtype=1)))
    place = data.index(b"SIS0")
    # The structure points at its values by their place in the file.
    data[place + 60 : place + 68] = struct.pack("<hhI", 1, 1, place + 68)
    return bytes(data)


def jeol_text(bar="200", marker="5um", size="1280 960") -> bytes:
    """The ``.txt`` of a JEOL microscope."""
    lines = ["$CM_FORMAT JEOL/SEM", "$CM_VERSION 1.0", "$CM_MAG 5000", f"$CM_FULL_SIZE {size}"]
    lines += [f"$$SM_MICRON_BAR {bar}", f"$$SM_MICRON_MARKER {marker}", "$$SM_WD 10.0"]
    return "\r\n".join([*lines, ""]).encode("latin-1")


def hitachi_text(**entries) -> bytes:
    """The ``.txt`` of a Hitachi microscope."""
    entries = {"PixelSize": "9.921875", "DataSize": "1280x960"} | entries
    known = {key: value for key, value in entries.items() if value is not None}
    return ini_block({"SemImageFile": {"InstructName": "SU8230", **known, "Magnification": 10000}})


def jeol_exif(utf16="utf-16-le", **entries) -> bytes:
    """A MakerNote as a JSM-IT writes it: UNICODE, then entries between tabs."""
    known = {"CM_VERSION": "1", "CM_PIXEL_SIZE": "2.00nm/pixel", **entries}
    text = "\t".join(f"${key}={value}" for key, value in known.items() if value is not None)
    return b"UNICODE\0" + text.encode(utf16)


def with_exif(array, tags: dict[int, bytes]) -> bytes:
    """A TIFF whose Exif directory (tag 34665) holds these tags of undefined type."""
    # tifffile writes no such tag itself
    data = bytearray(tiff(array, extratags=[(34666, 4, 1, 0xABCDEF01, True)], metadata=None))
    start = len(data)
    place = data.index(struct.pack("<HHII", 34666, 4, 1, 0xABCDEF01))
    data[place : place + 12] = struct.pack("<HHII", 34665, 4, 1, start)
    behind = start + 2 + 12 * len(tags) + 4
    directory, contents = struct.pack("<H", len(tags)), b""
    for code, content in sorted(tags.items()):
        directory += struct.pack("<HHII", code, 7, len(content), behind + len(contents))
        contents += content + bytes(len(content) % 2)
    return bytes(data) + directory + bytes(4) + contents


def jem_text(**entries) -> bytes:
    """The ``.txt`` of the TEM JEM-2200FS."""
    known = {
        "$CM_FORMAT": "",
        "$CM_INSTRUMENT": "JEM-2200FS",
        "$CM_FRAME_SIZE": "1280 960",
        "$CM_ACCEL_VOLT": 200,
        "$CM_MAG": 50000,
        "$CM_SIGNAL": "TEM",
        "$$EM_PIXELSPERMETER_X": "2500000000.0",
        "$$EM_PIXELSPERMETER_Y": "2500000000.0",
        **entries,
    }
    return "".join(f"{key} {value}\r\n" for key, value in known.items()).encode()


def sightx_xml(mode="MAG", eos="eosTEM", magnification=50000) -> bytes:
    """The ImageDescription of a JEOL TEM with SightX."""
    return (
        f"<TemReporter>\n <Eos><EosMode>{eos}</EosMode></Eos>\n"
        " <ElectronGun><AccelerationVoltage>200000</AccelerationVoltage></ElectronGun>\n"
        f" <ImageFormingSystem><ModeString>{mode}</ModeString>"
        f"<SelectorString>x50k</SelectorString><SelectorValue>{magnification}</SelectorValue>"
        "</ImageFormingSystem>\n</TemReporter>"
    ).encode()


def fei_base64(width="1.6E-08", height="", unit="MementoItemUnitMeter") -> bytes:
    """Tag 34680 as some Helios write it: a MementoItemCollection in base64."""

    def measure(name: str, value: str) -> str:
        return (
            f"<item><key><string>{name}</string></key><value><MementoItem><Name>{name}</Name>"
            f"<MementoItemUnit>{unit}</MementoItemUnit>"
            f'<anyType d13p1:type="q1:double" xmlns:d13p1="http://www.w3.org/2001/a">{value}'
            "</anyType></MementoItem></value></item>"
        )

    sides = measure("Width", width) + (measure("Height", height) if height else "")
    xml = (
        '\ufeff<?xml version="1.0" encoding="utf-8"?><MementoItemCollection><item><key>'
        "<string>PixelSize</string></key><value><MementoItem><Name>PixelSize</Name>"
        f"<MementoItemUnit>MementoSection</MementoItemUnit><MementoItemSection>{sides}"
        "</MementoItemSection></MementoItem></value></item></MementoItemCollection>"
    )
    return base64.b64encode(xml.encode())


def old_fei_sections(**changes) -> dict[str, dict[str, object]]:
    """Tag 34680 of an XL30: a picture 100 x 80 mm at a magnification of 1."""
    device = {"SizeX": 100, "SizeY": 80, "RatioXY": 1.25}
    vector = {"Magnification": 5000, "HighTension": 10000}
    for key, value in changes.items():
        (device if key in device else vector)[key] = value
    return {
        "DatabarData": {"flAccV": 10000, "flMagn": 0.0235, "flWD": 5.1, "lDetName": 0},
        "Vector": vector,
        "ImageDevice": device,
    }


def ome_xml(*pixels: str) -> bytes:
    """The ImageDescription of an OME-TIFF whose images have these attributes of Pixels."""
    images = "".join(
        f'<Image ID="Image:{number}"><Pixels ID="Pixels:{number}" {each}><TiffData/></Pixels>'
        "</Image>"
        for number, each in enumerate(pixels)
    )
    start = '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
    return f'{start}<Microscope Manufacturer="Delmic" Model="SECOM"/>{images}</OME>'.encode()


def tvips_header(pixel: float, pixel_y: float | None = None, size=(1024, 96)) -> bytes:
    """Tag 37706 as EM-MENU writes it, second edition, pixels in nm."""
    first = np.zeros(1, np.dtype(tifffile.TIFF.TVIPS_HEADER_V1))
    second = np.zeros(1, np.dtype(tifffile.TIFF.TVIPS_HEADER_V2))
    first["Version"], second["Magic"] = 2, 0xAAAAAAAA
    second["ImageSizeX"], second["ImageSizeY"] = size
    second["PixelSizeX"], second["PixelSizeY"] = pixel, pixel if pixel_y is None else pixel_y
    second["TemHighTension"], second["TemMagnification"] = 200000.0, 50000.0
    return first.tobytes() + second.tobytes()
