"""The whole page in a real browser, point by point as a person meets it."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from urllib.parse import urlparse

import numpy as np
import pytest
from PIL import Image

from semseg.data import sample_path
from tests.support.paths import PAGE
from tests.support.visitor import Visitor

SAMPLE = "/?sample=1"


@pytest.fixture(scope="module")
def bare_png() -> bytes:
    """A part of the sample, without its metadata."""
    with Image.open(sample_path()) as picture:
        out = io.BytesIO()
        Image.fromarray(np.asarray(picture)[100:420, 200:620]).save(out, "png")
    return out.getvalue()


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


# 1 Start


def test_the_start_explains_itself_and_the_sample_runs_at_one_click(visit):
    visitor = visit()
    assert "every particle outlined" in visitor.text()
    picture = visitor.page.locator("[data-testid=stImage] img").first
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 500
    assert visitor.download("Download the sample") == sample_path().read_bytes()
    visitor.button("Try the sample")
    visitor.shown()
    assert visitor.number("kept") > 150
    assert "Zeiss metadata" in visitor.text()
    assert visitor.scale_field().input_value() == "7.52 µm"


# 2 Upload, 8 table and batch


def test_several_files_one_of_them_bad(visit, bare_png):
    visitor = visit()
    visitor.upload(
        ("broken.tif", b"II*\0nonsense"),
        ("first.tif", sample_path().read_bytes()),
        ("![x](http://example.org/x.png).png", bare_png),
    )
    visitor.shown()
    alerts = visitor.page.locator("[data-testid=stAlert]")
    assert "broken.tif" in alerts.first.inner_text()
    assert "Traceback" not in visitor.text()
    first = visitor.number("found")
    visitor.tab("All pictures")
    visitor.page.get_by_text("All pictures together", exact=True).wait_for()
    # the picture whose scale nobody gave is named, and moves no figure of all
    assert "is left out of the sizes of all pictures together: its scale is only assumed" in (
        visitor.text()
    )
    pooled = visitor.page.locator("[data-testid=stMetricValue]").first.inner_text()
    assert 0 < int(pooled) <= first
    # a card shows its picture
    visitor.page.locator(".sp-card").nth(1).click()
    visitor.page.wait_for_function(
        "document.querySelector('.st-key-picture input').value.startsWith('2 of 2')"
    )
    visitor.shown()
    assert visitor.number("found") < first
    with zipfile.ZipFile(io.BytesIO(visitor_batch(visitor))) as archive:
        names = archive.namelist()
    assert "pooled.csv" in names
    assert len([name for name in names if name.endswith(".particles.csv")]) == 2
    assert not [address for address in visitor.requests if "example.org" in address]


def visitor_batch(visitor: Visitor) -> bytes:
    visitor.tab("All pictures")
    return visitor.download("All pictures as ZIP")


# 3 Scale


def test_a_scale_that_nobody_gave_is_marked_wherever_it_matters(visit, bare_png):
    visitor = visit()
    visitor.upload(("bare.png", bare_png))
    visitor.shown()
    assert visitor.scale_field().input_value() == "7.52 µm"
    assert "Assumed, check" in visitor.text()
    assert visitor.page.locator(".semseg-viewer").inner_text().count("check") >= 1
    assert {row["scale"] for row in rows(visitor.download("All particles"))} == {"assumed, check"}
    assert b"assumed" in visitor.download("Sizes")
    assert json.loads(visitor.download("Summary"))["calibration"]["assumed"]
    wide = visitor.number("mean")
    visitor.type_scale("3760")
    visitor.shown()
    assert "Assumed" not in visitor.text()
    assert visitor.number("mean") == pytest.approx(wide / 2, rel=0.01)
    assert "scale" not in rows(visitor.download("All particles"))[0]


def test_a_typed_scale_is_compared_with_the_files(visit):
    visitor = visit(SAMPLE)
    visitor.shown()
    visitor.type_scale("8000")
    assert visitor.text().count("6.4% apart") == 1
    visitor.page.get_by_text("Pixel", exact=True).click()
    visitor.quiet()
    assert visitor.scale_field().input_value() == "7.812 nm"  # 8000 / 1024
    visitor.button("Use what the file says")
    assert visitor.scale_field().input_value() == "7.344 nm"
    assert "width" not in visitor.query()


# 4 Prepare


def test_what_is_cut_off_is_seen_and_chosen(visit):
    visitor = visit(SAMPLE)
    visitor.shown()
    visitor.tab("Prepare")
    assert "56 rows" in visitor.text()
    assert "repaired" in visitor.text()
    images = visitor.page.locator("[data-testid=stImage] img:visible")
    assert images.count() == 2
    visitor.page.get_by_text("Find label bar").click()
    visitor.quiet()
    sides = {
        side: visitor.page.get_by_label(f"Cut at the {side} (px)").locator("input")
        for side in ("top", "bottom", "left", "right")
    }
    assert [slider.input_value() for slider in sides.values()] == ["0", "56", "0", "0"]
    sides["left"].focus()
    for _ in range(3):
        visitor.page.keyboard.press("PageUp")
    visitor.quiet()
    left = int(sides["left"].input_value())
    assert left > 0
    assert visitor.query()["crop"] == [f"0,56,{left},0"]


# 5 Rescale


def test_the_rescale_factor_is_chosen_and_the_suggestion_taken(visit):
    visitor = visit("/?sample=1&rescale=1")
    visitor.shown()
    assert "rescale 1 (given)" in visitor.text()
    assert re.search(r"median outline is \d+ px", visitor.text())
    visitor.button("Take the suggestion")
    visitor.shown()
    taken = float(re.search(r"rescale ([\d.]+) \(given\)", visitor.text())[1])
    assert taken == pytest.approx(1.8, abs=0.15)
    assert not visitor.page.get_by_role("button", name="Take the suggestion").count()
    visitor.page.get_by_text("Automatic rescale").click()
    visitor.quiet()
    visitor.shown()
    assert "(automatic)" in visitor.text()
    assert "rescale" not in visitor.query()


# 6 Linked views, 9 download, 10 share


def test_the_filter_goes_to_files_and_address_and_little_travels(visit):
    visitor = visit(SAMPLE)
    visitor.shown()
    before = len(visitor.traffic.sizes)
    visitor.threshold(0.97)
    travelled = visitor.traffic.sizes[before:]
    assert sum(travelled) < 8000  # the session that the browser keeps among it
    kept, found = visitor.number("kept"), visitor.number("found")
    assert 0 < kept < found
    assert visitor.query()["filter"] == ["0.97"]

    with zipfile.ZipFile(io.BytesIO(visitor.download("Everything as ZIP"))) as archive:
        files = {name.removeprefix("sample."): archive.read(name) for name in archive.namelist()}
    assert set(files) == {
        *("particles.csv", "sizes.csv", "summary.json", "settings.json", "labels.tif"),
        *("figure.png", "figure.svg", "figure.pdf", "rois.zip"),
        *("report.html", "session.json", "particles.xlsx", "coco.json"),
    }
    table = rows(files["particles.csv"])
    assert len(table) == found
    assert sum(row["kept"] == "True" for row in table) == kept
    summary = json.loads(files["summary.json"])
    assert summary["sizes"]["min_feret_nm"]["mean"] == pytest.approx(
        visitor.number("mean"), rel=1e-3
    )
    assert visitor.download("PDF") == files["figure.pdf"]

    # somebody else opens the same address, a third one uploads the settings
    address = "/?" + urlparse(visitor.page.url).query
    friend = visit(address)
    friend.shown()
    assert friend.number("kept") == kept
    other = visit()
    other.upload(("mine.tif", sample_path().read_bytes()))
    other.shown()
    assert other.number("kept") > kept  # nothing of the others is here
    other.page.get_by_text("Replay an earlier result").click()
    other.upload(("settings.json", files["settings.json"]), key="settings_file")
    other.shown()
    assert other.number("kept") == kept
    other.upload(("session.json", files["session.json"]), key="settings_file")
    other.page.get_by_text("Identical to the session, particle by particle.").wait_for()
    other.upload(("settings.json", b"{broken"), key="settings_file")
    assert "not valid JSON" in other.text()
    assert other.number("kept") == kept


# 7 Correct


def test_a_particle_is_excluded_and_brought_back(visit):
    visitor = visit(SAMPLE)
    visitor.shown()
    found = visitor.number("kept")
    row = visitor.page.locator(".sv-body [role=row]").first
    row.click()
    visitor.quiet()
    card = visitor.page.locator(".sv-card")
    assert "confidence" in card.inner_text().lower()
    card.get_by_role("button", name="Exclude").click()
    visitor.quiet()
    assert visitor.number("kept") == found - 1
    table = rows(visitor.download("All particles"))
    assert [entry["reason"] for entry in table].count("manual") == 1
    assert sum(entry["kept"] == "True" for entry in table) == found - 1
    # another width changes neither
    visitor.type_scale("9000")
    visitor.shown()
    assert visitor.number("kept") == found - 1
    visitor.page.get_by_role("button", name="Undo").click()
    visitor.quiet()
    assert visitor.number("kept") == found
    assert not [e for e in rows(visitor.download("All particles")) if e["reason"] == "manual"]


# How it behaves


def test_no_particles_are_said_with_what_to_try(visit):
    noise = np.random.default_rng(3).normal(100, 4, (200, 260)).clip(0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "png")
    visitor = visit()
    visitor.upload(("empty.png", out.getvalue()))
    visitor.shown()
    assert "No particles were found" in visitor.text()
    assert "try another rescale factor" in visitor.text()


def test_behind_a_path_and_without_the_internet(chromium, serve):
    visitor = Visitor(chromium, serve(PAGE, base="lab/sem"), SAMPLE)
    visitor.shown()
    assert visitor.number("kept") > 150
    hosts = {urlparse(address).hostname for address in visitor.requests}
    assert hosts <= {"127.0.0.1", None}
    assert visitor.faults == []
    visitor.context.close()


def test_everything_is_reached_by_keyboard_and_has_a_name(visit, segmenter):
    visitor = visit(SAMPLE)
    visitor.shown()
    nameless = visitor.page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, [role=slider]")]
          .filter(e => e.offsetParent && !e.closest("[aria-hidden=true]"))
          .filter(e => !(e.textContent.trim() || e.ariaLabel || e.title || e.labels?.length
                         || e.getAttribute("aria-labelledby")
                         || e.getAttribute("data-testid")?.includes("FileUploader")))
          .map(e => e.outerHTML.slice(0, 200))"""
    )
    assert nameless == []
    slider = visitor.page.locator(".sv-threshold input")
    slider.focus()
    slider.press("ArrowRight")
    visitor.quiet()
    one_step_on = segmenter.info.filter_threshold + 0.01
    assert visitor.query()["filter"] == [f"{one_step_on:g}"]
