"""Out-of-domain images: does the image look like particles that the model knows?

The confidence of a particle takes for granted that the image shows particles. An empty substrate,
a photograph or a page of text does not, and there the network is seldom sure: its foreground map
is hazy, and what it outlines has little confidence. A logistic regression on both gives the
probability that the image is in the domain of the model; where that is less than a half, nothing is
accepted by default. Drawings without noise, of whose sharp shapes the network is sure, are
recognised by their grey values.

============  =======================================================================
feature       meaning
============  =======================================================================
`confidence`  mean confidence of the particles found, each weighted with itself: what
              is hardly believed anyway tells little about the image
`foreground`  mean of the foreground map, each pixel weighted with itself: 1 where every
              pixel is 0 or 1
============  =======================================================================

The coefficients come with the model (key ``in_domain`` of its confidence, fitted by
`training.out_of_domain`); `DEFAULT_MODEL` serves a model without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from semseg.halves import from_half

__all__ = [
    "DEFAULT_MODEL",
    "FEATURES",
    "REASON",
    "image_features",
    "in_domain_probability",
    "is_drawing",
    "lower_confidence",
    "mean_weighted_with_itself",
    "note",
    "why_out_of_domain",
]

FEATURES = ("confidence", "foreground")
Confidence = TypeVar("Confidence", float, NDArray[np.float64])  # of one particle or of many
REASON = "not like particles the model knows"  # of every particle of such an image
# Fitted to the second edition of the model; both features are means of probabilities, so they
# mean much the same for another network.
DEFAULT_MODEL: Mapping[str, Any] = {
    "features": list(FEATURES),
    "weights": [17.5, 20.1],
    "intercept": -28.9,
}
# Of the 366 micrographs of EMPS none has more than 0.82 and 0.74 of these shares, none both.
FEW_GREYS, MAX_SHARE_OF_FEW = 4, 0.9  # the commonest grey values; pixels that may have them
MAX_FLAT_SHARE = 0.6  # of the pixels may equal their neighbours
BAND_ROWS = 512  # of the maps that are looked at together, for the memory


def image_features(
    maps: NDArray[np.floating], confidences: NDArray[np.floating]
) -> dict[str, float]:
    """The `FEATURES` of an image, each in 0..1.

    Parameters
    ----------
    maps : (3, h, w) in 0..1
        The first is the foreground.
    confidences : (n,) in 0..1
        Of the particles found.
    """
    bands = range(0, maps.shape[1], BAND_ROWS)
    return {
        "confidence": mean_weighted_with_itself([confidences]),
        "foreground": mean_weighted_with_itself(maps[0, top : top + BAND_ROWS] for top in bands),
    }


def mean_weighted_with_itself(parts: Iterable[NDArray[np.floating]]) -> float:
    """Sum of squares over sum, of all parts together; 0 where all values are 0."""
    total = squares = 0.0
    for part in parts:
        values = from_half(np.asarray(part))
        total += float(values.sum(dtype=np.float64))
        squares += float(np.square(values).sum(dtype=np.float64))
    return squares / total if total else 0.0


def in_domain_probability(features: Mapping[str, float], model: Mapping[str, Any]) -> float:
    """Probability in 0..1 that the image shows particles the model knows.

    Parameters
    ----------
    features : mapping
        As `image_features` gives it.
    model : mapping
        ``features`` (names), ``weights`` (one each), ``intercept``.
    """
    values = [features[name] for name in model["features"]]
    odds = float(np.dot(values, model["weights"])) + float(model["intercept"])
    return float(1 / (1 + np.exp(-odds)))


def is_drawing(image: NDArray[np.float32]) -> bool:
    """Whether a few flat grey values make up the image, as no instrument records it.

    Parameters
    ----------
    image : float32, h x w, 0..1
    """
    grey = (255 * image).astype(np.uint8)
    counts = np.sort(np.bincount(grey.ravel(), minlength=256))
    if counts[-FEW_GREYS:].sum() <= MAX_SHARE_OF_FEW * grey.size:
        return False
    inner = grey[1:, 1:]
    flat = (inner == grey[:-1, 1:]) & (inner == grey[1:, :-1])
    return float(flat.mean()) > MAX_FLAT_SHARE


def why_out_of_domain(
    image: NDArray[np.float32],
    maps: NDArray[np.floating],
    confidences: NDArray[np.floating],
    model: Mapping[str, Any],
) -> str:
    """Why nothing in this image should be accepted by default; empty where it is in the domain.

    Parameters
    ----------
    image : float32, h x w, 0..1
        Prepared image, on the recorded grid.
    maps : (3, h, w) in 0..1
    confidences : (n,) in 0..1
        Of the particles found; where there are none, there is nothing to reject.
    model : mapping
        Coefficients, as `in_domain_probability` takes them.
    """
    if not len(confidences):
        return ""
    if is_drawing(image):
        return "This looks like a drawing, not like particles the model knows"
    if in_domain_probability(image_features(maps, confidences), model) < 0.5:
        return "This does not look like particles the model knows"
    return ""


def note(
    why: str,
    confidences: NDArray[np.floating],
    default_filter: float,
    half_factor: float | None = None,
) -> str:
    """One sentence on the particles found, and one on how to accept them all the same.

    The filter that is named accepts what would have been accepted in another image, and everything
    where that is nothing; `confidences` are those before `lower_confidence`. `half_factor` is half
    the rescale factor, where that may find more (`semseg.instances.scales.fits_half`).
    """
    count = len(confidences)
    if count == 1:
        found, right = "the outline found is possibly wrong", "it is right"
    else:
        found, right = f"the {count:,} outlines found are possibly wrong", "they are right"
    some = bool((confidences >= default_filter).any())
    level = lower_confidence(default_filter, default_filter) if some else 0
    advice = f"If {right}, lower the filter to {level:.2g}."
    if half_factor is not None:
        advice += (
            " If the picture shows many small particles in noise, try half the rescale factor, "
            f"{half_factor:.2g}."
        )
    return f"{why}: {found}. {advice}"


def lower_confidence(confidence: Confidence, default_filter: float) -> Confidence:
    """Confidences of an out-of-domain image: below the default filter, in the same order, so that
    a person can still choose with the filter."""
    return confidence * default_filter
