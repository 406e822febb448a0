"""One look for each state, on paper, on the page and in other programs."""

import re
import zipfile
from io import BytesIO
from itertools import combinations

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex, to_rgb
from roifile import ImagejRoi

from semseg.export.rois import roiset_zip
from semseg.figures import panels
from semseg.figures.annotated_svg import annotated_svg
from semseg.figures.states import ACCEPTED, NOT_COUNTED, REJECTED, STATES
from semseg.viewer import assets
from tests.support.fake_analysis import draw


def test_figure_report_and_rois_have_the_colours_of_the_states():
    analysis = draw(visible_only=True)
    states = [ACCEPTED, NOT_COUNTED, REJECTED]
    colours = [state.outline for state in states]

    lines = panels.figure(analysis).axes[2].findobj(LineCollection)
    assert [to_hex(each.get_colors()[0]) for each in lines] == colours
    assert [each.get_linestyles()[0][1] is not None for each in lines] == [False, False, True]

    svg = annotated_svg(analysis)
    assert re.findall(r'<g class="outlines \w+".*? stroke="(#\w+)"', svg) == colours

    with zipfile.ZipFile(BytesIO(roiset_zip(analysis))) as rois:
        read = [ImagejRoi.frombytes(rois.read(name)) for name in rois.namelist()]
    assert {f"#{roi.stroke_color[1:].hex()}" for roi in read} == {colours[0], colours[2]}


def test_outlines_are_told_apart_without_their_hue():
    """By lightness (WCAG's relative luminance), or because one is dashed."""
    for one, other in combinations((ACCEPTED, NOT_COUNTED, REJECTED), 2):
        light, dark = sorted(map(luminance, (one.outline, other.outline)), reverse=True)
        assert one.dashed != other.dashed or (light + 0.05) / (dark + 0.05) > 1.1


def luminance(colour):
    share = np.array(to_rgb(colour))
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def test_the_viewer_s_own_files_hold_no_colour_of_a_state():
    colours = [colour for state in STATES.values() for colour in (state.outline, state.ink)]
    for path in (*assets.HERE.glob("*.js"), *assets.HERE.glob("*.css")):
        text = path.read_text(encoding="utf-8").lower()
        assert [colour for colour in colours if colour in text] == [], path.name
