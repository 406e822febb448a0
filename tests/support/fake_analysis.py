"""An analysis drawn by hand, for tests of what is made from one."""

import csv
import io
import math
from types import SimpleNamespace

import numpy as np

from semseg.measure.shape import measure_shapes, outlines
from semseg.preprocessing.preparation import Crop
from semseg.settings import Settings
from semseg.statistics.counting import apply_rule

# The command line promises these columns, in this order.
CONTRACT = [
    *("label", "x_px", "y_px", "area_px", "ecd_px", "ecd_nm", "min_feret_nm", "max_feret_nm"),
    *("perimeter_nm", "circularity", "solidity", "aspect_ratio", "confidence", "touches_edge"),
    *("kept", "reason"),
]


def read_table(content):
    """The rows of a CSV file's bytes, the header first."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def draw(
    height=96,
    width=128,
    columns=5,
    rows=4,
    radius=8,
    bar=16,
    pixel_size_nm=7.34375,
    spread=0.3,
    assumed=False,
    manual=None,
    edges="count",
    visible_only=False,
    name="TiO2 µ.tif",
):
    """An analysis of a grid of discs over a label bar; every fourth one is possibly wrong.

    Every third is partly covered. `spread` is how far radii go from `radius` to both sides (their
    ratio to it); `manual` says of some labels whether a person kept them.
    """
    reach = math.ceil((1 + spread) * radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    labels = np.zeros((height + bar, width), np.int32)
    for k in range(rows * columns):
        row, column = divmod(k, columns)
        disc = y**2 + x**2 <= (radius * (1 + spread * math.sin(k))) ** 2
        at_y = y[disc] + int((row + 0.5) * height / rows)
        at_x = x[disc] + int((column + 0.5) * width / columns)
        inside = (at_y >= 0) & (at_y < height) & (at_x >= 0) & (at_x < width)
        labels[at_y[inside], at_x[inside]] = k + 1
    shapes = measure_shapes(labels)
    particles = shapes.rename(columns={"x": "x_px", "y": "y_px", "area": "area_px"})
    particles["box_width_px"] = shapes["bbox_right"] - shapes["bbox_left"]
    particles["box_height_px"] = shapes["bbox_bottom"] - shapes["bbox_top"]
    particles = particles.drop(columns=[name for name in particles if name.startswith("bbox")])
    for size in ("ecd", "min_feret", "max_feret", "perimeter"):
        particles = particles.rename(columns={size: f"{size}_px"})
        if pixel_size_nm:
            particles[f"{size}_nm"] = particles[f"{size}_px"] * pixel_size_nm
    if pixel_size_nm:
        particles["area_nm2"] = particles["area_px"] * pixel_size_nm**2
    particles["confidence"] = np.where(particles["label"] % 4 == 0, 0.2, 0.9)
    particles["kept"] = particles["confidence"] >= 0.5
    particles["reason"] = np.where(particles["kept"], "", "=HYPERLINK(1), blurred")
    manual = manual or {}
    for label, keep in manual.items():
        particles.loc[particles["label"] == label, ["kept", "reason"]] = keep, "manual"
    particles["visibility"] = np.where(particles["label"] % 3 == 0, 0.6, 1.0)
    particles = apply_rule(particles, (height, width), edges=edges, visible_only=visible_only)
    prepared = np.where(labels[:height] > 0, 0.8, 0.2).astype(np.float32)
    grey = np.full(labels.shape, 255, np.float32)
    grey[:height] = 200 * prepared
    source = "assumed width, check" if assumed else "typed width"
    calibration = SimpleNamespace(pixel_size_nm=pixel_size_nm, source=source, assumed=assumed)
    return SimpleNamespace(
        micrograph=SimpleNamespace(
            name=name,
            stem=name.rpartition(".")[0],
            grey=grey,
            bit_depth=8,
            sha256="0" * 64,
            height=height + bar,
            width=width,
            notes=(),
            sidecar=None,
        ),
        settings=Settings(crop=Crop(bottom=bar), edges=edges, visible_only=visible_only),
        model=SimpleNamespace(name="network", version="1", sha256="f" * 64, filter_threshold=0.5),
        provider="cpu",
        calibration=calibration if pixel_size_nm else None,
        crop=SimpleNamespace(top=0, bottom=bar, left=0, right=0),
        rescale=np.float32(0.5),
        rescale_source="automatic",
        median_network_px=16.0,
        filter_threshold=0.5,
        manual=manual,
        repaired_pixels=3,
        prepared=prepared,
        labels=labels,
        particles=particles,
        outlines=outlines(labels),
        notes=("A note.",),
        seconds={"read": 0.1, "network": 2.0},
    )
