"""Outlines with fewer vertices: near the steps of the particle, of the same area."""

from __future__ import annotations

import numpy as np
import pytest

from semseg.measure.shape import outlines
from semseg.viewer import simplifying as module
from semseg.viewer.simplifying import simplified
from tests.support.fake_analysis import draw


def simpler(lines, pixel):
    """One polygon after the other, as they are and simplified."""
    counts = np.array([len(line) for line in lines], int)
    corners = np.concatenate([np.zeros((0, 2)), *lines])
    points, counts = simplified(corners, counts, pixel)
    assert points.dtype == np.float32
    return np.split(points, np.cumsum(counts)[:-1]) if len(lines) else []


def area(line):
    x, y = np.asarray(line, float).T
    return abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2


def distance_to(line, points):
    """How far each point lies from a closed line."""
    start, chord = line, np.roll(line, -1, axis=0) - line
    along = points[:, None] - start
    length = np.maximum((chord**2).sum(axis=1), 1e-12)
    share = np.clip((along * chord).sum(axis=2) / length, 0, 1)
    return np.hypot(*np.moveaxis(along - share[..., None] * chord, 2, 0)).min(axis=1)


@pytest.mark.parametrize("scale", [1.0, 2.5, 0.4])
def test_outlines_stay_on_the_steps_of_the_particle(scale):
    analysis = draw(height=200, width=260, radius=19)
    stairs = [line * scale for line in outlines(analysis.labels).values()]
    few = simpler(stairs, scale)
    assert sum(map(len, few)) < 0.7 * sum(map(len, stairs))
    for stair, line in zip(stairs, few, strict=True):
        assert area(line) == pytest.approx(area(stair), rel=0.002)
        # half the diagonal of half a pixel where a corner is cut, and a quarter on top of it
        assert distance_to(np.asarray(line, float), stair).max() <= 0.61 * scale


def test_a_square_stays_a_square_but_for_its_corners():
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]]) - 0.5
    (line,) = simpler([square], 1.0)
    assert area(line) == pytest.approx(100, rel=0.01)
    assert len(line) <= 8


def test_what_is_no_polygon_stays_as_it_is():
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]]) - 0.5
    nothing, small, whole, last = simpler([square[:0], square[:2], square, square[2:]], 1.0)
    assert len(nothing) == 0
    assert small.tolist() == square[:2].tolist()
    assert area(whole) == pytest.approx(100, rel=0.01)
    assert last.tolist() == square[2:].tolist()
    assert simpler([], 1.0) == []
    assert [len(line) for line in simpler([square[:0]], 1.0)] == [0]


def test_no_polygon_depends_on_those_beside_it(monkeypatch):
    lines = list(outlines(draw(height=200, width=260, radius=19).labels).values())
    together = simpler(lines, 1.0)
    for few in (1, 100, 10_000):
        monkeypatch.setattr(module, "TOGETHER", few)
        apart = simpler(lines, 1.0)
        assert [line.tolist() for line in apart] == [line.tolist() for line in together]
    assert [simpler([line], 1.0)[0].tolist() for line in lines] == [
        line.tolist() for line in together
    ]
