"""The figure of an analysis, made from a drawn one whose content is known."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from PIL import Image

from semseg import figure as room
from tests.fake_analysis import draw


@pytest.fixture(scope="module")
def analysis():
    return draw()


def test_figure_has_four_lettered_panels(analysis):
    page = room.figure(analysis)
    assert [axes.texts[0].get_text() for axes in page.axes] == ["a", "b", "c", "d"]
    words = " ".join(text.get_text() for text in page.axes[3].get_legend().get_texts())
    kept = analysis.particles[analysis.particles["kept"]]["min_feret_nm"]
    assert "n = 15" in words
    assert f"mean {kept.mean():.1f} nm" in words
    assert f"median {kept.median():.1f} nm" in words
    assert f"SD {kept.std():.1f} nm" in words
    assert "(nm)" in page.axes[3].get_xlabel()


def test_outlines_are_told_apart_by_colour_and_by_dashes(analysis):
    kept, wrong = room.figure(analysis).axes[2].findobj(LineCollection)
    assert (len(kept.get_segments()), len(wrong.get_segments())) == (15, 5)
    assert np.argmax(kept.get_colors()[0][:3]) == 1
    assert np.argmax(wrong.get_colors()[0][:3]) == 0
    assert kept.get_linestyles()[0][1] is None
    assert wrong.get_linestyles()[0][1] is not None
    first = kept.get_segments()[0]
    np.testing.assert_array_equal(first[0], first[-1])


def test_outlines_differ_in_lightness_too():
    lightness = [
        np.dot(to_rgb(style["color"]), (0.2126, 0.7152, 0.0722))
        for style in (room.KEPT, room.WRONG)
    ]
    assert lightness[0] > 1.7 * lightness[1]


def test_scale_bars_are_round_and_true(analysis):
    for axes in room.figure(analysis).axes[:3]:
        (bar,) = axes.patches
        # A fifth of 128 px is 188 nm.
        assert axes.texts[-1].get_text() == "200 nm"
        assert bar.get_width() * 7.34375 == pytest.approx(200)


def test_no_scale_bar_without_calibration():
    page = room.figure(draw(pixel_size_nm=None))
    assert not page.axes[0].patches
    assert "(px)" in page.axes[3].get_xlabel()


@pytest.mark.parametrize(
    ("nm", "text"),
    [(0.4, "0.5 nm"), (14, "10 nm"), (15, "20 nm"), (740, "1 µm"), (4.4e6, "5 mm")],
)
def test_round_lengths(nm, text):
    assert room._length_text(room._round_length(nm)) == text


@pytest.mark.parametrize("size", ["ecd", "max_feret"])
def test_figure_of_another_size(analysis, size):
    assert room.SIZES[size] in room.figure(analysis, size).axes[3].get_xlabel()


@pytest.mark.parametrize(
    "drawing",
    [
        {"rows": 0},
        {"rows": 1, "columns": 1},
        {"rows": 4, "columns": 1},
        {"height": 64, "width": 1200, "rows": 2, "columns": 20},
        {"height": 1200, "width": 64, "rows": 20, "columns": 2},
        {"height": 1700, "width": 1801, "radius": 30},
        {"bar": 0},
    ],
)
def test_figure_of_odd_pictures(drawing):
    picture = Image.open(io.BytesIO(room.figure_png(draw(**drawing), dpi=60)))
    assert picture.width == 426
    assert 100 < picture.height < 800


def test_panels_do_not_overlap():
    for aspect in (0.05, 0.44, 0.46, 0.7, 1, 1.59, 1.61, 4, 20):
        boxes, height = room._layout(aspect)
        for i, (left, top, across, down) in enumerate(boxes):
            assert left > 0
            assert left + across < room.PAGE
            assert top > 0
            assert top + down < height
            for other_left, other_top, other_across, other_down in boxes[:i]:
                apart = left >= other_left + other_across or other_left >= left + across
                below = top >= other_top + other_down or other_top >= top + down
                assert apart or below


def test_figures_can_be_made_in_threads(analysis):
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _: room.figure_png(analysis, dpi=60), range(6)))
    assert len(set(made)) == 1
