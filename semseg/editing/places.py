"""Between places in the recorded image and pixels of the network, for what is suggested."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import approximate_polygon, find_contours

from semseg.measure.grid import Grid
from semseg.measure.label_image import Window
from semseg.operations import Line, Mask

__all__ = ["outline_of", "outside", "pixel_at", "recorded_line", "seam_lines"]

Bits = NDArray[np.bool_]
Points = NDArray[np.float64]

TOLERANCE_PX = 0.3  # of the network: lines with fewer points run this near to the full ones
MIN_LENGTH_PX = 3.0


def pixel_at(grid: Grid, place: tuple[float, float]) -> tuple[int, int] | None:
    """Row and column of the network at a place in the recorded image, (x, y) px from the centre of
    the first pixel; None outside the analysed frame."""
    column, row = np.floor(grid.to_network([[place[0] + 0.5, place[1] + 0.5]])[0]).astype(int)
    height, width = grid.network
    inside = 0 <= row < height and 0 <= column < width
    return (int(row), int(column)) if inside else None


def outside(grid: Grid, mask: Mask) -> Mask:
    """What of the analysed frame lies outside of a mask, as one polygon: around the frame, and back
    round the mask through a gap without width."""
    left, top = grid.left - 1.5, grid.top - 1.5
    right, bottom = grid.left + grid.frame[1] + 0.5, grid.top + grid.frame[0] + 0.5
    frame = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
    x, y = np.array(mask.polygon).T
    # against the frame's sense, so that it is a hole by either rule of filling
    clockwise = (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() > 0
    hole = mask.polygon[::-1] if clockwise else mask.polygon
    return Mask((*frame, *hole, hole[0], (left, top)))


def recorded_line(points: Points, window: Window, grid: Grid) -> Line:
    """Points (n, 2), (row, column) from the centre of the window's first pixel, as a line in the
    recorded image."""
    corner = np.array([window[1].start, window[0].start]) + 0.5
    places = grid.corners(points[:, ::-1] + corner) - 0.5
    return tuple((float(x), float(y)) for x, y in places)


def seam_lines(mask: Bits, side: Bits, smoothing_px: float) -> list[Points]:
    """The lines between the part `side` of a mask and the rest of it: (n, 2), (row, column).

    The staircase between pixels is smoothed; ends lie within the mask, as `Split` leads them on.
    """
    if smoothing_px > 0:
        weight = ndimage.gaussian_filter(mask.astype(np.float64), smoothing_px)
        part = ndimage.gaussian_filter((side & mask).astype(np.float64), smoothing_px)
        field = part / np.maximum(weight, 1e-9)
    else:
        field = (side & mask).astype(np.float64)
    lines = find_contours(field, 0.5, mask=mask)
    return [approximate_polygon(line, TOLERANCE_PX) for line in lines if _long(line)]


def outline_of(mask: Bits, smoothing_px: float) -> Points | None:
    """The longest outline of a mask, (n, 2), (row, column); None where it has none."""
    margin = int(np.ceil(3 * smoothing_px)) + 2
    field = np.pad(mask, margin).astype(np.float64)
    if smoothing_px > 0:
        field = ndimage.gaussian_filter(field, smoothing_px)
    lines = [line for line in find_contours(field, 0.5) if _long(line)]
    if not lines:
        return None
    longest = max(lines, key=_length)
    outline: Points = approximate_polygon(longest, TOLERANCE_PX) - margin
    return outline


def _length(line: Points) -> float:
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def _long(line: Points) -> bool:
    return len(line) > 1 and _length(line) >= MIN_LENGTH_PX
