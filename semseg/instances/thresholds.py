"""Where maps become particles: the numbers that come with the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Thresholds"]


@dataclass(frozen=True)
class Thresholds:
    """Where maps become particles; fixed on validation images, stored with the model.

    Attributes
    ----------
    foreground : float
        Least value of the foreground map inside a particle.
    seam_model : mapping
        Log odds that one particle lies on both sides of a seam: a logistic regression on
        `semseg.instances.features.SEAM_FEATURES`; empty joins nothing.
    score_model : mapping
        Scores a candidate by `semseg.instances.features.CANDIDATE_FEATURES`: boosted trees, see
        `semseg.instances.boosted`; empty scores all alike.
    penalty : float
        Taken off the score of each candidate, 0..1: the greater, the fewer particles are made of
        the same superpixels.
    min_area_px : float
        Smaller particles, in px of the maps, are dropped.
    scale_model : mapping
        Of a candidate rescale factor, a regression; see `semseg.instances.autoscale`.

    For the quick look that finds the scale (`semseg.instances.quick`):

    min_peak : float
        Lower peaks of the distance map are no markers of the watershed.
    boundary_weight : float
        How much the boundary map lowers the distance map, 0..1.
    smoothing_px : float
        Standard deviation of the Gaussian on the distance map.
    min_prominence : float
        Fragments whose peak stands out less above the saddle to a neighbour are joined to it.
    min_merge_probability : float
        By seams alone fragments are joined where one particle is more probable than this, 0..1
        exclusive.
    merge_classifier : mapping
        Of seams, see `semseg.instances.seams.merge_log_odds`; empty joins none.
    """

    foreground: float = 0.5
    seam_model: Mapping[str, Any] = field(default_factory=dict, hash=False)
    score_model: Mapping[str, Any] = field(default_factory=dict, hash=False)
    penalty: float = 0.1
    min_area_px: float = 10.0
    scale_model: Mapping[str, Any] = field(default_factory=dict, hash=False)
    min_peak: float = 0.1
    boundary_weight: float = 1.0
    smoothing_px: float = 1.0
    min_prominence: float = 0.04
    min_merge_probability: float = 0.5
    merge_classifier: Mapping[str, Any] = field(default_factory=dict, hash=False)
