"""How likely each particle is right, and the segmentation filter.

The confidence of a particle is the probability that it matches a true one (IoU of at
least 0.5): a logistic regression on a few features of the maps, the shape and the
picture, fitted on validation pictures. Its coefficients come with the model.

===================  ================================================================
feature              meaning
===================  ================================================================
`certainty`          mean foreground map inside the particle
`edge_contrast`      foreground map just inside its outline minus just outside
`agreement`          1 - mean difference between the distance map and the distance
                     that its own outline would give: low for a wrong split or merge
`peak`               highest value of the distance map inside
`separation`         mean boundary map where it touches others (1 if it touches none)
`inner_boundary`     mean boundary map well inside: high where two were merged
`size`               ln of the equivalent circular diameter, px of the network's grid
`solidity`           area over that of the convex hull
`contrast`           grey difference to the surroundings over the noise there, as ln(1 + x)
`exposure`           share of its outline that touches no other particle
===================  ================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["FEATURES", "apply_filter", "confidence", "particle_features", "reasons"]

FEATURES = (
    "certainty",
    "edge_contrast",
    "agreement",
    "peak",
    "separation",
    "inner_boundary",
    "size",
    "solidity",
    "contrast",
    "exposure",
)

# what a person is told when this feature pulled the confidence down most
_REASONS = {
    "certainty": "faint",
    "edge_contrast": "blurred edge",
    "agreement": "odd inner structure, perhaps several particles or a part of one",
    "peak": "no clear middle",
    "separation": "unclear border with a neighbour",
    "inner_boundary": "perhaps several particles",
    "size": "unusual size for the network",
    "solidity": "ragged",
    "contrast": "low contrast",
    "exposure": "covered or crowded",
}
_SMALL_PX = 10.0  # ECD at the network below which "small" says more than "unusual size"
_MARGIN_PX = 4  # how far the surroundings of a particle reach


def particle_features(
    labels: NDArray[np.int32],
    maps: NDArray[np.floating],
    image: NDArray[np.float32],
    shapes: pd.DataFrame,
) -> pd.DataFrame:
    """The features of every particle: one row each, columns `FEATURES`, index as `shapes`.

    Parameters
    ----------
    labels : int32, h x w
        Instances on the network's grid.
    maps : (3, h, w) in 0..1
    image : float32, h x w, 0..1
        The picture that the network saw.
    shapes : DataFrame
        Of the same labels: ``label, area, solidity, bbox_*``, px of the network's grid.
    """
    rows = [_features_of_one(labels, maps, image, row) for row in shapes.itertuples(index=False)]
    features = pd.DataFrame(rows, columns=list(FEATURES), index=shapes.index, dtype=float)
    return features


def _features_of_one(labels, maps, image, row) -> tuple[float, ...]:
    height, width = labels.shape
    window = np.s_[
        max(0, row.bbox_top - _MARGIN_PX) : min(height, row.bbox_bottom + _MARGIN_PX),
        max(0, row.bbox_left - _MARGIN_PX) : min(width, row.bbox_right + _MARGIN_PX),
    ]
    around = labels[window]
    inside = around == row.label
    foreground, distance, boundary = maps[:, *window].astype(np.float32)
    grey = image[window]

    # distances to the outline, both ways; beyond the picture nothing is known, so the
    # picture's own edge is no outline
    depth = ndimage.distance_transform_edt(inside)
    reach = ndimage.distance_transform_edt(~inside)
    rim_inside = inside & (depth <= 1.5)
    rim_outside = ~inside & (reach <= 1.5)
    ring = (around == 0) & (reach > 1.5) & (reach <= _MARGIN_PX)
    core = inside & (depth > 3)
    neighbours = rim_outside & (around > 0)
    touching = rim_inside & ndimage.binary_dilation(neighbours)

    expected = depth / max(float(depth.max()), 1.0)
    agreement = 1 - float(np.abs(distance - expected)[inside].mean())
    edge = float(foreground[rim_inside].mean()) - _mean(foreground[rim_outside & ~neighbours], 0.5)
    if ring.any():
        noise = float(grey[ring].std()) + 0.02
        contrast = abs(float(grey[inside].mean()) - float(grey[ring].mean())) / noise
    else:  # crowded on all sides: there is no background to compare with
        contrast = abs(float(grey[inside].mean()) - _mean(grey[rim_outside], 0.0)) / 0.1
    return (
        float(foreground[inside].mean()),
        edge,
        agreement,
        float(distance[inside].max()),
        _mean(boundary[touching], 1.0),
        _mean(boundary[core], 0.0),
        float(np.log(np.sqrt(4 * row.area / np.pi))),
        float(row.solidity),
        float(np.log1p(contrast)),
        1 - float(neighbours.sum()) / max(float(rim_outside.sum()), 1.0),
    )


def _mean(values: NDArray[np.float32], otherwise: float) -> float:
    return float(values.mean()) if values.size else otherwise


def _contributions(features: pd.DataFrame, model: Mapping[str, Any]) -> NDArray[np.float64]:
    """What each feature adds to the log odds, relative to a typical right particle."""
    mean, scale = np.asarray(model["mean"]), np.asarray(model["scale"])
    standard = (features[list(model["features"])].to_numpy(float) - mean) / scale
    # far outside what was fitted, a straight line must not run away
    return np.clip(standard, -4, 4) * np.asarray(model["weights"])


def confidence(features: pd.DataFrame, model: Mapping[str, Any]) -> NDArray[np.float64]:
    """Probability in 0..1 that each particle is right.

    Parameters
    ----------
    features : DataFrame
        As `particle_features` gives it.
    model : mapping
        ``features`` (names), ``mean``, ``scale``, ``weights`` (one each), ``intercept``.
    """
    odds = _contributions(features, model).sum(axis=1) + float(model["intercept"])
    return 1 / (1 + np.exp(-odds))


def reasons(features: pd.DataFrame, model: Mapping[str, Any]) -> list[str]:
    """For each particle, in words, the feature that lowers its confidence most."""
    if features.empty:
        return []
    worst = _contributions(features, model).argmin(axis=1)
    names = [model["features"][index] for index in worst]
    sizes = np.exp(features["size"])
    return [
        "small" if name == "size" and size < _SMALL_PX else _REASONS[name]
        for name, size in zip(names, sizes, strict=True)
    ]


def apply_filter(
    particles: pd.DataFrame, threshold: float, edits: Mapping[int, bool] | None = None
) -> pd.DataFrame:
    """Mark as kept what has at least this confidence; ``reason`` says why the rest is not.

    Parameters
    ----------
    particles : DataFrame
        With ``confidence`` and ``doubt``.
    threshold : float
        0 keeps everything.
    edits : mapping of int to bool, optional
        Labels on which a person decided, and whether they are kept; their reason is
        ``manual``. Labels that are not in the table are ignored.
    """
    kept = particles["confidence"] >= threshold
    doubt = particles["doubt"].astype(str)  # an empty table has no type of its own
    reason = doubt.where(~kept, "")
    if edits:
        decided = particles["label"].map(edits)
        by_hand = decided.notna()
        kept = decided.where(by_hand, kept).astype(bool)
        reason = reason.mask(by_hand, "manual")
    return particles.assign(kept=kept, reason=reason)
