"""What must never stand in the code that visitors' files meet, and hostile XML."""

from __future__ import annotations

import ast
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile

from semseg.io.micrograph import read_micrograph
from tests.support.paths import ROOT

SOURCES = sorted([ROOT / "streamlit_app.py", *(ROOT / "semseg").rglob("*.py")])
MODULES = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve", "subprocess", "yaml"}
CALLED = {"cache_data", "eval", "exec", "compile", "__import__", "read_pickle", "system", "popen"}


def suspicious(source: str) -> list[str]:
    """Imports and calls in `source` through which data could become code."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            found.append(node.module)
        elif isinstance(node, ast.Attribute) and node.attr in CALLED - {"compile"}:
            found.append(node.attr)
        elif isinstance(node, ast.Name) and node.id in CALLED:
            found.append(node.id)
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            found.append(node.arg)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_data_can_become_code(path):
    assert suspicious(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "eval('1')",
        "np.load(file, allow_pickle=True)",
        "@st.cache_data\ndef f(): ...",
        "os.system('ls')",
        "pd.read_pickle(file)",
    ],
)
def test_the_search_finds_what_it_looks_for(source):
    assert suspicious(source)


LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 10}">' for n in range(10)
)  # would be 20 GB


@pytest.mark.parametrize("entity", [LAUGHS, '<!ENTITY l9 SYSTEM "file:///etc/passwd">'])
def test_no_parser_sees_hostile_xml(tmp_path, monkeypatch, entity):
    seen = []
    monkeypatch.setattr(ElementTree, "fromstring", seen.append)
    monkeypatch.setattr(ElementTree, "parse", seen.append)
    xml = (
        f'<?xml version="1.0"?><!DOCTYPE OME [{entity}]>'
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="96" SizeY="96" SizeC="1" '
        'SizeZ="1" SizeT="1"><TiffData/></Pixels><Description>&l9;</Description></Image></OME>'
    )
    path = tmp_path / "hostile.ome.tif"
    grey = np.random.default_rng(0).integers(0, 255, (96, 96), dtype=np.uint8)
    tifffile.imwrite(path, grey, description=xml, metadata=None)
    micrograph = read_micrograph(path.read_bytes(), path.name)
    assert micrograph.grey.shape == (96, 96)
    assert seen == []
