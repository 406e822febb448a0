"""Every vendor's metadata, written to the vendor's own layout: good, bad and contradictory."""

import io

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from semseg.io.micrograph import read_micrograph
from semseg.scale.calibration import (
    Calibration,
    calibration_from_reading,
    calibration_from_tiff,
)
from semseg.scale.sidecar import read_sidecar
from semseg.scale.vendors import TIFF_READERS
from tests.support.picture_files import (
    fei_base64,
    ini_block,
    jeol_exif,
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
    assert (found.calibration.pixel_size_nm, found.calibration.proposed) == (2.0, True)
    assert "a picture of 2048 pixels across, but this one has 1024 x 96" in found.notes[0]
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
    assert found[:3] == (Calibration(0.25, "FEI metadata"), None, ())
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
    assert read_imagej(unit, 0.01)[:3] == (None, None, ())


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
    assert found[:3] == (Calibration(1.25, "TESCAN metadata"), HEIGHT - 16, ())
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
    assert read_tags(text_tag(50431, b"anything else", dtype=1))[:3] == (None, None, ())


# ---- Phenom ----


@pytest.mark.parametrize(("unit", "expected"), [("um", 50.0), ("nm", 0.05), ("µm", 50.0)])
def test_phenom_unit_is_an_attribute(unit, expected):
    tag = text_tag(34683, phenom_block("0.05", f' unit="{unit}"'), dtype=1)
    assert read_tags(tag).calibration.pixel_size_nm == pytest.approx(expected)


def test_phenom_label_bar():
    found = read_phenom("0.05", bar="<databarHeight>16</databarHeight>")
    assert found[:3] == (Calibration(50.0, "Phenom metadata"), HEIGHT - 16, ())
    for bar in ("<databarHeight>0</databarHeight>", ""):
        assert read_phenom("0.05", bar=bar)[:3] == (Calibration(50.0, "Phenom metadata"), None, ())
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
    assert read_tags((65009, 12, 1, 1.0, True))[:3] == (None, None, ())
    assert read_tags((65003, 3, 1, 7, True), (65009, 12, 1, 1.0, True))[:3] == (None, None, ())
    assert read_tags((65003, 2, 0, b"nm", True), (65009, 2, 0, b"a", True))[:3] == (None, None, ())


# ---- Zeiss, resized ----


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


def test_tescan_halved_with_its_tag_kept():
    found = read_tescan(PixelSizeX="3.672e-9", PixelSizeY="3.672e-9", ImageWidth=2048)
    assert (found.calibration.pixel_size_nm, found.calibration.proposed) == (7.344, True)


def test_fei_field_over_pixel_size_tells_how_wide_it_was():
    found = read_fei({"EBeam": {"HFW": 4.096e-6}, "Scan": {"PixelWidth": 2e-9}})
    assert (found.calibration.pixel_size_nm, found.calibration.proposed) == (4.0, True)
    found = read_fei({"EBeam": {"HFW": 2.048e-6}, "Scan": {"PixelWidth": 2e-9}})
    assert found.calibration.certain


# ---- FEI of old, FEI in base64 ----


def read_old_fei(resolution=None, **changes):
    tag = text_tag(34680, ini_block(old_fei_sections(**changes)))
    return read(extratags=[tag], resolution=resolution)


def test_fei_of_old():
    """80 mm x 1.25 over 5000 over 1024 px = 19.53125 nm; pixels a tenth taller than wide."""
    found = read_old_fei((110, 100))
    assert found.calibration.pixel_size_nm == pytest.approx(19.53125)
    assert found.calibration.pixel_height_nm == pytest.approx(21.484375)
    assert found.calibration.source == "FEI metadata"
    assert read_old_fei((1, 1)).calibration.pixel_height_nm is None
    # a resolution of another kind says nothing of the pixels
    assert read_old_fei((1000, 1)).calibration.pixel_height_nm is None


@pytest.mark.parametrize("key", ["SizeY", "RatioXY"])
@pytest.mark.parametrize("value", [0, -1, "nan", "wide", ""])
def test_fei_of_old_nonsense_is_a_note_and_is_not_used(key, value):
    assert_unused(read_old_fei(**{key: value}))


def test_fei_in_base64():
    found = read_tags(text_tag(34680, fei_base64("1.6E-08", "1.76E-08")))
    assert found.calibration.pixel_size_nm == pytest.approx(16)
    assert found.calibration.pixel_height_nm == pytest.approx(17.6)
    assert read_tags(text_tag(34682, fei_base64())).calibration.pixel_size_nm == pytest.approx(16)
    assert_unused(read_tags(text_tag(34680, fei_base64("-1"))))
    assert_unused(read_tags(text_tag(34680, fei_base64(unit="MementoItemUnitVolt"))))
    assert read_tags(text_tag(34680, b"QUJD" * 50)).calibration is None


# ---- JEOL in the picture ----


def read_jeol(tags):
    return read_bytes(with_exif(PICTURE, tags))


@pytest.mark.parametrize("code", [37500, 37510])
@pytest.mark.parametrize("utf16", ["utf-16-le", "utf-16"])
def test_jeol_exif(code, utf16):
    found = read_jeol({code: jeol_exif(utf16, CM_IMAGE_SIZE="1024 96")})
    assert found.calibration == Calibration(2.0, "JEOL metadata")
    assert found.notes == ()


def test_jeol_exif_among_the_tags_of_the_picture():
    found = read_tags(text_tag(37500, jeol_exif(), dtype=7))
    assert found.calibration == Calibration(2.0, "JEOL metadata")
    signed = tuple(np.frombuffer(jeol_exif(), np.int8).tolist())
    assert read_tags((37500, 6, len(signed), signed, True)).calibration.pixel_size_nm == 2.0


@pytest.mark.parametrize(
    ("text", "across", "down"),
    [
        ("2.00nm/pixel", 2.0, None),
        ("2.00nm 2.20nm", 2.0, 2.2),
        ("0.05µm 0.05µm", 50.0, None),
        ("1.5 um", 1500.0, None),
    ],
)
def test_jeol_pixel_size_with_its_unit(text, across, down):
    found = read_jeol({37500: jeol_exif(CM_PIXEL_SIZE=text)}).calibration
    assert (found.pixel_size_nm, found.pixel_height_nm) == (pytest.approx(across), down)


def test_jeol_field_of_view_over_the_width():
    entries = {"CM_FIELD_OF_VIEW": "2.048µm 0.192µm", "CM_IMAGE_SIZE": "1024 96"}
    found = read_jeol({37500: jeol_exif(CM_PIXEL_SIZE=None, **entries)})
    assert found.calibration.pixel_size_nm == pytest.approx(2.0)


@pytest.mark.parametrize("text", ["0nm", "2.00", "2 parsec", "", "wide", "nan nm"])
def test_jeol_nonsense_is_a_note_and_is_not_used(text):
    assert_unused(read_jeol({37500: jeol_exif(CM_PIXEL_SIZE=text)}))


def test_jeol_resized_is_proposed():
    found = read_jeol({37500: jeol_exif(CM_IMAGE_SIZE="2048 192")}).calibration
    assert (found.pixel_size_nm, found.proposed) == (4.0, True)


def test_other_exif_is_ignored():
    assert read_jeol({37500: b"UNICODE\0" + "a camera".encode("utf-16-le")})[:3] == (None, None, ())
    assert read_jeol({37500: b"\x01" * 30})[:3] == (None, None, ())


def test_jeol_jpeg_reaches_the_micrograph():
    exif = Image.Exif()
    exif.get_ifd(0x8769)[37500] = jeol_exif()
    micrograph = read_micrograph(pil(PICTURE, "JPEG", exif=exif.tobytes()))
    assert micrograph.calibration == Calibration(2.0, "JEOL metadata")


# ---- JEOL TEMs with SightX ----


def read_sightx(resolution=(1000, 1000), unit=3, make=b"JEOL Ltd.", **changes):
    tags = [text_tag(271, make), text_tag(270, sightx_xml(**changes))]
    return read(metadata=None, extratags=tags, resolution=resolution, resolutionunit=unit)


def test_sightx_resolution_over_magnification():
    """10 mm / 1000 / 50,000 = 0.2 nm; 25.4 mm / 1000 / 50,000 = 0.508 nm."""
    found = read_sightx()
    assert found.calibration.pixel_size_nm == pytest.approx(0.2)
    assert found.calibration.source == "JEOL SightX metadata"
    assert read_sightx(unit=2).calibration.pixel_size_nm == pytest.approx(0.508)
    assert read_sightx((1000, 800)).calibration.pixel_height_nm == pytest.approx(0.25)


def test_sightx_of_other_modes_is_a_note_and_is_not_used():
    assert_unused(read_sightx(mode="DIFF"))
    assert_unused(read_sightx(eos="modeASID"))
    assert_unused(read_sightx(magnification=0))
    assert_unused(read_sightx(unit=1))
    assert read_sightx(make=b"another").calibration is None


# ---- OME ----


def read_ome(*pixels):
    return read(description=ome_xml(*pixels), metadata=None)


SIZE = 'SizeX="1024" SizeY="96"'


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('PhysicalSizeX="7.5" PhysicalSizeXUnit="nm"', 7.5),
        ('PhysicalSizeX="0.0075"', 7.5),  # µm where nothing is said
        ('PhysicalSizeXUnit="&#181;m" PhysicalSizeX="0.0075"', 7.5),
        ("PhysicalSizeX='75' PhysicalSizeXUnit='Å'", 7.5),
        ('PhysicalSizeX="7.5E-9" PhysicalSizeXUnit="m"', 7.5),
    ],
)
def test_ome_physical_size(attributes, expected):
    found = read_ome(f"{SIZE} {attributes}")
    assert found.calibration.pixel_size_nm == pytest.approx(expected)
    assert (found.calibration.source, found.notes) == ("OME metadata", ())


def test_ome_height_and_resizing():
    sides = 'PhysicalSizeX="1" PhysicalSizeXUnit="nm" PhysicalSizeY="2" PhysicalSizeYUnit="nm"'
    assert read_ome(f"{SIZE} {sides}").calibration.pixel_height_nm == 2.0
    found = read_ome(f'SizeX="2048" SizeY="192" {sides}').calibration
    assert (found.pixel_size_nm, found.pixel_height_nm, found.proposed) == (2.0, 4.0, True)


def test_ome_of_several_images():
    nm = 'PhysicalSizeXUnit="nm"'
    other = f'SizeX="64" SizeY="64" PhysicalSizeX="9" {nm}'
    found = read_ome(other, f'{SIZE} PhysicalSizeX="2" {nm}')
    assert (found.calibration.pixel_size_nm, found.calibration.certain) == (2.0, True)
    found = read_ome(f'{SIZE} PhysicalSizeX="2" {nm}', f'{SIZE} PhysicalSizeX="3" {nm}')
    assert (found.calibration.pixel_size_nm, found.calibration.proposed) == (2.0, True)
    assert "pixels of other sizes" in found.notes[0]


def test_ome_nonsense_is_a_note_and_is_not_used():
    assert read_ome(SIZE)[:3] == (None, None, ())
    for bad in ('PhysicalSizeX="0"', 'PhysicalSizeX="1" PhysicalSizeXUnit="pixel"'):
        assert_unused(read_ome(f"{SIZE} {bad}"))


# ---- TVIPS ----


def read_tvips(*pixel, **size):
    return read_tags(text_tag(37706, tvips_header(*pixel, **size), dtype=1))


def test_tvips_pixel_size_in_nm():
    found = read_tvips(1.5)
    assert found.calibration == Calibration(1.5, "TVIPS metadata")
    assert read_tvips(1.5, 3.0).calibration.pixel_height_nm == 3.0
    assert read_tvips(1.5, size=(2048, 192)).calibration.pixel_size_nm == 3.0
    assert read_tvips(0.0)[:3] == (None, None, ())  # nobody calibrated it
    assert_unused(read_tvips(-1.0))


# ---- ImageJ: sides in units of their own ----


def test_imagej_sides_in_units_of_their_own():
    metadata = {"unit": "nm", "yunit": "micron"}
    found = read(photometric=None, imagej=True, resolution=(0.5, 500), metadata=metadata)
    assert found.calibration == Calibration(2.0, "ImageJ metadata")
    assert found.notes == ()


# ---- hostile ----

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
