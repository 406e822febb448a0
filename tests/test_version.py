"""The version stands in one place, and numbers do not move without `NUMBERS`."""

from __future__ import annotations

import json
import re

import pytest

from semseg.inference.segmenter import MODEL_SHA256
from semseg.version import NUMBERS, __version__
from tests.support import sample_numbers
from tests.support.network import shipped
from tests.support.paths import ROOT

RAISE = (
    "the sample's numbers have moved. If they should: raise NUMBERS in semseg/version.py, say in "
    "CHANGELOG.md which and why, and run python -m tests.support.sample_numbers"
)


def test_the_changelog_and_the_citation_name_the_version_and_its_day():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = re.findall(r"^## ([\d.]+) \((\d{4}-\d\d-\d\d)\)$", changelog, flags=re.M)
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    cited = re.findall(r"^version: (\S+)\ndate-released: (\S+)$", citation, flags=re.M)
    assert [released[0]] == cited
    assert released[0][0] == __version__


def test_the_record_belongs_to_this_edition_and_its_model():
    record = json.loads(sample_numbers.RECORD.read_text("utf-8"))
    assert (record["numbers"], record["model"]) == (NUMBERS, MODEL_SHA256), (
        "run python -m tests.support.sample_numbers"
    )


@pytest.mark.slow
@shipped
def test_the_sample_s_numbers_move_only_when_numbers_is_raised(segmenter):
    record = json.loads(sample_numbers.RECORD.read_text("utf-8"))["figures"]
    assert len(record) > 100
    now = sample_numbers.numbers_of(sample_numbers.sample_analyses(segmenter))
    assert sample_numbers.moved(record, now) == [], RAISE


def test_a_number_that_moves_or_goes_is_told():
    record = {"table/ecd_nm/mean": 100.0, "counts/kept": 182.0, "table/area_px/sd": 5.0}
    now = {"table/ecd_nm/mean": 100.01, "counts/kept": 181.0, "table/roughness/mean": 1.0}
    assert [line.split(":")[0] for line in sample_numbers.moved(record, now)] == [
        "counts/kept",
        "table/area_px/sd",
    ]
