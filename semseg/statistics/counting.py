"""The counting rule: which accepted particles make up the distribution, and with what weight.

The filter accepts or rejects an outline (column ``kept``); the rule decides whether a particle with
a right outline is counted (column ``counted``). A particle cut by the frame is smaller than it was,
and a large one is cut more often than a small one (ISO 13322-1); of a particle that another covers
only a part is seen.

>>> describe("weight", visible_only=True)
'Particles wholly inside the frame, each weighted by 1/P (Miles-Lantuejoul), fully visible ones only.'
"""  # noqa: E501

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.measure.visibility import FULLY_VISIBLE
from semseg.statistics.distribution import edge_weights
from semseg.statistics.summary import volume_weights

__all__ = ["EDGES", "RULE_COLUMNS", "apply_rule", "counted", "describe", "in_short", "size_weights"]

# what happens to particles at the edge of the analysed frame, in words
EDGES = {
    "count": "All kept particles, of those cut by the edge of the frame the visible part",
    "exclude": "Kept particles wholly inside the frame",
    "weight": "Particles wholly inside the frame, each weighted by 1/P (Miles-Lantuejoul)",
}
IN_SHORT = {
    "count": "all kept particles",
    "exclude": "whole particles only",
    "weight": "whole particles, weighted 1/P",
}
# what `apply_rule` reads
RULE_COLUMNS = ("kept", "touches_edge", "visibility", "box_width_px", "box_height_px")
CUT, COVERED = "cut by the edge", "partly covered"


def apply_rule(
    particles: pd.DataFrame, frame: tuple[int, int], *, edges: str, visible_only: bool
) -> pd.DataFrame:
    """Mark which accepted particles are counted, and with what weight.

    Parameters
    ----------
    particles : DataFrame
        With `RULE_COLUMNS`.
    frame : (height, width)
        Of the analysed part of the picture, recorded px.
    edges : str
        A key of `EDGES`.
    visible_only : bool
        Leave out particles whose visibility is below `FULLY_VISIBLE`.

    Returns
    -------
    The table with ``not_counted`` (why the rule leaves a particle out, or an empty text),
    ``counted`` (kept, and not left out) and ``weight``: 1, or 1/P with
    P = (Z1 - F1) (Z2 - F2) / (Z1 Z2), Z the sides of the frame and F those of the particle's
    bounding box (Miles-Lantuejoul correction, ISO 13322-1).
    """
    not_counted = np.full(len(particles), "", object)
    if visible_only:
        not_counted[(particles["visibility"] < FULLY_VISIBLE).to_numpy(bool)] = COVERED
    whole = ~particles["touches_edge"].to_numpy(bool)
    weight = np.ones(len(particles))
    if edges != "count":
        not_counted[~whole] = CUT
    if edges == "weight":
        width, height = (particles.loc[whole, f"box_{side}_px"] for side in ("width", "height"))
        weight[whole] = edge_weights(width.to_numpy(), height.to_numpy(), frame)
    counts = particles["kept"].to_numpy(bool) & (not_counted == "")
    return particles.assign(
        not_counted=pd.Series(not_counted, particles.index, dtype=str),
        counted=counts,
        weight=weight,
    )


def counted(particles: pd.DataFrame) -> pd.DataFrame:
    """The particles that make up the distribution."""
    return particles[particles["counted"].astype(bool)]


def size_weights(particles: pd.DataFrame, *, by_volume: bool = False) -> NDArray[np.float64] | None:
    """How much each particle counts in the distribution, for `semseg.statistics.summary.summarise`.

    By number: its edge weight, or None where all are 1; by volume: that times its volume.
    """
    weight = particles["weight"].to_numpy(np.float64)
    if by_volume:
        return weight * volume_weights(particles)
    return None if (weight == 1).all() else weight


def in_short(edges: str, visible_only: bool) -> str:
    """The rule in a few words, for a figure."""
    return f"{IN_SHORT[edges]}, fully visible" if visible_only else IN_SHORT[edges]


def describe(edges: str, visible_only: bool) -> str:
    """The rule in one sentence."""
    rule = EDGES[edges]
    return f"{rule}, fully visible ones only." if visible_only else f"{rule}."
