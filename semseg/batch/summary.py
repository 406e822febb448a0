"""What a run makes together, written: tables and the page that shows them (``index.html``).

The page is one file without a network or a server: a row a picture, those first that failed or are
unlike the others; beside it lie the pictures that it shows.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from jinja2 import Environment, StrictUndefined

from semseg.batch.ledger import name_of_row
from semseg.batch.pooling import Entry, Sample, intervals_of, pooled_table, samples
from semseg.batch.results import CURVE, SIZE, THUMBNAIL
from semseg.batch.run import RunFolder
from semseg.batch.tables import images_parquet, pooled_csv, write_particles
from semseg.errors import printable
from semseg.export.writing import write_files
from semseg.figures.ticks import log_ticks
from semseg.measure.quantities import SIZES
from semseg.metrology.unlike import Unlike
from semseg.statistics.digits import places, with_limits, written
from semseg.statistics.intervals import Interval, Intervals
from semseg.version import NUMBERS, __version__

__all__ = ["PAGE", "Pooled", "index_html", "pool"]

TEMPLATE = Path(__file__).with_name("run.html.jinja")
PAGE = "http://localhost:8501/?picture="  # where semseg page --run answers
MAX_ROWS = 2000  # pictures that the page shows, the most unlike first
MAX_CURVES = 150  # of a sample
TICKS = (3, 7)  # fewest and most on an axis
MARGIN = 1.05  # of sizes, left free at both ends of an axis
UNKNOWN = "\N{EN DASH}"
STATES = ("done", "no scale", "abstained", "failed")


@dataclass(frozen=True, eq=False)
class Pooled:
    """What one or several runs make together: their samples, and by sample and size the figures."""

    samples: list[Sample]
    found: dict[str, dict[str, Intervals]]

    def title(self, sample: Sample) -> str:
        """How a sample is called; there is one without a name, of pictures that have none."""
        unnamed = "without a sample" if len(self.samples) > 1 else "all pictures"
        return printable(sample.name) or unnamed


def pool(runs: Sequence[RunFolder], output: Path) -> Pooled:
    """Pool the pictures of these runs and write ``particles/``, ``images.parquet``, ``pooled.csv``
    and ``index.html`` into a folder.

    Raises
    ------
    SettingsError
        The runs hold no picture, or a table is missing.
    OutputError
        The disk refuses.
    """
    of = samples(runs)
    pooled = Pooled(of, {sample.name: intervals_of(sample) for sample in of})
    output.mkdir(parents=True, exist_ok=True)
    write_particles(of, output)
    files = {
        "images.parquet": images_parquet(of),
        "pooled.csv": pooled_csv(pooled_table(pooled.found, of)),
        "index.html": index_html(pooled, output),
    }
    write_files(files, output)
    return pooled


def index_html(pooled: Pooled, output: Path) -> bytes:
    """The run's page, for a file in the folder `output`, from which its links lead."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"percent": _percent}
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    entries = [each for sample in pooled.samples for each in sample.entries]
    share = max(1, MAX_ROWS // len(pooled.samples))
    return template.render(
        version=__version__,
        numbers=NUMBERS,
        size=SIZES[SIZE],
        counts={state: sum(each.row["state"] == state for each in entries) for state in STATES},
        pictures=len(entries),
        opens=any(each.run.path == output for each in entries),
        samples=[
            {
                "name": pooled.title(sample),
                **_sample(sample, pooled.found[sample.name].get(SIZE), output, share),
            }
            for sample in pooled.samples
        ],
    ).encode()


def _sample(sample: Sample, found: Intervals | None, output: Path, most: int) -> dict[str, Any]:
    pairs = sample.outliers_first()
    return {
        "pictures": len(sample.entries),
        "used": len(sample.used),
        "found": found,
        "d50": found and _interval(found.d50),
        "d10": found and _interval(found.d10),
        "d90": found and _interval(found.d90),
        "mean": found and _interval(found.mean),
        "plot": _plot(sample, found),
        "rows": [_row(each, odd, output) for each, odd in pairs[:most]],
        "hidden": max(0, len(pairs) - most),
    }


def _row(entry: Entry, odd: Unlike, output: Path) -> dict[str, Any]:
    row, folder = entry.row, entry.folder
    d50, low, high = (row.get(f"{SIZE}_d50{end}_nm") for end in ("", "_low", "_high"))
    link = _link(folder, output) if folder else ""
    stem = quote(str(row.get("stem", "")))
    return {
        "name": printable(row["name"]),
        "address": entry.address,
        "state": row["state"],
        "id": row.get("id", ""),
        "thumbnail": f"{link}/{THUMBNAIL}" if link else "",
        "links": {
            "figure": f"{link}/{stem}.figure.png",
            "particles": f"{link}/{stem}.particles.csv",
            "summary": f"{link}/{stem}.summary.json",
            "outlines": f"{link}/{stem}.rois.zip",
        }
        if link
        else {},
        # of several runs together the page opens none
        "open": PAGE + name_of_row(row["address"]) if entry.run.path == output else "",
        "counted": row.get("counted"),
        "found": row.get("found"),
        "d50": d50,
        "d50_words": _limits(d50, low, high),
        "rejected": row.get("rejected_share"),
        "scale": row.get("scale_source") or "",
        "by_hand": row.get("by_hand", False),
        "why_not": entry.why_not,
        "reasons": [reason.words for reason in odd.reasons],
        # failed first, then those unlike the others
        "order": (row["state"] == "failed") * 100 + len(odd.reasons) + odd.score / 1e6,
    }


def _link(folder: Path, output: Path) -> str:
    """The way from the page to a folder; of a run elsewhere its whole address."""
    try:
        return quote(Path(os.path.relpath(folder, output)).as_posix())
    except ValueError:  # another drive
        return folder.as_uri()


# -- distributions ----------------------------------------------------------------------------


def _plot(sample: Sample, found: Intervals | None) -> dict[str, Any] | None:
    """The cumulative curves of the pooled pictures over each other, in percent of a field that is
    as wide and as high as the page likes."""
    known = [
        (each, odd)
        for each, odd in zip(sample.entries, sample.odd, strict=True)
        if not each.why_not and each.row.get("curve_nm")
    ]
    if not known or found is None:
        return None
    ordered = sorted(known, key=lambda pair: (bool(pair[1].reasons), pair[1].score))
    step = -(-len(ordered) // MAX_CURVES)
    odd_ones = [pair for pair in ordered if pair[1].reasons]
    shown = ordered if step == 1 else [*ordered[::step], *odd_ones[-MAX_CURVES:]]
    sizes = np.array([each.row["curve_nm"] for each, _ in shown])
    low, high = float(sizes[sizes > 0].min()) / MARGIN, float(sizes.max()) * MARGIN
    across = math.log(high / low)

    def x(size: float) -> float:
        return round(100 * math.log(min(max(size, low), high) / low) / across, 2)

    curves = [
        {
            "points": " ".join(
                f"{x(size):g},{100 - 100 * share:g}" for size, share in zip(row, CURVE, strict=True)
            ),
            "odd": bool(odd.reasons),
            "name": printable(each.row["name"]),
        }
        for row, (each, odd) in zip(sizes.tolist(), shown, strict=True)
    ]
    ticks = log_ticks(low, high, *TICKS)
    return {
        "curves": curves,
        "ticks": [{"x": x(size), "text": f"{size:,g}"} for size in ticks],
        "shares": [{"y": 100 - share, "text": f"{share} %"} for share in (0, 25, 50, 75, 100)],
        "d50": x(found.d50.value),
        "of": len(known),
        "shown": len(shown),
    }


def _interval(interval: Interval) -> str:
    return _limits(interval.value, interval.low, interval.high)


def _limits(value: float | None, low: float | None, high: float | None) -> str:
    """``51.2 (48.9 to 53.6)``; without limits, or a dash, where they are not known."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if low is None or high is None or not math.isfinite(low + high):
        return written(value, places(None, value))
    words = with_limits(value, low, high)
    return f"{words[0]} ({words[1]} to {words[2]})"


def _percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{100 * share:.0f} %"
