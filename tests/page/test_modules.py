"""The modules of the page that need no browser: address, store, text, preview, pooling."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semseg.display import Display
from semseg.errors import SettingsError, UnreadableImageError
from semseg.export.session import session_json
from semseg.io.micrograph import read_micrograph
from semseg.page import work
from semseg.page.address import from_query, to_query
from semseg.page.batch import pooled_histogram, pooled_particles
from semseg.page.inputs import parsed
from semseg.page.preview import LINE, cropped_picture, network_picture
from semseg.page.store import Store, size_of
from semseg.page.text import plain
from semseg.preprocessing.preparation import Crop
from semseg.settings import Settings
from tests.support.fake_analysis import draw

# Address

CHOSEN = [
    Settings(),
    Settings(width_nm=7520.0, filter=0.0),
    Settings(pixel_size_nm=0.7344, rescale=0.939, repair=False),
    Settings(crop=Crop(), provider="cpu"),
    Settings(crop=Crop(1, 56, 3, 4), filter=1.0, rescale=4),
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


# Settings files


def test_a_settings_file_brings_settings_and_display():
    display = Display("ecd", log=True)
    read = parsed(b'{"settings": {"filter": 0.4}, "display": {"size": "ecd", "log": true}}')
    assert read == (Settings(filter=0.4), display, None)
    read = parsed(Settings(rescale=2.0).to_json().encode())
    assert read == (Settings(rescale=2.0), Display(), None)


def test_a_session_file_brings_its_session_too():
    analysis = draw(manual={2: False})
    settings, display, session = parsed(session_json([analysis], Display("ecd")))
    assert (settings, display) == (analysis.settings, Display("ecd"))
    assert session.picture(analysis.micrograph.sha256).edits == {2: False}


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"[]", b"\xff\xfe", b"1" * 11 * 10**6),
        *(b'{"settings": 3}', b'{"settings": {}, "display": 3}', b'{"kind": "semseg session"}'),
    ],
)
def test_what_is_no_settings_file_is_refused_in_a_sentence(content):
    with pytest.raises(SettingsError, match=r"\.$"):
        parsed(content)


# Store


def test_a_result_is_made_once():
    made = []
    store = Store(1000)
    for _ in range(3):
        assert store.get("a", lambda: made.append(1) or "result") == "result"
    assert made == [1]


def test_the_least_recently_used_leave_when_there_are_too_many_bytes():
    store = Store(100)
    store.get("a", lambda: b"1" * 40)
    store.get("b", lambda: b"2" * 40)
    assert store.used == 80
    store.get("a", bytes)
    store.get("c", lambda: b"3" * 40)
    assert ("a" in store, "b" in store, "c" in store) == (True, False, True)
    assert store.used == 80
    store.get("d", lambda: b"4" * 1000)  # alone too large, yet needed now
    assert ("d" in store, "a" in store, "c" in store) == (True, False, False)


def test_what_failed_is_not_kept():
    store = Store(100)
    with pytest.raises(ZeroDivisionError):
        store.get("a", lambda: 1 / 0)
    assert "a" not in store
    assert store.get("a", lambda: 2) == 2


def test_sizes_count_arrays_wherever_they_are():
    array = np.zeros(1000, np.float32)
    assert size_of(array) == 4000
    assert size_of({"a": [array, (array.copy(),)]}) == 8000
    assert size_of({"a": [array, (array,)]}) == 4000  # it is there once
    assert size_of(pd.DataFrame({"a": array})) >= 4000
    assert size_of("text") == 4


# Text


@pytest.mark.parametrize(
    "text", ["![x](http://example.org/a.png)", "a_b*c", ":red[b]", "$x^2$", "<b>", "`a`", "1. a"]
)
def test_text_from_files_is_no_markup(text):
    shown = plain(text)
    assert shown.replace("\\", "") == text
    for sign in "*_[]()<>$:`!.":
        assert shown.count(sign) == shown.count(f"\\{sign}")


def test_line_breaks_become_spaces():
    assert plain("a\n# b") == "a \\# b"


# Preview


def test_the_preview_dims_what_is_cut_off_behind_a_line():
    grey = np.tile(np.linspace(0, 100, 400, dtype=np.float32), (300, 1))
    picture = np.asarray(cropped_picture(grey, Crop(bottom=60)))
    assert picture.shape == (300, 400, 3)
    assert (picture[240] == LINE).all()
    assert picture[100, 390].min() > 200
    assert picture[280, 390].max() < 100
    assert not (np.asarray(cropped_picture(grey, Crop())) == LINE).all(axis=2).any()


def test_large_previews_are_shrunk():
    image = np.zeros((600, 2400), np.float32)
    assert network_picture(image).size == (1200, 300)
    assert cropped_picture(image + np.arange(2400, dtype=np.float32), Crop()).size == (1200, 300)


# Pooling


def test_pictures_are_pooled_in_nanometres_and_those_without_a_scale_left_out():
    with_scale, without = draw(), draw(pixel_size_nm=None)
    particles, unit = pooled_particles([with_scale, without, with_scale])
    assert unit == "nm"
    assert particles["picture"].unique().tolist() == [0, 2]
    assert len(particles) == 2 * with_scale.particles["kept"].sum()
    particles, unit = pooled_particles([without, without])
    assert unit == "px"
    assert len(particles) == 2 * without.particles["kept"].sum()


@pytest.mark.parametrize("log", [False, True])
def test_the_pooled_histogram_counts_every_particle(log):
    particles, unit = pooled_particles([draw(), draw(radius=6)])
    bars = pooled_histogram(particles, Display(log=log, bins=12), unit).data[0]
    assert sum(bars.y) == len(particles)
    assert len(bars.y) == 12
    shares = pooled_histogram(particles, Display(weighting="volume", log=log), unit).data[0]
    assert sum(shares.y) == pytest.approx(100)


@pytest.mark.parametrize("name", ["a.png", "a<b>.png", "folder/a.png"])
def test_a_sentence_begins_with_the_name_of_its_file_once(name):
    with pytest.raises(UnreadableImageError) as caught:
        read_micrograph(b"no picture", name)
    assert work._sentence(caught.value, name) == str(caught.value)
    assert work._sentence(MemoryError(), name).startswith(f"{name}: There is not enough memory")
