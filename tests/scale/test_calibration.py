"""Calibrations: typed, from files whose vendors agree or not, and how far two may be apart."""

import io
import math
from dataclasses import replace

import numpy as np
import pytest
import tifffile

from semseg.errors import CalibrationError
from semseg.scale.calibration import (
    Calibration,
    agreement_note,
    calibration_from_bytes,
    calibration_from_reading,
    calibration_from_tiff,
    calibration_from_width,
)
from semseg.scale.vendors import TIFF_READERS
from semseg.scale.vendors.reading import pixel_reading
from tests.support.paths import TIO2_IMAGES
from tests.support.picture_files import GREY, ini_block, phenom_block, text_tag, tiff


def read(**kwargs):
    """Write a picture with `kwargs` of tifffile.imwrite and return its calibration."""
    with tifffile.TiffFile(io.BytesIO(tiff(GREY, **kwargs))) as tif:
        return calibration_from_tiff(tif, GREY.shape[1], GREY.shape[0])


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


def test_uncertainty_is_unknown_unless_the_source_tells_it():
    assert Calibration(2.0, "x").relative_uncertainty is None
    assert Calibration(2.0, "x", True).assumed is True
    assert Calibration(2.0, "x", False, 0).relative_uncertainty == 0
    known = Calibration(2.0, "x", relative_uncertainty=np.float32(0.25)).relative_uncertainty
    assert (known, type(known)) == (0.25, float)


@pytest.mark.parametrize("bad", [-0.01, math.nan, math.inf, "0.1", True, 10**400])
def test_uncertainty_is_a_finite_number_from_zero(bad):
    with pytest.raises(CalibrationError, match="uncertainty"):
        Calibration(2.0, "x", relative_uncertainty=bad)


# ---- agreement ----


def test_a_scale_is_certain_unless_it_was_assumed_or_proposed():
    calibration = Calibration(2.0, "FEI metadata")
    assert (calibration.certain, calibration.doubt) == (True, "")
    assumed, proposed = replace(calibration, assumed=True), replace(calibration, proposed=True)
    assert (assumed.certain, assumed.doubt) == (False, "assumed")
    assert (proposed.certain, proposed.doubt) == (False, "proposed")


def test_a_pixel_may_be_higher_than_wide():
    assert Calibration(2.0, "typed").pixel_height_nm is None
    assert Calibration(2.0, "typed", pixel_height_nm=2).pixel_height_nm == 2.0
    with pytest.raises(CalibrationError, match="pixel height"):
        Calibration(2.0, "typed", pixel_height_nm=math.nan)


@pytest.mark.parametrize(
    ("height", "expected"), [(2.2, 2.2), (2.001, None), (1e9, None), (None, None)]
)
def test_a_reading_tells_the_height_where_pixels_are_not_square(height, expected):
    reading = pixel_reading("A sidecar", 2.0, [], pixel_height_nm=height)
    assert reading.pixel_height_nm == expected
    assert calibration_from_reading(reading).calibration.pixel_height_nm == expected


def test_agreement_is_within_two_percent():
    from_file = Calibration(10.0, "Zeiss metadata")
    assert agreement_note(Calibration(10.19, "typed width"), from_file) is None
    note = agreement_note(Calibration(12.5, "typed width"), from_file)
    assert "12.5 nm" in note
    assert "10 nm" in note
    assert "25.0%" in note


def test_known_uncertainty_explains_a_difference():
    # u = sqrt(0.03^2 + 0.04^2) = 0.05, so 2 u = 10 % may be apart.
    bar = Calibration(10.9, "scale bar", relative_uncertainty=0.03)
    sidecar = Calibration(10.0, "JEOL sidecar", relative_uncertainty=0.04)
    assert agreement_note(bar, sidecar) is None
    assert "11.0%" in agreement_note(Calibration(11.1, "scale bar", False, 0.03), sidecar)
    # A bar known better than 1 % still may be 2 % apart.
    assert agreement_note(Calibration(10.15, "b", False, 0.001), Calibration(10, "f")) is None
    assert agreement_note(Calibration(10.25, "b", False, 0.001), Calibration(10, "f"))


# ---- several readers ----


def test_print_resolution_is_never_applied():
    assert read(resolution=(300, 300), resolutionunit="INCH")[:3] == (None, None, ())
    assert read(resolution=(1e7, 1e7), resolutionunit="CENTIMETER")[:3] == (None, None, ())


def fei_and_imagej(pixel_m):
    block = ini_block({"Scan": {"PixelWidth": pixel_m}})
    return read(
        photometric=None,
        imagej=True,
        resolution=(1, 1),
        metadata={"unit": "nm"},
        extratags=[text_tag(34682, block)],
    )


def test_two_vendors_that_disagree_are_said():
    found = fei_and_imagej(2e-9)
    assert found.calibration == Calibration(2.0, "FEI metadata")
    assert "(a factor of 2)" in found.notes[0]
    assert "The FEI metadata are used." in found.notes[0]


def test_two_vendors_that_agree_are_silent():
    found = fei_and_imagej(1.01e-9)
    assert found.calibration.pixel_size_nm == pytest.approx(1.01)
    assert found.notes == ()


def test_second_vendor_serves_where_the_first_is_useless():
    found = fei_and_imagej(0)
    assert found.calibration == Calibration(1.0, "ImageJ metadata")
    assert "no usable" in found.notes[0]


def test_damaged_metadata_cost_a_note_only(monkeypatch):
    def broken(tif, width_px, height_px):
        raise RecursionError

    monkeypatch.setitem(TIFF_READERS, "Broken", broken)
    found = read()
    assert found.calibration is None
    assert found.notes == ("The Broken metadata of this file are damaged and were ignored.",)


def test_files_that_are_no_tiff_may_hold_a_phenom_block():
    data = b"\xff\xd8 some picture" + phenom_block("0.1")
    assert calibration_from_bytes(data, 640, 480).calibration == Calibration(
        100.0, "Phenom metadata"
    )
    assert calibration_from_bytes(b"\xff\xd8 some picture", 640, 480)[:3] == (None, None, ())


def test_real_zeiss_files_are_calibrated():
    paths = sorted(TIO2_IMAGES.glob("*.tif"))
    if not paths:
        pytest.skip(f"the TiO2 pictures are not at {TIO2_IMAGES}")
    for path in paths:
        with tifffile.TiffFile(path) as tif:
            found = calibration_from_tiff(tif, 1024, 768)
        assert found[:3] == (Calibration(7.344, "Zeiss metadata"), None, ())


def test_width_and_height_of_a_pixel():
    square, tall = Calibration(2.0, "x"), Calibration(2.0, "x", pixel_height_nm=4.5)
    assert (square.pixel_aspect, square.mean_pixel_nm) == (1, 2)
    assert (tall.pixel_aspect, tall.mean_pixel_nm) == (2.25, 3)
    assert square.per_pixel == "2 nm per pixel"
    assert tall.per_pixel == "2 x 4.5 nm per pixel"
    assert square.with_aspect(2.25) == tall
    assert tall.with_aspect(1.0) == square
    assert square.turned() is square
    assert tall.turned() == Calibration(4.5, "x", pixel_height_nm=2.0)


def test_a_height_that_no_microscope_records_is_ignored():
    reading = pixel_reading("A sidecar", 2.0, [], pixel_height_nm=20.0)
    assert reading.pixel_height_nm is None
    assert reading.notes[0].endswith(
        "(2 x 20 nm); no microscope records such ones, so sizes use the first: check the scale bar."
    )
