"""Two people at once, over Streamlit's own protocol and a real server."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.paths import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the server is sent a signal"),
]


def test_two_people_at_once_get_their_own_numbers_and_no_others():
    command = [sys.executable, "-m", "benchmarks.load", "--people", "2", "--alone", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    heading, _, row, *_ = done.stdout.splitlines()
    names, cells = ([cell.strip() for cell in line.split("|")[1:-1]] for line in (heading, row))
    told = dict(zip(names, cells, strict=True))
    assert (told["people"], told["errors"], told["own numbers"]) == ("2", "0", "2 of 2"), (
        done.stdout
    )
