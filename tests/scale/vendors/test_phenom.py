"""Phenom."""

import pytest

from semseg.io.micrograph import read_micrograph
from semseg.scale.calibration import Calibration
from tests.support.picture_files import phenom_block, pil, text_tag
from tests.support.vendor_readings import HEIGHT, PICTURE, assert_unused, read_phenom, read_tags


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
