"""Particles at a glance: enough to find the scale, which looks at every picture several times.

A watershed floods the foreground from every peak of the smoothed distance map, lowered on touching
boundaries; basins whose peaks hardly stand out are joined to their neighbours, and what is left is
joined by the seams between them alone (`semseg.instances.seams`). What users are shown is found
with more care, by `semseg.instances.particles`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from semseg.instances.labelling import around, drop_small, flood, make_whole, numbered
from semseg.instances.seams import join, join_by_prominence, merge_log_odds, seams
from semseg.instances.thresholds import Thresholds
from semseg.measure.recorded import Labels

__all__ = ["find_particles_by_seams", "fragments"]


def find_particles_by_seams(maps: NDArray[np.floating], thresholds: Thresholds) -> Labels:
    """Label every particle, by seams alone: int32, H x W, 0 background, 1..n in order of markers.

    Parameters
    ----------
    maps : (3, H, W) in 0..1
        Foreground, distance inside each particle, boundary of touching ones.

    Notes
    -----
    Each particle is one 4-connected piece without holes; what lies wholly inside another
    particle belongs to that one. Deterministic.
    """
    labels, elevation = fragments(maps, thresholds)
    if thresholds.merge_classifier:
        found = seams(labels, elevation, maps)
        probability = thresholds.min_merge_probability
        min_log_odds = np.log(probability / (1 - probability))
        odds = merge_log_odds(found, thresholds.merge_classifier)
        labels = join(labels, found, odds - min_log_odds)
    return numbered(make_whole(drop_small(labels, thresholds.min_area_px)))[0]


def fragments(
    maps: NDArray[np.floating], thresholds: Thresholds
) -> tuple[Labels, NDArray[np.float32]]:
    """The over-segmented foreground: labels 1..n, int32, H x W, and the elevation that was flooded,
    float32, H x W, at most 1."""
    foreground = maps[0] > thresholds.foreground
    elevation = np.multiply(maps[1], 1 - thresholds.boundary_weight * maps[2], dtype=np.float32)
    ndimage.gaussian_filter(elevation, thresholds.smoothing_px, output=elevation)
    peaks = elevation == around(elevation, np.maximum)
    peaks &= foreground & (elevation > thresholds.min_peak)
    labels = flood(-elevation, peaks, foreground)
    found = seams(labels, elevation, maps)
    return join_by_prominence(labels, elevation, found, thresholds.min_prominence), elevation
