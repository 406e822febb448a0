"""How likely each particle is right, and the segmentation filter.

The confidence of a particle is the probability that it matches a true one (IoU of at least 0.5): a
logistic regression, fitted on validation images, whose coefficients come with the model. It goes by
the score with which the particle was chosen among the candidates, by features that need its outline
(`semseg.instances.outlines`), and by how clear the other particles of the image are. What speaks
most against a particle is told by a second regression, without the score, which has no words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.instances.outlines import OUTLINE_FEATURES
from semseg.statistics.counting import BY_HAND

__all__ = [
    "FEATURES",
    "PLAIN_FEATURES",
    "apply_filter",
    "confidence",
    "reasons",
]

PLAIN_FEATURES = (
    *("certainty", "edge_contrast", "peak", "separation", "inner_boundary", "size", "contrast"),
    *("exposure", "joined", "single", "further", *OUTLINE_FEATURES, "median_agreement"),
)
FEATURES = ("score", "median_score", *PLAIN_FEATURES)

# the reason given where this feature lowers the confidence most
_REASONS = {
    "certainty": "faint",
    "edge_contrast": "blurred edge",
    "agreement": "odd inner structure, perhaps several particles or part of one",
    "peak": "no clear centre",
    "separation": "unclear border with a neighbour",
    "inner_boundary": "perhaps several particles",
    "size": "unusual size for the network",
    "solidity": "ragged outline",
    "contrast": "low contrast",
    "exposure": "covered or crowded",
    "joined": "perhaps several particles",
    "single": "perhaps several particles or part of one",
    "further": "perhaps part of a particle",
    "median_agreement": "unclear, like others in this picture",
}
_SMALL_PX = 7.0  # ECD on the network's maps below which "small" says more than "unusual size"


def _contributions(features: pd.DataFrame, model: Mapping[str, Any]) -> NDArray[np.float64]:
    """What each feature adds to the log odds, relative to a typical right particle."""
    mean, scale = np.asarray(model["mean"]), np.asarray(model["scale"])
    standard = (features[list(model["features"])].to_numpy(float) - mean) / scale
    # far outside what was fitted, a straight line must not run away
    added: NDArray[np.float64] = np.clip(standard, -4, 4) * np.asarray(model["weights"])
    return added


def confidence(features: pd.DataFrame, model: Mapping[str, Any]) -> NDArray[np.float64]:
    """Probability in 0..1 that each particle is right.

    Parameters
    ----------
    features : DataFrame
        With the columns that the model names.
    model : mapping
        ``features`` (names), ``mean``, ``scale``, ``weights`` (one each), ``intercept``.
    """
    odds: NDArray[np.float64] = _contributions(features, model).sum(axis=1)
    odds += float(model["intercept"])
    return 1 / (1 + np.exp(-odds))


def reasons(features: pd.DataFrame, model: Mapping[str, Any]) -> list[str]:
    """For each particle, in words, the feature that lowers its confidence most.

    `model` as `confidence` takes it, on `PLAIN_FEATURES`; without one nothing is known.
    """
    if features.empty or not model:
        return [""] * len(features)
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
    """The table with ``kept`` (accepted by the filter, or by hand) and ``reason`` (why not).

    Parameters
    ----------
    particles : DataFrame
        With ``confidence`` and ``doubt``.
    threshold : float
        Least confidence that is accepted; 0 accepts everything.
    edits : mapping of int to bool, optional
        Labels edited by hand: accepted (True) or rejected; their reason is ``manual``. Labels that
        are not in the table are ignored.
    """
    accepted = particles["confidence"] >= threshold
    doubt = particles["doubt"].astype(str)  # an empty table has no type of its own
    reason = doubt.where(~accepted, "")
    if edits:
        edited = particles["label"].map(edits)
        by_hand = edited.notna()
        accepted = edited.where(by_hand, accepted).astype(bool)
        reason = reason.mask(by_hand, BY_HAND)
    return particles.assign(kept=accepted, reason=reason)
