"""Features that need the outline of a particle itself: of what was chosen, where there are few."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from semseg.bands import Progress, each
from semseg.halves import from_half
from semseg.measure.recorded import Labels
from semseg.measure.runs import runs_of

__all__ = ["OUTLINE_FEATURES", "of_outlines"]

OUTLINE_FEATURES = ("agreement", "solidity")
SHARE = 64  # of the particles, that one thread looks at


def of_outlines(
    labels: Labels, maps: NDArray[np.floating], progress: Progress | None = None
) -> pd.DataFrame:
    """One row per label, which is the index.

    Parameters
    ----------
    labels : int32, H x W
        Particles on the grid of the maps.
    maps : (3, H, W) in 0..1
    progress : callable, optional
        Called with the share done, 0..1.

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

    def agreement(particle: tuple[int, list[int]]) -> float:
        label, (top, left, bottom, right) = particle
        # beyond the picture nothing is known, so the picture's own edge is no outline
        window = np.s_[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1]
        inside = labels[window] == label
        depth = ndimage.distance_transform_edt(inside)[inside]
        distance = from_half(maps[1][window][inside])
        difference = np.abs(distance - depth / max(float(depth.max()), 1.0))
        return 1 - float(difference.mean())

    particles = list(zip(runs.labels.tolist(), runs.boxes().tolist(), strict=True))
    together = [particles[start : start + SHARE] for start in range(0, len(particles), SHARE)]
    agreements = each(lambda some: [agreement(one) for one in some], together, progress)
    columns = {
        "agreement": np.array([one for some in agreements for one in some], float),
        "solidity": runs.areas() / runs.hulls.areas(),
    }
    return pd.DataFrame(columns, runs.labels.tolist())
