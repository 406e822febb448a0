"""The chapter of `benchmarks.scale` on what is read at scale bars and in label bars.

Which length stands at each bar was read by eye in enlarged crops, for every picture of EMPS (the
training split) and of the field in which `semseg.scale.scale_bar` found a bar at some time:
``bar_texts.csv``, in nanometres, empty where nothing is written. The TiO2 pictures of BAM have
their width in their label bars besides. Each is read at its own size and shrunk, because small
writing is where readers guess. The rules of `semseg.scale.bar_text` were made on EMPS, so the
figures say that they fit these pictures, not how they fare on others.

The pictures lie in ``../shared/data`` and are not part of this repository.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import fill

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from semseg.io.micrograph import read_micrograph
from semseg.preprocessing.label_bar import find_label_bar
from semseg.scale import ocr
from semseg.scale.bar_text import PrintedScale, read_printed_scale
from semseg.scale.scale_bar import find_scale_bar

__all__ = ["texts"]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TEXTS = Path(__file__).with_name("bar_texts.csv")
FACTORS = (1.0, 0.7, 0.5)
TIO2_WIDTH_NM = 7520.0
TIO2_BAR_NM = {"1908264": 300.0}  # all others: 200
MIN_SIDE_PX = 64  # what semseg measures
SAME = 1e-6  # lengths are round, so they are read right or not at all


@dataclass
class Row:
    """What became of the texts of some pictures."""

    what: str
    written: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    nothing: int = 0
    invented: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def count(self, name: str, nm: float | None, true_nm: float | None) -> None:
        """Add a place where `true_nm` stands, or nothing, and `nm` was read, or nothing."""
        self.written += true_nm is not None
        self.nothing += true_nm is None
        if nm is None:
            return
        if true_nm is None:
            self.invented.append(name)
        elif abs(nm / true_nm - 1) < SAME:
            self.right += 1
        else:
            self.wrong.append(f"{name}: {nm:g} nm for {true_nm:g} nm")

    def __str__(self) -> str:
        share = f"{self.right / self.written:.0%}" if self.written else ""
        time_ms = f"{1e3 * np.mean(self.seconds):.0f}" if self.seconds else ""
        cells = (self.written, self.right, share, len(self.wrong), self.nothing)
        return f"| {self.what} | {' | '.join(map(str, cells))} | {len(self.invented)} | {time_ms} |"


def texts(halves: int = 0) -> str:
    """Lengths read at the bars that were found, and widths in label bars."""
    if not ocr.is_installed() or not DATA.is_dir():
        print(f"No texts: the extra `ocr` or the pictures ({DATA}) are missing.", file=sys.stderr)
        return ""
    rows = [*map(_at_bars, FACTORS), *_of_tio2()]
    for row in rows:
        if row.wrong or row.invented:
            said = "; ".join(row.wrong + [f"{name}: invented" for name in row.invented])
            print(f"{row.what}: {said}", file=sys.stderr)
    head = "| texts | written | right | share | wrong | nothing written | invented | ms |"
    said = (
        "At each bar that is found, as it is and in shrunk pictures; what is not read, or not for "
        "sure, gives no scale, so what matters is that none is wrong or invented. *ms*: mean time "
        "of one processor, with finding the bar. The rules were made on these pictures."
    )
    table = "\n".join(map(str, rows))
    return f"### Texts\n\n{head}\n|---|{'---:|' * 7}\n{table}\n\n{fill(said, 100)}"


def _at_bars(factor: float) -> Row:
    size = "EMPS and field" if factor == 1 else f"the same at {factor:g} of their size"
    row = Row(size)
    for path, true_nm in _known():
        grey = read_micrograph(path).grey
        if factor != 1:
            height, width = grey.shape
            sides = (int(width * factor), int(height * factor))
            grey = np.asarray(Image.fromarray(grey).resize(sides, Image.Resampling.BILINEAR))
        if min(grey.shape) < MIN_SIDE_PX:
            continue
        started = time.process_time()
        found = _read(grey)
        if found is None:
            continue  # no bar
        row.seconds.append(time.process_time() - started)
        is_sure = found.bar is not None and found.bar.sure
        row.count(path.name, found.bar.nm if found.bar and is_sure else None, true_nm)
    return row


def _of_tio2() -> Iterator[Row]:
    bars, widths = Row("TiO2, at the bar"), Row("TiO2, width in the label bar")
    for path in sorted((DATA / "tio2-dev" / "images").glob("*.tif")):
        found = _read(read_micrograph(path).grey)
        bar = found.bar if found else None
        width = found.entries.width if found else None
        bars.count(path.name, bar and bar.nm, TIO2_BAR_NM.get(path.stem, 200.0))
        widths.count(path.name, width and width.nm, TIO2_WIDTH_NM)
    return (row for row in (bars, widths) if row.written)


def _known() -> Iterator[tuple[Path, float | None]]:
    """The pictures with a bar, and the length that stands there in nm."""
    for row in csv.DictReader(TEXTS.read_text("utf-8").splitlines()):
        folder = DATA / row["folder"]
        if row["folder"] == "emps-train":
            path = folder / "images" / f"{row['file']}.png"
        else:
            path = folder / row["file"]
        if path.is_file():
            yield path, float(row["nm"]) if row["nm"] else None


def _read(grey: NDArray[np.float32]) -> PrintedScale | None:
    """What is read in a picture; None where no bar is found."""
    row = find_label_bar(grey)
    bar = find_scale_bar(grey, row)
    return None if bar is None else read_printed_scale(grey, bar, row)
