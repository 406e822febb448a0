"""Zeiss: pixel size, width, header; resized and cut pictures."""

import io

import numpy as np
import pytest
import tifffile

from semseg.scale.calibration import Calibration, calibration_from_tiff
from tests.support.picture_files import text_tag, tiff, zeiss_block
from tests.support.vendor_readings import read, read_zeiss


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7.344 nm", 7.344),
        ("734.4 pm", 0.7344),
        ("0.05 µm", 50.0),
        ("0.05 um", 50.0),
        ("0.001 mm", 1000.0),
        ("0.00001 m", 10000.0),
    ],
)
def test_zeiss_image_pixel_size(text, expected):
    found = read_zeiss({"AP_IMAGE_PIXEL_SIZE": f"Image Pixel Size = {text}"})
    assert found.calibration.pixel_size_nm == pytest.approx(expected, rel=1e-12)
    assert found.calibration.source == "Zeiss metadata"
    assert found.notes == ()


def test_zeiss_prefers_the_image_pixel_size():
    found = read_zeiss(
        {
            "AP_PIXEL_SIZE": "Pixel Size = 99.0 nm",
            "AP_WIDTH": "Width = 7.520 µm",
            "AP_IMAGE_PIXEL_SIZE": "Image Pixel Size = 7.344 nm",
        }
    )
    assert found[:3] == (Calibration(7.344, "Zeiss metadata"), None, ())


def test_zeiss_width_covers_the_whole_picture():
    found = read_zeiss({"AP_WIDTH": "Width = 7.520 µm"})
    assert found.calibration.pixel_size_nm == pytest.approx(7.34375)


def test_zeiss_contradiction_is_said():
    found = read_zeiss(
        {
            "AP_IMAGE_PIXEL_SIZE": "Image Pixel Size = 3.672 nm",
            "AP_WIDTH": "Width = 7.520 µm",
        }
    )
    assert found.calibration.pixel_size_nm == pytest.approx(7.34375)
    assert found.calibration.source == "Zeiss metadata of a picture 2048 px wide, not 1024"
    assert found.calibration.proposed
    assert "if a part was cut out, 3.672 nm" in found.notes[0]


def test_zeiss_header_is_the_last_resort():
    assert read_zeiss({}).calibration.pixel_size_nm == pytest.approx(7.34375)


def test_zeiss_header_refers_to_1024_pixels():
    tag = text_tag(34118, zeiss_block({}))
    data = tiff(np.zeros((96, 2048), np.uint8), extratags=[tag])
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        found = calibration_from_tiff(tif, 2048, 96)
    assert found.calibration.pixel_size_nm == pytest.approx(7.34375 / 2)


@pytest.mark.parametrize(
    "text", ["0 nm", "-3 nm", "nan nm", "inf nm", "7 parsec", "7.344", "7,344 nm", "??", "5 m"]
)
def test_zeiss_nonsense_is_a_note_and_is_not_used(text):
    found = read_zeiss({"AP_IMAGE_PIXEL_SIZE": f"Image Pixel Size = {text}"}, pixel_m="0")
    assert found.calibration is None
    assert "no usable" in found.notes[0]


def test_zeiss_nonsense_falls_back_to_the_width():
    found = read_zeiss(
        {
            "AP_IMAGE_PIXEL_SIZE": "Image Pixel Size = 0 nm",
            "AP_WIDTH": "Width = 7.520 µm",
        }
    )
    assert found.calibration.pixel_size_nm == pytest.approx(7.34375)
    assert len(found.notes) == 1


def test_garbled_zeiss_tag_is_a_note():
    found = read(extratags=[(34118, 3, 4, (1, 2, 3, 4), True)])
    assert found.calibration is None
    damaged = read(extratags=[(34118, 2, 0, b"\x00\xff\xfe", True)])
    assert damaged.calibration is None


ZEISS = {
    "AP_WIDTH": "Width = 7.520 µm",
    "AP_IMAGE_PIXEL_SIZE": "Image Pixel Size = 7.344 nm",
    "DP_IMAGE_STORE": "Store resolution = 1024 * 96",
}


def zeiss_of(width, height, entries):
    data = tiff(
        np.zeros((height, width), np.uint8), extratags=[text_tag(34118, zeiss_block(entries))]
    )
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        return calibration_from_tiff(tif, width, height)


@pytest.mark.parametrize("known", ["AP_WIDTH", "AP_IMAGE_PIXEL_SIZE", "DP_IMAGE_STORE"])
def test_zeiss_halved_with_its_tag_kept(known):
    """7.52 um over 512 px, whichever one of the three entries is missing."""
    entries = {key: text for key, text in ZEISS.items() if key != known}
    if known == "DP_IMAGE_STORE":
        entries |= {"AP_MAG": "Mag = 50.00 K X"}
    found = zeiss_of(512, 48, entries)
    assert found.calibration.pixel_size_nm == pytest.approx(14.688, rel=1e-4)
    assert found.calibration.proposed
    assert found.calibration.marked_source == (
        "Zeiss metadata of a picture 1024 px wide, not 512: proposed, check"
    )
    assert zeiss_of(1024, 96, entries).calibration.certain


def test_a_part_that_was_cut_out_keeps_its_pixels():
    """512 of 1024 columns and all rows."""
    entries = ZEISS | {"DP_IMAGE_STORE": "Store resolution = 1024 * 768"}
    found = zeiss_of(512, 768, entries)
    assert (found.calibration.pixel_size_nm, found.calibration.proposed) == (7.344, True)
    assert "a part was cut out, so the pixel size of 7.344 nm is proposed" in found.notes[0]
    # without its label bar it is as wide as it was
    found = zeiss_of(1024, 690, entries)
    assert (found.calibration.certain, found.notes) == (True, ())
    # resized, and its label bar cut off
    assert zeiss_of(512, 345, entries).calibration.pixel_size_nm == 14.688


@pytest.mark.parametrize(
    ("width", "height", "aspect"),
    [
        (512, 384, None),
        (341, 256, None),  # 3.003 and 3: both sides are whole pixels
        (512, 345, "1.113"),
        (2048, 1400, "1.097"),
        (500, 400, "0.9375"),
    ],
)
def test_a_height_that_was_not_resized_as_the_width_is_said(width, height, aspect):
    """Rows were cut off, or it was stretched: nothing but the height itself tells."""
    found = zeiss_of(width, height, ZEISS | {"DP_IMAGE_STORE": "Store resolution = 1024 * 768"})
    assert found.calibration.pixel_size_nm == pytest.approx(7.344 * 1024 / width)
    assert found.calibration.proposed
    assert ("Its height does not fit" in found.notes[0]) == (aspect is not None)
    assert aspect is None or f"pixel aspect ({aspect})" in found.notes[0]


def test_a_picture_much_taller_than_recorded_is_only_proposed():
    entries = ZEISS | {"DP_IMAGE_STORE": "Store resolution = 1024 * 500"}
    assert zeiss_of(1024, 560, entries)[2] == ()  # a label bar
    found = zeiss_of(1024, 700, entries)
    assert (found.calibration.pixel_size_nm, found.calibration.proposed) == (7.344, True)
    assert found.calibration.source == "Zeiss metadata of a picture 500 px high, not 700"
    assert "something was added to it, or it was stretched" in found.notes[0]
