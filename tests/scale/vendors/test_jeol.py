"""JEOL: in the picture's own metadata, and TEMs with SightX."""

import numpy as np
import pytest
from PIL import Image

from semseg.io.micrograph import read_micrograph
from semseg.scale.calibration import Calibration
from tests.support.picture_files import jeol_exif, pil, sightx_xml, text_tag, with_exif
from tests.support.vendor_readings import PICTURE, assert_unused, read, read_bytes, read_tags


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
