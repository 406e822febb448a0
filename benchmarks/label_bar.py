"""How well is the label bar found? Run: python -m benchmarks.label_bar

Needs the pictures of ``../shared/data`` (366 of EMPS, MIT licence; 8 TiO2 pictures of BAM), which
are not part of this repository. Which of the 366 have a bar that spans the full width was decided
by eye, from the bottom strips of all of them; its first row is where the median of the rows changes
most, near the edge that was seen. ``semseg.preprocessing.label_bar`` was tuned on these very
pictures, so the figures say that it fits them, not how it fares on others.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from semseg.preprocessing.label_bar import find_label_bar

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
ROW_TOLERANCE = 2  # the pictures were shrunk: an edge is blurred over two or three rows

# Name and first row of the bar.
EMPS_BARS = {
    **{"07330c8ea1": 514, "1b3c6536a3": 462, "1ecd5c901c": 434, "21308b3614": 393},
    **{"245e1a4826": 474, "2bc87a8698": 486, "2e4a3ab627": 486, "3027f9ffe7": 476},
    **{"31f17306c8": 480, "37ce835fb2": 465, "39dda96b25": 516, "406d70e411": 138},
    **{"427ebc9e15": 449, "4628753cd8": 464, "47286679c2": 450, "555eb05b4c": 274},
    **{"60feb7de8f": 454, "7e85b64066": 461, "7ecd3c2ab9": 516, "8d7fc4c578": 480},
    **{"8e1269eba3": 453, "a1dada3898": 192, "a4027c076c": 464, "a492171fa8": 513},
    **{"ae001af29f": 433, "af124a45d9": 483, "b23c478d84": 328, "b452204939": 225},
    **{"bc5529f7ca": 291, "c36b04376a": 123, "c984680063": 140, "d04d7ced9f": 482},
    **{"d29d644539": 379, "e853d120fa": 466, "ea71fe4650": 317, "eed04b7d68": 349},
    **{"ef6bbe7612": 481, "f8a1b2bf39": 369, "fcc97c015c": 481, "fd1f58d925": 482},
}
# Writing on a substrate that is as dark as a bar would be: whether there is a bar, the eye cannot
# tell either. Neither answer counts.
EMPS_UNDECIDED = {"7fabcfe23f", "9dc60257e5"}
TIO2_ROW = 712


def main() -> int:
    """Print the table; 1 if the pictures are missing."""
    emps = sorted((SHARED / "emps-train" / "images").glob("*.png"))
    tio2 = sorted((SHARED / "tio2-dev" / "images").glob("*.tif"))
    if not emps or not tio2:
        print(f"The pictures are missing: nothing to measure in {SHARED}.", file=sys.stderr)
        return 1
    found, eaten, seconds = {}, {}, []
    for path in emps:
        grey = np.array(Image.open(path).convert("L"), dtype=np.float32)
        start = time.perf_counter()
        row = find_label_bar(grey)
        seconds.append(time.perf_counter() - start)
        if row is not None:
            found[path.stem] = row
            labels = np.array(Image.open(SHARED / "emps-train" / "labels" / path.name))
            eaten[path.stem] = int(np.count_nonzero(labels[row:]))

    right = sorted(found.keys() & EMPS_BARS.keys())
    wrong = sorted(found.keys() - EMPS_BARS.keys() - EMPS_UNDECIDED)
    missed = sorted(EMPS_BARS.keys() - found.keys())
    errors = np.array([found[name] - EMPS_BARS[name] for name in right])
    eaten = {name: pixels for name, pixels in eaten.items() if pixels}
    print(f"EMPS, pictures            {len(emps)}, of which with a bar {len(EMPS_BARS)}")
    print(f"  precision               {len(right)}/{len(right) + len(wrong)}  wrong: {wrong}")
    print(f"  recall                  {len(right)}/{len(EMPS_BARS)}  missed: {missed}")
    print(f"  row error               {errors.min()} to {errors.max()}, mean {errors.mean():+.2f}")
    print(f"  within {ROW_TOLERANCE} rows           {np.sum(abs(errors) <= ROW_TOLERANCE)}")
    print(f"  labelled pixels cut off {eaten or 'none'}")
    print(f"  median time             {1e3 * np.median(seconds):.1f} ms")
    rows = [find_label_bar(np.array(Image.open(path), dtype=np.float32)) for path in tio2]
    print(f"TiO2, rows found          {rows} (true: {TIO2_ROW})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
