"""Figures of an assessment, for the report and for the page's Statistics tab.

Every function takes an :class:`~semseg.metrology.Assessment` and returns a Plotly figure; nothing
is drawn here. Backgrounds are transparent and lines of middle lightness, so that a figure reads on
white paper, in grey print, and on a dark page. A scale that was only assumed is marked in all.

>>> distribution_plot(assessment).write_html("distribution.html")
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray
from plotly.subplots import make_subplots

from semseg.display import DEFAULT, Display
from semseg.distribution import quantile_quantile
from semseg.histogram import ASSUMED
from semseg.metrology import SHAPES
from semseg.statistics import histogram_edges
from semseg.uncertainty import FILTER_REACH

if TYPE_CHECKING:
    from semseg.metrology import Assessment

__all__ = [
    "MOST_POINTS",
    "band_plot",
    "cumulative",
    "distribution_plot",
    "quantile_plot",
    "shape_plot",
    "shapes_plot",
    "template",
]

# Light, dark and middle: told apart in grey print too, and each seen on white and on black.
BARS, FIT, GREY, WARNING = "#8db5dc", "#c2501c", "#7f7f7f", "#d13438"
SHADE, FAINT = "rgba(141,181,220,0.35)", "rgba(127,127,127,0.14)"
MOST_POINTS = 4000  # of one scatter plot; a browser draws more of them too slowly
MOST_BINS = 30  # of a marginal histogram
FIT_POINTS = 200


def template() -> go.layout.Template:
    """The one quiet style: no frame, thin grey axes, a faint grid, legend above the plot."""
    axis = {
        "automargin": True,
        "exponentformat": "power",
        "gridcolor": FAINT,
        "linecolor": GREY,
        "showline": True,
        "tickcolor": GREY,
        "ticklen": 4,
        "ticks": "outside",
        "title": {"standoff": 8, "font": {"size": 14}},
        "zeroline": False,
    }
    return go.layout.Template(
        layout={
            "bargap": 0.03,
            "font": {"family": "system-ui, sans-serif", "size": 13, "color": "#222"},
            "hoverlabel": {"align": "left"},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "margin": {"l": 64, "r": 24, "t": 40, "b": 52},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": axis,
            "yaxis": axis,
        }
    )


def distribution_plot(
    assessment: Assessment, display: Display = DEFAULT, *, counts: bool = False
) -> go.Figure:
    """Histogram by number with the lognormal fit; cumulative share with D10, D50 and D90.

    Parameters
    ----------
    assessment
        Its measurand is shown, whatever `display` names.
    display
        Bins of the histogram (automatic ones: `semseg.statistics.histogram_edges` of the counted
        sizes) and whether the axis of sizes is logarithmic. Always by number.
    counts
        Bars are numbers of particles (of weights, where the counting rule has some) instead of
        the density q0 = dQ0/dx or, on a logarithmic axis, q0* = dQ0/d ln x (ISO 9276-1), whose
        area is 1.
    """
    figure, unit = _figure(assessment, height=400), assessment.unit
    sizes, weights = _sizes(assessment)
    figure.update_xaxes(title_text=_size_title(assessment))
    if not sizes.size:
        return _without_particles(figure)
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
        "%{customdata[2]:.4~g} particles, %{customdata[3]:.1f} %<extra></extra>",
        name="Counted particles",
    )
    # One bar's width differs from the next one's on a logarithmic axis, and so would its number.
    curve = _fit_curve(assessment, edges, display.log)
    if curve is not None:
        scale = total * float(np.median(widths)) if counts else 1.0
        figure.add_scatter(
            x=curve[0],
            y=scale * curve[1],
            line={"color": FIT, "width": 2},
            hoverinfo="skip",
            name="Lognormal fit",
        )
    _add_cumulative(figure, assessment, sizes, weights)
    _size_axis(figure, edges, display.log, axis="xaxis")
    density = "q₀* = dQ₀/d ln x" if display.log else f"q₀ = dQ₀/dx (1/{unit})"
    title = _count_title(assessment) if counts else f"Density {density}"
    figure.update_layout(
        margin={"r": 64},
        yaxis={"title": {"text": title}, "rangemode": "tozero"},
        yaxis2={
            "title": {"text": "Cumulative share Q₀ (%)"},
            "overlaying": "y",
            "side": "right",
            "range": [0, 103],
            "tickvals": [0, 10, 25, 50, 75, 90, 100],
            "showgrid": False,
        },
    )
    return figure


def cumulative(
    sizes: ArrayLike, weights: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The cumulative distribution Q0 whose percentiles are those of `semseg.statistics.summarise`.

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
    (`semseg.distribution.quantile_quantile`).
    """
    figure, unit = _figure(assessment, height=400), assessment.unit
    sizes, _ = _sizes(assessment)
    theoretical, observed = quantile_quantile(sizes)
    figure.update_xaxes(title_text=f"Size in a lognormal sample ({unit})")
    figure.update_yaxes(title_text=_size_title(assessment))
    if not theoretical.size:
        return _without_particles(figure)
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
        _size_axis(figure, both, log=True, axis=axis)
    return figure


def band_plot(assessment: Assessment, threshold: float | None = None) -> go.Figure:
    """D50 over the filter threshold; shaded between the rescale ratios, where they were run.

    Parameters
    ----------
    assessment
        Its `band`.
    threshold
        The one that was used, 0 ... 1, to be marked with the reach that enters the budget
        (`semseg.uncertainty.FILTER_REACH`); None marks nothing.
    """
    figure, band = _figure(assessment, height=330), assessment.band
    figure.update_xaxes(title_text="Filter threshold (confidence)", range=[-0.01, 1])
    figure.update_yaxes(title_text=f"D50 ({band.unit})")
    used = np.asarray(band.medians[1.0], np.float64)
    if not np.isfinite(used).any():
        return _without_particles(figure, "too few particles")
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


def shape_plot(assessment: Assessment, shape: str = "aspect_ratio") -> go.Figure:
    """Every counted particle by size and shape, with the histogram of each at the side.

    Parameters
    ----------
    shape
        A key of `semseg.metrology.SHAPES`.

    Returns
    -------
    Above `MOST_POINTS` particles, evenly picked ones are drawn, and the figure says how many; the
    histograms are always of all.
    """
    figure = make_subplots(
        rows=2,
        cols=2,
        specs=[[{}, None], [{}, {}]],
        shared_xaxes=True,
        shared_yaxes=True,
        column_widths=[0.84, 0.16],
        row_heights=[0.18, 0.82],
        horizontal_spacing=0.02,
        vertical_spacing=0.03,
    )
    _style(figure, assessment, height=410)
    figure.update_layout(showlegend=False, bargap=0)
    figure.update_xaxes(title_text=_size_title(assessment), row=2, col=1)
    figure.update_yaxes(title_text=SHAPES[shape], row=2, col=1)
    sizes, weights = _sizes(assessment)
    if not sizes.size:
        return _without_particles(figure)
    table = assessment.particles
    values = table[shape].to_numpy(np.float64)
    picked = np.unique(np.linspace(0, len(table) - 1, min(len(table), MOST_POINTS)).astype(int))
    shown = table.iloc[picked]
    figure.add_scatter(
        x=sizes[picked],
        y=values[picked],
        mode="markers",
        marker={"color": BARS, "size": 6, "opacity": 0.8, "line": {"color": GREY, "width": 0.6}},
        customdata=np.column_stack((shown["label"], shown["picture"] + 1)),
        hovertemplate=f"%{{x:.4g}} {assessment.unit}, {SHAPES[shape].lower()} %{{y:.3f}}<br>"
        "particle %{customdata[0]}, picture %{customdata[1]}<extra></extra>",
        row=2,
        col=1,
    )
    for data, bar, row, column in ((sizes, "y", 1, 1), (values, "x", 2, 2)):
        edges, numbers = _bins(data, weights)
        middle = (edges[:-1] + edges[1:]) / 2
        along = "x" if bar == "y" else "y"
        figure.add_bar(
            **{along: middle, bar: numbers},
            width=np.diff(edges),
            orientation="v" if bar == "y" else "h",
            marker={"color": BARS, "line": {"width": 0}},
            hovertemplate=f"%{{{along}:.4g}}: %{{{bar}:.4~g}} particles<extra></extra>",
            row=row,
            col=column,
        )
    bare = {"showticklabels": False, "ticks": "", "showgrid": False, "showline": False}
    figure.update_yaxes(**bare, row=1, col=1)
    figure.update_xaxes(**bare, row=2, col=2)
    if len(shown) < len(table):
        _annotate(figure, f"{len(shown):,} of {len(table):,} particles drawn", x=0, xanchor="left")
    return figure


def shapes_plot(assessment: Assessment) -> go.Figure:
    """The distributions of all shapes of `SHAPES` by number, each with its median."""
    figure = make_subplots(rows=2, cols=2, vertical_spacing=0.24, horizontal_spacing=0.14)
    _style(figure, assessment, height=380)
    figure.update_layout(showlegend=False)
    _, weights = _sizes(assessment)
    for number, (shape, name) in enumerate(SHAPES.items()):
        place = {"row": number // 2 + 1, "col": number % 2 + 1}
        figure.update_xaxes(title_text=name, **place)
        values = assessment.particles[shape].to_numpy(np.float64)
        if not values.size:
            continue
        edges, numbers = _bins(values, weights)
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=numbers,
            width=np.diff(edges),
            marker={"color": BARS, "line": {"width": 0}},
            hovertemplate="%{x:.3f}: %{y:.4~g} particles<extra></extra>",
            **place,
        )
        median = float(assessment.shapes.loc[shape, "median"])
        figure.add_scatter(
            x=[median, median],
            y=[0, 1.08 * numbers.max()],
            mode="lines+text",
            line={"color": FIT, "width": 2, "dash": "dash"},
            text=["", f"median {median:.3f}"],
            textposition="top left" if median > np.mean(edges[[0, -1]]) else "top right",
            hoverinfo="skip",
            **place,
        )
        figure.update_yaxes(range=[0, 1.3 * numbers.max()], **place)
    numbers = "Particles" if assessment.weights is None else "Weighted number"
    figure.update_yaxes(title={"text": numbers, "font": {"size": 13}}, col=1)
    return figure if len(assessment.particles) else _without_particles(figure)


# -- parts -----------------------------------------------------------------------------------


def _figure(assessment: Assessment, height: int) -> go.Figure:
    figure = go.Figure()
    _style(figure, assessment, height)
    return figure


def _style(figure: go.Figure, assessment: Assessment, height: int) -> None:
    figure.update_layout(template=template(), height=height)
    if assessment.assumed:
        # At the bottom, where no legend that wraps can cover it.
        figure.update_layout(
            title={
                "text": f"<b>{ASSUMED}</b>",
                "font": {"color": WARNING, "size": 14},
                **{"x": 1, "xanchor": "right", "pad": {"r": 8, "b": 4}},
                **{"y": 0, "yanchor": "bottom", "yref": "container"},
            },
            margin={"b": 76},
            height=height + 24,
        )


def _annotate(figure: go.Figure, text: str, **look) -> None:
    place = {"y": 1, "yanchor": "bottom", "xref": "paper", "yref": "paper", "showarrow": False}
    figure.add_annotation(text=text, **{**place, **look})


def _without_particles(figure: go.Figure, text: str = "no particles counted") -> go.Figure:
    _annotate(figure, text, x=0.5, y=0.5)
    figure.update_xaxes(showticklabels=False, ticks="", showgrid=False)
    figure.update_yaxes(showticklabels=False, ticks="", showgrid=False)
    return figure


def _sizes(assessment: Assessment) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sizes of the measurand (n,) and weights by number (n,), in the order of the table."""
    sizes = assessment.particles[f"{assessment.size}_{assessment.unit}"].to_numpy(np.float64)
    weights = assessment.weights
    return sizes, np.ones_like(sizes) if weights is None else weights


def _size_title(assessment: Assessment) -> str:
    return f"{assessment.size_name} ({assessment.unit})"


def _count_title(assessment: Assessment) -> str:
    return "Particles" if assessment.weights is None else "Particles, edge-corrected"


def _bins(
    values: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    edges = histogram_edges(values)
    if len(edges) > MOST_BINS + 1:
        edges = histogram_edges(values, bins=MOST_BINS)
    return edges, np.histogram(values, edges, weights=weights)[0]


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
    """Q0 on the right axis; on it D10, D50 and D90, each dropped to the axis of sizes."""
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
    for share, interval in ((10, intervals.d10), (50, intervals.d50), (90, intervals.d90)):
        text = f"D{share} = {interval.value:.4g} {unit}"
        known = math.isfinite(interval.low)
        limits = f"<br>{interval.low:.4g} to {interval.high:.4g} {unit} (95 %)" if known else ""
        figure.add_scatter(
            x=[interval.value, interval.value],
            y=[0, share],
            yaxis="y2",
            mode="lines+markers+text",
            line={"color": GREY, "width": 1, "dash": "dot"},
            marker={"color": GREY, "size": [0, 7]},
            text=["", f"D{share}"],
            textposition="bottom right",
            hovertemplate=f"{text}{limits}<extra></extra>",
            showlegend=False,
        )


def _size_axis(figure: go.Figure, values: ArrayLike, log: bool, axis: str) -> None:
    """Room for `values`; on a logarithmic axis, ticks at round sizes."""
    low, high = float(np.min(values)), float(np.max(values))
    if not log:
        margin = 0.02 * (high - low) or 0.5
        figure.update_layout({axis: {"range": [low - margin, high + margin]}})
        return
    margin = (high / low) ** 0.03 if high > low else 1.1
    low, high = low / margin, high * margin
    look = {"type": "log", "range": [math.log10(low), math.log10(high)]}
    ticks = _log_ticks(low, high)
    look |= {"tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}
    figure.update_layout({axis: look})


def _log_ticks(low: float, high: float) -> list[float]:
    """Some four to ten round sizes between `low` and `high`, spread over a logarithmic axis."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5, 7)):
        ticks = [digit * 10.0**power for power in powers for digit in digits]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) >= 4:
            return ticks[:: math.ceil(len(ticks) / 10)]
    ticks = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high).tolist()
    return [tick for tick in ticks if low <= tick <= high]


def _ends(ratios: dict[float, NDArray[np.float64]]) -> list[float]:
    """The least and the greatest ratio, or the only one beside 1."""
    return [min(ratios), max(ratios)] if len(ratios) > 1 else sorted([*ratios, 1.0])


def _band_hover(ratio: float, unit: str) -> str:
    return f"threshold %{{x:.2f}}: D50 %{{y:.4g}} {unit}<br>rescale ratio {ratio:g}<extra></extra>"
