"""What a visitor sees first, and what stands at the foot of every page."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st
from PIL import Image, ImageDraw

from semseg.data import DATA
from semseg.errors import SemsegError
from semseg.inference.segmenter import Segmenter
from semseg.page import keeping
from semseg.page.inputs import sample_buttons
from semseg.page.run import folder
from semseg.version import __version__
from semseg.viewer import preload

__all__ = ["footer", "icon", "welcome"]

OF_FILES = (
    "Files stay in memory, are never written, and leave with your session; only your own browser "
    "keeps them, if you let it."
)
OF_RUN = (
    "Pictures stay in memory and leave with your session; what you save of your decisions is "
    "written into the run."
)
PICTURE = DATA / "sample.figure.png"


def icon() -> Image.Image:
    """The page's icon, drawn here: one by name would be fetched from elsewhere."""
    picture = Image.new("RGBA", (64, 64))
    pen = ImageDraw.Draw(picture)
    for x, y, radius in ((24, 26, 20), (46, 44, 15)):
        box = (x - radius, y - radius, x + radius, y + radius)
        pen.ellipse(box, fill="#0f766e", outline="#5eead4", width=4)
    return picture


def welcome() -> None:
    """What the page does, shown on a result; no file is needed to understand it."""
    if st.session_state.get("files_lost"):
        st.warning(
            "The server was started again, and your files, which it keeps in memory only, are "
            "gone. Your settings are still here: drop the same files again to repeat the analysis. "
            "Decisions by hand come back with a session.json, or with what this browser kept.",
            icon=":material/restart_alt:",
        )
    keeping.offer()
    st.title("Particle sizes from electron micrographs", anchor=False)
    st.markdown(
        "Drop a micrograph of nanoparticles on the left (on a phone, » opens the place for it) and "
        "see every particle outlined beside its size distribution in nanometres. Move one slider, "
        "and doubtful particles leave both. Take numbers, figure and outlines along."
    )
    sample_buttons()
    with st.container(width=900):
        st.image(
            str(PICTURE),
            caption="A result: the picture, its particles, the outlines kept and possibly wrong, "
            "and their sizes. The sample is a drawn micrograph, so its true sizes are known.",
            width="stretch",
        )
    with suppress(SemsegError):  # said where it matters: beside the picture
        preload()


def footer(network: Segmenter) -> None:
    """Version, model, provider, privacy, citation."""
    st.divider()
    info = network.info
    where = "CPU" if network.provider == "cpu" else f"GPU ({network.provider})"
    st.caption(
        f"semseg {__version__} · model {info.name} {info.version} ({info.sha256[:8]}) "
        f"on {where} · {OF_RUN if folder.is_given() else OF_FILES} · "
        "Workflow after Rühle, Krumrey and Hodoroaba, *Scientific Reports* 11, 4942 (2021), "
        "[doi:10.1038/s41598-021-84287-6](https://doi.org/10.1038/s41598-021-84287-6); "
        "please cite it beside semseg."
    )
