"""What a file says about the microscope and how it was set, besides the size of a pixel.

>>> jeol = Instrument(maker="JEOL", model="JSM-7800F", accelerating_voltage_kv=5.0, operator="x")
>>> jeol.facts()
{'microscope': 'JEOL JSM-7800F', 'accelerating voltage (kV)': 5.0}

It is told, never reckoned with. Who sat at the microscope is personal: it is left out unless it is
asked for (`Settings.operator`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

__all__ = ["MAX_TEXT", "Instrument"]

MAX_TEXT = 80  # characters of a text that a file gives


@dataclass(frozen=True)
class Instrument:
    """A microscope and its settings; empty or None where the file does not tell.

    Attributes
    ----------
    maker, model : str
        ``"JEOL"``, ``"JSM-7800F"``.
    accelerating_voltage_kv : float or None
        > 0.
    detector : str
        As the file names it, which may be a signal: ``"InLens"``, ``"SE2"``.
    working_distance_mm : float or None
        > 0.
    magnification : float or None
        > 0, as the microscope counts it: of its screen or a photograph, not of this picture.
    date : str
        ``"2019-07-18 10:09:27"`` where the file is clear about it, else as it stands there.
    operator : str
        Who recorded it.
    """

    maker: str = ""
    model: str = ""
    accelerating_voltage_kv: float | None = None
    detector: str = ""
    working_distance_mm: float | None = None
    magnification: float | None = None
    date: str = ""
    operator: str = ""

    def __bool__(self) -> bool:
        """Whether anything is known but the maker."""
        return any(getattr(self, field.name) for field in fields(self) if field.name != "maker")

    @property
    def name(self) -> str:
        """Maker and model: ``JEOL JSM-7800F``."""
        known = self.model.casefold().startswith(self.maker.casefold())
        return self.model if known and self.model else f"{self.maker} {self.model}".strip()

    def facts(self, *, operator: bool = False) -> dict[str, str | float]:
        """What is known, by name, for tables and texts; the operator only where asked for."""
        every: dict[str, str | float | None] = {
            "microscope": self.name,
            "accelerating voltage (kV)": self.accelerating_voltage_kv,
            "detector": self.detector,
            "working distance (mm)": self.working_distance_mm,
            "magnification": self.magnification,
            "recorded": self.date,
            "operator": self.operator if operator else "",
        }
        return {name: value for name, value in every.items() if value}

    def in_words(self, *, operator: bool = False) -> str:
        """What is known, in a line.

        >>> Instrument("JEOL", "JSM-7800F", 5.0, working_distance_mm=9.07).in_words()
        'JEOL JSM-7800F, accelerating voltage 5 kV, working distance 9.07 mm'
        """
        parts = []
        for fact, value in self.facts(operator=operator).items():
            name, _, unit = fact.rstrip(")").partition(" (")
            told = f"{_number(value)} {unit}".strip() if isinstance(value, float) else value
            parts.append(told if name == "microscope" else f"{name} {told}")
        return ", ".join(parts)

    def completed(self, other: Instrument | None) -> Instrument:
        """This one, with what only `other` knows."""
        if other is None:
            return self
        names = [field.name for field in fields(self)]
        missing = {name: getattr(other, name) for name in names if not getattr(self, name)}
        return replace(self, **missing)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10_000 else f"{value:g}"
