"""What the documents tell people to type does what they say."""

import re

import pytest

from semseg.export.tables import sizes_csv
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
