"""ImageJ: unit and resolution, and sides in units of their own."""

import pytest

from semseg.scale.calibration import Calibration
from tests.support.vendor_readings import read, read_imagej


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


def test_imagej_sides_in_units_of_their_own():
    metadata = {"unit": "nm", "yunit": "micron"}
    found = read(photometric=None, imagej=True, resolution=(0.5, 500), metadata=metadata)
    assert found.calibration == Calibration(2.0, "ImageJ metadata")
    assert found.notes == ()
