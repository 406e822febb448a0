"""Other scales side by side: found when asked for, outlined in the background, one click takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from semseg.figures.states import ACCEPTED, REJECTED
from semseg.instances.scales import Scale
from semseg.page import scales_that_fit, work
from semseg.page.scales_that_fit import Offer, thumbnail
from tests.support.fake_analysis import draw
from tests.support.page import in_background, open_page


def colour(state):
    return tuple(int(state.outline[k : k + 2], 16) for k in (1, 3, 5))


def test_a_thumbnail_shows_the_frame_with_its_outlines():
    analysis = draw(bar=40)
    made = np.asarray(thumbnail(analysis, 400))
    height, width = analysis.prepared.image.shape
    assert made.shape == (round(400 * height / max(height, width)), 400, 3)
    for state in (ACCEPTED, REJECTED):
        assert (made == colour(state)).all(axis=2).sum() > 100
    # around each particle that is kept, its colour
    zoom = 400 / max(height, width)
    kept = analysis.particles[analysis.particles["kept"]].iloc[0]
    x, y, reach = kept["x_px"] * zoom, kept["y_px"] * zoom, kept["max_feret_px"] * zoom / 2
    edge = made[round(y) - 2 : round(y) + 3, round(x + reach) - 4 : round(x + reach) + 5]
    assert (edge == colour(ACCEPTED)).all(axis=2).any()


def test_scales_stand_from_the_smallest_factor_upwards_with_the_one_used():
    others = Scale(0.35, 183.0, 0.01, 3.0), Scale(2.0, 32.0, 0.6, 276.0, fits=True)
    offer = Offer(0.9, automatic=True, others=others)
    assert [factor for factor, _ in offer.factors] == [0.35, 0.9, 2.0]
    assert [scale is None for _, scale in offer.factors] == [False, True, False]


@pytest.fixture
def page():
    work.queue.clear()  # it knows what the visitors of other tests still keep
    page = open_page()
    page.query_params["sample"] = "1"
    return page.run()


def used(page):
    assert not page.exception
    return page.session_state["latest"]["analysis"].segmentation.rescale


def test_scales_are_offered_when_asked_for_and_one_click_takes_one(page, monkeypatch):
    offered = [Scale(0.5, 130.0, 0.2, 9.0), Scale(4.2, 15.0, 0.1, 30.0, fits=True)]
    monkeypatch.setattr(scales_that_fit, "scales_to_try", lambda *_: tuple(offered))
    found = used(page)
    assert not [button for button in page.button if button.label == "Take this"]
    page.button(key="scales_look").click().run()
    in_background(page)
    said = " ".join(each.value for each in page.markdown)
    assert "particles at **0.5**" in said
    assert "particles at **4.2**" in said
    assert said.count("fits as well") == 1
    assert page.button(key=f"scale_take_{found:.6g}").disabled
    page.button(key="scale_take_0.5").click().run()
    page.run()
    assert used(page) == 0.5
    assert not page.session_state["held"].visit.under_way()  # it was there already
    page.button(key=f"scale_take_{found:.6g}").click().run()
    page.run()
    assert used(page) == found
    assert page.toggle(key="rescale_auto").value  # as it was when they were asked for
    page.button(key="scales_close").click().run()
    page.run()
    assert not [button for button in page.button if button.label == "Take this"]


def test_scales_open_by_themselves_where_one_fits_until_they_are_closed(page, monkeypatch):
    segment = work.segment

    def seen_otherwise(*arguments, **options):
        found = segment(*arguments, **options)
        return replace(found, other_scales=(Scale(4.2, 15.0, 0.6, 30.0, fits=True),))

    monkeypatch.setattr(work, "segment", seen_otherwise)
    monkeypatch.setattr(scales_that_fit, "scales_to_try", lambda *_: ())
    page.toggle(key="repair").set_value(False).run()
    in_background(page)
    assert any("at other scales" in each.value for each in page.markdown)
    page.button(key="scales_close").click().run()
    page.run()
    assert not any("at other scales" in each.value for each in page.markdown)
