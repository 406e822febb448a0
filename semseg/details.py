"""What a person says of a sample, to stand in the report, the workbook and the summary.

>>> Details(sample="TiO2, batch 7").facts()
[('Sample', 'TiO2, batch 7')]

It changes no number, so it is no part of :class:`~semseg.settings.Settings`; and it may name
people, so it is never in a page's address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from semseg.fields import Text, check_values, described, refuse_unknown

__all__ = ["DETAILS", "NONE", "Details"]


@dataclass(frozen=True)
class Details:
    """Title, sample, operator and notes; empty where nothing is said.

    Raises
    ------
    SettingsError
        One is no text, or too long.
    """

    title: str = field(
        default="", metadata=Text(help="title of the report", usual="Particle size report").metadata
    )
    sample: str = field(default="", metadata=Text(help="what was measured").metadata)
    operator: str = field(default="", metadata=Text(help="who did it").metadata)
    notes: str = field(
        default="",
        metadata=Text(help="what else is to be known", most=5000, lines=True).metadata,
    )

    def __post_init__(self) -> None:
        check_values(self)

    def facts(self) -> list[tuple[str, str]]:
        """What is said, by its name for people; without the title."""
        return [
            (name.capitalize(), value)
            for name, value in asdict(self).items()
            if value and name != "title"
        ]

    def to_dict(self) -> dict[str, str]:
        """Plain values, as JSON holds them; only what is said."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any] | None) -> Details:
        """What `to_dict` gave; None, as from files of before, says nothing.

        Raises
        ------
        SettingsError
            An unknown name, or a value of the wrong kind.
        """
        if values is None:
            return NONE
        refuse_unknown(values, cls)
        return cls(**values)


NONE = Details()
DETAILS = described(Details)
