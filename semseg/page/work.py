"""Pictures through the program, each stretch once, with its progress shown.

A picture passes four stretches, and each is kept under a key of just what it depends on:
reading (the file), preparing (crop and repair), segmenting (rescale factor and provider) and
concluding (scale, filter, decisions by hand). So moving the filter never runs the network.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from semseg.analysis import Analysis, Prepared, Segmentation, conclude, prepare, segment
from semseg.errors import SemsegError
from semseg.micrograph import Micrograph, read_micrograph
from semseg.page.store import Store
from semseg.page.text import plain
from semseg.segmenter import Segmenter
from semseg.settings import Settings
from semseg.uncertainty import RATIOS

__all__ = [
    "Others",
    "Picture",
    "Worked",
    "at_other_factors",
    "concluded",
    "read_all",
    "segment_all",
    "segmenter",
    "store",
    "want_other_factors",
]

Others = dict[float, list[Analysis]]

STORE_BYTES = 2 * 2**30  # of one session
BATCH_MEGAPIXELS = 100  # of all pictures of one session, so that their results fit the store
# share of the time after which a stage begins, and what it is called
STAGES = {
    "prepare": (0.0, "preparing"),
    "rescale": (0.05, "finding the scale"),
    "network": (0.5, "outlining particles"),
    "measure": (0.85, "measuring"),
    "conclude": (1.0, "measuring"),
}


@dataclass(frozen=True)
class Picture:
    """A file as it was given: its name, a key that tells it from others, and its bytes; and name
    and bytes of the text file that came with it."""

    key: str
    name: str
    content: Callable[[], bytes]
    sidecar: tuple[str, Callable[[], bytes]] | None = None


@dataclass(frozen=True, eq=False)
class Worked:
    """A picture after the network; `key` changes when its particles do."""

    key: tuple
    micrograph: Micrograph
    prepared: Prepared
    found: Segmentation


@st.cache_resource(max_entries=4, show_spinner=False)
def segmenter(provider: str) -> Segmenter:
    """One network per provider for all visitors; a session of ONNX Runtime is safe to share."""
    return Segmenter(provider=provider)


def store() -> Store:
    """The results of this session."""
    if "store" not in st.session_state:
        st.session_state.store = Store(STORE_BYTES)
    return st.session_state.store


def read_all(pictures: Sequence[Picture]) -> tuple[list[Micrograph], list[str]]:
    """The pictures that can be read, and one sentence for each that cannot."""
    micrographs, problems = [], []
    megapixels = 0.0
    place = st.empty()
    for number, picture in enumerate(pictures):
        try:
            key = ("read", picture.key)
            if key not in store():
                text = _counted(number, len(pictures), picture.name, "reading")
                place.progress(number / len(pictures), text)
            micrograph = store().get(key, partial(_read, picture))
            size = micrograph.grey.size / 1e6
            if megapixels + size > BATCH_MEGAPIXELS and micrographs:
                raise SemsegError(
                    f"{picture.name}: left out, since the pictures together have more than "
                    f"{BATCH_MEGAPIXELS} megapixels; remove some and add it again."
                )
        except Exception as error:
            problems.append(_sentence(error, picture.name))
        else:
            megapixels += size
            micrographs.append(micrograph)
    place.empty()
    return micrographs, problems


def _read(picture: Picture) -> Micrograph:
    sidecar = picture.sidecar and (picture.sidecar[0], picture.sidecar[1]())
    return read_micrograph(picture.content(), picture.name, sidecar=sidecar)


def segment_all(
    micrographs: Sequence[Micrograph], settings: Settings
) -> tuple[list[Worked | None], list[str]]:
    """Every picture after the network, in order; None, and one sentence, for each that failed."""
    worked: list[Worked | None] = []
    problems = []
    place = st.empty()
    for number, micrograph in enumerate(micrographs):

        def report(stage: str, fraction: float, number=number, micrograph=micrograph) -> None:
            begin, what = STAGES[stage]
            later = [share for share, _ in STAGES.values() if share > begin]
            done = begin + fraction * (min(later, default=1.0) - begin)
            text = _counted(number, len(micrographs), micrograph.name, what)
            place.progress((number + done) / len(micrographs), text)

        try:
            worked.append(_worked(micrograph, settings, report))
        except Exception as error:
            worked.append(None)
            problems.append(_sentence(error, micrograph.name))
    place.empty()
    return worked, problems


def _counted(number: int, count: int, name: str, what: str) -> str:
    which = f"{number + 1} of {count}: " if count > 1 else ""
    return f"{which}{plain(name)}: {what}"


def _worked(
    micrograph: Micrograph, settings: Settings, report: Callable[[str, float], None]
) -> Worked:
    look = (micrograph.sha256, micrograph.label_bar_row, settings.crop, settings.repair)
    wants_bar = micrograph.calibration is None or settings.scale_bar_nm is not None

    def make_prepared() -> Prepared:
        report("prepare", 0.0)
        return prepare(micrograph, settings)

    prepared = store().get(("prepare", *look, wants_bar), make_prepared)
    network = segmenter(settings.provider)
    key = (*look, settings.rescale, settings.provider, network.info.sha256)
    found = store().get(
        ("segment", *key), lambda: segment(prepared, settings, network, progress=report)
    )
    return Worked(key, micrograph, prepared, found)


def concluded(worked: Worked, settings: Settings) -> Analysis:
    """Sizes in nanometres; as a base for `semseg.analysis.refilter`, so that no filter that
    was ever tried stays in the store."""
    settings = replace(settings, filter=None)
    micrograph = worked.micrograph
    bar = worked.prepared.scale_bar
    key = ("conclude", micrograph.name, worked.key, micrograph.calibration, bar, settings)
    make = partial(conclude, micrograph, worked.prepared, worked.found, settings)
    return store().get(key, make)


def want_other_factors(pictures: Sequence[Worked]) -> None:
    """Ask for the network at the other rescale factors, which the uncertainty needs."""
    wanted = st.session_state.setdefault("other_factors", set())
    wanted.update(worked.key for worked in pictures)


def at_other_factors(pictures: Sequence[Worked], settings: Settings) -> Others:
    """The pictures at `semseg.uncertainty.RATIOS` times their rescale factor, by ratio.

    Empty unless a person asked for all of them, since it runs the network twice for each.
    """
    wanted = st.session_state.get("other_factors", set())
    if not all(worked.key in wanted for worked in pictures):
        return {}
    jobs = [(ratio, worked) for ratio in RATIOS for worked in pictures]
    others: Others = {ratio: [] for ratio in RATIOS}
    place = st.empty()
    for number, (ratio, worked) in enumerate(jobs):
        key = ("at ratio", *worked.key, ratio)
        if key not in store():
            name = plain(worked.micrograph.name)
            place.progress(number / len(jobs), f"{name}: network at {ratio:g} of the factor")
        look = replace(settings, rescale=float(worked.found.rescale) * ratio)
        network = segmenter(settings.provider)
        found = store().get(key, partial(segment, worked.prepared, look, network))
        others[ratio].append(concluded(replace(worked, key=key, found=found), settings))
    place.empty()
    return others


def _sentence(error: Exception, name: str) -> str:
    """What went wrong with this file, beginning with its name."""
    if isinstance(error, SemsegError):
        text = str(error)
    else:
        logging.getLogger(__name__).exception("%s could not be analysed", name)
        kind = "not enough memory" if isinstance(error, MemoryError) else type(error).__name__
        text = f"This picture could not be analysed ({kind}); try a smaller part of it."
    return text if text.startswith(name) else f"{name}: {text}"
