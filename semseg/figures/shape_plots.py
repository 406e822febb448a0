"""Figures of the shapes of the counted particles; public through `semseg.figures.plots`."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from semseg.figures.plot_style import (
    BARS,
    FIT,
    GREY,
    annotate,
    counted_sizes,
    restyle,
    size_title,
    without_particles,
)
from semseg.measure.quantities import SHAPES
from semseg.metrology.assessment import Assessment
from semseg.statistics.summary import histogram_edges

__all__ = ["MAX_POINTS", "shape_plot", "shapes_plot"]

MAX_POINTS = 4000  # of one scatter plot; a browser draws more of them too slowly
MAX_BINS = 30  # of a marginal histogram


def shape_plot(assessment: Assessment, shape: str = "aspect_ratio") -> go.Figure:
    """Every counted particle by size and shape, with the histogram of each at the side.

    Parameters
    ----------
    shape
        A key of `semseg.measure.quantities.SHAPES`.

    Returns
    -------
    Above `MAX_POINTS` particles, evenly picked ones are drawn, and the figure says how many; the
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
    restyle(figure, assessment, height=410)
    figure.update_layout(showlegend=False, bargap=0)
    figure.update_xaxes(title_text=size_title(assessment), row=2, col=1)
    figure.update_yaxes(title_text=SHAPES[shape].name, row=2, col=1)
    sizes, weights = counted_sizes(assessment)
    if not sizes.size:
        return without_particles(figure)
    table = assessment.particles
    values = table[shape].to_numpy(np.float64)
    picked = np.unique(np.linspace(0, len(table) - 1, min(len(table), MAX_POINTS)).astype(int))
    shown = table.iloc[picked]
    figure.add_scatter(
        x=sizes[picked],
        y=values[picked],
        mode="markers",
        marker={"color": BARS, "size": 6, "opacity": 0.8, "line": {"color": GREY, "width": 0.6}},
        customdata=np.column_stack((shown["label"], shown["picture"] + 1)),
        hovertemplate=f"%{{x:.4g}} {assessment.unit}, {SHAPES[shape].name.lower()} %{{y:.3f}}<br>"
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
            hovertemplate=f"%{{{along}:.4g}}: %{{{bar}:.6~r}} particles<extra></extra>",
            row=row,
            col=column,
        )
    bare = {"showticklabels": False, "ticks": "", "showgrid": False, "showline": False}
    figure.update_yaxes(**bare, row=1, col=1)
    figure.update_xaxes(**bare, row=2, col=2)
    if len(shown) < len(table):
        annotate(figure, f"{len(shown):,} of {len(table):,} particles drawn", x=0, xanchor="left")
    return figure


def shapes_plot(assessment: Assessment) -> go.Figure:
    """The distributions of all shapes of `SHAPES` by number, two in a row, each with its median."""
    rows = math.ceil(len(SHAPES) / 2)
    figure = make_subplots(rows=rows, cols=2, vertical_spacing=0.48 / rows, horizontal_spacing=0.14)
    restyle(figure, assessment, height=190 * rows)
    figure.update_layout(showlegend=False)
    _, weights = counted_sizes(assessment)
    for number, (shape, quantity) in enumerate(SHAPES.items()):
        place = {"row": number // 2 + 1, "col": number % 2 + 1}
        figure.update_xaxes(title_text=quantity.name, **place)
        values = assessment.particles[shape].to_numpy(np.float64)
        if not values.size:
            continue
        edges, numbers = _bins(values, weights)
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=numbers,
            width=np.diff(edges),
            marker={"color": BARS, "line": {"width": 0}},
            hovertemplate=f"%{{x:.{quantity.decimals}f}}: %{{y:.6~r}} particles<extra></extra>",
            **place,
        )
        median = float(assessment.shapes["median"][shape])
        figure.add_scatter(
            x=[median, median],
            y=[0, 1.08 * numbers.max()],
            mode="lines+text",
            line={"color": FIT, "width": 2, "dash": "dash"},
            text=["", f"median {median:.{quantity.decimals}f}"],
            textposition="top left" if median > np.mean(edges[[0, -1]]) else "top right",
            hoverinfo="skip",
            **place,
        )
        figure.update_yaxes(range=[0, 1.3 * numbers.max()], **place)
    counted = "Particles" if assessment.weights is None else "Weighted number"
    figure.update_yaxes(title={"text": counted, "font": {"size": 13}}, col=1)
    return figure if len(assessment.particles) else without_particles(figure)


def _bins(
    values: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edges (m + 1,) of at most `MAX_BINS` bins, and the sum of weights in each (m,)."""
    edges = histogram_edges(values)
    if len(edges) > MAX_BINS + 1:
        edges = histogram_edges(values, bins=MAX_BINS)
    return edges, np.histogram(values, edges, weights=weights)[0]
