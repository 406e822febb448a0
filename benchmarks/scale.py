"""Is the scale that a picture shows found? Run: python -m benchmarks.scale

    python -m benchmarks.scale                    print the chapter
    python -m benchmarks.scale --write            put it into docs/validation.md
    python -m benchmarks.scale --halves 200       fewer bars with their label in the middle

*Bars* are looked for in

* the 366 pictures of EMPS. Which of them show a bar, and where, stands in ``emps_bars.csv`` beside
  this file: every bar that was found was marked in an enlarged crop and looked at, and every
  picture in which none was found was looked at for one. Those are named there without a place;
* a picture of the field with the solid block of a JEOL's label bar, of which EMPS has two more;
* the eight TiO2 pictures of BAM, whose metadata give the pixel size;
* pictures without a bar: silica spheres, metal powder, pebbles, nuclei, and the TiO2 pictures above
  their label bar;
* label bars drawn here as seven makers draw them, as they are and resized and compressed;
* 2,000 resizings of bars that have their label in the middle: half of one would double all sizes.

What stands at them is *read* (`benchmarks.scale_texts`), and pixel sizes are read from *files* of
every vendor (`benchmarks.scale_files`).

`semseg.scale.scale_bar` was tuned on EMPS, so its figures say that it fits these pictures, not how
it fares on others. The pictures lie in ``../shared/data`` and are not part of this repository.

A bar is right when its length is, to 2 % or one pixel, and its place.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import fill

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.scale_files import files
from benchmarks.scale_texts import texts
from semseg.io.micrograph import read_micrograph
from semseg.preprocessing.label_bar import find_label_bar
from semseg.scale.scale_bar import ScaleBar, find_scale_bar
from tests.support.scale_bars import VENDORS, DrawnBar, fei

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "validation.md"
BEGIN, END = "<!-- scale: begin -->", "<!-- scale: end -->"
DATA = ROOT.parent / "shared" / "data"
EMPS_BARS = Path(__file__).with_name("emps_bars.csv")
TIO2_PIXEL_NM = 7.34375
TIO2_BAR_NM = {"1908264": 300.0}  # all others: 200
TIO2_LABEL_ROW = 712
# Solid blocks in label bars as JEOL draws them; the second's place was seen in an enlarged crop.
JEOL_OF_EMPS = ("21308b3614", "fcc97c015c")
JEOL_OF_FIELD = ("Acylation__A01-1.bmp", (496.0, 710.0, 970.0))
WITHOUT = ("silica-spheres", "ampis-powder", "pebbles", "nuclei")
DRAWN, HALVES = 60, 2000
HOW = tuple(Image.Resampling)
QUALITIES = (0, 0, 95, 85, 75)  # of JPEG; 0: not compressed


@dataclass(frozen=True)
class Truth:
    """What the printed length lies between, in pixels; nothing where it was not measured."""

    left: float | None = None
    right: float | None = None
    row: float | None = None

    def agrees(self, bar: ScaleBar) -> bool:
        if self.left is None or self.right is None or self.row is None:
            return False
        length = self.right - self.left
        return (
            abs(bar.length_px - length) <= max(1.0, 0.02 * length)
            and abs(bar.left - self.left) <= max(4.0, 0.05 * length)
            and abs(bar.row - self.row) <= 8
        )


@dataclass
class Tally:
    """A row of the table."""

    what: str
    pictures: int = 0
    with_bar: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def look(self, name: str, grey: NDArray[np.float32], truth: Truth | None) -> None:
        start = time.process_time()
        bar = find_scale_bar(grey, find_label_bar(grey))
        self.seconds += time.process_time() - start
        self.count(name, bar, truth)

    def count(self, name: str, bar: ScaleBar | None, truth: Truth | None) -> None:
        self.pictures += 1
        self.with_bar += truth is not None
        if bar is not None and truth is not None and truth.agrees(bar):
            self.right += 1
        elif bar is not None:
            self.wrong.append(name)

    def row(self) -> str:
        found = self.right + len(self.wrong)
        return (
            f"| {self.what} | {self.pictures:,} | {self.with_bar:,} | {found:,} | {self.right:,} | "
            f"{len(self.wrong)} | {1e3 * self.seconds / max(1, self.pictures):.0f} |"
        )


def bars(halves: int) -> str:
    """Bars found in real and drawn pictures."""
    tallies = [*_real(), *_drawn(), _halves(halves)]
    for tally in tallies:
        if tally.wrong:
            print(f"{tally.what}, wrong: {', '.join(tally.wrong)}", file=sys.stderr)
    rows = "\n".join(each.row() for each in tallies)
    head = "| pictures | number | with a bar | found | right | wrong | ms |"
    said = (
        "*Right*: to 2 % or one pixel, and in its place. *ms*: mean time of one processor. EMPS is "
        "what the finder was tuned on, and two of the JEOL blocks are of it. Where a bar is not "
        "found, nothing is said of the scale. Missed are mostly bars as pale as the noise, bars "
        "that the border of the picture cuts off, arrows, and bars shorter than 3 % of the width."
    )
    return f"### Bars\n\n{head}\n|---|{'---:|' * 6}\n{rows}\n\n{fill(said, 100)}"


# A chapter each: what it returns is Markdown, or nothing.
CHAPTERS: tuple[Callable[[int], str], ...] = (bars, texts, files)


def emps_truth() -> dict[str, Truth]:
    """The bars of EMPS, by the name of the picture."""
    with EMPS_BARS.open(encoding="utf-8", newline="") as file:
        return {
            row["name"]: Truth(float(row["left"]), float(row["right"]), float(row["row"]))
            if row["left"]
            else Truth()
            for row in csv.DictReader(file)
        }


def _real() -> Iterator[Tally]:
    truth = emps_truth()
    emps = Tally("EMPS")
    for path in _pictures("emps-train"):
        emps.look(path.stem, _grey(path), truth.get(path.stem))
    jeol = Tally("JEOL's solid block in a label bar")
    for name in JEOL_OF_EMPS:
        path = DATA / "emps-train" / "images" / f"{name}.png"
        if path.is_file():
            jeol.look(name, _grey(path), truth[name])
    name, place = JEOL_OF_FIELD
    if (DATA / "field" / name).is_file():
        jeol.look(name, _grey(DATA / "field" / name), Truth(*place))
    tio2, without = Tally("TiO2, by its metadata"), Tally("without a bar")
    for path in _pictures("tio2-dev"):
        grey = read_micrograph(path).grey
        length = TIO2_BAR_NM.get(path.stem, 200.0) / TIO2_PIXEL_NM
        bar = find_scale_bar(grey, find_label_bar(grey))
        # The metadata say how long it is, not where.
        seen = Truth(bar.left, bar.left + length, bar.row) if bar else Truth()
        tio2.look(path.stem, grey, seen)
        without.look(path.stem, grey[:TIO2_LABEL_ROW], None)
    for name in WITHOUT:
        for path in _pictures(name):
            without.look(path.stem, _grey(path), None)
    return (each for each in (emps, jeol, tio2, without) if each.pictures)


def _drawn() -> Iterator[Tally]:
    rng = np.random.default_rng(7)
    for vendor, draw in VENDORS.items():
        tally = Tally(f"drawn, {vendor}")
        for number in range(DRAWN):
            drawn = draw(number)
            if number >= DRAWN // 6:
                drawn = _resized(drawn, rng, 0.45, 1.7)
            tally.look(f"{vendor} {number}", drawn.grey, _truth(drawn))
        yield tally


def _halves(count: int) -> Tally:
    """Bars with their label in the middle, with ticks and without, in a known label bar."""
    rng = np.random.default_rng(11)
    tally = Tally("drawn, label in the middle, resized")
    for number in range(count):
        drawn = fei(number, width=900, rows=60, ticks=number % 2 == 0)
        drawn = _resized(drawn, rng, 0.25, 2.0)
        start = time.process_time()
        bar = find_scale_bar(drawn.grey, drawn.label_row)
        tally.seconds += time.process_time() - start
        tally.count(str(number), bar, _truth(drawn))
    return tally


def _resized(drawn: DrawnBar, rng: np.random.Generator, least: float, most: float) -> DrawnBar:
    factor = float(rng.uniform(least, most))
    how, quality = HOW[rng.integers(len(HOW))], QUALITIES[rng.integers(len(QUALITIES))]
    return drawn.resized(factor, how, quality)


def _truth(drawn: DrawnBar) -> Truth:
    return Truth(drawn.left, drawn.right, drawn.row)


def _pictures(name: str) -> Iterable[Path]:
    return sorted((DATA / name / "images").glob("*.*"))


def _grey(path: Path) -> NDArray[np.float32]:
    return np.array(Image.open(path).convert("L"), np.float32)


def main() -> int:
    """Print the chapter, or write it between its marks in the document; 1 without pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"update {DOCUMENT.name}")
    parser.add_argument("--halves", type=int, default=HALVES, metavar="N")
    options = parser.parse_args()
    if not _pictures("emps-train"):
        print(f"The pictures are missing: drawn ones alone, nothing in {DATA}.", file=sys.stderr)
        if options.write:
            return 1
    parts = [part for chapter in CHAPTERS if (part := chapter(options.halves))]
    text = "\n\n".join(["Made by `python -m benchmarks.scale --write`.", *parts])
    if not options.write:
        print(text)
        return 0
    before, rest = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
