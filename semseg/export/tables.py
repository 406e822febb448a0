"""Tables of sizes: one picture's particles, its sizes at a glance, several pictures together.

Every file is UTF-8 with a byte order mark (Excel needs it) and has LF line ends. Whole numbers are
written in full, other numbers to six significant digits, what is not known as an empty cell. A text
that a spreadsheet would run as a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence

import pandas as pd

from semseg.analysis import Analysis
from semseg.display import DEFAULT, WEIGHTINGS, Display
from semseg.export.values import is_like_formula, one_line
from semseg.measure.quantities import SIZES
from semseg.metrology.assessment import screened
from semseg.metrology.pooling import poolable
from semseg.statistics.counting import Counts, counted, describe, size_weights
from semseg.statistics.summary import FIGURES, IN_SHORT, summarise

__all__ = [
    "INSTRUMENT",
    "counting_rule",
    "instrument_facts",
    "instrument_words",
    "particles_csv",
    "per_image_table",
    "pooled_csv",
    "scale_mark",
    "sizes_csv",
]

# The command line's contract; other columns follow in the table's own order.
FIRST_COLUMNS = (
    *("label", "x_px", "y_px", "area_px", "ecd_px", "ecd_nm"),
    *("min_feret_nm", "max_feret_nm", "perimeter_nm"),
    *("circularity", "solidity", "aspect_ratio"),
    *("confidence", "touches_edge", "kept", "reason"),
)
# What the file says of the microscope, by its columns.
INSTRUMENT = {
    "microscope": "microscope",
    "accelerating_voltage_kv": "accelerating voltage (kV)",
    "detector": "detector",
    "working_distance_mm": "working distance (mm)",
    "magnification": "magnification",
    "recorded": "recorded",
    "operator": "operator",
}
PER_IMAGE = [
    *("file", "width_nm", "scale_source", "assumed", "proposed", "rescale"),
    *("found", "kept", "counted"),
    *(f"{figure.key}_{unit}" for unit in ("nm", "px") for figure in IN_SHORT),
    *INSTRUMENT,
]


def scale_mark(analysis: Analysis) -> str:
    """What rows say whose scale is not certain: ``assumed, check``; nothing where it is."""
    return f"{analysis.scale_doubt}, check" if analysis.scale_doubt else ""


def particles_csv(analysis: Analysis) -> bytes:
    """One row per particle, kept or possibly wrong, with all that was measured.

    Where the scale was only assumed or proposed, a last column ``scale`` says so in every row.
    """
    particles = analysis.particles
    first = [name for name in FIRST_COLUMNS if name in particles]
    # what speaks against a kept particle would read like a verdict
    others = [name for name in particles if name not in (*first, "doubt")]
    table = particles[first + others]
    mark = scale_mark(analysis)
    return _csv(_rows(table.assign(scale=mark) if mark else table))


def sizes_csv(analysis: Analysis, display: Display = DEFAULT) -> bytes:
    """The sheet for people who want sizes only: three blocks with an empty line between them.

    1. Names and values: file, scale, counting rule, counts, what the histogram of the figure
       shows (`display`, which changes nothing else), and the EU screening where there is a scale.
    2. A row per size and weighting: n, mean, median, standard deviation, D10, D50, D90.
    3. A row per counted particle: its label and sizes, and its weight where the rule gives it one.

    Lengths are in nanometres where there is a scale, else in pixels, as every header says.
    """
    counts, rows = Counts.of(analysis.particles), counted(analysis.particles)
    unit = analysis.unit
    axis = "logarithmic" if display.log else "linear"
    facts = [
        ("file", _text(analysis.micrograph.name)),
        ("scale", _text(_scale(analysis))),
        ("counting rule", counting_rule(analysis)),
        ("particles found", counts.found),
        ("particles kept", counts.kept),
        ("particles counted", counts.counted),
        (
            "histogram",
            f"{SIZES[display.size].name}, {display.weighting}-weighted, "
            f"{display.bins or 'automatic'} bins, {axis} axis",
        ),
    ]
    if screening := screened(analysis):
        facts.append(("EU nanomaterial screening", f"{screening.verdict} (screening only)"))
    summaries = []
    for size in SIZES.values():
        for weighting in WEIGHTINGS:
            weights = size_weights(rows, by_volume=weighting == "volume")
            summary = summarise(rows[size.column(unit)], weights)
            summaries.append(
                {
                    "size": size.name,
                    "weighting": weighting,
                    "n": summary.count,
                    **{f"{figure.name} ({unit})": figure.of(summary) for figure in FIGURES},
                }
            )
    names = {size.column(unit): f"{size.name} ({unit})" for size in SIZES.values()}
    if analysis.settings.edges == "weight":  # without it nobody could work the figures out again
        names["weight"] = "weight"
    each = rows[["label", *names]].rename(columns=names)
    return _csv(facts, _rows(pd.DataFrame(summaries)), _rows(each))


def pooled_csv(analyses: Sequence[Analysis]) -> bytes:
    """The counted particles of several pictures, one row each, in the order of the pictures.

    Columns: ``file, label``, the sizes in nm (if any picture counts in them; empty for those that
    are left out of sizes in nm, see `semseg.metrology.pooling`) and in px, ``confidence``,
    ``weight`` where the counting rule gives particles one; and ``scale`` where any is not certain.
    """
    lengths = [size.column(unit) for unit in ("nm", "px") for size in SIZES.values()]
    in_nm = {id(each) for each in poolable(analyses, "nm")}
    if not in_nm:
        lengths = [name for name in lengths if name.endswith("_px")]
    columns = ["file", "label", *lengths, "confidence"]
    if any(analysis.settings.edges == "weight" for analysis in analyses):
        columns.append("weight")
    if any(map(scale_mark, analyses)):
        columns.append("scale")
    parts = []
    for analysis in analyses:
        named = {"file": analysis.micrograph.name, "scale": scale_mark(analysis)}
        rows = counted(analysis.particles).assign(**named)
        if id(analysis) not in in_nm:
            rows = rows.drop(columns=rows.filter(regex="_nm$"))
        parts.append(rows.reindex(columns=columns))
    # Empty tables would turn labels into floating point numbers.
    parts = [part for part in parts if len(part)] or parts[:1] or [pd.DataFrame(columns=columns)]
    return _csv(_rows(pd.concat(parts, ignore_index=True)))


def per_image_table(analyses: Iterable[Analysis], display: Display = DEFAULT) -> pd.DataFrame:
    """One row per picture, to see at a glance which one is unlike the others.

    Returns
    -------
    Columns ``file``; ``width_nm`` of the whole picture (NaN without a scale), ``scale_source``
    (empty without), whether it is only ``assumed`` or ``proposed``; ``rescale``; the counts
    ``found``, ``kept`` and ``counted``; and of the size and weighting that `display` names
    ``mean_nm, median_nm, standard_deviation_nm`` (NaN without a scale) and the same in ``_px``;
    and what its file says of the microscope, the columns of `INSTRUMENT` (missing where nothing).
    """
    rows = []
    for analysis in analyses:
        counts, calibration = Counts.of(analysis.particles), analysis.calibration
        sized = counted(analysis.particles)
        row = {
            "file": analysis.micrograph.name,
            "width_nm": math.nan,
            "scale_source": "",
            "assumed": analysis.scale_doubt == "assumed",
            "proposed": analysis.scale_doubt == "proposed",
            "rescale": float(analysis.rescale),
            "found": counts.found,
            "kept": counts.kept,
            "counted": counts.counted,
        }
        if calibration is not None:
            row["width_nm"] = calibration.pixel_size_nm * analysis.grid.recorded[1]
            row["scale_source"] = calibration.marked_source
        facts = instrument_facts(analysis)
        row |= {column: facts.get(name) for column, name in INSTRUMENT.items()}
        weights = size_weights(sized, by_volume=display.by_volume)
        for unit in ("nm", "px"):
            name = SIZES[display.size].column(unit)
            known = analysis.has_sizes_in(unit)
            summary = summarise(sized[name], weights) if known else summarise([])
            row |= {f"{figure.key}_{unit}": figure.of(summary) for figure in IN_SHORT}
        rows.append(row)
    return pd.DataFrame(rows, columns=PER_IMAGE)


def instrument_facts(analysis: Analysis) -> dict[str, str | float]:
    """What the file says of the microscope and its settings, by name, as far as it may be told."""
    instrument = analysis.micrograph.instrument
    if instrument is None:
        return {}
    return instrument.facts(operator=analysis.settings.operator)


def instrument_words(analysis: Analysis) -> str:
    """The same in a line, for people; empty where the file says nothing."""
    instrument = analysis.micrograph.instrument
    return "" if instrument is None else instrument.in_words(operator=analysis.settings.operator)


def counting_rule(analysis: Analysis) -> str:
    """Which particles the sizes are of, in words and numbers."""
    counts, settings = Counts.of(analysis.particles), analysis.settings
    rule = describe(settings.edges, settings.visible_only)
    return (
        f"{rule} Of {counts.kept} kept, {counts.counted} count; "
        f"{counts.kept_at_edge} of those kept {'is' if counts.kept_at_edge == 1 else 'are'} "
        "cut by the edge."
    )


def _scale(analysis: Analysis) -> str:
    """The scale and where it is from, for people."""
    calibration = analysis.calibration
    if calibration is None:
        return "unknown: sizes are in pixels"
    return f"{calibration.per_pixel} ({calibration.marked_source})"


def _csv(*blocks: Iterable[Sequence[object]]) -> bytes:
    """Blocks of rows, with an empty line between them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for i, block in enumerate(blocks):
        if i:
            writer.writerow([])
        writer.writerows(block)
    return out.getvalue().encode("utf-8-sig")


def _rows(table: pd.DataFrame) -> list[Sequence[str]]:
    """The header and the rows of a table, as they are written."""
    columns = (_cells(table[name]) for name in table)
    return [list(table.columns), *zip(*columns, strict=True)]


def _cells(column: pd.Series) -> list[str]:
    """The column's values as they are written."""
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_integer_dtype(column):
        return [str(value) for value in column.tolist()]
    if pd.api.types.is_float_dtype(column):
        return [f"{value:.6g}" if math.isfinite(value) else "" for value in column.tolist()]
    return ["" if pd.isna(value) else _text(value) for value in column.tolist()]


def _text(value: object) -> str:
    """A text in one line that no spreadsheet runs as a formula."""
    # Line breaks would tear a row apart in simple readers.
    text = one_line(value)
    return f"'{text}" if is_like_formula(text) else text
