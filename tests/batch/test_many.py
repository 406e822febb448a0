"""Two thousand pictures in one run, some of them broken."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest
import tifffile

from tests.support.command import SHAPE
from tests.support.drawn_picture import draw_separated
from tests.support.runs import batch, ended, rows

SWITCH = "SEMSEG_NEED_MANY"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(SWITCH not in os.environ, reason=f"{SWITCH}=1 measures 2,000 pictures"),
]
COUNT = 2_000
BROKEN = {"p0007.tif": b"", "p1000.tif": b"II*\0", "p1999.tif": b"no picture at all"}
MAX_SECONDS = 3_600


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Each another picture: one that is rolled."""
    folder = tmp_path_factory.mktemp("many")
    grey = draw_separated(SHAPE, 36.0).grey
    for number in range(COUNT):
        path = folder / f"p{number:04d}.tif"
        if path.name in BROKEN:
            path.write_bytes(BROKEN[path.name])
            continue
        moved = np.roll(grey, divmod(number, SHAPE[1]), axis=(0, 1))
        nm = {"unit": "nm"}
        tifffile.imwrite(path, moved, imagej=True, resolution=(0.5, 0.5), metadata=nm)
    return folder


def run_to_its_end(*words):
    with batch(*words, "--jobs", "2") as process:
        out, err = ended(process, MAX_SECONDS)
    return process.returncode, out, err


def test_two_thousand_pictures_come_out_and_the_broken_ones_are_named(inputs, tmp_path):
    run, good = tmp_path / "run", COUNT - len(BROKEN)
    status, out, err = run_to_its_end(inputs, "--output", run)
    assert status == 1, err
    assert f"{COUNT:,} pictures to measure" in out
    failed = {row["name"]: row["sentence"] for row in rows(run) if row["state"] == "failed"}
    assert set(failed) == set(BROKEN)
    assert all(f"{name}: {sentence}" in err for name, sentence in failed.items())
    assert len(rows(run)) == COUNT

    images = pd.read_parquet(run / "images.parquet")
    assert images["state"].value_counts().to_dict() == {"done": good, "failed": len(BROKEN)}
    particles = pd.read_parquet(run / "particles")
    assert particles["image"].nunique() == good
    (pooled,) = pd.read_csv(run / "pooled.csv").query("size == 'min_feret'").to_dict("records")
    assert pooled["pictures"] == good
    assert pooled["particles"] == particles["counted"].sum() > good
    page = (run / "index.html").read_text("utf-8")
    assert all(name in page for name in BROKEN)

    again = run_to_its_end(inputs, "--output", run)
    assert (again[0], len(rows(run))) == (1, COUNT)
    assert "0 pictures to measure" in again[1]
