"""The sizes of several pictures as one workbook for Excel, LibreOffice, pandas and R.

>>> from pathlib import Path
>>> size = Path("sample.xlsx").write_bytes(workbook_xlsx([analysis]))
>>> sizes = pd.read_excel("sample.xlsx", sheet_name="Particles")["min_feret_nm"]
>>> f"{sizes.median():.0f} nm"
'228 nm'

=============  ================================================================================
``Summary``    a row for each picture: scale, counts, and the figures of each size
``Particles``  all particles found in all pictures, as in ``particles.csv``
``Settings``   what was done: settings, model, version, hashes; a column for each picture
=============  ================================================================================

Cells hold values only. A text is never a formula, whatever it begins with.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from semseg.analysis import Analysis
from semseg.details import NONE, Details
from semseg.export.tables import (
    FIRST_COLUMNS,
    INSTRUMENT,
    counting_rule,
    instrument_facts,
    scale_mark,
)
from semseg.export.values import is_like_formula, one_line
from semseg.measure.quantities import SIZES, of_column
from semseg.settings import Settings
from semseg.statistics.counting import Counts, counted, size_weights
from semseg.statistics.summary import FIGURES, SizeSummary, summarise
from semseg.version import NUMBERS, __version__

__all__ = ["workbook_xlsx"]

CREATED = datetime(2000, 1, 1)  # no clock, so that the same analyses make the same file
PIXEL_SIZE, PIXEL_HEIGHT = "pixel size (nm)", "pixel height (nm)"
MAX_ROWS = 1_048_575  # of particles on one sheet; the format has one more, for the header
_MAX_CHARACTERS = 32_767  # in a cell
_MAX_WIDTH = 40  # of a column, in characters
# How fractions are shown; the cells hold all digits.
_LENGTH, _RATIO, _AS_IT_IS = "0.00", "0.000", "General"
_LENGTHS = ("_nm", "_nm2", "_px", "(nm)", "(px)")
NOTHING = summarise([])


def workbook_xlsx(analyses: Sequence[Analysis], details: Details = NONE) -> bytes:
    """One or more analyses as an Office Open XML workbook; the same analyses give the same bytes.

    ``Summary`` has the figures that ``summary.json`` calls ``sizes``: number-weighted, of the
    counted particles, in nm where any picture has a scale, in px where any has none, as each header
    says. ``Particles`` has the columns of ``particles.csv`` after the name of the file; what a
    picture does not have stays empty. More particles than a sheet can hold go on in
    ``Particles 2``. Not a number and infinite are empty cells. What a person said of the sample
    stands first in ``Settings``, and the title is that of the file.
    """
    out = io.BytesIO()
    # No cell may become what its text looks like.
    plain = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    with Workbook(out, {"in_memory": True, **plain}) as book:
        title = one_line(details.title) or "Particle sizes"
        book.set_properties({"title": title, "comments": _made_by(), "created": CREATED})
        _write(book, "Summary", _summary(analyses))
        particles = _particles(analyses)
        for i, start in enumerate(range(0, max(len(particles), 1), MAX_ROWS), start=1):
            name = "Particles" if i == 1 else f"Particles {i}"
            _write(book, name, particles.iloc[start : start + MAX_ROWS])
        _write(book, "Settings", _settings(analyses, details), _AS_IT_IS)
    return out.getvalue()


def _made_by() -> str:
    return f"semseg {__version__}, numbers {NUMBERS}"


def _summary(analyses: Sequence[Analysis]) -> pd.DataFrame:
    """One row per picture."""
    units = [
        unit
        for unit, is_there in (
            ("nm", any(a.calibration is not None for a in analyses)),
            ("px", any(a.calibration is None for a in analyses)),
        )
        if is_there
    ]
    told = [
        name
        for name in INSTRUMENT.values()
        if any(name in instrument_facts(analysis) for analysis in analyses)
    ]
    uneven = any(a.calibration and a.calibration.pixel_height_nm for a in analyses)
    rows = []
    for analysis in analyses:
        facts = instrument_facts(analysis)
        particles, calibration = analysis.particles, analysis.calibration
        counts, sized = Counts.of(particles), counted(particles)
        row = {
            "file": _text(analysis.micrograph.name),
            PIXEL_SIZE: None if calibration is None else calibration.pixel_size_nm,
            **({PIXEL_HEIGHT: calibration and calibration.pixel_height_nm} if uneven else {}),
            "scale from": "unknown" if calibration is None else calibration.marked_source,
            "scale assumed": analysis.scale_doubt == "assumed",
            "scale proposed": analysis.scale_doubt == "proposed",
            "found": counts.found,
            "kept": counts.kept,
            "counted": counts.counted,
        }
        weights = size_weights(sized)
        for size in SIZES.values():
            for unit in units:
                column = size.column(unit)
                # A picture without a scale has none, beside others that have one.
                has = column in sized
                summary = summarise(sized[column], weights) if has else NOTHING
                row |= _figures(size.key, unit, summary)
        row |= {name: facts.get(name) for name in told}
        row["counting rule"] = counting_rule(analysis)
        rows.append(row)
    return pd.DataFrame(rows)


def _figures(size: str, unit: str, summary: SizeSummary) -> dict[str, float]:
    return {f"{size} {figure.name} ({unit})": figure.of(summary) for figure in FIGURES}


def _particles(analyses: Sequence[Analysis]) -> pd.DataFrame:
    """All rows of all pictures, as `semseg.export.tables.particles_csv` orders them."""
    parts = []
    for analysis in analyses:
        part = analysis.particles.drop(columns="doubt", errors="ignore")
        part.insert(0, "file", _text(analysis.micrograph.name))
        if any(map(scale_mark, analyses)):
            part["scale"] = scale_mark(analysis)
        parts.append(part)
    if not parts:
        return pd.DataFrame(columns=["file", "label"])
    # Concatenated without the empty ones, which would turn whole numbers into floating point.
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    first = [name for name in ("file", *FIRST_COLUMNS) if name in table]
    last = ["scale"] if "scale" in table else []
    others = [name for name in table if name not in (*first, *last)]
    return table[first + others + last]


def _settings(analyses: Sequence[Analysis], details: Details) -> pd.DataFrame:
    """What was done: names in the first column, then a column for each picture."""
    columns = []
    for analysis in analyses:
        micrograph, model = analysis.micrograph, analysis.model
        manual = analysis.manual.items()
        columns.append(
            {
                **{f"details {name}": text for name, text in details.to_dict().items()},
                "file sha256": micrograph.sha256,
                "height (px)": analysis.grid.recorded[0],
                "width (px)": analysis.grid.recorded[1],
                "software": _made_by(),
                "model": f"{model.name} {model.version}",
                "model sha256": model.sha256,
                "network ran on": analysis.provider,
                **_chosen(analysis.settings),
                **{f"{side} cut off (px)": rows for side, rows in asdict(analysis.crop).items()},
                "repaired pixels": analysis.repaired_pixels,
                "rescale factor": float(analysis.rescale),
                "rescale factor from": analysis.rescale_source,
                "filter threshold": float(analysis.filter_threshold),
                "excluded by hand": _labels(label for label, keep in manual if not keep),
                "kept by hand": _labels(label for label, keep in manual if keep),
                "notes": " ".join(analysis.notes),
            }
        )
    names = list(columns[0]) if columns else []
    rows = [[name, *(column[name] for column in columns)] for name in names]
    header = ["file", *(_text(analysis.micrograph.name) for analysis in analyses)]
    return pd.DataFrame(rows, columns=header, dtype=object)


def _chosen(settings: Settings) -> dict[str, Any]:
    """The settings as cells hold them; those that are None were found."""
    chosen = {}
    for name, value in settings.to_dict().items():
        if isinstance(value, dict):
            value = ", ".join(f"{part} {item}" for part, item in value.items())
        chosen[f"setting {name}"] = "automatic" if value is None else value
    return chosen


def _labels(labels: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(labels)))


def _write(book: Workbook, name: str, table: pd.DataFrame, fractions: str = _RATIO) -> None:
    """One sheet: a bold header that stays in sight, values of their own types, fitting columns."""
    sheet = book.add_worksheet(name)
    bold = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}
    # So that a text stays one when a person edits its cell.
    as_text = book.add_format({"quote_prefix": True})
    for column, title in enumerate(map(_text, table.columns)):
        quoted = {"quote_prefix": is_like_formula(title)}
        sheet.write_string(0, column, title, book.add_format(bold | quoted))
        number = book.add_format({"num_format": _shown(title, fractions)})
        values = table.iloc[:, column].tolist()
        for row, value in enumerate(values, start=1):
            _put(sheet, (row, column), value, number, as_text)
        sheet.set_column(column, column, _width(title, values))
    sheet.freeze_panes(1, 1)
    sheet.set_row(0, 32)
    if len(table.columns):
        sheet.autofilter(0, 0, len(table), len(table.columns) - 1)


def _put(
    sheet: Worksheet, place: tuple[int, int], value: Any, number: Format, as_text: Format
) -> None:
    """Write one value in its own type; what is not known stays an empty cell."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        sheet.write_boolean(*place, value)
    elif isinstance(value, int):
        sheet.write_number(*place, value)
    elif isinstance(value, float):
        if math.isfinite(value):
            sheet.write_number(*place, value, number)
    elif value is not None and (text := _text(value)):
        sheet.write_string(*place, text, as_text if is_like_formula(text) else None)


def _shown(title: str, otherwise: str) -> str:
    """The number format of a column."""
    if title in (PIXEL_SIZE, PIXEL_HEIGHT):  # 0.01 nm or 500 nm
        return _AS_IT_IS
    quantity = of_column(title)
    if quantity is not None and quantity.kind == "ratio":
        return f"{0:.{quantity.decimals}f}"
    return _LENGTH if title.endswith(_LENGTHS) else otherwise


def _width(title: str, values: Sequence[Any]) -> float:
    """Width of a column in characters: what its first texts need, and its header on two lines."""
    texts = [len(_text(value)) for value in values[:200] if isinstance(value, str)]
    words = [len(word) for word in title.split()]
    # three more for the button of the filter
    header = max(math.ceil(len(title) / 2), *words, 5) + 3
    return min(max(header, *(length + 1 for length in texts), 0), _MAX_WIDTH)


def _text(value: object) -> str:
    """A text in one line that a cell can hold."""
    return one_line(value)[:_MAX_CHARACTERS].encode("utf-8", "replace").decode()
