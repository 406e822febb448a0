"""Fit which images are out of domain: see `semseg.instances.out_of_domain`.

    model["in_domain"] = fit_in_domain(segmenter, thresholds, model, pictures)

Pictures of particles are those on which everything else is fitted (`training.fit`); against them
stand the kinds of `training.particle_free`, with seeds that no test and no validation uses. Each is
analysed as users do, rescale factor included; drawings, which are recognised by their grey values,
are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from semseg.inference.segmenter import Segmenter
from semseg.instances.autoscale import estimate_rescale
from semseg.instances.confidence import confidence
from semseg.instances.out_of_domain import (
    FEATURES,
    image_features,
    in_domain_probability,
    is_drawing,
)
from semseg.instances.particles import find_particles
from semseg.instances.thresholds import Thresholds
from semseg.preprocessing.preparation import resize, stretch_contrast
from training.particle_free import KINDS, draw
from training.pictures import Picture

SEEDS = range(1000, 1006)
KNOWN_WEIGHT = 1.5  # to reject one by mistake costs more: it takes everything away
MIN_SIDE_PX = 64  # what `analyze` accepts


def fit_in_domain(
    segmenter: Segmenter,
    thresholds: Thresholds,
    model: Mapping[str, Any],
    pictures: Sequence[Picture],
) -> dict[str, Any]:
    """Coefficients for `semseg.instances.out_of_domain.in_domain_probability`.

    They belong under the key ``in_domain`` of the confidence.

    Parameters
    ----------
    segmenter : Segmenter
        With the network; what it says of thresholds and confidence is not used.
    thresholds : Thresholds
    model : mapping
        Coefficients of the confidence.
    pictures : sequence of Picture
        Of particles.
    """
    rows = []
    for source in (pictures, free_pictures()):
        for picture in source:
            features = seen(segmenter, thresholds, model, picture.image)
            if features is not None:
                known = bool(picture.labels.any())
                rows.append({"name": picture.name, "known": known, **features})
    table = pd.DataFrame(rows)
    regression = LogisticRegression(C=100.0, max_iter=20_000)
    share = table["known"].mean()
    weight = np.where(table["known"], KNOWN_WEIGHT / share, 1 / (1 - share))
    regression.fit(table[list(FEATURES)].to_numpy(), table["known"], weight)
    fitted = {
        "features": list(FEATURES),
        "weights": regression.coef_[0].round(4).tolist(),
        "intercept": round(float(regression.intercept_[0]), 4),
    }
    _report(table, fitted)
    return fitted


def seen(
    segmenter: Segmenter, thresholds: Thresholds, model: Mapping[str, Any], image: np.ndarray
) -> dict[str, float] | None:
    """The features of a picture; None for a drawing, or where nothing is found."""
    if is_drawing(image):
        return None
    target = segmenter.info.target_particle_px
    estimate = estimate_rescale(image, segmenter.predict, thresholds, target)
    factor = float(np.clip(estimate.factor, 32 / min(image.shape), 8))
    view = resize(image, factor, segmenter.info.reduction)
    maps = segmenter.predict(view)
    found = find_particles(maps, view, thresholds)
    if not found.labels.any():
        return None
    return image_features(maps, confidence(found.features, model))


def free_pictures() -> Iterator[Picture]:
    """Pictures without particles, prepared."""
    for kind in KINDS:
        for seed in SEEDS:
            grey = draw(kind, seed)
            if min(grey.shape) >= MIN_SIDE_PX and np.ptp(grey):
                image = stretch_contrast(grey.astype(np.float32) / 255)
                yield Picture(f"{kind} {seed}", kind, image, np.zeros(grey.shape, np.int32))


def _report(table: pd.DataFrame, fitted: Mapping[str, Any]) -> None:
    """Print of how many pictures each sort are, and which are classified wrongly."""
    known = [
        in_domain_probability(row, fitted) >= 0.5
        for row in table[list(FEATURES)].to_dict("records")
    ]
    wrong = table["name"][table["known"] != known].tolist()
    print(
        f"in domain: {table['known'].sum()} pictures of particles and {(~table['known']).sum()} "
        f"without in which something was found; classified wrongly: {', '.join(wrong) or 'none'}"
    )
