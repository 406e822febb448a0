"""Everything a person can choose, in one frozen, replayable piece.

What is said of a setting stands with its field: its range or choices, a help text, its name in the
page's address (`semseg.fields`). The check of its value, the options of the command line
(`semseg.cli.arguments`), the page's controls and its address follow from it. So a new setting is a
field here, and a widget where it shall have one of its own.

>>> SETTINGS["filter"].help, SETTINGS["width_nm"].query
('confidence below which a particle is possibly wrong', 'width')
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from semseg.errors import SettingsError
from semseg.fields import (
    Choice,
    Length,
    Number,
    Sides,
    Switch,
    WholeNumber,
    check_values,
    described,
    refuse_unknown,
)
from semseg.inference.engine import PROVIDERS
from semseg.preprocessing.preparation import Crop
from semseg.scale.vendors.reading import MAX_PIXEL_ASPECT
from semseg.statistics.counting import EDGES

__all__ = ["EXCLUSIVE", "PER_PICTURE", "SCALE", "SETTINGS", "Settings", "shared"]

# what may differ from picture to picture of one sample; all else is chosen for all of them
SCALE = ("width_nm", "pixel_size_nm", "scale_bar_nm", "scale_bar_px", "scale_checked_nm")
PER_PICTURE = (*SCALE, "crop", "rescale")
EXCLUSIVE = ("width_nm", "pixel_size_nm")  # two ways to say one thing: at most one is given


@dataclass(frozen=True)
class Settings:
    """How a micrograph is analysed; None means: found automatically.

    What each field means stands with it, and in `SETTINGS`.

    Raises
    ------
    SettingsError
        A value is of the wrong kind or outside its range.
    """

    page: int | None = field(
        default=None,
        metadata=WholeNumber(
            help="which picture of a file that holds several, from 1",
            usual="the one with a scale, the data as recorded in place of a rendering in colour",
            query="page",
            low=1,
            high=1_000_000,
            automatic=False,
            metavar="N",
        ).metadata,
    )
    width_nm: float | None = field(
        default=None,
        metadata=Length(
            help="width of the whole recorded picture, label bar included, in nanometres",
            usual="from the file",
            query="width",
            low=1e-3,
            high=1e12,
            metavar="NM",
        ).metadata,
    )
    pixel_size_nm: float | None = field(
        default=None,
        metadata=Length(
            help="width of one recorded pixel in nanometres, in place of the width of the picture",
            usual="from the file",
            query="pixel",
            low=1e-6,
            high=1e9,
            metavar="NM",
        ).metadata,
    )
    pixel_aspect: float | None = field(
        default=None,
        metadata=Number(
            help="height of a recorded pixel over its width, where pixels are not square",
            usual="from the file, else 1",
            query="aspect",
            low=1 / MAX_PIXEL_ASPECT,
            high=MAX_PIXEL_ASPECT,
            metavar="RATIO",
        ).metadata,
    )
    assumed_width_nm: float | None = field(
        default=None,
        metadata=Length(
            help="width in nanometres to be assumed where neither you nor the file nor a scale bar "
            "gives a scale; every size is then marked as assumed",
            usual="none, and such sizes stay in pixels",
            low=1e-3,
            high=1e12,
            metavar="NM",
        ).metadata,
    )
    scale_bar_nm: float | None = field(
        default=None,
        metadata=Length(
            help="length in nanometres that the scale bar in the picture stands for: the scale "
            "where neither you nor the file gives one, else a check of it",
            usual="what is read at it, see read_scale",
            query="bar",
            low=1e-3,
            high=1e12,
            metavar="NM",
        ).metadata,
    )
    scale_bar_px: float | None = field(
        default=None,
        metadata=Number(
            help="length of the scale bar in recorded pixels, as you measured it: the scale "
            "together with scale_bar_nm, whatever the file says",
            usual="the bar that is found in the picture",
            query="bar_px",
            low=1.0,
            high=1e6,
            metavar="PX",
        ).metadata,
    )
    scale_checked_nm: float | None = field(
        default=None,
        metadata=Length(
            help="width of one recorded pixel in nanometres that was only proposed, and that you "
            "checked: where the very same is proposed again, it counts as certain",
            usual="what is proposed is marked",
            query="checked",
            low=1e-6,
            high=1e9,
            metavar="NM",
        ).metadata,
    )
    read_scale: str = field(
        default="needed",
        metadata=Choice(
            help="whether the writing at the scale bar and in the label bar is read, where the "
            "extra `ocr` is installed: when the file gives no certain scale, always (which checks "
            "the file), or never",
            query="read",
            choices=("needed", "always", "never"),
        ).metadata,
    )
    # see `semseg.metrology.uncertainty`
    scale_uncertainty: float | None = field(
        default=None,
        metadata=Number(
            help="relative standard uncertainty of the pixel size, from the certificate of your "
            "reference and how you checked the microscope with it",
            usual="what the source of the scale states, else a usual value",
            query="scale_u",
            low=0.0,
            high=0.5,
        ).metadata,
    )
    rescale: float | None = field(
        default=None,
        metadata=Number(
            help="factor by which the picture is resized for the network",
            usual="found so that the particles have the size that the network knows best",
            query="rescale",
            low=0.01,
            high=100.0,
            metavar="FACTOR",
        ).metadata,
    )
    crop: Crop | None = field(
        default=None,
        metadata=Sides(
            help="what is cut off the sides of the picture, in pixels",
            usual="the label bar",
            query="crop",
        ).metadata,
    )
    repair: bool = field(
        default=True,
        metadata=Switch(
            help="repair hot and cold pixels: those far from all their neighbours take the median "
            "of these",
            query="repair",
        ).metadata,
    )
    filter: float | None = field(
        default=None,
        metadata=Number(
            help="confidence below which a particle is possibly wrong",
            usual="the model's",
            query="filter",
            low=0.0,
            high=1.0,
        ).metadata,
    )
    # see `semseg.statistics.counting`
    edges: str = field(
        default="count",
        metadata=Choice(
            help="particles cut by the edge of the frame: count them as far as they are seen, "
            "exclude them, or exclude them and weight the others",
            query="edges",
            choices=tuple(EDGES),
        ).metadata,
    )
    visible_only: bool = field(
        default=False,
        metadata=Switch(
            help="count fully visible particles only, and leave out those that others cover by "
            "more than about a tenth",
            query="visible",
        ).metadata,
    )
    operator: bool = field(
        default=False,
        metadata=Switch(
            help="name in the files who recorded the picture, where its own file does",
            query="operator",
        ).metadata,
    )
    provider: str = field(
        default="auto",
        metadata=Choice(
            help="where the network runs", query="provider", choices=("auto", *PROVIDERS)
        ).metadata,
    )

    def __post_init__(self) -> None:
        check_values(self)
        if all(getattr(self, name) is not None for name in EXCLUSIVE):
            raise SettingsError(
                "The width of the picture and the size of a pixel were both given; give one."
            )

    def changed(self, **values: Any) -> Settings:
        """These settings with other values for some; what is given here wins over what was there
        before, also where the two exclude each other."""
        given = any(values.get(name) is not None for name in EXCLUSIVE)
        dropped: dict[str, Any] = dict.fromkeys(EXCLUSIVE if given else ())
        return replace(self, **{**dropped, **values})

    def own(self, shared: Settings) -> dict[str, Any]:
        """What of `PER_PICTURE` one picture, analysed with these, has other than `shared`, which
        ``replace(shared, **own)`` brings back."""
        names = (name for name in PER_PICTURE if getattr(self, name) != getattr(shared, name))
        return {name: getattr(self, name) for name in names}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON holds them; None stands for automatic."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Settings:
        """The settings that `to_dict` gave; what is missing is automatic.

        Raises
        ------
        SettingsError
            An unknown name, or a value of the wrong kind.
        """
        return cls(**cls.values(values))

    @classmethod
    def values(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Some settings by name, from what JSON holds; not checked yet.

        Raises
        ------
        SettingsError
            An unknown name, or a value of the wrong kind.
        """
        refuse_unknown(values, cls)
        return {
            name: None if value is None else SETTINGS[name].from_json(name, value)
            for name, value in values.items()
        }

    def to_json(self) -> str:
        """As text that `from_json` reads."""
        return json.dumps(self.to_dict(), indent=2)

    @classmethod
    def from_json(cls, text: str | bytes) -> Settings:
        """Settings from a file's text: a settings file, or a ``summary.json``.

        Raises
        ------
        SettingsError
            The text is no JSON, or holds no settings.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SettingsError("The settings file is not valid JSON.") from error
        if isinstance(values, Mapping) and isinstance(values.get("settings"), Mapping):
            values = values["settings"]
        return cls.from_dict(values)


def shared(settings: Sequence[Settings]) -> Settings:
    """What the settings of several pictures have in common: the first, without what of
    `PER_PICTURE` is not the same in all."""
    first, *others = settings
    usual = Settings()
    return replace(
        first,
        **{
            name: getattr(usual, name)
            for name in PER_PICTURE
            if any(getattr(each, name) != getattr(first, name) for each in others)
        },
    )


SETTINGS = described(Settings)
