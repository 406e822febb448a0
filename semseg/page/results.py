"""One picture: the linked view of its outlines and sizes, and its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from semseg.analysis import Analysis, refilter
from semseg.display import Display
from semseg.errors import SemsegError
from semseg.export.files import PICTURE_FILES, RUN_FILES, archive, output_files, run_files
from semseg.export.session import Session
from semseg.figures.panels import KINDS
from semseg.metrology.assessment import assess
from semseg.metrology.cautions import compare_rules
from semseg.page import address, cautions, choices, scales
from semseg.page.text import plain
from semseg.page.work import Key, SegmentedImage, at_other_factors, concluded, store, turn
from semseg.viewer import ViewState, pack, viewer

__all__ = ["downloads", "edited", "publish_address", "show"]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
VIEWER = "viewer"  # key of the component
VIEWS = 200  # pictures (or their variants) whose decisions by hand are remembered


@st.fragment
def show(image: SegmentedImage) -> None:
    """The view; a change in it runs this function alone, and the network never."""
    scales.run_again()
    base = concluded(image)
    data = store().get(("pack", id(base)), lambda: (base, pack(base)))[1]
    _headline(base)
    asked, above = st.container(), st.container()
    try:
        state = viewer(data, _start(image, data["id"]), command=_command(), key=VIEWER)
        _remember(image, state)
        with asked:
            scales.line_over_bar(image.micrograph, state.line, image.prepared.pixel_aspect)
    except SemsegError as error:
        st.error(plain(str(error)))
    publish_address()
    analysis, display = edited(image), choices.current_display()
    with above:
        cautions.in_one_line(compare_rules([analysis], display.size, by_volume=display.by_volume))
    _latest().update(
        analysis=analysis,
        display=display,
        others=at_other_factors([image]),
    )


def edited(image: SegmentedImage) -> Analysis:
    """The analysis as it stands: with the filter and the decisions by hand."""
    view = _views().get(image.key) or _replayed(image)
    return refilter(concluded(image), choices.current().filter, view.edits if view else None)


# What the view and Python tell each other


def _views() -> dict[Key, ViewState]:
    """What was done in the view, by picture: decisions by hand outlive a look at another one."""
    views: dict[Key, ViewState] = st.session_state.setdefault("views", {})
    return views


def _command() -> str:
    return str(st.session_state.command)


def _start(image: SegmentedImage, data_id: str) -> ViewState:
    """What the view begins with; it stays the same until there is something new to tell."""
    state = st.session_state
    told = (data_id, _command())
    if state.get("start_told") != told:
        threshold = image.segmentation.model.filter_threshold
        if state.filter is not None and state.filter > 0:
            threshold = state.filter
        before = _views().get(image.key) or _replayed(image) or ViewState()
        state.start_told = told
        state.start = replace(
            before,
            threshold=threshold,
            filter_on=state.filter != 0,
            **choices.current_display().to_dict(),
        )
    start: ViewState = state.start
    return start


def _replayed(image: SegmentedImage) -> ViewState | None:
    """What a session says of this picture, where its outlines are those of the session."""
    session: Session | None = st.session_state.get("session")
    picture = session.picture(image.micrograph.sha256) if session else None
    if session is None or picture is None:
        return None
    if session.model_sha256 != image.segmentation.model.sha256:
        return None
    then, now = session.settings_of(picture), choices.of(image.micrograph)
    seen = ("page", "pixel_aspect", "crop", "repair", "rescale")  # what the outlines depend on
    if any(getattr(then, name) != getattr(now, name) for name in seen):
        return None
    by_kind = [
        (keep, tuple(label for label, kept in picture.edits.items() if kept == keep))
        for keep in (True, False)
    ]
    steps = tuple(step for step in by_kind if step[1])
    return ViewState(steps=steps, done=len(steps))


def _remember(image: SegmentedImage, view: ViewState) -> None:
    """Take over what the person did in the view."""
    views = _views()
    views.pop(image.key, None)  # the latest stand last
    views[image.key] = view
    while len(views) > VIEWS:
        del views[next(iter(views))]
    usual = image.segmentation.model.filter_threshold
    threshold = view.threshold if view.filter_on else 0.0
    choices.set_filter(None if threshold == usual else threshold)
    st.session_state.display = Display(view.size, view.weighting, view.bins, view.log)


def publish_address() -> None:
    """Put the settings into the page's address, where they differ from the usual."""
    settings = choices.for_the_address(st.session_state.get("picture_count", 0))
    query = address.to_query(settings, choices.current_display())
    if st.session_state.get("sample"):
        query["sample"] = "1"
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


# What is written around the view


def _headline(analysis: Analysis) -> None:
    micrograph, calibration = analysis.micrograph, analysis.calibration
    facts = [f"{micrograph.width} x {micrograph.height} px"]
    if micrograph.page_count > 1:
        facts.insert(0, f"picture {micrograph.page:,} of the {micrograph.page_count:,} in the file")
    if calibration:
        size = calibration.per_pixel
        source = plain(calibration.marked_source)
        facts.append(f"{size} ({source})" if calibration.certain else f"{size} (**{source}**)")
    facts.append(f"rescale {analysis.rescale:.3g} ({analysis.rescale_source})")
    st.caption(" · ".join(facts))
    if analysis.notes:
        st.info("\n\n".join(map(plain, analysis.notes)), icon=":material/info:")


# what a person takes along, in four groups: name of the file, its button, its type, what it holds
FILES = {
    "Tables": (
        ("sizes.csv", "Sizes", "text/csv", "mean, median, SD and every counted particle"),
        ("particles.csv", "All particles", "text/csv", "every particle found, with its shape"),
        ("particles.xlsx", "Workbook", XLSX, "all tables, for Excel and LibreOffice"),
    ),
    "Figure": (
        ("figure.png", "PNG", "image/png", "four panels"),
        ("figure.svg", "SVG", "image/svg+xml", "four panels, to be edited"),
        ("figure.pdf", "PDF", "application/pdf", "four panels, for print"),
    ),
    "Outlines": (
        ("labels.tif", "Label image", "image/tiff", "for Fiji, napari, CellProfiler"),
        ("rois.zip", "Fiji ROIs", "application/zip", "open it with Fiji's ROI Manager"),
        ("coco.json", "COCO", "application/json", "for training and comparing networks"),
    ),
    "Again": (
        ("session.json", "Session", "application/json", "replays to the same numbers"),
        ("settings.json", "Settings", "application/json", "for other pictures"),
        ("summary.json", "Summary", "application/json", "all numbers and how they came about"),
    ),
}


def _latest() -> dict[str, Any]:
    """What the files are made from: `analysis`, `display` and `others`, as they now stand.

    Streamlit calls the makers outside the session, so they hold this dictionary, which `show`
    keeps up to date; the buttons themselves need not be sent again when the filter moves.
    """
    latest: dict[str, Any] = st.session_state.setdefault("latest", {})
    return latest


def downloads(image: SegmentedImage) -> None:
    """The report, everything in one archive, or file by file; made when clicked."""
    st.subheader("Download", anchor=False)
    latest, stem = _latest(), image.micrograph.stem
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Report",
            partial(_made, latest, "report.html"),
            file_name=f"{stem}.report.html",
            mime="text/html",
            type="primary",
            icon=":material/lab_profile:",
            help="everything a referee asks for, in one file; prints to PDF",
            on_click="ignore",
            key="download_report",
        )
        st.download_button(
            "Everything as ZIP",
            partial(_everything, latest),
            file_name=f"{stem}.zip",
            mime="application/zip",
            icon=":material/folder_zip:",
            on_click="ignore",
            key="download_zip",
        )
    for column, (group, files) in zip(st.columns(len(FILES)), FILES.items(), strict=True):
        with column:
            st.caption(group)
            with st.container(horizontal=True, gap="small"):
                for kind, label, mime, what in files:
                    st.download_button(
                        label,
                        partial(_made, latest, kind),
                        file_name=f"{stem}.{kind}",
                        mime=mime,
                        help=what,
                        on_click="ignore",
                        key=f"download_{kind}",
                    )


def _everything(latest: Mapping[str, Any]) -> bytes:
    analysis, display = latest["analysis"], latest["display"]
    stem = analysis.micrograph.stem
    with turn():
        assessment = assess([analysis], display.size, others=latest["others"])
        together = run_files([analysis], assessment, display)
        files = output_files(analysis, display, figures=KINDS)
        return archive(files | {f"{stem}.{name}": content for name, content in together.items()})


def _made(latest: Mapping[str, Any], kind: str) -> bytes:
    """The one file of this kind."""
    analysis, display = latest["analysis"], latest["display"]
    with turn():
        if kind in PICTURE_FILES:
            return PICTURE_FILES[kind](analysis, display)
        assessment = assess([analysis], display.size, others=latest["others"])
        return RUN_FILES[kind]([analysis], assessment, display)
