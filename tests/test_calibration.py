"""The pixel size: typed widths, and vendor metadata written to the vendors' own layout."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
import tifffile

from semseg.calibration import (
    Calibration,
    agreement_note,
    calibration_from_tiff,
    calibration_from_width,
)
from semseg.errors import CalibrationError

TIO2_IMAGES = Path(__file__).resolve().parents[2] / "shared" / "data" / "tio2-dev" / "images"

WIDTH, HEIGHT = 1024, 96
PICTURE = np.arange(HEIGHT * WIDTH, dtype=np.uint32).reshape(HEIGHT, WIDTH).astype(np.uint8)


def zeiss_block(entries: dict[str, str], pixel_m: str = "7.343750e-009") -> bytes:
    """Tag 34118 as Zeiss SmartSEM writes it: unnamed numbers, then key and value lines."""
    lines = ["0", "0", "0", pixel_m, "5.000000e+004", "6", "778"]
    lines += ["DP_OPTIMODE", "OptiBeam Mode = Resolution"]
    for key, value in entries.items():
        lines += [key, value]
    return "\r\n".join([*lines, ""]).encode("cp1252")


def fei_block(sections: dict[str, dict[str, object]]) -> bytes:
    """Tags 34680 and 34682 as FEI / Thermo Fisher write them: an INI text."""
    lines = []
    for section, entries in sections.items():
        lines += [f"[{section}]", *(f"{key}={value}" for key, value in entries.items()), ""]
    return "\r\n".join(lines).encode()


def read(**kwargs):
    """Write PICTURE with `kwargs` of tifffile.imwrite and return its calibration."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, PICTURE, **kwargs)
    buffer.seek(0)
    with tifffile.TiffFile(buffer) as tif:
        return calibration_from_tiff(tif, WIDTH, HEIGHT)


def read_zeiss(entries, pixel_m="7.343750e-009"):
    block = zeiss_block(entries, pixel_m)
    return read(photometric="minisblack", extratags=[(34118, 2, 0, block, True)])


def read_fei(sections, code=34682):
    return read(photometric="minisblack", extratags=[(code, 2, 0, fei_block(sections), True)])


def read_imagej(unit, pixel, pixel_y=None):
    resolution = (1 / pixel, 1 / (pixel_y or pixel))
    return read(imagej=True, resolution=resolution, metadata={"unit": unit})


# ---- typed ----


def test_typed_width_divides():
    calibration = calibration_from_width(7520, 1024)
    assert calibration == Calibration(7.34375, "typed width")
    assert type(Calibration(np.float32(2), "x").pixel_size_nm) is float


@pytest.mark.parametrize("bad", [0, -1, math.nan, math.inf, "7", None, True, 10**400])
def test_only_positive_finite_numbers_calibrate(bad):
    with pytest.raises(CalibrationError, match="above zero"):
        Calibration(bad, "test")
    with pytest.raises(CalibrationError, match="nanometres"):
        calibration_from_width(bad, 1024)
    with pytest.raises(CalibrationError, match="pixels"):
        calibration_from_width(7520, bad)


def test_agreement_is_within_two_percent():
    from_file = Calibration(10.0, "Zeiss metadata")
    assert agreement_note(Calibration(10.19, "typed width"), from_file) is None
    note = agreement_note(Calibration(12.5, "typed width"), from_file)
    assert "12.5 nm" in note
    assert "10 nm" in note
    assert "25.0%" in note


# ---- Zeiss ----


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
    assert found == (Calibration(7.344, "Zeiss metadata"), None, ())


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
    assert found.calibration.pixel_size_nm == 3.672
    assert "contradict" in found.notes[0]


def test_zeiss_header_is_the_last_resort():
    assert read_zeiss({}).calibration.pixel_size_nm == pytest.approx(7.34375)


def test_zeiss_header_refers_to_1024_pixels():
    buffer = io.BytesIO()
    tag = (34118, 2, 0, zeiss_block({}), True)
    tifffile.imwrite(buffer, np.zeros((96, 2048), np.uint8), extratags=[tag])
    buffer.seek(0)
    with tifffile.TiffFile(buffer) as tif:
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
    found = read(photometric="minisblack", extratags=[(34118, 3, 4, (1, 2, 3, 4), True)])
    assert found.calibration is None
    damaged = read(photometric="minisblack", extratags=[(34118, 2, 0, b"\x00\xff\xfe", True)])
    assert damaged.calibration is None


# ---- FEI / Thermo Fisher ----


@pytest.mark.parametrize("code", [34680, 34682])
@pytest.mark.parametrize("section", ["Scan", "EScan", "IScan"])
def test_fei_pixel_width_in_metres(code, section):
    found = read_fei({section: {"PixelWidth": 1.5e-9, "PixelHeight": 1.5e-9}}, code)
    assert found.calibration.pixel_size_nm == pytest.approx(1.5)
    assert found.calibration.source == "FEI metadata"
    assert found.notes == ()


def test_fei_field_over_resolution():
    found = read_fei({"EBeam": {"HFW": 2.048e-6}, "Image": {"ResolutionX": 1024}})
    assert found.calibration.pixel_size_nm == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("rows", "scanned", "bar_row", "notes"),
    [
        (16, HEIGHT - 16, HEIGHT - 16, 0),
        (16, "", HEIGHT - 16, 0),
        (0, HEIGHT, None, 0),
        (16, HEIGHT, None, 0),
        (HEIGHT, "", None, 1),
        (-4, "", None, 1),
        ("many", "", None, 1),
    ],
)
def test_fei_label_bar(rows, scanned, bar_row, notes):
    sections = {
        "Scan": {"PixelWidth": 1e-9},
        "Image": {"ResolutionX": WIDTH, "ResolutionY": scanned},
        "PrivateFei": {"DatabarHeight": rows},
    }
    found = read_fei(sections)
    assert found.label_bar_row == bar_row
    assert len(found.notes) == notes


def test_fei_resized_or_skewed_is_said():
    found = read_fei({"Scan": {"PixelWidth": 1e-9}, "Image": {"ResolutionX": 2048}})
    assert "2048 pixels wide" in found.notes[0]
    found = read_fei({"Scan": {"PixelWidth": 1e-9, "PixelHeight": 2e-9}})
    assert "not square" in found.notes[0]


@pytest.mark.parametrize("value", [0, -1e-9, "nan", "inf", "wide", 12.0])
def test_fei_nonsense_is_a_note_and_is_not_used(value):
    found = read_fei({"Scan": {"PixelWidth": value}})
    assert found.calibration is None
    assert "no usable" in found.notes[0]


def test_damaged_fei_block_is_a_note():
    found = read(photometric="minisblack", extratags=[(34682, 3, 4, (1, 2, 3, 4), True)])
    assert found.calibration is None


# ---- ImageJ ----


@pytest.mark.parametrize(
    ("unit", "pixel", "expected"),
    [
        ("nm", 2.5, 2.5),
        ("\\u00B5m", 0.0025, 2.5),
        ("um", 0.0025, 2.5),
        ("micron", 0.0025, 2.5),
        ("microns", 0.0025, 2.5),
        ("mm", 2.5e-6, 2.5),
        ("pm", 2500, 2.5),
    ],
)
def test_imagej_unit_and_resolution(unit, pixel, expected):
    found = read_imagej(unit, pixel)
    assert found.calibration.pixel_size_nm == pytest.approx(expected, rel=1e-5)
    assert found.calibration.source == "ImageJ metadata"
    assert found.notes == ()


@pytest.mark.parametrize("micro", [b"\xb5m", "µm".encode(), "μm".encode()])
def test_imagej_micro_sign_in_any_encoding(micro):
    text = b"ImageJ=1.54f\nunit=" + micro + b"\n"
    found = read(description=text, metadata=None, resolution=(400, 400))
    assert found.calibration.pixel_size_nm == pytest.approx(2.5)


@pytest.mark.parametrize("unit", ["pixel", "pixels", "", "inch", "cm"])
def test_imagej_print_units_say_nothing(unit):
    assert read_imagej(unit, 0.01) == (None, None, ())


def test_imagej_nonsense_is_a_note():
    found = read_imagej("furlong", 0.01)
    assert found.calibration is None
    assert "furlong" in found.notes[0]
    unset = read(description="ImageJ=1.54f\nunit=nm\n", metadata=None, resolution=(0, 0))
    assert unset.calibration is None
    assert len(unset.notes) == 1


def test_imagej_pixels_that_are_not_square_are_said():
    found = read_imagej("nm", 2.0, 3.0)
    assert found.calibration.pixel_size_nm == pytest.approx(2.0)
    assert "not square" in found.notes[0]


# ---- any ----


def test_print_resolution_is_never_applied():
    found = read(photometric="minisblack", resolution=(300, 300), resolutionunit="INCH")
    assert found == (None, None, ())


def test_two_vendors_that_disagree_are_said():
    found = read(
        imagej=True,
        resolution=(1, 1),
        metadata={"unit": "nm"},
        extratags=[(34682, 2, 0, fei_block({"Scan": {"PixelWidth": 2e-9}}), True)],
    )
    assert found.calibration == Calibration(2.0, "FEI metadata")
    assert "apart" in found.notes[0]


def test_real_zeiss_files_are_calibrated():
    paths = sorted(TIO2_IMAGES.glob("*.tif"))
    if not paths:
        pytest.skip(f"the TiO2 pictures are not at {TIO2_IMAGES}")
    for path in paths:
        with tifffile.TiffFile(path) as tif:
            found = calibration_from_tiff(tif, 1024, 768)
        assert found == (Calibration(7.344, "Zeiss metadata"), None, ())
