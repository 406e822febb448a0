"""Every way in which a file cannot be read ends in one sentence."""

import os
import struct
import warnings
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from semseg.errors import (
    ImageTooLargeError,
    OutOfMemoryError,
    SemsegError,
    UnreadableImageError,
    UnsuitableImageError,
)
from semseg.io.micrograph import read_micrograph
from tests.support.picture_files import GREY, RGB, SHAPE, bare_tiff, check, pil, spread, tiff


def png_header(width, height) -> bytes:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + chunk + struct.pack(">I", zlib.crc32(chunk))


def test_bare_tiff_is_sound():
    check(bare_tiff(80, 97, GREY.tobytes()), GREY, 8)


@pytest.mark.parametrize(
    "data",
    [
        png_header(100_000, 100_000) + b"\0\0\0\0IDAT" + struct.pack(">I", zlib.crc32(b"IDAT")),
        bare_tiff(100_000, 100_000, bytes(10)),
        bare_tiff(2**32 - 1, 2**32 - 1, bytes(10), t259=5),
        bare_tiff(80, 97, bytes(10), t259=5, t322=2**31, t323=2**31),
        bare_tiff(80, 97, bytes(10), t259=5, t277=2**31),
    ],
    ids=["png", "tiff", "tiff-lzw", "tiff-tile", "tiff-samples"],
)
def test_size_is_checked_before_decoding(data):
    with pytest.raises(SemsegError, match=r"pixels|megapixels") as caught:
        read_micrograph(data, "huge.any")
    assert type(caught.value) is ImageTooLargeError


def test_a_picture_that_is_too_large_has_an_advice_that_all_readers_can_follow():
    with pytest.raises(ImageTooLargeError) as caught:
        read_micrograph(tiff(GREY), "a.tif", max_megapixels=0.001)
    assert str(caught.value) == (
        "a.tif is 80 x 97 pixels, more than the limit of 0.001 megapixels; save a part of it, or "
        "a smaller copy, as a file of its own."
    )


def test_what_macos_writes_beside_a_picture_is_named_in_full_and_explained(tmp_path):
    path = tmp_path / "._a.tif"
    path.write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X" + bytes(200))
    with pytest.raises(UnreadableImageError) as caught:
        read_micrograph(path)
    assert str(caught.value).startswith("._a.tif holds no picture: macOS writes")
    assert str(caught.value).endswith("choose a.tif instead.")


@pytest.mark.parametrize("name", ["a.txt", "a.HDR", "a-tif.hdr"])
def test_a_text_given_as_a_picture_is_told_what_it_is(name):
    with pytest.raises(UnreadableImageError) as caught:
        read_micrograph(b"$CM_FULL_SIZE 1280 960", name)
    assert str(caught.value).startswith(f"{name} is a text file, not a picture;")
    check(tiff(GREY), GREY, 8)  # the content decides, whatever the name is
    assert read_micrograph(tiff(GREY), name).width == GREY.shape[1]


def test_jpeg_strips_cannot_outgrow_their_page():
    data = tiff(GREY, compression="jpeg")
    size = data.index(b"\xff\xc0") + 5
    data = data[:size] + struct.pack(">HH", 65500, 65500) + data[size + 4 :]
    with pytest.raises(UnreadableImageError, match="damaged"):
        read_micrograph(data)


def test_size_limit_is_the_callers(monkeypatch):
    # Pillow's own limit neither helps nor hinders, and stays what it was.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    for data in (tiff(GREY), pil(GREY), pil(GREY, "JPEG"), pil(GREY, "BMP"), pil(GREY, "GIF")):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read_micrograph(data, max_megapixels=0.00776)
        with pytest.raises(ImageTooLargeError, match=r"a\.x is 80 x 97 pixels"):
            read_micrograph(data, "a.x", max_megapixels=0.00775)
    assert Image.MAX_IMAGE_PIXELS == 100
    # Its WebP reader asks for that limit by itself.
    with pytest.raises(ImageTooLargeError, match="save it as a TIFF"):
        read_micrograph(pil(RGB, "WEBP"))


@pytest.mark.parametrize("shape", [(63, 500), (500, 63), (1, 1)])
def test_small_pictures_are_unsuitable(shape):
    array = np.arange(np.prod(shape), dtype=np.uint32).astype(np.uint8).reshape(shape)
    for data in (tiff(array), pil(array)):
        with pytest.raises(UnsuitableImageError, match="at least 64 x 64"):
            read_micrograph(data)
    check(tiff(GREY[:64, :64]), GREY[:64, :64], 8)


def test_strips_are_unsuitable():
    strip = np.arange(64 * 6401, dtype=np.uint32).astype(np.uint8).reshape(64, 6401)
    for data in (tiff(strip), pil(strip), tiff(strip.T)):
        with pytest.raises(UnsuitableImageError, match="a strip of"):
            read_micrograph(data)
    read_micrograph(tiff(strip[:, :6400]))


def test_constant_pictures_are_unsuitable():
    for data in (tiff(np.full(SHAPE, 7, np.uint16)), pil(np.full(SHAPE, 7, np.uint8))):
        with pytest.raises(UnsuitableImageError, match="same grey value"):
            read_micrograph(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"hello, this is no picture", "but a text and not pixels; choose the picture that it"),
        ("label,\u00e4rea\r\n".encode() * 30, "but a text and not pixels"),
        (b"no text\x00 nor a picture", "open it in the program that wrote it, or in Fiji"),
        (b"%PDF-1.7\n", "not a picture that semseg can read but a PDF; use the file that the mic"),
        (b"PK\3\4" + bytes(26) + b"ppt/slides", "an Office document; right-click the picture"),
        (b"PK\3\4" + bytes(26) + b"a.tif", "an archive; take the picture out of it"),
        (b"ZISRAWFILE" + bytes(90), "a Zeiss CZI file; open it in Fiji, .* the pixel size stays"),
        (b"\0\0\0\x18ftypheic", "a HEIC or AVIF photo; save it as a TIFF or PNG"),
        (b"AAMVHFSS", "export its image as TIFF from Esprit: the pixel size stays"),
        (b" <?xml version=", "a text .* choose the picture that it belongs to"),
        (b"II*\0", "damaged"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"BM", "damaged"),
        (bare_tiff(80, 97, bytes(80 * 97), t259=34712), "compression JPEG2000"),
        (bare_tiff(80, 97, bytes(80 * 97), t259=9999), "compression 9999"),
        (bare_tiff(80, 97, bytes(80 * 97), t262=8), "colours as CIELAB"),
        (bare_tiff(80, 97, bytes(80 * 97 - 1)), "incomplete"),
        (bare_tiff(80, 97, b"", t273=0), "incomplete"),
        (bare_tiff(0, 0, b""), "pixels"),
        (tiff(GREY.astype(np.complex64)), "complex64"),
    ],
)
def test_unreadable_files_are_named_and_explained(data, words):
    with pytest.raises(SemsegError, match=words) as caught:
        read_micrograph(data, "folder/bad.tif")
    message = str(caught.value)
    assert message.startswith("bad.tif ")
    assert message.endswith(".")
    assert "\n" not in message


def test_paths_that_cannot_be_read(tmp_path):
    with pytest.raises(UnreadableImageError, match=r"none\.tif was not found"):
        read_micrograph(tmp_path / "none.tif")
    with pytest.raises(UnreadableImageError, match="is a folder"):
        read_micrograph(tmp_path)
    with pytest.raises(UnreadableImageError, match="cannot be opened"):
        read_micrograph("a\0b.tif")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(UnreadableImageError, match="not an ordinary file"):
            read_micrograph(tmp_path / "pipe")


def test_permission_is_explained(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(GREY))
    monkeypatch.setattr(Path, "read_bytes", lambda self: (_ for _ in ()).throw(PermissionError))
    with pytest.raises(UnreadableImageError, match="permission"):
        read_micrograph(path)


@pytest.mark.parametrize("error", [RecursionError, struct.error, KeyError("x\ny")])
def test_any_decoder_failure_is_one_sentence(monkeypatch, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(tifffile.TiffPage, "asarray", fail)
    with pytest.raises(UnreadableImageError, match="is damaged or incomplete"):
        read_micrograph(tiff(GREY))


def test_memory_that_runs_out_is_not_called_damage(monkeypatch):
    def fail(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr(tifffile.TiffPage, "asarray", fail)
    with pytest.raises(OutOfMemoryError, match=r"^a\.tif needs more memory"):
        read_micrograph(tiff(GREY), "a.tif")


WHOLE = {
    "tiff": tiff(GREY),
    "tiff-strips": tiff(GREY, rowsperstrip=8),
    "tiff-lzw": tiff(GREY, compression="lzw", rowsperstrip=8),
    "tiff-tiles": tiff(spread("u2"), tile=(32, 32), compression="zlib"),
    "tiff-jpeg": tiff(GREY, compression="jpeg"),
    "png": pil(GREY),
    "png-deep": imagecodecs.png_encode(RGB.astype(np.uint16) * 256),
    "jpeg": pil(GREY, "JPEG"),
    "jpeg-progressive": pil(GREY, "JPEG", progressive=True),
    "bmp": pil(GREY, "BMP"),
    "gif": pil(GREY, "GIF"),
    "webp": pil(RGB, "WEBP"),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_truncated_files_fail_or_are_whole(kind, caplog):
    data = WHOLE[kind]
    whole = read_micrograph(data).grey
    lengths = {*range(0, len(data), max(1, len(data) // 60)), *range(len(data) - 20, len(data))}
    for length in sorted(lengths):
        try:
            grey = read_micrograph(data[:length]).grey
        except SemsegError:
            continue
        np.testing.assert_array_equal(grey, whole, err_msg=f"{kind} cut at {length}")
    assert not caplog.records


def test_width_that_is_no_number_is_refused():
    data = bytearray(bare_tiff(80, 97, GREY.tobytes()))
    data[12] = 2
    with pytest.raises(UnreadableImageError, match="damaged"):
        read_micrograph(bytes(data))


def test_endless_page_chains_end():
    # 300 empty pages, the last of which points back to the first.
    page = bare_tiff(80, 97, t273=0)[8:]
    pages = [page[:-4] + struct.pack("<I", 8 + len(page) * ((i + 1) % 300)) for i in range(300)]
    with pytest.raises(SemsegError):
        read_micrograph(b"II*\0" + struct.pack("<I", 8) + b"".join(pages))


SIGNATURES = [b"", b"II*\0", b"MM\0*", b"II+\0", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
SIGNATURES += [b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"BM", bare_tiff(80, 97), png_header(80, 97)]


@given(st.sampled_from(SIGNATURES), st.binary(max_size=600))
@settings(max_examples=300, derandomize=True)
def test_random_bytes_never_escape(signature, rest):
    with pytest.raises(SemsegError):
        read_micrograph(signature + rest)


@given(st.sampled_from(sorted(WHOLE)), st.data())
@settings(max_examples=300, derandomize=True)
def test_flipped_bytes_read_or_fail_cleanly(kind, choose):
    data = bytearray(WHOLE[kind])
    # Most structure sits at the ends.
    ends = st.integers(0, 300) | st.integers(0, len(data) - 1) | st.integers(-300, -1)
    for position in choose.draw(st.lists(ends, min_size=1, max_size=4)):
        data[position] = choose.draw(st.integers(0, 255))
    try:
        micrograph = read_micrograph(bytes(data), max_megapixels=1)
    except SemsegError:
        return
    assert np.isfinite(micrograph.grey).all()
