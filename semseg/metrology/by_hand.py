"""How much of a result a hand made, and what it would be without.

A reader who knows that fifty outlines were drawn by hand wants to know whether it matters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from semseg.analysis import Analysis, without_hand
from semseg.measure.quantities import SIZES
from semseg.metrology.pooling import pooled, pooled_unit, pooled_weights
from semseg.statistics.counting import decided_by_hand
from semseg.statistics.summary import SizeSummary, summarise

__all__ = ["ByHand", "by_hand", "sentences"]

ORIGINS = {  # of outlines, as the column ``origin`` has them
    "split": "made by splitting",
    "merge": "made by merging",
    "hand": "drawn",
}


@dataclass(frozen=True)
class ByHand:
    """What a hand did to one or more pictures.

    Attributes
    ----------
    outlines : dict of str to int
        Outlines that a hand made, by ``origin``: ``split``, ``merge``, ``hand``.
    removed : int
        Outlines of the network that are no more.
    decided : int
        Particles kept or excluded by hand.
    masked : float
        Share of the frames that a hand left out, 0..1.
    size, unit : str
        A key of `semseg.measure.quantities.SIZES`, and ``nm`` or ``px``.
    result, without : SizeSummary
        Of the counted particles by number: as they are, and as they would be had no hand touched
        the pictures.
    """

    outlines: dict[str, int]
    removed: int
    decided: int
    masked: float
    size: str
    unit: str
    result: SizeSummary
    without: SizeSummary

    @property
    def anything(self) -> bool:
        """Whether a hand did anything at all."""
        return bool(self.outlines or self.removed or self.decided or self.masked)


def by_hand(analyses: Sequence[Analysis], size: str) -> ByHand:
    """What a hand did, and how mean and percentiles of a size are with and without."""
    origins: Counter[str] = Counter()
    removed = decided = 0
    frames = masked = 0.0
    for each in analyses:
        table = each.particles
        origins.update(table["origin"].tolist())
        before = set(each.segmentation.unedited.particles["label"].tolist())
        removed += len(before - set(table["label"].tolist()))
        decided += int(decided_by_hand(table).sum())
        height, width = each.grid.frame
        frames += height * width
        masked += height * width - each.segmentation.area.pixels
    unit = pooled_unit(analyses)
    return ByHand(
        outlines={origin: origins[origin] for origin in ORIGINS if origins[origin]},
        removed=removed,
        decided=decided,
        masked=masked / frames,
        size=size,
        unit=unit,
        result=_summary(analyses, size, unit),
        without=_summary([without_hand(each) for each in analyses], size, unit),
    )


def sentences(found: ByHand) -> list[str]:
    """What a reader must know of it; nothing where no hand did anything."""
    if not found.anything:
        return []
    did = [f"{count:,} {ORIGINS[origin]}" for origin, count in found.outlines.items()]
    said = []
    if did:
        total = sum(found.outlines.values())
        outlines = f"{total:,} outline{'s'[: total != 1]} {'is' if total == 1 else 'are'} by hand"
        said.append(f"{outlines} ({', '.join(did)}).")
    if found.removed:
        said.append(
            f"{found.removed:,} outline{'s'[: found.removed != 1]} of the network "
            f"{'is' if found.removed == 1 else 'are'} no more."
        )
    if found.decided:
        said.append(
            f"On {found.decided:,} particle{'s'[: found.decided != 1]} a person decided whether "
            f"{'it counts' if found.decided == 1 else 'they count'}."
        )
    if found.masked:
        said.append(f"{found.masked:.2%} of the frame was left out by hand.")
    name, unit = SIZES[found.size].name, found.unit
    with_it, without = found.result, found.without
    if without.count and with_it.count:
        said.append(
            f"{name}, as counted: mean {with_it.mean:.4g} {unit}, D50 {with_it.d50:.4g} {unit} "
            f"(n = {with_it.count:,}); without the hand: mean {without.mean:.4g} {unit}, D50 "
            f"{without.d50:.4g} {unit} (n = {without.count:,})."
        )
    return said


def _summary(analyses: Sequence[Analysis], size: str, unit: str) -> SizeSummary:
    particles = pooled(analyses, unit)
    weights = pooled_weights(particles, unit, by_volume=False)
    return summarise(particles[SIZES[size].column(unit)], weights)
