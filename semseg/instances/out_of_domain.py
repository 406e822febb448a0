"""Does the picture look like particles that the model knows?

The confidence of a particle takes for granted that the picture shows particles. An empty substrate,
a photograph or a page of text does not, and there the network is seldom sure: its foreground map
is hazy, and what it outlines has little confidence. Both together, in a logistic regression, tell
such pictures from micrographs of particles. Drawings without noise, of whose sharp shapes it is
sure, give themselves away by their grey values.

============  =======================================================================
feature       meaning
============  =======================================================================
`confidence`  mean confidence of the particles found, each weighted with itself: what
              is hardly believed anyway tells little about the picture
`foreground`  mean of the foreground map, each pixel weighted with itself: 1 where every
              pixel says yes or no
============  =======================================================================

The coefficients come with the model (key ``picture`` of its confidence, fitted by
`training.abstain`); `USUAL` serves a model without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FEATURES",
    "REASON",
    "USUAL",
    "abstains",
    "familiarity",
    "is_drawing",
    "lowered",
    "note",
    "picture_features",
]

FEATURES = ("confidence", "foreground")
REASON = "not like particles the model knows"  # of every particle of such a picture
# Fitted to the second edition of the model; both features are means of probabilities, so they
# mean much the same for another network.
USUAL: Mapping[str, Any] = {
    "features": list(FEATURES),
    "weights": [17.5, 20.1],
    "intercept": -28.9,
}
# Of the 366 micrographs of EMPS none has more than 0.82 and 0.74 of these shares, none both.
FEW_GREYS, MOST_OF_THEM = 4, 0.9  # the commonest grey values, and a suspicious share of the pixels
FLAT = 0.6  # share of the pixels that equal their neighbours
BAND_ROWS = 512  # of the maps that are looked at together, for the memory


def picture_features(
    maps: NDArray[np.floating], confidences: NDArray[np.floating]
) -> dict[str, float]:
    """The `FEATURES` of a picture, each in 0..1.

    Parameters
    ----------
    maps : (3, h, w) in 0..1
        The first is the foreground.
    confidences : (n,) in 0..1
        Of the particles found.
    """
    bands = range(0, maps.shape[1], BAND_ROWS)
    return {
        "confidence": _mean_weighted_with_itself([confidences]),
        "foreground": _mean_weighted_with_itself(maps[0, top : top + BAND_ROWS] for top in bands),
    }


def _mean_weighted_with_itself(parts: Iterable[NDArray[np.floating]]) -> float:
    total = squares = 0.0
    for part in parts:
        values = np.asarray(part, np.float32)
        total += float(values.sum(dtype=np.float64))
        squares += float(np.square(values).sum(dtype=np.float64))
    return squares / total if total else 0.0


def familiarity(features: Mapping[str, float], model: Mapping[str, Any]) -> float:
    """Probability in 0..1 that the picture shows particles the model knows.

    Parameters
    ----------
    features : mapping
        As `picture_features` gives it.
    model : mapping
        ``features`` (names), ``weights`` (one each), ``intercept``.
    """
    values = [features[name] for name in model["features"]]
    odds = float(np.dot(values, model["weights"])) + float(model["intercept"])
    return float(1 / (1 + np.exp(-odds)))


def is_drawing(image: NDArray[np.float32]) -> bool:
    """Whether a few flat grey values make up the picture, as no instrument records it.

    Parameters
    ----------
    image : float32, h x w, 0..1
    """
    grey = (255 * image).astype(np.uint8)
    counts = np.sort(np.bincount(grey.ravel(), minlength=256))
    if counts[-FEW_GREYS:].sum() <= MOST_OF_THEM * grey.size:
        return False
    inner = grey[1:, 1:]
    flat = (inner == grey[:-1, 1:]) & (inner == grey[1:, :-1])
    return float(flat.mean()) > FLAT


def abstains(
    image: NDArray[np.float32],
    maps: NDArray[np.floating],
    confidences: NDArray[np.floating],
    model: Mapping[str, Any],
) -> str:
    """Why nothing of this picture should be kept by default, or an empty string.

    Parameters
    ----------
    image : float32, h x w, 0..1
        Prepared picture, on the recorded grid.
    maps : (3, h, w) in 0..1
    confidences : (n,) in 0..1
        Of the particles found; where there are none, there is nothing to abstain from.
    model : mapping
        Coefficients, as `familiarity` takes them.
    """
    if not len(confidences):
        return ""
    if is_drawing(image):
        return "This looks like a drawing, not like particles the model knows"
    if familiarity(picture_features(maps, confidences), model) < 0.5:
        return "This does not look like particles the model knows"
    return ""


def note(why: str, confidences: NDArray[np.floating], usual_filter: float) -> str:
    """What the user is told of the particles found, and how to overrule.

    The filter that is named keeps what would have been kept in another picture, and everything
    where that is nothing; `confidences` are those before they were `lowered`.
    """
    count = len(confidences)
    found = "the outline found is" if count == 1 else f"the {count:,} outlines found are"
    some = bool((confidences >= usual_filter).any())
    level = lowered(usual_filter, usual_filter) if some else 0
    return f"{why}: {found} possibly wrong. If right all the same, lower the filter to {level:.2g}."


def lowered(confidence, usual_filter: float):
    """The confidence in a picture that does not look like particles: below the usual filter, in
    the same order, so that a person can still choose with the filter."""
    return confidence * usual_filter
