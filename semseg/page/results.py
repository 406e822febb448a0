"""One picture: the linked view of its outlines and sizes, and its files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from semseg.analysis import Analysis, refilter
from semseg.display import Display
from semseg.errors import SemsegError
from semseg.export.files import PICTURE_FILES, RUN_FILES, archive, output_files, run_files
from semseg.figures.panels import KINDS
from semseg.metrology.assessment import assess
from semseg.metrology.cautions import compare_rules
from semseg.page import (
    cautions,
    choices,
    compare,
    corrections,
    decisions,
    details,
    editing,
    keeping,
    median,
    navigation,
    scale_line,
    scales,
    scales_that_fit,
)
from semseg.page.factors import at_other_factors
from semseg.page.run import folder, saving
from semseg.page.text import plain
from semseg.page.work import SegmentedImage, concluded, store, turn
from semseg.viewer import (
    ViewState,
    asked,
    committed,
    ghost_of,
    pack,
    patch,
    patched_labels,
    picture,
    seams,
    seams_wanted,
    viewer,
)

__all__ = ["downloads", "edited", "show"]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
VIEWER = "viewer"  # key of the component
MANY = 2000  # particles whose outlines take long enough to be waited for
VIEWS = 200  # pictures (or their variants) whose decisions by hand are remembered


def show(image: SegmentedImage) -> None:
    """The picture on its way to the browser, and the view, which alone is run by what is done in
    it."""
    data = _packed(concluded(image.as_found))
    with st.container(gap=None):  # what shows nothing takes no place
        try:
            picture(data, key=VIEWER)
            st.session_state.picture_sent = data["id"]
        except SemsegError as error:
            st.error(plain(str(error)))
        _view(image)
        _seams(image)


@st.fragment
def _seams(image: SegmentedImage) -> None:
    """Where particles that are looked at in the view may be parted."""
    shown, _ = st.session_state.get("start_told", ("", ""))
    image = corrections.corrected(image.as_found)
    there = image.segmentation.outlines
    wanted = [label for label in seams_wanted(VIEWER, shown) if label in there]
    found = {label: editing.known_seams(image, label) for label in wanted}
    told = {label: [(each.log_odds, each.split.lines) for each in found[label]] for label in found}
    with suppress(SemsegError):  # files that cannot be written, which the view says
        seams(shown, told, key=VIEWER)


@st.fragment
def _view(image: SegmentedImage) -> None:
    """The view; a change in it runs this function alone, and the network never."""
    scales.run_again()
    image = corrections.corrected(
        image.as_found
    )  # this function may be run alone after a correction
    image, answer = _corrected_as_asked(image)
    base = concluded(image)
    data, patched = _packed_or_patched(image)
    if st.session_state.get("picture_sent") not in (None, data["id"]):
        st.rerun(scope="app")  # what it depends on was changed within this function
    save_place = st.container()
    _headline(base)
    scales_that_fit.show(image, edited)
    earlier = compare.earlier_than(image)
    about_line = st.container()
    with st.container(key="above_view", horizontal=True, vertical_alignment="center", gap="medium"):
        figures, said = (st.container(width="content") for _ in range(2))
    above = st.container()
    _take_off_line(image)
    start = _start(image, patched["id"] if patched else data["id"])
    settled = decisions.settled(image, start)
    try:
        state = viewer(
            data,
            start,
            command=_command(),
            key=VIEWER,
            history=corrections.history(image),
            settled=start.done if settled is None else settled,
            patch=patched,
            answer=answer and (answer[0], answer[1].said, answer[1].proposed),
            ghost=_ghost(earlier) if earlier else None,
        )
        _remember(image, state)
        with about_line:
            scale_line.line_over_bar(image.micrograph, state.line, image.prepared.pixel_aspect)
    except SemsegError as error:
        st.error(plain(str(error)))
    navigation.publish()
    analysis, display = edited(image), choices.current_display()
    if folder.is_given():
        with save_place:
            saving.show(analysis, display)
    keeping.note([image])
    keeping.keep()
    with said:
        cautions.in_one_line(compare_rules([analysis], display.size, by_volume=display.by_volume))
    if earlier:
        with above:
            compare.show(image, earlier, edited)
    others = at_other_factors([image])
    with figures:  # last, since it takes longest
        median.line(image, analysis, display, others)
    _latest().update(
        analysis=analysis,
        display=display,
        details=details.reader(),
        others=others,
    )


def _corrected_as_asked(
    image: SegmentedImage,
) -> tuple[SegmentedImage, tuple[str, editing.Answer] | None]:
    """The picture shown after what was asked for in the view since; and the answer to that."""
    state = st.session_state
    if "start_told" not in state:
        return image, None
    shown, command = state.start_told
    ask = asked(VIEWER, shown, state.get("last_ask", ("",))[0])
    if ask:
        data, patched = _packed_or_patched(image)
        if shown != (patched or data)["id"]:
            return image, None  # another picture is shown by now
        view = committed(VIEWER, shown, command, patched_labels(data, patched), state.start)
        _remember(image, view)
        table = edited(image).particles
        kept = set(table.loc[table["kept"], "label"].tolist())
        state.last_ask = ask["number"], editing.do(image, kept, view, ask)
        image = corrections.corrected(image.as_found)
    return image, state.get("last_ask")


def _packed_or_patched(image: SegmentedImage) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """What the view is given: the picture as the network found it, and what became of that."""
    before, after = concluded(image.as_found), concluded(image)
    data = _packed(before)
    if image.key == image.network_key:
        return data, None

    def make() -> tuple[Analysis, Analysis, dict[str, Any]]:
        changed = patch(before, data["id"], after)
        # what was decided belongs to it, which leaves no trace in outlines
        changed["id"] = f"{changed['id']}-{image.key[-1]}"
        return before, after, changed  # they stay, and so their ids

    patched: dict[str, Any] = store().get(("patch", id(before), id(after)), make)[2]
    return data, patched


def _ghost(earlier: SegmentedImage) -> dict[str, Any]:
    """What the view shows of a result that the present one is compared with."""
    view = decisions.views().get(earlier.key)
    words = f"rescale factor {earlier.segmentation.rescale:.3g}"
    return ghost_of(_packed(concluded(earlier)), view.edits if view else {}, words)


def edited(image: SegmentedImage) -> Analysis:
    """The analysis as it stands: with the filter and the decisions by hand."""
    view = decisions.view(image)
    return refilter(concluded(image), choices.current().filter, view.edits if view else None)


def _packed(base: Analysis) -> dict[str, Any]:
    """What the view is given, made once."""
    key, count = ("pack", id(base)), len(base.particles)

    def make() -> tuple[Analysis, dict[str, Any]]:
        return base, pack(base)  # the analysis stays, and so its id

    if key in store() or count < MANY:
        packed: dict[str, Any] = store().get(key, make)[1]
        return packed
    with st.spinner(f"Drawing {count:,} outlines"):
        packed = store().get(key, make)[1]
    return packed


# What the view and Python tell each other


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
        before = decisions.view(image) or ViewState()
        state.start_told = told
        state.start = replace(
            before,
            threshold=threshold,
            filter_on=state.filter != 0,
            selection=state.pop("select_next", before.selection),
            **choices.current_display().to_dict(),
        )
    start: ViewState = state.start
    return start


def _take_off_line(image: SegmentedImage) -> None:
    """Take a line off the picture whose length is no longer its scale."""
    view = decisions.views().get(image.key)
    aspect = image.prepared.pixel_aspect
    if view and not scale_line.line_is_used(image.micrograph, view.line, aspect):
        decisions.views()[image.key] = replace(view, line=None)
        st.session_state.command += 1


def _remember(image: SegmentedImage, view: ViewState) -> None:
    """Take over what the person did in the view."""
    views = decisions.views()
    views.pop(image.key, None)  # the latest stand last
    views[image.key] = view
    while len(views) > VIEWS:
        del views[next(iter(views))]
    usual = image.segmentation.model.filter_threshold
    threshold = view.threshold if view.filter_on else 0.0
    choices.set_filter(None if threshold == usual else threshold)
    st.session_state.display = Display(view.size, view.weighting, view.bins, view.log)


# What is written around the view


def _headline(analysis: Analysis) -> None:
    micrograph, calibration = analysis.micrograph, analysis.calibration
    facts = [f"**{plain(micrograph.name)}**", f"{micrograph.width} x {micrograph.height} px"]
    if micrograph.page_count > 1:
        facts.insert(1, f"picture {micrograph.page:,} of the {micrograph.page_count:,} in the file")
    if calibration:
        size = calibration.per_pixel
        source = plain(calibration.marked_source)
        facts.append(f"{size} ({source})" if calibration.certain else f"{size} (**{source}**)")
    left = analysis.segmentation.area.pixels / math.prod(analysis.grid.frame)
    if left < 1:
        facts.append(f"**{left:.1%} of the frame is analysed**, the rest left out by hand")
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
    "Reproduce": (
        ("session.json", "Session", "application/json", "replays to the same numbers"),
        ("settings.json", "Settings", "application/json", "for other pictures"),
        ("summary.json", "Summary", "application/json", "all numbers and how they came about"),
    ),
}


def _latest() -> dict[str, Any]:
    """What the files are made from, as it now stands: `analysis`, `display`, `others`, `details`.

    Streamlit calls the makers outside the session, so they hold this dictionary, which `show`
    keeps up to date; the buttons themselves need not be sent again when the filter moves.
    """
    latest: dict[str, Any] = st.session_state.setdefault("latest", {})
    return latest


def downloads(image: SegmentedImage) -> None:
    """The report, everything in one archive, or file by file; made when clicked."""
    st.subheader("Download", anchor=False)
    details.fields("picture")
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
    corrections.bring_back(image)


def _everything(latest: Mapping[str, Any]) -> bytes:
    analysis, display, said = latest["analysis"], latest["display"], latest["details"]()
    stem = analysis.micrograph.stem
    with turn():
        assessment = assess([analysis], display.size, others=latest["others"])
        together = run_files([analysis], assessment, display, said)
        files = output_files(analysis, display, figures=KINDS, details=said)
        return archive(files | {f"{stem}.{name}": content for name, content in together.items()})


def _made(latest: Mapping[str, Any], kind: str) -> bytes:
    """The one file of this kind."""
    analysis, display, said = latest["analysis"], latest["display"], latest["details"]()
    with turn():
        if kind in PICTURE_FILES:
            return PICTURE_FILES[kind](analysis, display, said)
        assessment = assess([analysis], display.size, others=latest["others"])
        return RUN_FILES[kind]([analysis], assessment, display, said)
