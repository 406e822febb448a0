"""How sizes are shown: which size, counted how, in which bins.

>>> Display(size="ecd", weighting="volume", log=True).to_dict()
{'size': 'ecd', 'weighting': 'volume', 'bins': 0, 'log': True}

The page and the figure show the same, because both are given one of these. It changes no number of
an analysis, so it is no part of :class:`~semseg.settings.Settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from semseg.fields import Choice, Switch, WholeNumber, check_values, refuse_unknown
from semseg.measure.quantities import SIZES

__all__ = ["BINS", "DEFAULT", "WEIGHTINGS", "Display"]

WEIGHTINGS = ("number", "volume")
BINS = (5, 100)  # the fewest and the most that can be asked for


@dataclass(frozen=True)
class Display:
    """How the sizes of an analysis are shown.

    Attributes
    ----------
    size : str
        A key of `semseg.measure.quantities.SIZES`, such as ``min_feret``.
    weighting : str
        ``number``: every particle counts once; ``volume``: by the volume of the sphere of its ECD.
    bins : int
        Bins of the histogram, 5 to 100; 0 finds a number that suits.
    log : bool
        Whether the axis of sizes is logarithmic; its bins are then equal on that axis.

    Raises
    ------
    SettingsError
        A value is of the wrong kind or outside its range.
    """

    size: str = field(
        default="min_feret", metadata=Choice(query="size", choices=tuple(SIZES)).metadata
    )
    weighting: str = field(
        default="number", metadata=Choice(query="weighting", choices=WEIGHTINGS).metadata
    )
    bins: int = field(
        default=0, metadata=WholeNumber(query="bins", low=BINS[0], high=BINS[1]).metadata
    )
    log: bool = field(default=False, metadata=Switch(query="log").metadata)

    def __post_init__(self) -> None:
        check_values(self)

    @property
    def by_volume(self) -> bool:
        """Whether particles count by their volume."""
        return self.weighting == "volume"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON holds them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Display:
        """What `to_dict` gave; what is missing is as usual.

        Raises
        ------
        SettingsError
            An unknown name, or a value of the wrong kind.
        """
        refuse_unknown(values, cls)
        return cls(**values)


DEFAULT = Display()
