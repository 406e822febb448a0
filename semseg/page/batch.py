"""Several pictures of one sample: a row for each, and their sizes together."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from semseg.analysis import Analysis
from semseg.display import Display
from semseg.errors import SemsegError
from semseg.export.files import archive, output_files, run_files
from semseg.export.report import report_html
from semseg.export.tables import pooled_csv
from semseg.measure.quantities import SIZES
from semseg.metrology.assessment import assess
from semseg.metrology.cautions import compare_rules
from semseg.metrology.pooling import left_out, poolable, pooled, pooled_unit, pooled_weights
from semseg.page import cautions, choices, details, gallery, scale_table, scales, which
from semseg.page.factors import at_other_factors
from semseg.page.results import edited
from semseg.page.statistics import not_pooled
from semseg.page.text import plain
from semseg.page.work import Progress, turn
from semseg.statistics.summary import FIGURES, histogram_edges, summarise

__all__ = ["pooled_particles", "show"]

NAMED = 3  # pictures that a figure names as left out


@st.fragment
def show(found: Sequence[Progress], unread: Sequence[str]) -> None:
    """The pictures beside each other, their scales, the pooled distribution, and all files."""
    scales.run_again()
    images = {number: each.image for number, each in enumerate(found) if each.image}
    by_number = {number: edited(image) for number, image in images.items()}
    try:
        opened = gallery.show(found, unread, by_number)
    except SemsegError as error:
        opened = None
        st.error(plain(str(error)))
    if opened is not None and opened < len(found):
        which.show(opened)
        st.session_state.tab_wanted = "sizes"
        st.rerun(scope="app")
    if not by_number:
        return
    pictures, analyses = list(images.values()), list(by_number.values())
    display = choices.current_display()

    st.subheader("Scale of each picture", anchor=False)
    scale_table.edit(
        [each.micrograph for each in analyses], [each.calibration for each in analyses]
    )

    particles, unit = pooled_particles(analyses)
    st.subheader("All pictures together", anchor=False)
    not_pooled(analyses)
    if missing := _not_done(found, unread):
        st.caption(plain(missing))
    if particles.empty:
        st.write("No particles are counted.")
    else:
        _numbers(particles, display, unit)
        comparison = compare_rules(analyses, display.size, by_volume=display.by_volume)
        cautions.in_full(comparison, "all")
        st.plotly_chart(
            pooled_histogram(particles, display, unit, _in_it(analyses, len(found) + len(unread))),
            key="pooled",
            config={"displaylogo": False},
        )

    others = at_other_factors(pictures)

    said = details.reader()

    def everything() -> bytes:
        with turn():
            assessment = assess(analyses, display.size, others=others)
            files = run_files(analyses, assessment, display, said())
            files["pooled.csv"] = pooled_csv(analyses)
            for number, analysis in enumerate(analyses, start=1):
                for name, content in output_files(analysis, display, details=said()).items():
                    files[f"{number:03d} {analysis.micrograph.stem}/{name}"] = content
            return archive(files)

    def report() -> bytes:
        with turn():
            assessment = assess(analyses, display.size, others=others)
            return report_html(analyses, assessment, display, said())

    details.fields("batch")

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


def _not_done(found: Sequence[Progress], unread: Sequence[str]) -> str:
    """Which pictures have no sizes, and why; empty where each has."""
    said = [f"{name} (being read)" for name in unread]
    for each in found:
        name = each.micrograph.name
        if each.problem:
            said.append(f"{name} (failed)")
        elif each.stopped:
            said.append(f"{name} (stopped)")
        elif each.under_way:
            said.append(f"{name} (being analysed)")
    return f"Not in it: {', '.join(said)}." if said else ""


def _in_it(analyses: Sequence[Analysis], count: int) -> str:
    """What a figure of all together says of who is in it."""
    unit = pooled_unit(analyses)
    names = [each.name for each in left_out(analyses)]
    text = f"{len(poolable(analyses, unit))} of {count} pictures"
    if names:
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        text += f"; without {', '.join(names[:NAMED])}{more}"
    return text


def pooled_histogram(
    particles: pd.DataFrame, display: Display, unit: str, said: str = ""
) -> go.Figure:
    """Bars of the pooled sizes, by number or by volume; `said` stands above them."""
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
        margin={"l": 60, "r": 10, "t": 34 if said else 10, "b": 50},
        title={"text": html.escape(said), "font": {"size": 13}, "x": 0, "xref": "paper", "y": 0.97},
        xaxis={
            "title": f"{quantity.name} ({unit})",
            "type": "log" if display.log else "-",
        },
        yaxis={"title": title},
    )
    return figure
