"""Settings and session files that a person gives the page."""

from __future__ import annotations

import pytest

from semseg.display import Display
from semseg.errors import SettingsError
from semseg.export.session import session_json
from semseg.page.inputs import parsed
from semseg.settings import Settings
from tests.support.fake_analysis import draw


def test_a_settings_file_brings_settings_and_display():
    display = Display("ecd", log=True)
    read = parsed(b'{"settings": {"filter": 0.4}, "display": {"size": "ecd", "log": true}}')
    assert read == (Settings(filter=0.4), display, None)
    read = parsed(Settings(rescale=2.0).to_json().encode())
    assert read == (Settings(rescale=2.0), Display(), None)


def test_a_session_file_brings_its_session_too():
    analysis = draw(manual={2: False})
    settings, display, session = parsed(session_json([analysis], Display("ecd")))
    assert (settings, display) == (analysis.settings, Display("ecd"))
    assert session.picture(analysis.micrograph.sha256).edits == {2: False}


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"[]", b"\xff\xfe", b"1" * 11 * 10**6),
        *(b'{"settings": 3}', b'{"settings": {}, "display": 3}', b'{"kind": "semseg session"}'),
    ],
)
def test_what_is_no_settings_file_is_refused_in_a_sentence(content):
    with pytest.raises(SettingsError, match=r"\.$"):
        parsed(content)
