"""Which pictures can be put together, and their particles in one table.

Sizes in nanometres of several pictures add up only where each scale is certain: one that was
assumed, or proposed and not checked, may be wrong by any factor, and would move the figures of all
without a word. Such pictures, and those without a scale, are left out and named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.analysis import Analysis
from semseg.statistics.counting import counted, size_weights

__all__ = [
    "LeftOut",
    "left_out",
    "left_out_sentences",
    "poolable",
    "pooled",
    "pooled_unit",
    "pooled_weights",
]


MANY = 4  # pictures of which not each has a sentence of its own


class LeftOut(NamedTuple):
    """A picture that is no part of the pooled sizes: its name, and why, in a few words."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name} ({self.why})"


def pooled_unit(analyses: Sequence[Analysis]) -> str:
    """In which unit sizes of several pictures can be put together.

    ``nm`` as soon as one of them has a certain scale, or where there is but one and it has any
    scale; else ``px``: pixels of pictures taken at different magnifications do not add up.
    """
    return "nm" if any(_counts_in_nm(each, len(analyses)) for each in analyses) else "px"


def poolable(analyses: Sequence[Analysis], unit: str) -> list[Analysis]:
    """Those whose sizes can be put together in this unit: all in px, in nm those of a certain
    scale, and one alone with any scale."""
    count = len(analyses)
    return [each for each in analyses if unit == "px" or _counts_in_nm(each, count)]


def left_out(analyses: Sequence[Analysis]) -> tuple[LeftOut, ...]:
    """The pictures that are left out of the sizes of all, in their order."""
    used = poolable(analyses, pooled_unit(analyses))
    known = {id(each) for each in used}
    return tuple(
        LeftOut(each.micrograph.name, _why(each)) for each in analyses if id(each) not in known
    )


def left_out_sentences(analyses: Sequence[Analysis]) -> list[str]:
    """What must be said of sizes of all pictures together: who is no part of them, and why."""
    if len(analyses) > 1 and pooled_unit(analyses) == "px" and any(a.calibration for a in analyses):
        return [
            "No picture has a certain scale, so the sizes of all together are in pixels: give or "
            "check the scale of each."
        ]
    by_reason: dict[str, list[str]] = {}
    for each in left_out(analyses):
        by_reason.setdefault(each.why, []).append(each.name)
    return [sentence for why, names in by_reason.items() for sentence in _sentences(names, why)]


def _sentences(names: Sequence[str], why: str) -> list[str]:
    """One for each picture; of more than a few that have the same reason, one for all."""
    if len(names) < MANY:
        return [
            f"{name} is left out of the sizes of all pictures together: {why}." for name in names
        ]
    why = why.replace("it has", "they have").replace("its scale is", "their scales are")
    why = why.replace("check it", "check them")
    return [
        f"{len(names)} pictures are left out of the sizes of all pictures together: {why}. These "
        f"are {', '.join(names)}."
    ]


def pooled(analyses: Sequence[Analysis], unit: str) -> pd.DataFrame:
    """The counted particles of several pictures, with the number of the picture as ``picture``.

    Only of those that are `poolable`.
    """
    used = {id(each) for each in poolable(analyses, unit)}
    tables = [
        counted(analysis.particles).assign(picture=number)
        for number, analysis in enumerate(analyses)
        if id(analysis) in used
    ]
    return pd.concat(tables, ignore_index=True)


def pooled_weights(
    particles: pd.DataFrame, unit: str, *, by_volume: bool
) -> NDArray[np.float64] | None:
    """`size_weights` of `pooled` particles; volumes in the unit in which they are pooled, since
    pixels differ from picture to picture."""
    return size_weights(particles.assign(ecd_px=particles[f"ecd_{unit}"]), by_volume=by_volume)


def _counts_in_nm(analysis: Analysis, of: int) -> bool:
    """Whether a picture counts in nm, as one of so many."""
    calibration = analysis.calibration
    return calibration is not None and (of == 1 or calibration.certain)


def _why(analysis: Analysis) -> str:
    calibration = analysis.calibration
    if calibration is None:
        return "it has no scale"
    return f"its scale is only {calibration.doubt}, check it"
