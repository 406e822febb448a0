"""The page: drop a micrograph, see its particles and their sizes, take the files along.

    streamlit run streamlit_app.py

Order of widgets, caching and wiring only; everything else happens in `semseg`.
"""

from __future__ import annotations

import io
import zipfile

import streamlit as st

from semseg import SemsegError, Settings, analyze
from semseg.analysis import Analysis
from semseg.export import output_files
from semseg.sample import sample_path
from semseg.segmenter import Segmenter

PICTURES = ["tif", "tiff", "png", "jpg", "jpeg", "bmp", "webp"]


@st.cache_resource
def segmenter() -> Segmenter:
    """One network for all visitors; a session of ONNX Runtime is safe to share."""
    return Segmenter()


@st.cache_data(max_entries=8, show_spinner=False)
def analyzed(content: bytes, name: str, settings: str) -> Analysis:
    """The analysis of these bytes with these settings (JSON)."""
    return analyze(content, Settings.from_json(settings), name=name, segmenter=segmenter())


def zipped(files: dict[str, bytes]) -> bytes:
    """All files of one picture in one archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return archive.getvalue()


def show(analysis: Analysis) -> None:
    """Numbers, figure, notes and downloads of one picture."""
    files = output_files(analysis)
    particles = analysis.particles
    kept = particles[particles["kept"]]
    unit = "nm" if analysis.calibration else "px"
    sizes = kept[f"min_feret_{unit}"]
    with st.container(horizontal=True, gap="medium"):
        st.metric("Particles kept", f"{len(kept)} of {len(particles)}", width="content")
        if len(kept):
            st.metric("Mean min Feret", f"{sizes.mean():.4g} {unit}", width="content")
            st.metric("Median min Feret", f"{sizes.median():.4g} {unit}", width="content")
        rescale = f"{analysis.rescale:.3g}"
        st.metric("Rescale", rescale, help=analysis.rescale_source, width="content")
    for note in analysis.notes:
        st.info(note)
    figure = next(content for name, content in files.items() if name.endswith(".png"))
    st.image(figure, width="stretch")
    st.download_button(
        "Download table, summary, labels and figure",
        zipped(files),
        file_name=f"{analysis.micrograph.stem}.zip",
        on_click="ignore",
        type="primary",
    )


def main() -> None:
    """The page from top to bottom."""
    st.set_page_config(page_title="semseg", page_icon=":microscope:", layout="wide")
    st.title("Particle sizes from electron micrographs")
    st.write(
        "Drop a micrograph and see every particle outlined beside the size distribution. "
        "The pixel size, the label bar and the rescale factor are found in the file."
    )
    with st.sidebar:
        uploads = st.file_uploader("Micrographs", type=PICTURES, accept_multiple_files=True)
        sample = st.button("Try the sample", width="stretch")
        width = st.number_input(
            "Image width (nm)",
            min_value=0.001,
            value=None,
            placeholder="from the file",
            help="Width of the whole picture; leave empty to use what the file says.",
        )
    pictures = [(upload.name, upload.getvalue()) for upload in uploads]
    if sample and not pictures:
        pictures = [(sample_path().name, sample_path().read_bytes())]
    for name, content in pictures:
        st.subheader(name)
        try:
            with st.spinner(f"Measuring {name} ...", show_time=True):
                analysis = analyzed(content, name, Settings(width_nm=width).to_json())
            show(analysis)
        except SemsegError as error:
            st.error(str(error))


main()
