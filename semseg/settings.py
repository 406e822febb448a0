"""Everything a person can choose, in one frozen, replayable piece."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from semseg.errors import SettingsError
from semseg.inference.engine import PROVIDERS
from semseg.preprocessing.preparation import Crop
from semseg.statistics.counting import EDGES

__all__ = ["Settings", "refuse_unknown"]

_RANGES = {
    "width_nm": (1e-3, 1e12),
    "pixel_size_nm": (1e-6, 1e9),
    "assumed_width_nm": (1e-3, 1e12),
    "rescale": (0.01, 100.0),
    "filter": (0.0, 1.0),
    "scale_bar_nm": (1e-3, 1e12),
    "scale_uncertainty": (0.0, 0.5),
}


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


@dataclass(frozen=True)
class Settings:
    """How a micrograph is analysed; None means: found automatically.

    Attributes
    ----------
    width_nm : float or None
        Width of the whole recorded picture; None takes the pixel size from the file.
    pixel_size_nm : float or None
        Instead of the width: the side of one recorded pixel.
    assumed_width_nm : float or None
        Width taken where neither a person nor the file gives one; sizes are then marked as
        assumed. None leaves such sizes in pixels.
    scale_bar_nm : float or None
        Length that the scale bar in the picture stands for: the scale where nothing else gives
        one, else a check of it.
    scale_uncertainty : float or None
        Relative standard uncertainty of the pixel size, 0.01 for 1 %; None: what the source of
        the scale tells, or a usual value (`semseg.metrology.uncertainty`).
    rescale : float or None
        Factor by which the picture is resized for the network.
    crop : Crop or None
        What to cut off each side; None finds the label bar.
    repair : bool
        Whether hot and cold pixels are repaired.
    filter : float or None
        Confidence, 0..1, below which a particle is possibly wrong; None: the model's.
    edges : str
        Counting rule for particles at the edge of the frame: ``count`` them as far as they are
        seen, ``exclude`` them, or exclude them and ``weight`` the others
        (`semseg.statistics.counting`).
    visible_only : bool
        Count fully visible particles only.
    provider : str
        Where the network runs: ``auto``, ``cpu``, ``cuda``, ...

    Raises
    ------
    SettingsError
        A value is of the wrong kind or outside its range.
    """

    width_nm: float | None = None
    pixel_size_nm: float | None = None
    assumed_width_nm: float | None = None
    scale_bar_nm: float | None = None
    scale_uncertainty: float | None = None
    rescale: float | None = None
    crop: Crop | None = None
    repair: bool = True
    filter: float | None = None
    edges: str = "count"
    visible_only: bool = False
    provider: str = "auto"

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise SettingsError(f"The setting '{name}' must be a number, not {value!r:.40}.")
            if not low <= value <= high:  # not true of NaN either
                raise SettingsError(
                    f"The setting '{name}' must lie between {low:g} and {high:g}, "
                    f"not {value!r:.40}."
                )
        if self.width_nm is not None and self.pixel_size_nm is not None:
            raise SettingsError(
                "The width of the picture and the size of a pixel were both given; give one."
            )
        for name in ("repair", "visible_only"):
            if not isinstance(getattr(self, name), bool):
                raise SettingsError(f"The setting '{name}' must be true or false.")
        if not isinstance(self.edges, str) or self.edges not in EDGES:
            raise SettingsError(
                f"The setting 'edges' must be one of {', '.join(EDGES)}, not {self.edges!r:.40}."
            )
        if not isinstance(self.provider, str) or self.provider not in ("auto", *PROVIDERS):
            raise SettingsError(
                f"The setting 'provider' must be one of {', '.join(['auto', *PROVIDERS])}, "
                f"not {self.provider!r:.40}."
            )
        if not (self.crop is None or isinstance(self.crop, Crop)):
            raise SettingsError("The setting 'crop' must be a Crop or None.")

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
        refuse_unknown(values, cls)
        crop = values.get("crop")
        if crop is not None:
            try:
                crop = Crop(**crop)
            except TypeError as error:
                raise SettingsError(
                    "The setting 'crop' must give top, bottom, left and right in pixels."
                ) from error
        return cls(**{**values, "crop": crop})

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
