"""Outlines that a person put right: brought back from Fiji and the like, or kept in a session.

They are operations (`semseg.operations`), replayed on what the network found; a picture that has
some is another one to everything behind it, with a key of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from semseg.editing.imported import as_operations
from semseg.editing.outline_files import read_outlines
from semseg.editing.replay import Replayed, replay
from semseg.errors import SemsegError
from semseg.export.session import Session, SessionPicture
from semseg.operations import Operation, to_plain
from semseg.page import choices
from semseg.page.text import plain
from semseg.page.work import CORRECTED, Key, Progress, SegmentedImage, store, turn
from semseg.settings import Settings

__all__ = [
    "add",
    "applied",
    "bring_back",
    "corrected",
    "forget",
    "gives_same_outlines",
    "history",
    "known",
    "redo",
    "replayed",
    "session_picture",
    "undo",
]

Operations = tuple[Operation, ...]
KEPT = 4  # results of corrections that are kept of a picture: undo and redo are then at once
MAX_MEGABYTES = 100
OUTLINES_DEPEND_ON = ("page", "pixel_aspect", "crop", "repair", "rescale")  # of the settings


def applied(pictures: Sequence[Progress]) -> list[Progress]:
    """The pictures with what was put right in them."""
    return [replace(each, image=corrected(each.image)) if each.image else each for each in pictures]


def session_picture(image: SegmentedImage) -> SessionPicture | None:
    """What the session that is replayed has of a picture, where its outlines are those of it."""
    session: Session | None = st.session_state.get("session")
    picture = session.picture(image.micrograph.sha256) if session else None
    if session is None or picture is None:
        return None
    if session.model_sha256 != image.segmentation.model.sha256:
        return None
    then, now = session.settings_of(picture), choices.of(image.micrograph)
    return picture if gives_same_outlines(then, now) else None


def gives_same_outlines(then: Settings, now: Settings) -> bool:
    """Whether the network finds the same with these settings, so that labels mean the same."""
    return all(getattr(then, name) == getattr(now, name) for name in OUTLINES_DEPEND_ON)


def forget(session: Session) -> None:
    """Let go of the corrections of the pictures of a session: its own take their place."""
    for held in (_all(), _steps(), _undone()):
        for key in [key for key in held if session.picture(str(key[0]))]:
            del held[key]


def add(image: SegmentedImage, *gestures: Operations) -> None:
    """Put the operations of gestures behind those of a picture."""
    steps = _steps().setdefault(image.network_key, [])
    for operations in filter(None, gestures):
        before = known(image)
        steps.append(len(before))
        _all()[image.network_key] = (*before, *operations)
    _undone().pop(image.network_key, None)


def undo(image: SegmentedImage) -> None:
    """Take the last gesture back."""
    done = known(image)
    if not done:
        return
    steps = _steps().get(image.network_key, [])
    while steps and steps[-1] >= len(done):
        steps.pop()
    first = steps.pop() if steps else len(done) - 1
    _all()[image.network_key] = done[:first]
    _undone()[image.network_key] = (done[first:], *_undone().get(image.network_key, ()))


def redo(image: SegmentedImage) -> None:
    """Do again what was taken back last."""
    first, *rest = _undone().get(image.network_key) or ((),)
    if first:
        add(image, first)
        _undone()[image.network_key] = tuple(rest)


def history(image: SegmentedImage) -> tuple[int, int]:
    """How many operations can be taken back, and how many done again."""
    return len(known(image)), len(_undone().get(image.network_key, ()))


def bring_back(image: SegmentedImage) -> None:
    """Take outlines that were corrected elsewhere; or let go of them again."""
    with st.expander("Bring corrected outlines back", icon=":material/draw:"):
        upload = st.file_uploader(
            "RoiSet.zip or label image",
            type=["zip", "roi", "tif", "tiff", "png"],
            key=f"corrections_{st.session_state.get('corrections_taken', 0)}",
            max_upload_size=MAX_MEGABYTES,
            help="Save the outlines below, correct them in Fiji, napari or QuPath, and give them "
            "here: what was changed is measured anew, what was not stays as it is. A label image "
            "has the picture's own size, 0 where no particle is, and a number for each.",
        )
        if upload is not None:
            _take(image, upload.name, upload.getvalue())
        for said in st.session_state.get("corrections_said", {}).get(image.network_key, ()):
            st.info(plain(said), icon=":material/info:")
        if image.network_key in _all():
            st.button(
                "Only what the network found",
                on_click=_let_go,
                args=(image,),
                icon=":material/undo:",
                key="corrections_let_go",
            )


def _take(image: SegmentedImage, name: str, content: bytes) -> None:
    """Make operations of a file that was given, and run the page again with them."""
    key = image.network_key
    try:
        with turn():
            drawn = read_outlines(content, name, image.segmentation.grid.recorded)
            found = image.segmentation.unedited
            operations = as_operations(found, drawn)
    except SemsegError as error:
        st.error(plain(str(error)))
        return
    said = list(drawn.notes)
    if not operations:
        said.append(f"{name}: every outline is as it was.")
    st.session_state.setdefault("corrections_said", {})[key] = said
    _all()[key] = operations
    _undone().pop(key, None)
    # another uploader, empty: the file has been taken, and may be given again
    st.session_state.corrections_taken = st.session_state.get("corrections_taken", 0) + 1
    st.rerun(scope="app")


def _let_go(image: SegmentedImage) -> None:
    key = image.network_key
    _all()[key] = ()
    st.session_state.get("corrections_said", {}).pop(key, None)


def corrected(image: SegmentedImage) -> SegmentedImage:
    """The picture, as the network found it, with what was put right in it."""
    operations = known(image)
    if not operations:
        return image
    return image.corrected(replayed(image, operations), _names(operations)[-1])


def replayed(image: SegmentedImage, operations: Operations) -> Replayed:
    """What comes of operations on what the network found; goes on from the latest of them whose
    result is there."""
    keys = [(CORRECTED, *image.network_key, name) for name in _names(operations)]
    kept = store()
    made: Replayed | None = kept.known(keys[-1])
    if made is not None:
        return made
    for done in range(len(keys) - 1, 0, -1):
        before: Replayed | None = kept.known(keys[done - 1])
        # decisions alone leave no trace in a segmentation
        if before is not None and before.segmentation.corrections is not None:
            made = replay(before.segmentation, operations[done:], before.decisions)
            break
    else:
        made = replay(image.segmentation.unedited, operations)
    kept.put(keys[-1], made)
    # each holds all labels, so an earlier one makes room
    latest: list[Key] = st.session_state.setdefault("corrections_latest", [])
    latest.append(keys[-1])
    while len(latest) > KEPT:
        kept.drop(latest.pop(0))
    return made


def _names(operations: Operations) -> list[str]:
    """Of each operation a name that tells it and all before it from others."""
    names, so_far = [], hashlib.sha256()
    for each in operations:
        so_far.update(json.dumps(to_plain(each)).encode())
        names.append(so_far.hexdigest())
    return names


def known(image: SegmentedImage) -> Operations:
    """The operations of a picture: of this visit, or of the session that is replayed."""
    operations = _all().get(image.network_key)
    if operations is None:
        picture = session_picture(image)
        operations = picture.operations if picture else ()
    return operations


def _steps() -> dict[Key, list[int]]:
    """How many operations there were before each gesture of this visit."""
    steps: dict[Key, list[int]] = st.session_state.setdefault("corrections_steps", {})
    return steps


def _undone() -> dict[Key, tuple[Operations, ...]]:
    """What was taken back, gesture by gesture, the latest first."""
    undone: dict[Key, tuple[Operations, ...]] = st.session_state.setdefault(
        "corrections_undone", {}
    )
    return undone


def _all() -> dict[Key, Operations]:
    """The corrections of this visit, by the key of what the network found."""
    operations: dict[Key, Operations] = st.session_state.setdefault("corrections", {})
    return operations
