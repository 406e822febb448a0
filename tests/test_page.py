"""The page, driven through Streamlit's own test harness."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from semseg.sample import sample_path

PAGE = Path(__file__).resolve().parents[1] / "streamlit_app.py"


@pytest.fixture
def page():
    return AppTest.from_file(str(PAGE), default_timeout=120)


def test_the_page_opens_and_says_what_it_does(page):
    page.run()
    assert not page.exception
    assert "particle" in page.title[0].value.lower()
    assert not page.metric


def test_the_sample_is_measured_at_one_click(page):
    page.run()
    page.button[0].click().run()
    assert not page.exception
    assert page.metric[0].label == "Particles kept"
    assert page.metric[2].value.endswith("nm")


def test_a_bad_file_is_one_sentence_and_the_others_go_on(page):
    page.run()
    page.file_uploader[0].upload("broken.tif", b"II*\0nonsense")
    page.file_uploader[0].upload("sample.tif", sample_path().read_bytes())
    page.run()
    assert not page.exception
    assert len(page.error) == 1
    assert "broken.tif" in page.error[0].value
    assert len(page.metric) == 4
