"""What a link sets, how the page says it, and what an address of before changes."""

from __future__ import annotations

import pytest
import streamlit as st

from semseg.display import Display
from semseg.page import choices
from semseg.page.address import from_query, in_words, to_query
from semseg.preprocessing.preparation import Crop
from semseg.settings import SETTINGS, Settings
from tests.support.page import open_page


def test_every_setting_of_an_address_can_be_said():
    settings = Settings(
        **{"page": 2, "width_nm": 5e3, "scale_bar_nm": 200.0, "scale_bar_px": 61.5},
        **{"crop": Crop(bottom=60), "repair": False, "filter": 0.4, "edges": "weight"},
    )
    display = Display(size="ecd", weighting="volume", bins=20, log=True)
    said = in_words(settings, display)
    assert said == [
        *("page 2", "width 5 µm", "scale bar 200 nm", "scale bar px 61.5", "crop 0,60,0,0"),
        *("repair off", "filter 0.4", "edges weight"),
        *("size ecd", "weighting volume", "bins 20", "log on"),
    ]
    assert len(said) == len(to_query(settings, display))
    assert in_words(Settings(), Display()) == []


def test_a_link_is_named_and_can_be_reset():
    page = open_page()
    page.query_params["filter"] = "0.9"
    page.query_params["log"] = "1"
    page.run()
    assert said_of_the_link(page) == ["filter 0.9, log on"]
    page.button(key="link_reset").click().run()
    assert not page.query_params
    assert said_of_the_link(page) == []
    assert not page.exception


def test_a_link_that_was_read_keeps_its_settings():
    page = open_page()
    page.query_params["filter"] = "0.9"
    page.run()
    page.button(key="link_keep").click().run()
    assert page.query_params["filter"] == "0.9"
    assert said_of_the_link(page) == []


def said_of_the_link(page):
    words = [text.value.replace("\\", "") for text in page.markdown]
    return [text.split("**")[1] for text in words if "This link sets" in text]


@pytest.fixture
def state(monkeypatch):
    """A session's state without its page."""

    class State(dict):
        __getattr__, __setattr__ = dict.__getitem__, dict.__setitem__

    found = State()
    monkeypatch.setattr(st, "session_state", found)
    choices.load(Settings(), Display())
    return found


def at(**query):
    settings, display, wrong = from_query(query)
    assert not wrong
    return settings, display


def test_an_address_of_before_takes_its_settings_back(state):
    choices.take(*at(rescale="2", filter="0.4", log="1", crop="1,2,3,4"), 1)
    now = choices.current()
    assert (now.rescale, now.filter, now.crop) == (2.0, 0.4, Crop(1, 2, 3, 4))
    assert choices.current_display().log
    choices.take(*at(filter="0.4"), 1)
    now = choices.current()
    assert (now.rescale, now.filter, now.crop) == (None, 0.4, None)
    assert choices.current_display() == Display()


def test_the_view_begins_anew_only_where_its_own_settings_change(state):
    before = state.command
    choices.take(*at(rescale="2"), 1)
    assert state.command == before
    choices.take(*at(rescale="2", filter="0.4"), 1)
    assert state.command == before + 1


def test_of_several_pictures_each_keeps_what_it_has_of_its_own(state):
    state.own["other", 1] = {"width_nm": 4000.0}
    choices.take(*at(edges="weight", rescale="2"), 2)
    choices.take(*at(edges="weight"), 2)
    assert state.own == {("other", 1): {"width_nm": 4000.0}}
    assert state.common.rescale is None
    assert choices.current().edges == "weight"


def test_what_is_not_in_an_address_is_known():
    for name, about in SETTINGS.items():
        assert about.query or name == "assumed_width_nm", f"{name}: does `take` leave it alone?"
