"""The validation page rates figures as it should, and says what it could not measure."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from training.metrics import reliability
from training.validation_page import TABLE, document, scale_chapter

INFO = SimpleNamespace(name="net", version="9", sha256="ab" * 32, filter_threshold=0.3)
FREE = pd.DataFrame(
    {"megapixels": [2.0, 2.0], "found": [5, 9], "kept": [0, 3], "out_of_domain": [1, 1],
     "refused": [0, 0]},
    index=pd.Index(["text", "cracks"], name="kind"),
)  # fmt: skip


def result(level, error=0.0):
    """A result all of whose scores are `level`, and whose size errors are `error`."""
    names = ["F1@0.5", "F1@0.75", "PQ", "image IoU", "precision", "recall"]
    names += [f"recall {name}" for name in ("visible", "covered", "fragment")]
    sizes = [f"{what} {size}" for what in ("mean", "median") for size in ("min_feret", "ecd")]
    pooled = dict.fromkeys(names, level) | dict.fromkeys(sizes, error)
    kept = pd.DataFrame({"F1@0.5": [level], "median min_feret": [error],
                         "rescale from": ["automatic"]})  # fmt: skip
    return SimpleNamespace(
        pictures=[None], analyses=[None], pooled={"found": pooled, "kept": pooled}, kept=kept,
        confidence=SimpleNamespace(auroc=level, calibration_error=0.01, count=np.array([7])),
        median_size_error=abs(error), right_factor=level, out_of_domain=0,
    )  # fmt: skip


def page(sets, gflop=30.0, bounds=None, ablation=None):
    times = {"shipped": (gflop / 100, 100.0)}
    return document(INFO, {"shipped": sets}, times, FREE, bounds, ablation, "figures")


def test_what_bounds_the_figures_stands_there_where_it_was_measured():
    bounds = pd.DataFrame({"TiO2": {"any joining": 0.93, "chosen": 0.8}})
    text = page({"tio2": result(0.9)}, bounds=bounds)
    part = text.split("## What bounds them")[1].split("##")[0]
    assert "| | TiO2 |" in part
    assert "| any joining | 0.930 |" in part
    assert "| chosen | 0.800 |" in part


@pytest.mark.parametrize(
    ("level", "error", "gflop", "stands"),
    [(0.99, -0.01, 19, "aim"), (0.935, 0.05, 34, "reach"), (0.5, -0.2, 36, "**below**")],
)
def test_the_table_says_where_each_figure_stands(level, error, gflop, stands):
    sets = {of: result(level, error) for of in ("tio2", "emps", "drawn")}
    text = page(sets, gflop)
    table = text.split("## The table")[1].split("##")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")][2:]
    assert len(rows) == len(TABLE) + 1
    standings = [row.rsplit("|", 2)[1].strip() for row in rows]
    lenient = {"reach", "aim"} if stands == "reach" else {stands}
    assert set(standings) <= lenient
    assert stands in standings


def test_short_runs_stand_beside_each_other_where_there_were_any():
    ablation = pd.DataFrame(
        {"steps": [7, 7], "EMPS, F1@0.5": [0.75, 0.5]}, index=["both", "half the width"]
    )
    part = page({"drawn": result(0.9)}, ablation=ablation).split("## Ablations")[1]
    assert "Short runs of 7 steps" in part
    assert "| trained on | EMPS, F1@0.5 |" in part
    assert "| half the width | 0.500 |" in part
    assert "Short runs" not in page({"drawn": result(0.9)})


def test_both_errors_of_a_row_must_hold():
    (row,) = (each for each in TABLE if each.name.startswith("mean, median"))
    assert row.holds((0.01, -0.05), row.reach)
    assert not row.holds((0.01, -0.07), row.reach)
    assert row.shown((0.01, -0.07)) == "+1.0%, -7.0%"


def test_what_is_not_at_hand_is_said():
    text = page({"drawn": result(0.9)})
    assert "Not measured in this run: TiO2-dev and EMPS validation fifth" in text
    assert text.count("not at hand |") == sum(row.of != "drawn" for row in TABLE)
    assert "hand-drawn TiO2" not in text
    assert "Not measured" not in page({of: result(0.9) for of in ("tio2", "emps", "drawn")})


def test_false_particles_are_counted_per_megapixel():
    text = page({"drawn": result(0.9)})
    assert "0.75 false particles kept per megapixel" in " ".join(text.split())
    assert "cracks (3)" in text
    assert max(map(len, (x for x in text.splitlines() if not x.startswith("|")))) <= 100


def test_reliability_by_hand():
    found = reliability(np.array([0.15, 0.15, 0.95, 1.0]), np.array([False, True, True, True]))
    # of three right and one wrong: two above it, one beside it
    assert found.auroc == pytest.approx(2.5 / 3)
    assert found.said.tolist() == pytest.approx([0.15, 0.975])
    assert found.was.tolist() == [0.5, 1.0]
    assert found.count.tolist() == [2, 2]
    assert found.calibration_error == pytest.approx((0.35 + 0.025) / 2)
    assert np.isnan(reliability(np.array([0.5]), np.array([True])).auroc)


def test_the_chapter_of_the_scale_is_kept_as_its_benchmark_wrote_it():
    assert scale_chapter("# Validation\n\nno such chapter") == ""
    chapter = "<!-- scale: begin -->\n\nBars.\n\n| a | b |\n|---|---|\n\n<!-- scale: end -->"
    assert scale_chapter(f"before\n\n{chapter}\n\nafter") == chapter
    times = {"shipped": (0.3, 100.0)}
    text = document(INFO, {"shipped": {"emps": result(0.9)}}, times, FREE, None, None, "f", chapter)
    assert scale_chapter(text) == chapter
    marks = scale_chapter(page({"emps": result(0.9)}))
    assert marks == "<!-- scale: begin -->\n\n<!-- scale: end -->"
