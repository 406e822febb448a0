"""What ONNX Runtime would tell its makers begins with files in the home folder; there are none."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

SEGMENT = "from semseg.inference.segmenter import Segmenter; Segmenter()"
READ = """
import numpy as np
from semseg.scale import ocr
assert ocr.is_installed()
ocr.recognise(np.zeros((48, 96), np.uint8))
"""


@pytest.mark.slow
@pytest.mark.parametrize("does", [SEGMENT, READ], ids=["the network", "reading"])
def test_onnx_runtime_keeps_no_record_of_this_computer(does, tmp_path, tmp_path_factory):
    # nothing else: in continuous integration it would keep none anyway
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    home = {name: str(tmp_path) for name in ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP")}
    fonts = {"MPLCONFIGDIR": str(tmp_path_factory.mktemp("matplotlib"))}
    environment = {**kept, **home, **fonts, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", does], env=environment, cwd=ROOT, check=True, timeout=300)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []
