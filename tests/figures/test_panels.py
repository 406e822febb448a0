"""The figure of an analysis, made from a drawn one whose content is known."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from PIL import Image

from semseg.display import Display
from semseg.figures import panels
from semseg.figures.states import ACCEPTED, REJECTED
from semseg.figures.ticks import log_ticks
from semseg.statistics.summary import histogram_edges, summarise, volume_weights
from tests.support.fake_analysis import draw


@pytest.fixture(scope="module")
def analysis():
    return draw()


def words_of(axes):
    legend = axes.get_legend()
    return " ".join(text.get_text() for text in (legend.get_title(), *legend.get_texts()))


def bars_of(axes):
    """Edges and heights of the histogram."""
    bars = axes.containers[0].patches
    edges = [bar.get_x() for bar in bars] + [bars[-1].get_x() + bars[-1].get_width()]
    return np.array(edges), np.array([bar.get_height() for bar in bars])


def ticks_of(axes):
    """The texts of the labelled ticks of the axis of sizes that are shown."""
    low, high = axes.get_xlim()
    places, texts = axes.get_xticks(), [text.get_text() for text in axes.get_xticklabels()]
    return [text for place, text in zip(places, texts, strict=True) if low <= place <= high]


def test_figure_has_four_lettered_panels(analysis):
    page = panels.figure(analysis)
    assert [axes.texts[0].get_text() for axes in page.axes] == ["a", "b", "c", "d"]
    words = words_of(page.axes[3])
    kept = analysis.particles[analysis.particles["kept"]]["min_feret_nm"]
    assert "n = 15" in words
    assert f"mean {kept.mean():.1f} nm" in words
    assert f"median {kept.median():.1f} nm" in words
    assert f"SD {kept.std():.1f} nm" in words
    assert "(nm)" in page.axes[3].get_xlabel()


def test_outlines_are_told_apart_by_colour_and_by_dashes(analysis):
    kept, wrong = panels.figure(analysis).axes[2].findobj(LineCollection)
    assert (len(kept.get_segments()), len(wrong.get_segments())) == (15, 5)
    assert np.argmax(kept.get_colors()[0][:3]) == 1
    assert np.argmax(wrong.get_colors()[0][:3]) == 0
    assert kept.get_linestyles()[0][1] is None
    assert wrong.get_linestyles()[0][1] is not None
    first = kept.get_segments()[0]
    np.testing.assert_array_equal(first[0], first[-1])


def test_outlines_differ_in_lightness_too():
    lightness = [
        np.dot(to_rgb(state.outline), (0.2126, 0.7152, 0.0722)) for state in (ACCEPTED, REJECTED)
    ]
    assert lightness[0] > 1.7 * lightness[1]


def test_scale_bars_are_round_and_true(analysis):
    for axes in panels.figure(analysis).axes[:3]:
        (bar,) = axes.patches
        # A fifth of 128 px is 188 nm.
        assert axes.texts[-1].get_text() == "200 nm"
        assert bar.get_width() * 128 * 7.34375 == pytest.approx(200)


@pytest.mark.parametrize("sides", [(96, 128), (64, 1200), (1200, 64)])
def test_scale_bars_cover_nothing(sides):
    height, width = sides
    page = panels.figure(draw(height=height, width=width, rows=1, columns=1, proposed=True))
    canvas = page.canvas.get_renderer()
    page.draw(canvas)
    others = [axes.get_window_extent(canvas) for axes in page.axes]
    others.append(page.axes[2].get_legend().get_window_extent(canvas))
    others += [axes.texts[0].get_window_extent(canvas) for axes in page.axes]  # letters
    for axes in page.axes[:3]:
        for each in (*axes.patches, *axes.texts[2:]):  # behind letter and title
            box = each.get_window_extent(canvas)
            assert not [other for other in others if other.overlaps(box)]


def test_no_scale_bar_without_calibration():
    page = panels.figure(draw(pixel_size_nm=None))
    assert not page.axes[0].patches
    assert "(px)" in page.axes[3].get_xlabel()


@pytest.mark.parametrize(
    ("size", "name"),
    [("ecd", "Equivalent circular diameter"), ("max_feret", "Maximum Feret diameter")],
)
def test_figure_of_another_size(analysis, size, name):
    axes = panels.figure(analysis, Display(size=size)).axes[3]
    assert axes.get_xlabel() == f"{name} (nm)"
    kept = analysis.particles[analysis.particles["kept"]]
    assert f"mean {kept[f'{size}_nm'].mean():.1f} nm" in words_of(axes)


# -- histogram -------------------------------------------------------------------------------


@pytest.mark.parametrize("bins", [0, 5, 100])
@pytest.mark.parametrize("log", [False, True])
def test_bins_are_those_of_all_found_and_bars_of_the_kept(analysis, bins, log):
    axes = panels.figure(analysis, Display(bins=bins, log=log)).axes[3]
    edges, heights = bars_of(axes)
    found, kept = (
        analysis.particles.loc[rows, "min_feret_nm"]
        for rows in (slice(None), analysis.particles["kept"])
    )
    np.testing.assert_allclose(edges, histogram_edges(found, bins=bins, log=log))
    np.testing.assert_array_equal(heights, np.histogram(kept, edges)[0])
    assert heights.sum() == len(kept) == 15
    assert axes.get_xscale() == ("log" if log else "linear")


def test_the_axis_reaches_around_the_kept_only():
    drawn = draw()
    drawn.particles.loc[3, "min_feret_nm"] = 5000.0  # label 4, which is not kept
    for log in (False, True):
        axes = panels.figure(drawn, Display(log=log, bins=50)).axes[3]
        low, high = axes.get_xlim()
        kept = drawn.particles.loc[drawn.particles["kept"], "min_feret_nm"]
        assert low < kept.min() < kept.max() < high < 500


def test_volume_weighting_shows_shares_and_says_so(analysis):
    axes = panels.figure(analysis, Display(weighting="volume")).axes[3]
    assert axes.get_ylabel() == "Share of volume (%)"
    kept = analysis.particles[analysis.particles["kept"]]
    edges, heights = bars_of(axes)
    assert heights.sum() == pytest.approx(100)
    in_first = kept["ecd_px"][kept["min_feret_nm"] < edges[1]]
    assert heights[0] == pytest.approx(100 * (in_first**3).sum() / (kept["ecd_px"] ** 3).sum())
    summary = summarise(kept["min_feret_nm"], volume_weights(kept))
    words = words_of(axes)
    assert "all kept particles,\nby volume" in words
    assert f"mean {summary.mean:.1f} nm" in words
    assert f"median {summary.median:.1f} nm" in words
    assert f"SD {summary.standard_deviation:.1f} nm" in words
    assert "n = 15" in words
    assert "weighted" not in words_of(panels.figure(analysis).axes[3])


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (80, 150, [80, 100, 120, 140]),
        (9, 90, [10, 20, 50]),
        (5, 300, [10, 30, 100]),
        (0.9, 1.1e4, [1, 10, 100, 1000, 10000]),
        (99, 101, [99, 99.5, 100, 100.5, 101]),
    ],
)
def test_logarithmic_ticks_are_round(low, high, ticks):
    found = log_ticks(low, high, 3, 8)
    assert set(ticks) <= set(np.round(found, 9).tolist())
    assert len(ticks) <= len(found) <= 8


def test_logarithmic_ticks_are_plain_numbers(analysis):
    page = panels.figure(analysis, Display(log=True))
    page.canvas.draw()
    assert ticks_of(page.axes[3]) == ["80", "100", "120", "140"]
    assert not [text for text in page.axes[3].get_xticklabels(minor=True) if text.get_text()]


# -- scale assumed ---------------------------------------------------------------------------


def test_an_assumed_scale_has_no_bars_and_is_said_above_the_histogram(analysis):
    *pictures, plot = panels.figure(draw(assumed=True)).axes
    for axes in pictures:
        assert not axes.patches
        assert len(axes.texts) == 2  # letter and title
    assert plot.texts[-1].get_text() == "scale assumed: check"
    texts = [text.get_text() for axes in panels.figure(analysis).axes for text in axes.texts]
    assert not [text for text in texts if "check" in text]


def test_a_proposed_scale_is_said_beside_every_bar_and_above_the_histogram():
    *pictures, plot = panels.figure(draw(proposed=True)).axes
    for axes in pictures:
        assert [text.get_text() for text in axes.texts[-2:]] == ["200 nm", "scale proposed: check"]
    assert plot.texts[-1].get_text() == "scale proposed: check"


def test_an_assumed_scale_is_said_where_nothing_was_kept():
    texts = [text.get_text() for text in panels.figure(draw(rows=0, assumed=True)).axes[3].texts]
    assert {"scale assumed: check", "no particles counted"} <= set(texts)


# -- by hand ---------------------------------------------------------------------------------


def test_what_a_person_took_out_is_not_called_possibly_wrong():
    page = panels.figure(draw(manual={1: False, 4: True}))
    kept, rest = page.axes[2].findobj(LineCollection)
    assert (len(kept.get_segments()), len(rest.get_segments())) == (15, 5)
    keys = [text.get_text() for text in page.axes[2].get_legend().get_texts()]
    assert keys == ["kept (15)", "not kept (5)"]


# -- kinds and sizes -------------------------------------------------------------------------


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
    drawn = draw(**drawing, assumed=True)
    for display in (Display(), Display(size="ecd", weighting="volume", log=True)):
        picture = Image.open(io.BytesIO(panels.figure_png(drawn, display, dpi=60)))
        assert picture.width == 426
        assert 100 < picture.height < 800


def test_a_png_is_the_same_by_both_names(analysis):
    display = Display(log=True)
    png = panels.figure_bytes(analysis, "png", display, 60)
    assert png == panels.figure_png(analysis, display, 60)
    assert png != panels.figure_png(analysis, dpi=60)


def test_svg_is_xml_without_fonts_or_dates(analysis):
    content = panels.figure_bytes(analysis, "svg")
    root = ElementTree.fromstring(content)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert float(root.get("width").removesuffix("pt")) == pytest.approx(72 * panels.PAGE)
    assert "{http://www.w3.org/2000/svg}text" not in {node.tag for node in root.iter()}
    assert b"dc:date" not in content
    # Outlines stay lines that can be edited: each of the 20 is a path of its own.
    assert len(root.findall(".//{*}g[@id='LineCollection_1']/{*}path")) == 15


def test_pdf_is_one_vector_page_without_dates(analysis):
    content = panels.figure_bytes(analysis, "pdf")
    assert content.startswith(b"%PDF")
    assert content.rstrip().endswith(b"%%EOF")
    assert b"/Count 1" in content
    assert b"Date" not in content
    assert b"/FontFile2" in content  # TrueType, not Type 3
    width = float(re.search(rb"/MediaBox \[ 0 0 ([\d.]+)", content)[1])
    assert width == pytest.approx(72 * panels.PAGE)


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_the_same_figure_is_the_same_bytes_and_leaves_the_style_alone(analysis, kind):
    before = dict(matplotlib.rcParams)
    first = panels.figure_bytes(analysis, kind)
    assert panels.figure_bytes(draw(), kind) == first
    assert dict(matplotlib.rcParams) == before


def test_other_kinds_are_refused(analysis):
    with pytest.raises(ValueError, match="png, svg, pdf, not as 'gif'"):
        panels.figure_bytes(analysis, "gif")


def test_panels_do_not_overlap():
    aspects = (0.05, 0.44, 0.46, 0.7, 1, 1.59, 1.61, 4, 20)
    for aspect, strip in product(aspects, (0.0, panels.STRIP)):
        boxes, height = panels._layout(aspect, strip)
        for i, (left, top, across, down) in enumerate(boxes):
            assert left > 0
            assert left + across < panels.PAGE
            assert top > 0
            assert top + down < height
            for other_left, other_top, other_across, other_down in boxes[:i]:
                apart = left >= other_left + other_across or other_left >= left + across
                below = top >= other_top + other_down or other_top >= top + down
                assert apart or below


def test_figures_can_be_made_in_threads(analysis):
    kinds = 2 * list(panels.KINDS)
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda kind: panels.figure_bytes(analysis, kind, dpi=60), kinds))
    assert made[:3] == made[3:]
