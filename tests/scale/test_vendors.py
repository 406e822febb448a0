"""Every vendor's metadata, written to the vendor's own layout: good, bad and contradictory."""

import io

import numpy as np
import pytest
import tifffile

from semseg.io.micrograph import read_micrograph
from semseg.scale.calibration import Calibration, calibration_from_tiff
from tests.support.picture_files import (
    ini_block,
    phenom_block,
    pil,
    tescan_block,
    text_tag,
    tiff,
    with_olympus,
    zeiss_block,
)

WIDTH, HEIGHT = 1024, 96
PICTURE = np.arange(HEIGHT * WIDTH, dtype=np.uint32).reshape(HEIGHT, WIDTH).astype(np.uint8)

# What no vendor's number may be, in metres; the last three are no plausible pixel.
NONSENSE = [0, -1e-9, "nan", "inf", "wide", "", "1,5e-9", 12.0, 1e-14, 0.002]


def read_bytes(data):
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        return calibration_from_tiff(tif, WIDTH, HEIGHT)


def read(**kwargs):
    """Write PICTURE with `kwargs` of tifffile.imwrite and return its calibration."""
    return read_bytes(tiff(PICTURE, **kwargs))


def read_tags(*tags):
    return read(extratags=list(tags))


def read_zeiss(entries, pixel_m="7.343750e-009"):
    return read_tags(text_tag(34118, zeiss_block(entries, pixel_m)))


def read_fei(sections, code=34682):
    return read_tags(text_tag(code, ini_block(sections)))


def read_imagej(unit, pixel, pixel_y=None):
    resolution = (1 / pixel, 1 / (pixel_y or pixel))
    return read(photometric=None, imagej=True, resolution=resolution, metadata={"unit": unit})


def read_tescan(**main):
    return read_tags(text_tag(50431, tescan_block({"AccFrames": 1, **main, "Sign": "x"}), dtype=1))


def read_phenom(*args, **kwargs):
    return read_tags(text_tag(34683, phenom_block(*args, **kwargs)))


def read_gatan(unit, scale, scale_y=None, unit_y=None):
    tags = [(65009, 12, 1, scale, True), (65010, 12, 1, scale_y or scale, True)]
    tags += [(65003, 2, 0, unit, True), (65004, 2, 0, unit_y or unit, True)]
    return read_tags(*tags)


def read_olympus(across, down=None, exponent=-9):
    def data_of(tag):
        return tiff(PICTURE, extratags=[tag], metadata=None)

    return read_bytes(with_olympus(data_of, across, down or across, exponent))


def assert_unused(found):
    assert found.calibration is None
    assert "no usable" in found.notes[0]


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


@pytest.mark.parametrize("value", [value for value in NONSENSE if value != ""])
def test_fei_nonsense_is_a_note_and_is_not_used(value):
    assert_unused(read_fei({"Scan": {"PixelWidth": value}}))


def test_fei_sections_that_disagree_are_said():
    found = read_fei({"Scan": {"PixelWidth": 1e-9}, "EScan": {"PixelWidth": 2e-9}})
    assert found.calibration.pixel_size_nm == pytest.approx(1)
    assert "EScan gives 2 nm per pixel, not 1 nm" in found.notes[0]
    found = read_fei({"Scan": {"PixelWidth": 1e-9}, "EScan": {"PixelWidth": 1.001e-9}})
    assert found.notes == ()


def fei_xml(across, unit='unit="m" unitPrefixPower="1"', down=None):
    x, y = f"<X {unit}>{across}</X>", f"<Y {unit}>{down or across}</Y>"
    text = f"<Metadata><BinaryResult><PixelSize>\n  {x}\n  {y}\n</PixelSize></BinaryResult>"
    return read_tags(text_tag(34683, text.encode()))


def test_fei_tem_xml():
    found = fei_xml("2.5E-10")
    assert found == (Calibration(0.25, "FEI metadata"), None, ())
    assert "not square" in fei_xml("2.5E-10", down="5E-10").notes[0]
    assert_unused(fei_xml("2.5E-10", unit='unit="1/m"'))
    assert_unused(fei_xml("2.5E-10", unit=""))
    assert_unused(fei_xml("0"))


def test_damaged_fei_block_is_a_note():
    found = read(extratags=[(34682, 3, 4, (1, 2, 3, 4), True)])
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


# ---- TESCAN ----


def test_tescan_pixel_size_and_strip():
    found = read_tescan(PixelSizeX="1.25e-9", PixelSizeY="1.25e-9", ImageStripSize=16)
    assert found == (Calibration(1.25, "TESCAN metadata"), HEIGHT - 16, ())
    assert read_tescan(PixelSizeX="1.25e-9", ImageStripSize=0).label_bar_row is None


def test_tescan_tag_of_signed_bytes_or_of_text():
    block = tescan_block({"PixelSizeX": "1.25e-9"})
    signed = tuple(np.frombuffer(block, np.int8).tolist())
    found = read_tags((50431, 6, len(signed), signed, True))
    assert found.calibration == Calibration(1.25, "TESCAN metadata")
    found = read_tags(text_tag(50431, b"[MAIN]\r\nPixelSizeX = 1.25e-9\r\n"))
    assert found.calibration == Calibration(1.25, "TESCAN metadata")


@pytest.mark.parametrize("value", NONSENSE)
def test_tescan_nonsense_is_a_note_and_is_not_used(value):
    assert_unused(read_tescan(PixelSizeX=value, PixelSizeY="1e-9"))


def test_tescan_oddities_are_said():
    assert_unused(read_tescan(PixelSizeY="1e-9"))
    assert "not square" in read_tescan(PixelSizeX="1e-9", PixelSizeY="2e-9").notes[0]
    for rows in (HEIGHT, -4, "many", 2.5):
        found = read_tescan(PixelSizeX="1e-9", ImageStripSize=rows)
        assert found.label_bar_row is None
        assert "label bar height" in found.notes[0]


def test_other_uses_of_tag_50431_are_ignored():
    assert read_tags(text_tag(50431, b"anything else", dtype=1)) == (None, None, ())


# ---- Phenom ----


@pytest.mark.parametrize(("unit", "expected"), [("um", 50.0), ("nm", 0.05), ("µm", 50.0)])
def test_phenom_unit_is_an_attribute(unit, expected):
    tag = text_tag(34683, phenom_block("0.05", f' unit="{unit}"'), dtype=1)
    assert read_tags(tag).calibration.pixel_size_nm == pytest.approx(expected)


def test_phenom_label_bar():
    found = read_phenom("0.05", bar="<databarHeight>16</databarHeight>")
    assert found == (Calibration(50.0, "Phenom metadata"), HEIGHT - 16, ())
    for bar in ("<databarHeight>0</databarHeight>", ""):
        assert read_phenom("0.05", bar=bar) == (Calibration(50.0, "Phenom metadata"), None, ())
    found = read_phenom("0.05", bar="<databarHeight>90</databarHeight>")
    assert found.label_bar_row is None
    assert "label bar height" in found.notes[0]


@pytest.mark.parametrize("value", ["0", "-1", "nan", "", "wide", "1e9"])
def test_phenom_nonsense_is_a_note_and_is_not_used(value):
    assert_unused(read_phenom(value))


@pytest.mark.parametrize("unit", ["", ' unit=""', ' unit="furlong"', ' axis="x"'])
def test_phenom_without_a_unit_is_a_note_and_is_not_used(unit):
    assert_unused(read_phenom("0.05", unit))


def test_phenom_oddities_are_said():
    tall = '<pixelHeight unit="um">0.1</pixelHeight>'
    assert "not square" in read_phenom("0.05", height=tall).notes[0]
    cut = read_tags(text_tag(34683, phenom_block("0.05")[:-12]))
    assert cut.calibration is None
    assert "damaged" in cut.notes[0]


def test_phenom_jpeg_reaches_the_micrograph():
    block = phenom_block("0.05", bar="<databarHeight>16</databarHeight>")
    micrograph = read_micrograph(pil(PICTURE, "JPEG", comment=block))
    assert micrograph.calibration == Calibration(50.0, "Phenom metadata")
    assert micrograph.label_bar_row == HEIGHT - 16


# ---- Olympus SIS ----


def test_olympus_pixel_size_in_metres():
    found = read_olympus(1.5)
    assert found.calibration.pixel_size_nm == pytest.approx(1.5)
    assert found.calibration.source == "Olympus SIS metadata"
    found = read_olympus(0.25, exponent=-6)
    assert found.calibration.pixel_size_nm == pytest.approx(250)
    assert found.notes == ()


@pytest.mark.parametrize("value", [0.0, -2.0, float("nan"), float("inf"), 1e12])
def test_olympus_nonsense_is_a_note_and_is_not_used(value):
    assert_unused(read_olympus(value, 1.0))


def test_olympus_oddities_are_said():
    assert "not square" in read_olympus(1.5, 3.0).notes[0]


# ---- Gatan ----


@pytest.mark.parametrize(("unit", "scale"), [("nm", 1.5), ("µm", 0.0015), ("um", 0.0015)])
def test_gatan_unit_and_scale(unit, scale):
    found = read_gatan(unit.encode("latin-1"), scale)
    assert found.calibration.pixel_size_nm == pytest.approx(1.5)
    assert found.calibration.source == "Gatan metadata"
    assert found.notes == ()


@pytest.mark.parametrize(
    ("unit", "scale"), [(b"1/nm", 0.1), (b"eV", 1.0), (b"nm", 0.0), (b"nm", -1.0), (b"m", 1.0)]
)
def test_gatan_nonsense_is_a_note_and_is_not_used(unit, scale):
    assert_unused(read_gatan(unit, scale))


def test_gatan_oddities():
    assert "not square" in read_gatan(b"nm", 1.0, 2.0).notes[0]
    # The same width in two units.
    assert read_gatan(b"nm", 1.0, 0.001, b"um").notes == ()
    # Never calibrated, or another program's use of the same tags.
    assert read_tags((65009, 12, 1, 1.0, True)) == (None, None, ())
    assert read_tags((65003, 3, 1, 7, True), (65009, 12, 1, 1.0, True)) == (None, None, ())
    assert read_tags((65003, 2, 0, b"nm", True), (65009, 2, 0, b"a", True)) == (None, None, ())
