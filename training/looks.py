"""Fit the judge of looks for the rescale factor: see `semseg.instances.autoscale`.

    >>> thresholds = replace(thresholds, look=fit_look(segmenter, pictures))

Every picture is looked at in all octaves. A look is right where the median diameter that it shows
is as near to the true one as that of the nearest look, or nearly so: in crowds, whose small pieces
no look sees, the finest views are still better than the others. The figures that are printed are
of pictures left out of each fit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

from semseg.inference.segmenter import Segmenter
from semseg.instances.autoscale import LOOK_FEATURES, look_features, looks_at
from semseg.instances.confidence import confidence
from semseg.instances.particles import Thresholds
from training.dataset import median_ecd
from training.pictures import Picture
from training.regression import regression

__all__ = ["fit_look", "true_looks"]

NEARLY = 0.1  # of ln size
WITHIN = float(np.log(1.25))
FOLDS = 16


def fit_look(segmenter: Segmenter, pictures: Sequence[Picture]) -> dict:
    """Coefficients for `Thresholds.look`, each kind of picture weighed alike."""
    table = true_looks(segmenter, pictures)
    left_out = pd.Series(0.0, table.index)
    folds = GroupKFold(min(FOLDS, table["name"].nunique()))
    for train, test in folds.split(table, groups=table["name"]):
        judge = regression(LOOK_FEATURES, table.iloc[train], table["right"].iloc[train])
        left_out.iloc[test] = confidence(table.iloc[test], judge)
    chosen = table.loc[left_out.groupby(table["name"]).idxmax()]
    share = (chosen["error"].abs() < WITHIN).groupby(chosen["kind"]).mean()
    print(f"likeliest look within 25 %, pictures left out:\n{share.round(3)}", flush=True)
    return regression(LOOK_FEATURES, table, table["right"])


def true_looks(segmenter: Segmenter, pictures: Sequence[Picture]) -> pd.DataFrame:
    """All looks at the pictures with particles: name, kind, features, whether each is right,
    and its ``error``, ln of the size seen over the true one."""
    thresholds = Thresholds(**segmenter.info.thresholds)
    frames = []
    for picture in pictures:
        looks = list(looks_at(picture.image, segmenter.predict, thresholds))
        if not (picture.labels.any() and looks):
            continue
        error = np.log([look.particle_px for look in looks]) - np.log(median_ecd(picture.labels))
        features = look_features(looks, segmenter.info.target_particle_px)
        right = np.abs(error) < np.abs(error).min() + NEARLY
        frames.append(
            features.assign(name=picture.name, kind=picture.kind, error=error, right=right)
        )
    return pd.concat(frames, ignore_index=True)
