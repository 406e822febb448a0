"""What a paper or a dossier needs: intervals, fit, correction, uncertainty, screening, shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from semseg.analysis import Analysis
from semseg.figures.plots import band_plot, distribution_plot, quantile_plot, shapes_plot
from semseg.measure.quantities import SHAPES
from semseg.metrology.assessment import SHAPE_FIGURES, Assessment, assess
from semseg.metrology.pooling import left_out_sentences
from semseg.metrology.uncertainty import RATIOS
from semseg.page import cautions, choices, controls, factors
from semseg.page.factors import at_other_factors
from semseg.page.results import edited
from semseg.page.text import plain
from semseg.page.work import SegmentedImage, store, turn
from semseg.statistics.digits import places_between, with_uncertainty, written
from semseg.statistics.distribution import MIN_INSIDE_PROBABILITY, goodness_sentence
from semseg.statistics.intervals import MIN_IMAGES, Interval
from semseg.statistics.nanomaterial import vssa
from semseg.statistics.sample_size import advice_sentence
from semseg.statistics.summary import ONCE, Figure, SizeSummary

__all__ = ["assessed", "not_pooled", "show"]

ALL, ONE = "All pictures", "This picture"
PLOT = {"displaylogo": False}
TABLE_PX, PLOT_PX = 540, 470  # side by side on a screen of 1440


def assessed(pictures: Sequence[SegmentedImage]) -> tuple[list[Analysis], Assessment]:
    """The pictures as they stand, and what they say together; made once for the same state."""
    analyses = [edited(image) for image in pictures]
    size = choices.current_display().size
    others = at_other_factors(pictures)
    key = (
        "assess",
        size,
        tuple(image.key for image in pictures),
        tuple(analysis.settings for analysis in analyses),
        tuple(tuple(sorted(analysis.manual.items())) for analysis in analyses),
        tuple(others),
    )

    def make() -> Assessment:
        with turn():
            return assess(analyses, size, others=others)

    return analyses, store().get(key, make)


@st.fragment
def show(pictures: Sequence[SegmentedImage], shown: SegmentedImage | None) -> None:
    """The statistics of all pictures together, or of the one that is shown."""
    chosen = list(pictures)
    if len(pictures) > 1 and shown:
        which = st.segmented_control(
            "Of", (ALL, ONE), default=ALL, required=True, label_visibility="collapsed"
        )
        chosen = [shown] if which == ONE else chosen
    analyses, assessment = assessed(chosen)
    _headline(assessment, analyses)
    if assessment.counts.counted == 0:
        st.write("No particles are counted.")
        return
    distribution, uncertainty, screening, shape = st.tabs(
        ["Distribution", "Uncertainty", "EU screening", "Shape"]
    )
    with distribution:
        _distribution(assessment)
    with uncertainty:
        _uncertainty(assessment, chosen)
    with screening:
        _screening(assessment)
    with shape:
        _shape(assessment)


def _side_by_side() -> tuple[DeltaGenerator, DeltaGenerator]:
    """A place for a table and one for a plot, below each other where there is no space."""
    with st.container(horizontal=True, gap="small"):
        return st.container(width=TABLE_PX), st.container(width=PLOT_PX)


def not_pooled(analyses: Sequence[Analysis]) -> None:
    """Name the pictures that are no part of the sizes of all."""
    if said := left_out_sentences(analyses):
        st.warning("\n\n".join(map(plain, said)), icon=":material/straighten:")


def _headline(assessment: Assessment, analyses: Sequence[Analysis]) -> None:
    counts = assessment.counts
    pictures = f"{assessment.pictures} picture{'s'[: assessment.pictures > 1]}"
    st.caption(
        f"{assessment.size_name} of {counts.counted:,} particles in {pictures}. "
        f"{assessment.rule} Kept {counts.kept:,} of {counts.found:,} found; "
        f"{counts.kept_at_edge:,} of them are cut by the edge."
    )
    if doubt := assessment.scale_doubt:
        st.warning(
            f"**{doubt.capitalize()}, check:** the scale is only {doubt}, so nothing below may be "
            "reported.",
            icon=":material/straighten:",
        )
    not_pooled(analyses)
    cautions.in_full(assessment.comparison, "statistics")


def _distribution(assessment: Assessment) -> None:
    table_side, plot_side = _side_by_side()
    with table_side:
        st.table(figures_table(assessment), border="horizontal")
        st.caption(
            f"By number, in {assessment.unit}. Raw: all kept, as they are seen. Corrected: those "
            "wholly inside the frame, weighted by 1/P."
        )
        if assessment.intervals.resampled == "particles":
            st.caption(
                "Intervals take all particles as independent. How pictures of the sample differ "
                f"is not in them: that takes {MIN_IMAGES} pictures."
            )
        advice = assessment.advice
        if advice is not None:
            st.write(advice_sentence(advice).replace(" %", "\N{NO-BREAK SPACE}%"))
        if assessment.min_inside_probability < MIN_INSIDE_PROBABILITY:
            st.warning(
                f"The largest particle would lie wholly inside the frame in only "
                f"{assessment.min_inside_probability:.0%} of all places: take pictures at a lower "
                "magnification.",
                icon=":material/crop_free:",
            )
    with plot_side:
        st.plotly_chart(distribution_plot(assessment), key="distribution", config=PLOT)
        fit = assessment.lognormal
        if fit is not None:
            st.write(goodness_sentence(fit))
            with st.expander("Quantiles against a lognormal distribution"):
                st.plotly_chart(quantile_plot(assessment), key="quantiles", config=PLOT)


def figures_table(assessment: Assessment) -> pd.DataFrame:
    """The figures of the distribution: with interval, by volume, raw and edge-corrected."""
    found = assessment.intervals

    def row(name: str, interval: Interval, figure: Figure | None = None) -> dict[str, str]:
        place = places_between(interval.low, interval.high, interval.value)

        def of(summary: SizeSummary) -> str:
            return _number(figure.of(summary), place) if figure else ""

        return {
            "": name,
            "Counted": _number(interval.value, place),
            "95 % interval": _limits(interval, place),
            "By volume": of(assessment.by_volume),
            "Raw": of(assessment.raw),
            "Corrected": of(assessment.corrected),
        }

    table = [
        *(row(figure.title, getattr(found, figure.key), figure) for figure in ONCE),
        row("D[3,2]", found.d32),
        row("D[4,3]", found.d43),
        row("Geometric mean", found.geometric_mean),
        row("GSD", found.geometric_standard_deviation),
    ]
    return pd.DataFrame(table).set_index("")


def _uncertainty(assessment: Assessment, pictures: Sequence[SegmentedImage]) -> None:
    table_side, plot_side = _side_by_side()
    with table_side:
        budget = assessment.budget
        if budget is not None:
            st.metric(
                "D50, expanded uncertainty (k = 2)",
                with_uncertainty(budget.value, budget.expanded * budget.value, budget.unit),
                width="content",
            )
            rows = [
                {"Part": part.name, "u (%)": f"{100 * part.relative:.2g}", "How": part.how}
                for part in budget.components
            ]
            rows.append({"Part": "combined", "u (%)": f"{100 * budget.combined:.2g}", "How": ""})
            st.table(pd.DataFrame(rows).set_index("Part"), border="horizontal")
            for missing in budget.missing:
                st.caption(f"Not in it: {plain(missing)}.")
        controls.scale_uncertainty()
        if failed := factors.problems(pictures):
            st.warning("\n\n".join(map(plain, failed)))
            st.button(
                "Try again",
                icon=":material/refresh:",
                on_click=factors.try_again,
                args=(pictures,),
                key="factors_again",
            )
        elif len(assessment.band.medians) == 1:
            st.caption(
                ":material/hourglass_empty: The network looks at "
                f"{' and '.join(f'{ratio:g}' for ratio in RATIOS)} of the rescale factor in the "
                "background; what that adds comes by itself."
            )
    with plot_side:
        st.plotly_chart(band_plot(assessment, assessment.filter_threshold), key="band", config=PLOT)


def _screening(assessment: Assessment) -> None:
    found = assessment.screening
    if found is None:
        st.write("Without a scale nothing can be said about nanometres.")
        return
    st.markdown(f"#### {plain(found.verdict)}.")
    st.write(plain(found.statement))
    area = vssa(assessment.particles["ecd_nm"], assessment.weights)
    st.caption(
        f"Spheres of the same ECD would have {area:.3g} m²/cm³ of surface (VSSA). Since 2022 this "
        "is no criterion any more, except that the definition leaves out materials below 6 m²/cm³; "
        "smooth spheres give the least that is possible."
    )


def _shape(assessment: Assessment) -> None:
    table_side, plot_side = _side_by_side()
    with table_side:
        st.table(shapes_table(assessment), border="horizontal")
        st.caption(
            " ".join(plain(f"{q.name}: {q.definition} ({q.source}).") for q in SHAPES.values())
            + " Size against shape, linked to the outlines: *Sizes*, switch *Shape*."
        )
    with plot_side:
        st.plotly_chart(shapes_plot(assessment), key="shape_plots", config=PLOT)


def shapes_table(assessment: Assessment) -> pd.DataFrame:
    """The figures of every shape by number, as texts: a row per shape, a column per figure."""
    rows = {
        shape.name: assessment.shapes.loc[key].map(f"{{:.{shape.decimals}f}}".format)
        for key, shape in SHAPES.items()
    }
    columns = {figure.key: figure.title for figure in SHAPE_FIGURES}
    return pd.DataFrame(rows).T.rename(columns=columns)


def _number(value: float, place: int) -> str:
    return written(value, place) if np.isfinite(value) else ""


def _limits(interval: Interval, place: int) -> str:
    if not (np.isfinite(interval.low) and np.isfinite(interval.high)):
        return "not known"
    return f"{written(interval.low, place)} to {written(interval.high, place)}"
