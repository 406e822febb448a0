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

from semseg.instances.labelling import grow, numbered, pieces_of, root_of

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
    image: Map, foreground: NDArray[np.bool_], floors: Sequence[float]
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
    """
    strengths = tuple(np.zeros(image.shape, np.float32) for _ in floors)
    if not foreground.any():
        return strengths
    for scale in GRADIENT_PX:
        gradient = ndimage.gaussian_gradient_magnitude(image, scale, output=np.float32)
        inside = gradient[foreground]
        quarter = inside.size // 4
        of_noise = float(np.partition(inside, quarter)[quarter]) / QUARTILE_OF_RAYLEIGH
        gradient *= np.float32(scale**0.5 / STRONG)
        for strength, floor in zip(strengths, floors, strict=True):
            off = np.float32(floor * of_noise * scale**0.5 / STRONG)
            np.maximum(strength, gradient - off, out=strength)
    for strength in strengths:
        np.minimum(strength, np.float32(1.5), out=strength)
    return strengths


def noise_level(image: Map, foreground: NDArray[np.bool_]) -> float:
    """Standard deviation of the noise inside the particles, from the second differences that
    smooth shading does not have (Immerkaer, Comput. Vis. Image Underst. 64, 300, 1996)."""
    if not foreground.any():
        return MIN_NOISE
    second = np.array([1, -2, 1], np.float32)
    rough = ndimage.correlate1d(ndimage.correlate1d(image, second, 0), second, 1)
    return float(np.median(np.abs(rough[foreground])) / 0.6745 / 6) + MIN_NOISE


def superpixels(maps: NDArray[np.floating], edges: Map, foreground: NDArray[np.bool_]) -> Labels:
    """The over-segmented foreground: labels 1..n, int32, H x W, 0 background.

    Parameters
    ----------
    maps : (3, H, W) in 0..1
        Foreground, distance, boundary.
    edges : float32, H x W
        How much of an edge the picture shows, as `edge_strengths` gives it.
    foreground : bool, H x W
        What is to be divided.
    """
    depth = np.minimum(edges, np.float32(1)) * np.float32(EDGE_WEIGHT)
    depth += maps[2].astype(np.float32)
    depth -= np.float32(DISTANCE_WEIGHT) * maps[1].astype(np.float32)
    ndimage.gaussian_filter(depth, SMOOTHING_PX, output=depth)
    bottoms = (depth == ndimage.minimum_filter(depth, 3)) & foreground
    markers, _ = pieces_of(bottoms, np.ones((3, 3), bool))
    labels, _ = numbered(grow(depth, markers, foreground))
    return _without_shallow(labels, depth)


def _without_shallow(labels: Labels, depth: Map) -> Labels:
    """Labels after basins less than `MIN_DEPTH` deep were joined over their lowest passes."""
    first, second, height = _passes(labels, depth)
    count = int(labels.max(initial=0)) + 1
    lowest = np.full(count, np.inf, np.float32)
    at = labels > 0
    np.minimum.at(lowest, labels[at], depth[at])
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
    return numbered(roots[labels])[0]


def _passes(
    labels: Labels, depth: Map
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Of every two basins that touch, the lowest place on the line between them."""
    count = int(labels.max(initial=0)) + 1
    pairs, heights = [], []
    for one, other in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        at = np.nonzero((labels[one] != labels[other]) & (labels[one] > 0) & (labels[other] > 0))
        a, b = labels[one][at], labels[other][at]
        pairs.append(np.minimum(a, b).astype(np.int64) * count + np.maximum(a, b))
        heights.append(np.maximum(depth[one][at], depth[other][at]))
    keys, inverse = np.unique(np.concatenate(pairs), return_inverse=True)
    lowest = np.full(keys.size, np.inf, np.float32)
    np.minimum.at(lowest, inverse, np.concatenate(heights))
    return keys // count, keys % count, lowest
