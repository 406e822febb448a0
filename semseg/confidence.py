"""How likely each particle is right, and the segmentation filter.

The confidence of a particle is the probability that it matches a true one (IoU of at
least 0.5): a logistic regression on a few features of the maps, the shape, the picture and the
seams around it, fitted on validation pictures. Its coefficients come with the model. What a
candidate is worth when particles are chosen (`semseg.candidates`) is another on the same features.

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
`joined`             log odds of one particle along the last seam undone inside, -2 to 6
`fragment`           1 if no seam was undone inside, 0 otherwise
`further`            log odds that it is one particle with a neighbour, -6 to 6
`company`            median `agreement` of all particles in the picture, for the confidence only
===================  ================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from semseg.candidates import Candidate
from semseg.shape import corner_hull

__all__ = [
    "CANDIDATE_FEATURES",
    "FEATURES",
    "apply_filter",
    "candidate_features",
    "confidence",
    "reasons",
]

CANDIDATE_FEATURES = (
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
    "joined",
    "fragment",
    "further",
)
FEATURES = (*CANDIDATE_FEATURES, "company")

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
    "joined": "perhaps several particles",
    "fragment": "perhaps several particles or a part of one",
    "further": "perhaps a part of one",
    "company": "as unclear as others in this picture",
}
_SMALL_PX = 10.0  # ECD at the network below which "small" says more than "unusual size"
_MARGIN_PX = 4  # how far the surroundings of a particle reach


def candidate_features(
    labels: NDArray[np.int32],
    maps: NDArray[np.floating],
    image: NDArray[np.float32],
    candidates: Sequence[Candidate],
) -> pd.DataFrame:
    """What is known of every candidate: one row each, in order, `CANDIDATE_FEATURES`.

    Parameters
    ----------
    labels : int32, h x w
        Fragments on the network's grid.
    maps : (3, h, w) in 0..1
    image : float32, h x w, 0..1
        The picture that the network saw.
    candidates : sequence of Candidate
        Each of one or several fragments.
    """
    boxes = ndimage.find_objects(labels)
    belongs = np.zeros(len(boxes) + 1, bool)
    rows = []
    for each in candidates:
        members = list(each.members)
        belongs[members] = True
        window = _around([boxes[label - 1] for label in members], labels.shape)
        of_outline = _features_of_one(labels, maps, image, window, belongs)
        belongs[members] = False
        rows.append((*of_outline, each.joined, float(len(members) == 1), each.further))
    return pd.DataFrame(rows, columns=list(CANDIDATE_FEATURES), dtype=float)


def _around(boxes: Sequence[tuple[slice, slice]], shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The window that holds all the boxes and a margin."""
    return tuple(
        slice(
            max(0, min(box[axis].start for box in boxes) - _MARGIN_PX),
            min(shape[axis], max(box[axis].stop for box in boxes) + _MARGIN_PX),
        )
        for axis in (0, 1)
    )


def _features_of_one(labels, maps, image, window, belongs) -> tuple[float, ...]:
    around = labels[window]
    inside = belongs[around]
    foreground, distance, boundary = maps[:, *window].astype(np.float32)
    grey = image[window]
    area = int(np.count_nonzero(inside))

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
        float(np.log(np.sqrt(4 * area / np.pi))),
        area / _hull_area(inside),
        float(np.log1p(contrast)),
        1 - float(neighbours.sum()) / max(float(rim_outside.sum()), 1.0),
    )


def _hull_area(inside: NDArray[np.bool_]) -> float:
    x, y = corner_hull(inside).T
    return abs(int((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())) / 2


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
        With the columns that the model names.
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
