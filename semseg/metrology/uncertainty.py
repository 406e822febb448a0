"""The uncertainty of a size distribution: calibration, segmentation, statistics; combined.

The relative standard uncertainty of the median size D50 is

    u = sqrt(u_scale^2 + u_filter^2 + u_rescale^2 + u_sampling^2),    U = 2 u  (k = 2)

(GUM, JCGM 100:2008, 5.1.2 and 6.2.1; the parts are taken as independent). How each is found:

scale
    What the source of the scale states, what a person typed, or `DEFAULT_SCALE_UNCERTAINTY`.
filter
    How far D50 moves when the filter threshold goes `FILTER_REACH` up and down: all values within
    the half range a are taken as equally likely, so u = a / sqrt(3) (GUM 4.3.7).
rescale
    The same when the network sees the picture at `RATIOS` times its size.
sampling
    From the bootstrap interval of the median: its width over 2 x 1.96.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semseg.analysis import Analysis, refilter, rescale_limits, without_hand
from semseg.measure.quantities import SIZES
from semseg.metrology.pooling import pooled
from semseg.statistics.counting import size_weights
from semseg.statistics.intervals import Interval
from semseg.statistics.summary import summarise

__all__ = [
    "RATIOS",
    "Band",
    "Budget",
    "Component",
    "budget",
    "threshold_band",
    "usable_ratios",
]

# A microscope's scale that nobody verified against a reference: magnification errors of a few
# percent are common (ISO 16700 asks for the check because of them).
DEFAULT_SCALE_UNCERTAINTY = 0.02
FILTER_REACH = 0.2
RATIOS = (0.9, 1.1)
LEVELS = tuple(np.round(np.arange(0, 0.951, 0.05), 2).tolist())
MIN_PARTICLES = 10  # particles; the median of fewer says nothing of the filter


@dataclass(frozen=True)
class Component:
    """One part of the budget: its name, relative standard uncertainty, and how it was found."""

    name: str
    relative: float
    how: str


@dataclass(frozen=True, eq=False)
class Band:
    """D50 over the filter threshold, at the factor that was used and at others.

    Attributes
    ----------
    thresholds : (n,) float
    medians : dict of float to (n,) float
        By ratio to the rescale factor used (1.0 is always there); NaN where fewer than
        `MIN_PARTICLES` particles count.
    unit : str
    """

    thresholds: NDArray[np.float64]
    medians: dict[float, NDArray[np.float64]]
    unit: str


@dataclass(frozen=True)
class Budget:
    """The uncertainty of D50: `value` in `unit`; `combined` and `expanded` are relative."""

    value: float
    unit: str
    components: tuple[Component, ...]
    missing: tuple[str, ...] = ()

    @property
    def combined(self) -> float:
        """Relative standard uncertainty u."""
        return math.sqrt(sum(component.relative**2 for component in self.components))

    @property
    def expanded(self) -> float:
        """Relative expanded uncertainty U = 2 u."""
        return 2 * self.combined


def usable_ratios(analyses: Sequence[Analysis]) -> tuple[float, ...]:
    """Those of `RATIOS` at which the network can look at every one of these images."""

    def fits(analysis: Analysis, ratio: float) -> bool:
        least, most = rescale_limits(analysis.prepared.square_shape)
        return least <= analysis.rescale * ratio <= most

    return tuple(ratio for ratio in RATIOS if all(fits(each, ratio) for each in analyses))


def threshold_band(
    analyses: Sequence[Analysis],
    size: str,
    unit: str,
    others: dict[float, Sequence[Analysis]] | None = None,
) -> Band:
    """How D50 of `size` moves with the filter threshold; `others` by ratio of the factor.

    What a hand did is left out everywhere: it would hide what the filter does, and at other
    factors no hand did anything.
    """
    medians = {
        ratio: _medians(these, size, unit)
        for ratio, these in {1.0: analyses, **(others or {})}.items()
    }
    return Band(np.array(LEVELS), medians, unit)


def budget(
    analyses: Sequence[Analysis], size: str, unit: str, band: Band, median: Interval | None
) -> Budget | None:
    """The uncertainty of D50 of these pictures together; None without particles.

    What cannot be known is named in ``missing``, and the budget is then too small.
    """
    particles = pooled(analyses, unit)
    value = summarise(particles[SIZES[size].column(unit)], size_weights(particles)).d50
    if not math.isfinite(value):
        return None
    components: list[Component] = []
    missing: list[str] = []
    if unit == "nm":
        scale = _scale_component(analyses)
        if scale is None:
            missing.append(f"scale: it is only {_doubt(analyses)}")
        else:
            components.append(scale)
    else:
        missing.append("scale: unknown, sizes are in pixels")
    threshold = analyses[0].filter_threshold
    near = np.abs(band.thresholds - threshold) <= FILTER_REACH + 1e-9
    reached = band.medians[1.0][near]
    components.append(
        Component(
            "filter",
            _rectangular(reached, value),
            f"threshold {threshold:g} moved by {FILTER_REACH:g} up and down: D50 from "
            f"{np.nanmin(reached):.4g} to {np.nanmax(reached):.4g} {unit}"
            if np.isfinite(reached).any()
            else "too few particles to see what the threshold does",
        )
    )
    at = [np.interp(threshold, band.thresholds, values) for values in band.medians.values()]
    if len(band.medians) < 2:
        missing.append("rescale: the network was run at one factor only")
    elif not np.isfinite(at).any():
        missing.append("rescale: no particles at any factor")
    else:
        components.append(
            Component(
                "rescale",
                _rectangular(np.array(at), value),
                "network at "
                + ", ".join(f"{ratio:g}" for ratio in sorted(band.medians))
                + f" of the factor: D50 from {np.nanmin(at):.4g} to {np.nanmax(at):.4g} {unit}",
            )
        )
    if median is not None and math.isfinite(median.high - median.low):
        components.append(
            Component(
                "sampling",
                (median.high - median.low) / (2 * 1.96) / value,
                f"95 % interval of D50 {median.low:.4g} to {median.high:.4g} {unit}",
            )
        )
    else:
        missing.append("sampling: too few particles")
    return Budget(value, unit, tuple(components), tuple(missing))


def _medians(analyses: Sequence[Analysis], size: str, unit: str) -> NDArray[np.float64]:
    """D50 in `unit` at each of `LEVELS`, (n,); NaN where fewer than `MIN_PARTICLES` count."""
    # whom the counting rule leaves out, and how much one counts, does not depend on the others
    particles = pooled([refilter(_by_network(each), 0.0) for each in analyses], unit)
    confidence = particles["confidence"].to_numpy(np.float64)

    def median(threshold: float) -> float:
        kept = particles[confidence >= threshold]
        if len(kept) < MIN_PARTICLES:
            return math.nan
        return summarise(kept[SIZES[size].column(unit)], size_weights(kept)).d50

    return np.array([median(level) for level in LEVELS])


def _by_network(analysis: Analysis) -> Analysis:
    return without_hand(analysis) if analysis.segmentation.corrections else analysis


def _rectangular(values: NDArray[np.float64], value: float) -> float:
    """Relative standard uncertainty when all between the extremes is equally likely."""
    values = values[np.isfinite(values)]
    return float(np.ptp(values)) / 2 / math.sqrt(3) / value if values.size else 0.0


def _scale_component(analyses: Sequence[Analysis]) -> Component | None:
    """Of the picture whose scale is least certain, since one scale error moves all sizes."""
    typed = analyses[0].settings.scale_uncertainty
    scaled = [each.calibration for each in analyses if each.calibration is not None]
    if _doubt(analyses):
        return None
    if typed is not None:
        return Component("scale", typed, "typed")
    by_source = {each.source: each.relative_uncertainty for each in scaled}
    default = DEFAULT_SCALE_UNCERTAINTY
    source, stated = max(
        by_source.items(), key=lambda item: default if item[1] is None else item[1]
    )
    if stated is None:
        return Component("scale", default, f"{source}; not stated, so {default:.0%} is assumed")
    return Component("scale", stated, f"{source}, as stated there")


def _doubt(analyses: Sequence[Analysis]) -> str:
    """Why the scale of one of these is not certain, in a word; empty where all are."""
    return next((each.scale_doubt for each in analyses if each.scale_doubt), "")
