"""How sizes are shown: what is taken, and what is refused in one sentence."""

import json

import pytest

from semseg.display import DEFAULT, Display
from semseg.errors import SettingsError
from semseg.measure.quantities import SIZES


def test_the_usual_display():
    assert Display() == DEFAULT
    assert DEFAULT.to_dict() == {
        "size": "min_feret",
        "weighting": "number",
        "bins": 0,
        "log": False,
    }


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("bins", [0, 5, 100])
def test_it_goes_through_json_and_back(size, bins):
    display = Display(size, "volume", bins, True)
    assert Display.from_dict(json.loads(json.dumps(display.to_dict()))) == display
    assert display.by_volume
    assert not DEFAULT.by_volume


def test_what_is_missing_is_as_usual():
    assert Display.from_dict({}) == DEFAULT
    assert Display.from_dict({"log": True}) == Display(log=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("size", value) for value in ("area", "", None, 1, [], "min_feret_nm")),
        *(("weighting", value) for value in ("mass", None, True)),
        *(("bins", value) for value in (1, 4, 101, -1, 20.0, "20", True, False, None)),
        *(("log", value) for value in (1, 0, None, "true")),
    ],
)
def test_wrong_values_are_refused_in_one_sentence(name, value):
    with pytest.raises(SettingsError, match=f"^The setting '{name}' must be .*\\.$") as caught:
        Display(**{name: value})
    assert "\n" not in str(caught.value)
    with pytest.raises(SettingsError):
        Display.from_dict({name: value})


def test_unknown_names_are_refused():
    with pytest.raises(SettingsError, match="no setting 'colour'; there are bins, log"):
        Display.from_dict({"colour": "red"})
    with pytest.raises(SettingsError, match="JSON object"):
        Display.from_dict(["ecd"])
