"""An analysis drawn by hand, for tests of what is made from one."""

import csv
import io
import math
from dataclasses import replace

import numpy as np

from semseg.analysis import Analysis, Prepared, Segmentation, conclude
from semseg.inference.description import ModelInfo
from semseg.io.micrograph import Micrograph
from semseg.measure.label_image import LabelImage
from semseg.measure.recorded import measure_particles, recorded_outlines
from semseg.measure.shape import measure_shapes
from semseg.preprocessing.preparation import Crop
from semseg.scale.calibration import Calibration
from semseg.settings import Settings

MODEL = ModelInfo(
    name="network",
    version="1",
    sha256="f" * 64,
    licence="MIT",
    data="",
    commit="",
    normalisation="",
    divisor=1,
    reduction=1,
    trained_particle_px=(16.0, 140.0),
    target_particle_px=64.0,
    thresholds={},
    confidence={},
    filter_threshold=0.5,
)

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
    proposed=False,
    manual=None,
    edges="count",
    visible_only=False,
    operator=False,
    instrument=None,
    name="TiO2 µ.tif",
) -> Analysis:
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
    frame = labels[:height]
    prepared = Prepared(
        np.where(frame > 0, 0.8, 0.2).astype(np.float32), Crop(bottom=bar), repaired_pixels=3
    )
    grid = prepared.grid(frame.shape)
    particles = measure_particles(measure_shapes(frame), grid)
    segmentation = Segmentation(
        grid=grid,
        label_image=LabelImage(frame),
        outlines=recorded_outlines(frame, grid),
        particles=particles.assign(
            confidence=np.where(particles["label"] % 4 == 0, 0.2, 0.9),
            doubt="=HYPERLINK(1), blurred",
            visibility=np.where(particles["label"] % 3 == 0, 0.6, 1.0),
            origin="network",
        ),
        rescale=1.0,
        rescale_source="automatic",
        median_network_px=16.0,
        model=MODEL,
        provider="cpu",
        proposals=None,
        chosen=np.arange(len(particles)),
        notes=("A note.",),
    )
    grey = np.full(labels.shape, 255, np.float32)
    grey[:height] = 200 * prepared.image
    source = "assumed width, check" if assumed else "typed width"
    recorded = None
    if pixel_size_nm:
        recorded = Calibration(pixel_size_nm, source, assumed=assumed, proposed=proposed)
    micrograph = Micrograph(
        name, grey, bit_depth=8, sha256="0" * 64, calibration=recorded, instrument=instrument
    )
    settings = Settings(
        crop=Crop(bottom=bar), edges=edges, visible_only=visible_only, operator=operator
    )
    analysis = conclude(micrograph, prepared, segmentation, settings, manual)
    return replace(analysis, notes=("A note.",), seconds={"read": 0.1, "network": 2.0})


def redrawn(analysis, **changes):
    """The same analysis with these fields of its segmentation changed."""
    return replace(analysis, segmentation=replace(analysis.segmentation, **changes))
