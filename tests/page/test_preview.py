"""The picture as recorded and as the network sees it."""

from __future__ import annotations

import numpy as np

from semseg.page.preview import LINE, cropped_picture, network_picture
from semseg.preprocessing.preparation import Crop


def test_the_preview_dims_what_is_cut_off_behind_a_line():
    grey = np.tile(np.linspace(0, 100, 400, dtype=np.float32), (300, 1))
    picture = np.asarray(cropped_picture(grey, Crop(bottom=60)))
    assert picture.shape == (300, 400, 3)
    assert (picture[240] == LINE).all()
    assert picture[100, 390].min() > 200
    assert picture[280, 390].max() < 100
    assert not (np.asarray(cropped_picture(grey, Crop())) == LINE).all(axis=2).any()


def test_large_previews_are_shrunk():
    image = np.zeros((600, 2400), np.float32)
    assert network_picture(image).size == (1200, 300)
    assert cropped_picture(image + np.arange(2400, dtype=np.float32), Crop()).size == (1200, 300)
