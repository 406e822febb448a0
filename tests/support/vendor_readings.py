"""What is read of a picture with the metadata of a vendor, written to its layout."""

import io

import numpy as np
import tifffile

from semseg.scale.calibration import calibration_from_tiff
from tests.support.picture_files import (
    ini_block,
    phenom_block,
    tescan_block,
    text_tag,
    tiff,
    with_olympus,
    zeiss_block,
)

WIDTH, HEIGHT = 1024, 96
PICTURE = np.arange(HEIGHT * WIDTH, dtype=np.uint32).reshape(HEIGHT, WIDTH).astype(np.uint8)

# What no vendor's number may be, in metres; the last three are no plausible pixel.
NONSENSE = [0, -1e-9, "nan", "inf", "wide", "", "1,5e-9", 12.0, 1e-14, 0.002]


def read_bytes(data):
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        return calibration_from_tiff(tif, WIDTH, HEIGHT)


def read(**kwargs):
    """Write PICTURE with `kwargs` of tifffile.imwrite and return its calibration."""
    return read_bytes(tiff(PICTURE, **kwargs))


def read_tags(*tags):
    return read(extratags=list(tags))


def read_zeiss(entries, pixel_m="7.343750e-009"):
    return read_tags(text_tag(34118, zeiss_block(entries, pixel_m)))


def read_fei(sections, code=34682):
    return read_tags(text_tag(code, ini_block(sections)))


def read_imagej(unit, pixel, pixel_y=None):
    resolution = (1 / pixel, 1 / (pixel_y or pixel))
    return read(photometric=None, imagej=True, resolution=resolution, metadata={"unit": unit})


def read_tescan(**main):
    return read_tags(text_tag(50431, tescan_block({"AccFrames": 1, **main, "Sign": "x"}), dtype=1))


def read_phenom(*args, **kwargs):
    return read_tags(text_tag(34683, phenom_block(*args, **kwargs)))


def read_gatan(unit, scale, scale_y=None, unit_y=None):
    tags = [(65009, 12, 1, scale, True), (65010, 12, 1, scale_y or scale, True)]
    tags += [(65003, 2, 0, unit, True), (65004, 2, 0, unit_y or unit, True)]
    return read_tags(*tags)


def read_olympus(across, down=None, exponent=-9):
    def data_of(tag):
        return tiff(PICTURE, extratags=[tag], metadata=None)

    return read_bytes(with_olympus(data_of, across, down or across, exponent))


def assert_unused(found):
    assert found.calibration is None
    assert "no usable" in found.notes[0]
