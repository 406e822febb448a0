"""TESCAN."""

import numpy as np
import pytest

from semseg.scale.calibration import Calibration
from tests.support.picture_files import tescan_block, text_tag
from tests.support.vendor_readings import HEIGHT, NONSENSE, assert_unused, read_tags, read_tescan


def test_tescan_pixel_size_and_strip():
    found = read_tescan(PixelSizeX="1.25e-9", PixelSizeY="1.25e-9", ImageStripSize=16)
    assert found[:3] == (Calibration(1.25, "TESCAN metadata"), HEIGHT - 16, ())
    assert read_tescan(PixelSizeX="1.25e-9", ImageStripSize=0).label_bar_row is None


def test_tescan_tag_of_signed_bytes_or_of_text():
    block = tescan_block({"PixelSizeX": "1.25e-9"})
    signed = tuple(np.frombuffer(block, np.int8).tolist())
    found = read_tags((50431, 6, len(signed), signed, True))
    assert found.calibration == Calibration(1.25, "TESCAN metadata")
    found = read_tags(text_tag(50431, b"[MAIN]\r\nPixelSizeX = 1.25e-9\r\n"))
    assert found.calibration == Calibration(1.25, "TESCAN metadata")


@pytest.mark.parametrize("value", NONSENSE)
def test_tescan_nonsense_is_a_note_and_is_not_used(value):
    assert_unused(read_tescan(PixelSizeX=value, PixelSizeY="1e-9"))


def test_tescan_oddities_are_said():
    assert_unused(read_tescan(PixelSizeY="1e-9"))
    assert "not square" in read_tescan(PixelSizeX="1e-9", PixelSizeY="2e-9").notes[0]
    for rows in (HEIGHT, -4, "many", 2.5):
        found = read_tescan(PixelSizeX="1e-9", ImageStripSize=rows)
        assert found.label_bar_row is None
        assert "label bar height" in found.notes[0]


def test_other_uses_of_tag_50431_are_ignored():
    assert read_tags(text_tag(50431, b"anything else", dtype=1))[:3] == (None, None, ())


def test_tescan_halved_with_its_tag_kept():
    found = read_tescan(PixelSizeX="3.672e-9", PixelSizeY="3.672e-9", ImageWidth=2048)
    assert (found.calibration.pixel_size_nm, found.calibration.proposed) == (7.344, True)
