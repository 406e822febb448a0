"""The examples in docstrings run, and give what they say."""

import doctest

import pytest

from semseg.analysis import Analysis, analyze
from semseg.data import sample_path
from semseg.inference.segmenter import Segmenter
from semseg.metrology.assessment import assess
from tests.support.network import shipped
from tests.support.paths import ROOT

MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for package in ("semseg", "training", "benchmarks")
    for path in sorted((ROOT / package).rglob("*.py"))
    if ">>> " in path.read_text("utf-8")
]


@pytest.fixture(scope="module")
def analysis(segmenter: Segmenter) -> Analysis:
    return analyze(sample_path(), segmenter=segmenter)


@shipped
@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_examples(name, analysis, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some write files
    module = pytest.importorskip(name, exc_type=ImportError)
    # names that examples take for granted: an analysis of the sample, and its assessment
    known = {"analysis": analysis}
    if "assessment" in module.__doc__:
        known["assessment"] = assess([analysis])
    ran = doctest.testmod(module, extraglobs=known, optionflags=doctest.ELLIPSIS)
    assert ran.attempted
    assert not ran.failed
