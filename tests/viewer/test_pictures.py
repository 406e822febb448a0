"""What the view of all pictures is given."""

from __future__ import annotations

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from semseg.viewer.pictures import Card, Cell, Curves, outlines_of, pack, pictures, thumbnail
from tests.support.fake_analysis import draw
from tests.support.seen_at import enclosed, seen_at

SIDE = 400  # px of a thumbnail


def decoded(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def image_of(url):
    kind, content = url.split(",")
    assert kind == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


def lines(path, step):
    """Vertices of each closed line of a path of SVG, in recorded px."""
    found = []
    for piece in re.findall(r"M[^z]*z", path):
        first, *steps = re.findall(r"(-?\d+) (-?\d+)", piece)
        found.append(step * np.cumsum(np.array([first, *steps], float), axis=0))
    return found


def card_of(analysis, number=0, **values):
    height, width = analysis.grid.recorded
    return Card(number, "a.png", "", (width, height), outlines=outlines_of(analysis), **values)


def packed(*cards, together=None, **values):
    given = {"heads": [], "sizes": np.arange(3.0), "axis": "x", "share": "particles", "log": False}
    return pack(cards, together=together, **{**given, **values})


def test_every_particle_is_outlined_where_it_lies_by_its_state():
    analysis = draw()
    (card,) = packed(card_of(analysis))["cards"]
    particles = analysis.particles
    expected = {"accepted": particles["kept"], "rejected": ~particles["kept"]}
    assert set(card["outlines"]) == set(expected)
    for state, chosen in expected.items():
        found = lines(card["outlines"][state], card["step"])
        assert len(found) == chosen.sum()
        for line, (_, row) in zip(found, particles[chosen].iterrows(), strict=True):
            assert line.mean(axis=0) == pytest.approx((row["x_px"], row["y_px"]), abs=1)
            assert enclosed(line) == pytest.approx(row["area_px"], rel=0.15)


def test_what_the_counting_rule_leaves_out_is_told_apart():
    analysis = draw(edges="exclude", radius=14)
    particles = analysis.particles
    left_out = particles["kept"] & ~particles["counted"]
    assert left_out.any()
    outlines = outlines_of(analysis)
    assert outlines["not_counted"].count("M") == left_out.sum()
    assert outlines["accepted"].count("M") == particles["counted"].sum()


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_outlines_of_a_large_picture_are_as_fine_as_the_thumbnail_only(factor):
    small = seen_at(factor, shape=(160, 240))
    large = seen_at(factor, shape=(1600, 2400))
    for analysis in (small, large):
        (card,) = packed(card_of(analysis))["cards"]
        assert card["step"] == max(*analysis.grid.recorded, SIDE) / SIDE / 4
    per_particle = [
        len(outlines_of(each)["accepted"]) / len(each.particles) for each in (small, large)
    ]
    assert per_particle[1] < per_particle[0]


def test_a_thumbnail_has_the_shape_and_the_contrast_of_the_picture():
    grey = np.full((900, 1500), 1000, np.float32)
    grey[:, 750:] = 3000
    grey[800:] = 60_000  # a label bar, out of the window
    picture = image_of(thumbnail(grey, (slice(0, 800), slice(None))))
    assert picture.size == (400, 240)
    values = np.asarray(picture)
    assert values[100, 100] < 5
    assert values[100, 300] > 250
    tiny = image_of(thumbnail(grey[:50, 730:780]))
    assert tiny.size == (50, 50)
    even = image_of(thumbnail(np.ones((40, 60), np.float32)))
    assert np.asarray(even).max() == 0


def test_curves_and_cells_arrive_as_they_are():
    curves = Curves(np.array([0.5, 1.0, 0.25]), (np.array([1.0, 2.0]), np.array([0.0, 1.0])))
    few = Curves(None, (np.array([4.0]), np.array([1.0])))
    one = Card(0, "a.png", "", (9, 9), cells=(Cell("1,234", 1234), Cell("", -1.0)), curves=curves)
    two = Card(11, "b.png", "", (9, 9), state="being analysed", reasons=("it differs",))
    data = packed(one, two, together=few, heads=["Counted", "Mean"], log=True)
    assert json.loads(json.dumps(data)) == data
    first, second = data["cards"]
    assert first["cells"] == [["1,234", 1234], ["", -1.0]]
    assert decoded(first["curves"]["density"]).tolist() == [0.5, 1.0, 0.25]
    assert decoded(first["curves"]["shares"]).tolist() == [0, 1]
    assert second["curves"] is None
    assert second["state"] == "being analysed"
    assert second["reasons"] == ["it differs"]
    assert data["together"]["density"] is None
    looks = [(card["light"], card["stroke"]) for card in data["cards"]]
    assert looks[0] != looks[1]
    assert decoded(data["sizes"]).tolist() == [0, 1, 2]


@pytest.mark.parametrize("told", [None, "1", 7, -1, True, 1.0])
def test_a_picture_that_there_is_not_is_not_opened(told, monkeypatch):
    monkeypatch.setattr("semseg.viewer.pictures._COMPONENT", lambda **_: {"open": told})
    monkeypatch.setattr("semseg.viewer.pictures.files_address", lambda: "")
    assert pictures(packed(Card(0, "a", "", (9, 9)), Card(1, "b", "", (9, 9))), key="k") is None


def test_a_picture_is_opened(monkeypatch):
    monkeypatch.setattr("semseg.viewer.pictures._COMPONENT", lambda **_: {"open": 1})
    monkeypatch.setattr("semseg.viewer.pictures.files_address", lambda: "")
    assert pictures(packed(Card(0, "a", "", (9, 9)), Card(1, "b", "", (9, 9))), key="k") == 1
