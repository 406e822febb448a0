"""How far each size of one particle is off, for drawn shapes whose truth is known.

    python -m benchmarks.sizes            print the table
    python -m benchmarks.sizes --write    put it into docs/measurement.md
    python -m benchmarks.sizes --csv      every figure in full

A shape is drawn at a random sub-pixel offset and a random angle; a pixel belongs to it when at
least half of the pixel is covered. Bias is the mean of (measured - true), spread its standard
deviation, over all draws of one shape and radius. The seed is fixed: the table does not change
unless the measurement does.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ellipe

from semseg.measure.shape import measure_shapes

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "measurement.md"
BEGIN, END = "<!-- sizes: begin -->", "<!-- sizes: end -->"
RADII = (3, 5, 10, 20, 40, 60)
SIZES = ("ecd", "min_feret", "max_feret", "perimeter")
RATIOS = ("circularity", "form_factor", "solidity", "convexity", "aspect_ratio", "ellipse_ratio")
SUBPIXELS = 8


@dataclass(frozen=True)
class Shape:
    """A convex figure of inradius r: its half extents, and what it should measure.

    `half_length` and `half_height` are given for r = 1; `area` and `perimeter` too.
    """

    half_length: float
    half_height: float
    area: float
    perimeter: float
    max_feret: float
    ellipse_ratio: float

    def truth(self, radius: float) -> dict[str, float]:
        """Every size of the figure of this inradius (lengths in px)."""
        form_factor = 4 * np.pi * self.area / self.perimeter**2
        return {
            "ecd": radius * np.sqrt(4 * self.area / np.pi),
            "min_feret": radius * 2.0,
            "max_feret": radius * self.max_feret,
            "perimeter": radius * self.perimeter,
            "circularity": np.sqrt(form_factor),
            "form_factor": form_factor,
            "solidity": 1.0,
            "convexity": 1.0,
            "aspect_ratio": 2 / self.max_feret,
            "ellipse_ratio": self.ellipse_ratio,
        }


SHAPES = {
    "disc": Shape(1, 1, np.pi, 2 * np.pi, 2, 1),
    "square": Shape(1, 1, 4, 8, 2 * np.sqrt(2), 1),
    "ellipse": Shape(2, 1, 2 * np.pi, 8 * ellipe(0.75), 4, 1 / 2),
    # second moments: of the rectangle 8/3 and 32/3, of both halves of the disc pi/4 and
    # 16/3 + 17 pi/4
    "rod": Shape(
        3, 1, 8 + np.pi, 8 + 2 * np.pi, 6, np.sqrt((8 / 3 + np.pi / 4) / (16 + 17 * np.pi / 4))
    ),
}


def draw(
    name: str, radius: float, angle: float = 0.0, dx: float = 0.0, dy: float = 0.0
) -> NDArray[np.int32]:
    """Draw one figure: int32 label image, 1 where at least half of the pixel is covered.

    Parameters
    ----------
    name
        ``disc``, ``square``, ``ellipse`` (2 : 1) or ``rod`` (3 : 1, with round ends).
    radius
        Half of the smallest width, px.
    angle
        Of the long axis against x, rad.
    dx, dy
        Offset of the centre from a pixel's centre, px.
    """
    shape = SHAPES[name]
    reach = int(np.ceil(radius * np.hypot(shape.half_length, shape.half_height))) + 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(float)
    first = (np.arange(SUBPIXELS) + 0.5) / SUBPIXELS - 0.5
    down, across = (grid.ravel() for grid in np.meshgrid(first, first, indexing="ij"))

    def inside(
        px: NDArray[np.float64], py: NDArray[np.float64], grow: float = 0.0
    ) -> NDArray[np.bool_]:
        u = (px - dx) * np.cos(angle) + (py - dy) * np.sin(angle)
        v = (py - dy) * np.cos(angle) - (px - dx) * np.sin(angle)
        r = radius + grow
        if name == "square":
            return np.maximum(abs(u), abs(v)) <= r
        if name == "ellipse":
            return (u / (2 * radius + grow)) ** 2 + (v / r) ** 2 <= 1
        return np.hypot(np.maximum(abs(u) - (shape.half_length - 1) * radius, 0), v) <= r

    # Only pixels near the outline need their subpixels counted.
    sure, maybe = inside(x, y, grow=-1.5), inside(x, y, grow=1.5)
    rows, columns = np.nonzero(maybe & ~sure)
    cover = inside(x[rows, columns][:, None] + across, y[rows, columns][:, None] + down).mean(
        axis=1
    )
    labels = sure.astype(np.int32)
    labels[rows, columns] = cover >= 0.5
    return labels


def errors(name: str, radius: float, draws: int, seed: int) -> pd.DataFrame:
    """Bias and spread of every size of one figure.

    Returns
    -------
    DataFrame
        One row per size: ``true``, ``bias`` (mean of measured - true) and ``spread`` (its standard
        deviation); lengths in px.
    """
    rng = np.random.default_rng([seed, list(SHAPES).index(name), int(radius * 1000)])
    truth = pd.Series(SHAPES[name].truth(radius), name="true")
    measured = [
        measure_shapes(draw(name, radius, angle, dx, dy)).loc[0, truth.index]
        for angle, dx, dy in rng.uniform((0, -0.5, -0.5), (np.pi, 0.5, 0.5), size=(draws, 3))
    ]
    off = pd.DataFrame(measured).astype(float) - truth
    return pd.DataFrame({"true": truth, "bias": off.mean(), "spread": off.std()})


def all_errors(draws: int, seed: int) -> pd.DataFrame:
    """`errors` of every shape and radius; index: ``shape``, ``radius`` (px), ``size``."""
    found = {
        (name, radius): errors(name, radius, draws, seed) for name in SHAPES for radius in RADII
    }
    return pd.concat(found, names=["shape", "radius", "size"])


def table(found: pd.DataFrame) -> str:
    """`all_errors` in Markdown: lengths in px, the rest without unit."""
    head = ["shape", "r (px)", *(f"{size} (px)" for size in SIZES), *RATIOS]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for (name, radius), rows in found.groupby(level=["shape", "radius"], sort=False):
        of = rows.droplevel(["shape", "radius"])
        cells = [f"{of.bias[size]:+.2f} ± {of.spread[size]:.2f}" for size in SIZES]
        cells += [f"{of.bias[size]:+.3f} ± {of.spread[size]:.3f}" for size in RATIOS]
        lines.append("| " + " | ".join([name, str(radius), *cells]) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the figures, or write the table between its marks in the document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=400, help="per shape and radius (400)")
    parser.add_argument("--seed", type=int, default=0, help="of the draws (0)")
    parser.add_argument("--csv", action="store_true", help="print every figure in full")
    parser.add_argument("--write", action="store_true", help=f"update {DOCUMENT.name}")
    arguments = parser.parse_args()
    found = all_errors(arguments.draws, arguments.seed)
    if arguments.csv:
        print(found.to_csv(), end="")
        return
    if not arguments.write:
        print(table(found))
        return
    document = DOCUMENT.read_text(encoding="utf-8")
    before, rest = document.split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table(found)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
