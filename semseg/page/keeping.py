"""What a reload would lose: kept by the browser, and asked about before the page is left.

The browser keeps, in its own storage, the session as ``session.json`` has it (without what was
found, which is found again), and the files of its pictures. Nothing of it goes to the server's
disk. How the browser does it: `semseg.page.companion`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from semseg.details import NONE
from semseg.errors import SemsegError
from semseg.export.session import Session, SessionPicture, operations_of, read_session
from semseg.io.micrograph import Micrograph
from semseg.operations import Operation
from semseg.page import choices, companion, corrections, decisions, details, inputs, work
from semseg.page.limits import limits
from semseg.page.run import folder
from semseg.page.work import Key, Picture, SegmentedImage
from semseg.scale.bar_text import PrintedScale
from semseg.settings import SCALE, Settings, shared
from semseg.version import NUMBERS, __version__

__all__ = ["keep", "note", "offer", "pictures_are"]


@dataclass(frozen=True)
class Noted:
    """What a person did to a picture by hand, with which settings, and what was read in it."""

    settings: Settings
    operations: tuple[Operation, ...] = ()
    edits: tuple[tuple[int, bool], ...] = ()
    printed: PrintedScale | None = None


def pictures_are(
    pictures: Sequence[Picture], micrographs: Sequence[Micrograph], *, complete: bool
) -> None:
    """What the page has now; `complete` unless some are still to be read."""
    state = st.session_state
    state.kept_keys = [("read", picture.key, state.page) for picture in pictures]
    state.kept_complete = complete
    if pictures:
        state.had_pictures = True
    wanted = state.get("shown_wanted")
    for number, micrograph in enumerate(micrographs):
        if micrograph.sha256 == wanted:
            state.picture_wanted = number
            del state.shown_wanted


def note(images: Iterable[SegmentedImage]) -> None:
    """What was done to these by hand, as it now stands."""
    for image in images:
        micrograph, view = image.micrograph, decisions.view(image)
        before = _of_session(micrograph)
        printed = before.printed if before else None
        _noted()[work.name_of(micrograph)] = Noted(
            choices.of(micrograph),
            operations_of(image.segmentation),
            tuple(sorted(view.edits.items())) if view else (),
            printed or image.prepared.printed or PrintedScale(),
        )


def keep() -> None:
    """Tell the browser what to keep, as it now stands."""
    state = st.session_state
    if folder.is_given():  # which keeps it itself, once it is saved
        unsaved = state.get("run_unsaved") is not None
        companion.keep(asks=unsaved, record=None, ended=False)
        return
    known = [work.store().known(key) for key in state.get("kept_keys", [])]
    micrographs = [each for each in known if isinstance(each, Micrograph)]
    record, asks = None, False
    if micrographs:
        with suppress(SemsegError):  # such as a model that cannot be loaded, which the page says
            session = _session(micrographs)
            asks = _would_be_lost(session, micrographs)
            if state.kept_complete and limits().keep_in_browser:
                record = _record(session)
    ended = not state.get("kept_keys") and state.get("had_pictures", False)
    companion.keep(asks=asks, record=record, ended=ended and not state.get("files_lost", False))


def offer() -> None:
    """On a page without pictures: offer to go on with what the browser kept."""
    if limits().keep_in_browser:
        taken = st.session_state.get("taken_over")
        companion.offer(inputs.uploader("uploads"), _take, taken)


def _noted() -> dict[Key, Noted]:
    noted: dict[Key, Noted] = st.session_state.setdefault("noted", {})
    return noted


def _of_session(micrograph: Micrograph) -> SessionPicture | None:
    """What the session that was taken over has of a picture."""
    session: Session | None = st.session_state.get("session")
    return session.picture(micrograph.sha256) if session else None


def _record(session: Session) -> dict[str, Any]:
    """What the browser is to keep, see ``kept.d.ts``."""
    shown, _ = st.session_state.shown_key or ("", 0)
    sample = bool(st.session_state.get("sample"))
    texts = [each.sidecar for each in session.pictures if each.sidecar]
    files = [{"sha256": each.sha256, "name": each.name} for each in session.pictures]
    return {
        "session": session.to_json().decode(),
        "files": [] if sample else files + texts,
        "pictures": [each.name for each in session.pictures],
        "shown": shown,
        "sample": sample,
        "by_hand": sum(len(each.edits) + len(each.operations) for each in session.pictures),
    }


def _session(micrographs: Sequence[Micrograph]) -> Session:
    """The session of these pictures, whether or not they were analysed yet."""
    settings = [choices.of(micrograph) for micrograph in micrographs]
    for_all = shared(settings)
    network = work.segmenter(for_all.provider)
    return Session(
        software=__version__,
        numbers=NUMBERS,
        model_sha256=network.info.sha256,
        model_name=network.info.name,
        provider=network.provider,
        settings=for_all,
        display=choices.current_display(),
        pictures=tuple(
            _picture(micrograph, now, for_all)
            for micrograph, now in zip(micrographs, settings, strict=True)
        ),
        details=details.current(),
    )


def _picture(micrograph: Micrograph, now: Settings, for_all: Settings) -> SessionPicture:
    """What was done by hand is told only of the outlines that these settings give."""
    known = _noted().get(work.name_of(micrograph)) or _by_session(micrograph)
    if known and not corrections.gives_same_outlines(known.settings, now):
        known = Noted(now)
    text = micrograph.sidecar
    return SessionPicture(
        name=micrograph.name,
        sha256=micrograph.sha256,
        sidecar=text and {"name": text.name, "sha256": text.sha256},
        printed=known.printed if known else None,
        settings=now.own(for_all),
        operations=known.operations if known else (),
        edits=dict(known.edits) if known else {},
    )


def _by_session(micrograph: Micrograph) -> Noted | None:
    """The same of a picture that was not analysed yet."""
    session: Session | None = st.session_state.get("session")
    before = _of_session(micrograph)
    if session is None or before is None:
        return None
    edits = tuple(before.edits.items())
    return Noted(session.settings_of(before), before.operations, edits, before.printed)


def _would_be_lost(session: Session, micrographs: Sequence[Micrograph]) -> bool:
    """Whether a person did something by hand that no file and no link has."""
    state = st.session_state
    of_file: Session | None = None if state.get("went_on") else state.get("session")
    for micrograph, picture in zip(micrographs, session.pictures, strict=True):
        before = of_file.picture(micrograph.sha256) if of_file else None
        if picture.edits and picture.edits != (before.edits if before else {}):
            return True
        if picture.operations and picture.operations != (before.operations if before else ()):
            return True
        given, now = choices.given(micrograph), choices.of(micrograph)
        if any(getattr(now, name) != getattr(given, name) for name in SCALE):
            return True
    shas = {micrograph.sha256 for micrograph in micrographs}
    if any(view.line for key, view in decisions.views().items() if key[0] in shas):
        return True
    return session.details != (of_file.details if of_file else NONE)


def _take(chosen: Mapping[str, Any]) -> None:
    """Go on with what the browser kept; it is believed no more than any file."""
    state = st.session_state
    state.taken_over = str(chosen.get("choice"))
    try:
        session = read_session(str(chosen.get("session")))
    except SemsegError:
        st.toast("What this browser kept cannot be read any more.", icon=":material/error:")
        return
    network = work.segmenter(session.settings.provider)
    if (session.numbers, session.model_sha256) != (NUMBERS, network.info.sha256):
        if any(each.edits or each.operations for each in session.pictures):
            st.toast(
                "This server draws other outlines than it did then, so what you did to them by "
                "hand was left out.",
                icon=":material/difference:",
                duration="infinite",
            )
        untouched = [replace(each, edits={}, operations=()) for each in session.pictures]
        session = replace(session, pictures=tuple(untouched))
    inputs.take_session(session)
    choices.nothing_was_given()
    state.went_on = True  # no file has what was decided
    state.sample = chosen.get("sample") is True
    state.shown_wanted = str(chosen.get("shown"))
    state.link = []
