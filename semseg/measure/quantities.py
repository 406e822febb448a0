"""What is measured of every particle: the one table of its sizes and shapes.

Everything that names a size or a shape, gives it a unit or lists them reads it here: the columns of
tables, workbook, report and page, and the view in the browser. A new measure is computed in
`semseg.measure.shape` and described by a row here; nothing else needs to know of it.

>>> BY_KEY["ecd"].column("nm"), BY_KEY["area"].column("nm"), BY_KEY["solidity"].column("nm")
('ecd_nm', 'area_nm2', 'solidity')
>>> [quantity.symbol for quantity in SIZES.values()]
['ECD', 'Min Feret', 'Max Feret']
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

__all__ = [
    "BY_KEY",
    "QUANTITIES",
    "SHAPES",
    "SIZES",
    "Kind",
    "Quantity",
    "in_nanometres",
    "in_recorded_pixels",
    "of_column",
]


Kind = Literal["length", "area", "ratio"]
_POWERS: dict[Kind, int] = {"length": 1, "area": 2, "ratio": 0}


@dataclass(frozen=True)
class Quantity:
    """A size or shape of a particle.

    Attributes
    ----------
    key : str
        Its column in `semseg.measure.shape.measure_shapes`, and the beginning of its columns in
        the table of particles.
    name : str
        In words, as a title.
    symbol : str
        In short, as the head of a column.
    kind : str
        ``length``, ``area`` or ``ratio`` (a pure number).
    definition : str
        What it is, to stand after its name.
    source : str
        Where that definition is from.
    decimals : int
        Of a ratio, how many are shown; lengths and areas get as many as their values need.
    shown : bool
        Whether it can be chosen on the page and is told of in the report; the others stand only in
        the tables that hold everything.
    """

    key: str
    name: str
    symbol: str
    kind: Kind
    definition: str
    source: str
    decimals: int = 3
    shown: bool = True

    @property
    def power(self) -> int:
        """Of a length: 1 for lengths, 2 for areas, 0 for ratios."""
        return _POWERS[self.kind]

    def column(self, unit: str) -> str:
        """The column of the table of particles; `unit` is ``px`` or ``nm``."""
        if self.kind == "ratio":
            return self.key
        return f"{self.key}_nm2" if self.kind == "area" and unit == "nm" else f"{self.key}_{unit}"


QUANTITIES = (
    Quantity(
        key="ecd",
        name="Equivalent circular diameter",
        symbol="ECD",
        kind="length",
        definition="the diameter of the circle that has the particle's projected area A, "
        "sqrt(4 A / π)",
        source="ISO 9276-6",
    ),
    Quantity(
        key="min_feret",
        name="Minimum Feret diameter",
        symbol="Min Feret",
        kind="length",
        definition="the least distance between two parallel tangents to the particle's projected "
        "outline",
        source="ISO 13322-1, ISO 9276-6",
    ),
    Quantity(
        key="max_feret",
        name="Maximum Feret diameter",
        symbol="Max Feret",
        kind="length",
        definition="the greatest distance between two parallel tangents to the particle's "
        "projected outline",
        source="ISO 13322-1, ISO 9276-6",
    ),
    Quantity(
        key="perimeter",
        name="Perimeter",
        symbol="Perimeter",
        kind="length",
        definition="the length P of the particle's projected outline, by the Cauchy-Crofton "
        "formula in 4 directions",
        source="ISO 9276-6",
        shown=False,
    ),
    Quantity(
        key="area",
        name="Projected area",
        symbol="Area",
        kind="area",
        definition="the area A of the particle's projection",
        source="ISO 9276-6",
        shown=False,
    ),
    Quantity(
        key="aspect_ratio",
        name="Aspect ratio",
        symbol="Aspect ratio",
        kind="ratio",
        definition="min Feret / max Feret",
        source="ISO 9276-6",
    ),
    Quantity(
        key="ellipse_ratio",
        name="Ellipse ratio",
        symbol="Ellipse ratio",
        kind="ratio",
        definition="minor / major axis of the ellipse that has the particle's second moments",
        source="ISO 9276-6",
    ),
    Quantity(
        key="circularity",
        name="Circularity",
        symbol="Circularity",
        kind="ratio",
        definition="√(4 π A / P²), A the area and P the perimeter",
        source="ISO 9276-6",
    ),
    Quantity(
        key="form_factor",
        name="Form factor",
        symbol="Form factor",
        kind="ratio",
        definition="4 π A / P², the square of the circularity; ImageJ calls this circularity",
        source="ISO 9276-6",
        shown=False,
    ),
    Quantity(
        key="solidity",
        name="Solidity",
        symbol="Solidity",
        kind="ratio",
        definition="A / A of the convex hull, A the area",
        source="ISO 9276-6",
    ),
    Quantity(
        key="convexity",
        name="Convexity",
        symbol="Convexity",
        kind="ratio",
        definition="P of the convex hull / P, P the perimeter",
        source="ISO 9276-6",
    ),
)
BY_KEY = {quantity.key: quantity for quantity in QUANTITIES}
# What can be the measurand, and the shapes whose distributions are shown, by key.
SIZES = {q.key: q for q in QUANTITIES if q.shown and q.kind == "length"}
SHAPES = {q.key: q for q in QUANTITIES if q.shown and q.kind == "ratio"}


def of_column(column: str) -> Quantity | None:
    """The quantity that a column of the table of particles holds, or None.

    >>> of_column("min_feret_nm").symbol
    'Min Feret'
    """
    return _BY_COLUMN.get(column)


_BY_COLUMN = {q.column(unit): q for q in QUANTITIES for unit in ("px", "nm")}


def in_recorded_pixels(shapes: pd.DataFrame, scale: float) -> pd.DataFrame:
    """The quantities of `shapes` in px of the recorded picture, under the names of the table.

    Parameters
    ----------
    shapes : DataFrame
        As `semseg.measure.shape.measure_shapes` gives it; its other columns stay as they are.
    scale : float
        Pixels of its grid per recorded pixel.
    """
    there = [quantity for quantity in QUANTITIES if quantity.key in shapes]
    converted = {q.key: shapes[q.key] / scale**q.power for q in there if q.power}
    return shapes.assign(**converted).rename(columns={q.key: q.column("px") for q in there})


def in_nanometres(particles: pd.DataFrame, pixel_size_nm: float) -> pd.DataFrame:
    """The table with lengths and areas in nm and nm² behind those in px."""
    return particles.assign(
        **{
            q.column("nm"): particles[q.column("px")] * pixel_size_nm**q.power
            for q in QUANTITIES
            if q.power and q.column("px") in particles
        }
    )
