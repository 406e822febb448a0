"""Settings and display in the address of the page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semseg.display import Display
from semseg.page.address import from_query, to_query
from semseg.preprocessing.preparation import Crop
from semseg.settings import Settings

CHOSEN = [
    Settings(),
    Settings(width_nm=7520.0, filter=0.0),
    Settings(pixel_size_nm=0.7344, rescale=0.939, repair=False),
    Settings(crop=Crop(), provider="cpu"),
    Settings(crop=Crop(1, 56, 3, 4), filter=1.0, rescale=4),
    Settings(rescale=2.0988873586174788),  # as it was found, to the last digit
    Settings(edges="weight", visible_only=True, scale_bar_nm=200.0, scale_uncertainty=0.01),
]


@pytest.mark.parametrize("settings", CHOSEN)
@pytest.mark.parametrize("display", [Display(), Display("ecd", "volume", 20, True)])
def test_an_address_brings_the_settings_back(settings, display):
    assert from_query(to_query(settings, display)) == (settings, display, [])


def test_the_usual_settings_leave_the_address_bare():
    assert to_query(Settings(), Display()) == {}


@pytest.mark.parametrize(
    "query",
    [
        {"width": "wide"},
        {"width": "nan"},
        {"width": "-3"},
        {"pixel": "1e400"},
        {"crop": "1,2,3"},
        {"crop": "1,2,3,-4"},
        {"repair": "yes"},
        {"filter": "2"},
        {"size": "weight"},
        {"bins": "3"},
        {"bins": "1" * 5000},
        {"log": ""},
    ],
)
def test_what_makes_no_sense_is_left_out_and_named_and_the_rest_counts(query):
    settings, display, wrong = from_query({**query, "rescale": "0.5", "foreign": "1"})
    assert wrong == list(query)
    assert settings == Settings(rescale=0.5)
    assert display == Display()


def test_width_and_pixel_size_contradict_each_other():
    settings, _, wrong = from_query({"width": "7520", "pixel": "7"})
    assert settings == Settings(width_nm=7520)
    assert wrong == ["pixel"]


@given(st.dictionaries(st.sampled_from(["width", "crop", "filter", "bins", "provider"]), st.text()))
def test_no_address_raises(query):
    *_, wrong = from_query(query)
    assert set(wrong) <= set(query)
