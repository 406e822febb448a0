"""What a field of settings says of itself, and that each is complete."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from semseg.cli.arguments import _values
from semseg.display import Display
from semseg.errors import SettingsError
from semseg.fields import Number, Switch, WholeNumber, check_values, described
from semseg.page.address import from_query, to_query
from semseg.settings import SETTINGS, Settings


@dataclass(frozen=True)
class Oven:
    degrees: float | None = field(default=None, metadata=Number(low=50, high=250).metadata)
    fan: bool = field(default=True, metadata=Switch().metadata)
    trays: int = field(default=0, metadata=WholeNumber(low=1, high=4).metadata)

    def __post_init__(self):
        check_values(self)


def test_values_that_suit_are_taken():
    for oven in (Oven(), Oven(50), Oven(250.0, False, 4)):
        assert isinstance(oven, Oven)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"degrees": 300}, "'degrees' must lie between 50 and 250, not 300."),
        ({"degrees": "hot"}, "'degrees' must be a number, not 'hot'."),
        ({"fan": None}, "'fan' must be true or false."),
        ({"trays": 5}, "'trays' must be 0 (automatic) or a whole number from 1 to 4, not 5."),
        ({"trays": True}, "'trays' must be"),
    ],
)
def test_other_values_are_refused_by_name(values, said):
    with pytest.raises(SettingsError) as caught:
        Oven(**values)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_explained_and_has_an_option(name):
    about = SETTINGS[name]
    assert about.help[0].islower()
    assert not about.help.endswith(".")
    assert about.usual or getattr(Settings(), name) is not None
    assert _values(about)


def test_names_in_the_address_are_not_given_twice():
    names = [about.query for kind in (Settings, Display) for about in described(kind).values()]
    names = [name for name in names if name]
    assert len(names) == len(set(names))


def test_every_setting_but_the_assumed_width_travels_in_the_address():
    left_out = [name for name, about in SETTINGS.items() if about.query is None]
    assert left_out == ["assumed_width_nm"]
    assert to_query(Settings(assumed_width_nm=7520), Display()) == {}


def test_links_of_earlier_versions_are_read():
    """Names and values as they have been written so far: links are kept in mails and notebooks."""
    link = {
        "page": "2",
        "width": "7520",
        "aspect": "1.1",
        "crop": "1,2,3,4",
        "repair": "0",
        "rescale": "0.5",
        "filter": "0.4",
        "bar": "200",
        "scale_u": "0.01",
        "edges": "weight",
        "visible": "1",
        "provider": "cpu",
        "size": "ecd",
        "weighting": "volume",
        "bins": "20",
        "log": "1",
    }
    settings, display, wrong = from_query(link)
    assert wrong == []
    crop = settings.crop
    assert (crop.top, crop.bottom, crop.left, crop.right) == (1, 2, 3, 4)
    assert to_query(settings, display) == link
    assert from_query({"pixel": "2"})[0] == Settings(pixel_size_nm=2)
