"""Help, and what a report of a problem holds and never holds."""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import Message
from types import SimpleNamespace
from urllib.parse import parse_qs, urlparse

import pytest

from semseg.display import Display
from semseg.page.help import FORM, contact, problem_text
from semseg.settings import Settings
from semseg.version import NUMBERS, __version__
from tests.support.fake_analysis import MODEL, draw
from tests.support.page import open_page
from tests.support.paths import ROOT

NETWORK = SimpleNamespace(info=MODEL, provider="cpu")


def about(*addresses, mail=None):
    found = Message()
    for address in addresses:
        found["Project-URL"] = address
    if mail:
        found["Author-email"] = mail
    return found


def test_a_report_holds_versions_and_settings():
    text = problem_text(NETWORK, Settings(rescale=2, filter=0.4), Display(log=True))
    lines = text.splitlines()
    assert lines[0] == f"semseg {__version__}, numbers {NUMBERS}"
    assert lines[1] == f"model {MODEL.name} {MODEL.version} ({MODEL.sha256[:12]}), cpu"
    assert "settings: rescale 2, filter 0.4, log on" in lines
    assert "settings: the usual ones" in problem_text(None, Settings(), Display())


def test_a_report_of_a_result_never_names_the_picture():
    drawn = draw(name="secret batch 7.tif")
    analysis = replace(drawn, notes=("secret batch 7.tif: its scale is odd.",))
    text = problem_text(NETWORK, Settings(), Display(), analysis)
    assert "secret" not in text
    assert "the picture: its scale is odd." in text
    assert ".tif, sha256 000000000000" in text
    assert "particles: 20 found, 15 kept, 15 counted" in text
    assert "scale: 7.344 nm per pixel (typed width)" in text


@pytest.mark.parametrize(
    "address",
    [
        "Issues, https://github.com/a/semseg/issues",
        "Repository, https://github.com/a/semseg/",
    ],
)
def test_the_form_of_the_project_is_filled(address):
    to = urlparse(contact(about("Home, https://a.org", address), "semseg 1\nmodel 2"))
    assert (to.netloc, to.path) == ("github.com", "/a/semseg/issues/new")
    fields = parse_qs(to.query)
    assert fields == {"template": [FORM], "version": ["semseg 1"], "notes": ["semseg 1\nmodel 2"]}
    form = (ROOT / ".github" / "ISSUE_TEMPLATE" / FORM).read_text("utf-8")
    assert {"version", "notes"} <= set(re.findall(r"^    id: (\w+)$", form, re.MULTILINE))


def test_without_issues_there_may_be_a_person():
    to = contact(about(mail="semseg <maintainers@a.org>"), "semseg 1\nmodel 2 & 3")
    assert urlparse(to).path == "maintainers@a.org"
    assert parse_qs(urlparse(to).query)["body"] == ["semseg 1\nmodel 2 & 3"]
    assert contact(about("Issues, https://codes.org/a/semseg"), "x") == "https://codes.org/a/semseg"


@pytest.mark.parametrize(
    "found", [None, about(), about("Issues, javascript:alert(1)"), about(mail="The semseg team")]
)
def test_without_any_address_there_is_a_text_to_copy(found):
    assert contact(found, "semseg 1") is None


def test_an_address_is_never_too_long():
    to = contact(about("Issues, https://github.com/a/semseg/issues"), "ü" * 10_000)
    assert len(parse_qs(urlparse(to).query)["notes"][0]) == 1500


@pytest.mark.slow
def test_both_open_over_the_page():
    page = open_page()
    page.run()
    page.button(key="help").click().run()
    assert any("Drop your micrographs" in item.value for item in page.markdown)
    page.run()
    page.button(key="problem").click().run()
    assert not page.exception
    assert f"semseg {__version__}, numbers" in page.code[0].value
