"""The histogram of an analysis, one panel of its figure."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator

from semseg.analysis import Analysis
from semseg.display import Display
from semseg.figures.states import ACCEPTED
from semseg.figures.ticks import ROUND, log_ticks
from semseg.measure.quantities import SIZES
from semseg.statistics.counting import counted, in_short, size_weights
from semseg.statistics.summary import IN_SHORT, SizeSummary, histogram_edges, summarise

__all__ = ["DOUBT", "DOUBT_ON_BLACK", "SMALL", "TEXT", "doubt_text", "draw_histogram"]

TEXT, SMALL = 8, 7  # points
DOUBT, DOUBT_ON_BLACK = "#c00000", "#ffd21f"  # colours of `doubt_text`


def doubt_text(doubt: str) -> str:
    """What stands beside sizes whose scale is not certain: ``scale assumed: check``."""
    return f"scale {doubt}: check"


def draw_histogram(axes: Axes, analysis: Analysis, display: Display) -> None:
    """Counted particles by size, as `display` asks, with mean, median, standard deviation and n."""
    particles = analysis.particles
    unit = analysis.unit
    quantity = SIZES[display.size]
    size = quantity.column(unit)
    found, counts = particles[size].to_numpy(float), counted(particles)
    values = counts[size].to_numpy(float)
    weights = size_weights(counts, by_volume=display.by_volume)
    if display.by_volume:
        shown = "Share of volume (%)"
    else:
        shown = "Number of particles" if weights is None else "Number, edge-corrected"
    axes.set_xlabel(f"{quantity.name} ({unit})", fontsize=TEXT, labelpad=2)
    axes.set_ylabel(shown, fontsize=TEXT, labelpad=3)
    axes.tick_params(labelsize=SMALL, width=0.5, length=2.5)
    axes.tick_params(which="minor", width=0.4, length=1.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_linewidth(0.5)
    if analysis.scale_doubt:
        axes.annotate(
            *(doubt_text(analysis.scale_doubt), (1, 1), (0, 3)),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=TEXT,
            weight="bold",
            color=DOUBT,
        )
    summary = summarise(values, weights)
    if summary.count == 0:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no particles counted", ha="center", transform=axes.transAxes)
        return
    if display.log:
        axes.set_xscale("log")
    edges = histogram_edges(found, bins=display.bins, log=display.log)
    if display.by_volume and weights is not None:
        weights = 100 * weights / weights.sum()
    heights, _ = np.histogram(values, edges, weights=weights)
    axes.bar(
        *(edges[:-1], heights, np.diff(edges)),
        align="edge",
        color=ACCEPTED.pale,
        edgecolor="white",
        linewidth=0.4 if len(edges) < 60 else 0.2,
    )
    filled = np.flatnonzero(heights)
    _fit_axes(axes, edges[filled[0]], edges[filled[-1] + 1], display)
    rule = in_short(analysis.settings.edges, analysis.settings.visible_only)
    if display.by_volume:
        rule += ", by volume"
    rule = rule.replace(", ", ",\n")  # a narrow key leaves space for bars
    mean = axes.axvline(summary.mean, color="black", lw=1.1)
    median = axes.axvline(summary.median, color="#c04000", lw=1.1, ls=(0, (3, 1.5)))
    lines = (mean, median, _no_line(), _no_line())
    axes.legend(
        lines,
        _legend_texts(summary, unit),
        title=rule,
        title_fontsize=SMALL,
        loc="best",
        fontsize=SMALL,
        # Where bars leave no space, it is read over them.
        facecolor="white",
        edgecolor="none",
        framealpha=0.7,
        alignment="left",
    )


def _fit_axes(axes: Axes, low: float, high: float, display: Display) -> None:
    """Limits around the filled bins `low` ... `high`, and ticks that can be read."""
    axes.set_ylim(0, 1.12 * axes.dataLim.y1)
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=not display.by_volume, steps=ROUND))
    if not display.log:
        axes.set_xlim(low - 0.04 * (high - low), high + 0.04 * (high - low))
        axes.xaxis.set_major_locator(MaxNLocator(7, steps=ROUND))
        return
    margin = (high / low) ** 0.04
    low, high = low / margin, high * margin
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator(log_ticks(low, high, 3, 8)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)))
    minor = [digit * 10.0**power for power in decades for digit in range(1, 10)]
    # Beyond three decades they would be a hedge.
    axes.xaxis.set_minor_locator(FixedLocator(minor) if len(minor) <= 36 else NullLocator())


def _legend_texts(summary: SizeSummary, unit: str) -> list[str]:
    """Mean, median, standard deviation and n: four digits of the mean, the others alike."""
    places = max(0, 3 - math.floor(math.log10(max(summary.mean, 1e-6))))
    values = [(figure.symbol, figure.of(summary)) for figure in IN_SHORT]
    texts = [
        f"{name} {value:.{places}f} {unit}" if math.isfinite(value) else f"{name} -"
        for name, value in values
    ]
    return [*texts, f"n = {summary.count}"]


def _no_line() -> Line2D:
    """A key without a line, for a line of text in a legend."""
    return Line2D([], [], linestyle="none")
