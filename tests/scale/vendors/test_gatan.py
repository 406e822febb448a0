"""Gatan."""

import pytest

from tests.support.vendor_readings import assert_unused, read_gatan, read_tags


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
