"""What comes in: micrographs, the sample, a file of settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import DeletedFile, UploadedFile

from semseg.analysis import Analysis
from semseg.data import sample_path
from semseg.display import Display
from semseg.errors import SemsegError, SettingsError
from semseg.export.replay import differences
from semseg.export.session import Session, is_session, read_session
from semseg.io.micrograph import ENDINGS, FORMATS
from semseg.page import choices, corrections, details
from semseg.page.text import plain
from semseg.page.work import Picture
from semseg.scale.sidecar import SUFFIXES, descriptions_among, sidecar_among
from semseg.settings import PER_PICTURE, Settings
from semseg.viewer import run_when_back

__all__ = [
    "pictures",
    "replayed",
    "sample_buttons",
    "session_is",
    "settings_file",
    "take_session",
    "uploader",
]

DESCRIPTIONS = ["emi"]  # taken beside their pictures, of which they tell nothing more
SETTINGS_BYTES = 10_000_000


def pictures() -> list[Picture]:
    """The uploaded micrographs, else the sample where it was asked for."""
    key = uploader("uploads")
    uploads = st.file_uploader(
        "Micrographs of one sample",
        type=[*ENDINGS, *DESCRIPTIONS, *(suffix[1:] for suffix in SUFFIXES)],
        accept_multiple_files=True,
        key=key,
        help=f"{FORMATS}, and the text files (.txt, .hdr) that some microscopes write beside them. "
        "They stay in the server's memory and leave with you; your own browser keeps them for a "
        "reload, if you let it.",
    )
    _empty_if_lost(key)
    if run_when_back(len(uploads)):
        st.session_state.files_lost = True
    if uploads:
        st.session_state.files_lost = False
        st.session_state.sample = False
        return paired(uploads)
    if st.session_state.get("sample"):
        path = sample_path()
        st.caption("This is the sample, a drawn micrograph.")
        with st.container(horizontal=True, gap="small"):
            st.button("Close it", icon=":material/close:", on_click=_use_sample, args=(False,))
            _download_sample()
        return [Picture("sample", path.name, path.read_bytes)]
    return []


def uploader(name: str) -> str:
    """The key of a field for files; another one after files were lost, so that it is empty."""
    times = st.session_state.get("times_lost", 0)
    return f"{name}-{times}" if times else name


def _empty_if_lost(key: str) -> None:
    """The browser may name files that the server has not, since it was started again; what looks
    as if it were there must be given again."""
    files = st.session_state[key]
    if any(
        isinstance(file, DeletedFile) for file in (files if isinstance(files, list) else [files])
    ):
        st.session_state.files_lost = True
        st.session_state.times_lost = st.session_state.get("times_lost", 0) + 1
        st.rerun()


def paired(uploads: Sequence[UploadedFile]) -> list[Picture]:
    """The pictures among the uploads, each with the text file that belongs to it."""
    texts = {u.name: u for u in uploads if u.name.casefold().endswith(SUFFIXES)}
    alone = dict(texts)
    pictures = []
    described = descriptions_among(upload.name for upload in uploads)
    for upload in uploads:
        if upload.name in texts or upload.name in described:
            continue
        text = texts.get(sidecar_among(upload.name, texts) or "")
        key, sidecar = upload.file_id, None
        if text is not None:
            alone.pop(text.name, None)
            key, sidecar = f"{key} {text.file_id}", (text.name, text.getvalue)
        pictures.append(Picture(key, upload.name, upload.getvalue, sidecar))
    for name in alone:
        st.caption(f"{plain(name)} belongs to no picture here: it needs the picture's name.")
    return pictures


def sample_buttons() -> None:
    """*Try the sample* and *Download the sample*."""
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Try the sample",
            icon=":material/play_arrow:",
            type="primary",
            on_click=_use_sample,
            args=(True,),
        )
        _download_sample()


def _download_sample() -> None:
    st.download_button(
        "Download the sample",
        lambda: sample_path().read_bytes(),
        file_name=sample_path().name,
        mime="image/tiff",
        icon=":material/download:",
        on_click="ignore",
    )


def _use_sample(use: bool) -> None:
    st.session_state.sample = use
    st.session_state.files_lost = False


def settings_file() -> DeltaGenerator:
    """Replay an earlier result; the place where a session says whether it came out the same."""
    key = uploader("settings_file")
    upload = st.file_uploader(
        "Session or settings of an earlier result",
        type=["json"],
        key=key,
        on_change=_take_settings,
        help="A session.json, settings.json or summary.json that was downloaded here or written "
        "by the command line. Its settings are applied once; you may change them afterwards. With "
        "a session, add its pictures: the page says whether every number came out the same.",
    )
    _empty_if_lost(key)
    if upload is not None:
        if problem := st.session_state.get("settings_problem"):
            st.error(plain(f"{upload.name}: {problem}"))
        else:
            st.caption("Its settings were applied.")
    return st.container()


def replayed(place: DeltaGenerator, analyses: Callable[[], Sequence[Analysis]]) -> None:
    """Say in `place` what differs between the session that was taken over and the analyses,
    which are made only if there is one."""
    session = st.session_state.get("session")
    if session is None or not any(picture.result for picture in session.pictures):
        return  # what the browser kept tells of no result
    said = differences(session, analyses())
    with place:
        if said:
            st.warning("\n\n".join(map(plain, said)), icon=":material/difference:")
        else:
            st.success("Identical to the session, particle by particle.", icon=":material/check:")


def _take_settings() -> None:
    """Before any widget is drawn, so that all of them can follow."""
    upload = st.session_state[uploader("settings_file")]
    st.session_state.settings_problem = ""
    st.session_state.session = None
    if upload is None or isinstance(upload, DeletedFile):
        return
    try:
        settings, display, session = parsed(upload.getvalue())
    except SemsegError as error:
        st.session_state.settings_problem = str(error)
    else:
        if session:
            take_session(session)
        else:
            choices.load(settings, display)


def take_session(session: Session) -> None:
    """Go on with a session; before any widget is drawn."""
    # its scales are those of its pictures, not of others that are added
    settings, own = _by_picture(session)
    choices.load(settings, session.display, own)
    details.load(session.details)
    corrections.forget(session)
    state = st.session_state
    state.session, state.went_on, state.noted = session, False, {}
    # its decisions take the place of those made here before
    state.views = {
        key: view for key, view in state.get("views", {}).items() if session.picture(key[0]) is None
    }


def session_is(session: Session) -> None:
    """What stands on the page is in this session from now on, and no more needs be said of it."""
    choices.given_are(*_by_picture(session))
    st.session_state.session = session


def _by_picture(session: Session) -> tuple[Settings, dict[str, dict[str, Any]]]:
    """What a session has for all pictures, and what each of its own, by the hash of its bytes."""
    usual = Settings()
    for_all = replace(session.settings, **{name: getattr(usual, name) for name in PER_PICTURE})
    own = {each.sha256: session.settings_of(each).own(for_all) for each in session.pictures}
    return for_all, own


def parsed(content: bytes) -> tuple[Settings, Display, Session | None]:
    """Settings and display of a settings file, a summary or a session, and the session itself.

    Raises
    ------
    SettingsError
        It is too large, no JSON, or holds no settings.
    """
    if len(content) > SETTINGS_BYTES:
        raise SettingsError("This is no settings file: it is larger than ten megabytes.")
    settings = Settings.from_json(content)
    values = json.loads(content)
    if is_session(values):
        session = read_session(content)
        return session.settings, session.display, session
    display = values.get("display") if isinstance(values, dict) else None
    return settings, Display() if display is None else Display.from_dict(display), None
