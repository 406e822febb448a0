"""Settings survive being written, and refuse in one sentence what cannot be."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semseg.errors import SettingsError
from semseg.preprocessing.preparation import Crop
from semseg.settings import Settings

ROWS = st.integers(0, 10_000)
ANY_SETTINGS = st.builds(
    Settings,
    page=st.none() | st.integers(1, 10**6),
    width_nm=st.none() | st.floats(1e-3, 1e12) | st.integers(1, 10**12),
    assumed_width_nm=st.none() | st.floats(1e-3, 1e12),
    rescale=st.none() | st.floats(0.01, 100),
    crop=st.none() | st.builds(Crop, top=ROWS, bottom=ROWS, left=ROWS, right=ROWS),
    repair=st.booleans(),
    filter=st.none() | st.floats(0, 1),
    provider=st.sampled_from(["auto", "cpu", "cuda"]),
)


def refusal(call, *arguments, **named) -> str:
    """The sentence with which a call is refused."""
    with pytest.raises(SettingsError) as caught:
        call(*arguments, **named)
    sentence = str(caught.value)
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 300
    return sentence


@given(ANY_SETTINGS)
@settings(max_examples=60)
def test_round_trips(chosen):
    assert Settings.from_dict(chosen.to_dict()) == chosen
    assert Settings.from_json(chosen.to_json()) == chosen
    assert Settings.from_json(chosen.to_json().encode()) == chosen


def test_everything_is_automatic_by_default():
    assert Settings.from_dict({}) == Settings()
    assert json.loads(Settings().to_json()) == {
        "page": None,
        "width_nm": None,
        "pixel_size_nm": None,
        "pixel_aspect": None,
        "assumed_width_nm": None,
        "scale_bar_nm": None,
        "scale_bar_px": None,
        "scale_checked_nm": None,
        "read_scale": "needed",
        "scale_uncertainty": None,
        "rescale": None,
        "crop": None,
        "repair": True,
        "filter": None,
        "edges": "count",
        "visible_only": False,
        "operator": False,
        "provider": "auto",
    }


def test_the_scale_is_given_once():
    sentence = refusal(Settings, width_nm=7520.0, pixel_size_nm=7.3)
    assert "width" in sentence
    assert "pixel" in sentence


def test_of_two_ways_to_give_the_scale_the_later_wins():
    by_width, by_pixel = Settings(width_nm=7520, filter=0.3), Settings(pixel_size_nm=2, filter=0.3)
    assert by_width.changed(pixel_size_nm=2) == by_pixel
    assert by_pixel.changed(width_nm=7520) == by_width
    assert by_pixel.changed(width_nm=None) == by_pixel
    assert by_pixel.changed(filter=None) == Settings(pixel_size_nm=2)
    refusal(by_pixel.changed, width_nm=7520, pixel_size_nm=2)


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().filter = 0.5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", 0),
        ("page", -1),
        ("page", 1.0),
        ("page", True),
        ("page", "2"),
        ("page", 10**7),
        ("width_nm", 0),
        ("width_nm", -7520.0),
        ("width_nm", float("nan")),
        ("width_nm", float("inf")),
        ("width_nm", 1e13),
        pytest.param("width_nm", 10**400, id="width_nm-hundreds-of-digits"),
        ("width_nm", "7520"),
        ("width_nm", True),
        ("width_nm", [7520]),
        ("rescale", 0),
        ("rescale", -1),
        ("rescale", 101),
        ("rescale", float("nan")),
        ("rescale", "auto"),
        ("filter", -0.01),
        ("filter", 1.01),
        ("filter", float("nan")),
        ("filter", False),
        ("repair", 1),
        ("repair", None),
        ("repair", "yes"),
        ("provider", None),
        ("provider", 1),
        ("crop", 64),
        ("crop", {"bottom": 64}),
    ],
)
def test_bad_values_are_refused_by_name(name, value):
    assert f"'{name}'" in refusal(Settings, **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("width_nm", 1e-3), ("width_nm", 1e12), ("rescale", 0.01), ("rescale", 100), ("filter", 0),
     ("filter", 1)],
)  # fmt: skip
def test_the_ends_of_the_ranges_are_allowed(name, value):
    assert getattr(Settings(**{name: value}), name) == value


@pytest.mark.parametrize(
    "crop",
    [
        5,
        "none",
        [1, 2],
        {"rows": 4},
        {"bottom": -1},
        {"bottom": 1.5},
        {"bottom": "64"},
        {"top": {}},
    ],
)
def test_a_bad_crop_in_a_file_is_refused(crop):
    assert "crop" in refusal(Settings.from_dict, {"crop": crop})


def test_a_crop_may_name_some_sides_only():
    assert Settings.from_dict({"crop": {"bottom": 64}}).crop == Crop(bottom=64)


def test_an_unknown_name_is_refused_and_the_known_ones_are_listed():
    sentence = refusal(Settings.from_dict, {"rescale": 1, "width": 7520})
    assert "'width'" in sentence
    assert "width_nm" in sentence


@pytest.mark.parametrize("values", [None, 5, "auto", [], [["filter", 0.5]]])
def test_only_names_and_values_are_settings(values):
    refusal(Settings.from_dict, values)
    refusal(Settings.from_json, json.dumps(values))


@pytest.mark.parametrize(
    "text", ["", "{", "filter = 0.5", b"\xff\xfe\x00", b"\x80abc", "[" * 100_000]
)
def test_what_is_no_json_is_refused(text):
    assert "JSON" in refusal(Settings.from_json, text)


@pytest.mark.parametrize(
    "text", ['{"filter": NaN}', '{"width_nm": Infinity}', '{"rescale": 1e999}']
)
def test_numbers_that_are_none_are_refused(text):
    refusal(Settings.from_json, text)


def test_the_settings_are_taken_out_of_a_summary():
    chosen = Settings(width_nm=7520.0, crop=Crop(bottom=64), filter=0.3)
    summary = {"file": {"name": "a.tif"}, "settings": chosen.to_dict(), "counts": {"found": 3}}
    assert Settings.from_json(json.dumps(summary)) == chosen
