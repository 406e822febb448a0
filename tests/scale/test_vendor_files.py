"""Whole files of every vendor and format: the pixel size, and how sure it is."""

import pytest

from semseg.io.micrograph import read_micrograph
from semseg.scale.vendors import TIFF_READERS
from tests.support.vendor_files import VENDORS, vendor_files

FILES = list(vendor_files())


@pytest.mark.parametrize(
    "file", FILES, ids=[f"{each.vendor}-{each.kind}-{each.pixel_nm}" for each in FILES]
)
def test_the_pixel_size_of_a_whole_file(file):
    found = read_micrograph(file.built.data, file.name, sidecar=file.built.beside)
    scale = found.calibration
    if file.pixel_nm is None:
        assert scale is None
        return
    assert scale.pixel_size_nm == pytest.approx(file.pixel_nm, rel=1e-3)
    height = scale.pixel_height_nm or scale.pixel_size_nm
    assert height == pytest.approx(file.pixel_height_nm, rel=2e-3)
    assert scale.proposed == (file.kind == "halved")
    assert not scale.assumed
    # what is not square or was resized is said
    assert bool(found.notes) == (file.kind != "as recorded"), found.notes


def test_every_reader_of_a_tiff_has_a_file():
    names = " ".join(VENDORS)
    assert {vendor for vendor in TIFF_READERS if vendor.split()[0] not in names} == set()
