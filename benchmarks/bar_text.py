"""How well is what stands at scale bars read? Run: python -m benchmarks.bar_text

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
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from semseg.io.micrograph import read_micrograph
from semseg.preprocessing.label_bar import find_label_bar
from semseg.scale import ocr
from semseg.scale.bar_text import PrintedScale, read_printed_scale
from semseg.scale.scale_bar import find_scale_bar

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
TEXTS = Path(__file__).with_name("bar_texts.csv")
FACTORS = (1.0, 0.7, 0.5)
TIO2_WIDTH_NM = 7520.0
TIO2_BAR_NM = {"1908264": 300.0}  # all others: 200
MIN_SIDE_PX = 64  # what semseg measures


def main() -> int:
    """Print the figures; 1 if pictures or reader are missing."""
    if not ocr.is_installed() or not SHARED.is_dir():
        print(f"Reader (the extra `ocr`) or pictures ({SHARED}) are missing.", file=sys.stderr)
        return 1
    for factor in FACTORS:
        counts, seconds = read_all(factor)
        written = counts["right"] + counts["wrong"] + counts["none"]
        print(
            f"at {factor:4.2f} of their size  bars with writing {written}: "
            f"right {counts['right']}, none {counts['none']}, wrong {counts['wrong']}; "
            f"without {counts['nothing']}: invented {counts['invented']}; "
            f"{1e3 * seconds:.0f} ms of processor each"
        )
    right: Counter[str] = Counter()
    for path in sorted((SHARED / "tio2-dev" / "images").glob("*.tif")):
        found = read(read_micrograph(path).grey)
        if found is not None and found.bar is not None:
            right["bar"] += found.bar.nm == TIO2_BAR_NM.get(path.stem, 200.0)
        if found is not None and found.entries.width is not None:
            right["width"] += found.entries.width.nm == TIO2_WIDTH_NM
    print(f"TiO2, of 8  lengths of bars right {right['bar']}, widths right {right['width']}")
    return 0


def read_all(factor: float) -> tuple[Counter[str], float]:
    """What became of each text at this factor, and the mean time of the processor, in s."""
    counts: Counter[str] = Counter()
    times = []
    for path, true_nm in texts():
        grey = read_micrograph(path).grey
        if factor != 1:
            height, width = grey.shape
            size = (int(width * factor), int(height * factor))
            grey = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR))
        if min(grey.shape) < MIN_SIDE_PX:
            continue
        started = time.process_time()
        found = read(grey)
        if found is None:
            continue  # no bar
        times.append(time.process_time() - started)
        sure = found.bar is not None and found.bar.sure
        if true_nm is None:
            counts["invented" if sure else "nothing"] += 1
        elif found.bar is None or not sure:
            counts["none"] += 1
        else:
            outcome = "right" if abs(found.bar.nm / true_nm - 1) < 1e-6 else "wrong"
            counts[outcome] += 1
            if outcome == "wrong":
                print(f"  {path.name}: {found.bar.text} for {true_nm:g} nm")
    counts["nothing"] += counts["invented"]
    return counts, float(np.mean(times))


def texts() -> Iterator[tuple[Path, float | None]]:
    """The pictures with a bar, and the length that stands there in nm."""
    for row in csv.DictReader(TEXTS.read_text("utf-8").splitlines()):
        folder = SHARED / row["folder"]
        if row["folder"] == "emps-train":
            path = folder / "images" / f"{row['file']}.png"
        else:
            path = folder / row["file"]
        if path.is_file():
            yield path, float(row["nm"]) if row["nm"] else None


def read(grey: NDArray[np.float32]) -> PrintedScale | None:
    """What is read in a picture; None where no bar is found."""
    row = find_label_bar(grey)
    bar = find_scale_bar(grey, row)
    return None if bar is None else read_printed_scale(grey, bar, row)


if __name__ == "__main__":
    sys.exit(main())
