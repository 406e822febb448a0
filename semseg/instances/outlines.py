"""Features that need the outline of a particle itself: of what was chosen, where there are few."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from semseg.measure.recorded import Labels
from semseg.measure.runs import runs_of
from semseg.measure.shape import hull_area

__all__ = ["OUTLINE_FEATURES", "of_outlines"]

OUTLINE_FEATURES = ("agreement", "solidity")


def of_outlines(labels: Labels, maps: NDArray[np.floating]) -> pd.DataFrame:
    """One row per label, which is the index.

    Parameters
    ----------
    labels : int32, H x W
        Particles on the grid of the maps.
    maps : (3, H, W) in 0..1

    Returns
    -------
    DataFrame

    ``agreement``
        1 - mean difference between the distance map and the distance that the outline itself would
        give: low for a wrong split or merge.
    ``solidity``
        Area over that of the convex hull.
    """
    runs = runs_of(labels)
    names, areas = runs.labels.tolist(), runs.areas().tolist()
    boxes, hulls = runs.boxes().tolist(), runs.hulls
    rows = []
    for label, (top, left, bottom, right), hull, area in zip(
        names, boxes, hulls, areas, strict=True
    ):
        # beyond the picture nothing is known, so the picture's own edge is no outline
        window = np.s_[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1]
        inside = labels[window] == label
        depth = ndimage.distance_transform_edt(inside)[inside]
        distance = maps[1][window][inside].astype(np.float32)
        difference = np.abs(distance - depth / max(float(depth.max()), 1.0))
        rows.append((1 - float(difference.mean()), area / hull_area(hull)))
    return pd.DataFrame(rows, names, list(OUTLINE_FEATURES), dtype=float)
