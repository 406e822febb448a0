"""The figures of docs/validation.md: small, and readable in grey print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from training.evaluate import INKS as INKS_OF_OVERLAY
from training.metrics import Reliability
from training.validation_result import Result

INKS, MARKS = ("#1f4e8c", "#c2501c", "#5f8f3a"), ("o", "s", "^")
PANEL_PX, CAPTION_PX = 420, 22
GREYS = 40  # of a picture with outlines: enough to look at, a third of the bytes


def draw_reliability(sets: Mapping[str, Reliability], path: Path) -> None:
    """Share that was right against mean confidence, in tenths; areas go with counts."""
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#7f7f7f", lw=1)
    for (name, found), ink, mark in zip(sets.items(), INKS, MARKS, strict=False):
        area = 15 + 250 * found.count / max(found.count.sum(), 1)
        axes.plot(found.said, found.was, color=ink, lw=1)
        axes.scatter(found.said, found.was, area, color=ink, marker=mark, label=name, alpha=0.8)
    axes.set(xlabel="mean confidence", ylabel="share that was right", xlim=(0, 1), ylim=(0, 1))
    legend = axes.legend(frameon=False, loc="upper left")
    for handle in legend.legend_handles:
        handle.set_sizes([40])
    figure.savefig(path, dpi=90)


def draw_sizes(sets: Mapping[str, pd.DataFrame], path: Path) -> None:
    """Median min Feret of each picture, found against true; columns ``true px``, ``found px``."""
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    sizes = np.concatenate([t[["true px", "found px"]].to_numpy().ravel() for t in sets.values()])
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    ends = np.array([0.8 * sizes.min(), 1.25 * sizes.max()])
    axes.plot(ends, ends, color="#7f7f7f", lw=1)
    axes.fill_between(ends, 0.9 * ends, 1.1 * ends, color="#7f7f7f", alpha=0.2, lw=0, label="10 %")
    for (name, table), ink, mark in zip(sets.items(), INKS, MARKS, strict=False):
        axes.scatter(table["true px"], table["found px"], 18, color=ink, marker=mark, label=name,
                     alpha=0.7, lw=0)  # fmt: skip
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends,
             xlabel="true median min Feret, px", ylabel="found, px")  # fmt: skip
    axes.legend(frameon=False)
    figure.savefig(path, dpi=90)


def draw_overlays(result: Result, path: Path, overlay: Callable) -> None:
    """Of the best, the typical and the worst picture of a set that part where the particles are,
    side by side."""
    order = result.kept["F1@0.5"].sort_values(ascending=False).index
    chosen = {"best": order[0], "typical": order[len(order) // 2], "worst": order[-1]}
    sheet = Image.new("RGB", (3 * PANEL_PX, PANEL_PX + CAPTION_PX), "white")
    for column, (name, index) in enumerate(chosen.items()):
        panel = overlay(result.pictures[index], result.analyses[index])
        left, top = _where_particles_are(result.pictures[index].labels, panel.size)
        part = panel.crop((left, top, left + PANEL_PX - 6, top + PANEL_PX))
        sheet.paste(part, (column * PANEL_PX, CAPTION_PX))
        words = f"{name}: F1 {result.kept['F1@0.5'][index]:.2f}"
        ImageDraw.Draw(sheet).text((column * PANEL_PX + 2, 4), words, fill="black", font_size=13)
    greys = np.repeat(np.linspace(0, 255, GREYS).astype(np.uint8), 3).tolist()
    palette = Image.new("P", (1, 1))
    palette.putpalette(greys + [channel for ink in INKS_OF_OVERLAY for channel in ink])
    sheet.quantize(palette=palette, dither=Image.Dither.NONE).save(path, optimize=True)


def _where_particles_are(labels: np.ndarray, size: tuple[int, int]) -> tuple[int, int]:
    """Left and top, px of a panel of this (width, height), of a square about the median pixel of
    the particles; all of it on the panel where that is large enough."""
    rows, columns = np.nonzero(labels)
    sides = np.array(labels.shape[::-1])
    middle = np.array([np.median(columns), np.median(rows)]) if len(rows) else sides / 2
    spare = np.array(size) - PANEL_PX
    corner = np.clip(middle * size / sides - PANEL_PX / 2, 0, np.maximum(spare, 0))
    # a panel that is too small comes into the middle
    left, top = np.where(spare > 0, corner, spare / 2).astype(int).tolist()
    return left, top
