"""The renderer: what it says is the truth must be what it drew."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from semseg.measure.shape import measure_shapes
from training.synthesize import Particle, Scene, draw_micrograph, draw_scene

UPRIGHT = (0.0, np.pi / 2, np.pi, 3 * np.pi / 2)
DISC = Particle(x=50, y=40, normals=UPRIGHT, faces=(20.0,) * 4, exponent=2.0)


def test_a_disc_is_drawn_where_and_as_large_as_asked():
    image, labels = draw_scene(Scene((100, 120), (DISC,), ridges=0), np.random.default_rng(0))
    shape = measure_shapes(labels).iloc[0]
    assert (shape["x"], shape["y"]) == pytest.approx((50, 40), abs=0.01)
    assert shape["ecd"] == pytest.approx(40, rel=0.01)
    assert image[labels == 1].mean() > image[labels == 0].mean() + 0.3


def test_four_faces_of_two_lengths_are_an_ellipse():
    ellipse = replace(DISC, faces=(30.0, 15.0, 30.0, 15.0))
    _, labels = draw_scene(Scene((100, 120), (ellipse,)), np.random.default_rng(0))
    shape = measure_shapes(labels).iloc[0]
    assert shape["area"] == pytest.approx(np.pi * 30 * 15, rel=0.02)
    assert shape["max_feret"] == pytest.approx(60, abs=1.5)


def test_the_later_particle_lies_on_top():
    scene = Scene((100, 120), (DISC, replace(DISC, x=65)))
    _, labels = draw_scene(scene, np.random.default_rng(0))
    areas = np.bincount(labels.ravel())
    assert areas[2] == pytest.approx(np.pi * 400, rel=0.01)
    assert areas[1] < 0.8 * areas[2]


@pytest.mark.parametrize("seed", range(6))
def test_random_pictures_are_sound(seed):
    image, labels = draw_micrograph(np.random.default_rng(seed), (200, 240))
    again, _ = draw_micrograph(np.random.default_rng(seed), (200, 240))
    assert image.dtype == np.float32
    assert image.min() >= 0
    assert image.max() <= 1
    np.testing.assert_array_equal(image, again)
    assert labels.max() >= 1


def test_each_label_is_one_piece_where_no_caption_covers_it():
    particles = tuple(replace(DISC, x=20 + 14 * i, y=40 + 9 * (i % 3)) for i in range(8))
    _, labels = draw_scene(Scene((100, 160), particles), np.random.default_rng(1))
    for label in np.unique(labels[labels > 0]):
        assert ndimage.label(labels == label)[1] == 1


def test_bands_on_the_substrate_are_no_particles():
    bare, banded = Scene((100, 120), ()), Scene((100, 120), (), bands=2)
    plain, _ = draw_scene(bare, np.random.default_rng(2))
    image, labels = draw_scene(banded, np.random.default_rng(2))
    assert not labels.any()
    assert image.std() > 1.5 * plain.std()
