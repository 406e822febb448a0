"""The scale of each picture: what its state is called, what the table of all pictures changes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from semseg.errors import SemsegError
from semseg.page import scales
from semseg.page.scale_table import _edited, state_of
from semseg.page.scales import NOTHING, length_of
from semseg.scale.calibration import Calibration
from semseg.settings import Settings

PICTURE = SimpleNamespace(name="a.tif", width=1000)
FILE = Calibration(2.0, "Zeiss metadata")


@pytest.mark.parametrize(
    ("settings", "used", "recorded", "state"),
    [
        ({}, FILE, FILE, "from the file"),
        ({}, Calibration(2.0, "Zeiss metadata and label bar (read ...)"), FILE, "from the file"),
        (
            {},
            Calibration(2.0, "Zeiss metadata of ...", proposed=True),
            FILE,
            "from the file, check",
        ),
        ({}, Calibration(2.0, "label bar and scale bar (read ...)"), None, "read"),
        ({}, Calibration(2.0, "scale bar (read ...)", proposed=True), None, "read, check"),
        ({"scale_checked_nm": 2.0}, Calibration(2.0, "scale bar (read ...)"), None, "checked"),
        ({"width_nm": 2e3}, Calibration(2.0, "typed width"), FILE, "typed"),
        ({"scale_bar_nm": 2e2}, Calibration(2.0, "scale bar"), None, "typed"),
        ({}, Calibration(2.0, "assumed width, check", assumed=True), None, "assumed, check"),
        ({}, None, None, "none"),
    ],
)
def test_states(settings, used, recorded, state):
    assert state_of(Settings(**settings), used, recorded) == state


def test_what_the_table_changes():
    assert _edited({"Width": "5 um"}, PICTURE, FILE) == {**NOTHING, "width_nm": 5000.0}
    assert _edited({"Width": None}, PICTURE, FILE) == NOTHING
    assert _edited({"Checked": False}, PICTURE, FILE) == NOTHING
    assert _edited({"Checked": True}, PICTURE, FILE) == {}
    proposed = Calibration(2.5, "scale bar (read ...)", proposed=True)
    assert _edited({"Checked": True}, PICTURE, proposed) == {"scale_checked_nm": 2.5}


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"Width": "five"}, "no length"),
        ({"Width": "0.29"}, "check the unit"),  # 0.29 um was meant
        ({"Width": "1 m"}, "check the unit"),
        ({"Checked": True}, "type its width"),
    ],
)
def test_what_the_table_refuses(cells, words):
    assumed = Calibration(7.52, "assumed width, check", assumed=True)
    with pytest.raises(SemsegError, match=words):
        _edited(cells, PICTURE, assumed)


def test_a_length_out_of_the_range_of_its_setting_is_refused():
    assert length_of("5 nm", "Pixel") == 5.0
    with pytest.raises(SemsegError, match="out of range"):
        length_of("2 m", "Pixel")


class State(dict):
    """What `st.session_state` is outside a script."""

    __getattr__, __setattr__ = dict.__getitem__, dict.__setitem__


def test_what_the_page_put_into_its_field_is_not_taken_for_typed(monkeypatch):
    """Streamlit calls when the field changes its label, as it does once a bar has been found."""
    state = State(scale_kind="Scale bar", field="1 um", scale_shown="1 um")
    monkeypatch.setattr(scales.st, "session_state", state)
    scales._take("field", 1280, 214.0)
    assert "scale_bar_nm" not in state
    state.field = "2 um"
    scales._take("field", 1280, 214.0)
    assert state.scale_bar_nm == 2000.0
