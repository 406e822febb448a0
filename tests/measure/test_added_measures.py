"""A measure that is computed in one file and described in another appears everywhere."""

import json
import os
import subprocess
import sys

import pytest

from tests.support.added_measures import package_with_added_measures
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow  # a package of its own, in a process of its own


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.support.added_measures"],
        cwd=package_with_added_measures(tmp_path_factory.mktemp("package")),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("particles.csv", {"mean_feret_px", "mean_feret_nm", "slenderness"}),
        ("sizes.csv", {"Mean Feret diameter", "Mean Feret diameter (nm)"}),
        ("pooled.csv", {"mean_feret_px", "mean_feret_nm"}),
        ("workbook, particles", {"mean_feret_px", "mean_feret_nm", "slenderness"}),
        ("workbook, summary", {"mean_feret mean (nm)", "mean_feret D90 (nm)"}),
        ("summary.json", {"mean_feret_px", "mean_feret_nm"}),
        ("session.json", {"mean_feret"}),
        ("coco.json", {"mean_feret_px", "mean_feret_nm", "slenderness"}),
        ("figure", {"Mean Feret diameter (nm)"}),
        ("assessment", {"Mean Feret diameter", "slenderness"}),
        ("shapes_plot", {"Slenderness"}),
        ("report", {"Mean Feret (nm)", "Slender", "Slenderness", "1 - b / l (b)"}),
        ("page, shapes", {"Slenderness"}),
        ("packed", {"mean_feret", "slenderness"}),
        ("definitions.js", {"mean_feret", "slenderness"}),
    ],
)
def test_an_added_measure_is_there(places, place, wanted):
    assert wanted <= set(places[place])


def test_the_report_defines_an_added_size_as_its_measurand(places):
    assert any("Mean Feret diameter: half the sum (a); of" in text for text in places["report"])


def test_the_first_columns_stay_the_contract_s(places):
    assert places["particles.csv"][:3] == ["label", "x_px", "y_px"]
    assert places["particles.csv"].index("slenderness") > places["particles.csv"].index("reason")
