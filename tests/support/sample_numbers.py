"""The sample's numbers, written down with the `NUMBERS` and the model that they belong to.

    python -m tests.support.sample_numbers

records them anew, into ``sample_numbers.json`` beside this file: after `NUMBERS` was raised, with
another model, or with new columns. It refuses where numbers have moved and none of these tells so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from semseg.analysis import Analysis, analyze
from semseg.data import sample_path
from semseg.export.summary_json import summary_dict
from semseg.inference.segmenter import MODEL_SHA256, Segmenter
from semseg.settings import Settings
from semseg.version import NUMBERS

RECORD = Path(__file__).with_name("sample_numbers.json")
# Relative. Other processors round otherwise: noise of 1e-5 on the network's maps moved no figure by
# more than 7e-5 (a pixel of one particle), while single rows of the table changed places.
TOLERANCE = 5e-4


def numbers_of(analyses: Mapping[str, Analysis]) -> dict[str, float]:
    """Figures that move when any number of these analyses does, by path, e.g.
    ``counted/sizes/min_feret_nm/mean``."""
    found: dict[str, float] = {}
    for name, analysis in analyses.items():
        summary = summary_dict(analysis)
        for key in ("calibration", "crop", "rescale", "filter_threshold", "counts", "sizes"):
            found |= _flat(f"{name}/{key}", summary[key])
        # words may be put otherwise; what they tell is counted in kept and counted
        for column, values in analysis.particles.select_dtypes(["number", "bool"]).items():
            figures = {"mean": values.mean(), "median": values.median(), "sd": values.std()}
            found |= _flat(f"{name}/table/{column}", figures)
    return found


def moved(record: Mapping[str, float], now: Mapping[str, float]) -> list[str]:
    """What was recorded and is gone or another number by more than `TOLERANCE`, one line each."""
    return [
        f"{path}: {then!r} recorded, {now.get(path)!r} now"
        for path, then in record.items()
        if path not in now or abs(now[path] - then) > TOLERANCE * abs(then)
    ]


def sample_analyses(segmenter: Segmenter) -> dict[str, Analysis]:
    """The sample as it comes, and by another counting rule, without its label bar."""
    other = Settings(edges="weight", visible_only=True, rescale=1.37)
    return {
        "counted": analyze(sample_path(), segmenter=segmenter),
        "weighted": analyze(sample_path(), other, segmenter=segmenter),
    }


def _flat(path: str, value: Any) -> dict[str, float]:
    """The numbers in nested mappings, by path; lists tell what might be used and is not."""
    if isinstance(value, Mapping):
        parts = (_flat(f"{path}/{key}", each) for key, each in value.items())
        return {key: each for part in parts for key, each in part.items()}
    if value is None or isinstance(value, str | list) or value != value:
        return {}
    return {path: float(f"{value:.9g}")}


def main() -> int:
    """Write the record; 1 where a number moved without a reason."""
    now = numbers_of(sample_analyses(Segmenter()))
    if RECORD.exists():
        record = json.loads(RECORD.read_text("utf-8"))
        same = record["numbers"] == NUMBERS and record["model"] == MODEL_SHA256
        if same and (lines := moved(record["figures"], now)):
            print("\n".join(lines), "Raise NUMBERS in semseg/version.py first.", sep="\n")
            return 1
    record = {"numbers": NUMBERS, "model": MODEL_SHA256, "figures": now}
    RECORD.write_text(f"{json.dumps(record, indent=1)}\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
