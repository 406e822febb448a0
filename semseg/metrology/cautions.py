"""What must be said beside a mean and a median: cut and covered particles, and better figures.

A particle that the edge of the frame cuts, or that another one covers, measures smaller than it
is. `compare_rules` puts the figures under the counting rule in force beside those under the rules
that answer for it; `cautions` tells what must be said of them, in words for the command line, the
page and the report.

>>> comparison = compare_rules([analysis], "min_feret")
>>> comparison.shown.mean < comparison.corrected.mean
True
>>> [caution.words for caution in cautions(comparison)]
['20 of 182 cut by the edge, corrected mean 23... nm, median 23... nm']
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import pandas as pd

from semseg.analysis import Analysis
from semseg.measure.quantities import SIZES
from semseg.measure.visibility import FULLY_VISIBLE
from semseg.metrology.pooling import poolable, pooled_unit, pooled_weights
from semseg.metrology.uncertainty import MIN_PARTICLES
from semseg.statistics.counting import RULE_COLUMNS, apply_rule, counted
from semseg.statistics.resampling import effective_count
from semseg.statistics.summary import summarise

__all__ = [
    "MAX_COVERED_SHARE",
    "MAX_MEAN_SHIFT",
    "Caution",
    "Figures",
    "RuleComparison",
    "cautions",
    "compare_rules",
    "unbroken",
]

# As much as the usual uncertainty of a scale (DEFAULT_SCALE_UNCERTAINTY in
# `semseg.metrology.uncertainty`): a mean that moves by less is lost in that.
MAX_MEAN_SHIFT = 0.02
# On the TiO2 pictures of docs/validation.md a fifth of the particles is partly covered, and the
# mean of the fully visible ones is 5 % above that of all: a tenth goes with more than 2 %.
MAX_COVERED_SHARE = 0.1


@dataclass(frozen=True)
class Figures:
    """Mean and median of the accepted particles that one rule counts; NaN without any.

    ``edges`` and ``visible_only`` name the rule as in `semseg.settings.Settings`. ``effective`` is
    how many equal weights would scatter as much (Kish): ``count`` where the rule gives none.
    """

    edges: str
    visible_only: bool
    count: int
    effective: float
    mean: float
    median: float

    @property
    def enough(self) -> bool:
        """Whether they rest on particles enough to be told: some `MIN_PARTICLES` effective ones."""
        return round(self.effective) >= MIN_PARTICLES


@dataclass(frozen=True)
class RuleComparison:
    """One size under the counting rule in force, and under those that would be better.

    Attributes
    ----------
    size, unit : str
        A key of `semseg.measure.quantities.SIZES`; ``nm`` or ``px``.
    by_volume : bool
        Whether mean and median are weighted by volume.
    cut : int
        Accepted particles that the edge of the frame cuts, counted or not; where the rule in force
        is for fully visible ones only, of these.
    covered : int
        Partly covered particles among those that the rule in force counts.
    shown : Figures
        Under the rule in force.
    corrected : Figures or None
        Whole particles, weighted by 1/P (ISO 13322-1); None where that is in force.
    visible : Figures or None
        Fully visible particles only; None where that is in force.
    both : Figures or None
        Both; None where either is in force.
    """

    size: str
    unit: str
    by_volume: bool
    cut: int
    covered: int
    shown: Figures
    corrected: Figures | None
    visible: Figures | None
    both: Figures | None

    def moves(self, better: Figures) -> float:
        """How far its mean lies above the one shown, as a share of this; NaN without either."""
        return better.mean / self.shown.mean - 1

    @property
    def speaks_of_edge(self) -> bool:
        """Whether the edge cuts particles and correcting for them moves the mean by more than
        `MAX_MEAN_SHIFT`, or by nobody knows how much because no whole one is left."""
        if self.corrected is None or not self.cut or not self.shown.count:
            return False
        return not abs(self.moves(self.corrected)) <= MAX_MEAN_SHIFT

    @property
    def speaks_of_covered(self) -> bool:
        """Whether more than `MAX_COVERED_SHARE` of the particles that count are partly covered."""
        return self.visible is not None and self.covered > MAX_COVERED_SHARE * self.shown.count


@dataclass(frozen=True)
class Caution:
    """One thing to be said beside the figures shown.

    Attributes
    ----------
    kind : str
        ``edge``, ``covered`` or ``both``.
    fact, remedy : str
        What is the matter, and the better figures or why there are none, in a few words each; of
        both together only the latter.
    sentence : str
        The same in full.
    better : Figures or None
        What to use in place of the figures shown; None where too few particles are left.
    """

    kind: str
    fact: str
    remedy: str
    sentence: str
    better: Figures | None

    @property
    def words(self) -> str:
        """For a line: ``45 of 176 cut by the edge, corrected mean 80.17 px, median 80.44 px``."""
        return f"{self.fact}, {self.remedy}" if self.fact else self.remedy


def compare_rules(
    analyses: Sequence[Analysis], size: str = "min_feret", *, by_volume: bool = False
) -> RuleComparison:
    """Compare the figures of one or more pictures together under the rules that matter.

    Parameters
    ----------
    analyses : sequence of Analysis
        One or more, made with the same settings; those count that can be put together
        (`semseg.metrology.pooling`).
    size : str
        A key of `semseg.measure.quantities.SIZES`.
    by_volume : bool
        Whether particles count by their volume.
    """
    unit = pooled_unit(analyses)
    used = poolable(analyses, unit)
    edges, visible_only = used[0].settings.edges, used[0].settings.visible_only

    column = SIZES[size].column(unit)
    sizes = {column, SIZES["ecd"].column(unit)}  # the latter for volumes
    tables = [(each.particles[[*RULE_COLUMNS, *sizes]], each.segmentation.area) for each in used]

    @cache
    def counted_by(edges: str, visible_only: bool) -> pd.DataFrame:
        return pd.concat(
            counted(apply_rule(table, area, edges=edges, visible_only=visible_only))
            for table, area in tables
        )

    def figures(edges: str, visible_only: bool) -> Figures:
        table = counted_by(edges, visible_only)
        weights = pooled_weights(table, unit, by_volume=by_volume)
        summary = summarise(table[column], weights)
        effective = effective_count(table["weight"].to_numpy(float)) if len(table) else 0.0
        return Figures(edges, visible_only, summary.count, effective, summary.mean, summary.median)

    weighted = edges == "weight"
    accepted = counted_by("count", visible_only)
    return RuleComparison(
        size=size,
        unit=unit,
        by_volume=by_volume,
        cut=int(accepted["touches_edge"].sum()),
        covered=int((counted_by(edges, visible_only)["visibility"] < FULLY_VISIBLE).sum()),
        shown=figures(edges, visible_only),
        corrected=None if weighted else figures("weight", visible_only),
        visible=None if visible_only else figures(edges, True),
        both=None if weighted or visible_only else figures("weight", True),
    )


def cautions(comparison: RuleComparison) -> tuple[Caution, ...]:
    """What must be said: of the edge, of covered particles, and, of both, the figures together."""
    said = []
    if comparison.speaks_of_edge:
        said.append(_of_edge(comparison))
    if comparison.speaks_of_covered:
        said.append(_of_covered(comparison))
    both = comparison.both
    if len(said) == 2 and all(each.better for each in said) and both is not None and both.enough:
        said.append(
            Caution(
                "both",
                "",
                f"corrected for both: {_figures(comparison, both)}",
                f"Corrected for both, {_in_place(comparison, both)}.",
                both,
            )
        )
    return tuple(said)


def unbroken(sentence: str) -> str:
    """The same with figures that no line's end parts from their unit."""
    return re.sub(r"(?<=\d) (?=nm|px|%)", "\N{NO-BREAK SPACE}", sentence)


def _of_edge(comparison: RuleComparison) -> Caution:
    cut, shown = comparison.cut, comparison.shown
    if shown.edges == "count":
        fact = f"{cut:,} of {shown.count:,} cut by the edge"
        sentence = (
            f"{_particles_are(cut, shown.count)} cut by the edge of the frame and counted as "
            "far as seen."
        )
    else:
        fact = f"{cut:,} left out as cut by the edge"
        sentence = (
            f"{cut:,} particle{'s'[: cut > 1]} cut by the edge of the frame {_are(cut)} left out, "
            "and large particles are cut more often than small ones."
        )
    better = _if_enough(comparison.corrected)
    if better is None:
        remedy = "too few whole ones to correct for it"
        sentence += " Too few whole ones remain to correct for that: lower the magnification."
    else:
        remedy = f"corrected {_figures(comparison, better)}"
        sentence += (
            " Corrected for that, by whole particles weighted by 1/P (ISO 13322-1), "
            f"{_in_place(comparison, better)}."
        )
    return Caution("edge", fact, remedy, sentence, better)


def _of_covered(comparison: RuleComparison) -> Caution:
    covered, count = comparison.covered, comparison.shown.count
    sentence = (
        f"{_particles_are(covered, count)} partly covered by others and measured as far as seen."
    )
    better = _if_enough(comparison.visible)
    if better is None:
        remedy = "too few fully visible for figures of their own"
        sentence += " Too few are fully visible for figures of their own."
    else:
        remedy = f"fully visible {_figures(comparison, better)}"
        sentence += f" Of the fully visible ones alone, {_in_place(comparison, better)}."
    return Caution("covered", f"{covered:,} of {count:,} partly covered", remedy, sentence, better)


def _if_enough(figures: Figures | None) -> Figures | None:
    return figures if figures is not None and figures.enough else None


def _particles_are(some: int, count: int) -> str:
    return f"{some:,} of {count:,} particles {_are(some)}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _figures(comparison: RuleComparison, figures: Figures) -> str:
    """``mean 80.17 px, median 80.44 px``."""
    unit, kind = comparison.unit, " by volume" if comparison.by_volume else ""
    return f"mean{kind} {_length(figures.mean)} {unit}, median {_length(figures.median)} {unit}"


def _in_place(comparison: RuleComparison, better: Figures) -> str:
    """``the mean is 80.17 px in place of 70.55 px (+13.6 %) and the median ...``."""
    shown, kind = comparison.shown, " by volume" if comparison.by_volume else ""

    def change(new: float, old: float) -> str:
        now, before = (f"{_length(value)} {comparison.unit}" for value in (new, old))
        return f"{now} in place of {before} ({100 * (new / old - 1):+.1f} %)"

    return (
        f"the mean{kind} is {change(better.mean, shown.mean)} "
        f"and the median {change(better.median, shown.median)}"
    )


def _length(value: float) -> str:
    """With four significant digits, from a thousand on whole: ``12,345``, ``80.17``, ``179.0``."""
    return f"{value:,.{max(0, 3 - math.floor(math.log10(value)))}f}"
