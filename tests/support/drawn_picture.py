"""Drawn pictures whose particles are known."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from training.synthesize import Particle, Scene, draw_scene


@dataclass(frozen=True, eq=False)
class Drawn:
    """A drawn picture, uint8 (height, width), and its labels 1..n; diameters in px."""

    grey: np.ndarray
    labels: np.ndarray
    median_px: float

    def png(self) -> bytes:
        """The picture as a file that says nothing about its scale."""
        out = io.BytesIO()
        Image.fromarray(self.grey).save(out, "png")
        return out.getvalue()

    def write(self, path: Path, pixel_size_nm: float | None = None) -> Path:
        """Write the picture as PNG, or as TIFF whose metadata give the pixel size."""
        if path.suffix == ".png":
            path.write_bytes(self.png())
        elif pixel_size_nm is None:
            tifffile.imwrite(path, self.grey)
        else:
            resolution = (1 / pixel_size_nm, 1 / pixel_size_nm)
            tifffile.imwrite(
                path, self.grey, imagej=True, resolution=resolution, metadata={"unit": "nm"}
            )
        return path


def draw_separated(
    shape: tuple[int, int], diameter_px: float, seed: int = 0, gap: float = 1.5
) -> Drawn:
    """Bright ellipses of one median diameter on a dark ground, none touching another.

    They stand on a shaken grid, `gap` diameters apart.
    """
    rng = np.random.default_rng(seed)
    pitch = gap * diameter_px
    rows, columns = (int(side // pitch) for side in shape)
    particles = []
    for row, column in np.ndindex(rows, columns):
        y = (row + 0.5) * shape[0] / rows + rng.uniform(-0.06, 0.06) * pitch
        x = (column + 0.5) * shape[1] / columns + rng.uniform(-0.06, 0.06) * pitch
        radius = diameter_px / 2 * np.exp(rng.normal(0, 0.1))
        stretch = np.exp(rng.normal(0, 0.06))
        normals = rng.uniform(0, np.pi) + np.pi / 2 * np.arange(4)
        faces = radius * np.tile([stretch, 1 / stretch], 2)
        particles.append(Particle(x, y, tuple(normals), tuple(faces), 2.0))
    scene = Scene(shape, tuple(particles), shadow_reach=max(1.0, diameter_px / 12))
    grey, labels = draw_scene(scene, rng)
    areas = np.bincount(labels.ravel())[1:]
    return Drawn(
        np.round(255 * grey).astype(np.uint8),
        labels,
        float(np.median(np.sqrt(4 * areas / np.pi))),
    )
