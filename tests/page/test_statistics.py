"""Statistics, counting rule and replay through the page."""

from __future__ import annotations

import io
import json
import re
import threading

import numpy as np
import pytest
from PIL import Image

import semseg
from semseg.data import sample_path
from semseg.details import Details
from semseg.errors import OutOfMemoryError
from semseg.export.session import session_json
from semseg.page import factors
from semseg.page.results import _made
from semseg.scale import ocr
from semseg.scale.typed_length import length_nm
from semseg.settings import Settings
from tests.support.page import give, in_background, open_page, scale_field, texts, upload

pytestmark = pytest.mark.slow  # the whole page, with the network on the sample


@pytest.fixture
def page():
    return open_page()


@pytest.fixture(scope="module")
def analysis():
    return semseg.analyze(sample_path(), Settings(rescale=0.939, crop=None))


def opened(page, tab="Statistics"):
    page.session_state["tab"] = tab
    return page.run()


def table(page, column):
    return next(item.value for item in page.table if column in item.value.columns)


def test_the_figures_stand_beside_their_intervals(page):
    page.query_params["sample"] = "1"
    page.run()
    opened(page)
    assert not page.exception
    figures = table(page, "95 % interval")
    low, high = map(float, figures.loc["D50 (median)", "95 % interval"].split(" to "))
    assert low < float(figures.loc["D50 (median)", "Counted"]) < high
    # large particles are cut more often, so that the correction can only raise the mean
    assert float(figures.loc["Mean", "Raw"]) < float(figures.loc["Mean", "Corrected"])
    said = texts(page) + " ".join(item.value for item in page.markdown)
    assert "more particles" in said
    assert "Screening only" in said
    assert "a lognormal distribution" in said


def test_the_rule_changes_what_is_counted_and_is_said(page):
    page.query_params["sample"] = "1"
    page.run()
    opened(page)
    before = table(page, "95 % interval").loc["Mean", "Counted"]
    page.selectbox(key="edges").set_value("weight").run()
    assert not page.exception
    figures = table(page, "95 % interval")
    assert figures.loc["Mean", "Counted"] == figures.loc["Mean", "Corrected"] != before
    assert "Miles-Lantuejoul" in texts(page)
    assert page.query_params["edges"] == "weight"


def test_the_budget_grows_by_the_rescale_factor_by_itself(page, monkeypatch):
    gate = threading.Event()
    rescaled = factors.rescaled

    def later(*arguments, **options):
        gate.wait()
        return rescaled(*arguments, **options)

    monkeypatch.setattr(factors, "rescaled", later)
    page.query_params["sample"] = "1"
    page.query_params["scale_u"] = "0.01"
    page.query_params["rescale"] = "2"  # at which no other test has asked for it
    page.run()
    opened(page)
    parts = table(page, "u (%)")
    assert list(parts.index) == ["scale", "filter", "sampling", "combined"]
    assert parts.loc["scale", "u (%)"] == "1"
    assert "0.9 and 1.1 of the rescale factor in the background" in texts(page)
    assert "k = 2, without rescale" in d50(page)
    gate.set()
    in_background(page)
    assert not page.exception
    parts = table(page, "u (%)")
    assert list(parts.index) == ["scale", "filter", "rescale", "sampling", "combined"]
    assert "in the background" not in texts(page)
    # beside the view as well, with the digits that the uncertainty leaves
    assert re.fullmatch(r"D50 \*\*2\d\d ± 1\d nm\*\* \(expanded uncertainty, k = 2\)", d50(page))


def d50(page):
    """What stands above the view of the median."""
    return next(each.value for each in page.markdown if each.value.startswith("D50 **"))


def test_other_factors_that_fail_are_said_and_tried_again_at_a_click(page, monkeypatch):
    rescaled, failing = factors.rescaled, [True]

    def short_of_memory(*arguments, **options):
        if failing:
            raise OutOfMemoryError
        return rescaled(*arguments, **options)

    monkeypatch.setattr(factors, "rescaled", short_of_memory)
    page.query_params["sample"] = "1"
    page.run()
    opened(page)
    in_background(page)
    said = texts(page).replace("\\", "")
    assert "sample.tif, at other rescale factors: There is not enough memory" in said
    assert "without rescale" in d50(page)
    failing.clear()
    page.button(key="factors_again").click().run()
    in_background(page)
    assert not page.exception
    assert "rescale" in table(page, "u (%)").index


def test_without_particles_it_says_so(page):
    noise = np.random.default_rng(0).normal(120, 10, (128, 128)).clip(0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "png")
    page.query_params["filter"] = "1"
    upload(page, ("noise.png", out.getvalue()))
    opened(page)
    assert not page.exception
    assert "No particles are counted." in " ".join(item.value for item in page.markdown)


def test_a_session_replays_identically(page, analysis):
    edited = semseg.analysis.refilter(analysis, 0.5, {2: False})
    upload(page, ("sample.tif", sample_path().read_bytes()))
    give(page, "settings_file", ("session.json", session_json([edited])))
    page.run()
    assert not page.exception
    assert "Identical to the session" in " ".join(item.value for item in page.success)
    assert page.session_state["filter"] == 0.5


def test_the_decisions_of_a_session_replace_those_made_before(page):
    analysis = semseg.analyze(sample_path(), Settings())
    edited = semseg.analysis.refilter(analysis, None, {2: False, 5: False})
    upload(page, ("sample.tif", sample_path().read_bytes()))
    assert page.session_state["views"]
    give(page, "settings_file", ("session.json", session_json([edited])))
    page.run()
    assert not page.exception
    assert "Identical to the session" in " ".join(item.value for item in page.success)


def test_a_session_of_another_model_says_what_differs(page, analysis):
    values = json.loads(session_json([analysis]))
    values["model"]["sha256"] = "0" * 64
    result = values["pictures"][0]["result"]
    result |= {"kept": 3, "table_sha256": "", "columns": {**result["columns"], "kept": ""}}
    upload(page, ("sample.tif", sample_path().read_bytes()))
    give(page, "settings_file", ("session.json", json.dumps(values).encode()))
    page.run()
    assert not page.exception
    assert "The model is another one" in texts(page)
    assert "kept was 3 then" in texts(page)


def test_a_session_waits_for_its_pictures(page, analysis):
    page.run()
    give(page, "settings_file", ("session.json", session_json([analysis])))
    page.run()
    assert not page.exception
    assert not page.error


def bare_sample(*, entries=True) -> bytes:
    """The sample without its metadata, and without the entries of its label bar; its bar stays."""
    with Image.open(sample_path()) as picture:
        grey = np.array(picture)
    if not entries:
        grey[712:, :880] = 0
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "png")
    return out.getvalue()


def test_a_scale_bar_gives_the_scale_where_the_file_gives_none(page, monkeypatch):
    monkeypatch.setattr(ocr, "is_installed", lambda: False)
    upload(page, ("bare.png", bare_sample()))
    assert "px long" in texts(page)
    assert "not installed" in texts(page)
    assert "Assumed, check" in texts(page)
    scale_field(page).set_value("200 nm").run()  # the field is the bar's
    assert not page.exception
    assert "scale bar" in texts(page)
    assert "ssumed" not in texts(page)
    # 27 px for 200 nm; the field shows what is used, not what would be assumed
    page.segmented_control(key="scale_kind").set_value("Width").run()
    shown = length_nm(scale_field(page).value)
    assert shown == pytest.approx(1024 * 200 / 27, rel=0.02)


@pytest.mark.skipif(not ocr.is_installed(), reason="rapidocr is not installed")
def test_what_stands_in_the_picture_is_the_scale_or_proposed(page):
    upload(page, ("bare.png", bare_sample()))
    assert scale_field(page).value == "7.52 µm"
    assert "From the picture: label bar and scale bar" in texts(page)
    upload(page, ("bare.png", bare_sample(entries=False)))
    assert not page.exception
    assert scale_field(page).value == "200 nm"  # as it was read
    said = texts(page).replace("\\", "")
    assert "**Proposed, check:** scale bar (read from the picture: 200 nm)" in said
    assert "Read there: **200 nm**" in texts(page)
    page.button(key="scale_confirm").click().run()
    assert "roposed" not in texts(page)
    assert "checked by hand" in texts(page)
    assert page.session_state["latest"]["analysis"].calibration.certain


def test_a_scale_bar_checks_what_the_file_says(page):
    page.query_params["sample"] = "1"
    page.run()
    page.segmented_control(key="scale_kind").set_value("Scale bar").run()
    scale_field(page).set_value("0.2 um").run()
    assert not page.exception
    assert "agrees with the 7.344 nm in the file" in texts(page)
    scale_field(page).set_value("300").run()
    assert "against 7.344 nm in the file" in texts(page)
    assert "check the scale bar before you trust" in texts(page)


def test_what_is_said_of_the_sample_costs_no_analysis(page, monkeypatch):
    page.query_params["sample"] = "1"
    page.run()
    monkeypatch.setattr("semseg.page.work.segment", None)  # whoever calls it fails
    page.text_input(key="details_sample_picture").set_value(" TiO2 ").run()
    page.text_area(key="details_notes_picture").set_value("Washed.\nDried.").run()
    assert not page.exception
    assert page.session_state["details"]["said"] == Details(sample="TiO2", notes="Washed.\nDried.")
    assert "TiO2" not in "".join(page.query_params.values())
    made = page.session_state["latest"]
    assert json.loads(_made(made, "session.json"))["details"]["sample"] == "TiO2"
    assert json.loads(_made(made, "summary.json"))["details"]["notes"] == "Washed.\nDried."


def test_a_session_brings_back_what_was_said_of_the_sample(page, analysis):
    content = session_json([analysis], details=Details(sample="TiO2"))
    page.query_params["sample"] = "1"
    page.run()
    give(page, "settings_file", ("session.json", content))
    page.run()
    assert page.text_input(key="details_sample_picture").value == "TiO2"
