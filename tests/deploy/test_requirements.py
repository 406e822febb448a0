"""The requirements files and the package's metadata ask for the same."""

from __future__ import annotations

import tomllib

import pytest
from packaging.requirements import Requirement

from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def requirements(lines: list[str]) -> set[Requirement]:
    """What is asked for, without comments and without what is taken from elsewhere."""
    asked = [line for line in lines if line and not line.startswith(("#", "-r ", "semseg["))]
    found = set(map(Requirement, asked))
    assert len({each.name for each in found}) == len(asked)
    return found


@pytest.mark.parametrize(
    ("name", "taken", "listed", "takes"),
    [
        (
            "requirements.txt",
            [],
            [*PROJECT["dependencies"], *EXTRAS["ocr"], *EXTRAS["page"]],
            None,
        ),
        (
            "requirements-dev.txt",
            ["-r requirements-batch.txt"],
            EXTRAS["dev"],
            "semseg[batch,ocr,page]",
        ),
        ("requirements-batch.txt", ["-r requirements.txt"], EXTRAS["batch"], None),
        ("requirements-train.txt", ["-r requirements-dev.txt"], EXTRAS["train"], "semseg[dev]"),
    ],
)
def test_a_file_and_its_extra_ask_for_the_same(name, taken, listed, takes):
    lines = (ROOT / name).read_text("utf-8").splitlines()
    assert requirements(lines) == requirements(listed), f"{name} and pyproject.toml differ"
    assert [line for line in lines if line.startswith("-r ")] == taken
    assert [each for each in listed if each.startswith("semseg[")] == ([takes] if takes else [])


def test_onnxruntime_stands_alone():
    """Its GPU build writes into the same folder; the one that comes last wins."""
    asked = [*PROJECT["dependencies"], *(each for extra in EXTRAS.values() for each in extra)]
    names = {each.name for each in requirements(asked)}
    assert [name for name in names if name.startswith("onnxruntime")] == ["onnxruntime"]


def test_analyze_needs_no_streamlit():
    names = {each.name for each in requirements(PROJECT["dependencies"])}
    assert "streamlit" not in names
