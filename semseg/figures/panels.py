"""The figure of an analysis: four panels, fit for a paper."""

from __future__ import annotations

import colorsys
import io
import math
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from semseg.analysis import Analysis
from semseg.display import DEFAULT, Display
from semseg.figures.contrast import display_range
from semseg.figures.histogram import (
    DOUBT,
    SMALL,
    TEXT,
    doubt_text,
    draw_histogram,
)
from semseg.figures.scale_bar import bar_length, length_text
from semseg.figures.states import ACCEPTED, NOT_COUNTED, REJECTED
from semseg.measure.area import rings
from semseg.scale.calibration import Calibration
from semseg.statistics.counting import decided_by_hand
from semseg.statistics.summary import summarise

if TYPE_CHECKING:
    from matplotlib.typing import LineStyleType, RcKeyType

__all__ = ["KINDS", "figure", "figure_bytes", "figure_png"]

# Of each kind, what would say when and with what it was made: the same figure, the same bytes.
KINDS = {
    "png": {"Software": None},
    "svg": {"Creator": None, "Date": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}
# SVG text as outlines looks the same without the font; PDF embeds it as TrueType, as journals ask.
VECTOR_STYLE: dict[RcKeyType, Any] = {
    "svg.hashsalt": "semseg",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
}

PAGE = 7.1  # inches, the width of two columns
GAP, TITLE, LEGEND, AXIS_LEFT, AXIS_BOTTOM = 0.14, 0.24, 0.26, 0.5, 0.42  # inches
STRIP = 0.17  # inches, below a picture, for its scale bar: within it might cover a printed one
HISTOGRAM_HEIGHT = 2.2  # inches, where it has a row of its own
MAX_ASPECT_STACKED, MIN_ASPECT_IN_A_ROW = 0.45, 1.6  # height / width of the picture
MAX_PANEL_HEIGHT = 8.0  # inches
DISPLAYED = 1600  # pixels along the longer side; a panel shows no more at 200 dpi
DASHES, REJECTED_WIDER = (0, (2.5, 0.8)), 1.6  # of rejected particles

# matplotlib's style belongs to the whole process, so one vector figure is written at a time.
_style_lock = threading.Lock()


def figure(analysis: Analysis, display: Display = DEFAULT) -> Figure:
    """Four panels fit for a paper, 180 mm wide: picture, segmentation, outlines, distribution.

    Parameters
    ----------
    analysis
        What was found.
    display
        What the histogram shows: in nanometres when calibrated, else in pixels. Its bins are those
        of all particles found, as on the page, so that they stay when the filter moves; only kept
        particles are drawn.

    Returns
    -------
    A figure with its own canvas. pyplot is not involved, so it can be made in any thread and
    needs no closing. The image panels show the analysed frame, without the label bar. A scale that
    was only assumed or proposed is marked above the histogram; of an assumed one no scale bar is
    drawn, beside that of a proposed one it says so.
    """
    height, width = analysis.grid.frame
    scale = analysis.calibration
    has_bars = scale is not None and not scale.assumed
    boxes, page_height = _layout(height / width, STRIP if has_bars else 0.0)
    page = Figure(figsize=(PAGE, page_height), facecolor="white")
    FigureCanvasAgg(page)
    panels = []
    for letter, (left, top, across, down) in zip("abcd", boxes, strict=True):
        position = (left / PAGE, 1 - (top + down) / page_height)
        axes = page.add_axes((*position, across / PAGE, down / page_height))
        titles = ("Initial image", "Segmentation", "Outlines", "Size distribution")
        above = partial(
            axes.annotate, xycoords="axes fraction", textcoords="offset points", va="bottom"
        )
        above(letter, (0, 1), (0, 3), fontsize=TEXT + 1, weight="bold")
        above(titles["abcd".index(letter)], (0, 1), (11, 3), fontsize=TEXT)
        panels.append(axes)

    top, left = analysis.crop.top, analysis.crop.left
    frame = analysis.grid.window
    _show(panels[0], _displayed_grey(analysis.micrograph.grey[frame]), top, left, height, width)
    _show(panels[1], _displayed_labels(analysis.labels[frame]), top, left, height, width)
    _show(panels[2], _displayed_grey(analysis.prepared.image), top, left, height, width)
    for axes in panels[:3]:
        _mask(axes, analysis)
    _draw_outlines(panels[2], analysis, STRIP / boxes[0][3] if has_bars else 0.0)
    if scale is not None and has_bars:
        for axes in panels[:3]:
            _draw_scale_bar(axes, scale, boxes[0][3])
    draw_histogram(panels[3], analysis, display)
    return page


def _mask(axes: Axes, analysis: Analysis) -> None:
    """Dim what a hand left out of the analysed area."""
    by_hand = analysis.segmentation.corrections
    for polygon in by_hand.masks if by_hand else ():
        axes.fill(*polygon.T, facecolor=(0, 0, 0, 0.5), linewidth=0)
        for ring in rings(polygon):
            axes.plot(*np.append(ring, ring[:1], axis=0).T, color="#ffe14d", linewidth=0.6)


def figure_bytes(
    analysis: Analysis, kind: str, display: Display = DEFAULT, dpi: float = 200
) -> bytes:
    """:func:`figure` as a file; the same figure gives the same bytes.

    Parameters
    ----------
    analysis, display
        As for :func:`figure`.
    kind
        ``png``, ``svg`` or ``pdf``. The last two are vector graphics, apart from the micrographs.
    dpi
        Pixels per inch, in vector graphics those of the micrographs.

    Raises
    ------
    ValueError
        Another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"A figure is made as {', '.join(KINDS)}, not as {kind!r:.20}.")
    page = figure(analysis, display)
    out = io.BytesIO()
    if kind == "png":
        page.savefig(out, format=kind, dpi=dpi, metadata=KINDS[kind])
    else:
        with _style_lock, matplotlib.rc_context(VECTOR_STYLE):
            page.savefig(out, format=kind, dpi=dpi, metadata=KINDS[kind])
    return out.getvalue()


def figure_png(analysis: Analysis, display: Display = DEFAULT, dpi: float = 200) -> bytes:
    """:func:`figure` as PNG."""
    return figure_bytes(analysis, "png", display, dpi)


def _layout(aspect: float, strip: float) -> tuple[list[tuple[float, float, float, float]], float]:
    """The four panels (left, top, width, height) and the height of the page, in inches, with a
    `strip` below each picture.

    Two by two; the three pictures above each other when much wider than high (`aspect` is height /
    width), side by side when much higher than wide, with the histogram in a row of its own.
    """
    columns = 1 if aspect < MAX_ASPECT_STACKED else 3 if aspect > MIN_ASPECT_IN_A_ROW else 2
    across = (PAGE - GAP * (columns + 1)) / columns
    down = min(max(across * aspect, 0.3), MAX_PANEL_HEIGHT)
    boxes = []
    for panel in range(3):
        row, column = divmod(panel, columns)
        left = GAP + column * (across + GAP)
        boxes.append((left, TITLE + row * (down + strip + TITLE + LEGEND / 2), across, down))
    if columns == 2:
        left, top, plot = boxes[1][0] + AXIS_LEFT - GAP, boxes[2][1], across - AXIS_LEFT + GAP
        boxes.append((left, top, plot, down + strip - AXIS_BOTTOM + LEGEND))
    else:
        top = boxes[2][1] + down + strip + LEGEND + TITLE
        boxes.append((AXIS_LEFT, top, PAGE - AXIS_LEFT - GAP, HISTOGRAM_HEIGHT))
    return boxes, boxes[3][1] + boxes[3][3] + AXIS_BOTTOM + 0.05


def _step(shape: tuple[int, ...]) -> int:
    """Recorded pixels per displayed pixel."""
    return max(1, math.ceil(max(shape) / DISPLAYED))


def _displayed_grey(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Block means of a grey picture, in the contrast of `display_range`: H' x W' float32, 0..1."""
    step = _step(grey.shape)
    padded = np.pad(grey, [(0, -side % step) for side in grey.shape], mode="edge")
    rows, columns = (side // step for side in padded.shape)
    small = padded.reshape(rows, step, columns, step).mean(axis=(1, 3), dtype=np.float32)
    low, high = display_range(small)
    stretched: NDArray[np.float32] = (small - low) / (high - low)
    return np.clip(stretched, 0, 1)


def _displayed_labels(labels: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Every label in a colour of its own on black: H' x W' x 3 uint8."""
    step = _step(labels.shape)
    # Steps of the golden ratio spread hues evenly, and give neighbouring ids far apart ones.
    ids = np.arange(int(labels.max(initial=0)) + 1)
    colours = [
        colorsys.hsv_to_rgb(i * 0.618034 % 1, 0.5 + 0.3 * (i % 2), 0.8 + 0.2 * (i % 3 > 0))
        for i in ids.tolist()
    ]
    colours[0] = (0, 0, 0)
    painted: NDArray[np.uint8] = np.round(255 * np.array(colours)).astype(np.uint8)
    return painted[labels[::step, ::step]]


def _show(
    axes: Axes, image: NDArray[np.generic], top: int, left: int, height: int, width: int
) -> None:
    """Show `image` over the frame, in recorded pixels, without ticks."""
    step = _step((height, width))
    right, bottom = left + image.shape[1] * step - 0.5, top + image.shape[0] * step - 0.5
    axes.imshow(image, cmap="gray", vmin=0, vmax=1, extent=(left - 0.5, right, bottom, top - 0.5))
    axes.set_xlim(left - 0.5, left + width - 0.5)
    axes.set_ylim(top + height - 0.5, top - 0.5)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_linewidth(0.5)


def _draw_outlines(axes: Axes, analysis: Analysis, strip: float) -> None:
    """The outlines of counted, not counted and rejected particles, and their key below them and
    below a `strip`, as a share of the height."""
    keys = []
    # Thin enough to leave the particles visible where they are small: 1/10 of their diameter.
    points = 72 * PAGE * axes.get_position().width / np.ptp(axes.get_xlim())
    diameter = summarise(analysis.particles["ecd_px"]).median * points
    width = float(np.nan_to_num(np.clip(diameter / 10, 0.35, 0.7), nan=0.8))
    is_kept, counts = (analysis.particles[name].astype(bool) for name in ("kept", "counted"))
    by_hand = (~is_kept & decided_by_hand(analysis.particles)).any()
    for name, state, chosen, line_width in (
        (ACCEPTED.name if (counts == is_kept).all() else "counted", ACCEPTED, counts, width),
        ("not counted", NOT_COUNTED, is_kept & ~counts, width),
        # What a person took out is not only possibly wrong.
        ("not kept" if by_hand else REJECTED.name, REJECTED, ~is_kept, REJECTED_WIDER * width),
    ):
        if state is NOT_COUNTED and not chosen.any():
            continue
        color = state.outline
        dashes: LineStyleType = DASHES if state.dashed else "solid"
        labels = analysis.particles["label"][chosen].tolist()
        lines = [analysis.outlines[i] for i in labels if i in analysis.outlines]
        closed = [np.concatenate((line, line[:1])) for line in lines]
        drawn = LineCollection(closed, linewidths=line_width, colors=color, linestyles=dashes)
        axes.add_collection(drawn, autolim=False)
        key = f"{name} ({len(labels)})"
        keys.append(Line2D([], [], color=color, linestyle=dashes, linewidth=1.4, label=key))
    axes.legend(
        handles=keys,
        loc="upper left",
        bbox_to_anchor=(0, -strip),
        borderaxespad=0.3,
        borderpad=0.2,
        ncols=3,
        handlelength=1.6,
        columnspacing=1.2,
        fontsize=SMALL,
        frameon=False,
    )


def _draw_scale_bar(axes: Axes, scale: Calibration, down: float) -> None:
    """A bar of round length, about a fifth of the width, in the strip below a picture that is
    `down` inches high."""
    first, last = axes.get_xlim()
    length_nm = bar_length((last - first) * scale.pixel_size_nm)
    left = 1 - length_nm / scale.pixel_size_nm / (last - first)
    middle, thick = -STRIP / 2 / down, 0.04 / down
    bar = Rectangle((left, middle - thick / 2), 1 - left, thick, fc="black", ec="none")
    bar.set(transform=axes.transAxes, clip_on=False)
    axes.add_patch(bar)
    write = partial(
        axes.annotate,
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=SMALL,
        weight="bold",
        va="center",
    )
    write(length_text(length_nm), (left, middle), (-4, 0), ha="right")
    if scale.doubt:
        write(doubt_text(scale.doubt), (0, middle), (0, 0), color=DOUBT)
