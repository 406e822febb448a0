"""How far each size of one particle is off, for drawn shapes whose truth is known.

    python benchmarks/sizes.py            print the table
    python benchmarks/sizes.py --write    put it into docs/measurement.md

A shape is drawn at a random sub-pixel offset and a random angle; a pixel belongs to it when at
least half of the pixel is covered. Bias is the mean of (measured - true), spread its standard
deviation, over all draws of one shape and radius. The seed is fixed: the table does not change
unless the measurement does.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import ellipe

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from semseg.measure.shape import measure_shapes  # noqa: E402

DOCUMENT = ROOT / "docs" / "measurement.md"
BEGIN, END = "<!-- sizes: begin -->", "<!-- sizes: end -->"
RADII = (3, 5, 10, 20, 40, 60)
SIZES = ("ecd", "min_feret", "max_feret", "perimeter")
RATIOS = ("circularity", "form_factor", "solidity", "convexity", "aspect_ratio")
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
        }


SHAPES = {
    "disc": Shape(1, 1, np.pi, 2 * np.pi, 2),
    "square": Shape(1, 1, 4, 8, 2 * np.sqrt(2)),
    "ellipse": Shape(2, 1, 2 * np.pi, 8 * ellipe(0.75), 4),
    "rod": Shape(3, 1, 8 + np.pi, 8 + 2 * np.pi, 6),
}


def draw(
    name: str, radius: float, angle: float = 0.0, dx: float = 0.0, dy: float = 0.0
) -> np.ndarray:
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

    def inside(px: np.ndarray, py: np.ndarray, grow: float = 0.0) -> np.ndarray:
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


def errors(name: str, radius: float, draws: int, seed: int = 0) -> dict[str, tuple[float, float]]:
    """Bias and spread of every size: name -> (mean, standard deviation) of measured - true."""
    rng = np.random.default_rng([seed, list(SHAPES).index(name), int(radius * 1000)])
    truth = SHAPES[name].truth(radius)
    measured = []
    for angle, dx, dy in rng.uniform((0, -0.5, -0.5), (np.pi, 0.5, 0.5), size=(draws, 3)):
        table = measure_shapes(draw(name, radius, angle, dx, dy))
        measured.append([table[size].iloc[0] - truth[size] for size in truth])
    off = np.array(measured)
    return {
        size: (float(mean), float(sd))
        for size, mean, sd in zip(truth, off.mean(axis=0), off.std(axis=0, ddof=1), strict=True)
    }


def table(draws: int) -> str:
    """The whole table in Markdown: lengths in px, the rest without unit."""
    head = ["shape", "r (px)", *(f"{size} (px)" for size in SIZES), *RATIOS]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name in SHAPES:
        for radius in RADII:
            found = errors(name, radius, draws)
            cells = [f"{found[s][0]:+.2f} ± {found[s][1]:.2f}" for s in SIZES]
            cells += [f"{found[s][0]:+.3f} ± {found[s][1]:.3f}" for s in RATIOS]
            lines.append("| " + " | ".join([name, str(radius), *cells]) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the table, or write it between its marks in the document."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--draws", type=int, default=400, help="per shape and radius (400)")
    parser.add_argument("--write", action="store_true", help=f"update {DOCUMENT.name}")
    arguments = parser.parse_args()
    text = table(arguments.draws)
    if not arguments.write:
        print(text)
        return
    document = DOCUMENT.read_text(encoding="utf-8")
    before, rest = document.split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
