"""The counting rule: which accepted particles make up the distribution, and with what weight.

The filter accepts or rejects an outline (column ``kept``); the rule decides whether a particle with
a right outline is counted (column ``counted``). A particle cut by the frame is smaller than it was,
and a large one is cut more often than a small one (ISO 13322-1); of a particle that another covers
only a part is seen.

>>> describe("weight", visible_only=True)
'Particles wholly inside the frame, each weighted by 1/P (Miles-Lantuejoul), fully visible ones only.'
"""  # noqa: E501

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.measure.area import Area
from semseg.measure.visibility import FULLY_VISIBLE
from semseg.statistics.distribution import edge_weights
from semseg.statistics.summary import volume_weights

__all__ = [
    "BY_HAND",
    "EDGES",
    "RULE_COLUMNS",
    "Counts",
    "apply_rule",
    "counted",
    "decided_by_hand",
    "describe",
    "in_short",
    "size_weights",
]

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
BY_HAND = "manual"  # the column ``reason`` of a particle on which a person decided


@dataclass(frozen=True)
class Counts:
    """How many particles of one or more pictures are what.

    They add up: ``found`` = ``kept`` + ``possibly_wrong`` + ``excluded_by_hand``, and ``kept`` =
    ``counted`` + ``not_counted``.

    Attributes
    ----------
    found, kept, counted : int
        All, those accepted, and those of them that the counting rule does not leave out.
    possibly_wrong, excluded_by_hand : int
        Rejected by the filter, and by a person.
    kept_by_hand : int
        The part of ``kept`` on which a person decided.
    at_edge, kept_at_edge : int
        Of those found, and of those kept, how many the edge of the frame cuts.
    """

    found: int
    kept: int
    counted: int
    possibly_wrong: int
    excluded_by_hand: int
    kept_by_hand: int
    at_edge: int
    kept_at_edge: int

    @classmethod
    def of(cls, particles: pd.DataFrame) -> Counts:
        """Of a table of particles, as `apply_rule` gives it, with its column ``reason``."""
        kept, edge = (particles[name].to_numpy(bool) for name in ("kept", "touches_edge"))
        by_hand = decided_by_hand(particles)
        return cls(
            found=len(particles),
            kept=int(kept.sum()),
            counted=len(counted(particles)),
            possibly_wrong=int((~kept & ~by_hand).sum()),
            excluded_by_hand=int((~kept & by_hand).sum()),
            kept_by_hand=int((kept & by_hand).sum()),
            at_edge=int(edge.sum()),
            kept_at_edge=int((kept & edge).sum()),
        )

    @property
    def not_counted(self) -> int:
        """Kept, but left out by the counting rule."""
        return self.kept - self.counted

    @property
    def rejected(self) -> int:
        """Not kept, whoever decided it."""
        return self.found - self.kept


def apply_rule(
    particles: pd.DataFrame, area: Area, *, edges: str, visible_only: bool
) -> pd.DataFrame:
    """Mark which accepted particles are counted, and with what weight.

    Parameters
    ----------
    particles : DataFrame
        With `RULE_COLUMNS`.
    area : Area
        The analysed part of the picture.
    edges : str
        A key of `EDGES`.
    visible_only : bool
        Leave out particles whose visibility is below `FULLY_VISIBLE`.

    Returns
    -------
    The table with ``not_counted`` (why the rule leaves a particle out, or an empty text),
    ``counted`` (kept, and not left out) and ``weight``: 1, or 1/P with
    P = (Z1 - F1) (Z2 - F2) / (Z1 Z2), Z the sides of the frame and F those of the particle's
    bounding box (Miles-Lantuejoul correction, ISO 13322-1); with masks times `Area.room`.
    """
    not_counted = np.full(len(particles), "", object)
    if visible_only:
        not_counted[(particles["visibility"] < FULLY_VISIBLE).to_numpy(bool)] = COVERED
    whole = ~particles["touches_edge"].to_numpy(bool)
    weight = np.ones(len(particles))
    if edges != "count":
        not_counted[~whole] = CUT
    if edges == "weight":
        width, height = (
            particles.loc[whole, f"box_{side}_px"].to_numpy() for side in ("width", "height")
        )
        weight[whole] = edge_weights(width, height, area.frame) / area.room(width, height)
    counts = particles["kept"].to_numpy(bool) & (not_counted == "")
    return particles.assign(
        not_counted=pd.Series(not_counted, particles.index, dtype=str),
        counted=counts,
        weight=weight,
    )


def decided_by_hand(particles: pd.DataFrame) -> NDArray[np.bool_]:
    """On which particles a person decided, (n,)."""
    return (particles["reason"] == BY_HAND).to_numpy(bool)


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
