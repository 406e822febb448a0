"""The line above the view in a real browser: it follows the filter, and the view stays in place."""

from __future__ import annotations

import pytest

SAMPLE = "/?sample=1"


def line(visitor) -> str:
    return visitor.page.locator(".st-key-caution_line").inner_text()


def top(visitor) -> float:
    return visitor.page.locator(".semseg-viewer").bounding_box()["y"]


def test_the_line_follows_the_filter_and_the_view_stays_where_it_is(visit):
    visitor = visit(SAMPLE)
    visitor.shown()
    kept, place = visitor.number("kept"), top(visitor)
    assert f"of {kept} cut by the edge, corrected mean" in line(visitor)
    visitor.threshold(0.97)
    assert visitor.number("kept") < kept
    assert f"of {visitor.number('kept')} cut by the edge" in line(visitor)
    assert top(visitor) == place
    visitor.threshold(1.0)
    assert "0 counted" in line(visitor)
    assert top(visitor) == place


def test_a_click_takes_the_better_figures_and_they_stay(visit):
    visitor = visit(SAMPLE)
    visitor.shown()
    place, plain = top(visitor), visitor.number("mean")
    better = float(line(visitor).split("corrected mean ")[1].split()[0])
    assert better > 1.02 * plain
    visitor.button("Use corrected figures")
    visitor.shown()
    assert visitor.number("mean") == pytest.approx(better, rel=1e-3)
    assert visitor.query()["edges"] == ["weight"]
    assert "Counted: whole particles, weighted 1/P." in line(visitor)
    assert top(visitor) == place
    visitor.threshold(0.6)  # what the browser tells next leaves the rule as it is
    assert visitor.query()["edges"] == ["weight"]
    assert "weighted" in line(visitor)
    visitor.button("Count all")
    visitor.shown()
    assert "edges" not in visitor.query()
    assert "cut by the edge, corrected mean" in line(visitor)
