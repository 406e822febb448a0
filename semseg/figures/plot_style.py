"""The one quiet style of all plots: colours, empty figures, marks, and axes of sizes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from semseg.figures.histogram import doubt_text
from semseg.figures.states import ACCEPTED
from semseg.figures.ticks import log_ticks
from semseg.metrology.assessment import Assessment

__all__ = [
    "BARS",
    "FAINT",
    "FIT",
    "GREY",
    "SHADE",
    "annotate",
    "counted_sizes",
    "empty_figure",
    "restyle",
    "size_axis",
    "size_title",
    "template",
    "without_particles",
]

# Light, dark and middle: distinct in grey print too, and each seen on white and on black. What
# counts has the green of the view.
BARS, FIT, GREY, WARNING = ACCEPTED.pale, "#c2501c", "#7f7f7f", "#d13438"
SHADE, FAINT = "rgba(121,206,166,0.35)", "rgba(127,127,127,0.14)"


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


def empty_figure(assessment: Assessment, height: int) -> go.Figure:
    """A figure in this style without traces, so many pixels high."""
    figure = go.Figure()
    restyle(figure, assessment, height)
    return figure


def restyle(figure: go.Figure, assessment: Assessment, height: int) -> None:
    """Give a figure the style, a height in pixels, and the mark of a scale that is not certain."""
    figure.update_layout(template=template(), height=height)
    if assessment.scale_doubt:
        # At the bottom, where no legend that wraps can cover it.
        figure.update_layout(
            title={
                "text": f"<b>{doubt_text(assessment.scale_doubt)}</b>",
                "font": {"color": WARNING, "size": 14},
                **{"x": 1, "xanchor": "right", "pad": {"r": 8, "b": 4}},
                **{"y": 0, "yanchor": "bottom", "yref": "container"},
            },
            margin={"b": 76},
            height=height + 24,
        )


def annotate(figure: go.Figure, text: str, **look: Any) -> None:
    """A text in the plot's own coordinates, 0 ... 1, on its upper edge unless `look` says more."""
    place = {"y": 1, "yanchor": "bottom", "xref": "paper", "yref": "paper", "showarrow": False}
    figure.add_annotation(text=text, **{**place, **look})


def without_particles(figure: go.Figure, text: str = "no particles counted") -> go.Figure:
    """The figure with a text in the place of what cannot be drawn."""
    annotate(figure, text, x=0.5, y=0.5)
    figure.update_xaxes(showticklabels=False, ticks="", showgrid=False)
    figure.update_yaxes(showticklabels=False, ticks="", showgrid=False)
    return figure


def counted_sizes(assessment: Assessment) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sizes of the measurand (n,) and weights by number (n,), in the order of the table."""
    sizes = assessment.particles[f"{assessment.size}_{assessment.unit}"].to_numpy(np.float64)
    weights = assessment.weights
    return sizes, np.ones_like(sizes) if weights is None else weights


def size_title(assessment: Assessment) -> str:
    """The measurand with its unit, for an axis."""
    return f"{assessment.size_name} ({assessment.unit})"


def size_axis(figure: go.Figure, values: ArrayLike, log: bool, axis: str) -> None:
    """A range that holds `values`; on a logarithmic axis, ticks at round sizes."""
    low, high = float(np.min(values)), float(np.max(values))
    if not log:
        margin = 0.02 * (high - low) or 0.5
        figure.update_layout({axis: {"range": [low - margin, high + margin]}})
        return
    margin = (high / low) ** 0.03 if high > low else 1.1
    low, high = low / margin, high * margin
    look = {"type": "log", "range": [math.log10(low), math.log10(high)]}
    ticks = log_ticks(low, high, 4, 10)
    look |= {"tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}
    figure.update_layout({axis: look})
