"""The median size of the picture shown, with its expanded uncertainty, as it stands."""

from __future__ import annotations

import numpy as np
import streamlit as st

from semseg.analysis import Analysis
from semseg.display import Display
from semseg.measure.quantities import SIZES
from semseg.metrology.pooling import pooled
from semseg.metrology.uncertainty import Band, Budget, budget, threshold_band
from semseg.page.factors import Others
from semseg.page.text import plain
from semseg.page.work import SegmentedImage, store, turn
from semseg.statistics.counting import size_weights
from semseg.statistics.digits import with_uncertainty
from semseg.statistics.intervals import bootstrap_median

__all__ = ["STYLE", "explained", "line", "uncertainty"]

# The row keeps its height when the median comes or goes, since the view stands below it.
STYLE = """
<style>
  .st-key-above_view { min-height: 1.5rem; }
  .st-key-median_line p { font-size: 0.875rem; }
</style>
"""


def uncertainty(
    image: SegmentedImage, analysis: Analysis, display: Display, others: Others
) -> Budget | None:
    """The budget of D50 by number of one picture; None without particles that count.

    `others` are those of `semseg.page.factors`, empty while they are under way.
    """
    size, unit = display.size, analysis.unit
    rule = analysis.settings.edges, analysis.settings.visible_only
    scale = analysis.calibration and analysis.calibration.mean_pixel_nm
    # it is of what the network found, so that no correction by hand makes another
    as_band = ("band", *image.network_key, size, unit, rule, scale, tuple(others))
    particles = pooled([analysis], unit)
    if particles.empty:
        return None

    def make_band() -> Band:
        with turn():
            return threshold_band([analysis], size, unit, {**others})

    band = store().get(as_band, make_band)
    sizes = particles[SIZES[size].column(unit)].to_numpy(np.float64)
    groups = particles["picture"].to_numpy()
    known = bootstrap_median(sizes, size_weights(particles), groups)
    return budget([analysis], size, unit, band, known)


def line(image: SegmentedImage, analysis: Analysis, display: Display, others: Others) -> None:
    """``D50 228 ± 17 nm (expanded uncertainty, k = 2)``; where a part is missing, which."""
    known = uncertainty(image, analysis, display, others)
    if known is None:
        return
    said = with_uncertainty(known.value, known.expanded * known.value, known.unit)
    kind = "expanded uncertainty, k = 2"
    if known.missing:
        kind += f", without {' and '.join(each.partition(':')[0] for each in known.missing)}"
    with st.container(key="median_line"):
        st.markdown(f"D50 **{said}** ({kind})", width="content", help=explained(known))


def explained(known: Budget) -> str:
    """The parts of the uncertainty and what is not in it, for whoever asks; in Markdown."""
    parts = [
        f"- {part.name}: {100 * part.relative:.2g} % ({plain(part.how)})"
        for part in known.components
    ]
    missing = [f"- not in it: {plain(each)}" for each in known.missing]
    return "\n".join(
        ["By number. U = 2 u, from these standard uncertainties:", "", *parts, *missing]
    )
