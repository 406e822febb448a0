"""Scale bars of known length, drawn here, and things that look like bars and are none."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from semseg.errors import CalibrationError
from semseg.io.micrograph import read_micrograph
from semseg.preprocessing.label_bar import find_label_bar
from semseg.scale.calibration import agreement_note
from semseg.scale.scale_bar import ScaleBar, calibration_from_scale_bar, find_scale_bar
from semseg.scale.window import Window
from tests.support.paths import TIO2_IMAGES


def specimen(seed=0, shape=(300, 400), noise=6.0) -> np.ndarray:
    """Bright discs on a dark noisy ground, grey values about 60 to 170."""
    rng = np.random.default_rng(seed)
    grey = np.full(shape, 60.0)
    rows, columns = np.indices(shape)
    for _ in range(40):
        y, x, radius = rng.uniform(0, shape[0]), rng.uniform(0, shape[1]), rng.uniform(6, 20)
        grey[(rows - y) ** 2 + (columns - x) ** 2 < radius**2] = rng.uniform(120, 170)
    grey = ndimage.gaussian_filter(grey, 1) + rng.normal(0, noise, shape)
    return grey.astype(np.float32)


def covered(count, low, high) -> np.ndarray:
    """Which part of each of `count` pixels lies between two positions, 0..1."""
    pixels = np.arange(count)
    return np.clip(np.minimum(pixels + 1, high) - np.maximum(pixels, low), 0, 1)


def draw_bar(grey, left, right, top=260, thickness=5, value=255.0, blur=0.0) -> np.ndarray:
    """Draw a bar over `grey`; its ends may lie within pixels."""
    ink = np.outer(
        covered(grey.shape[0], top, top + thickness), covered(grey.shape[1], left, right)
    )
    ink = ndimage.gaussian_filter(ink, blur) if blur else ink
    return (grey * (1 - ink) + value * ink).astype(np.float32)


def draw_ticks(grey, columns, top, height, pen=2, value=255.0) -> np.ndarray:
    """Upright strokes whose first columns are given."""
    grey = grey.copy()
    for column in columns:
        grey[top : top + height, column : column + pen] = value
    return grey


def write(grey, place, text, size=20, value=255.0) -> np.ndarray:
    picture = Image.fromarray(grey)
    ImageDraw.Draw(picture).text(place, text, fill=value, font=ImageFont.load_default(size))
    return np.array(picture, np.float32)


# ---- bars ----


@pytest.mark.parametrize("value", [255.0, 0.0], ids=["white", "black"])
@pytest.mark.parametrize("thickness", [1, 2, 3, 5, 12])
@pytest.mark.parametrize("length", [40, 91, 250])
def test_drawn_bar_has_its_length(length, thickness, value):
    grey = draw_bar(specimen(noise=2), 60, 60 + length, thickness=thickness, value=value)
    bar = find_scale_bar(write(grey, (80, 230), "500 nm", value=value), None)
    assert bar.length_px == pytest.approx(length, abs=0.3)
    assert (bar.left, bar.right) == (
        pytest.approx(60, abs=0.3),
        pytest.approx(60 + length, abs=0.3),
    )
    assert bar.row == 260 + thickness // 2
    assert 0.5 <= bar.relative_uncertainty * bar.length_px < 0.6


@pytest.mark.parametrize("blur", [0.0, 0.5, 0.8])
@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.5])
def test_ends_are_found_to_a_part_of_a_pixel(blur, fraction):
    flat = np.full((200, 300), 90, np.float32)
    grey = draw_bar(flat, 50 + fraction, 150, top=160, thickness=6, blur=blur)
    bar = find_scale_bar(grey, None)
    assert bar.left == pytest.approx(50 + fraction, abs=0.15)
    assert bar.right == pytest.approx(150, abs=0.05)


@settings(max_examples=60)
@given(
    left=st.integers(3, 150),
    length=st.integers(14, 140),
    top=st.integers(5, 180),
    thickness=st.integers(1, 5),
    white=st.booleans(),
    scale=st.sampled_from([(1.0, 0.0), (257.0, 0.0), (1e-3, -4.0)]),
)
def test_any_place_and_any_unit_of_grey(left, length, top, thickness, white, scale):
    flat = np.full((200, 300), 120, np.float32)
    grey = draw_bar(flat, left, left + length, top, thickness, 255.0 if white else 0.0)
    bar = find_scale_bar((grey * scale[0] + scale[1]).astype(np.float32), None)
    assert bar.length_px == pytest.approx(length, abs=0.01)
    assert bar.left == pytest.approx(left, abs=0.01)


@pytest.mark.parametrize("up", [4, 0])
@pytest.mark.parametrize("pen", [1, 2, 3])
def test_bracket_is_measured_between_the_middles_of_its_ticks(pen, up):
    # Pens at 60 and 140 have their middles at 60 + pen / 2 and 140 + pen / 2: 80 px apart.
    grey = draw_bar(specimen(noise=2), 60, 140 + pen, thickness=pen)
    grey = draw_ticks(grey, (60, 140), 260 - up, 2 * 4 + pen, pen)
    bar = find_scale_bar(write(grey, (70, 228), "2 um"), None)
    assert bar.length_px == pytest.approx(80, abs=0.3)
    assert bar.right - bar.left == pytest.approx(80 + pen, abs=0.3)


def test_label_in_the_middle_of_the_bar_does_not_halve_it():
    grey = np.zeros((300, 400), np.float32)
    grey[:270] = specimen(shape=(270, 400), noise=2)
    grey = draw_bar(grey, 200, 265, top=284, thickness=1)
    grey = draw_bar(grey, 315, 380, top=284, thickness=1)
    grey = write(draw_ticks(grey, (200, 379), 278, 13, 1), (272, 277), "1 um", 14)
    for row in (270, None):
        assert find_scale_bar(grey, row).length_px == pytest.approx(179, abs=0.3)
    # The half alone is no bar.
    grey[271:, 300:] = 0
    assert find_scale_bar(grey, 270) is None


def test_bar_and_its_outline_are_one_bar_less_well_known():
    outlined = draw_bar(specimen(noise=2), 58, 162, top=258, thickness=10, value=0.0)
    grey = write(draw_bar(outlined, 60, 160, top=260, thickness=6), (80, 225), "500 nm")
    bar = find_scale_bar(grey, None)
    assert 99.5 <= bar.length_px <= 104.5
    assert 0.5 / bar.length_px <= bar.relative_uncertainty < 0.02


def test_label_bar_comes_first():
    grey = draw_bar(specimen(), 60, 160, top=200)
    grey = write(grey, (60, 170), "500 nm")
    # A disc begins where the bar ends: which of the two lies beside it is in doubt.
    bar = find_scale_bar(grey, None)
    assert bar.length_px == pytest.approx(100, abs=bar.relative_uncertainty * bar.length_px)
    assert bar.relative_uncertainty < 0.01
    grey[270:] = 0
    assert find_scale_bar(grey, 270).length_px == pytest.approx(bar.length_px)
    grey = draw_bar(grey, 300, 330, top=285, thickness=2)
    bar = find_scale_bar(grey, 270)
    assert bar.length_px == pytest.approx(30, abs=0.1)
    assert bar.row == 286


def test_large_pictures_are_searched_in_fewer_columns():
    flat = np.full((100, 5000), 90, np.float32)
    grey = draw_bar(flat, 1001, 1402, top=60, thickness=4)
    assert find_scale_bar(grey, None).length_px == pytest.approx(401, abs=0.01)


# ---- no bars ----


def frame(grey):
    """An outlined box, as around a label."""
    picture = Image.fromarray(grey)
    ImageDraw.Draw(picture).rectangle((60, 200, 160, 230), outline=255.0, width=2)
    return np.array(picture, np.float32)


def polygon(grey, *corners):
    picture = Image.fromarray(grey)
    ImageDraw.Draw(picture).polygon(corners, fill=255.0)
    return np.array(picture, np.float32)


NO_BARS = {
    "nothing": lambda grey: grey,
    "writing": lambda grey: write(grey, (40, 240), "EHT = 5.00 kV - H E L 7 Z 2 = 7.0 ± 2"),
    "frame": frame,
    "label": lambda grey: write(frame(grey), (70, 205), "100 nm"),
    "upright": lambda grey: draw_bar(grey, 60, 65, top=100, thickness=60),
    "square": lambda grey: draw_bar(grey, 60, 80, top=100, thickness=15),
    "short": lambda grey: draw_bar(grey, 60, 70, top=100, thickness=2),
    "right border": lambda grey: draw_bar(grey, 300, 400),
    "left border": lambda grey: draw_bar(grey, 0, 100),
    "full width": lambda grey: draw_bar(grey, 0, 400),
    "faded": lambda grey: draw_bar(grey, 60, 160, blur=4.0),
    "trapezium": lambda grey: polygon(grey, (60, 200), (160, 200), (190, 260), (30, 260)),
    "slanted": lambda grey: polygon(grey, (60, 200), (160, 210), (160, 216), (60, 206)),
}


@pytest.mark.parametrize("kind", NO_BARS)
def test_other_things_are_no_bars(kind):
    for seed in range(3):
        assert find_scale_bar(NO_BARS[kind](specimen(seed)), None) is None


def test_two_different_bars_are_no_answer():
    grey = draw_bar(specimen(), 40, 140)
    both = draw_bar(grey, 220, 370, top=200)
    assert find_scale_bar(grey, None) is not None
    assert find_scale_bar(both, None) is None
    assert find_scale_bar(draw_bar(grey, 220, 370), None) is None


@pytest.mark.parametrize("shape", [(1, 1), (4, 300), (300, 10), (64, 64)])
def test_pictures_that_hold_nothing(shape):
    assert find_scale_bar(np.zeros(shape, np.float32), None) is None
    noise = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    assert find_scale_bar(noise, None) is None
    assert find_scale_bar(noise, shape[0] // 2) is None


# ---- where it and its writing are ----


def test_windows_of_a_bar_in_the_picture():
    bar = find_scale_bar(draw_bar(specimen(noise=2), 60.3, 160, thickness=6), None)
    assert bar.box == Window(260, 60, 266, 160)
    text = bar.text_window
    # letters above, below and beside it, as far as they may stand away
    assert (text.top, text.bottom) == (260 - 8 * 6, 300)
    assert text.left == 0
    assert text.right == 220
    assert bar.label_bar is None


def test_windows_of_a_bar_in_the_label_bar():
    grey = specimen(noise=2)
    grey[240:] = 0
    bar = find_scale_bar(draw_bar(grey, 60, 160, top=270, thickness=3), 240)
    assert bar.box == Window(270, 60, 273, 160)
    assert bar.label_bar == Window(240, 0, 300, 400)
    assert bar.text_window.top >= 240
    assert bar.text_window.top < 270 < 273 < bar.text_window.bottom <= 300


# ---- calibration ----

BAR = ScaleBar(80.0, 10.0, 90.0, 5, 8, 0.00625, Window(0, 0, 20, 100))


def test_calibration_by_a_bar():
    calibration = calibration_from_scale_bar(BAR, 200)
    assert calibration.pixel_size_nm == 2.5
    assert (calibration.source, calibration.assumed) == ("scale bar", False)
    assert calibration.relative_uncertainty == 0.00625


@pytest.mark.parametrize("bad", [0, -1, math.nan, math.inf, "7", None, True])
def test_value_at_the_bar_is_a_length(bad):
    with pytest.raises(CalibrationError, match="scale bar"):
        calibration_from_scale_bar(BAR, bad)


def test_real_zeiss_bars_agree_with_their_metadata():
    paths = sorted(TIO2_IMAGES.glob("*.tif"))
    if not paths:
        pytest.skip(f"the TiO2 pictures are not at {TIO2_IMAGES}")
    for path in paths:
        micrograph = read_micrograph(path)
        bar = find_scale_bar(micrograph.grey, find_label_bar(micrograph.grey))
        # One of the eight shows a bar of 300 nm; 200 nm are 27.2 px.
        value_nm = 300 if bar.length_px > 35 else 200
        calibration = calibration_from_scale_bar(bar, value_nm)
        assert calibration.pixel_size_nm == pytest.approx(7.34375, rel=0.01)
        assert agreement_note(calibration, micrograph.calibration) is None
