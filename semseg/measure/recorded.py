"""What was found on the network's grid, on the grid of the recorded image: labels, outlines, sizes.

Sizes are measured where they are sharp, on the network's grid, and put into recorded pixels here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.bands import Band, Progress, bands, in_order
from semseg.measure.grid import Grid
from semseg.measure.quantities import in_recorded_pixels
from semseg.measure.tracing import trace

__all__ = [
    "Labels",
    "measure_particles",
    "on_recorded_grid",
    "recorded_labels",
    "recorded_outlines",
]

Labels = NDArray[np.int32]


def measure_particles(shapes: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    """Sizes on the network's grid, put into pixels of the recorded image.

    Parameters
    ----------
    shapes : DataFrame
        As `semseg.measure.shape.measure_shapes` gives it, on the grid the network saw.
    grid : Grid

    Returns
    -------
    pandas.DataFrame
        Lengths renamed to ``x_px``, ``area_px``, ``ecd_px``, ...; positions count from
        the centre of the first pixel of the recorded image. Of the bounding boxes only
        ``box_width_px`` and ``box_height_px`` remain, the Feret diameters along the sides of
        the frame.
    """
    vertical, horizontal = grid.scale
    converted = shapes.drop(columns=shapes.filter(regex="^bbox_").columns)
    converted[["x", "y"]] = grid.centres(shapes[["x", "y"]])
    converted["box_width_px"] = (shapes["bbox_right"] - shapes["bbox_left"]) / horizontal
    converted["box_height_px"] = (shapes["bbox_bottom"] - shapes["bbox_top"]) / vertical
    converted = in_recorded_pixels(converted, grid.mean_scale)
    return converted.rename(columns={"x": "x_px", "y": "y_px"})


def recorded_outlines(
    labels: Labels, grid: Grid, progress: Progress | None = None
) -> dict[int, NDArray[np.float64]]:
    """The outline of every particle, by label: a closed polygon n x 2, (x, y) in recorded px from
    the centre of the first pixel, along the edges of the network's pixels; the first vertex is not
    repeated. It encloses the particle's ``area_px``. `progress` is called with the share done."""
    traced = trace(labels, progress)
    points = grid.corners(traced.points + 0.5) - 0.5
    pieces = np.split(points, traced.ends[:-1]) if len(traced.ends) else []
    return dict(zip(traced.labels.tolist(), pieces, strict=True))


def recorded_labels(labels: Labels, grid: Grid) -> Labels:
    """The label image at the size of the whole recorded image, 0 where it was cropped."""
    recorded = np.zeros(grid.recorded, np.int32)
    recorded[grid.window] = on_recorded_grid(labels, grid.frame)
    return recorded


def on_recorded_grid(labels: Labels, shape: tuple[int, int]) -> Labels:
    """The label image at the size of the recorded picture (nearest neighbour).

    A particle too small to meet the centre of a recorded pixel gets one of the pixels it
    lies in, of the background or of a particle that has others, so that none is lost.
    """
    if labels.shape == shape:
        return labels
    rows = ((np.arange(shape[0]) + 0.5) * labels.shape[0] / shape[0]).astype(int)
    columns = ((np.arange(shape[1]) + 0.5) * labels.shape[1] / shape[1]).astype(int)
    result = np.empty(shape, np.int32)
    count = int(labels.max(initial=0))

    def look(band: Band) -> NDArray[np.int64]:
        result[band.own] = labels[rows[band.own]][:, columns]
        return np.bincount(result[band.own].ravel(), minlength=count + 1)

    areas = np.zeros(count + 1, np.int64)
    for counts in in_order(look, bands(shape)):
        areas += counts
    for label in (np.flatnonzero(areas[1:] == 0) + 1).tolist():
        inside = np.argwhere(labels == label)
        for row, column in (inside * np.array(shape) // labels.shape).tolist():
            occupant = result[row, column]
            if occupant == 0 or areas[occupant] > 1:
                areas[occupant] -= 1
                result[row, column] = label
                break
    return result
