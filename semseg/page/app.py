"""The page: drop a micrograph, see its particles and their sizes, take the files along.

    streamlit run streamlit_app.py

The order of the page only; what happens in each part stands in `semseg.page`.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from semseg.errors import ModelError, SemsegError
from semseg.io.micrograph import Micrograph
from semseg.page import (
    batch,
    cautions,
    choices,
    companion,
    controls,
    corrections,
    factors,
    help,
    inputs,
    keeping,
    median,
    navigation,
    preview,
    progress,
    rescaling,
    results,
    scales,
    scales_that_fit,
    start,
    statistics,
    uploads,
    which,
    work,
)
from semseg.page.limits import limits
from semseg.page.run import folder, opening, saving, table
from semseg.page.text import plain
from semseg.page.work import SegmentedImage
from semseg.settings import Settings

# Streamlit leaves space for a header that this page does not need, but for the button that brings a
# closed sidebar back: what the header would cover begins below it.
STYLE = """
<style>
  .stMainBlockContainer { padding: 3.75rem 2rem 2rem; }
  @media (max-width: 600px) {
    .stMainBlockContainer { padding-inline: 1rem; }
    .stMainBlockContainer h1 { font-size: 2rem; }
    .stMainBlockContainer [role=tablist] { flex-wrap: wrap; }
  }
  .stApp:has([data-testid=stSidebar][data-collapsed=false]) .stMainBlockContainer {
    padding-top: 1rem;
  }
  .st-key-result [data-testid=stVerticalBlock] { gap: 0.5rem; }
</style>
"""


ALL = "All pictures"


@dataclass(frozen=True)
class Places:
    """Where in the sidebar stands what depends on the picture shown."""

    scale: DeltaGenerator
    rescale: DeltaGenerator
    replay: DeltaGenerator


def begin() -> None:
    """Once per session: the settings that came with the address."""
    if "command" in st.session_state:
        return
    uploads.keep_in_memory()
    navigation.arrive()


def prepare_tab(
    micrograph: Micrograph, image: SegmentedImage | None, pictures: list[Micrograph]
) -> None:
    """What is cut off, and what the network sees."""
    settings_side, picture_side = st.columns([1, 2.4], gap="medium")
    with settings_side:
        controls.crop_and_repair(micrograph, image, pictures)
    with picture_side:
        if image:
            preview.show(image)


def overview() -> None:
    """Of a run: its pictures in a table, before one of them is opened."""
    of_run = folder.run()
    with st.sidebar:
        st.caption(f"A run of semseg batch, in {plain(str(of_run.path))}")
        companion.accompany(may_keep=False)
        help.buttons()
    table.show(of_run)
    work.settle()
    navigation.publish()
    keeping.keep()
    _footer(Settings().provider)


def _footer(provider: str) -> None:
    try:
        start.footer(work.segmenter(provider))
    except ModelError as error:
        st.error(plain(str(error)))


def main() -> None:
    """The page from top to bottom."""
    st.set_page_config(page_title="semseg", page_icon=start.icon(), layout="wide")
    styles = which, cautions, progress, scales_that_fit, median, opening
    st.html(STYLE + "".join(each.STYLE for each in styles))
    try:
        limits()
        of_run = folder.run() if folder.is_given() else None
    except SemsegError as error:
        st.error(plain(str(error)))
        st.stop()
    begin()
    navigation.follow()
    work.begin()
    if of_run is not None:
        opening.begin(of_run)
        if opening.opened() is None:
            overview()
            return
    with st.sidebar:
        pictures = inputs.pictures() if of_run is None else [opening.picture()]
        page_place, scale_place, rescale_place = (st.container() for _ in range(3))
        with st.expander("Counting rule", icon=":material/rule:"):
            controls.counting()
        controls.provider()
        with st.expander("Replay an earlier result", icon=":material/history:"):
            replay_place = inputs.settings_file()
        companion.accompany(may_keep=of_run is None and bool(limits().keep_in_browser))
        help.buttons()
    places = Places(scale_place, rescale_place, replay_place)

    navigation.what_the_link_sets()
    if of_run is not None:
        opening.bar()
    micrographs, problems, unread = work.read_all(pictures, choices.current().page)
    for problem in problems:
        st.error(plain(problem))
    keeping.pictures_are(pictures, micrographs, complete=not unread)
    if micrographs:
        shown = which.chosen(micrographs, len(unread))
        choices.show(micrographs[shown])
        with page_place:
            controls.page(micrographs[shown])
        show(micrographs, shown, unread, places)
    else:
        choices.show(None)
        with rescale_place:
            rescaling.show(None)
        work.settle()
        progress.show([], 0, unread)
        if not unread and of_run is None:
            start.welcome()
        navigation.publish()
        keeping.keep()
    if of_run is not None:
        saving.ask_before_leaving()
    _footer(choices.current().provider)


def show(micrographs: list[Micrograph], shown: int, unread: list[str], places: Places) -> None:
    """The pictures after the network, in tabs, as far as they are there."""
    progress.stop_what_was_read(micrographs, unread)
    found = corrections.applied(work.segment_all(micrographs, shown))
    for each in found:
        if each.problem:
            st.error(plain(each.problem))
    which.prefer_one_that_is_done(found, shown)
    keeping.note(each.image for each in found if each.image)
    progress_place = st.container(key="progress")
    image = found[shown].image
    with places.scale:
        used = work.concluded(image).calibration if image else micrographs[shown].calibration
        scales.scale(micrographs[shown], image, used, micrographs)
    with places.rescale:
        rescaling.show(image, micrographs)
    done = [each.image for each in found if each.image]
    titles = ["Sizes", "Statistics", "Prepare"]
    if len(micrographs) > 1 or unread:
        titles.append(ALL)
    # a tab that is opened is made anew, so that the batch knows what was done in the view
    navigation.open_tab(titles)
    tabs = st.tabs(titles, on_change="rerun", key="tab")
    with tabs[0]:
        if image:
            with st.container(key="result"):
                results.show(image)
            results.downloads(image)
        else:
            preview.show_waiting(found[shown])
            navigation.publish()
            keeping.keep()
    if tabs[1].open and done:
        with tabs[1]:
            statistics.show(done, image)
    with tabs[2]:
        prepare_tab(micrographs[shown], image, micrographs)
    if len(titles) > 3 and tabs[3].open:
        with tabs[3]:
            batch.show(found, unread)
    if image:  # whichever tab is open
        factors.at_other_factors([image])
    with progress_place:
        work.settle()
        progress.show(found, shown, unread)
    if len(done) == len(found) and not unread:
        inputs.replayed(places.replay, lambda: [results.edited(image) for image in done])
