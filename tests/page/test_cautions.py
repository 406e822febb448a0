"""What the page says beside its figures, and the better figures at one click."""

from __future__ import annotations

import pytest

import semseg
from semseg.data import sample_path
from semseg.metrology.cautions import cautions, compare_rules
from semseg.settings import Settings
from tests.support.page import open_page, texts

pytestmark = pytest.mark.slow  # the whole page, with the network on the sample


@pytest.fixture
def page():
    page = open_page()
    page.query_params["sample"] = "1"
    return page.run()


@pytest.fixture(scope="module")
def caution():
    """What is to be said of the sample: the edge cuts particles."""
    (caution,) = cautions(compare_rules([semseg.analyze(sample_path(), Settings())]))
    return caution


def words(page):
    return texts(page) + " ".join(item.value for item in page.markdown)


def click(page, label):
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception


def test_the_line_above_the_view_gives_the_better_figures_and_a_click_takes_them(page, caution):
    assert caution.words in words(page)
    click(page, "Use corrected figures")
    assert page.selectbox(key="edges").value == "weight"
    assert page.query_params["edges"] == "weight"
    assert caution.words not in words(page)
    assert "Counted: whole particles, weighted 1/P." in texts(page)
    page.selectbox(key="edges").set_value("count").run()
    assert caution.words in words(page)


def test_one_click_counts_all_particles_again(page, caution):
    page.selectbox(key="edges").set_value("exclude")
    page.toggle(key="visible_only").set_value(True).run()
    click(page, "Count all")
    assert page.selectbox(key="edges").value == "count"
    assert not page.toggle(key="visible_only").value
    assert caution.words in words(page)


def test_without_a_caution_the_line_says_what_is_counted():
    page = open_page()
    page.query_params["sample"] = "1"
    page.query_params["filter"] = "1"
    page.run()
    assert "0 counted: 0 cut by the edge, 0 partly covered." in texts(page)


def test_the_statistics_say_it_in_a_sentence(page, caution):
    page.session_state["tab"] = "Statistics"
    page.run()
    assert caution.sentence in words(page).replace("\N{NO-BREAK SPACE}", " ")
    page.button(key="use_edge_statistics").click().run()
    assert page.selectbox(key="edges").value == "weight"
    assert caution.sentence not in words(page).replace("\N{NO-BREAK SPACE}", " ")
