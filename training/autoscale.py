"""Fit the model that chooses among candidate rescale factors: see `semseg.instances.autoscale`.

    thresholds = replace(thresholds, scale_model=fit_scale_model(segmenter, pictures))

The network is run on every picture in all octaves. A candidate is right where the median diameter
that it shows is as near to the true one as that of the nearest candidate, or nearly so: in crowds,
whose small pieces none shows, the finest views are still better than the others. The figures that
are printed are of pictures left out of each fit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

from semseg.inference.segmenter import Segmenter
from semseg.instances.autoscale import SCALE_FEATURES, scale_candidates, scale_features
from semseg.instances.confidence import confidence
from semseg.instances.thresholds import Thresholds
from training.dataset import median_ecd
from training.pictures import Picture
from training.regression import regression

__all__ = ["fit_scale_model", "labelled_scale_candidates"]

NEARLY = 0.1  # of ln size
WITHIN = float(np.log(1.25))
FOLDS = 16


def fit_scale_model(segmenter: Segmenter, pictures: Sequence[Picture]) -> dict:
    """Coefficients for `Thresholds.scale_model`, each kind of picture weighted alike."""
    table = labelled_scale_candidates(segmenter, pictures)
    left_out = pd.Series(0.0, table.index)
    folds = GroupKFold(min(FOLDS, table["name"].nunique()))
    for train, test in folds.split(table, groups=table["name"]):
        model = regression(SCALE_FEATURES, table.iloc[train], table["right"].iloc[train])
        left_out.iloc[test] = confidence(table.iloc[test], model)
    chosen = table.loc[left_out.groupby(table["name"]).idxmax()]
    share = (chosen["error"].abs() < WITHIN).groupby(chosen["kind"]).mean()
    print(f"most probable factor within 25 %, pictures left out:\n{share.round(3)}", flush=True)
    return regression(SCALE_FEATURES, table, table["right"])


def labelled_scale_candidates(segmenter: Segmenter, pictures: Sequence[Picture]) -> pd.DataFrame:
    """One row per candidate factor of the pictures with particles: ``name``, ``kind``, features,
    whether it is ``right``, and its ``error``, ln of the size shown over the true one."""
    thresholds = Thresholds(**segmenter.info.thresholds)
    frames = []
    for picture in pictures:
        candidates = list(scale_candidates(picture.image, segmenter.predict, thresholds))
        if not (picture.labels.any() and candidates):
            continue
        shown = np.log([each.particle_px for each in candidates])
        error = shown - np.log(median_ecd(picture.labels))
        features = scale_features(candidates, segmenter.info.target_particle_px)
        right = np.abs(error) < np.abs(error).min() + NEARLY
        frames.append(
            features.assign(name=picture.name, kind=picture.kind, error=error, right=right)
        )
    return pd.concat(frames, ignore_index=True)
