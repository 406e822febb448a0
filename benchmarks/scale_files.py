"""The chapter of `benchmarks.scale` on pixel sizes that files tell, by vendor and format.

*Built* files are those of ``tests/support/vendor_files.py``: the layout of each vendor, with four
pixel sizes, with square pixels and with others, with metadata kept of a picture twice as large, and
never calibrated. *Real* ones lie in ``../shared/data`` and are not part of this repository: files
that were read wrongly once, and the TiO2 pictures, whose pixel size BAM states.

Of a picture of another size than its metadata speak of the right pixel size may only be proposed;
certain, it counts as wrong. So does a pixel size that is 1 % off, in width or height.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import fill

from semseg.io.micrograph import Micrograph, read_micrograph
from tests.support.vendor_files import vendor_files

__all__ = ["files"]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TIO2_PIXEL_NM = 7.34375
TOLERANCE = 0.01
# Width of a pixel in nm, and whether it may be no more than proposed.
REAL: dict[str, tuple[float | None, bool]] = {
    "fei_base64.tif": (16.0, False),
    "hit_utf16.tif": (7.34375, False),
    "ij_yunit.tif": (7.34375, False),
    "jem2200.tif": (0.4, False),
    "ome.ome.tif": (7.34375, False),
    "ome_um.ome.tif": (7.34375, False),
    "se_bse.tif": (None, False),
    "tescan_halved.tif": (7.344, True),
    "zeiss_halved.tif": (14.6875, True),
}


@dataclass
class Row:
    """What became of the files of one vendor."""

    what: str
    right: int = 0
    proposed: int = 0
    none: int = 0
    missed: int = 0
    wrong: list[str] = field(default_factory=list)

    def count(
        self,
        found: Micrograph,
        pixel_nm: float | None,
        pixel_height_nm: float | None,
        *,
        only_proposed: bool,
    ) -> None:
        """Add a file whose pixels are so large, or never were calibrated."""
        scale = found.calibration
        if scale is None:
            self.none += pixel_nm is None
            self.missed += pixel_nm is not None
            return
        height = scale.pixel_height_nm or scale.pixel_size_nm
        agrees = (
            pixel_nm is not None
            and abs(scale.pixel_size_nm / pixel_nm - 1) <= TOLERANCE
            and abs(height / (pixel_height_nm or pixel_nm) - 1) <= TOLERANCE
        )
        if not agrees or (only_proposed and scale.certain):
            self.wrong.append(found.name)
        elif scale.certain:
            self.right += 1
        else:
            self.proposed += 1

    def __str__(self) -> str:
        number = self.right + self.proposed + self.none + self.missed + len(self.wrong)
        cells = (self.right, self.proposed, self.none, self.missed, len(self.wrong))
        return f"| {self.what} | {number} | {' | '.join(map(str, cells))} |"


def files(halves: int = 0) -> str:
    """Pixel sizes read from files, by vendor."""
    rows = [*_built(), *_real()]
    head = "| files of | number | right | proposed | none | missed | wrong |"
    said = (
        "Files built in the layout of each vendor with pixels of 0.2 to 48.8 nm, square and 10 % "
        "taller than wide where the layout tells both sides; *proposed* are those that were halved "
        "with their metadata kept, where it tells how large the picture was, *none* those that "
        "were never calibrated. *Missed*: it is there and was not read. *Wrong*: more than 1 % "
        "off, or certain where it may only be proposed. Built files show that each layout is read "
        "as it is understood here, not that a maker keeps to it. The last rows are of real files: "
        "some that were read wrongly once, and the TiO2 pictures of BAM."
    )
    table = "\n".join(map(str, rows))
    return f"### Files\n\n{head}\n|---|{'---:|' * 6}\n{table}\n\n{fill(said, 100)}"


def _built() -> list[Row]:
    rows: dict[str, Row] = {}
    for file in vendor_files():
        row = rows.setdefault(file.vendor, Row(file.vendor))
        found = read_micrograph(file.built.data, file.name, sidecar=file.built.beside)
        row.count(found, file.pixel_nm, file.pixel_height_nm, only_proposed=file.kind == "halved")
    return list(rows.values())


def _real() -> Iterator[Row]:
    once = Row("real: read wrongly once")
    for name, (pixel_nm, only_proposed) in REAL.items():
        path = DATA / "field-files" / name
        if path.is_file():
            once.count(read_micrograph(path), pixel_nm, None, only_proposed=only_proposed)
    tio2 = Row("real: TiO2 (Zeiss)")
    for path in sorted((DATA / "tio2-dev" / "images").glob("*.tif")):
        tio2.count(read_micrograph(path), TIO2_PIXEL_NM, None, only_proposed=False)
    yield from (row for row in (once, tio2) if str(row) != str(Row(row.what)))
