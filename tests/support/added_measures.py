"""The package with a size and a shape more, added as a person would add them; and what it makes.

    python -m tests.support.added_measures

in a folder that holds such a copy prints every place in which measures appear, as JSON.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pandas as pd

from tests.support.paths import ROOT

SIZE, SHAPE = "mean_feret", "slenderness"
NAMES = {SIZE: "Mean Feret diameter", SHAPE: "Slenderness"}
# file: (before what, what is added); nothing else is touched
ADDED = {
    "measure/shape.py": (
        '            "bbox_top": top,\n',
        f'            "{SIZE}": (min_feret + max_feret) / 2,\n'
        f'            "{SHAPE}": 1 - min_feret / max_feret,\n',
    ),
    "measure/quantities.py": (
        ")\nBY_KEY = ",
        f'    Quantity("{SIZE}", "{NAMES[SIZE]}", "Mean Feret", "length", "half the sum", "a"),\n'
        f'    Quantity("{SHAPE}", "{NAMES[SHAPE]}", "Slender", "ratio", "1 - b / l", "b", 2),\n',
    ),
}


def package_with_added_measures(folder: Path) -> Path:
    """A copy of the package in `folder`, which it returns, with `ADDED` in it."""
    shutil.copytree(
        ROOT / "semseg", folder / "semseg", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name, (place, text) in ADDED.items():
        path = folder / "semseg" / name
        content = path.read_text("utf-8")
        if content.count(place) != 1:
            raise AssertionError(f"{name} has no one place {place!r}")
        path.write_text(content.replace(place, text + place), "utf-8")
    return folder


def places() -> dict[str, list[str]]:
    """Where measures appear: the names, keys or columns that stand there."""
    from semseg.display import Display
    from semseg.export.coco import coco_json
    from semseg.export.report import report_html
    from semseg.export.session import read_session, session_json
    from semseg.export.spreadsheet import workbook_xlsx
    from semseg.export.summary_json import summary_dict
    from semseg.export.tables import particles_csv, per_image_table, pooled_csv, sizes_csv
    from semseg.figures.panels import figure
    from semseg.figures.plots import shapes_plot
    from semseg.metrology.assessment import assess
    from semseg.page.statistics import shapes_table
    from semseg.viewer import definitions, pack
    from tests.support.fake_analysis import draw

    analysis, display = draw(), Display(size=SIZE)
    assessment = assess([analysis], SIZE)
    report = report_html([analysis], assessment, display).decode()
    workbook = io.BytesIO(workbook_xlsx([analysis]))
    return {
        "particles.csv": _header(particles_csv(analysis)),
        "sizes.csv": re.findall(r"[^,\n]+", sizes_csv(analysis, display).decode("utf-8-sig")),
        "pooled.csv": _header(pooled_csv([analysis])),
        "workbook, particles": list(pd.read_excel(workbook, "Particles")),
        "workbook, summary": list(pd.read_excel(workbook, "Summary")),
        "summary.json": list(summary_dict(analysis)["sizes"]),
        "session.json": list(read_session(session_json([analysis])).pictures[0].result["median"]),
        "coco.json": list(json.loads(coco_json([analysis]))["annotations"][0]["attributes"]),
        "per image": [str(per_image_table([analysis], display)["mean_nm"].iloc[0])],
        "figure": [figure(analysis, display).axes[3].get_xlabel()],
        "assessment": [assessment.size_name, *assessment.shapes.index],
        "shapes_plot": [axis.title.text for axis in shapes_plot(assessment).select_xaxes()],
        "report": re.findall(r">([^<>]+)<", report),
        "page, shapes": list(shapes_table(assessment).index),
        "packed": list(pack(analysis)),
        "definitions.js": re.findall(r'"key": "(\w+)"', definitions.module()),
    }


def _header(content: bytes) -> list[str]:
    return next(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


if __name__ == "__main__":
    print(json.dumps(places()))
