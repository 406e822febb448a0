"""All pictures beside each other, their sizes over each other, and which of them are unlike."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.analysis import Analysis
from semseg.display import Display
from semseg.export.tables import INSTRUMENT, per_image_table
from semseg.measure.quantities import SIZES
from semseg.metrology.pooling import left_out, poolable, pooled, pooled_unit, pooled_weights
from semseg.metrology.unlike import Unlike, facts_of, unlike
from semseg.page import choices
from semseg.page.scale_table import state_of
from semseg.page.work import Progress, shortly
from semseg.statistics.counting import counted, size_weights
from semseg.statistics.curves import cumulative, density
from semseg.statistics.summary import IN_SHORT, summarise
from semseg.viewer.pictures import Card, Cell, Curves, outlines_of, pack, pictures, thumbnail

__all__ = ["show"]

WHOLE = (slice(None), slice(None))
POINTS = 256  # sizes at which densities are known


def show(
    found: Sequence[Progress], unread: Sequence[str], analyses: Mapping[int, Analysis]
) -> int | None:
    """The number of the picture that a person just opened, or None.

    `analyses` are those of the pictures that are done, by their number in `found`.
    """
    display = choices.current_display()
    done = list(analyses.values())
    odd = dict(zip(analyses, unlike(facts_of(done, display.size)), strict=True)) if done else {}
    heads, rows = _table(done, display)
    cells = dict(zip(analyses, rows, strict=True))
    unit = pooled_unit(done) if done else "px"
    sizes = _common_sizes(done, unit, display)
    curves = partial(_curves, unit=unit, at=sizes, display=display)
    used = {id(each) for each in poolable(done, unit)} if done else set()
    why = {each.name: each.why for each in left_out(done)} if done else {}
    ranks = _ranks(odd)

    cards = []
    drawn = _drawn(found, analyses)
    for number, each in enumerate(found):
        analysis, (picture, outlines) = analyses.get(number), drawn[number]
        if analysis is None:
            cards.append(_waiting_card(number, each, picture))
            continue
        is_used = id(analysis) in used
        particles = counted(analysis.particles)
        cards.append(
            Card(
                number=number,
                name=each.micrograph.name,
                thumbnail=picture,
                size=(each.micrograph.width, each.micrograph.height),
                outlines=outlines,
                figures=_in_short(analysis, display),
                reasons=tuple(reason.words for reason in odd[number].reasons),
                left_out="" if is_used else why.get(each.micrograph.name, ""),
                rank=ranks[number],
                cells=cells[number],
                curves=curves(particles.assign(picture=0)) if is_used else None,
            )
        )
    cards += [
        Card(len(found) + number, name, "", (4, 3), state="being read")
        for number, name in enumerate(unread)
    ]
    quantity = SIZES[display.size]
    data = pack(
        cards,
        heads=heads,
        sizes=sizes,
        together=curves(pooled(done, unit)) if len(used) > 1 else None,
        axis=f"{quantity.name} ({unit})",
        share="volume" if display.by_volume else "particles",
        log=display.log,
    )
    return pictures(data, key="pictures")


def _waiting_card(number: int, each: Progress, thumbnail: str) -> Card:
    state = "being analysed"
    if each.problem:
        state = each.problem.removeprefix(f"{each.micrograph.name}: ")
    elif each.stopped:
        state = "not analysed"
    size = each.micrograph.width, each.micrograph.height
    return Card(number, each.micrograph.name, thumbnail, size, state)


def _drawn(
    found: Sequence[Progress], analyses: Mapping[int, Analysis]
) -> list[tuple[str, dict[str, str]]]:
    """The thumbnail and the outlines of each picture, as far as they are there."""
    jobs: dict[Hashable, Callable[[], Any]] = {}
    keys = []
    for number, each in enumerate(found):
        micrograph, analysis = each.micrograph, analyses.get(number)
        window = WHOLE if analysis is None else analysis.grid.window
        key = "thumbnail", micrograph.sha256, micrograph.page, str(window)
        jobs[key] = partial(thumbnail, micrograph.grey, window)
        outlines: Hashable = None
        if analysis is not None and each.image is not None:
            edits = tuple(sorted(analysis.manual.items()))
            outlines = "outlines in small", each.image.key, analysis.settings, edits
            jobs[outlines] = partial(outlines_of, analysis)
        keys.append((key, outlines))
    made = shortly(jobs)
    return [(made[key] or "", made.get(outlines) or {}) for key, outlines in keys]


def _in_short(analysis: Analysis, display: Display) -> str:
    """``123 particles, median 45.3 nm``."""
    particles = counted(analysis.particles)
    count = f"{len(particles):,} particle{'s' if len(particles) != 1 else ''}"
    if particles.empty:
        return count
    sizes = particles[SIZES[display.size].column(analysis.unit)]
    weights = size_weights(particles, by_volume=display.by_volume)
    mark = f", {analysis.scale_doubt}" if analysis.scale_doubt else ""
    return f"{count}, median {summarise(sizes, weights).median:.4g} {analysis.unit}{mark}"


def _ranks(odd: Mapping[int, Unlike]) -> dict[int, int]:
    order = sorted(odd, key=lambda number: odd[number].order, reverse=True)
    return {number: rank for rank, number in enumerate(order)}


def _common_sizes(analyses: Sequence[Analysis], unit: str, display: Display) -> NDArray[np.float64]:
    """Where the densities of all are compared: a little beyond the least and the largest size."""
    sizes = np.array([1.0])
    if analyses and len(together := pooled(analyses, unit)):
        sizes = together[SIZES[display.size].column(unit)].to_numpy(np.float64)
    low, high = 0.75 * sizes.min(), 1.2 * sizes.max()
    if display.log:
        return np.geomspace(low, high, POINTS)
    return np.linspace(low / 2, high, POINTS)


def _curves(
    particles: pd.DataFrame, unit: str, at: NDArray[np.float64], display: Display
) -> Curves | None:
    if particles.empty:
        return None
    sizes = particles[SIZES[display.size].column(unit)].to_numpy(np.float64)
    weights = pooled_weights(particles, unit, by_volume=display.by_volume)
    return Curves(
        density(sizes, at, weights=weights, log=display.log), cumulative(sizes, weights=weights)
    )


def _table(
    analyses: Sequence[Analysis], display: Display
) -> tuple[list[str], list[tuple[Cell, ...]]]:
    """Heads and rows of what is told of each picture."""
    table = per_image_table(analyses, display)
    unit = "nm" if table["width_nm"].notna().any() else "px"
    told = [column for column in INSTRUMENT if table[column].notna().any()]
    heads = ["Counted", "Kept", *(f"{figure.title} ({unit})" for figure in IN_SHORT)]
    heads += ["Scale", "Rescale"]
    heads += [INSTRUMENT[column][0].upper() + INSTRUMENT[column][1:] for column in told]
    rows = []
    for analysis, row in zip(analyses, table.to_dict("records"), strict=True):
        micrograph, scale = analysis.micrograph, analysis.calibration
        where = state_of(choices.of(micrograph), scale, micrograph.calibration)
        figures = [row[f"{figure.key}_{unit}"] for figure in IN_SHORT]
        kept = row["kept"] / row["found"] if row["found"] else np.nan
        cells = [
            Cell(f"{row['counted']:,}", int(row["counted"])),
            Cell(f"{row['kept']:,} of {row['found']:,}", _sortable(kept)),
            *(_number(value) for value in figures),
            Cell(where, where),
            _number(row["rescale"], "{:.3g}"),
            *(_told(row[column]) for column in told),
        ]
        rows.append(tuple(cells))
    return heads, rows


def _number(value: float, form: str = "{:.4g}") -> Cell:
    return Cell(form.format(value) if np.isfinite(value) else "", _sortable(value))


def _told(value: Any) -> Cell:
    if value is None or value != value:
        return Cell("", "")
    return _number(value) if isinstance(value, int | float) else Cell(str(value), str(value))


def _sortable(value: float) -> float:
    """What JSON can carry; what is not known stands below all else."""
    return float(value) if np.isfinite(value) else -1.0
