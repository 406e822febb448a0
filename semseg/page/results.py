"""One picture: the linked view of its outlines and sizes, and its files."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from semseg.analysis import Analysis, refilter
from semseg.display import Display
from semseg.errors import SemsegError
from semseg.export import archive, output_files
from semseg.figure import KINDS
from semseg.page import address, choices
from semseg.page.text import plain
from semseg.page.work import Worked, concluded, store
from semseg.viewer import ViewState, pack, viewer

__all__ = ["edited", "publish_address", "show"]

VIEWER = "viewer"  # key of the component
VIEWS = 200  # pictures (or their variants) whose decisions by hand are remembered


@st.fragment
def show(worked: Worked) -> None:
    """The view; a change in it runs this function alone, and the network never."""
    settings = choices.current()
    base = concluded(worked, settings)
    key = ("pack", worked.micrograph.name, worked.key, replace(settings, filter=None))
    data = store().get(key, lambda: pack(base))
    _headline(base)
    try:
        state = viewer(data, _start(worked, data["id"]), command=_command(), key=VIEWER)
        _remember(worked, state)
    except SemsegError as error:
        st.error(plain(str(error)))
    publish_address()
    st.subheader("Download", anchor=False)
    _downloads(edited(worked))


def edited(worked: Worked) -> Analysis:
    """The analysis as it stands: with the filter and the decisions by hand."""
    settings, view = choices.current(), _views().get(worked.key)
    return refilter(concluded(worked, settings), settings.filter, view.edits if view else None)


# What the view and Python tell each other


def _views() -> dict[tuple, ViewState]:
    """What was done in the view, by picture: decisions by hand outlive a look at another one."""
    return st.session_state.setdefault("views", {})


def _command() -> str:
    return str(st.session_state.command)


def _start(worked: Worked, data_id: str) -> ViewState:
    """What the view begins with; it stays the same until there is something new to tell."""
    state = st.session_state
    told = (data_id, _command())
    if state.get("start_told") != told:
        threshold = worked.found.model.filter_threshold
        if state.filter is not None and state.filter > 0:
            threshold = state.filter
        before = _views().get(worked.key, ViewState())
        state.start_told = told
        state.start = replace(
            before,
            threshold=threshold,
            filter_on=state.filter != 0,
            **choices.current_display().to_dict(),
        )
    return state.start


def _remember(worked: Worked, view: ViewState) -> None:
    """Take over what the person did in the view."""
    views = _views()
    views.pop(worked.key, None)  # the latest stand last
    views[worked.key] = view
    while len(views) > VIEWS:
        del views[next(iter(views))]
    usual = worked.found.model.filter_threshold
    threshold = view.threshold if view.filter_on else 0.0
    choices.set_filter(None if threshold == usual else threshold)
    st.session_state.display = Display(view.size, view.weighting, view.bins, view.log)


def publish_address() -> None:
    """Put the settings into the page's address, where they differ from the usual."""
    query = address.to_query(choices.current(), choices.current_display())
    if st.session_state.get("sample"):
        query["sample"] = "1"
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


# What is written around the view


def _headline(analysis: Analysis) -> None:
    micrograph, calibration = analysis.micrograph, analysis.calibration
    facts = [f"{micrograph.width} x {micrograph.height} px"]
    if calibration:
        size = f"{calibration.pixel_size_nm:.4g} nm per pixel"
        source = plain(calibration.source)
        facts.append(f"{size} (**{source}**)" if calibration.assumed else f"{size} ({source})")
    facts.append(f"rescale {analysis.rescale:.3g} ({analysis.rescale_source})")
    st.caption(" · ".join(facts))
    if analysis.notes:
        st.info("\n\n".join(map(plain, analysis.notes)), icon=":material/info:")


FILES = {
    "sizes.csv": ("Sizes", "text/csv", "mean, median, SD and every kept particle"),
    "particles.csv": ("All particles", "text/csv", "every particle found, with its shape"),
    "figure.png": ("Figure, PNG", "image/png", "four panels"),
    "figure.svg": ("Figure, SVG", "image/svg+xml", "four panels, to be edited"),
    "figure.pdf": ("Figure, PDF", "application/pdf", "four panels, for print"),
    "labels.tif": ("Label image", "image/tiff", "for Fiji, napari, CellProfiler"),
    "settings.json": ("Settings", "application/json", "upload it to replay this analysis"),
    "summary.json": ("Summary", "application/json", "all numbers and how they came about"),
}


def _downloads(analysis: Analysis) -> None:
    """Everything in one archive, or file by file; made when clicked.

    Streamlit calls the makers outside the session, so they are given all they need.
    """
    display = choices.current_display()
    stem = analysis.micrograph.stem
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Everything as ZIP",
            lambda: archive(output_files(analysis, display, figures=KINDS)),
            file_name=f"{stem}.zip",
            mime="application/zip",
            type="primary",
            icon=":material/folder_zip:",
            on_click="ignore",
            key="download_zip",
        )
        for kind, (label, mime, what) in FILES.items():
            st.download_button(
                label,
                partial(_file, analysis, display, kind),
                file_name=f"{stem}.{kind}",
                mime=mime,
                help=what,
                on_click="ignore",
                key=f"download_{kind}",
            )


def _file(analysis: Analysis, display: Display, kind: str) -> bytes:
    """The one output file whose name ends with `kind`."""
    figures = [figure for figure in KINDS if kind == f"figure.{figure}"]
    files = output_files(analysis, display, figures=figures)
    return next(content for name, content in files.items() if name.endswith(f".{kind}"))
