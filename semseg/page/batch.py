"""Several pictures of one sample: a row for each, and their sizes together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from semseg.analysis import Analysis
from semseg.display import Display
from semseg.export.files import archive, output_files, run_files
from semseg.export.report import report_html
from semseg.export.tables import INSTRUMENT, per_image_table, pooled_csv
from semseg.io.micrograph import Micrograph
from semseg.measure.quantities import SIZES
from semseg.metrology.assessment import assess
from semseg.metrology.cautions import compare_rules
from semseg.metrology.pooling import pooled, pooled_unit, pooled_weights
from semseg.page import cautions, choices, scales
from semseg.page.results import edited
from semseg.page.statistics import not_pooled
from semseg.page.work import SegmentedImage, at_other_factors, turn
from semseg.statistics.summary import FIGURES, IN_SHORT, histogram_edges, summarise

__all__ = ["chosen", "pooled_particles", "show"]


def chosen(micrographs: Sequence[Micrograph]) -> int:
    """Which picture is shown, and the way to another."""
    st.session_state.picture_count = len(micrographs)
    if len(micrographs) == 1:
        return 0
    numbers = range(len(micrographs))
    state = st.session_state
    if (wanted := state.pop("picture_wanted", None)) is not None:
        state.picture = wanted
    if state.get("picture") not in numbers:
        state.picture = 0
    return st.selectbox(
        "Picture shown",
        numbers,
        key="picture",
        format_func=lambda k: f"{k + 1} of {len(micrographs)}: {micrographs[k].name}",
    )


@st.fragment
def show(pictures: Sequence[SegmentedImage]) -> None:
    """A row per picture, the pooled distribution, and all files."""
    scales.run_again()
    analyses = [edited(image) for image in pictures]
    display = choices.current_display()
    table = per_image_table(analyses, display)
    unit = "nm" if table["width_nm"].notna().any() else "px"
    sizes = [f"{figure.key}_{unit}" for figure in IN_SHORT]
    told = [column for column in INSTRUMENT if table[column].notna().any()]
    event = st.dataframe(
        table[
            [
                *("file", "found", "kept", "counted", *sizes),
                *("rescale", *told),
            ]
        ],
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="pictures_table",
        column_config=_columns(),
    )
    st.caption("Choose a row to show that picture under *Sizes*.")
    _switch(event.selection.rows)

    st.subheader("Scale of each picture", anchor=False)
    scales.edit([each.micrograph for each in analyses], [each.calibration for each in analyses])

    particles, unit = pooled_particles(analyses)
    st.subheader("All pictures together", anchor=False)
    not_pooled(analyses)
    if particles.empty:
        st.write("No particles are counted.")
    else:
        _numbers(particles, display, unit)
        comparison = compare_rules(analyses, display.size, by_volume=display.by_volume)
        cautions.in_full(comparison, "all")
        st.plotly_chart(
            pooled_histogram(particles, display, unit), key="pooled", config={"displaylogo": False}
        )

    others = at_other_factors(pictures)

    def everything() -> bytes:
        with turn():
            assessment = assess(analyses, display.size, others=others)
            files = run_files(analyses, assessment, display) | {"pooled.csv": pooled_csv(analyses)}
            for number, analysis in enumerate(analyses, start=1):
                for name, content in output_files(analysis, display).items():
                    files[f"{number:03d} {analysis.micrograph.stem}/{name}"] = content
            return archive(files)

    def report() -> bytes:
        with turn():
            assessment = assess(analyses, display.size, others=others)
            return report_html(analyses, assessment, display)

    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "All pictures as ZIP",
            everything,
            file_name="semseg.zip",
            mime="application/zip",
            type="primary",
            icon=":material/folder_zip:",
            on_click="ignore",
            key="download_batch",
        )
        st.download_button(
            "Report of all pictures",
            report,
            file_name="report.html",
            mime="text/html",
            icon=":material/lab_profile:",
            on_click="ignore",
            key="download_batch_report",
        )
        st.download_button(
            "Pooled sizes",
            lambda: pooled_csv(analyses),
            file_name="pooled.csv",
            mime="text/csv",
            on_click="ignore",
            key="download_pooled",
        )


def _switch(rows: Sequence[int]) -> None:
    """Show the picture of a row that was just chosen; not again while it stays chosen."""
    state = st.session_state
    if rows and list(rows) != state.get("rows_chosen"):
        state.rows_chosen, state.picture_wanted = list(rows), rows[0]
        st.rerun(scope="app")
    state.rows_chosen = list(rows)


def pooled_particles(analyses: Sequence[Analysis]) -> tuple[pd.DataFrame, str]:
    """The counted particles of all pictures, and the unit in which they can be put together;
    pictures that have no sizes in it are left out."""
    unit = pooled_unit(analyses)
    return pooled(analyses, unit), unit


def _numbers(particles: pd.DataFrame, display: Display, unit: str) -> None:
    size = particles[SIZES[display.size].column(unit)]
    summary = summarise(size, pooled_weights(particles, unit, by_volume=display.by_volume))
    with st.container(horizontal=True, gap="medium"):
        st.metric("Particles", f"{summary.count:,}", width="content")
        for figure in FIGURES:
            value = figure.of(summary)
            text = f"{value:.4g} {unit}" if np.isfinite(value) else "-"
            st.metric(figure.title, text, width="content")


def pooled_histogram(particles: pd.DataFrame, display: Display, unit: str) -> go.Figure:
    """Bars of the pooled sizes, by number or by volume."""
    quantity = SIZES[display.size]
    size = particles[quantity.column(unit)].to_numpy(float)
    weights = pooled_weights(particles, unit, by_volume=display.by_volume)
    edges = histogram_edges(size, bins=display.bins or None, log=display.log)
    heights, _ = np.histogram(size, edges, weights=weights)
    title = "Number of particles" if weights is None else "Number, edge-corrected"
    if display.by_volume and weights is not None:
        heights, title = 100 * heights / weights.sum(), "Share of volume (%)"
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=heights,
            width=np.diff(edges),
            marker={"line": {"width": 0.5, "color": "white"}},
            hovertemplate=f"%{{x:.4g}} {unit}: %{{y:.4g}}<extra></extra>",
        )
    )
    figure.update_layout(
        height=300,
        bargap=0,
        margin={"l": 60, "r": 10, "t": 10, "b": 50},
        xaxis={
            "title": f"{quantity.name} ({unit})",
            "type": "log" if display.log else "-",
        },
        yaxis={"title": title},
    )
    return figure


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "file": "Picture",
        "rescale": number("Rescale", format="%.3g"),
        "found": "Found",
        "kept": "Kept",
        "counted": "Counted",
        **{
            f"{figure.key}_{unit}": number(f"{figure.title} ({unit})", format="%.4g")
            for unit in ("nm", "px")
            for figure in IN_SHORT
        },
        **{column: name[0].upper() + name[1:] for column, name in INSTRUMENT.items()},
    }
