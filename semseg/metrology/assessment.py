"""Everything a paper or a dossier asks of one or more pictures of a sample, in one piece.

`assess` takes analyses and gives an `Assessment`; the page, the report and the summary only show
it. One size is the measurand; all pictures count together.

>>> d50 = assess([analysis]).intervals.d50
>>> d50.low < d50.value < d50.high
True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.analysis import Analysis
from semseg.measure.quantities import SHAPES, SIZES
from semseg.metrology.cautions import RuleComparison, compare_rules
from semseg.metrology.pooling import (
    LeftOut,
    left_out,
    poolable,
    pooled,
    pooled_unit,
    pooled_weights,
)
from semseg.metrology.uncertainty import Band, Budget, budget, threshold_band
from semseg.statistics.counting import Counts, apply_rule, counted, describe, size_weights
from semseg.statistics.distribution import Lognormal, fit_lognormal
from semseg.statistics.intervals import Intervals, bootstrap_intervals
from semseg.statistics.nanomaterial import Screening, screen
from semseg.statistics.sample_size import Advice, advise
from semseg.statistics.summary import FIGURES, SizeSummary, summarise

__all__ = ["SHAPE_FIGURES", "Assessment", "assess", "screened"]

# Of each shape, each number once: its median, not D50.
SHAPE_FIGURES = tuple(figure for figure in FIGURES if figure.key != "d50")


@dataclass(frozen=True, eq=False)
class Assessment:
    """The distribution of one size over one or more pictures.

    Attributes
    ----------
    size : str
        The measurand, a key of `semseg.measure.quantities.SIZES`.
    unit : str
        ``nm``, or ``px`` where no picture has a scale, or none of several a certain one.
    scale_doubt : str
        ``assumed`` or ``proposed`` where sizes in nm rest on such a scale, which only those of one
        picture do; else empty.
    rule : str
        The counting rule, in a sentence.
    filter_threshold : float
        Confidence below which a particle is possibly wrong.
    pictures : int
        Those that count.
    left_out : tuple of LeftOut
        The others: without a scale, or with one that is only assumed or proposed.
    area : float
        Analysed area of all pictures together, in unit².
    counts : Counts
    particles : DataFrame
        The counted particles of all pictures; ``picture`` numbers them from 0.
    summary, by_volume : SizeSummary
        Of the counted particles, by number and by volume.
    comparison : RuleComparison
        Mean and median by the counting rule, and by those that would be better.
    raw, corrected : SizeSummary
        All accepted particles as they are seen; and those wholly inside the frame, weighted by 1/P.
    min_inside_probability : float
        Least probability P of a particle to lie wholly inside; NaN without particles.
    intervals : Intervals
    lognormal : Lognormal or None
    advice : Advice or None
    screening : Screening or None
        None without a scale.
    band : Band
        D50 over the filter threshold.
    budget : Budget or None
    shapes : DataFrame
        Row per key of `semseg.measure.quantities.SHAPES`: mean, median, standard deviation, D10,
        D90, by number.
    """

    size: str
    unit: str
    scale_doubt: str
    rule: str
    filter_threshold: float
    pictures: int
    left_out: tuple[LeftOut, ...]
    area: float
    counts: Counts
    particles: pd.DataFrame
    summary: SizeSummary
    by_volume: SizeSummary
    comparison: RuleComparison
    raw: SizeSummary
    corrected: SizeSummary
    min_inside_probability: float
    intervals: Intervals
    lognormal: Lognormal | None
    advice: Advice | None
    screening: Screening | None
    band: Band
    budget: Budget | None
    shapes: pd.DataFrame

    @property
    def size_name(self) -> str:
        """The measurand in words."""
        return SIZES[self.size].name

    @property
    def weights(self) -> NDArray[np.float64] | None:
        """Number weights of `particles`, or None where every one counts once."""
        return size_weights(self.particles)


def assess(
    analyses: Sequence[Analysis],
    size: str = "min_feret",
    *,
    others: Mapping[float, Sequence[Analysis]] | None = None,
    seed: int = 0,
) -> Assessment:
    """Assess the pictures together.

    Parameters
    ----------
    analyses : sequence of Analysis
        One or more, made with the same settings.
    size : str
        A key of `semseg.measure.quantities.SIZES`.
    others : mapping of float to sequences of Analysis, optional
        The same pictures at other rescale factors, by ratio to the factor used
        (`semseg.analysis.rescaled`); without, the budget lacks that part.
    seed : int
        Of all resampling; the same input and seed give the same figures.
    """
    unit = pooled_unit(analyses)
    used = poolable(analyses, unit)
    column = SIZES[size].column(unit)
    particles = pooled(used, unit)
    sizes = particles[column].to_numpy(np.float64)
    weights = size_weights(particles)
    groups = particles["picture"].to_numpy()
    intervals = bootstrap_intervals(sizes, weights, groups, seed=seed)
    band = threshold_band(used, size, unit, {r: list(a) for r, a in (others or {}).items()})
    raw, corrected, min_inside_probability = _side_by_side(used, column)
    settings = used[0].settings
    rule = describe(settings.edges, settings.visible_only)
    doubt = used[0].scale_doubt if unit == "nm" else ""
    return Assessment(
        size=size,
        unit=unit,
        scale_doubt=doubt,
        rule=rule,
        filter_threshold=used[0].filter_threshold,
        pictures=len(used),
        left_out=left_out(analyses),
        area=sum(each.frame_area(unit) for each in used),
        counts=Counts.of(pd.concat([each.particles for each in used], ignore_index=True)),
        particles=particles,
        summary=summarise(sizes, weights),
        by_volume=summarise(sizes, pooled_weights(particles, unit, by_volume=True)),
        comparison=compare_rules(used, size),
        raw=raw,
        corrected=corrected,
        min_inside_probability=min_inside_probability,
        intervals=intervals,
        lognormal=fit_lognormal(sizes, weights, seed=seed),
        advice=advise(intervals),
        screening=screen(
            particles["min_feret_nm"], weights, groups, rule=rule, scale_doubt=doubt, seed=seed
        )
        if unit == "nm"
        else None,
        band=band,
        budget=budget(used, size, unit, band, intervals.d50),
        shapes=_shapes(particles, weights),
    )


def screened(analysis: Analysis) -> Screening | None:
    """The EU screening of one picture; None without a scale."""
    if not analysis.has_sizes_in("nm"):
        return None
    rows, settings = counted(analysis.particles), analysis.settings
    return screen(
        rows["min_feret_nm"],
        size_weights(rows),
        rule=describe(settings.edges, settings.visible_only),
        scale_doubt=analysis.scale_doubt,
    )


def _side_by_side(
    analyses: Sequence[Analysis], column: str
) -> tuple[SizeSummary, SizeSummary, float]:
    """Summary of all accepted particles as they are seen; of the whole ones, weighted by 1/P; and
    the least P. The filter is as it stands."""
    raw, whole, weights = [], [], []
    for analysis in analyses:
        area = analysis.segmentation.area
        table = apply_rule(
            analysis.particles,
            area,
            edges="weight",
            visible_only=analysis.settings.visible_only,
        )
        seen = apply_rule(
            analysis.particles, area, edges="count", visible_only=analysis.settings.visible_only
        )
        rows = counted(table)
        raw.append(counted(seen)[column])
        whole.append(rows[column])
        weights.append(rows["weight"])
    weight = np.concatenate(weights)
    corrected = summarise(np.concatenate(whole), weight)
    min_probability = 1 / weight.max() if weight.size else np.nan
    return summarise(np.concatenate(raw)), corrected, min_probability


def _shapes(particles: pd.DataFrame, weights: NDArray[np.float64] | None) -> pd.DataFrame:
    """Row per quantity of `SHAPES`, column per figure of `SHAPE_FIGURES`."""
    rows = {}
    for shape in SHAPES:
        found = summarise(particles[shape].to_numpy(np.float64), weights)
        rows[shape] = {figure.key: figure.of(found) for figure in SHAPE_FIGURES}
    return pd.DataFrame.from_dict(rows, orient="index")
