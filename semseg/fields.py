"""Fields of a dataclass of settings, and what is said of each wherever it can be chosen.

>>> from dataclasses import field
>>> @dataclass(frozen=True)
... class Oven:
...     degrees: float = field(default=180, metadata=Number(low=50, high=250).metadata)
...
...     def __post_init__(self) -> None:
...         check_values(self)
>>> described(Oven)["degrees"].high
250
>>> Oven(degrees=300)
Traceback (most recent call last):
semseg.errors.SettingsError: The setting 'degrees' must lie between 50 and 250, not 300.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from semseg.errors import SettingsError
from semseg.preprocessing.preparation import Crop

__all__ = [
    "Choice",
    "Length",
    "Number",
    "Setting",
    "Sides",
    "Switch",
    "Text",
    "WholeNumber",
    "check_values",
    "described",
    "refuse_unknown",
]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is said of a setting wherever it can be chosen.

    Attributes
    ----------
    help : str
        What it is, for people: a phrase that begins small and has no full stop.
    usual : str
        What holds where it is None, for people.
    query : str or None
        Its name among the query parameters of the page's address; None: not there.
    """

    help: str = ""
    usual: str = ""
    query: str | None = None

    @property
    def metadata(self) -> dict[str, Setting]:
        """Metadata of the dataclass field that is spoken of."""
        return {"setting": self}

    def wrong(self, value: Any) -> str:
        """What `value` must be instead, to follow "The setting 'name' must"; "" if it is right."""
        raise NotImplementedError

    def from_json(self, name: str, value: Any) -> Any:
        """The value that JSON holds as `value`."""
        return value


@dataclass(frozen=True, kw_only=True)
class Number(Setting):
    """A number from `low` to `high`; `metavar`, or the range, stands for it where it is typed."""

    low: float
    high: float
    metavar: str = ""

    def wrong(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"be a number, not {value!r:.40}"
        if not self.low <= value <= self.high:  # not true of NaN either
            return f"lie between {self.low:g} and {self.high:g}, not {value!r:.40}"
        return ""


@dataclass(frozen=True, kw_only=True)
class Length(Number):
    """A length in nm; where it is typed it may have another unit (`semseg.scale.typed_length`)."""


@dataclass(frozen=True, kw_only=True)
class WholeNumber(Setting):
    """A whole number from `low` to `high`; `automatic`: or 0, for what is found."""

    low: int
    high: int
    automatic: bool = True
    metavar: str = ""

    def wrong(self, value: Any) -> str:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if whole and (self.low <= value <= self.high or (self.automatic and value == 0)):
            return ""
        zero = "0 (automatic) or " if self.automatic else ""
        return f"be {zero}a whole number from {self.low} to {self.high}, not {value!r:.40}"


@dataclass(frozen=True, kw_only=True)
class Choice(Setting):
    """One of some words."""

    choices: tuple[str, ...]

    def wrong(self, value: Any) -> str:
        if isinstance(value, str) and value in self.choices:
            return ""
        return f"be one of {', '.join(self.choices)}, not {value!r:.40}"


@dataclass(frozen=True, kw_only=True)
class Switch(Setting):
    """Yes or no."""

    def wrong(self, value: Any) -> str:
        return "" if isinstance(value, bool) else "be true or false"


@dataclass(frozen=True, kw_only=True)
class Sides(Setting):
    """What is cut off each side, a `Crop`."""

    def wrong(self, value: Any) -> str:
        return "" if isinstance(value, Crop) else "be a Crop or None"

    def from_json(self, name: str, value: Any) -> Crop:
        try:
            return Crop(**value)
        except TypeError as error:
            raise SettingsError(
                f"The setting '{name}' must give top, bottom, left and right in pixels."
            ) from error


@dataclass(frozen=True, kw_only=True)
class Text(Setting):
    """At most so many characters, in one line or several (`lines`)."""

    most: int = 200
    lines: bool = False

    def wrong(self, value: Any) -> str:
        if not isinstance(value, str):
            return "be a text"
        return "" if len(value) <= self.most else f"have at most {self.most} characters"


def described(kind: type) -> dict[str, Setting]:
    """What is said of each field of a dataclass of settings, by the field's name."""
    return {item.name: item.metadata["setting"] for item in fields(kind)}


def check_values(settings: Any) -> None:
    """Raise a SettingsError unless each field of a dataclass of settings has a value that suits.

    None suits where it is the default.
    """
    for item in fields(settings):
        value = getattr(settings, item.name)
        if value is None and item.default is None:
            continue
        if wrong := item.metadata["setting"].wrong(value):
            raise SettingsError(f"The setting '{item.name}' must {wrong}.")


def refuse_unknown(values: Any, kind: type) -> None:
    """Raise a SettingsError unless `values` maps names of fields of the dataclass `kind`."""
    if not isinstance(values, Mapping):
        raise SettingsError("Settings must be a JSON object of names and values.")
    known = {item.name for item in fields(kind)}
    unknown = sorted(str(name) for name in values if name not in known)
    if unknown:
        raise SettingsError(
            f"There is no setting {unknown[0]!r:.40}; there are {', '.join(sorted(known))}."
        )
