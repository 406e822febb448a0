"""OME."""

import pytest

from tests.support.picture_files import ome_xml
from tests.support.vendor_readings import assert_unused, read


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
