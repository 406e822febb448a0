"""TVIPS."""

from semseg.scale.calibration import Calibration
from tests.support.picture_files import text_tag, tvips_header
from tests.support.vendor_readings import assert_unused, read_tags


def read_tvips(*pixel, **size):
    return read_tags(text_tag(37706, tvips_header(*pixel, **size), dtype=1))


def test_tvips_pixel_size_in_nm():
    found = read_tvips(1.5)
    assert found.calibration == Calibration(1.5, "TVIPS metadata")
    assert read_tvips(1.5, 3.0).calibration.pixel_height_nm == 3.0
    assert read_tvips(1.5, size=(2048, 192)).calibration.pixel_size_nm == 3.0
    assert read_tvips(0.0)[:3] == (None, None, ())  # nobody calibrated it
    assert_unused(read_tvips(-1.0))
