"""Pictures through the pipeline, each stage once, in the queue's threads.

A picture passes four stages, and each is kept under a key of just what it depends on:
reading (the file), preparing (crop and repair), segmenting (rescale factor and provider) and
concluding (scale, filter, decisions by hand). So moving the filter never runs the network.

No run of the page waits for them: it asks (`read_all`, `segment_all`, `background`), takes what is
there, and is run again when there is more (`semseg.page.progress`). Preparing and segmenting cost
nearly all of the time and memory; they are admitted together, by `semseg.page.queue`. What is short
(reading a file, making one) waits for its `turn`.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from semseg.analysis import (
    Analysis,
    Prepared,
    Segmentation,
    conclude,
    needs_scale_bar,
    prepare,
    segment,
)
from semseg.bands import limit_threads
from semseg.editing.replay import Replayed
from semseg.errors import sentence
from semseg.export.session import Session
from semseg.inference.segmenter import Segmenter
from semseg.io.micrograph import Micrograph, read_micrograph, safe_name
from semseg.page import choices
from semseg.page.limits import limits
from semseg.page.queue import Queue, Report
from semseg.page.store import Store
from semseg.page.visit import Visit, Wish, log
from semseg.scale import ocr
from semseg.settings import Settings

__all__ = [
    "Picture",
    "Progress",
    "SegmentedImage",
    "ask",
    "ask_at",
    "background",
    "background_key",
    "begin",
    "concluded",
    "go_on",
    "known_at",
    "name_of",
    "queue",
    "read_all",
    "reading",
    "said_of",
    "segment_all",
    "segmenter",
    "settle",
    "shortly",
    "stop",
    "store",
    "turn",
    "visit",
]

Result = TypeVar("Result")
Key = tuple[Hashable, ...]

CORRECTED = "corrected"  # in the key of a picture that a hand has put right, before what tells how
# how long a run of the page waits for what is quick, so that it need not come twice
QUICK_S = 0.4


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
    """A picture after the network; `key` changes when its particles do, which are the same
    whether a factor was found or given; `look` is all of it but the factor; `decided` is what
    corrections of its outlines say of single particles: label, and whether it is kept."""

    key: Key
    look: Key
    micrograph: Micrograph
    prepared: Prepared
    segmentation: Segmentation
    decided: tuple[tuple[int, bool], ...] = ()

    def corrected(self, replayed: Replayed, name: str) -> SegmentedImage:
        """The same after corrections by hand, which `name` tells from others."""
        return replace(
            self,
            key=(*self.network_key, CORRECTED, name),
            segmentation=replayed.segmentation,
            decided=tuple(sorted(replayed.decisions.items())),
        )

    @property
    def as_found(self) -> SegmentedImage:
        """The same before any hand."""
        found = self.segmentation.unedited
        return replace(self, key=self.network_key, segmentation=found, decided=())

    @property
    def network_key(self) -> Key:
        """Of what the network found, before any hand."""
        return self.key[:-2] if CORRECTED in self.key[-2:-1] else self.key


@dataclass(frozen=True, eq=False)
class Progress:
    """How far a picture is: its result, or why there is none, or, of what is under way, its key.

    Attributes
    ----------
    micrograph : Micrograph
    image : SegmentedImage or None
    problem : str
        One sentence, where it could not be analysed.
    key : hashable
        Of the `semseg.page.visit.Wish` for it, where it is not there yet.
    stopped : bool
        Whether a person stopped it before it was done.
    """

    micrograph: Micrograph
    image: SegmentedImage | None = None
    problem: str = ""
    key: Hashable = None
    stopped: bool = False

    @property
    def under_way(self) -> bool:
        """Whether a result will come."""
        return not (self.image or self.problem or self.stopped)


@dataclass(frozen=True, eq=False)
class _Work:
    """What one turn in the line gives; without a name, since equal work is shared."""

    prepared: Prepared
    segmentation: Segmentation


# What a server has, and what a visitor has there


@st.cache_resource(max_entries=4, show_spinner=False)
def segmenter(provider: str) -> Segmenter:
    """One network per provider for all visitors; a session of ONNX Runtime is safe to share."""
    limit_threads(limits().threads)
    return Segmenter(provider=provider, threads=limits().threads or None)


@st.cache_resource(show_spinner=False)
def queue() -> Queue:
    """The line in which the analyses of all visitors stand."""
    made = Queue(limits().concurrent, limits().queue_length)
    atexit.register(made.end)
    return made


@st.cache_resource(show_spinner=False)
def _readers() -> Queue:
    """Where the files of all visitors are read; nobody is sent away."""
    return Queue(limits().concurrent, waiting=10**6)


@st.cache_resource(show_spinner=False)
def turn() -> threading.BoundedSemaphore:
    """What to hold while doing something short that costs time and memory; nothing of Streamlit's
    that could end the script may be called meanwhile."""
    return threading.BoundedSemaphore(limits().concurrent)


@dataclass(frozen=True, eq=False)
class _Held:
    """What a server holds for one visitor."""

    store: Store
    visit: Visit
    reading: Visit

    def let_go(self) -> None:
        """Its visitor has gone, even though Streamlit keeps the session, should they come back."""
        self.visit.leave()
        self.reading.leave()
        self.store.clear()


def _held() -> _Held:
    if "held" not in st.session_state:
        st.session_state.held = _Held(
            Store(limits().session_megabytes * 10**6),
            Visit(queue(), limits().per_minute),
            Visit(_readers()),
        )
    return _let_go_at_the_end(st.session_state.held)


@st.cache_resource(
    scope="session", on_release=_Held.let_go, hash_funcs={_Held: id}, show_spinner=False
)
def _let_go_at_the_end(held: _Held) -> _Held:
    return held


def store() -> Store:
    """The results of this session."""
    return _held().store


def visit() -> Visit:
    """The analyses that this visitor has under way."""
    return _held().visit


def reading() -> Visit:
    """The files of this visitor that are being read."""
    return _held().reading


def begin() -> None:
    """A run of the whole page begins."""
    visit().begin()
    reading().begin()


def settle() -> None:
    """It is over: what it did not ask for is given up."""
    visit().settle()
    reading().settle()


# Reading


def read_all(
    pictures: Sequence[Picture], page: int | None
) -> tuple[list[Micrograph], list[str], list[str]]:
    """The pictures that can be read, one sentence for each that cannot, and the names of those
    that are not read yet: these, and those behind them, come later.

    `page` is which picture of a file that holds several; None: the best.
    """
    keys = [("read", picture.key, page) for picture in pictures]
    kept, under_way = store(), reading()
    for key in keys:
        under_way.again_if_lost(key, kept, key)
    wishes = [
        Wish(key, picture.name, _in_turn(partial(_read, picture, page)), partial(kept.put, key))
        for key, picture in zip(keys, pictures, strict=True)
        if key not in kept
    ]
    under_way.ask(*wishes)
    under_way.wait(keys, QUICK_S)
    under_way.seen = under_way.answers

    micrographs: list[Micrograph] = []
    problems: list[str] = []
    megapixels = 0.0
    most = limits().batch_megapixels  # so that the results of all of them fit the store
    for number, (key, picture) in enumerate(zip(keys, pictures, strict=True)):
        if failed := under_way.problems.get(key):
            problems.append(said_of(failed, picture.name))
            continue
        micrograph: Micrograph | None = kept.known(key)
        if micrograph is None:
            return micrographs, problems, [each.name for each in pictures[number:]]
        size = micrograph.grey.size / 1e6
        if megapixels + size > most and micrographs:
            problems.append(
                f"{picture.name}: left out, since the pictures together have more than {most} "
                "megapixels; remove some and add it again."
            )
            continue
        megapixels += size
        micrographs.append(micrograph)
    return micrographs, problems, []


def _read(picture: Picture, page: int | None) -> Micrograph:
    sidecar = picture.sidecar and (picture.sidecar[0], picture.sidecar[1]())
    return read_micrograph(picture.content(), picture.name, sidecar=sidecar, page=page)


# The network


def segment_all(micrographs: Sequence[Micrograph], shown: int) -> list[Progress]:
    """How far every picture is, in their order; the one that is shown goes before the others."""
    under_way = visit()

    def look() -> list[tuple[Progress, Wish | None]]:
        under_way.seen = under_way.answers
        return [
            _progress(micrograph, choices.of(micrograph), is_shown=number == shown)
            for number, micrograph in enumerate(micrographs)
        ]

    before, found = under_way.answers, look()
    first = [found[shown], *found[:shown], *found[shown + 1 :]]
    under_way.ask(*(wish for _, wish in first if wish))
    if found[shown][0].under_way:
        under_way.wait([found[shown][0].key], QUICK_S)
    if under_way.answers > before:
        found = look()
    return [each for each, _ in found]


def _progress(
    micrograph: Micrograph, settings: Settings, is_shown: bool
) -> tuple[Progress, Wish | None]:
    """How far a picture is, and what to ask for."""
    under_way = visit()
    came = set(under_way.delivered)  # before looking: what comes meanwhile is not lost
    try:
        image, wish = _looked_up(micrograph, settings)
    except Exception as error:  # such as a model that cannot be loaded
        log(error, micrograph.name)
        return Progress(micrograph, problem=said_of(error, micrograph.name)), None
    if image or not wish:
        return Progress(micrograph, image), None
    if failed := under_way.problems.get(wish.key):
        return Progress(micrograph, problem=said_of(failed, micrograph.name), key=wish.key), wish
    if name_of(micrograph) in _stopped():
        return Progress(micrograph, stopped=True), None
    if wish.key in came:
        if not is_shown:  # lest results that do not fit together be made in a circle
            problem = f"{micrograph.name}: its result had to make room; show it to have it again."
            return Progress(micrograph, problem=problem), None
        under_way.delivered.discard(wish.key)
    return Progress(micrograph, key=wish.key), wish


def _looked_up(
    micrograph: Micrograph, settings: Settings
) -> tuple[SegmentedImage | None, Wish | None]:
    """A picture after the network where that is known, else what makes it so."""
    pixels = (micrograph.sha256, micrograph.page)
    aspect = (micrograph.pixel_aspect, settings.pixel_aspect)
    pixels_seen = (*pixels, micrograph.label_bar_row, settings.crop, settings.repair, *aspect)
    session: Session | None = st.session_state.get("session")
    earlier = session.picture(micrograph.sha256) if session else None
    printed = earlier.printed if earlier else None
    read = settings.read_scale, ocr.is_installed(), printed
    looked_for = needs_scale_bar(micrograph, settings), *read
    network = segmenter(settings.provider)
    as_prepared = ("prepare", *pixels_seen, *looked_for)
    look: Key = (*pixels_seen, settings.provider, network.info.sha256)
    key = (*look, settings.rescale)
    kept = store()
    prepared, before = kept.known(as_prepared), _segmented_before(look, settings.rescale)
    if prepared and before:
        found = before.segmentation
        return SegmentedImage((*look, found.rescale), look, micrograph, prepared, found), None

    def work(tell: Report) -> _Work:
        tell("prepare", 0.0)
        ready = prepared or prepare(micrograph, settings, printed)
        if before:
            return _Work(ready, before.segmentation)
        return _Work(ready, segment(ready, settings, network, progress=tell))

    def keep(done: _Work) -> None:
        kept.put(as_prepared, done.prepared)
        kept.put(("segment", *key), done)

    return None, Wish(
        key=(*key, *looked_for, network),
        title=micrograph.name,
        work=work,
        keep=keep,
        recorded_px=micrograph.grey.size,
        factor=settings.rescale,
        network_px=lambda done: done.segmentation.label_image.size,
    )


def _segmented_before(look: Key, rescale: float | None) -> _Work | None:
    """What is known of a picture that is looked at like this; a given factor may have been found
    before."""
    as_given = ("segment", *look, rescale)
    known: _Work | None = store().known(as_given)
    if known is None and rescale is not None:
        found: _Work | None = store().known(("segment", *look, None))
        if found and found.segmentation.rescale == rescale:
            known = _Work(found.prepared, found.segmentation.as_given())
            store().put(as_given, known)
    return known


def known_at(micrograph: Micrograph, rescale: float | None) -> SegmentedImage | None:
    """The picture as the network saw it by this factor (None: the one that is found), where that
    is known; its other settings as they are."""
    return _looked_up(micrograph, replace(choices.of(micrograph), rescale=rescale))[0]


def ask_at(micrograph: Micrograph, rescale: float | None) -> bool:
    """Want that in the background, in every run of the page; whether it will come."""
    image, wish = _looked_up(micrograph, replace(choices.of(micrograph), rescale=rescale))
    if wish is None or wish.key in visit().problems:
        return image is not None
    ask(replace(wish, title="", background=True))
    return wish.key not in visit().delivered  # and had to make room


def stop(micrographs: Sequence[Micrograph]) -> None:
    """Analyse none of these that is not done, until `go_on`."""
    _stopped().update(map(name_of, micrographs))


def go_on() -> None:
    """Analyse what was stopped."""
    _stopped().clear()


def _stopped() -> set[Key]:
    stopped: set[Key] = st.session_state.setdefault("stopped", set())
    return stopped


def name_of(micrograph: Micrograph) -> Key:
    """What tells a picture from others, whatever its settings are."""
    return micrograph.sha256, micrograph.page


def background(key: Hashable, work: Callable[[Report], Result]) -> Result | None:
    """What `work` gives, where it is there by now; else None, and it is made when nobody waits for
    anything else.

    Ask for it in every run of the page that wants it: the page is run again when it is there, and
    what a run did not ask for is given up, as all is when the visitor leaves. It is None for good
    where `work` raised.

    Parameters
    ----------
    key : hashable
        All that the result depends on: equal work is done once, for all visitors.
    work : callable
        Runs in a thread of the queue, so it may call nothing of Streamlit's. It gets a function to
        report stage and share to, as `semseg.analysis.segment` takes it; it can be given up or put
        off, to begin anew, only when it reports. What it returns is kept in the `store`.
    """
    kept, name = store(), background_key(key)
    found: Result | None = kept.known(name)
    under_way = visit()
    if found is None and name not in under_way.delivered:  # and had to make room
        ask(Wish(name, "", work, partial(kept.put, name), background=True))
    return found


def background_key(key: Hashable) -> Key:
    """Under which `background` asks for its work."""
    return "background", key


def ask(*wishes: Wish) -> None:
    """Want these, also within a fragment: the page is run again then, to look for the answers."""
    visit().ask(*wishes)
    _see_to_it(visit())


def _see_to_it(under_way: Visit) -> None:
    """Have the page look for what is under way, where it does not do so."""
    is_seen = under_way.in_run or under_way.watched or under_way.busy
    if not is_seen and (under_way.under_way() or under_way.under_way(background=True)):
        st.rerun(scope="app")


def shortly(jobs: Mapping[Hashable, Callable[[], Any]]) -> dict[Hashable, Any]:
    """What short work gives, by its key, as far as it is there within a moment; else None, and the
    page is run again when it is there.

    For what takes a second or so in large pictures, such as drawing one, and waits in no line. What
    it gives is kept in the `store`; it may call nothing of Streamlit's.
    """
    kept, under_way = store(), reading()
    missing = [key for key in jobs if key not in kept]
    for key in missing:
        under_way.again_if_lost(key, kept, key)
    before = under_way.answers
    under_way.ask(*(Wish(key, "", _in_turn(jobs[key]), partial(kept.put, key)) for key in missing))
    under_way.wait(missing, QUICK_S)
    if under_way.seen == before:  # nothing else came that the page does not know
        under_way.seen = under_way.answers
    found = {key: kept.known(key) for key in jobs}
    _see_to_it(under_way)
    return found


def _in_turn(job: Callable[[], Result]) -> Callable[[Report], Result]:
    turns = turn()

    def work(tell: Report) -> Result:
        with turns:
            return job()

    return work


def concluded(image: SegmentedImage) -> Analysis:
    """Sizes in nanometres, with the settings of this picture; as a base for
    `semseg.analysis.refilter`, so that no filter that was ever tried stays in the store."""
    micrograph = image.micrograph
    settings = replace(choices.of(micrograph), filter=None)
    seen = image.prepared.scale_bar, image.prepared.printed
    key = ("conclude", micrograph.name, image.key, micrograph.calibration, *seen, settings)
    make = partial(conclude, micrograph, image.prepared, image.segmentation, settings)
    return store().get(key, make)


def said_of(error: BaseException, name: str) -> str:
    """What went wrong with this file, beginning with its name."""
    text = sentence(error)
    return text if text.startswith(safe_name(name)) else f"{name}: {text}"
