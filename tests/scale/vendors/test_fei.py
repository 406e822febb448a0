"""FEI and Thermo Fisher: of today, of old, as XML and in base64."""

import pytest

from semseg.scale.calibration import Calibration
from tests.support.picture_files import fei_base64, ini_block, old_fei_sections, text_tag
from tests.support.vendor_readings import (
    HEIGHT,
    NONSENSE,
    WIDTH,
    assert_unused,
    read,
    read_fei,
    read_tags,
)


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


def test_fei_field_over_pixel_size_tells_how_wide_it_was():
    found = read_fei({"EBeam": {"HFW": 4.096e-6}, "Scan": {"PixelWidth": 2e-9}})
    assert (found.calibration.pixel_size_nm, found.calibration.proposed) == (4.0, True)
    found = read_fei({"EBeam": {"HFW": 2.048e-6}, "Scan": {"PixelWidth": 2e-9}})
    assert found.calibration.certain


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
