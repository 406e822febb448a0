"""A particle that was missed altogether: the network looks again, closely, where a person clicks.

The crop around the click is seen at the factor used, at twice and at half of it, and what is found
there at the click is taken where other particles leave room for it. So a particle far from the size
of the others comes out at its own.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from semseg.editing.places import outline_of, pixel_at, recorded_line
from semseg.inference.segmenter import Segmenter
from semseg.instances.coefficients import thresholds_of
from semseg.instances.confidence import confidence
from semseg.instances.particles import find_particles
from semseg.measure.grid import Grid
from semseg.operations import Add, Line
from semseg.preprocessing.preparation import resize, square_pixels
from semseg.stages import Prepared, Segmentation

__all__ = ["look_again"]

RATIOS = (1.0, 2.0, 0.5)  # to the factor used
SIDE_PX = 384  # of the crop as the network sees it
LEVELS = (1.0, 0.5)  # of the foreground's threshold: what is faint may lie below it
MAX_SHARE = 0.5  # of the crop: more is no particle, but the ground
MAX_TAKEN = 0.3  # share that other particles have
MIN_SIDE_PX = 32
SMOOTHING_PX = 1.0


def look_again(
    segmentation: Segmentation, prepared: Prepared, segmenter: Segmenter, place: tuple[float, float]
) -> Add | None:
    """What the network finds at a place when it looks at that place alone; None for nothing.

    Parameters
    ----------
    place : (x, y)
        In px of the recorded image from the centre of its first pixel.
    """
    if pixel_at(segmentation.grid, place) is None:
        return None
    best: tuple[float, Line] | None = None
    for ratio in RATIOS:
        for found in _at(segmentation, prepared, segmenter, place, ratio):
            if best is None or found[0] > best[0]:
                best = found
    return None if best is None else Add(best[1])


def _at(
    segmentation: Segmentation,
    prepared: Prepared,
    segmenter: Segmenter,
    place: tuple[float, float],
    ratio: float,
) -> list[tuple[float, Line]]:
    """Confidence and outline of what lies at the place, at a ratio to the factor used."""
    model, grid = segmenter.info, segmentation.grid
    factor = segmentation.rescale * ratio
    half = max(MIN_SIDE_PX, round(SIDE_PX / factor / 2))
    x, y = round(place[0]) - grid.left, round(place[1]) - grid.top
    top, left = max(y - half, 0), max(x - half, 0)
    crop = prepared.image[top : y + half, left : x + half]
    square = square_pixels(crop, prepared.pixel_aspect)
    if min(square.shape) * factor < MIN_SIDE_PX:
        return []
    image = resize(square, factor, model.reduction)
    maps = segmenter.predict(image)
    usual = thresholds_of(model)
    found = []
    for level in LEVELS:
        thresholds = replace(usual, foreground=usual.foreground * level)
        seen = find_particles(maps, image, thresholds)
        near = Grid(grid.recorded, crop.shape, seen.labels.shape, grid.top + top, grid.left + left)
        pixel = pixel_at(near, place)
        label = int(seen.labels[pixel]) if pixel else 0
        if label == 0:
            continue
        mask = seen.labels == label
        if mask.mean() > MAX_SHARE or _taken(segmentation, near, mask) > MAX_TAKEN:
            continue
        outline = outline_of(mask, SMOOTHING_PX)
        if outline is not None:
            sure = float(confidence(seen.features, model.confidence)[label - 1])
            window = (slice(0, mask.shape[0]), slice(0, mask.shape[1]))
            found.append((sure, recorded_line(outline, window, near)))
    return found


def _taken(segmentation: Segmentation, near: Grid, mask: np.ndarray) -> float:
    """The share of a mask that lies where particles are."""
    rows, columns = np.nonzero(mask)
    places = near.corners(np.column_stack([columns + 0.5, rows + 0.5]))
    column, row = np.floor(segmentation.grid.to_network(places)).astype(int).T
    height, width = segmentation.label_image.shape
    row, column = np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)
    top, left = row.min(), column.min()
    there = segmentation.label_image[top : row.max() + 1, left : column.max() + 1]
    return float((there[row - top, column - left] > 0).mean())
