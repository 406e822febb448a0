"""The rescale factor on the page: found, kept when a person takes over, chosen, compared."""

from __future__ import annotations

import itertools

import pytest

from semseg.page import work
from semseg.page.rescaling import factors
from tests.support.page import open_page, texts

FOUND = 0.06380421123456789


def test_the_slider_offers_round_factors_and_the_exact_one():
    offered = factors(0.016, 6.0, [FOUND])
    assert FOUND in offered
    assert offered == sorted(offered)
    assert all(0.016 <= each <= 6 for each in offered)
    steps = [high / low for low, high in itertools.pairwise(offered)]
    assert max(steps) < 1.12
    # no two that read alike, where the slider writes three digits
    assert len({f"{each:.3g}" for each in offered}) == len(offered)
    beyond = factors(0.1, 6.0, [0.02, 8.0])
    assert (beyond[0], beyond[-1]) == (0.02, 8.0)


@pytest.fixture
def page(monkeypatch):
    """The page with the sample, and how often it ran the network, as ``runs``."""
    work.queue.clear()  # it knows what the visitors of other tests still keep
    runs = []
    segment = work.segment
    monkeypatch.setattr(work, "segment", lambda *a, **k: runs.append(1) or segment(*a, **k))
    page = open_page()
    page.query_params["sample"] = "1"
    page.runs = runs
    return page.run()


def seen(page):
    """Factor, its source, and the key of the result that is shown."""
    assert not page.exception
    found = page.session_state["latest"]["analysis"].segmentation
    return found.rescale, found.rescale_source, list(page.session_state["views"])[-1]


def compared(page):
    """The sentence on what changed; empty where nothing is compared."""
    return next((each.value for each in page.markdown if "→" in each.value), "")


def test_a_person_takes_over_at_the_factor_that_was_found(page):
    factor, source, key = seen(page)
    assert source == "automatic"
    assert page.select_slider(key="rescale").value == factor
    page.toggle(key="rescale_auto").set_value(False).run()
    assert seen(page) == (factor, "given", key)  # the same particles, with what was done to them
    assert page.select_slider(key="rescale").value == factor
    assert float(page.query_params["rescale"]) == factor
    assert page.runs == [1]
    assert not compared(page)
    page.toggle(key="rescale_auto").set_value(True).run()
    assert seen(page) == (factor, "automatic", key)
    assert page.runs == [1]


def test_another_factor_is_compared_and_taken_back_without_a_run(page):
    factor, _, key = seen(page)
    page.toggle(key="rescale_auto").set_value(False).run()
    page.select_slider(key="rescale").set_value(1.0).run()
    assert seen(page)[0] == 1.0
    assert "particles, D50 2" in compared(page)
    assert compared(page).endswith(f"rescale factor {factor:.3g} → 1")
    page.button(key="compare_back").click().run()
    page.run()  # as st.rerun does in a browser
    assert seen(page) == (factor, "given", key)
    assert compared(page).endswith(f"rescale factor 1 → {factor:.3g}")
    assert page.runs == [1, 1]
    page.button(key="compare_stop").click().run()
    page.run()
    assert not compared(page)


def test_a_result_that_was_found_is_taken_back_as_found(page):
    factor, _, key = seen(page)
    page.button(key="rescale_half").click().run()
    assert seen(page)[0] == pytest.approx(factor / 2, rel=0.01)
    assert not page.toggle(key="rescale_auto").value
    page.button(key="compare_back").click().run()
    page.run()
    assert seen(page) == (factor, "automatic", key)
    assert page.toggle(key="rescale_auto").value
    assert page.runs == [1, 1]


def test_nothing_is_compared_where_more_than_the_factor_changed(page):
    page.toggle(key="rescale_auto").set_value(False).run()
    page.select_slider(key="rescale").set_value(1.0).run()
    assert compared(page)
    page.toggle(key="repair").set_value(False).run()
    assert not compared(page)


def test_the_hint_says_what_is_to_be_looked_at(page):
    said = texts(page)
    assert "median outline" in said
    assert "Take a larger factor" in said
    assert "A smaller one" in said
