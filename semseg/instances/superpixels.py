"""Superpixels: pieces so small that every particle is one of them, or several together.

A hill of the distance map shows a particle that stands by itself. Where one lies on another of the
same grey there may be one hill for both, and only the picture shows an edge. So the watershed
floods what three witnesses say together: the boundary map, the gradient of the picture at the scale
that the network saw, and the distance map. The gradient counts only as far as it stands above what
noise gives, which keeps the number of superpixels in a grainy picture near that in a clean one; and
basins that hardly stand out are joined to their neighbours (h-minima).

What each of these is worth, and what was tried beside them, stands in training/README.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from semseg.bands import Band, Progress, bands, by_bands, share
from semseg.halves import from_half
from semseg.instances.labelling import around, flood, numbered, replaced, root_of

__all__ = ["edge_strengths", "noise_level", "superpixels"]

Labels = NDArray[np.int32]
Map = NDArray[np.float32]

GRADIENT_PX = (1.0, 2.0)  # standard deviations of the Gaussians, px of the maps
QUARTILE_OF_RAYLEIGH = 0.7585  # the gradient of white noise over its standard deviation
STRONG = 0.08  # grey per px at which an edge leaves no doubt
EDGE_WEIGHT, DISTANCE_WEIGHT = 0.6, 0.3  # beside that of the boundary map, which is 1
SMOOTHING_PX = 0.7
MIN_DEPTH = 0.01  # of a basin below the lowest pass out of it
MIN_NOISE = 1e-4


def edge_strengths(
    image: Map,
    foreground: NDArray[np.bool_],
    floors: Sequence[float],
    progress: Progress | None = None,
) -> tuple[Map, ...]:
    """How much of an edge the picture shows at each pixel: (H, W), 0 nothing, 1 no doubt, <= 1.5;
    once for each of `floors`.

    The greatest gradient over the scales `GRADIENT_PX`, less the floor times what noise alone
    gives: most pixels of a particle lie on no edge, so the lower quartile of the gradient inside
    tells.

    Parameters
    ----------
    image : float32, H x W, 0..1
    foreground : bool, H x W
    floors : sequence of float
    progress : callable, optional
        Called with the share done, 0..1.
    """
    maps = np.zeros((max(len(GRADIENT_PX), len(floors)), *image.shape), np.float32)
    if not foreground.any():
        return tuple(maps[: len(floors)])
    factors = [np.float32(scale**0.5 / STRONG) for scale in GRADIENT_PX]
    of_noise = [
        _gradient(
            image, foreground, scale, maps[number], share(progress, number / 3, (number + 1) / 3)
        )
        for number, scale in enumerate(GRADIENT_PX)
    ]

    def strengthen(band: Band) -> None:
        rows = maps[:, band.own]
        gradients = [gradient * factor for gradient, factor in zip(rows, factors, strict=False)]
        for strength, floor in zip(rows, floors, strict=False):
            strength[...] = 0
            for gradient, noise, scale in zip(gradients, of_noise, GRADIENT_PX, strict=True):
                off = np.float32(floor * noise * scale**0.5 / STRONG)
                np.maximum(strength, gradient - off, out=strength)
            np.minimum(strength, np.float32(1.5), out=strength)

    by_bands(strengthen, image.shape, progress=share(progress, 2 / 3, 1))
    return tuple(maps[: len(floors)])


def _gradient(
    image: Map,
    foreground: NDArray[np.bool_],
    scale: float,
    gradient: Map,
    progress: Progress | None = None,
) -> float:
    """Write the gradient at a scale into `gradient`; how much of it noise alone gives."""

    def look(band: Band) -> NDArray[np.float32]:
        there = ndimage.gaussian_gradient_magnitude(image[band.seen], scale, output=np.float32)
        gradient[band.own] = there[band.inner]
        inside: NDArray[np.float32] = gradient[band.own][foreground[band.own]]
        return inside

    reach = int(4 * scale + 0.5)  # of SciPy's Gaussian
    inside = np.concatenate(by_bands(look, image.shape, halo=reach, progress=progress))
    quarter = inside.size // 4
    inside.partition(quarter)
    return float(inside[quarter]) / QUARTILE_OF_RAYLEIGH


def noise_level(image: Map, foreground: NDArray[np.bool_]) -> float:
    """Standard deviation of the noise inside the particles, from the second differences that
    smooth shading does not have (Immerkaer, Comput. Vis. Image Underst. 64, 300, 1996)."""
    if not foreground.any():
        return MIN_NOISE
    second = np.array([1, -2, 1], np.float32)

    def look(band: Band) -> NDArray[np.float32]:
        rough = ndimage.correlate1d(image[band.seen], second, 0)
        rough = ndimage.correlate1d(rough[band.inner], second, 1)
        inside: NDArray[np.float32] = np.abs(rough[foreground[band.own]])
        return inside

    rough = np.concatenate(by_bands(look, image.shape, halo=1))
    return float(np.median(rough, overwrite_input=True) / 0.6745 / 6) + MIN_NOISE


def superpixels(
    maps: NDArray[np.floating],
    edges: Map,
    foreground: NDArray[np.bool_],
    progress: Progress | None = None,
) -> Labels:
    """The over-segmented foreground: labels 1..n, int32, H x W, 0 background.

    Parameters
    ----------
    maps : (3, H, W) in 0..1
        Foreground, distance, boundary.
    edges : float32, H x W
        How much of an edge the picture shows, as `edge_strengths` gives it.
    foreground : bool, H x W
        What is to be divided.
    progress : callable, optional
        Called with the share done, 0..1.
    """
    depth = np.empty(foreground.shape, np.float32)
    bottoms = np.empty(foreground.shape, bool)

    def look(band: Band) -> None:
        seen = np.minimum(edges[band.seen], np.float32(1)) * np.float32(EDGE_WEIGHT)
        seen += from_half(maps[2][band.seen])
        seen -= np.float32(DISTANCE_WEIGHT) * from_half(maps[1][band.seen])
        ndimage.gaussian_filter(seen, SMOOTHING_PX, output=seen)
        lowest = seen == around(seen, np.minimum)
        depth[band.own] = seen[band.inner]
        np.logical_and(lowest[band.inner], foreground[band.own], out=bottoms[band.own])

    reach = int(4 * SMOOTHING_PX + 0.5) + 1
    by_bands(look, depth.shape, halo=reach, progress=share(progress, 0, 0.3))
    labels = flood(depth, bottoms, foreground, share(progress, 0.3, 0.8))
    return _without_shallow(labels, depth)


def _without_shallow(labels: Labels, depth: Map) -> Labels:
    """Labels after basins less than `MIN_DEPTH` deep were joined over their lowest passes."""
    first, second, height = _passes(labels, depth)
    count = int(labels.max(initial=0)) + 1

    lowest = np.full(count, np.inf, np.float32)
    for band in bands(labels.shape):
        at = labels[band.own] > 0
        np.minimum.at(lowest, labels[band.own][at], depth[band.own][at])
    bottom, parent = lowest.tolist(), list(range(count))
    order = np.argsort(height, kind="stable")
    passes = zip(first[order].tolist(), second[order].tolist(), height[order].tolist(), strict=True)
    for one, other, level in passes:
        one, other = root_of(parent, one), root_of(parent, other)
        if one != other and level - max(bottom[one], bottom[other]) < MIN_DEPTH:
            low, high = min(one, other), max(one, other)
            parent[high] = low
            bottom[low] = min(bottom[one], bottom[other])
    roots = np.array([root_of(parent, label) for label in range(count)], np.int32)
    return numbered(replaced(labels, roots))[0]


def _passes(
    labels: Labels, depth: Map
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Of every two basins that touch, the lowest place on the line between them."""
    count = int(labels.max(initial=0)) + 1

    def look(band: Band) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        pairs, heights = [], []
        beside, deep = labels[band.seen], depth[band.seen]
        beside, deep = beside[band.inner.start :], deep[band.inner.start :]
        rows = np.s_[: band.inner.stop - band.inner.start]
        for one, other in (
            (np.s_[:-1], np.s_[1:]),
            ((rows, np.s_[:-1]), (rows, np.s_[1:])),
        ):
            at = np.nonzero(
                (beside[one] != beside[other]) & (beside[one] > 0) & (beside[other] > 0)
            )
            a, b = beside[one][at], beside[other][at]
            pairs.append(np.minimum(a, b).astype(np.int64) * count + np.maximum(a, b))
            heights.append(np.maximum(deep[one][at], deep[other][at]))
        return np.concatenate(pairs), np.concatenate(heights)

    pairs, heights = zip(*by_bands(look, labels.shape, halo=1), strict=True)
    keys, inverse = np.unique(np.concatenate(pairs), return_inverse=True)
    lowest = np.full(keys.size, np.inf, np.float32)
    np.minimum.at(lowest, inverse, np.concatenate(heights))
    return keys // count, keys % count, lowest
