"""Metadata that mean harm: no reader is hurt."""

import io

import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from semseg.scale.calibration import calibration_from_reading
from semseg.scale.sidecar import read_sidecar
from semseg.scale.vendors import TIFF_READERS
from tests.support.picture_files import text_tag, tiff
from tests.support.vendor_readings import HEIGHT, PICTURE, WIDTH, read_tags

TAGS = (270, 271, 34118, 34680, 34682, 34683, 37500, 37510, 37706, 50431, 65003)
WORDS = [
    *(b"$CM_PIXEL_SIZE=2nm\t", b"UNICODE\0", b"$", b"=", b"\t", b"\n", b"\0", b"9" * 30, b"1e309"),
    *(
        b"<TemReporter>",
        b"<EosMode>eosTEM</EosMode>",
        b"<ModeString>MAG</ModeString>",
        b"<Pixels ",
        b"JEOL",
    ),
    *(b'PhysicalSizeX="1e999" ', b'SizeX="1e308" ', b"OME>", b"[DatabarData]\n", b"[Vector]\n"),
    *(
        b"[ImageDevice]\nSizeY=1e300\nRatioXY=1e300\n",
        b"[Scan]\nPixelWidth=1e-9\n",
        b"77u/PD94bWwg",
    ),
    *(
        b"AP_WIDTH\r\nWidth = 7 nm\r\n",
        b"PixelSizeX=1e-9\r\nImageWidth=9e99\r\n",
        b"\xff\xfe",
        b"&#x0;",
    ),
]


@settings(max_examples=300)
@given(
    st.sampled_from(TAGS),
    st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=12)), max_size=12),
)
def test_no_reader_is_hurt_by_any_text(code, parts):
    """Not one is even called damaged: each says for itself what it does not understand."""
    data = b"".join(parts) or b"x"
    tags = [text_tag(code, data, dtype=7 if code in (37500, 37510, 37706, 50431) else 2)]
    if code == 270:
        tags.append(text_tag(271, b"JEOL Ltd."))
    with tifffile.TiffFile(io.BytesIO(tiff(PICTURE, extratags=tags, metadata=None))) as tif:
        for name, reader in TIFF_READERS.items():
            if name == "Zeiss" and code == 34118:
                continue  # tifffile takes that one apart, and its errors become a note
            reading = reader(tif, WIDTH, HEIGHT)
            if reading is not None:
                found = calibration_from_reading(reading, WIDTH, HEIGHT)
                assert all(note.isprintable() and len(note) <= 400 for note in found.notes)


@pytest.mark.parametrize(
    "piece", [b"\n", b" ", b"$", b"<Pixels ", b"<Name>Width</Name>", b"a=", b"\t$A="]
)
def test_long_texts_take_no_time(piece):
    """A million characters of what patterns begin with: a pattern that goes back over them would
    take hours."""
    text = piece * (1_000_000 // len(piece))
    assert read_sidecar(text, "a.txt", WIDTH, HEIGHT) is None
    for code in (270, 34680, 34683, 37500, 50431):
        read_tags(text_tag(code, text, dtype=7 if code == 37500 else 2))
