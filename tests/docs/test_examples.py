"""What the documents tell people to type does what they say."""

import argparse
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from semseg.cli.arguments import add_settings
from semseg.data import sample_path
from semseg.export.tables import sizes_csv
from semseg.measure.quantities import QUANTITIES
from tests.support.command import python
from tests.support.drawn_analysis import drawn
from tests.support.paths import ROOT


def code_below(document: str, heading: str) -> str:
    """The first Python block below a heading."""
    text = (ROOT / document).read_text("utf-8").split(f"\n{heading}\n", 1)[1]
    return re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]


def test_the_blocks_of_sizes_csv_are_read_as_told(tmp_path, monkeypatch):
    analysis = drawn()
    (tmp_path / "sample.sizes.csv").write_bytes(sizes_csv(analysis))
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(code_below("docs/files.md", "## `sizes.csv` is for people"), names)
    assert "particles counted,48" in names["facts"]
    assert names["summary"]["weighting"].tolist() == ["number", "volume"] * 3
    assert names["summary"]["n"].eq(48).all()
    counted = analysis.particles[analysis.particles["counted"]]
    assert names["sizes"]["label"].tolist() == counted["label"].tolist()
    ecd = names["sizes"]["Equivalent circular diameter (nm)"]
    assert ecd.tolist() == pytest.approx(counted["ecd_nm"].tolist(), rel=1e-5)


def test_the_readme_can_be_read_at_one_sitting():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 120


@pytest.fixture
def folder(tmp_path):
    """Where a reader of the examples stands: with the sample, as it is and without its scale."""
    (tmp_path / "semseg" / "data").mkdir(parents=True)
    shutil.copy(sample_path(), tmp_path / "semseg" / "data")
    shutil.copy(sample_path(), tmp_path)
    with Image.open(sample_path()) as picture:
        Image.fromarray(np.asarray(picture)).save(tmp_path / "no-scale.png")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("document", ["README.md", "docs/command_line.md", "docs/tutorial.md"])
def test_the_command_line_prints_what_is_shown(document, folder):
    text = (ROOT / document).read_text("utf-8")
    examples = [
        example
        for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL)
        for example in re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", block, re.MULTILINE)
    ]
    assert examples
    for command, shown in examples:
        program, *arguments = command.split()
        if program == "ls":
            printed = "  ".join(sorted(path.name for path in (folder / arguments[0]).iterdir()))
        else:
            words = command.split("semseg ", 1)[1].split()
            done = python("-m", "semseg", *words, cwd=folder)
            assert done.returncode == 0, done.stderr
            printed = done.stderr + done.stdout
        if shown:
            assert printed.splitlines() == shown.splitlines()


def test_the_command_line_is_told_with_all_its_options_and_no_other():
    told = (ROOT / "docs" / "command_line.md").read_text("utf-8")
    parser = argparse.ArgumentParser(add_help=False)
    add_settings(parser)
    options = {option for action in parser._actions for option in action.option_strings}
    table = [line.split("|")[1] for line in told.splitlines() if line.startswith("| `--")]
    assert {name for cell in table for name in re.findall(r"--[a-z-]+", cell)} == options


@pytest.mark.parametrize("document", ["glossary.md", "measurement.md"])
def test_every_measure_is_explained(document):
    text = (ROOT / "docs" / document).read_text("utf-8")
    for quantity in QUANTITIES:
        rows = [line for line in text.splitlines() if line.startswith("|")]
        assert any(
            f"`{name}`" in row for row in rows for name in (quantity.key, quantity.column("nm"))
        ), f"{quantity.key} has no row in docs/{document}"


DOCUMENTS = [
    path for place in ("", "docs/", "models/", "training/") for path in ROOT.glob(f"{place}*.md")
]
PLACE = re.compile(r"`((?:semseg|training|tests|benchmarks|docs|deploy)/[\w/.]*)`")
MODULE = re.compile(r"python -m ((?:training|benchmarks|docs)\.\w+)")
ELSEWHERE = re.compile(r"NAME|^training/cache/")  # to be put in; written on the way


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_names_is_there(document):
    text = document.read_text("utf-8")
    modules = [f"{name.replace('.', '/')}.py" for name in MODULE.findall(text)]
    named = [name for name in (*PLACE.findall(text), *modules) if not ELSEWHERE.search(name)]
    assert [name for name in named if not (ROOT / name).exists()] == []
