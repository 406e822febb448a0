"""Analyses of pictures that the network saw at another size than they were recorded."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from semseg.analysis import Prepared, Segmentation, conclude
from semseg.io.micrograph import Micrograph
from semseg.measure.label_image import LabelImage
from semseg.measure.recorded import measure_particles, recorded_outlines
from semseg.measure.shape import measure_shapes
from semseg.preprocessing.preparation import Crop
from semseg.settings import Settings
from tests.support.fake_analysis import MODEL

CROP = Crop(bottom=12, left=3)
SHAPE = (172, 243)
# 1/2 and 1: outlines on recorded pixel edges; 2, 3/2 and 2/3: some run through pixel centres;
# 0.7317: sides of the network's picture are rounded.
FACTORS = (1.0, 0.5, 2.0, 1.5, 2 / 3, 0.7317, 0.4)


def blobs(shape, seed=0, spread=3.0):
    """Labels 1..n of smooth, crowded blobs without holes, each one piece of 20 px or more."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), spread)
    pieces, _ = ndimage.label(noise > 0.6 * noise.std())
    labels = np.zeros(shape, np.int32)
    for piece, window in enumerate(ndimage.find_objects(pieces), start=1):
        whole = ndimage.binary_fill_holes(pieces[window] == piece)
        # one within another's hole is left out: it would be a hole again
        if whole.sum() >= 20 and not labels[window][whole].any():
            labels[window][whole] = labels.max() + 1
    return labels


def concluded(labels, shape, factor=1.0, crop=None, **options):
    """The analysis of a picture of this shape in which the network saw `labels`."""
    crop = crop or Crop()
    seen = (shape[0] - crop.top - crop.bottom, shape[1] - crop.left - crop.right)
    prepared = Prepared(np.zeros(seen, np.float32), crop, 0)
    grid = prepared.grid(labels.shape)
    particles = measure_particles(measure_shapes(labels), grid)
    particles = particles.assign(
        confidence=np.where(particles["label"] % 4 == 0, 0.2, 0.9),
        doubt="blurred:\nµ",
        visibility=1.0,
    )
    found = Segmentation(
        grid=grid,
        label_image=LabelImage(labels),
        outlines=recorded_outlines(labels, grid),
        particles=particles,
        rescale=factor,
        rescale_source="given",
        median_network_px=32.0,
        model=MODEL,
        provider="cpu",
        proposals=None,
        chosen=np.arange(len(particles)),
    )
    return conclude(
        Micrograph("a.tif", np.zeros(shape, np.float32), 8, "0" * 64),
        prepared,
        found,
        Settings(pixel_size_nm=2.0, crop=crop, **options),
    )


def seen_at(factor, shape=SHAPE, crop=CROP, seed=0):
    """An analysis of blobs, which the network saw at this factor."""
    seen = (shape[0] - crop.top - crop.bottom, shape[1] - crop.left - crop.right)
    # as semseg.preprocessing.preparation.resize rounds
    network = tuple(max(1, round(side * factor)) for side in seen)
    return concluded(blobs(network, seed), shape, factor, crop)


def enclosed(polygon):
    """Area of a polygon by the shoelace formula."""
    x, y = np.asarray(polygon, np.float64).T
    return abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2
