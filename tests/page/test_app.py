"""The page through Streamlit's own test harness: everything but the view, which needs a browser."""

from __future__ import annotations

import gc
import io
import json
import weakref

import numpy as np
import pytest
from PIL import Image
from streamlit.runtime.caching import clear_session_resource_cache

from semseg.data import sample_path
from semseg.page import work
from tests.support.page import all_pictures, give, open_page, scale_field, texts, upload
from tests.support.picture_files import tiff_pages
from tests.support.tem_files import ser_file

pytestmark = pytest.mark.slow  # the whole page, with the network on the sample


@pytest.fixture
def page():
    work.queue.clear()  # it knows what the visitors of other tests still keep
    return open_page()


@pytest.fixture
def bare_png():
    """The sample's particles without its metadata."""
    with Image.open(sample_path()) as picture:
        out = io.BytesIO()
        Image.fromarray(np.asarray(picture)[:600, :800]).save(out, "png")
    return out.getvalue()


def test_the_page_opens_and_says_what_it_does(page):
    page.run()
    assert not page.exception
    assert "Particle sizes" in page.title[0].value
    assert "stay in memory" in texts(page)
    assert not [field for field in page.text_input if field.key.startswith("scale_text")]


def test_the_sample_is_measured_at_one_click(page):
    page.run()
    next(button for button in page.button if button.label == "Try the sample").click().run()
    assert not page.exception
    assert "Zeiss metadata" in texts(page)
    assert scale_field(page).value == "7.52 µm"
    assert page.query_params["sample"] == "1"
    assert page.session_state["views"]


def test_a_text_file_beside_the_picture_gives_its_scale(page, bare_png):
    text = b"$CM_FULL_SIZE 800 600\n$$SM_MICRON_BAR 100\n$$SM_MICRON_MARKER 500nm\n"
    upload(page, ("Bare.png", bare_png), ("bare.txt", text), ("other.txt", text))
    assert not page.exception
    assert "JEOL sidecar" in texts(page)
    assert scale_field(page).value == "4 µm"
    assert "belongs to no picture" in texts(page)


def test_the_description_of_tia_is_taken_with_its_images(page, bare_png):
    images = ser_file(np.asarray(Image.open(io.BytesIO(bare_png))))
    description = b"JK\x00\x02" + bytes(500)
    upload(page, ("run.emi", description), ("run_1.ser", images))
    assert not page.exception
    assert not page.error
    assert "TIA metadata" in texts(page)
    give(page, "uploads", ("run.emi", description))
    page.run()
    assert "give that in its place" in page.error[0].value


def test_the_picture_of_a_file_that_holds_several_can_be_chosen(page, bare_png):
    grey = np.asarray(Image.open(io.BytesIO(bare_png)))
    rendering = np.dstack([grey, grey, 255 - grey])
    upload(page, ("two.tif", tiff_pages(rendering, grey)))
    assert not page.exception
    assert "picture 2 of the 2 in the file" in texts(page)
    assert "number 2, which is not a rendering in colour, was read" in texts(page)
    choice = page.selectbox(key="page_chosen")
    assert [option.split(":")[0] for option in choice.options] == ["The best", "1", "2"]
    choice.set_value(1).run()
    assert not page.exception
    assert "picture 1 of the 2 in the file" in texts(page)
    assert page.query_params["page"] == "1"
    # another file has no choice, and the one made is kept for the next that has
    upload(page, ("one.png", bare_png))
    assert not page.exception
    assert "holds one picture, which was read" not in texts(page)
    upload(page, ("two.tif", tiff_pages(rendering, grey)))
    assert page.selectbox(key="page_chosen").value == 1


def test_a_bad_file_is_one_sentence_and_the_others_go_on(page):
    upload(page, ("broken.tif", b"II*\0nonsense"), ("sample.tif", sample_path().read_bytes()))
    assert not page.exception
    assert len(page.error) == 1
    assert "broken" in page.error[0].value
    assert "Zeiss metadata" in texts(page)


def test_a_picture_without_a_scale_is_assumed_and_marked(page, bare_png):
    upload(page, ("bare.png", bare_png))
    assert scale_field(page).value == "7.52 µm"
    assert "Assumed, check" in texts(page)
    assert "assumed width, check" in texts(page)
    scale_field(page).set_value("5 um").run()
    assert "ssumed" not in texts(page)
    assert "typed width" in texts(page)
    assert page.query_params["width"] == "5000"


def test_the_field_of_the_scale_takes_units_and_refuses_what_is_no_length(page):
    page.query_params["sample"] = "1"
    page.run()
    for kind, text, name, value in (
        ("Width", "0.0075 mm", "width", "7500"),
        ("Pixel", "7,4 nm", "pixel", "7.4"),
        ("Scale bar", "0.2 \u00b5m", "bar", "200"),
    ):
        page.segmented_control(key="scale_kind").set_value(kind).run()
        scale_field(page).set_value(text).run()
        assert not page.exception
        assert page.query_params[name] == value
    for text in ("five", "1,000 nm", "-2 um", "1e30 nm"):
        scale_field(page).set_value(text).run()
        assert len(page.error) == 1
        assert page.query_params["bar"] == "200"
    scale_field(page).set_value("").run()
    assert not page.error
    assert "bar" not in page.query_params


def test_a_pixel_that_no_microscope_has_is_asked_about(page):
    page.query_params["sample"] = "1"
    page.run()
    scale_field(page).set_value("0.29").run()  # 0.29 um was meant
    assert "check the unit" in texts(page)
    assert "width" not in page.query_params
    assert "Zeiss metadata" in texts(page)
    page.button(key="scale_do_not_use").click().run()
    assert scale_field(page).value == "7.52 µm"
    scale_field(page).set_value("0.29").run()
    page.button(key="scale_use").click().run()
    assert page.query_params["width"] == "0.29"
    assert "Doubtful scale" in texts(page)


def test_a_width_that_contradicts_the_file_is_said(page):
    page.query_params["sample"] = "1"
    page.run()
    scale_field(page).set_value("8000").run()
    assert texts(page).replace("\\", "").count("6.4% apart") == 1
    next(button for button in page.button if "file says" in button.label).click().run()
    assert scale_field(page).value == "7.52 µm"
    assert "width" not in page.query_params


def test_the_address_and_a_settings_file_set_the_page(page):
    page.query_params["rescale"] = "0.7"
    page.query_params["width"] = "much"
    page.query_params["sample"] = "1"
    page.run()
    assert "width" in page.toast[0].value
    assert not page.toggle(key="rescale_auto").value
    assert page.select_slider(key="rescale").value == 0.7
    settings = {"settings": {"width_nm": 6000, "filter": 0.9, "crop": {"bottom": 100}}}
    give(page, "settings_file", ("settings.json", json.dumps(settings).encode()))
    page.run()
    assert not page.exception
    assert scale_field(page).value == "6 µm"
    assert "for every picture" in texts(page)
    assert page.toggle(key="rescale_auto").value
    assert page.slider(key="crop_bottom").value == 100
    assert page.query_params["filter"] == "0.9"


def test_a_broken_settings_file_is_one_sentence_and_changes_nothing(page):
    page.query_params["rescale"] = "0.7"
    page.run()
    give(page, "settings_file", ("settings.json", b"{"))
    page.run()
    assert "not valid JSON" in page.error[0].value.replace("\\", "")
    assert page.select_slider(key="rescale").value == 0.7


def test_the_suggested_factor_is_taken_at_one_click(page):
    page.query_params["sample"] = "1"
    page.query_params["rescale"] = "1"
    page.run()
    next(button for button in page.button if "suggestion" in button.label).click().run()
    assert page.select_slider(key="rescale").value == pytest.approx(1.8, abs=0.15)
    assert not [button for button in page.button if "suggestion" in button.label]


def test_nothing_but_what_it_sees_runs_the_network(page, monkeypatch):
    runs = []
    segment = work.segment
    monkeypatch.setattr(work, "segment", lambda *a, **k: runs.append(1) or segment(*a, **k))
    page.query_params["sample"] = "1"
    page.run()
    scale_field(page).set_value("8000").run()
    page.segmented_control(key="scale_kind").set_value("Pixel").run()
    assert scale_field(page).value == "7.812 nm"  # 8000 / 1024
    assert runs == [1]
    page.toggle(key="rescale_auto").set_value(False).run()
    assert runs == [1]  # at the factor that was found
    page.select_slider(key="rescale").set_value(1.0).run()
    assert runs == [1, 1]


def test_a_picture_without_particles_says_so_and_what_to_try(page):
    grey = np.random.default_rng(3).normal(100, 4, (200, 260)).clip(0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "png")
    upload(page, ("empty.png", out.getvalue()))
    assert not page.exception
    assert "No particles were found" in texts(page)
    assert "try another rescale factor" in texts(page)


def test_two_pictures_have_a_row_each_and_are_pooled(page, bare_png):
    upload(page, ("sample.tif", sample_path().read_bytes()), ("bare.png", bare_png))
    assert [tab.label for tab in page.tabs][-1] == "All pictures"
    assert page.selectbox(key="picture").value == 0


def shown(page, number):
    page.selectbox(key="picture").set_value(number).run()
    assert not page.exception
    return page


def test_what_is_typed_belongs_to_the_picture_shown_until_it_is_used_for_all(page, bare_png):
    bare = np.asarray(Image.open(io.BytesIO(bare_png)))
    out = io.BytesIO()
    Image.fromarray(bare[:500, :700]).save(out, "png")
    upload(page, ("one.png", bare_png), ("two.png", out.getvalue()))
    scale_field(page).set_value("4 um").run()
    assert "for this picture" in texts(page)
    assert "width" not in page.query_params  # a link would give it to any picture
    shown(page, 1)
    assert "Assumed, check" in texts(page)
    page.toggle(key="crop_auto").set_value(False).run()
    page.slider(key="crop_top").set_value(30).run()
    shown(page, 0)
    assert scale_field(page).value == "4 µm"
    assert page.toggle(key="crop_auto").value
    page.button(key="scale_for_all").click().run()
    assert "for every picture" in texts(page)
    assert page.query_params["width"] == "4000"
    shown(page, 1)
    assert scale_field(page).value == "4 µm"
    assert page.slider(key="crop_top").value == 30
    # another picture that comes later
    give(page, "uploads", ("sample.tif", sample_path().read_bytes()))
    page.run()
    assert page.toggle(key="crop_auto").value
    assert scale_field(page).value == "4 µm"


def test_a_width_from_a_link_is_for_several_pictures_only_where_a_person_says_so(page, bare_png):
    page.query_params["width"] = "5000"
    bare = np.asarray(Image.open(io.BytesIO(bare_png)))
    out = io.BytesIO()
    Image.fromarray(bare[:500, :700]).save(out, "png")
    two = ("two.png", out.getvalue())
    upload(page, ("one.png", bare_png))
    assert "came with the link" not in texts(page)  # as its sender saw this one
    give(page, "uploads", ("one.png", bare_png), two)
    page.run()
    assert "One width, 5 \u00b5m, for all 2 pictures** came with the link" in texts(page)
    scale_field(page).set_value("4 um").run()
    assert "came with the link" not in texts(page)  # it holds for one picture only
    give(page, "uploads", ("one.png", bare_png), two, ("sample.tif", sample_path().read_bytes()))
    page.run()
    assert "for 2 of the 3 pictures** came with the link" in texts(page)
    assert r"The file of sample\.tif says otherwise." in texts(page)
    page.button(key="link_scale_forget").click().run()
    assert "came with the link" not in texts(page)
    assert scale_field(page).value == "4 \u00b5m"
    assert "Assumed, check" in texts(shown(page, 1))
    assert "Zeiss metadata" in texts(shown(page, 2))
    assert "width" not in page.query_params
    # in the table of all, doubts stand beside the sizes that rest on them
    data = all_pictures(page)
    scale = data["heads"].index("Scale")
    told = [card["cells"][scale][0] for card in data["cards"]]
    assert told == ["typed", "assumed, check", "from the file"]


def test_a_picture_that_comes_back_has_its_own_scale_again(page, bare_png):
    upload(page, ("bare.png", bare_png))
    scale_field(page).set_value("4 um").run()
    page.toggle(key="crop_auto").set_value(False).run()
    page.slider(key="crop_top").set_value(30).run()
    give(page, "uploads")
    page.run()
    page.run()
    assert not page.exception
    upload(page, ("sample.tif", sample_path().read_bytes()))
    assert not page.exception
    assert scale_field(page).value == "7.52 µm"
    upload(page, ("again.png", bare_png))
    assert scale_field(page).value == "4 µm"
    assert page.slider(key="crop_top").value == 30


def test_a_missing_model_is_one_sentence(page, monkeypatch):
    from semseg.errors import ModelError

    def missing(provider):
        raise ModelError("The model file is missing; please reinstall semseg.")

    monkeypatch.setattr(work, "segmenter", missing)
    page.query_params["sample"] = "1"
    page.run()
    assert not page.exception
    assert {"missing" in error.value for error in page.error} == {True}


def test_a_choice_of_providers_is_offered_where_there_is_one(page, monkeypatch):
    import semseg.page.controls as controls

    page.query_params["sample"] = "1"
    page.run()
    assert not [box for box in page.selectbox if box.key == "provider"]
    monkeypatch.setattr(controls, "available_providers", lambda: ["cuda", "cpu"])
    page.run()
    page.selectbox(key="provider").set_value("cpu").run()
    assert page.query_params["provider"] == "cpu"
    assert page.session_state["views"]


def test_what_a_visitor_keeps_is_not_done_again_for_another_one(page, monkeypatch):
    runs = []
    segment = work.segment
    monkeypatch.setattr(work, "segment", lambda *a, **k: runs.append(1) or segment(*a, **k))
    content = sample_path().read_bytes()
    upload(page, ("mine.tif", content))
    other = open_page()
    upload(other, ("theirs.tif", content))
    assert runs == [1]
    for visitor, name in ((page, "mine"), (other, "theirs")):
        files = [button.proto.label for button in visitor.get("download_button")]
        assert "Report" in files
        assert visitor.session_state["latest"]["analysis"].micrograph.name == f"{name}.tif"


def test_a_wrong_limit_is_one_sentence(page, monkeypatch):
    from semseg.page.limits import limits

    monkeypatch.setenv("SEMSEG_QUEUE_LENGTH", "a few")
    limits.cache_clear()
    try:
        page.run()
    finally:
        limits.cache_clear()
    assert not page.exception
    (error,) = page.error
    assert "SEMSEG" in error.value
    assert "whole number" in error.value
    assert not page.title


def test_what_a_visitor_held_is_free_when_they_are_gone_and_there_again_if_they_return(page):
    upload(page, ("sample.tif", sample_path().read_bytes()))
    before = page.session_state["latest"]["analysis"].particles
    store = page.session_state["held"].store
    assert store.used > 10 * 1024 * 768
    clear_session_resource_cache("test session id")  # what Streamlit does at a disconnection
    assert store.used == 0
    scale_field(page).set_value("8000").run()
    scale_field(page).set_value("7520").run()
    assert not page.exception
    after = page.session_state["latest"]["analysis"].particles
    assert after["min_feret_px"].equals(before["min_feret_px"])
    held = weakref.ref(page.session_state["latest"]["analysis"])
    del before, after, store
    for name in ("held", "latest"):
        del page.session_state[name]
    clear_session_resource_cache("test session id")
    gc.collect()
    assert held() is None
