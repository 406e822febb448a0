"""The recorded picture with its outlines, as SVG: read back as a browser would."""

import base64
import html
import io
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from semseg.figures.annotated_svg import annotated_svg
from tests.support.drawn_analysis import drawn


@pytest.fixture(scope="module")
def analysis():
    return drawn()


def picture(svg):
    content = re.search(r'href="data:image/jpeg;base64,([^"]+)"', svg)[1]
    return Image.open(io.BytesIO(base64.b64decode(content)))


def test_outlines_enclose_their_particles(analysis):
    svg = annotated_svg(analysis)
    areas = dict(zip(analysis.particles["label"], analysis.particles["area_px"], strict=True))
    paths = re.findall(r'<path d="M(-?\d+) (-?\d+)l([^z]+)z"[^>]*><title>(\d+):', svg)
    assert len(paths) == 63
    for x, y, steps, label in paths:
        offsets = np.array(re.findall(r"-?\d+", steps), int).reshape(-1, 2)
        points = np.vstack(([[int(x), int(y)]], offsets)).cumsum(axis=0) / 10
        x, y = points.T
        area = abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2
        # cut corners take half a pixel, thinned points up to 0.2 px of an arc
        assert area == pytest.approx(areas[int(label)], abs=0.5 + 0.04 * areas[int(label)])
        row = analysis.particles.set_index("label").loc[int(label)]
        assert points.mean(axis=0) == pytest.approx([row["x_px"] + 0.5, row["y_px"] + 0.5], abs=1.5)


def test_outlines_are_sorted_and_tell_size_and_reason():
    svg = annotated_svg(drawn(visible_only=True), "ecd")
    groups = {
        name: html.unescape(content)
        for name, content in re.findall(r'<g class="outlines ([a-z_]+)".*?>(.*?)</g>', svg)
    }
    assert {name: content.count("<path") for name, content in groups.items()} == {
        "accepted": 32,
        "not_counted": 16,
        "rejected": 15,
    }
    assert "partly covered</title>" in groups["not_counted"]
    assert "=HYPERLINK(1), blurred</title>" in groups["rejected"]
    assert re.search(r"<title>1: [\d.]+ nm</title>", groups["accepted"])


def test_the_picture_is_whole_and_the_frame_is_drawn(analysis):
    svg = annotated_svg(analysis)
    assert 'viewBox="0 0 224 184"' in svg  # with the strip of the scale bar
    assert re.search(r'class="frame" x="0" y="0" width="224" height="160"', svg)
    assert picture(svg).size == (224, 176)
    shades = np.asarray(picture(svg))
    assert shades[170, 100] > 250  # the label bar is white
    assert 'class="frame"' not in annotated_svg(drawn(bar=0))


def test_a_large_picture_is_scaled_down(analysis):
    rng = np.random.default_rng(0)
    large = drawn(height=1500, width=2400)
    assert picture(annotated_svg(large)).size[0] == 1600
    noise = rng.normal(128, 60, (1516, 2400)).astype(np.float32)
    noisy = replace(large, micrograph=replace(large.micrograph, grey=noise))
    svg = annotated_svg(noisy, max_bytes=200_000)
    assert picture(svg).size[0] < 1600
    assert 'viewBox="0 0 2400 1596"' in svg


def test_the_scale_bar_is_round_and_true_and_covers_nothing(analysis):
    # a fifth of 224 px of 7.34375 nm is 329 nm, to which 500 nm are nearer in ratio than 200 nm
    svg = ElementTree.fromstring(annotated_svg(analysis))
    black, bar = svg.findall("./g[@class='scale-bar']/rect")
    assert float(bar.get("width")) == pytest.approx(500 / 7.34375, abs=0.06)
    height = float(svg.find("./image").get("height"))
    ends = float(black.get("y")), float(black.get("y")) + float(black.get("height"))
    assert ends == (height, float(svg.get("viewBox").split()[3]))  # below it
    top = float(bar.get("y"))
    assert ends[0] < top < top + float(bar.get("height")) < ends[1]
    assert ">500 nm</text>" in annotated_svg(analysis)
    assert ">2 µm</text>" in annotated_svg(drawn(pixel_size_nm=50.0))


def test_no_scale_bar_without_a_scale_or_of_an_assumed_one():
    for options in ({"pixel_size_nm": None}, {"assumed": True}):
        svg = annotated_svg(drawn(**options))
        assert "scale-bar" not in svg
        assert 'viewBox="0 0 224 176"' in svg
    assert "scale proposed: check" in annotated_svg(drawn(proposed=True))


def test_numbers_are_those_of_the_table(analysis):
    numbers = re.search(r'<g class="numbers".*?>(.*?)</g>', annotated_svg(analysis))[1]
    assert re.findall(r">(\d+)<", numbers) == [str(k) for k in range(1, 64)]
