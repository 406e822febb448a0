"""Outlines with fewer vertices, for the view: all of them at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from semseg.bands import each

__all__ = ["simplified"]

Points = NDArray[np.float64]  # (n, 2), x and y
Indices = NDArray[np.int64]

TOGETHER = 1 << 16  # vertices that are looked at together: what comes in between stays in the cache


def simplified(
    corners: Points, counts: Indices, pixel: float
) -> tuple[NDArray[np.float32], Indices]:
    """Polygons along the edges of pixels, with fewer vertices.

    Corners are cut half a pixel from each, which turns a staircase into the line that halves its
    steps; vertices within a quarter of a pixel of the line through the others are then left out
    (Douglas and Peucker, Cartographica 10 (1973) 112).

    Parameters
    ----------
    corners : (n, 2)
        Vertices of closed polygons of horizontal and vertical edges, one polygon behind the other,
        the first vertex not repeated.
    counts : (k,) int64
        How many vertices each has.
    pixel : float
        How long the side of a pixel is, at most, in the unit of `corners`.

    Returns
    -------
    corners, counts
        Likewise; what has less than three vertices is left as it is.
    """
    filled = counts > 2
    of_filled = np.repeat(filled, counts)
    inside, sizes = corners[of_filled], counts[filled]
    edge = _next(inside, sizes) - inside
    length = np.abs(edge).max(axis=1)
    pixel = float(length[length > 1e-6].min(initial=pixel))
    cut = edge * (np.minimum(length, pixel) / np.maximum(length, 1e-12) / 2)[:, None]

    def simplify(some: slice) -> tuple[NDArray[np.float32], Indices]:
        part = slice(int(sizes[: some.start].sum()), int(sizes[: some.stop].sum()))
        start, shift, each_size = inside[part], cut[part], sizes[some]
        halves = np.stack([start + shift, _next(start, each_size) - shift], axis=1).reshape(-1, 2)
        points, keep = _closed(halves, 2 * each_size)
        keep = _douglas_peucker(points, keep, tolerance=0.25 * min(pixel, 4.0))
        # each piece of `points` repeats its first vertex at its end, which is not drawn twice
        lasts = np.cumsum(2 * each_size + 1) - 1
        keep[lasts] = False
        return points[keep].astype(np.float32), np.diff(np.cumsum(keep)[lasts], prepend=0)

    limits = np.searchsorted(np.cumsum(sizes), np.arange(0, len(inside), TOGETHER), "right")
    limits = np.unique(np.append(limits, len(sizes)))
    parts = each(simplify, map(slice, limits[:-1].tolist(), limits[1:].tolist()))
    new_counts = counts.copy()
    new_counts[filled] = np.concatenate([np.zeros(0, int), *(size for _, size in parts)])
    result = np.empty((new_counts.sum(), 2), np.float32)
    of_filled_now = np.repeat(filled, new_counts)
    result[of_filled_now] = np.concatenate([np.zeros((0, 2)), *(points for points, _ in parts)])
    result[~of_filled_now] = corners[~of_filled]
    return result, new_counts


def _next(points: Points, counts: Indices) -> Points:
    """Of every vertex of closed polygons the one that follows."""
    ends = np.cumsum(counts)
    following = np.roll(points, -1, axis=0)
    following[ends - 1] = points[ends - counts]
    return following


def _closed(points: Points, counts: Indices) -> tuple[Points, NDArray[np.bool_]]:
    """Each piece with its first point again at its end, and which points surely stay.

    Those are the first, the last, and the one that is farthest from the first.
    """
    starts = np.cumsum(counts) - counts
    closed = np.insert(points, starts + counts, points[starts], axis=0)
    begins = starts + np.arange(len(counts))
    owner = np.repeat(np.arange(len(counts)), counts + 1)
    distance = ((closed - closed[begins][owner]) ** 2).sum(axis=1)
    keep = np.zeros(len(closed), bool)
    keep[begins] = keep[begins + counts] = True
    farthest = distance == np.maximum.reduceat(distance, begins)[owner]
    keep[np.flatnonzero(farthest)[np.unique(owner[farthest], return_index=True)[1]]] = True
    return closed, keep


def _douglas_peucker(
    points: Points, keep: NDArray[np.bool_], tolerance: float
) -> NDArray[np.bool_]:
    """Which points of many lines, one behind the other, stay; `keep` holds their ends."""
    anchors = np.flatnonzero(keep)
    point = np.flatnonzero(~keep)
    # the points that are still asked about, between those before and behind them that stay
    piece = np.cumsum(keep)[point] - 1
    before, behind = anchors[piece], anchors[piece + 1]
    while point.size:
        start = points[before]
        chord, along = points[behind] - start, points[point] - start
        length = np.hypot(*chord.T)
        off = np.abs(chord[:, 0] * along[:, 1] - chord[:, 1] * along[:, 0])
        off = np.where(length > 1e-9, off / np.maximum(length, 1e-9), np.hypot(*along.T))
        begins = np.flatnonzero(np.diff(before, prepend=-1))
        piece = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(point)))
        worst = np.maximum.reduceat(off, begins)
        far = worst > tolerance
        at = np.flatnonzero((off == worst[piece]) & far[piece])
        split = point[at[np.diff(piece[at], prepend=-1) > 0]]  # where several are as far, the first
        keep[split] = True
        middle = split[(np.cumsum(far) - 1)[piece]] if split.size else piece
        goes_on = far[piece] & (point != middle)
        point, before, behind, middle = (part[goes_on] for part in (point, before, behind, middle))
        before, behind = (
            np.where(point > middle, middle, before),
            np.where(point < middle, middle, behind),
        )
    return keep
