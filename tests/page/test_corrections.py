"""Outlines that were corrected elsewhere come back, through the whole page."""

import io
import json

import numpy as np
import pytest
import tifffile

from semseg.data import sample_path
from semseg.export.session import session_json
from semseg.page import work
from tests.support.page import give, open_page, texts, upload

pytestmark = pytest.mark.slow  # the whole page, with the network on the sample


@pytest.fixture
def page():
    work.queue.clear()
    opened = open_page()
    upload(opened, ("sample.tif", sample_path().read_bytes()))
    assert not opened.exception
    return opened


def analysis(page):
    return page.session_state["latest"]["analysis"]


def bring(page, name, content):
    (field,) = [each.key for each in page.file_uploader if each.key.startswith("corrections_")]
    give(page, field, (name, content))
    return page.run()


def tiff(labels):
    out = io.BytesIO()
    tifffile.imwrite(out, labels.astype(np.uint16))
    return out.getvalue()


def test_a_corrected_label_image_is_measured_and_let_go_of(page):
    before = analysis(page)
    labels = before.labels.copy()
    gone, split = before.particles.nlargest(2, "area_px")["label"].tolist()
    labels[labels == gone] = 0
    rows, columns = np.nonzero(labels == split)
    right = columns > np.median(columns)
    labels[rows[right], columns[right]] = labels.max() + 1
    bring(page, "corrected.tif", tiff(labels))
    assert not page.exception
    assert not page.error
    after = analysis(page)
    assert len(after.particles) == len(before.particles) + 1
    assert after.manual == {gone: False}
    assert (after.particles["origin"] == "hand").sum() == 2
    assert page.session_state["views"]  # decisions go on from there
    next(each for each in page.button if each.label == "Only what the network found").click().run()
    assert analysis(page).particles.equals(before.particles)


def test_the_session_of_corrected_outlines_replays_on_the_page(page):
    labels = analysis(page).labels.copy()
    labels[labels == 3] = 0
    labels[5:20, 5:20][labels[5:20, 5:20] == 0] = labels.max() + 1
    bring(page, "corrected.tif", tiff(labels))
    corrected = analysis(page)
    session = session_json([corrected])
    assert json.loads(session)["format"] == 3
    work.queue.clear()
    other = open_page()
    upload(other, ("sample.tif", sample_path().read_bytes()))
    give(other, "settings_file", ("session.json", session))
    other.run()
    assert not other.exception
    assert "Identical to the session, particle by particle." in [
        each.value for each in other.success
    ]
    assert analysis(other).particles.equals(corrected.particles)


def test_a_file_of_another_picture_is_one_sentence_and_changes_nothing(page):
    before = analysis(page)
    bring(page, "other.tif", tiff(np.ones((50, 60))))
    assert not page.exception
    assert "60 x 50 px, but this picture is 1024 x 768 px" in page.error[0].value
    assert analysis(page).particles.equals(before.particles)


def test_our_own_outlines_change_nothing(page):
    before = analysis(page)
    bring(page, "same.tif", tiff(before.labels))
    assert "every outline is as it was" in texts(page)
    assert analysis(page).particles.equals(before.particles)


def test_two_tabs_with_the_same_picture_do_not_mix_their_corrections(page):
    other = open_page()
    upload(other, ("sample.tif", sample_path().read_bytes()))
    found = analysis(page).particles
    first, second = found.nlargest(2, "area_px")["label"].tolist()
    for tab, gone in ((page, first), (other, second)):
        labels = analysis(tab).labels.copy()
        labels[labels == gone] = 0
        bring(tab, "corrected.tif", tiff(labels))
    assert analysis(page.run()).manual == {first: False}
    assert analysis(other.run()).manual == {second: False}
    next(each for each in page.button if each.label == "Only what the network found").click().run()
    assert analysis(page).manual == {}
    assert analysis(other.run()).manual == {second: False}
