"""Pictures through the pipeline, each stage once, with its progress shown.

A picture passes four stages, and each is kept under a key of just what it depends on:
reading (the file), preparing (crop and repair), segmenting (rescale factor and provider) and
concluding (scale, filter, decisions by hand). So moving the filter never runs the network.

Preparing and segmenting cost nearly all of the time and memory; they are admitted together, by
`semseg.page.queue`, which shows a visitor's place in line. What is short (reading a file, making
one) waits for its `turn` without one.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic, sleep
from typing import TypeVar

import streamlit as st

from semseg.analysis import (
    Analysis,
    Prepared,
    Segmentation,
    conclude,
    needs_scale_bar,
    prepare,
    rescaled,
    segment,
)
from semseg.errors import SemsegError, sentence
from semseg.export.session import Session
from semseg.inference.segmenter import Segmenter
from semseg.io.micrograph import Micrograph, read_micrograph, safe_name
from semseg.metrology.uncertainty import usable_ratios
from semseg.page import choices
from semseg.page.limits import limits
from semseg.page.queue import BusyError, Queue, Report, Standing
from semseg.page.store import Store
from semseg.page.text import plain
from semseg.scale import ocr
from semseg.settings import Settings

__all__ = [
    "Others",
    "Picture",
    "SegmentedImage",
    "at_other_factors",
    "concluded",
    "queue",
    "read_all",
    "segment_all",
    "segmenter",
    "store",
    "turn",
    "want_other_factors",
]

Result = TypeVar("Result")
Others = dict[float, list[Analysis]]
Key = tuple[Hashable, ...]

MINUTE = 60.0
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
class SegmentedImage:
    """A picture after the network; `key` changes when its particles do."""

    key: Key
    micrograph: Micrograph
    prepared: Prepared
    segmentation: Segmentation


@dataclass(frozen=True, eq=False)
class _Work:
    """What one turn in the line gives; without a name, since equal work is shared."""

    prepared: Prepared
    segmentation: Segmentation


@st.cache_resource(max_entries=4, show_spinner=False)
def segmenter(provider: str) -> Segmenter:
    """One network per provider for all visitors; a session of ONNX Runtime is safe to share."""
    return Segmenter(provider=provider, threads=limits().threads or None)


@st.cache_resource(show_spinner=False)
def queue() -> Queue:
    """The line in which the analyses of all visitors stand."""
    return Queue(limits().concurrent, limits().queue_length)


@st.cache_resource(show_spinner=False)
def turn() -> threading.BoundedSemaphore:
    """What to hold while doing something short that costs time and memory; nothing of Streamlit's
    that could end the script may be called meanwhile."""
    return threading.BoundedSemaphore(limits().concurrent)


def store() -> Store:
    """The results of this session; empty again when its visitor has gone, even though Streamlit
    keeps the session for a while, should they come back."""
    if "store" not in st.session_state:
        st.session_state.store = Store(limits().session_megabytes * 10**6)
    return _emptied_at_the_end(st.session_state.store)


@st.cache_resource(
    scope="session", on_release=Store.clear, hash_funcs={Store: id}, show_spinner=False
)
def _emptied_at_the_end(results: Store) -> Store:
    return results


def read_all(pictures: Sequence[Picture], page: int | None) -> tuple[list[Micrograph], list[str]]:
    """The pictures that can be read, and one sentence for each that cannot.

    `page` is which picture of a file that holds several; None: the best.
    """
    micrographs: list[Micrograph] = []
    problems = []
    megapixels = 0.0
    place = st.empty()
    for number, picture in enumerate(pictures):
        try:
            key = ("read", picture.key, page)
            if key not in store():
                text = _counted(number, len(pictures), picture.name, "reading")
                place.progress(number / len(pictures), text)
            micrograph = store().get(key, partial(_read, picture, page))
            size = micrograph.grey.size / 1e6
            # so that the results of all of them fit the store
            if megapixels + size > limits().batch_megapixels and micrographs:
                raise SemsegError(
                    f"{picture.name}: left out, since the pictures together have more than "
                    f"{limits().batch_megapixels} megapixels; remove some and add it again."
                )
        except Exception as error:
            problems.append(_sentence(error, picture.name))
        else:
            megapixels += size
            micrographs.append(micrograph)
    place.empty()
    return micrographs, problems


def _read(picture: Picture, page: int | None) -> Micrograph:
    with turn():
        sidecar = picture.sidecar and (picture.sidecar[0], picture.sidecar[1]())
        return read_micrograph(picture.content(), picture.name, sidecar=sidecar, page=page)


def segment_all(
    micrographs: Sequence[Micrograph],
) -> tuple[list[SegmentedImage | None], list[str], bool]:
    """Every picture after the network, in order; None, and one sentence, for each that failed;
    and whether one failed only because the line was full, so that another try may help."""
    images: list[SegmentedImage | None] = []
    problems = []
    busy = False
    place = st.empty()
    for number, micrograph in enumerate(micrographs):

        def report(
            done: float, what: str, number: int = number, micrograph: Micrograph = micrograph
        ) -> None:
            text = _counted(number, len(micrographs), micrograph.name, what)
            place.progress((number + done) / len(micrographs), text)

        try:
            images.append(_segmented(micrograph, choices.of(micrograph), report))
        except Exception as error:
            busy = busy or isinstance(error, BusyError)
            images.append(None)
            problems.append(_sentence(error, micrograph.name))
    place.empty()
    return images, problems, busy


def _counted(number: int, count: int, name: str, what: str) -> str:
    which = f"{number + 1} of {count}: " if count > 1 else ""
    return f"{which}{plain(name)}: {what}"


def _segmented(
    micrograph: Micrograph, settings: Settings, report: Callable[[float, str], None]
) -> SegmentedImage:
    pixels = (micrograph.sha256, micrograph.page)
    aspect = (micrograph.pixel_aspect, settings.pixel_aspect)
    look = (*pixels, micrograph.label_bar_row, settings.crop, settings.repair, *aspect)
    session: Session | None = st.session_state.get("session")
    earlier = session.picture(micrograph.sha256) if session else None
    printed = earlier.printed if earlier else None
    reading = settings.read_scale, ocr.is_installed(), printed
    looked_for = needs_scale_bar(micrograph, settings), *reading
    network = segmenter(settings.provider)
    key = (*look, settings.rescale, settings.provider, network.info.sha256)
    as_prepared, as_segmented = ("prepare", *look, *looked_for), ("segment", *key)
    prepared, before = store().known(as_prepared), store().known(as_segmented)
    if prepared and before:
        return SegmentedImage(key, micrograph, prepared, before.segmentation)

    def work(tell: Callable[[str, float], None]) -> _Work:
        tell("prepare", 0.0)
        ready = prepared or prepare(micrograph, settings, printed)
        if before:
            return _Work(ready, before.segmentation)
        return _Work(ready, segment(ready, settings, network, progress=tell))

    done = _admitted((*key, *looked_for, network), work, report)
    store().get(as_prepared, lambda: done.prepared)
    store().get(as_segmented, lambda: done)
    return SegmentedImage(key, micrograph, done.prepared, done.segmentation)


def _admitted(
    key: Hashable,
    work: Callable[[Callable[[str, float], None]], Result],
    report: Callable[[float, str], None],
) -> Result:
    """`work`, when its turn has come; `report` is told how things stand.

    `key` is all that the result depends on, the picture's content included but not its name, so
    equal work of two visitors is done once.
    """
    _keep_pace(key, report)
    return queue().result(key, work, lambda standing: report(*_progress(standing)))


def _keep_pace(key: Hashable, report: Callable[[float, str], None]) -> None:
    """Wait until this visitor may begin another analysis, where their rate is limited."""
    begun = st.session_state.setdefault("begun", deque(maxlen=max(limits().per_minute, 1)))
    if not limits().per_minute or queue().holds(key):
        return
    while len(begun) == begun.maxlen and (rest := begun[0] + MINUTE - monotonic()) > 0:
        most = limits().per_minute
        report(0.0, f"goes on in {rest:.0f} s: this server takes {most} a minute from one visitor")
        sleep(0.5)
    begun.append(monotonic())


def _progress(standing: Standing) -> tuple[float, str]:
    """The share of a picture's time that is over, and what happens now."""
    if standing.position == 1:
        return 0.0, "next in line"
    if standing.position:
        return 0.0, f"number {standing.position} in line"
    begin, what = STAGES.get(standing.stage, STAGES["prepare"])
    later = [share for share, _ in STAGES.values() if share > begin]
    return begin + standing.fraction * (min(later, default=1.0) - begin), what


def concluded(image: SegmentedImage) -> Analysis:
    """Sizes in nanometres, with the settings of this picture; as a base for
    `semseg.analysis.refilter`, so that no filter that was ever tried stays in the store."""
    micrograph = image.micrograph
    settings = replace(choices.of(micrograph), filter=None)
    seen = image.prepared.scale_bar, image.prepared.printed
    key = ("conclude", micrograph.name, image.key, micrograph.calibration, *seen, settings)
    make = partial(conclude, micrograph, image.prepared, image.segmentation, settings)
    return store().get(key, make)


def want_other_factors(pictures: Sequence[SegmentedImage]) -> None:
    """Ask for the network at the other rescale factors, which the uncertainty needs."""
    wanted = st.session_state.setdefault("other_factors", set())
    wanted.update(image.key for image in pictures)


def at_other_factors(pictures: Sequence[SegmentedImage]) -> Others:
    """The pictures at other rescale factors, by ratio to the one used.

    Empty unless a person asked for all of them, since it runs the network twice for each.
    """
    wanted = st.session_state.get("other_factors", set())
    if not all(image.key in wanted for image in pictures):
        return {}
    bases = [concluded(image) for image in pictures]
    ratios = usable_ratios(bases)
    jobs = [
        (ratio, image, base)
        for ratio in ratios
        for image, base in zip(pictures, bases, strict=True)
    ]
    others: Others = {ratio: [] for ratio in ratios}
    network = segmenter(choices.current().provider)
    place = st.empty()
    for number, (ratio, image, base) in enumerate(jobs):

        def report(
            done: float,
            what: str,
            number: int = number,
            ratio: float = ratio,
            image: SegmentedImage = image,
        ) -> None:
            text = f"{plain(image.micrograph.name)}, at {ratio:g} of the factor: {what}"
            place.progress((number + done) / len(jobs), text)

        def work(tell: Report, base: Analysis = base, ratio: float = ratio) -> Segmentation:
            return rescaled(base, network, ratio, progress=tell).segmentation

        key = ("at ratio", *image.key, ratio)
        try:
            found = store().get(key, partial(_admitted, key, work, report))
        except SemsegError as error:
            wanted.difference_update(each.key for each in pictures)  # so that it can be asked again
            place.warning(plain(_sentence(error, image.micrograph.name)))
            return {}
        others[ratio].append(concluded(replace(image, key=key, segmentation=found)))
    place.empty()
    return others


def _sentence(error: Exception, name: str) -> str:
    """What went wrong with this file, beginning with its name."""
    if not isinstance(error, SemsegError | MemoryError):
        logging.getLogger(__name__).exception("%s could not be analysed", name)
    text = sentence(error)
    return text if text.startswith(safe_name(name)) else f"{name}: {text}"
