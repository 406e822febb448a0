"""One click inside the part of a particle that should be apart: where the cut runs.

The network need not have seen the seam. Two seeds, the click and the rest's own middle, are grown
against each other over the edges that the picture and the boundary map show (a watershed); where
they meet is the cut.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.graph import MCP_Geometric
from skimage.segmentation import watershed

from semseg.editing.places import pixel_at, recorded_line, seam_lines
from semseg.editing.suggestions import window_of
from semseg.instances.superpixels import edge_strengths
from semseg.operations import Split
from semseg.stages import Prepared, Segmentation

__all__ = ["cut_at"]

COST = 20.0  # how much longer a step over a sure edge is than one over plain ground
SEED = 0.1  # radius of the click's seed, diameters of the particle
NECK = 0.25  # how much the narrowest way counts beside the edges
SMOOTHING_PX = 1.0

Array = NDArray[np.float64]


def cut_at(
    segmentation: Segmentation, prepared: Prepared, label: int, place: tuple[float, float]
) -> Split | None:
    """The cut that parts what lies around a place from the rest of a particle.

    Parameters
    ----------
    place : (x, y)
        In px of the recorded image from the centre of its first pixel.

    Returns
    -------
    Split, or None where the place is not in the particle, or there is nothing to part.
    """
    pixel, window = pixel_at(segmentation.grid, place), window_of(segmentation, label)
    if pixel is None or window is None:
        return None
    mask = segmentation.label_image[window] == label
    row, column = pixel[0] - window[0].start, pixel[1] - window[1].start
    height, width = mask.shape
    if not (0 <= row < height and 0 <= column < width and mask[row, column]):
        return None
    walls = _walls(segmentation, prepared, window, mask)
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    middle = _middle_of_the_rest(mask, walls, depth, (row, column))
    diameter = float(np.sqrt(mask.sum()))
    y, x = np.ogrid[:height, :width]
    markers = np.zeros(mask.shape, np.int32)
    for name, (r, c) in enumerate((middle, (row, column)), start=1):
        reach = max(1.0, SEED * diameter)
        markers[((y - r) ** 2 + (x - c) ** 2 <= reach**2) & mask & (markers == 0)] = name
        markers[r, c] = name
    hills = walls - NECK * depth / max(float(depth.max()), 1.0)
    side = watershed(hills, markers, mask=mask) == 2
    lines = seam_lines(mask, side, SMOOTHING_PX)
    if not lines:
        return None
    grid = segmentation.grid
    return Split(label, tuple(recorded_line(line, window, grid) for line in lines))


def _walls(
    segmentation: Segmentation,
    prepared: Prepared,
    window: tuple[slice, slice],
    mask: NDArray[np.bool_],
) -> Array:
    """How sure an edge runs through each pixel of a window, 0..2: by the picture and the map."""
    grid = segmentation.grid
    rows, columns = (np.arange(side.start, side.stop) for side in window)
    x = grid.centres(np.column_stack([columns, np.zeros(len(columns))]))[:, 0] - grid.left
    y = grid.centres(np.column_stack([np.zeros(len(rows)), rows]))[:, 1] - grid.top
    at = np.meshgrid(y, x, indexing="ij")
    grey = ndimage.map_coordinates(prepared.image, at, np.float32, order=1, mode="nearest")
    (edges,) = edge_strengths(grey, mask, (1.0,))
    walls: Array = np.minimum(edges, 1.0).astype(np.float64)
    if segmentation.proposals is not None:
        boundary = segmentation.proposals.boundary
        times = -(-grid.network[0] // boundary.shape[0])
        top = max(int(rows[0]) // times - 2, 0)  # the rows that are asked for, and some around
        near = boundary[top : int(rows[-1]) // times + 3].astype(np.float32)
        y, x = (rows + 0.5) / times - 0.5 - top, (columns + 0.5) / times - 0.5
        at = np.meshgrid(y, x, indexing="ij")
        walls += ndimage.map_coordinates(near, at, order=1, mode="nearest")
    return walls


def _middle_of_the_rest(
    mask: NDArray[np.bool_], walls: Array, depth: Array, click: tuple[int, int]
) -> tuple[int, int]:
    """The place deep inside the mask that is farthest from a click over the walls between."""
    cost = np.where(mask, 1 + COST * walls, -1.0)
    far, _ = MCP_Geometric(cost).find_costs([click])
    far = np.where(mask & np.isfinite(far), far, 0.0)
    best = np.argmax(far * depth)
    row, column = np.unravel_index(best, mask.shape)
    return int(row), int(column)
