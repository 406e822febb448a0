"""Reading pictures: every format against arrays written here."""

import hashlib
import io

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from semseg.errors import (
    UnsuitableImageError,
)
from semseg.io.micrograph import read_micrograph
from tests.support.paths import TIO2_IMAGES
from tests.support.picture_files import (
    GREY,
    RGB,
    RGB_LUMA,
    SHAPE,
    bare_tiff,
    check,
    pil,
    spread,
    tiff,
)

# ---- TIFF ----


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "packbits", "zstd"])
@pytest.mark.parametrize(
    "dtype", ["u1", "i1", "u2", "i2", "f2", "f4"], ids=lambda dtype: np.dtype(dtype).name
)
def test_tiff_keeps_values(dtype, compression, byteorder):
    array = spread(dtype)
    data = tiff(array, compression=compression, byteorder=byteorder, rowsperstrip=20)
    check(data, array, 8 * array.itemsize)


@pytest.mark.parametrize(
    "layout",
    [
        {"tile": (32, 48)},
        {"tile": (32, 48), "compression": "zlib", "predictor": True},
        {"bigtiff": True},
        {"bigtiff": True, "byteorder": ">", "tile": (16, 16)},
        {"rowsperstrip": 7},
        {"compression": "lzw", "predictor": True},
    ],
    ids=str,
)
def test_tiff_layouts(layout):
    check(tiff(spread("u2"), **layout), spread("u2"), 16)


def test_tiff_jpeg():
    smooth = np.linspace(0, 255, GREY.size).reshape(SHAPE).astype(np.uint8)
    check(tiff(smooth, compression="jpeg"), smooth, 8, tolerance=6)
    colour = np.stack([smooth, smooth, smooth], axis=-1)
    # tifffile stores this as YCbCr, as scanners and microscopes do.
    micrograph = read_micrograph(tiff(colour, photometric="rgb", compression="jpeg"))
    assert np.abs(micrograph.grey - smooth).max() < 6


@pytest.mark.parametrize(("dtype", "depth"), [("u4", 32), ("i4", 32), ("f8", 64), ("u8", 64)])
@pytest.mark.parametrize("offset", [3_000_000_000, 2_000_000_001])
def test_small_differences_on_a_large_offset_survive(dtype, depth, offset):
    if dtype == "i4":
        offset -= 2**31
    array = offset + GREY.astype(dtype)
    notes = int(abs(offset) + 255 > 2**24)
    micrograph = check(tiff(array), array - array.min() if notes else array, depth, notes)
    assert np.ptp(micrograph.grey) == 255


def test_large_integers_and_floats_keep_their_span():
    array = spread("i8")
    grey = read_micrograph(tiff(array)).grey
    expected = array.astype(np.float64) - float(array.min())
    np.testing.assert_allclose(grey, expected, rtol=1e-6)
    floats = spread("f8") / 3
    check(tiff(floats), floats.astype(np.float32), 64)


def test_tiff_jpeg_variants():
    smooth = np.linspace(0, 255, GREY.size).reshape(SHAPE).astype(np.uint8)
    check(tiff(smooth, compression="jpeg", tile=(32, 32)), smooth, 8, tolerance=6)
    inverted = tiff(smooth, compression="jpeg", photometric="miniswhite")
    check(inverted, 255 - smooth, 8, tolerance=6)
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(GREY[:70, :70], photometric="minisblack", compression="jpeg")
        writer.write(smooth, photometric="minisblack", compression="jpeg")
    check(buffer.getvalue(), smooth, 8, notes=1, tolerance=6)


def test_tiff_one_bit_and_odd_depths():
    check(tiff(GREY > 99), GREY > 99, 1)
    packed = imagecodecs.packints_encode(spread("u2") >> 4, 12)
    data = bare_tiff(80, 97, packed, bits=12)
    check(data, spread("u2") >> 4, 12)


def test_tiff_white_is_zero_is_inverted():
    for array in (GREY, spread("u2"), spread("i2"), GREY > 99, spread("f4")):
        data = tiff(array, photometric="miniswhite")
        wide = array.astype(np.float64)
        high = {"b": 1, "u": 256**array.itemsize - 1, "i": -1, "f": wide.max() + wide.min()}
        depth = 1 if array.dtype == bool else 8 * array.itemsize
        check(data, high[array.dtype.kind] - wide, depth, notes=1, tolerance=1e-3)


def test_tiff_palettes():
    ramp = np.tile(np.arange(256, dtype=np.uint16) * 257, (3, 1))
    check(tiff(GREY, photometric="palette", colormap=ramp), GREY, 8)
    check(tiff(GREY, photometric="palette", colormap=ramp[:, ::-1]), 255 - GREY, 8)
    check(tiff(GREY, photometric="palette", colormap=ramp // 257), GREY, 8)
    # Zeiss keeps colours for annotations inside the ramp; they matter only where used.
    ramp[:, 9] = (65535, 0, 0)
    unused = np.where(GREY == 9, 10, GREY).astype(np.uint8)
    check(tiff(unused, photometric="palette", colormap=ramp), unused, 8)
    used = np.where(GREY == 9, np.float32(0.299 * 255), GREY)
    check(tiff(GREY, photometric="palette", colormap=ramp), used, 8, notes=1, tolerance=1e-3)


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_tiff_colour(planar):
    def write(array, **kwargs):
        array = np.moveaxis(array, -1, 0) if planar == "separate" else array
        return tiff(np.ascontiguousarray(array), planarconfig=planar, **kwargs)

    check(write(RGB, photometric="rgb"), RGB_LUMA, 8, notes=1, tolerance=1e-3)
    deep = RGB.astype(np.uint16) * 256
    check(write(deep, photometric="rgb"), RGB_LUMA * 256, 16, notes=1, tolerance=0.1)
    same = np.stack([GREY] * 3, axis=-1)
    check(write(same, photometric="rgb"), GREY, 8)
    clear = np.dstack([same, GREY])
    check(write(clear, photometric="rgb", extrasamples=["unassalpha"]), GREY, 8, notes=1)
    opaque = np.dstack([same, np.full_like(GREY, 255)])
    check(write(opaque, photometric="rgb", extrasamples=["unassalpha"]), GREY, 8)
    grey_alpha = np.dstack([GREY, 255 - GREY])
    check(write(grey_alpha, extrasamples=["unassalpha"]), GREY, 8, notes=1)
    channels = np.dstack([GREY, GREY, GREY // 2])
    check(write(channels, extrasamples=["unspecified"] * 2), GREY, 8, notes=1)


def test_tiff_pages():
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(GREY[::2, ::2], photometric="minisblack", subfiletype=1)
        writer.write(GREY[:70, :70], photometric="minisblack")
        writer.write(GREY, photometric="minisblack")
        writer.write(255 - GREY, photometric="minisblack")
    micrograph = check(buffer.getvalue(), GREY, 8, notes=1)
    assert "4 pictures; number 3" in micrograph.notes[0]


def test_imagej_stack_reads_its_first_plane():
    stack = np.stack([GREY, GREY // 2, GREY // 3])
    micrograph = check(tiff(stack, imagej=True, photometric=None), GREY, 8, notes=1)
    assert "3 pictures; number 1" in micrograph.notes[0]
    volume = tiff(stack, volumetric=True, tile=(1, 32, 32))
    check(volume, GREY, 8, notes=1)


def test_tiff_metadata_reach_the_micrograph():
    text = "[Scan]\r\nPixelWidth=2e-9\r\n[PrivateFei]\r\nDatabarHeight=17\r\n"
    micrograph = check(tiff(GREY, extratags=[(34682, 2, 0, text.encode(), True)]), GREY, 8)
    assert micrograph.calibration.pixel_size_nm == pytest.approx(2)
    assert micrograph.label_bar_row == 80


def test_real_zeiss_files():
    paths = sorted(TIO2_IMAGES.glob("*.tif"))
    if not paths:
        pytest.skip(f"the TiO2 pictures are not at {TIO2_IMAGES}")
    micrograph = read_micrograph(paths[0])
    assert (micrograph.height, micrograph.width, micrograph.bit_depth) == (768, 1024, 8)
    assert micrograph.calibration.pixel_size_nm == 7.344
    # The palette is a grey ramp where it is used, save for the white of the label (entry 243).
    index = tifffile.imread(paths[0])
    np.testing.assert_array_equal(micrograph.grey, np.where(index == 243, 255, index))
    assert micrograph.notes == ()


# ---- PNG, JPEG, BMP, WebP, GIF ----


def test_png_kinds():
    check(pil(GREY), GREY, 8)
    check(pil(spread("u2")), spread("u2"), 16)
    check(pil(GREY > 99), GREY > 99, 1)
    check(pil(RGB), RGB_LUMA, 8, notes=1, tolerance=1e-3)
    check(pil(np.dstack([GREY] * 3)), GREY, 8)
    check(pil(np.dstack([GREY, GREY, GREY, GREY])), GREY, 8, notes=1)
    check(pil(np.dstack([GREY, np.full_like(GREY, 255)])), GREY, 8)
    check(pil(np.dstack([GREY, GREY])), GREY, 8, notes=1)
    check(pil(GREY, mode="P"), GREY, 8)
    check(pil(GREY, mode="P", transparency=7), GREY, 8, notes=1)


def test_png_colour_of_16_bits_is_not_crushed():
    deep = RGB.astype(np.uint16) * 250 + 3
    expected = RGB_LUMA * 250 + 3
    check(imagecodecs.png_encode(deep), expected, 16, notes=1, tolerance=0.1)
    clear = np.dstack([deep, deep[..., :1]])
    check(imagecodecs.png_encode(clear), expected, 16, notes=2, tolerance=0.1)
    alpha = np.dstack([deep[..., :1], np.full((*SHAPE, 1), 65535, np.uint16)])
    check(imagecodecs.png_encode(alpha), deep[..., 0], 16)
    alpha[0, 0, 1] = 9
    check(imagecodecs.png_encode(alpha), deep[..., 0], 16, notes=1)


def test_palettes_of_colour():
    picture = Image.fromarray(GREY)
    picture.putpalette(RGB.reshape(-1, 3)[:256].tobytes())
    expected = RGB_LUMA.reshape(-1)[:256][GREY]
    for format in ("PNG", "GIF", "BMP"):
        check(pil(picture, format), expected, 8, notes=1, tolerance=1e-3)


def test_other_formats():
    check(pil(GREY, "BMP"), GREY, 8)
    check(pil(RGB, "BMP"), RGB_LUMA, 8, notes=1, tolerance=1e-3)
    check(pil(GREY, "GIF"), GREY, 8)
    check(pil(RGB, "WEBP", lossless=True), RGB_LUMA, 8, notes=1, tolerance=1e-3)
    smooth = np.linspace(0, 255, GREY.size).reshape(SHAPE).astype(np.uint8)
    check(pil(smooth, "JPEG", quality=95), smooth, 8, tolerance=6)
    flat = np.asarray(Image.open(io.BytesIO(pil(RGB, "JPEG", mode="CMYK"))).convert("L"))
    check(pil(RGB, "JPEG", mode="CMYK"), flat, 8, notes=1, tolerance=1)


def test_gif_reads_its_first_frame():
    frames = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    data = pil(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert "2 pictures" in check(data, GREY, 8, notes=1).notes[0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_followed(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = pil(GREY, "JPEG", quality=95, exif=exif)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    check(data, upright, 8, notes=int(orientation > 1))


def test_tiff_orientation_is_only_said():
    check(tiff(GREY, extratags=[(274, 3, 1, 6, True)]), GREY, 8, notes=1)


# ---- name, hash, source ----


def test_paths_and_bytes_agree(tmp_path):
    data = tiff(GREY)
    # The extension lies: the content decides.
    path = tmp_path / "sample 1.png"
    path.write_bytes(data)
    from_path, from_text = read_micrograph(path), read_micrograph(str(path))
    from_bytes = read_micrograph(data, "renamed.tif")
    assert from_path.name == from_text.name == "sample 1.png"
    assert from_path.stem == "sample 1"
    assert from_path.sha256 == from_bytes.sha256 == hashlib.sha256(data).hexdigest()
    np.testing.assert_array_equal(from_path.grey, from_bytes.grey)
    with pytest.raises(ValueError, match="read-only"):
        from_path.grey[0, 0] = 1


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/a.tif", "a.tif"),
        ("C:\\data\\b.tif", "b.tif"),
        ("a:b*?.tif", "a_b__.tif"),
        ("x\n\x00.tif", "x__.tif"),
        ("..", "image"),
        ("a.tif. ", "a.tif"),
        ("._a.tif", "._a.tif"),
        ("", "image"),
        ("Größe 5 µm.tif", "Größe 5 µm.tif"),
    ],
)
def test_names_hold_no_folders(name, kept):
    assert read_micrograph(tiff(GREY), name).name == kept


# ---- repair ----


def test_invalid_pixels_take_the_nearest_valid_value():
    array = np.tile(np.arange(80, dtype=np.float32), (97, 1))
    array[10, 5], array[50, 60], array[60:70] = np.nan, np.inf, -np.inf
    expected = np.tile(np.arange(80, dtype=np.float32), (97, 1))
    micrograph = check(tiff(array), expected, 32, notes=1, tolerance=1)
    assert micrograph.notes[0].startswith("802 pixels")
    marked = array.astype(np.float64)
    marked[0, 0] = -1.7e308
    check(tiff(marked), expected, 64, notes=1, tolerance=1)


def test_all_invalid_is_an_error():
    with pytest.raises(UnsuitableImageError, match="no valid grey value"):
        read_micrograph(tiff(np.full(SHAPE, np.nan, np.float32)))
    with pytest.raises(UnsuitableImageError):
        read_micrograph(tiff(np.full(SHAPE, np.nan, np.float32), photometric="miniswhite"))
