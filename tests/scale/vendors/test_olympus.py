"""Olympus SIS."""

import pytest

from tests.support.vendor_readings import assert_unused, read_olympus


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
