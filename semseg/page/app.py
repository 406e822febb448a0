"""The page: drop a micrograph, see its particles and their sizes, take the files along.

    streamlit run streamlit_app.py

The order of the page only; what happens in each part stands in `semseg.page`.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from semseg.errors import ModelError, SemsegError
from semseg.io.micrograph import Micrograph
from semseg.page import (
    address,
    batch,
    cautions,
    choices,
    controls,
    inputs,
    preview,
    results,
    scales,
    start,
    statistics,
    uploads,
    work,
)
from semseg.page.limits import limits
from semseg.page.text import plain
from semseg.page.work import SegmentedImage

# Streamlit leaves space for a header that this page does not need
STYLE = """
<style>
  .stMainBlockContainer { padding: 2.5rem 2rem 2rem; }
</style>
"""


def begin() -> None:
    """Once per session: the settings that came with the address."""
    if "command" in st.session_state:
        return
    uploads.keep_in_memory()
    settings, display, wrong = address.from_query(st.query_params)
    choices.load(settings, display)
    st.session_state.sample = st.query_params.get("sample") == "1"
    if wrong:
        st.toast(f"Left out of the address: {plain(', '.join(wrong))}.", icon=":material/link_off:")


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


def main() -> None:
    """The page from top to bottom."""
    st.set_page_config(page_title="semseg", page_icon=start.icon(), layout="wide")
    st.html(STYLE + cautions.STYLE)
    try:
        limits()
    except SemsegError as error:
        st.error(plain(str(error)))
        st.stop()
    begin()
    with st.sidebar:
        pictures = inputs.pictures()
        page_place = st.container()
        scale_place = st.container()
        rescale_place = st.container()
        with st.expander("Counting rule", icon=":material/rule:"):
            controls.counting()
        controls.provider()
        with st.expander("Replay an earlier result", icon=":material/history:"):
            replay_place = inputs.settings_file()

    micrographs, problems = work.read_all(pictures, choices.current().page)
    for problem in problems:
        st.error(plain(problem))
    if micrographs:
        shown = batch.chosen(micrographs)
        choices.show(micrographs[shown])
        with page_place:
            controls.page(micrographs[shown])
        done = show(micrographs, shown, scale_place, rescale_place)
        inputs.replayed(replay_place, lambda: [results.edited(image) for image in done])
    else:
        choices.show(None)
        with rescale_place:
            controls.rescale(None)
        start.welcome()
        results.publish_address()
    try:
        start.footer(work.segmenter(choices.current().provider))
    except ModelError as error:
        st.error(plain(str(error)))


def show(
    micrographs: list[Micrograph],
    shown: int,
    scale_place: DeltaGenerator,
    rescale_place: DeltaGenerator,
) -> list[SegmentedImage]:
    """The pictures after the network, in tabs; those that could be analysed."""
    images, problems, busy = work.segment_all(micrographs)
    for problem in problems:
        st.error(plain(problem))
    if busy:  # any run of the page asks again; what is there already stays
        st.button("Try again", icon=":material/refresh:", key="try_again")
    image = images[shown]
    with scale_place:
        used = work.concluded(image).calibration if image else micrographs[shown].calibration
        scales.scale(micrographs[shown], image, used, micrographs)
    with rescale_place:
        controls.rescale(image, micrographs)
    done = [each for each in images if each]
    titles = ["Sizes", "Statistics", "Prepare"]
    if len(micrographs) > 1:
        titles.append(f"All {len(micrographs)} pictures")
    # a tab that is opened is made anew, so that the batch knows what was done in the view
    tabs = st.tabs(titles, on_change="rerun", key="tab")
    with tabs[0]:
        if image:
            results.show(image)
            results.downloads(image)
    if tabs[1].open and done:
        with tabs[1]:
            statistics.show(done, image)
    with tabs[2]:
        prepare_tab(micrographs[shown], image, micrographs)
    if len(titles) > 3 and tabs[3].open and done:
        with tabs[3]:
            batch.show(done)
    return done
