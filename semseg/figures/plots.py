"""Figures of an assessment, for the report and for the page's Statistics tab.

Every function takes an :class:`~semseg.metrology.assessment.Assessment` and returns a Plotly
figure; nothing is drawn here. Backgrounds are transparent and lines of middle lightness, so that a
figure reads on white paper, in grey print, and on a dark page. A scale that is not certain is
marked in all.

>>> distribution_plot(assessment).write_html("distribution.html")
"""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from semseg.display import DEFAULT, Display
from semseg.figures.plot_style import (
    BARS,
    FAINT,
    FIT,
    GREY,
    SHADE,
    counted_sizes,
    empty_figure,
    size_axis,
    size_title,
    without_particles,
)
from semseg.figures.shape_plots import shape_plot, shapes_plot
from semseg.metrology.assessment import Assessment
from semseg.metrology.uncertainty import FILTER_REACH
from semseg.statistics.distribution import quantile_quantile
from semseg.statistics.summary import histogram_edges

__all__ = [
    "band_plot",
    "cumulative",
    "distribution_plot",
    "quantile_plot",
    "shape_plot",
    "shapes_plot",
]

FIT_POINTS = 200
TOP = 104  # per cent: where the lines of D10, D50 and D90 end


def distribution_plot(
    assessment: Assessment, display: Display = DEFAULT, *, counts: bool = False
) -> go.Figure:
    """Histogram by number with the lognormal fit; cumulative share with D10, D50 and D90.

    Parameters
    ----------
    assessment
        Its measurand is shown, whatever `display` names.
    display
        Bins of the histogram (automatic ones: `semseg.statistics.summary.histogram_edges` of the
        counted sizes) and whether the axis of sizes is logarithmic. Always by number.
    counts
        Bars are numbers of particles (of weights, where the counting rule has some) instead of
        the density q0 = dQ0/dx or, on a logarithmic axis, q0* = dQ0/d ln x (ISO 9276-1), whose
        area is 1.
    """
    figure, unit = empty_figure(assessment, height=400), assessment.unit
    sizes, weights = counted_sizes(assessment)
    figure.update_xaxes(title_text=size_title(assessment))
    if not sizes.size:
        return without_particles(figure)
    edges = histogram_edges(sizes, bins=display.bins, log=display.log)
    numbers, _ = np.histogram(sizes, edges, weights=weights)
    widths = np.diff(np.log(edges) if display.log else edges)
    total = weights.sum()
    heights = numbers if counts else numbers / total / widths
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=heights,
        width=np.diff(edges),
        marker={"color": BARS, "line": {"width": 0}},
        customdata=np.column_stack((edges[:-1], edges[1:], numbers, 100 * numbers / total)),
        hovertemplate=f"%{{customdata[0]:.4g}} to %{{customdata[1]:.4g}} {unit}<br>"
        "%{customdata[2]:.6~r} particles, %{customdata[3]:.1f} %<extra></extra>",
        name="Counted particles",
    )
    # One bar's width differs from the next one's on a logarithmic axis, and so would its number.
    curve, highest = _fit_curve(assessment, edges, display.log), heights.max()
    if curve is not None:
        scale = total * float(np.median(widths)) if counts else 1.0
        figure.add_scatter(
            x=curve[0],
            y=scale * curve[1],
            line={"color": FIT, "width": 2},
            hoverinfo="skip",
            name="Lognormal fit",
        )
        highest = max(highest, scale * curve[1].max())
    _add_cumulative(figure, assessment, sizes, weights)
    size_axis(figure, edges, display.log, axis="xaxis")
    density = "q₀* = dQ₀/d ln x" if display.log else f"q₀ = dQ₀/dx (1/{unit})"
    title = _count_title(assessment) if counts else f"Density {density}"
    figure.update_layout(
        margin={"r": 64},
        yaxis={"title": {"text": title}, "range": [0, 1.13 * highest]},
        yaxis2={
            "title": {"text": "Cumulative share Q₀ (%)"},
            "overlaying": "y",
            "side": "right",
            "range": [0, 1.08 * TOP],
            "tickvals": [0, 10, 25, 50, 75, 90, 100],
            "showgrid": False,
        },
    )
    return figure


def cumulative(
    sizes: ArrayLike, weights: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The cumulative distribution Q0 whose percentiles are those of
    `semseg.statistics.summary.summarise`.

    Of n ascending sizes with weights w of sum W, the k-th (from 1) stands at the share
    ((k - 1) w_k + (n - 1) sum_{i<k} w_i) / ((n - 1) W); with equal weights (k - 1) / (n - 1)
    (Hyndman and Fan, Am. Stat. 50 (1996) 361, type 7). A single size stands at 0 and at 1.

    Returns
    -------
    sizes, shares
        float64 (m,), ascending; shares 0 ... 1; m is n, but at least two.
    """
    size, weight = np.asarray(sizes, np.float64), np.asarray(weights, np.float64)
    order = np.lexsort((weight, size))
    size, weight = size[order], weight[order]
    if size.size == 1:
        return np.repeat(size, 2), np.array([0.0, 1.0])
    last = size.size - 1
    before = np.concatenate(([0.0], np.cumsum(weight)[:-1]))
    return size, (np.arange(size.size) * weight + last * before) / (last * weight.sum())


def quantile_plot(assessment: Assessment) -> go.Figure:
    """Lognormal QQ plot: sizes a lognormal sample would have, and those counted; and the line.

    Of the sizes as they were counted, without the weights of the counting rule
    (`semseg.statistics.distribution.quantile_quantile`).
    """
    figure, unit = empty_figure(assessment, height=400), assessment.unit
    sizes, _ = counted_sizes(assessment)
    theoretical, observed = quantile_quantile(sizes)
    figure.update_xaxes(title_text=f"Size in a lognormal sample ({unit})")
    figure.update_yaxes(title_text=size_title(assessment))
    if not theoretical.size:
        return without_particles(figure)
    ends = np.array([theoretical[0], theoretical[-1]])
    figure.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        line={"color": FIT, "width": 2},
        hoverinfo="skip",
        name="Lognormal",
    )
    figure.add_scatter(
        x=theoretical,
        y=observed,
        mode="markers",
        marker={"color": BARS, "size": 6, "line": {"color": GREY, "width": 0.7}},
        hovertemplate=f"counted %{{y:.4g}} {unit}<br>lognormal %{{x:.4g}} {unit}<extra></extra>",
        name="Counted particles",
    )
    both = np.concatenate((theoretical, observed))
    for axis in ("xaxis", "yaxis"):
        size_axis(figure, both, log=True, axis=axis)
    return figure


def band_plot(assessment: Assessment, threshold: float | None = None) -> go.Figure:
    """D50 over the filter threshold; shaded between the rescale ratios, where they were run.

    Parameters
    ----------
    assessment
        Its `band`.
    threshold
        The one that was used, 0 ... 1, to be marked with the reach that enters the budget
        (`semseg.metrology.uncertainty.FILTER_REACH`); None marks nothing.
    """
    figure, band = empty_figure(assessment, height=330), assessment.band
    figure.update_xaxes(title_text="Filter threshold (confidence)", range=[-0.01, 1])
    figure.update_yaxes(title_text=f"D50 ({band.unit})")
    used = np.asarray(band.medians[1.0], np.float64)
    if not np.isfinite(used).any():
        return without_particles(figure, "too few particles")
    others = {ratio: values for ratio, values in sorted(band.medians.items()) if ratio != 1.0}
    if others:
        every = np.stack([used, *others.values()])
        known = np.isfinite(every).all(axis=0)
        x = band.thresholds[known]
        low, high = every[:, known].min(axis=0), every[:, known].max(axis=0)
        figure.add_scatter(
            x=np.concatenate((x, x[::-1])),
            y=np.concatenate((low, high[::-1])),
            fill="toself",
            fillcolor=SHADE,
            mode="lines",
            line={"width": 0},
            hoverinfo="skip",
            name="Between rescale ratios " + " and ".join(f"{ratio:g}" for ratio in _ends(others)),
        )
    for dash, (ratio, values) in zip(("dash", "dot", "dashdot") * 3, others.items(), strict=False):
        figure.add_scatter(
            x=band.thresholds,
            y=values,
            mode="lines",
            line={"color": GREY, "width": 1.2, "dash": dash},
            hovertemplate=_band_hover(ratio, band.unit),
            name=f"Ratio {ratio:g}",
        )
    figure.add_scatter(
        x=band.thresholds,
        y=used,
        mode="lines+markers",
        line={"color": FIT, "width": 2},
        marker={"size": 5},
        hovertemplate=_band_hover(1.0, band.unit),
        name="Rescale factor used",
    )
    if threshold is not None:
        reach = max(0, threshold - FILTER_REACH), min(1, threshold + FILTER_REACH)
        figure.add_vrect(*reach, fillcolor=FAINT, line_width=0, layer="below")
        figure.add_vline(
            threshold,
            line={"color": GREY, "width": 1.5, "dash": "dot"},
            annotation={"text": f"used: {threshold:.3g}", "yanchor": "bottom", "y": 0},
            annotation_position="bottom right",
        )
    return figure


# -- parts -----------------------------------------------------------------------------------


def _count_title(assessment: Assessment) -> str:
    return "Particles" if assessment.weights is None else "Particles, edge-corrected"


def _fit_curve(
    assessment: Assessment, edges: NDArray[np.float64], log: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Density of the fitted lognormal over the range of the bins, per size or per ln size."""
    fit = assessment.lognormal
    if fit is None or fit.geometric_standard_deviation <= 1:
        return None
    spread = math.log(fit.geometric_standard_deviation)
    x = np.geomspace(edges[0], edges[-1], FIT_POINTS)
    z = (np.log(x) - math.log(fit.geometric_mean)) / spread
    per_log = np.exp(-(z**2) / 2) / (spread * math.sqrt(2 * math.pi))
    return x, per_log if log else per_log / x


def _add_cumulative(
    figure: go.Figure,
    assessment: Assessment,
    sizes: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> None:
    """Q0 on the right axis; on it D10, D50 and D90, each with a line across the plot."""
    unit, intervals = assessment.unit, assessment.intervals
    x, shares = cumulative(sizes, weights)
    picked = np.unique(np.linspace(0, x.size - 1, min(x.size, 1000)).astype(int))
    figure.add_scatter(
        x=x[picked],
        y=100 * shares[picked],
        yaxis="y2",
        mode="lines",
        line={"color": GREY, "width": 1.5, "dash": "dash"},
        hovertemplate=f"%{{y:.1f}} % up to %{{x:.4g}} {unit}<extra></extra>",
        name="Cumulative share",
    )
    # Named above the bars, on which no one text reads in a light and in a dark theme.
    for share, interval, side in (
        (10, intervals.d10, "top left"),
        (50, intervals.d50, "top center"),
        (90, intervals.d90, "top right"),
    ):
        text = f"D{share} = {interval.value:.4g} {unit}"
        known = math.isfinite(interval.low)
        limits = f"<br>{interval.low:.4g} to {interval.high:.4g} {unit} (95 %)" if known else ""
        figure.add_scatter(
            x=[interval.value] * 3,
            y=[0, share, TOP],
            yaxis="y2",
            mode="lines+markers+text",
            line={"color": GREY, "width": 1, "dash": "dot"},
            marker={"color": GREY, "size": [0, 7, 0]},
            text=["", "", f"D{share}"],
            textposition=side,
            hovertemplate=f"{text}{limits}<extra></extra>",
            showlegend=False,
        )


def _ends(ratios: dict[float, NDArray[np.float64]]) -> list[float]:
    """The least and the greatest ratio, or the only one beside 1."""
    return [min(ratios), max(ratios)] if len(ratios) > 1 else sorted([*ratios, 1.0])


def _band_hover(ratio: float, unit: str) -> str:
    return f"threshold %{{x:.2f}}: D50 %{{y:.4g}} {unit}<br>rescale ratio {ratio:g}<extra></extra>"
