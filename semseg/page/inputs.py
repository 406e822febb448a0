"""What comes in: micrographs, the sample, a file of settings."""

from __future__ import annotations

import json

import streamlit as st

from semseg.display import Display
from semseg.errors import SemsegError, SettingsError
from semseg.page import choices
from semseg.page.text import plain
from semseg.page.work import Picture
from semseg.sample import sample_path
from semseg.settings import Settings

__all__ = ["PICTURES", "pictures", "sample_buttons", "settings_file"]

PICTURES = ["tif", "tiff", "png", "jpg", "jpeg", "bmp", "webp", "gif"]
SETTINGS_BYTES = 1_000_000


def pictures() -> list[Picture]:
    """The uploaded micrographs, else the sample where it was asked for."""
    uploads = st.file_uploader(
        "Micrographs of one sample",
        type=PICTURES,
        accept_multiple_files=True,
        key="uploads",
        help="TIFF, PNG, JPEG, BMP, WebP or GIF. They stay in memory and leave with you.",
    )
    if uploads:
        st.session_state.sample = False
        return [Picture(upload.file_id, upload.name, upload.getvalue) for upload in uploads]
    if st.session_state.get("sample"):
        path = sample_path()
        st.caption("This is the sample, a drawn micrograph.")
        with st.container(horizontal=True, gap="small"):
            st.button("Close it", icon=":material/close:", on_click=_use_sample, args=(False,))
            _download_sample()
        return [Picture("sample", path.name, path.read_bytes)]
    return []


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


def settings_file() -> None:
    """Replay the settings of an earlier result."""
    upload = st.file_uploader(
        "Settings of an earlier result",
        type=["json"],
        key="settings_file",
        on_change=_take_settings,
        help="A settings.json or summary.json that was downloaded here or written by the "
        "command line. Its settings are taken over once; you may change them after.",
    )
    if upload is None:
        return
    if problem := st.session_state.get("settings_problem"):
        st.error(plain(f"{upload.name}: {problem}"))
    else:
        st.caption("Taken over.")


def _take_settings() -> None:
    """Before any widget is drawn, so that all of them can follow."""
    upload = st.session_state.settings_file
    st.session_state.settings_problem = ""
    if upload is None:
        return
    try:
        choices.load(*parsed(upload.getvalue()))
    except SemsegError as error:
        st.session_state.settings_problem = str(error)


def parsed(content: bytes) -> tuple[Settings, Display]:
    """Settings and display of a settings file or a summary.

    Raises
    ------
    SettingsError
        It is too large, no JSON, or holds no settings.
    """
    if len(content) > SETTINGS_BYTES:
        raise SettingsError("This is no settings file: it is larger than a megabyte.")
    settings = Settings.from_json(content)
    values = json.loads(content)
    display = values.get("display") if isinstance(values, dict) else None
    return settings, Display() if display is None else Display.from_dict(display)
